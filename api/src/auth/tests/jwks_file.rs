//! Key sets in a file: which keys check which tokens, and when a changed file is noticed.

use std::fs;
use std::path::PathBuf;

use super::*;

/// A verifier over a JWKS file that the test can rewrite.
struct Setup {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    verifier: TokenVerifier,
}

impl Setup {
    fn new(keys: &[Value]) -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let source = JwksSource::File(folder.path().join("jwks.json"));
        let verifier = TokenVerifier::jwks(source, TokenRules::default(), clock.clone()).unwrap();
        let setup = Self { folder, clock, verifier };
        setup.publish(keys);
        setup
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("jwks.json")
    }

    fn publish(&self, keys: &[Value]) {
        fs::write(self.path(), document(keys)).unwrap();
    }

    async fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        self.verifier.verify(token).await
    }
}

#[tokio::test]
async fn rs256_and_es256_tokens_are_accepted_by_their_keys() {
    let (rsa, ec) = (Issuer::rsa("r"), Issuer::ec("e", material::EC_PRIVATE));
    let setup = Setup::new(&[rsa.jwk(), ec.jwk()]);
    assert_eq!(setup.verify(&rsa.student_token()).await, Ok(student()));
    assert_eq!(setup.verify(&ec.student_token()).await, Ok(student()));
    // Claims are judged as for any token.
    let expired = ec.token(&claims(&json!({ "exp": START - 60 })));
    assert_eq!(setup.verify(&expired).await, Err(TokenError::Expired));
}

#[tokio::test]
async fn a_token_by_another_key_of_the_same_id_is_refused() {
    let setup = Setup::new(&[Issuer::ec("e", material::EC_PRIVATE).jwk()]);
    let other = Issuer::ec("e", material::EC_PRIVATE_NEXT);
    assert_eq!(setup.verify(&other.student_token()).await, Err(TokenError::Signature));
}

#[tokio::test]
async fn a_public_key_is_never_taken_as_an_hmac_secret() {
    let rsa = Issuer::rsa("r");
    let setup = Setup::new(&[rsa.jwk()]);
    let header = Header { kid: Some("r".to_owned()), ..Header::new(Algorithm::HS256) };
    let modulus = rsa.jwk()["n"].as_str().unwrap().to_owned();
    for known_to_all in [material::RSA_PUBLIC, material::RSA_PUBLIC.trim_end(), &modulus] {
        let key = EncodingKey::from_secret(known_to_all.as_bytes());
        let token = encode(&header, &claims(&json!({ "role": "ADMIN" })), &key).unwrap();
        assert_eq!(setup.verify(&token).await, Err(TokenError::Algorithm));
    }
}

