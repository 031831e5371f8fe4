//! Revocations, hand-overs and erasures since a backup outlive its restore.

use std::fs;
use std::path::Path;

use api::auth::{Identity, Role, Secret, TokenRules, sign_hs256};
use api::service::restore;
use api::service::revocation_journal::{Entry, Known};
use chrono::{DateTime, TimeDelta, Utc};
use entity::clock::{Clock, SystemClock};
use entity::database::Database;
use entity::sea_orm::{EntityTrait, PaginatorTrait};
use entity::{guardian, guardianship, session, student};
use serde_json::json;
use tests::binary::{Served, TallyApi};
use tests::client::Client;
use tests::{TestApp, on_both_backends};
use uuid::Uuid;

use crate::sessions::{sign_in_by_token, who};

const DATABASE: &str = ".tally/tally.db";
const JOURNAL: &str = ".tally/tally.db-revocations.jsonl";

/// A token of the tests' secret that was issued at a time.
fn token(role: Role, subject: &str, issued_at: DateTime<Utc>) -> String {
    let secret = Secret::new(tests::app::SECRET).expect("the tests' secret is long enough");
    let identity = Identity::new(role, subject).expect("a subject that tokens can have");
    sign_hs256(&secret, &identity, issued_at, TimeDelta::hours(1), &TokenRules::default()).expect("a token")
}

async fn serve(program: &TallyApi) -> (Served, Client) {
    if !program.folder().join("secret").exists() {
        program.file("secret", tests::app::SECRET);
    }
    let served = program.serve(&["--jwt-secret-file", "secret"], &[]).await;
    let admin = Client::new(served.url(), Some(token(Role::Admin, "admin", SystemClock.now())));
    (served, admin)
}

async fn mutate(admin: &Client, mutation: &str) {
    admin.data(&format!("mutation {{ {mutation} }}"), json!({})).await;
}

async fn school(admin: &Client) {
    for student in ["ada", "ben", "cyd"] {
        mutate(admin, &format!("upsertStudent(input: {{ sourcedId: \"{student}\", displayName: \"{student}\" }}) {{ outcome }}")).await;
    }
    for guardian in ["gwen", "hugo"] {
        mutate(admin, &format!("upsertGuardian(input: {{ sourcedId: \"{guardian}\", displayName: \"{guardian}\" }}) {{ outcome }}")).await;
    }
    for (student, guardian) in [("ada", "gwen"), ("ben", "gwen"), ("cyd", "hugo")] {
        grant(admin, student, guardian).await;
    }
}

async fn grant(admin: &Client, student: &str, guardian: &str) {
    let pair = format!("student: {{ sourcedId: \"{student}\" }}, guardian: {{ sourcedId: \"{guardian}\" }}");
    mutate(admin, &format!("grantGuardianship(input: {{ {pair} }}) {{ outcome }}")).await;
}

async fn revoke(admin: &Client, student: &str, guardian: &str) {
    let pair = format!("student: {{ sourcedId: \"{student}\" }}, guardian: {{ sourcedId: \"{guardian}\" }}");
    mutate(admin, &format!("revokeGuardianship(input: {{ {pair} }}) {{ outcome }}")).await;
}

/// The children whom a guardian sees.
async fn children(guardian: &Client) -> Vec<String> {
    let data = guardian.data("{ myChildren { student { sourcedId } } }", json!({})).await;
    let children = data["myChildren"].as_array().expect("children").iter();
    children.map(|child| child["student"]["sourcedId"].as_str().expect("an id").to_owned()).collect()
}

/// Puts the backup in the place of the database.
fn restore_backup(folder: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("{DATABASE}{suffix}")));
    }
    fs::copy(folder.join("copy.db"), folder.join(DATABASE)).expect("the backup is restored");
}

