//! Signing in and out as a browser does, and who may use the session.

use api::auth::Role;
use chrono::TimeDelta;
use entity::sea_orm::{EntityTrait, PaginatorTrait};
use entity::session;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tests::{Backend, TestApp, on_both_backends};

use crate::raw::{GRAPHQL, JSON, Raw, answer};

const ME: &str = "{ me { role subject } }";

/// A request that follows no redirect.
fn request(app: &TestApp, method: Method, path: &str) -> RequestBuilder {
    let none = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(none).build();
    http.expect("an HTTP client can be made").request(method, format!("{}{path}", app.url))
}

/// Sends the form of the sign-in page, as a browser does that shows it.
async fn sign_in(app: &TestApp, fields: &[(&str, &str)]) -> Raw {
    answer(form(app, "/sign-in", fields).header(ORIGIN, &app.url)).await
}

fn form(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request(app, Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}

async fn sign_in_by_token(app: &TestApp, role: Role, subject: &str) -> String {
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
async fn who(app: &TestApp, cookie: &str) -> String {
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
        assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/graphiql"));
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

    async fn a_session_ends_however_much_it_is_used_and_is_deleted(backend) {
        let app = TestApp::start(backend).await;
        let link = app.one_time_link(Role::Admin, "admin");
        let cookie = cookie_of(&sign_in(&app, &[("code", code_of(&link))]).await);
        for _ in 0..11 {
            app.advance(TimeDelta::hours(1));
            assert_eq!(who(&app, &cookie).await, "ADMIN admin");
        }
        app.advance(TimeDelta::hours(1));
        assert_eq!(who(&app, &cookie).await, "UNAUTHENTICATED");
        sign_in_by_token(&app, Role::Admin, "boss").await;
        let kept = session::Entity::find().count(app.db().reader()).await.expect("a count");
        assert_eq!(kept, 1, "the session that is over is deleted when another begins");
    }

    async fn a_session_does_not_outlive_its_token(backend) {
        let app = TestApp::start(backend).await;
        let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
        app.advance(TimeDelta::hours(1) - TimeDelta::microseconds(1));
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
    // Within the leeway for clocks that differ, a request would be let in; a session would end at once.
    app.advance(TimeDelta::hours(1));
    let response = sign_in(&app, &[("token", &admin)]).await;
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    assert!(response.text.contains("The token has expired."), "{}", response.text);
}

#[tokio::test]
async fn a_session_is_for_pages_of_this_server_alone() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    let port = app.url.rsplit_once(':').expect("a port").1;
    let post = |headers: &[(&str, &str)]| {
        let body = json!({ "query": ME }).to_string();
        let post = request(&app, Method::POST, "/graphql").header(CONTENT_TYPE, JSON).body(body);
        headers.iter().fold(post.header(COOKIE, &cookie), |post, (name, value)| post.header(*name, *value))
    };
    let get = |headers: &[(&str, &str)]| {
        let get = request(&app, Method::GET, "/graphql?query=%7Bme%7Brole%7D%7D").header(ACCEPT, GRAPHQL);
        headers.iter().fold(get.header(COOKIE, &cookie), |get, (name, value)| get.header(*name, *value))
    };
    let same_host = format!("http://localhost:{port}");
    for foreign in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("origin", same_host.as_str())],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
    ] {
        for request in [post(foreign), get(foreign)] {
            let response = answer(request).await;
            assert_eq!((response.status, response.code().as_str()), (StatusCode::FORBIDDEN, "FORBIDDEN"));
            assert!(response.json().get("data").is_none(), "{foreign:?}");
        }
    }
    for own in [&[("origin", app.url.as_str())][..], &[("sec-fetch-site", "same-origin")]] {
        for request in [post(own), get(own)] {
            assert_eq!(answer(request).await.json()["data"]["me"]["role"], "ADMIN", "{own:?}");
        }
    }
}

