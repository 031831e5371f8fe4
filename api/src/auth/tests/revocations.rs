//! Tokens that are refused although they are valid.

use std::collections::{HashMap, HashSet};

use super::*;

fn verifier(revoked: Revoked) -> TokenVerifier {
    let revocations = Revocations::default();
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock()).heeding(revocations.clone());
    revocations.replace(revoked);
    verifier
}

fn token(changes: &Value) -> String {
    hs256_token(SECRET, &claims(changes))
}

#[tokio::test]
async fn a_token_is_revoked_by_its_id() {
    let verifier = verifier(Revoked { tokens: HashSet::from(["one".to_owned()]), ..Revoked::default() });
    assert_eq!(verifier.verify(&token(&json!({ "jti": "one" }))).await, Err(TokenError::Revoked));
    assert_eq!(verifier.verify(&token(&json!({ "jti": "two" }))).await, Ok(student()));
    assert_eq!(verifier.verify(&token(&json!({}))).await, Ok(student()));
}

#[tokio::test]
async fn earlier_tokens_of_one_identity_are_revoked_and_those_that_do_not_say_when() {
    let before_start = |identity| {
        let subjects = HashMap::from([(identity, DateTime::from_timestamp(START, 0).unwrap())]);
        verifier(Revoked { subjects, ..Revoked::default() })
    };
    let revoking = before_start(student());
    for iat in [json!(START - 1), json!(null), json!("yesterday")] {
        let token = token(&json!({ "iat": iat }));
        assert_eq!(revoking.verify(&token).await, Err(TokenError::Revoked), "{iat}");
        for other in [Identity::new(Role::Guardian, "s-1"), Identity::new(Role::Student, "s-2")] {
            assert_eq!(before_start(other.unwrap()).verify(&token).await, Ok(student()));
        }
    }
    assert_eq!(revoking.verify(&token(&json!({ "iat": START }))).await, Ok(student()));
}
