//! Bearer tokens: revoked before they expire, and told to nobody.

use api::auth::Role;
use api::service::revocation::RevocationList;
use chrono::TimeDelta;
use entity::clock::Clock;
use entity::sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::json;
use tests::binary::TallyApi;
use tests::client::Client;
use tests::{Socket, TestApp, on_both_backends};

use crate::sessions::{sign_in, sign_in_by_token, who};

const REVOKE: &str = "mutation($tokens: RevokeTokensInput!) { revokeTokens(tokens: $tokens) { revokedAt } }";

async fn is_let_in(client: &Client) -> bool {
    let answer = client.send("{ me { role } }", json!({})).await;
    match answer.status.as_u16() {
        200 => true,
        401 => {
            assert_eq!(answer.error().unwrap().message, "the token has been revoked");
            false
        }
        status => panic!("{status}: {}", answer.body),
    }
}

on_both_backends! {
    async fn the_earlier_tokens_of_a_subject_are_refused_at_once(backend) {
        let app = TestApp::start(backend).await;
        let (early, namesake) = (app.client(Role::Guardian, "gwen"), app.client(Role::Student, "gwen"));
        app.advance(TimeDelta::minutes(1));
        assert!(is_let_in(&early).await);
        let tokens = json!({ "subject": { "role": "GUARDIAN", "subject": "gwen" } });
        app.admin().data(REVOKE, json!({ "tokens": tokens })).await;
        assert!(!is_let_in(&early).await);
        assert!(is_let_in(&namesake).await);
        assert!(is_let_in(&app.client(Role::Guardian, "gwen")).await, "a new token is good");
        // An earlier time takes nothing back.
        let earlier = json!({ "subject":
            { "role": "GUARDIAN", "subject": "gwen", "issuedBefore": "2026-01-01T00:00:00Z" } });
        app.admin().data(REVOKE, json!({ "tokens": earlier })).await;
        assert!(!is_let_in(&early).await);
        for client in [app.service(), app.client(Role::Guardian, "gwen")] {
            let tokens = json!({ "subject": { "role": "ADMIN", "subject": "admin" } });
            assert_eq!(client.error(REVOKE, json!({ "tokens": tokens })).await.code, "FORBIDDEN");
        }
    }

    async fn other_processes_read_the_list(backend) {
        let app = TestApp::start(backend).await;
        let early = app.client(Role::Student, "ada");
        app.advance(TimeDelta::minutes(1));
        let other = RevocationList::new(app.db().clone());
        let admin = api::viewer::Viewer::new(api::auth::Identity::new(Role::Admin, "admin").unwrap());
        let identity = api::auth::Identity::new(Role::Student, "ada").unwrap();
        let revocation = api::service::revocation::Revocation::Subject(identity, None);
        other.revoke(&*app.shared_clock(), &admin, revocation).await.unwrap();
        assert!(is_let_in(&early).await, "this process has not read it yet");
        // A session would outlast what this process does not know yet.
        let refused = sign_in(&app, &[("token", early.token().expect("a token"))]).await;
        assert_eq!((refused.status.as_u16(), refused.header("set-cookie")), (401, ""));
        assert!(!is_let_in(&early).await, "the list was read");
    }

    async fn the_list_is_read_anew(backend) {
        let app = TestApp::start(backend).await;
        let early = app.client(Role::Student, "ada");
        app.advance(TimeDelta::minutes(1));
        let row = entity::revoked_subject::Model {
            role: "STUDENT".to_owned(),
            subject: "ada".to_owned(),
            issued_before: app.clock.now(),
            revoked_at: app.clock.now(),
            revoked_by: "admin".to_owned(),
        };
        let row = entity::sea_orm::ActiveModelTrait::reset_all(row.into_active_model());
        entity::revoked_subject::Entity::insert(row).exec_without_returning(app.db().writer()).await.unwrap();
        assert!(is_let_in(&early).await);
        app.refresh_revocations().await;
        assert!(!is_let_in(&early).await);
    }

    async fn sockets_and_sessions_end_with_their_tokens(backend) {
        let app = TestApp::start(backend).await;
        let mut socket = Socket::connect(&app.url, &app.token(Role::Guardian, "gwen")).await;
        socket.subscribe("1", "subscription { myChildrenUpdated { version } }", json!({})).await;
        let session = sign_in_by_token(&app, Role::Guardian, "gwen").await;
        let namesake = sign_in_by_token(&app, Role::Student, "gwen").await;
        app.advance(TimeDelta::minutes(1));
        let tokens = json!({ "subject": { "role": "GUARDIAN", "subject": "gwen" } });
        app.admin().data(REVOKE, json!({ "tokens": tokens })).await;
        assert_eq!(who(&app, &session).await, "UNAUTHENTICATED");
        assert_eq!(who(&app, &namesake).await, "STUDENT gwen");
        socket.send(&json!({ "type": "ping" })).await;
        assert_eq!(socket.closed().await, (4403, "Forbidden: the token has been revoked".to_owned()));
    }
}

/// Whatever is logged, and whoever is told: neither the secret nor any token is in it.
#[tokio::test]
async fn neither_the_secret_nor_a_token_is_ever_told() {
    const SECRET: &str = "a-secret-that-must-not-be-told-0123456789";
    let api = TallyApi::new();
    let file = api.file("secret", SECRET).display().to_string();
    let password = "postgres://tally:hunter2@127.0.0.1:1/tally";
    let help = api.run(&["--help"], &[("DATABASE_URL", password), ("TALLY_JWT_SECRET_FILE", &file)]).await;
    let unreachable = api.run(&[], &[("DATABASE_URL", password), ("TALLY_LOG", "trace")]).await;
    for ended in [&help, &unreachable] {
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.is_empty() && !said.contains("hunter2") && !said.contains(SECRET), "{said}");
    }

    let env = [("TALLY_JWT_SECRET_FILE", file.as_str()), ("TALLY_LOG", "trace")];
    let server = api.serve(&[], &env).await;
    let signed = api.run(&["token", "--role", "admin", "--subject", "anne"], &env).await;
    let good = signed.stdout.trim().to_owned();
    let signature = good.rsplit('.').next().expect("a signature").to_owned();
    let forged = format!("{}x", good.trim_end_matches(|c: char| c != '.'));
    let mut told = format!("{}{}", server.greeting, signed.stderr);
    for token in [good.clone(), forged.clone(), "not-a-token-at-all".to_owned(), SECRET.to_owned()] {
        let client = Client::new(server.url(), Some(token));
        for query in ["{ me { role } }", "{ nonsense", "{ studentProfile(sourcedId: \"x\") { id } }"] {
            told.push_str(&client.send(query, json!({})).await.body.to_string());
        }
    }
    assert_eq!(server.stop().await, Some(0));
    let log = std::fs::read_to_string(api.folder().join("stderr.log")).expect("the log");
    assert!(log.contains("DEBUG") && log.contains("/graphql"), "everything is logged: {log}");
    for (name, text) in [("log", &log), ("answers", &told)] {
        for told in [SECRET, &signature, &forged, "not-a-token-at-all"] {
            assert!(!text.contains(told), "the {name} tell {told}");
        }
    }
}