#[tokio::test]
async fn a_symmetric_key_in_the_set_is_no_key() {
    let secret = [7; 32];
    let token = {
        let header = Header { kid: Some("o".to_owned()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims(&json!({})), &EncodingKey::from_secret(&secret)).unwrap()
    };
    let oct =
        Issuer { id: Some("o"), algorithm: Algorithm::HS256, key: EncodingKey::from_secret(&secret) }.jwk();
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let setup = Setup::new(&[oct, ec.jwk()]);
    assert_eq!(setup.verify(&token).await, Err(TokenError::Algorithm));
    // It is not counted when a token names no key, either.
    assert_eq!(setup.verify(&ec.unnamed().student_token()).await, Ok(student()));
}

#[tokio::test]
async fn a_token_must_use_the_algorithm_of_its_key() {
    let (rsa, ec) = (Issuer::rsa("r"), Issuer::ec("e", material::EC_PRIVATE));
    let setup = Setup::new(&[rsa.jwk(), ec.jwk()]);
    let says_rsa = Issuer { id: Some("r"), ..Issuer::ec("e", material::EC_PRIVATE) };
    assert_eq!(setup.verify(&says_rsa.student_token()).await, Err(TokenError::Algorithm));
    // The right key, by an algorithm that is not accepted.
    let pss = Issuer { algorithm: Algorithm::PS256, ..Issuer::rsa("r") };
    assert_eq!(setup.verify(&pss.student_token()).await, Err(TokenError::Algorithm));
}

#[tokio::test]
async fn keys_of_different_kinds_may_share_an_id() {
    let ec = Issuer::ec("same", material::EC_PRIVATE);
    let setup = Setup::new(&[Issuer::rsa("same").jwk(), ec.jwk()]);
    assert_eq!(setup.verify(&ec.student_token()).await, Ok(student()));
}

#[tokio::test]
async fn a_token_that_names_no_key_is_accepted_only_by_a_single_key() {
    let (rsa, ec) = (Issuer::rsa("r"), Issuer::ec("e", material::EC_PRIVATE));
    let token = Issuer::ec("e", material::EC_PRIVATE).unnamed().student_token();
    assert_eq!(Setup::new(&[ec.jwk()]).verify(&token).await, Ok(student()));
    assert_eq!(Setup::new(&[rsa.jwk(), ec.jwk()]).verify(&token).await, Err(TokenError::UnknownKey));
    // A token that names a key is not tried with one that has no name.
    let setup = Setup::new(&[ec.jwk_with(&json!({ "kid": null }))]);
    assert_eq!(setup.verify(&ec.student_token()).await, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn keys_for_other_purposes_are_left_out() {
    let (ec, rsa) = (Issuer::ec("k", material::EC_PRIVATE), Issuer::rsa("k"));
    let p384 = EncodingKey::from_ec_pem(material::EC_PRIVATE_P384.as_bytes()).unwrap();
    let p384 = Issuer { id: Some("k"), algorithm: Algorithm::ES384, key: p384 };
    let short_modulus = &rsa.jwk()["n"].as_str().unwrap()[..170].to_owned();
    for unusable in [
        ec.jwk_with(&json!({ "use": "enc" })),
        ec.jwk_with(&json!({ "key_ops": ["sign"] })),
        ec.jwk_with(&json!({ "alg": "ES384" })),
        ec.jwk_with(&json!({ "x": ec.jwk()["y"] })),
        ec.jwk_with(&json!({ "crv": "P-384", "alg": null })),
        ec.jwk_with(&json!({ "crv": "secp256k1" })),
        ec.jwk_with(&json!({ "kty": "OKP" })),
        ec.jwk_with(&json!({ "kid": 7 })),
        p384.jwk_with(&json!({ "alg": null })),
        rsa.jwk_with(&json!({ "alg": "PS256" })),
        rsa.jwk_with(&json!({ "n": short_modulus })),
        json!("not a key"),
    ] {
        // What cannot be used does not spoil the others.
        let good = Issuer::ec("good", material::EC_PRIVATE_NEXT);
        let setup = Setup::new(&[unusable.clone(), good.jwk()]);
        assert_eq!(setup.verify(&ec.student_token()).await, Err(TokenError::UnknownKey), "{unusable}");
        assert_eq!(setup.verify(&good.student_token()).await, Ok(student()), "{unusable}");
    }
    for usable in [json!({ "alg": null }), json!({ "use": "sig" }), json!({ "key_ops": ["verify"] })] {
        let setup = Setup::new(&[ec.jwk_with(&usable)]);
        assert_eq!(setup.verify(&ec.student_token()).await, Ok(student()), "{usable}");
    }
}

#[tokio::test]
async fn an_unknown_id_brings_in_a_new_key_but_not_within_the_interval() {
    let (old, new) = (Issuer::ec("old", material::EC_PRIVATE), Issuer::ec("new", material::EC_PRIVATE_NEXT));
    let setup = Setup::new(&[old.jwk()]);
    assert_eq!(setup.verify(&old.student_token()).await, Ok(student()));
    setup.publish(&[old.jwk(), new.jwk()]);
    assert_eq!(setup.verify(&new.student_token()).await, Err(TokenError::UnknownKey));
    setup.clock.advance(TimeDelta::seconds(29));
    assert_eq!(setup.verify(&new.student_token()).await, Err(TokenError::UnknownKey));
    setup.clock.advance(TimeDelta::seconds(1));
    assert_eq!(setup.verify(&new.student_token()).await, Ok(student()));
    assert_eq!(setup.verify(&old.student_token()).await, Ok(student()));
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_once_the_keys_are_old() {
    let (old, new) = (Issuer::ec("old", material::EC_PRIVATE), Issuer::ec("new", material::EC_PRIVATE_NEXT));
    let setup = Setup::new(&[old.jwk()]);
    assert_eq!(setup.verify(&old.student_token()).await, Ok(student()));
    setup.publish(&[new.jwk()]);
    setup.clock.advance(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
    assert_eq!(setup.verify(&old.student_token()).await, Ok(student()));
    setup.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(setup.verify(&old.student_token()).await, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn an_emptied_set_is_believed() {
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let setup = Setup::new(&[ec.jwk()]);
    assert_eq!(setup.verify(&ec.student_token()).await, Ok(student()));
    setup.publish(&[]);
    setup.clock.advance(TimeDelta::minutes(10));
    assert_eq!(setup.verify(&ec.student_token()).await, Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn old_keys_are_kept_while_new_ones_cannot_be_had() {
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let setup = Setup::new(&[ec.jwk()]);
    assert_eq!(setup.verify(&ec.student_token()).await, Ok(student()));
    for broken in ["", "{}", "[]", "{\"keys\":7}", "<html>"] {
        fs::write(setup.path(), broken).unwrap();
        setup.clock.advance(TimeDelta::minutes(10));
        assert_eq!(setup.verify(&ec.token(&claims(&json!({ "exp": START * 2 })))).await, Ok(student()));
    }
    fs::remove_file(setup.path()).unwrap();
    setup.clock.advance(TimeDelta::minutes(10));
    assert_eq!(setup.verify(&ec.token(&claims(&json!({ "exp": START * 2 })))).await, Ok(student()));
}

#[tokio::test]
async fn without_any_keys_no_token_can_be_checked() {
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let setup = Setup::new(&[]);
    fs::remove_file(setup.path()).unwrap();
    assert_eq!(setup.verify(&ec.student_token()).await, Err(TokenError::KeysUnavailable));
    setup.publish(&[ec.jwk()]);
    assert_eq!(setup.verify(&ec.student_token()).await, Err(TokenError::KeysUnavailable));
    setup.clock.advance(a_minute());
    assert_eq!(setup.verify(&ec.student_token()).await, Ok(student()));
}

#[tokio::test]
async fn a_clock_set_back_does_not_stop_fetches() {
    let (old, new) = (Issuer::ec("old", material::EC_PRIVATE), Issuer::ec("new", material::EC_PRIVATE_NEXT));
    let setup = Setup::new(&[old.jwk()]);
    assert_eq!(setup.verify(&old.student_token()).await, Ok(student()));
    setup.publish(&[new.jwk()]);
    setup.clock.advance(TimeDelta::hours(-5));
    assert_eq!(setup.verify(&new.student_token()).await, Ok(student()));
}

#[tokio::test]
async fn an_oversize_document_is_refused() {
    let ec = Issuer::ec("e", material::EC_PRIVATE);
    let setup = Setup::new(&[ec.jwk()]);
    let padding = " ".repeat(1024 * 1024 - document(&[ec.jwk()]).len());
    fs::write(setup.path(), document(&[ec.jwk()]) + &padding + " ").unwrap();
    assert_eq!(setup.verify(&ec.student_token()).await, Err(TokenError::KeysUnavailable));
    setup.clock.advance(a_minute());
    fs::write(setup.path(), document(&[ec.jwk()]) + &padding).unwrap();
    assert_eq!(setup.verify(&ec.student_token()).await, Ok(student()));
}