/// Number of guardianships that are neither revoked nor ended.
async fn open_rights(folder: &Path) -> usize {
    let url = format!("sqlite:{}", folder.join(DATABASE).display());
    let db = Database::connect(&url, 1).await.expect("the database opens");
    let rights = guardianship::Entity::find().all(db.reader()).await.expect("guardianships");
    db.close().await;
    rights.iter().filter(|right| right.revoked_at.is_none() && right.valid_until.is_none()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_since_the_backup_is_decided_again() {
    let program = TallyApi::new();
    let (served, admin) = serve(&program).await;
    school(&admin).await;
    revoke(&admin, "cyd", "hugo").await;
    assert_eq!(program.run(&["backup", "copy.db"], &[]).await.code, Some(0));

    revoke(&admin, "ada", "gwen").await;
    // Given back: not to be revoked again.
    grant(&admin, "cyd", "hugo").await;
    revoke(&admin, "ben", "gwen").await;
    grant(&admin, "ben", "gwen").await;
    mutate(&admin, "handOverStudent(student: { sourcedId: \"ben\" }) { validUntil }").await;
    mutate(&admin, "revokeTokens(tokens: { jti: \"lost\" }) { revokedAt }").await;
    mutate(&admin, "revokeTokens(tokens: { subject: { role: GUARDIAN, subject: \"hugo\" } }) { revokedAt }")
        .await;
    mutate(&admin, "revokeTokens(tokens: { subject: { role: STUDENT, subject: \"cyd\" } }) { revokedAt }")
        .await;
    mutate(&admin, "eraseStudent(student: { sourcedId: \"cyd\" }, reason: \"asked for\") { erasedAt }").await;
    assert_eq!(served.stop().await, Some(0));
    let journal = fs::read_to_string(program.folder().join(JOURNAL)).expect("a journal");
    assert!(!journal.contains("cyd"), "nothing of the erased student but an id: {journal}");
    restore_backup(program.folder());
    assert_eq!(open_rights(program.folder()).await, 2, "the restore has brought gwen's rights back");

    let planned = program.run(&["after-restore"], &[]).await;
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    for line in [
        "- revoke the guardianship of gwen for ada, as on ",
        "- end the guardianship of gwen for ben with ",
        "- erase the student cyd, as on ",
        "- revoke the token lost, as on ",
        "- refuse the tokens of GUARDIAN hugo that were issued before ",
        "Nothing has been changed. Add --apply to do it.",
    ] {
        assert!(planned.stdout.contains(line), "{line}: {}", planned.stdout);
    }
    assert_eq!(planned.stdout.matches("\n- ").count(), 6, "{}", planned.stdout);
    let again = program.run(&["after-restore"], &[]).await;
    assert_eq!(again.stdout, planned.stdout, "a plan changes nothing");

    let applied = program.run(&["after-restore", "--apply"], &[]).await;
    assert!(applied.stdout.ends_with("This has been done.\n"), "{}", applied.stdout);
    let (served, admin) = serve(&program).await;
    let gwen = Client::new(served.url(), Some(token(Role::Guardian, "gwen", SystemClock.now())));
    assert_eq!(children(&gwen).await, Vec::<String>::new());
    let cyd = admin.data("{ studentProfile(sourcedId: \"cyd\") { id } }", json!({})).await;
    assert!(cyd["studentProfile"].is_null());
    let early = token(Role::Guardian, "hugo", SystemClock.now() - TimeDelta::minutes(1));
    let hugo = Client::new(served.url(), Some(early));
    assert_eq!(hugo.error("{ me { role } }", json!({})).await.code, "UNAUTHENTICATED");
    assert_eq!(served.stop().await, Some(0));
    let done = program.run(&["after-restore"], &[]).await;
    assert_eq!(
        done.stdout.matches("\n- ").count(),
        1,
        "but for the sessions nothing is left: {}",
        done.stdout
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_missing_or_cut_off_is_said() {
    let program = TallyApi::new();
    let early = program.run(&["after-restore", "--apply"], &[]).await;
    assert_eq!(early.code, Some(1));
    assert!(
        early.stderr.contains("there is no database at .tally/tally.db: put the backup there first"),
        "{early:?}"
    );
    assert!(!program.folder().join(".tally").exists(), "it makes none");
    let (served, admin) = serve(&program).await;
    school(&admin).await;
    assert_eq!(program.run(&["backup", "copy.db"], &[]).await.code, Some(0));
    let missing = program.run(&["after-restore"], &[]).await;
    let sentence = "There is no revocation journal at .tally/tally.db-revocations.jsonl: ";
    assert!(missing.stdout.contains(sentence), "{}", missing.stdout);

    revoke(&admin, "ada", "gwen").await;
    assert_eq!(served.stop().await, Some(0));
    let path = program.folder().join(JOURNAL);
    let mut journal = fs::read_to_string(&path).expect("a journal");
    journal.push_str("{\"event\":\"guardianship_rev");
    fs::write(&path, &journal).expect("a crash in the middle of a line");
    // The next revocation begins a line of its own.
    let (served, admin) = serve(&program).await;
    revoke(&admin, "ben", "gwen").await;
    assert_eq!(served.stop().await, Some(0));
    restore_backup(program.folder());
    let planned = program.run(&["after-restore"], &[]).await;
    assert!(planned.stdout.contains("1 lines of it could not be read"), "{}", planned.stdout);
    for student in ["ada", "ben"] {
        assert!(planned.stdout.contains(&format!("of gwen for {student}")), "{}", planned.stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_before_it_wrote_the_journal_catches_up() {
    let program = TallyApi::new();
    let (served, admin) = serve(&program).await;
    school(&admin).await;
    revoke(&admin, "ada", "gwen").await;
    assert_eq!(served.stop().await, Some(0));
    let path = program.folder().join(JOURNAL);
    let journal = fs::read_to_string(&path).expect("a journal");
    fs::remove_file(&path).expect("the journal is lost");
    let (served, _) = serve(&program).await;
    assert_eq!(served.stop().await, Some(0));
    assert_eq!(fs::read_to_string(&path).expect("a journal"), journal);
}

async fn id_of_student(db: &Database, sourced_id: &str) -> Uuid {
    let all = student::Entity::find().all(db.reader()).await.expect("students");
    all.into_iter().find(|row| row.sourced_id == sourced_id).expect(sourced_id).id.0
}

on_both_backends! {
    async fn every_kind_of_decision_can_be_decided_again(backend) {
        let app = TestApp::start(backend).await;
        school(&app.admin()).await;
        let cookie = sign_in_by_token(&app, Role::Admin, "boss").await;
        let (db, now) = (app.db(), app.clock.now());
        let gwen = guardian::Entity::find().all(db.reader()).await.expect("guardians");
        let gwen = gwen.into_iter().find(|row| row.sourced_id == "gwen").expect("gwen").id.0;
        let (ada, ben, cyd) = (id_of_student(db, "ada").await, id_of_student(db, "ben").await, id_of_student(db, "cyd").await);
        let by = || "admin".to_owned();
        let mut known = Known::default();
        for entry in [
            Entry::GuardianshipRevoked { student: ada, guardian: gwen, at: now },
            Entry::GuardianshipEnds { student: ben, guardian: gwen, at: now + TimeDelta::minutes(1) },
            // Granted only after the backup: a later grant by a machine must not revive it.
            Entry::GuardianshipRevoked { student: cyd, guardian: gwen, at: now },
            Entry::GuardianshipRevoked { student: Uuid::from_u128(7), guardian: gwen, at: now },
            Entry::TokenRevoked { jti: "lost".to_owned(), at: now, by: by() },
            Entry::SubjectRevoked {
                role: "GUARDIAN".to_owned(), subject: "hugo".to_owned(), issued_before: now + TimeDelta::minutes(1),
                at: now, by: by(),
            },
        ] {
            assert!(known.add(&entry));
        }
        let plan = restore::plan(db, &known).await.expect("a plan");
        assert_eq!((plan.sessions, plan.missing.len(), plan.present, plan.of_unknown), (1, 5, 0, 1));
        assert_eq!(children(&app.client(Role::Guardian, "gwen")).await, ["ada", "ben"], "a plan changes nothing");
        restore::apply(db, &app.shared_clock(), &plan, false).await.unwrap_or_else(|_| panic!("it is applied"));
        app.refresh_revocations().await;
        assert_eq!(children(&app.client(Role::Guardian, "gwen")).await, ["ben"]);
        app.advance(TimeDelta::minutes(1));
        assert_eq!(children(&app.client(Role::Guardian, "gwen")).await, Vec::<String>::new());
        let rights = guardianship::Entity::find().all(db.reader()).await.expect("guardianships");
        let of_cyd = rights.iter().find(|row| row.student_id.0 == cyd && row.guardian_id.0 == gwen);
        assert!(of_cyd.is_some_and(|row| row.revoked_at.is_some()));
        assert_eq!(session::Entity::find().count(db.reader()).await.expect("a count"), 0);
        assert_eq!(who(&app, &cookie).await, "UNAUTHENTICATED");
        let early = Client::new(&app.url, Some(token(Role::Guardian, "hugo", now)));
        assert_eq!(early.error("{ me { role } }", json!({})).await.code, "UNAUTHENTICATED");
        let plan = restore::plan(db, &known).await.expect("a plan");
        assert_eq!((plan.missing.len(), plan.present), (0, 5), "{:?}", plan.missing);

        let mut erased = Known::default();
        erased.add(&Entry::StudentErased {
            student: cyd, at: now, role: "ADMIN".to_owned(), by: by(), reason: "asked for".to_owned(),
        });
        let plan = restore::plan(db, &erased).await.expect("a plan");
        assert_eq!(plan.missing.len(), 1);
        restore::apply(db, &app.shared_clock(), &plan, false).await.unwrap_or_else(|_| panic!("it is applied"));
        assert_eq!(student::Entity::find().count(db.reader()).await.expect("a count"), 2);
    }

    async fn earlier_tokens_are_refused_if_asked(backend) {
        let app = TestApp::start(backend).await;
        let before = Client::new(&app.url, Some(app.token(Role::Admin, "boss")));
        app.advance(TimeDelta::seconds(10));
        let plan = restore::plan(app.db(), &Known::default()).await.expect("a plan");
        restore::apply(app.db(), &app.shared_clock(), &plan, true).await.unwrap_or_else(|_| panic!("it is applied"));
        app.refresh_revocations().await;
        assert_eq!(before.error("{ me { role } }", json!({})).await.code, "UNAUTHENTICATED");
        app.advance(TimeDelta::seconds(1));
        let data = app.client(Role::Admin, "boss").data("{ me { role } }", json!({})).await;
        assert_eq!(data["me"]["role"], "ADMIN");
    }
}