#[tokio::test]
async fn nobody_is_signed_in_or_out_by_another_site() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    let token = app.token(Role::Student, "mallory");
    for origin in ["https://evil.example", "null"] {
        let sign_in = form(&app, "/sign-in", &[("token", &token)]).header(ORIGIN, origin);
        let sign_out = form(&app, "/sign-out", &[]).header(ORIGIN, origin).header(COOKIE, &cookie);
        for request in [sign_in, sign_out] {
            let response = answer(request).await;
            assert_eq!((response.status, response.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
        }
    }
    assert_eq!(who(&app, &cookie).await, "ADMIN boss");
}

#[tokio::test]
async fn a_token_in_the_header_wins_over_the_cookie() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    let token = app.token(Role::Student, "ada");
    let both = query(&app, &cookie, ME).header(AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(answer(both).await.json()["data"]["me"], json!({ "role": "STUDENT", "subject": "ada" }));
    let bad = query(&app, &cookie, ME).header(AUTHORIZATION, "Bearer nonsense");
    assert_eq!(answer(bad).await.status, StatusCode::UNAUTHORIZED);
    // What a proxy may ask for is not meant for us.
    let basic = query(&app, &cookie, ME).header(AUTHORIZATION, "Basic dGFsbHk6aHVzaA==");
    assert_eq!(answer(basic).await.json()["data"]["me"]["subject"], "boss");
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let app = TestApp::start(Backend::Sqlite).await;
    let token = app.token(Role::Admin, "boss");
    let local = sign_in(&app, &[("token", &token)]).await;
    assert!(local.header("set-cookie").ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{local:?}");
    let elsewhere = form(&app, "/sign-in", &[("token", &token)])
        .header("host", "tally.example.org")
        .header(ORIGIN, "https://tally.example.org");
    let cookie = answer(elsewhere).await.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-tally-session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
}

#[tokio::test]
async fn without_an_admins_session_graphiql_is_the_sign_in_page() {
    let app = TestApp::start(Backend::Sqlite).await;
    let page = |cookie: String| answer(request(&app, Method::GET, "/graphiql").header(COOKIE, cookie));
    for cookie in ["", "a=b", "tally-session-1=x"] {
        let response = page(cookie.to_owned()).await;
        assert_eq!(
            (response.status, response.header("location"), response.text.as_str()),
            (StatusCode::SEE_OTHER, "/sign-in?next=%2Fgraphiql", "")
        );
    }
    for role in [Role::Service, Role::Guardian, Role::Student] {
        let response = page(sign_in_by_token(&app, role, "<b>gwen</b>").await).await;
        assert_eq!(response.status, StatusCode::FORBIDDEN, "{role}");
        assert!(response.text.contains("for admins") && !response.text.contains("<b>"), "{}", response.text);
    }
    let response = page(sign_in_by_token(&app, Role::Admin, "boss").await).await;
    assert_eq!(response.status, StatusCode::OK);
    assert!(response.text.contains("graphiql.js"));
}

#[tokio::test]
async fn one_comes_back_to_where_one_was_sent_away_and_to_no_other_server() {
    let app = TestApp::start(Backend::Sqlite).await;
    let (admin, guardian) = (app.token(Role::Admin, "boss"), app.token(Role::Guardian, "gwen"));
    for (token, next, location) in [
        (&admin, "", "/graphiql"),
        (&guardian, "", "/"),
        (&guardian, "/graphiql", "/graphiql"),
        (&admin, "https://evil.example", "/graphiql"),
        (&admin, "//evil.example", "/graphiql"),
        (&admin, "/\\evil.example", "/graphiql"),
    ] {
        let response = sign_in(&app, &[("token", token), ("next", next)]).await;
        assert_eq!(response.header("location"), location, "{next}");
    }
}

#[tokio::test]
async fn every_page_bounds_what_it_may_load() {
    let app = TestApp::start(Backend::Sqlite).await;
    let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
    for path in ["/", "/sign-in", "/sign-in?code=x", "/graphiql"] {
        let response = answer(request(&app, Method::GET, path).header(COOKIE, &cookie)).await;
        assert_eq!(response.status, StatusCode::OK, "{path}");
        let policy = response.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{path}: {policy}");
        assert!(policy.ends_with("base-uri 'none'; frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(response.header(name), value, "{path}");
        }
        let inline = response.text.split("<script").skip(1).any(|script| !script.contains("src=\"/assets/"));
        assert!(!inline && !response.text.contains("style="), "{path}: {}", response.text);
        for file in response.text.split("\"/assets/").skip(1) {
            let file = format!("/assets/{}", file.split('"').next().unwrap_or_default());
            assert_eq!(answer(request(&app, Method::GET, &file)).await.status, StatusCode::OK, "{file}");
        }
    }
}

#[tokio::test]
async fn files_are_kept_by_browsers_for_as_long_as_they_are_the_same() {
    let app = TestApp::start(Backend::Sqlite).await;
    let script = "/assets/vendor/react-18.3.1/react.production.min.js";
    for (path, caching) in
        [(script, "public, max-age=31536000, immutable"), ("/assets/pages.css", "no-cache")]
    {
        let plain = answer(request(&app, Method::GET, path)).await;
        assert_eq!((plain.status, plain.header("cache-control")), (StatusCode::OK, caching));
        assert_eq!((plain.header("vary"), plain.header("content-encoding")), ("accept-encoding", ""));
        let again = request(&app, Method::GET, path).header("if-none-match", plain.header("etag"));
        assert_eq!(answer(again).await.status, StatusCode::NOT_MODIFIED);
        let packed = request(&app, Method::GET, path).header("accept-encoding", "br, gzip").send().await;
        let packed = packed.expect("the server answers");
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        let mut unpacked = String::new();
        let bytes = packed.bytes().await.expect("a body");
        assert!(bytes.len() < plain.text.len());
        let mut reader = flate2::read::GzDecoder::new(&bytes[..]);
        std::io::Read::read_to_string(&mut reader, &mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain.text);
    }
    for path in [
        "/assets/",
        "/assets/none",
        "/assets/../Cargo.toml",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/sign-in.html",
    ] {
        assert_eq!(answer(request(&app, Method::GET, path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
