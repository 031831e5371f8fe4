//! The pages: who gets them, and what they may load.

use api::auth::Role;
use reqwest::header::COOKIE;
use reqwest::{Method, StatusCode};
use tests::{Backend, TestApp};

use super::{request, sign_in, sign_in_by_token};
use crate::raw::answer;

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
        (&admin, "", "/admin"),
        (&guardian, "", "/"),
        (&guardian, "/graphiql", "/graphiql"),
        (&admin, "https://evil.example", "/admin"),
        (&admin, "//evil.example", "/admin"),
        (&admin, "/\\evil.example", "/admin"),
    ] {
        let response = sign_in(&app, &[("token", token), ("next", next)]).await;
        assert_eq!(response.header("location"), location, "{next}");
    }
}

#[tokio::test]
async fn every_page_bounds_what_it_may_load() {
    let app = TestApp::start(Backend::Sqlite).await;
    let boss = sign_in_by_token(&app, Role::Admin, "boss").await;
    let gwen = sign_in_by_token(&app, Role::Guardian, "gwen").await;
    for (path, cookie) in [
        ("/", ""),
        ("/", &boss),
        ("/", &gwen),
        ("/children/student:ada", &gwen),
        ("/sign-in", ""),
        ("/sign-in?code=x", ""),
        ("/admin", &boss),
        ("/admin/students/student:ada", &boss),
        ("/graphiql", &boss),
    ] {
        let response = answer(request(&app, Method::GET, path).header(COOKIE, cookie)).await;
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

#[tokio::test]
async fn families_get_their_page_and_others_are_told_where_to_go() {
    let app = TestApp::start(Backend::Sqlite).await;
    let page = |cookie: String, path| answer(request(&app, Method::GET, path).header(COOKIE, cookie));
    for role in [Role::Guardian, Role::Student] {
        let cookie = sign_in_by_token(&app, role, "gwen").await;
        for path in ["/", "/children/student:ada"] {
            let response = page(cookie.clone(), path).await;
            assert_eq!(response.status, StatusCode::OK, "{role} {path}");
            assert!(response.text.contains("/assets/family/family.js"), "{role} {path}: {}", response.text);
            // Whatever there is to be seen, the page gets from the API.
            assert!(!response.text.contains("ada") && !response.text.contains("gwen"), "{}", response.text);
        }
    }
    let admin = page(sign_in_by_token(&app, Role::Admin, "boss").await, "/").await;
    assert!(admin.text.contains("href=\"/admin\"") && admin.text.contains("href=\"/graphiql\""));
    let service = page(sign_in_by_token(&app, Role::Service, "lms").await, "/").await;
    assert!(service.text.contains("a service") && !service.text.contains("family.js"), "{}", service.text);
    let nobody = page(String::new(), "/children/student:ada").await;
    let location = "/sign-in?next=%2Fchildren%2Fstudent%3Aada";
    assert_eq!((nobody.status, nobody.header("location")), (StatusCode::SEE_OTHER, location));
}

#[tokio::test]
async fn the_desk_is_for_admins() {
    let app = TestApp::start(Backend::Sqlite).await;
    let page = |cookie: String, path| answer(request(&app, Method::GET, path).header(COOKIE, cookie));
    for (path, location) in [
        ("/admin", "/sign-in?next=%2Fadmin"),
        (
            "/admin/students?search=a&order=NAME",
            "/sign-in?next=%2Fadmin%2Fstudents%3Fsearch%3Da%26order%3DNAME",
        ),
    ] {
        let nobody = page(String::new(), path).await;
        assert_eq!((nobody.status, nobody.header("location")), (StatusCode::SEE_OTHER, location));
        for role in [Role::Service, Role::Guardian, Role::Student] {
            let response = page(sign_in_by_token(&app, role, "<b>gwen</b>").await, path).await;
            assert_eq!(response.status, StatusCode::FORBIDDEN, "{role}");
            assert!(
                response.text.contains("for admins") && !response.text.contains("<b>"),
                "{}",
                response.text
            );
        }
        let admin = page(sign_in_by_token(&app, Role::Admin, "boss").await, path).await;
        assert_eq!(admin.status, StatusCode::OK);
        assert!(admin.text.contains("/assets/admin/admin.js"), "{}", admin.text);
    }
}
