//! Tokens by a shared secret, and what only looks like one.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use entity::clock::Clock as _;

use super::*;

#[tokio::test]
async fn a_good_token_says_who_its_bearer_is() {
    assert_eq!(verify(json!({})).await, Ok(student()));
    let guardian = verify(json!({ "role": "guardian", "sub": "Zoë 1", "nbf": START, "iat": START })).await;
    assert_eq!(guardian, Identity::new(Role::Guardian, "Zoë 1"));
}

#[tokio::test]
async fn a_token_by_another_secret_is_refused() {
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    let token = hs256_token(b"0123456789abcdef0123456789abcdeF", &claims(&json!({})));
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Signature));
}

#[tokio::test]
async fn every_changed_character_is_noticed() {
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    let token = hs256_token(SECRET, &claims(&json!({})));
    for position in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verifier.verify(&changed).await.is_err(), "{changed}");
    }
}

#[tokio::test]
async fn other_algorithms_are_refused() {
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token =
            encode(&Header::new(algorithm), &claims(&json!({})), &EncodingKey::from_secret(SECRET)).unwrap();
        assert_eq!(verifier.verify(&token).await, Err(TokenError::Algorithm), "{algorithm:?}");
    }
    let ec = Issuer::ec("a", material::EC_PRIVATE);
    assert_eq!(verifier.verify(&ec.student_token()).await, Err(TokenError::Algorithm));
}

#[tokio::test]
async fn a_token_without_signature_is_refused() {
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    let signed = hs256_token(SECRET, &claims(&json!({})));
    let payload = signed.split('.').nth(1).unwrap();
    // {"alg":"none","typ":"JWT"}, {"alg":"None"}, {"alg":""}
    for header in ["eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOb25lIn0", "eyJhbGciOiIifQ"] {
        let signature = signed.rsplit('.').next().unwrap();
        for token in [format!("{header}.{payload}."), format!("{header}.{payload}.{signature}")] {
            assert_eq!(verifier.verify(&token).await, Err(TokenError::Malformed), "{token}");
        }
    }
    let unsigned = signed.rsplit_once('.').unwrap().0;
    assert_eq!(verifier.verify(&format!("{unsigned}.")).await, Err(TokenError::Signature));
    assert_eq!(verifier.verify(unsigned).await, Err(TokenError::Malformed));
}

#[tokio::test]
async fn what_is_no_token_is_malformed() {
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    for text in ["", ".", "..", "...", "a.b.c", "Bearer x", "é.é.é", "e30.e30.e30"] {
        assert_eq!(verifier.verify(text).await, Err(TokenError::Malformed), "{text:?}");
    }
    let not_an_object = hs256_token(SECRET, &json!(["sub", "role"]));
    assert_eq!(verifier.verify(&not_an_object).await, Err(TokenError::Malformed));
    // The library's parser stops at these, whatever it is told to check.
    for changes in [json!({ "sub": ["s-1"] }), json!({ "exp": [START] })] {
        let refused = verify(changes.clone()).await;
        assert!(matches!(refused, Err(TokenError::Malformed)), "{changes} {refused:?}");
    }
}

#[tokio::test]
async fn a_token_that_demands_extensions_is_refused() {
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    let header = Header { crit: Some(vec!["exp".to_owned()]), ..Header::new(Algorithm::HS256) };
    let token = encode(&header, &claims(&json!({})), &EncodingKey::from_secret(SECRET)).unwrap();
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Malformed));
}

#[tokio::test]
async fn an_oversize_token_is_not_even_parsed() {
    let padded = |length: usize| json!({ "padding": "x".repeat(length) });
    assert_eq!(verify(padded(5900)).await, Ok(student()));
    assert_eq!(verify(padded(6200)).await, Err(TokenError::Malformed));
}

#[tokio::test]
async fn our_own_tokens_meet_our_own_rules() {
    let clock = clock();
    let secret = Secret::new(SECRET).unwrap();
    let rules = TokenRules {
        issuer: Some("tally".to_owned()),
        audience: Some("tally-api".to_owned()),
        role_claim: "tally_role".to_owned(),
        leeway: Duration::ZERO,
    };
    let verifier = TokenVerifier::hs256(secret.expose(), rules.clone(), clock.clone());
    for role in Role::ALL {
        let identity = Identity::new(role, "someone").unwrap();
        let token = sign_hs256(&secret, &identity, clock.now(), TimeDelta::hours(1), &rules).unwrap();
        assert_eq!(verifier.verify(&token).await, Ok(identity));
    }
    let token = sign_hs256(&secret, &student(), clock.now(), TimeDelta::hours(1), &rules).unwrap();
    clock.advance(TimeDelta::hours(1));
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Expired));
}

#[test]
fn a_lifetime_must_be_positive_and_within_the_calendar() {
    let secret = Secret::new(SECRET).unwrap();
    let now = DateTime::from_timestamp(START, 0).unwrap();
    for lifetime in [TimeDelta::zero(), TimeDelta::seconds(-1), TimeDelta::MAX] {
        let signed = sign_hs256(&secret, &student(), now, lifetime, &TokenRules::default());
        assert!(matches!(signed, Err(SignError::Lifetime)), "{lifetime:?}");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    let shown = format!("{verifier:?} {verifier:#?}");
    assert!(!shown.contains("0123456789"), "{shown}");
    assert!(!shown.contains("48, 49, 50"), "{shown}");
}
