//! Signing in and out as a browser does, and who may use the session.

mod foreign;
mod pages;

use api::auth::Role;
use chrono::TimeDelta;
use entity::sea_orm::{ConnectionTrait, EntityTrait};
use entity::session;
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tests::client::Client;
use tests::{Backend, TestApp, on_both_backends};

use crate::raw::{JSON, Raw, answer};

const ME: &str = "{ me { role subject } }";

/// A request that follows no redirect.
fn request(app: &TestApp, method: Method, path: &str) -> RequestBuilder {
    Client::not_following().request(method, format!("{}{path}", app.url))
}

/// Sends the form of the sign-in page, as a browser does that shows it.
pub(crate) async fn sign_in(app: &TestApp, fields: &[(&str, &str)]) -> Raw {
    answer(form(app, "/sign-in", fields).header(ORIGIN, &app.url)).await
}

fn form(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request(app, Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}

pub(crate) async fn sign_in_by_token(app: &TestApp, role: Role, subject: &str) -> String {
    let token = app.token(role, subject);
    cookie_of(&sign_in(app, &[("token", &token)]).await)
}

/// The name and value of the cookie that a response sets.
fn cookie_of(response: &Raw) -> String {
    let cookie = response.header("set-cookie").split(';').next().unwrap_or_default();
    assert!(!cookie.is_empty(), "no cookie is set: {response:?}");
    cookie.to_owned()
}

/// The code within a one-time link.
fn code_of(link: &str) -> &str {
    link.split_once("code=").expect("a link with a code").1
}

/// A query by POST, as a page of the server sends it.
fn query(app: &TestApp, cookie: &str, query: &str) -> RequestBuilder {
    let body = json!({ "query": query }).to_string();
    let request = request(app, Method::POST, "/graphql").header(CONTENT_TYPE, JSON).body(body);
    request.header(COOKIE, cookie).header(ORIGIN, &app.url)
}

/// Who the session is taken for; the code of the error if it is not taken at all.
pub(crate) async fn who(app: &TestApp, cookie: &str) -> String {
    let response = answer(query(app, cookie, ME)).await;
    let me = &response.json()["data"]["me"];
    match me["subject"].as_str() {
        Some(subject) => format!("{} {subject}", me["role"].as_str().unwrap_or_default()),
        None => response.code(),
    }
}

on_both_backends! {
    async fn a_link_signs_in_one_browser(backend) {
        let app = TestApp::start(backend).await;
        let link = app.one_time_link(Role::Admin, "admin");
        // A preview of the link uses nothing up.
        for _ in 0..2 {
            let page = answer(request(&app, Method::GET, link.trim_start_matches(&app.url))).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.text.contains(code_of(&link)) && page.header("set-cookie").is_empty());
        }
        let first = sign_in(&app, &[("code", code_of(&link))]).await;
        assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/admin"));
        assert_eq!(who(&app, &cookie_of(&first)).await, "ADMIN admin");

        let second = sign_in(&app, &[("code", code_of(&link))]).await;
        assert_eq!((second.status, second.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
        assert!(second.text.contains("has been used already"), "{}", second.text);
    }

    async fn a_link_of_yesterday_signs_in_nobody(backend) {
        let app = TestApp::start(backend).await;
        let link = app.one_time_link(Role::Admin, "admin");
        app.advance(TimeDelta::hours(1));
        let late = sign_in(&app, &[("code", code_of(&link))]).await;
        assert_eq!((late.status, late.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
    }

    async fn a_session_sees_what_its_token_would(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.write("upsertGuardian", json!({ "sourcedId": "gwen", "displayName": "Gwen" })).await;
        let names = json!({ "student": { "sourcedId": "ada" }, "guardian": { "sourcedId": "gwen" } });
        app.write("grantGuardianship", names).await;
        for (role, subject) in [
            (Role::Admin, "boss"),
            (Role::Service, "lms"),
            (Role::Guardian, "gwen"),
            (Role::Guardian, "ada"),
            (Role::Student, "ada"),
        ] {
            let cookie = sign_in_by_token(&app, role, subject).await;
            let asked = "{ me { role subject } myChildren { student { sourcedId } } queue { staleProfiles } \
                studentProfile(sourcedId: \"ada\") { isStale } }";
            let by_session = answer(query(&app, &cookie, asked)).await.json();
            let by_token = app.client(role, subject).send(asked, json!({})).await.body;
            assert_eq!(by_session, by_token, "{role} {subject}");
        }
    }

    async fn a_session_ends_when_it_is_signed_out(backend) {
        let app = TestApp::start(backend).await;
        let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
        let other = sign_in_by_token(&app, Role::Admin, "boss").await;
        let out = form(&app, "/sign-out", &[]).header(ORIGIN, &app.url).header(COOKIE, &cookie);
        let out = answer(out).await;
        assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/sign-in?signed-out"));
        assert!(out.header("set-cookie").ends_with("; Max-Age=0"), "{}", out.header("set-cookie"));
        // The browser has forgotten it; somebody who kept a copy gains nothing.
        assert_eq!(who(&app, &cookie).await, "UNAUTHENTICATED");
        assert_eq!(who(&app, &other).await, "ADMIN boss");
    }

    async fn an_admin_signs_somebody_out_everywhere(backend) {
        let app = TestApp::start(backend).await;
        let gwen = [
            sign_in_by_token(&app, Role::Guardian, "gwen").await,
            sign_in_by_token(&app, Role::Guardian, "gwen").await,
        ];
        let namesake = sign_in_by_token(&app, Role::Student, "gwen").await;
        let ada = sign_in_by_token(&app, Role::Student, "ada").await;
        let revoke = "mutation($role: Role) { revokeSessions(subject: \"gwen\", role: $role) { revoked } }";
        let revoked = async |role: Value| {
            app.admin().data(revoke, json!({ "role": role })).await["revokeSessions"]["revoked"].clone()
        };
        assert_eq!(revoked(json!("GUARDIAN")).await, 2);
        for cookie in &gwen {
            assert_eq!(who(&app, cookie).await, "UNAUTHENTICATED");
        }
        assert_eq!(who(&app, &namesake).await, "STUDENT gwen");
        assert_eq!(revoked(Value::Null).await, 1);
        assert_eq!(who(&app, &namesake).await, "UNAUTHENTICATED");
        assert_eq!(revoked(Value::Null).await, 0);
        assert_eq!(who(&app, &ada).await, "STUDENT ada");
    }

    /// Whoever revokes a token ends the sessions that there are; this one begins a moment later.
    async fn a_token_that_is_revoked_while_it_signs_in_opens_no_session(backend) {
        let app = TestApp::start(backend).await;
        let revoke = "INSERT INTO revoked_subject (role, subject, issued_before, revoked_at, revoked_by) \
             VALUES ('ADMIN', 'boss', NEW.created_at, NEW.created_at, 'somebody')";
        let statements = match backend {
            Backend::Sqlite => vec![format!("CREATE TRIGGER revoke AFTER INSERT ON session BEGIN {revoke}; END")],
            Backend::Postgres => vec![
                format!("CREATE FUNCTION revoke() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {revoke}; RETURN NEW; END $$"),
                "CREATE TRIGGER revoke AFTER INSERT ON session FOR EACH ROW EXECUTE FUNCTION revoke()".to_owned(),
            ],
        };
        for statement in statements {
            app.db().writer().execute_unprepared(&statement).await.expect("a trigger");
        }
        let token = app.token(Role::Admin, "boss");
        app.advance(TimeDelta::seconds(1));
        let response = sign_in(&app, &[("token", &token)]).await;
        assert_eq!((response.status, response.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
        let sessions = session::Entity::find().all(app.db().reader()).await.expect("rows");
        assert!(sessions.iter().all(|session| session.revoked_at.is_some()), "{sessions:?}");
    }

    async fn a_session_ends_when_nobody_uses_it(backend) {
        let app = TestApp::start(backend).await;
        let link = app.one_time_link(Role::Admin, "admin");
        let cookie = cookie_of(&sign_in(&app, &[("code", code_of(&link))]).await);
        for _ in 0..4 {
            app.advance(TimeDelta::minutes(100));
            assert_eq!(who(&app, &cookie).await, "ADMIN admin");
        }
        app.advance(TimeDelta::hours(2));
        assert_eq!(who(&app, &cookie).await, "UNAUTHENTICATED");
    }

    async fn a_session_ends_however_much_it_is_used(backend) {
        let app = TestApp::start(backend).await;
        let link = app.one_time_link(Role::Admin, "admin");
        let cookie = cookie_of(&sign_in(&app, &[("code", code_of(&link))]).await);
        for _ in 0..11 {
            app.advance(TimeDelta::hours(1));
            assert_eq!(who(&app, &cookie).await, "ADMIN admin");
        }
        app.advance(TimeDelta::hours(1));
        assert_eq!(who(&app, &cookie).await, "UNAUTHENTICATED");
    }

    async fn a_session_does_not_outlive_its_token(backend) {
        let app = TestApp::start(backend).await;
        let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
        // The token is good for an hour, and for as long again as clocks may differ.
        app.advance(TimeDelta::hours(1) + TimeDelta::seconds(30) - TimeDelta::microseconds(1));
        assert_eq!(who(&app, &cookie).await, "ADMIN boss");
        app.advance(TimeDelta::microseconds(1));
        assert_eq!(who(&app, &cookie).await, "UNAUTHENTICATED");
    }

    async fn the_database_holds_nothing_that_opens_a_session(backend) {
        let app = TestApp::start(backend).await;
        let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
        let (name, _) = cookie.split_once('=').expect("a name and a value");
        let row = session::Entity::find().one(app.db().reader()).await.expect("a row").expect("a session");
        assert_eq!(who(&app, &format!("{name}={}", row.key_hash)).await, "UNAUTHENTICATED");
        assert_eq!((row.role.as_str(), row.subject.as_str()), ("ADMIN", "boss"));
    }
}

#[tokio::test]
async fn a_token_that_is_none_signs_in_nobody_and_is_told_why() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, student) = (app.token(Role::Admin, "boss"), app.token(Role::Student, "boss"));
    let (claims, signature) = (admin.rsplit_once('.'), student.rsplit_once('.'));
    let forged = format!("{}.{}", claims.expect("claims").0, signature.expect("a signature").1);
    for (token, message) in [("", "Paste a token"), ("hello", "not a well-formed"), (&forged, "signature")] {
        let response = sign_in(&app, &[("token", token)]).await;
        assert_eq!((response.status, response.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
        assert!(response.text.contains(message), "{message:?}: {}", response.text);
    }
    app.advance(TimeDelta::hours(2));
    let response = sign_in(&app, &[("token", &admin)]).await;
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert!(response.text.contains("The token has expired."), "{}", response.text);
}
