//! Tokens that nobody gave.

use api::auth::{Identity, Role, Secret, TokenRules, sign_hs256};
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::{Clock, SystemClock};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::target::answer;
use super::{Outcome, Target};
use crate::app::SECRET;

/// `{"alg":"none","typ":"JWT"}`
const NONE: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

pub(super) async fn try_all(target: &Target, outcomes: &mut Vec<Outcome>) {
    for (attack, token) in tokens() {
        let request = target.post().bearer_auth(token).json(&json!({ "query": "{ me { role } }" }));
        let said = answer(request.send().await).await;
        target.note(outcomes, attack, "401 UNAUTHENTICATED", said).await;
    }
}

fn tokens() -> Vec<(&'static str, String)> {
    let now = SystemClock.now();
    let good = crate::app::token(Role::Guardian, "gwen", now);
    let (unsigned, signature) = good.rsplit_once('.').expect("a token");
    let (_, claims) = unsigned.split_once('.').expect("a token");
    let admin = json!({ "sub": "gwen", "role": "ADMIN", "exp": (now + TimeDelta::hours(1)).timestamp() });
    let of_admin = signed(Algorithm::HS256, &admin);
    let [header, of_admin] = [0, 1].map(|part| of_admin.split('.').nth(part).expect("a token").to_owned());
    vec![
        ("a token signed with another secret", forged(now)),
        ("a token that has expired", crate::app::token(Role::Admin, "admin", now - TimeDelta::hours(3))),
        ("a token that is not good yet", signed(Algorithm::HS256, &later(now))),
        ("a token without an end", signed(Algorithm::HS256, &json!({ "sub": "gwen", "role": "ADMIN" }))),
        ("a token with the algorithm none", format!("{NONE}.{of_admin}.")),
        ("a token with the algorithm none and a signature", format!("{NONE}.{claims}.{signature}")),
        ("a token of another algorithm", signed(Algorithm::HS512, &admin)),
        ("a token whose role was changed", format!("{header}.{of_admin}.{signature}")),
        ("a token of 100 kB", format!("{unsigned}.{}", "A".repeat(100_000))),
    ]
}

fn forged(now: DateTime<Utc>) -> String {
    let secret = Secret::new("a secret that somebody else has made up").expect("it is long enough");
    let admin = Identity::new(Role::Admin, "admin").expect("a subject");
    sign_hs256(&secret, &admin, now, TimeDelta::hours(1), &TokenRules::default()).expect("a token")
}

fn later(now: DateTime<Utc>) -> Value {
    let (from, until) = (now + TimeDelta::hours(1), now + TimeDelta::hours(2));
    json!({ "sub": "admin", "role": "ADMIN", "nbf": from.timestamp(), "exp": until.timestamp() })
}

/// Claims, signed with the server's own secret.
fn signed(algorithm: Algorithm, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token")
}
