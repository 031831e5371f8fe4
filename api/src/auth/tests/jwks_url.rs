//! Key sets behind a URL: when they are fetched, and what is accepted as one.

use tokio::task::JoinSet;

use super::server::{Server, ok};
use super::*;

#[tokio::test]
async fn keys_are_fetched_once_and_kept() {
    let (ec, clock) = (Issuer::ec("e", material::EC_PRIVATE), clock());
    let server = Server::with_keys(&[ec.jwk()]).await;
    let verifier = server.verifier(&clock);
    assert_eq!(server.requests(), 0);
    for _ in 0..5 {
        assert_eq!(verifier.verify(&ec.student_token()).await, Ok(student()));
        clock.advance(a_minute());
    }
    assert_eq!(server.requests(), 1);
    clock.advance(TimeDelta::minutes(5));
    assert_eq!(verifier.verify(&ec.student_token()).await, Ok(student()));
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn however_many_unknown_ids_come_there_is_one_fetch_in_each_interval() {
    let (known, clock) = (Issuer::ec("known", material::EC_PRIVATE), clock());
    let server = Server::with_keys(&[known.jwk()]).await;
    let verifier = server.verifier(&clock);
    for second in 0..90 {
        let stray = Header { kid: Some(format!("stray-{second}")), ..Header::new(Algorithm::ES256) };
        let token = encode(&stray, &claims(&json!({})), &known.key).unwrap();
        assert_eq!(verifier.verify(&token).await, Err(TokenError::UnknownKey));
        assert_eq!(verifier.verify(&known.student_token()).await, Ok(student()));
        clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn an_algorithm_that_is_not_accepted_causes_no_fetch() {
    let server = Server::with_keys(&[]).await;
    let token = hs256_token(&[7; 32], &claims(&json!({})));
    assert_eq!(server.verifier(&clock()).verify(&token).await, Err(TokenError::Algorithm));
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn callers_at_the_same_time_share_one_fetch() {
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let server = Server::with_keys(&[ec.jwk()]).await;
    let verifier = server.verifier(&clock());
    let mut callers = JoinSet::new();
    for _ in 0..20 {
        let (verifier, token) = (Arc::clone(&verifier), ec.student_token());
        callers.spawn(async move { verifier.verify(&token).await });
    }
    assert_eq!(callers.join_all().await, vec![Ok(student()); 20]);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_known_key_does_not_wait_for_the_fetch_of_an_unknown_one() {
    let (known, clock) = (Issuer::ec("known", material::EC_PRIVATE), clock());
    let server = Server::with_keys(&[known.jwk()]).await;
    let verifier = server.verifier(&clock);
    assert_eq!(verifier.verify(&known.student_token()).await, Ok(student()));
    clock.advance(a_minute());
    server.state.answers.forget_permits(1000);
    let stray = Issuer::ec("stray", material::EC_PRIVATE).student_token();
    let waiting = tokio::spawn({
        let verifier = Arc::clone(&verifier);
        async move { verifier.verify(&stray).await }
    });
    while server.requests() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(verifier.verify(&known.student_token()).await, Ok(student()));
    assert!(!waiting.is_finished());
    server.state.answers.add_permits(1);
    assert_eq!(waiting.await.unwrap(), Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_take_the_fetch_along() {
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let server = Server::with_keys(&[ec.jwk()]).await;
    let verifier = server.verifier(&clock());
    server.state.answers.forget_permits(1000);
    let impatient = tokio::spawn({
        let (verifier, token) = (Arc::clone(&verifier), ec.student_token());
        async move { verifier.verify(&token).await }
    });
    while server.requests() == 0 {
        tokio::task::yield_now().await;
    }
    impatient.abort();
    assert!(impatient.await.unwrap_err().is_cancelled());
    server.state.answers.add_permits(1);
    assert_eq!(verifier.verify(&ec.student_token()).await, Ok(student()));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_server_that_fails_leaves_the_old_keys_and_is_not_pressed() {
    let (ec, clock) = (Issuer::ec("e", material::EC_PRIVATE), clock());
    let server = Server::with_keys(&[ec.jwk()]).await;
    let verifier = server.verifier(&clock);
    assert_eq!(verifier.verify(&ec.student_token()).await, Ok(student()));
    server.answer(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
    );
    clock.advance(TimeDelta::minutes(10));
    for _ in 0..5 {
        assert_eq!(verifier.verify(&ec.student_token()).await, Ok(student()));
    }
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (ec, clock) = (Issuer::ec("e", material::EC_PRIVATE), clock());
    let elsewhere = Server::with_keys(&[ec.jwk()]).await;
    let redirect = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nconnection: close\r\nlocation: ";
    let server = Server::start(format!("{redirect}{}\r\n\r\n", elsewhere.url)).await;
    let verified = server.verifier(&clock).verify(&ec.student_token()).await;
    assert_eq!(verified, Err(TokenError::KeysUnavailable));
    assert_eq!((server.requests(), elsewhere.requests()), (1, 0));
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let keys = document(&[ec.jwk()]) + &" ".repeat(1024 * 1024);
    for response in [ok(&keys), format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{keys}")] {
        let server = Server::start(response).await;
        let verified = server.verifier(&clock()).verify(&ec.student_token()).await;
        assert_eq!(verified, Err(TokenError::KeysUnavailable));
    }
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    let outcome = |url: &str| {
        let source = JwksSource::Url(url.parse().unwrap());
        TokenVerifier::jwks(source, TokenRules::default(), clock()).map(drop)
    };
    for url in ["http://localhost/k", "http://127.0.0.1:9/k", "http://[::1]/k", "https://id.example/k"] {
        assert!(outcome(url).is_ok(), "{url}");
    }
    for url in ["http://id.example/k", "http://localhost.example/k", "http://10.0.0.1/k", "ftp://localhost/k"]
    {
        assert!(matches!(outcome(url), Err(JwksSourceError::Insecure)), "{url}");
    }
}

#[test]
fn a_source_is_shown_without_its_secrets() {
    let url = "https://user:pass@id.example:8443/keys?token=abc#f".parse().unwrap();
    let source = JwksSource::Url(url);
    assert_eq!(source.to_string(), "https://id.example:8443/keys");
    let verifier = TokenVerifier::jwks(source.clone(), TokenRules::default(), clock()).unwrap();
    for shown in [format!("{source:?}"), format!("{verifier:?}")] {
        assert!(!shown.contains("pass") && !shown.contains("abc"), "{shown}");
    }
}
