//! What is asked of the claims, which is the same for every kind of key.

use std::time::Duration;

use super::*;

fn missing(claim: &str) -> TokenError {
    TokenError::MissingClaim(claim.to_owned())
}

fn invalid(claim: &str) -> TokenError {
    TokenError::InvalidClaim(claim.to_owned())
}

#[tokio::test]
async fn a_token_ends_with_its_leeway() {
    let clock = clock();
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock.clone());
    let token = hs256_token(SECRET, &claims(&json!({ "exp": START })));
    assert_eq!(verifier.verify(&token).await, Ok(student()));
    clock.advance(TimeDelta::seconds(30) - TimeDelta::microseconds(1));
    assert_eq!(verifier.verify(&token).await, Ok(student()));
    clock.advance(TimeDelta::microseconds(1));
    assert_eq!(verifier.verify(&token).await, Err(TokenError::Expired));
}

#[tokio::test]
async fn without_leeway_a_token_ends_on_its_second() {
    let strict = || TokenRules { leeway: Duration::ZERO, ..TokenRules::default() };
    assert_eq!(verify_with(strict(), json!({ "exp": START })).await, Err(TokenError::Expired));
    assert_eq!(verify_with(strict(), json!({ "exp": START + 1 })).await, Ok(student()));
    assert_eq!(verify_with(strict(), json!({ "nbf": START })).await, Ok(student()));
    assert_eq!(verify_with(strict(), json!({ "nbf": START + 1 })).await, Err(TokenError::NotYetValid));
}

#[tokio::test]
async fn a_token_begins_with_its_leeway() {
    assert_eq!(verify(json!({ "nbf": START + 30 })).await, Ok(student()));
    assert_eq!(verify(json!({ "nbf": START + 31 })).await, Err(TokenError::NotYetValid));
}

#[tokio::test]
async fn times_may_have_fractions_and_must_be_numbers_within_the_calendar() {
    assert_eq!(verify(json!({ "exp": 1_772_366_400.5 })).await, Ok(student()));
    // The year 9999 is what some issuers mean by "never". Milliseconds are a mistake.
    assert_eq!(verify(json!({ "exp": 253_402_300_799_i64 })).await, Ok(student()));
    for exp in [json!("1772366460"), json!(-1), json!(1e300), json!(u64::MAX), json!(true)] {
        assert_eq!(verify(json!({ "exp": exp })).await, Err(invalid("exp")), "{exp}");
    }
    assert_eq!(verify(json!({ "nbf": "soon" })).await, Err(invalid("nbf")));
}

#[tokio::test]
async fn an_absurd_leeway_does_not_overflow() {
    let endless = TokenRules { leeway: Duration::MAX, ..TokenRules::default() };
    assert_eq!(verify_with(endless, json!({ "exp": 1, "nbf": START * 2 })).await, Ok(student()));
}

#[tokio::test]
async fn the_needed_claims_must_be_there() {
    for claim in ["sub", "role", "exp"] {
        assert_eq!(verify(json!({ claim: null })).await, Err(missing(claim)));
    }
    // A null is as good as nothing.
    let token = hs256_token(SECRET, &json!({ "sub": null, "role": "STUDENT", "exp": START + 60 }));
    let verifier = TokenVerifier::hs256(SECRET, TokenRules::default(), clock());
    assert_eq!(verifier.verify(&token).await, Err(missing("sub")));
}

#[tokio::test]
async fn the_subject_must_be_a_fit_text() {
    let too_long = "x".repeat(256);
    for sub in [json!(""), json!(7), json!("a\nb"), json!(too_long)] {
        assert_eq!(verify(json!({ "sub": sub })).await, Err(TokenError::Subject), "{sub}");
    }
}

#[tokio::test]
async fn a_list_must_hold_exactly_one_known_role() {
    let role = |role: Value| verify(json!({ "role": role }));
    assert_eq!(role(json!(["offline_access", "Student", "uma"])).await, Ok(student()));
    for unclear in [
        json!([]),
        json!(["uma"]),
        json!(["STUDENT", "ADMIN"]),
        json!([["STUDENT"]]),
        json!("PARENT"),
        json!("STUDENT "),
        json!({ "STUDENT": true }),
        json!(3),
    ] {
        assert_eq!(role(unclear.clone()).await, Err(TokenError::UnknownRole), "{unclear}");
    }
}

#[tokio::test]
async fn the_role_can_be_in_another_claim() {
    let rules =
        || TokenRules { role_claim: "https://tally.example/role".to_owned(), ..TokenRules::default() };
    let said =
        verify_with(rules(), json!({ "https://tally.example/role": "SERVICE", "role": "ADMIN" })).await;
    assert_eq!(said, Identity::new(Role::Service, "s-1"));
    assert_eq!(verify_with(rules(), json!({})).await, Err(missing("https://tally.example/role")));
}

#[tokio::test]
async fn the_issuer_is_checked_when_configured() {
    let rules = || TokenRules { issuer: Some("https://id.example/".to_owned()), ..TokenRules::default() };
    assert_eq!(verify_with(rules(), json!({ "iss": "https://id.example/" })).await, Ok(student()));
    for iss in [json!(null), json!("https://id.example"), json!(["https://id.example/"]), json!("")] {
        assert_eq!(verify_with(rules(), json!({ "iss": iss })).await, Err(TokenError::Issuer), "{iss}");
    }
    assert_eq!(verify(json!({ "iss": "anybody" })).await, Ok(student()));
}

#[tokio::test]
async fn the_audience_is_checked_when_configured() {
    let rules = || TokenRules { audience: Some("tally".to_owned()), ..TokenRules::default() };
    for aud in [json!("tally"), json!(["other", "tally"])] {
        assert_eq!(verify_with(rules(), json!({ "aud": aud })).await, Ok(student()), "{aud}");
    }
    for aud in
        [json!(null), json!("other"), json!("tally2"), json!([]), json!(["other"]), json!({ "tally": 1 })]
    {
        assert_eq!(verify_with(rules(), json!({ "aud": aud })).await, Err(TokenError::Audience), "{aud}");
    }
    assert_eq!(verify(json!({ "aud": ["other"] })).await, Ok(student()));
}
