//! Results of the Open University's shape and of the Open University itself: loaded through the API, and compared with
//! numbers that are computed from the same files in another way.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::io::Write as _;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Once;

use api::service::read::{Columns, export_profiles_unscoped, export_weeks_unscoped};
use entity::id::StudentId;
use entity::score::Score;
use entity::sea_orm::EntityTrait;
use entity::{enrollment, performance_snapshot, student};
use tests::oulad::expected::{Expected, expected};
use tests::oulad::generated;
use tests::oulad::load::{Load, MAX_PAGE, Totals};
use tests::oulad::progress::Progress;
use tests::{TestApp, on_both_backends};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const SEED: u64 = 20_130_901;
/// How many students of the real data take part in the tests.
const REAL_STUDENTS: usize = 400;

on_both_backends! {
    /// Every case that the files can hold, in several pages on several lanes, read back byte for byte.
    async fn generated_results_give_every_profile_exactly(backend) {
        let data = generated_data();
        check(&TestApp::start(backend).await, data.path(), None, 40).await;
    }

    /// As above, with what real students did.
    async fn real_results_give_every_profile_exactly(backend) {
        let Some(data) = real_data() else { return };
        check(&TestApp::start(backend).await, &data.join("oulad"), Some(REAL_STUDENTS), MAX_PAGE.get()).await;
    }

    /// The server seems to die before or after each of the first calls was done; all are sent until they are answered.
    async fn a_load_goes_on_after_lost_connections(backend) {
        let (app, data) = (TestApp::start(backend).await, generated_data());
        let url = flaky_way_to(&app.url, 12).await;
        let totals = Load { url, ..load(&app, data.path(), None, 40) }.run().await.unwrap();
        assert_eq!(totals.refused, 0);
        assert!(totals.unchanged > 0, "no call was done without being answered");
        app.drain().await;
        assert_eq!(numbers(&app).await, expected(data.path(), None).unwrap().profiles);
    }
}

/// What the expected numbers are worth depends on what the files hold.
#[test]
fn generated_files_hold_every_case() {
    let data = generated_data();
    let read = |file: &str| {
        let file = std::fs::File::open(data.path().join(format!("{file}.csv.gz"))).unwrap();
        let rows = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(file)).into_records();
        rows.map(|row| row.unwrap()).collect::<Vec<_>>()
    };
    let kinds: HashMap<String, String> =
        read("assessments").iter().map(|row| (row[2].to_owned(), row[3].to_owned())).collect();
    let results = read("studentAssessment");
    let some = |kind: &str, score: fn(&str) -> bool| {
        assert!(results.iter().any(|row| kinds[&row[0]] == kind && score(&row[4])), "{kind}");
    };
    for kind in ["CMA", "TMA"] {
        some(kind, str::is_empty);
        some(kind, |score| score == "0");
        some(kind, |score| score == "100");
        some(kind, |score| score.contains('.'));
    }
    some("Exam", |score| !score.is_empty());
    assert!(results.iter().any(|row| &row[3] == "1"), "no banked result");
    assert!(read("studentRegistration").iter().any(|row| !row[4].is_empty()), "nobody has left");

    let Expected { profiles, weeks, enrollments, explanations } = expected(data.path(), None).unwrap();
    assert_eq!(profiles.lines().count(), 61);
    assert!(profiles.lines().any(|line| line.ends_with(",0,0,,,")), "everybody has something that counts");
    assert!(weeks.lines().skip(1).any(|line| line.contains("-W01,")), "no week at the turn of a year");
    assert!(
        enrollments.lines().any(|line| line.ends_with(",0,,0,")),
        "every enrolment has something that counts"
    );
    for reason in ["NOT_COMPLETED", "NOT_GRADED", "ENROLLMENT_DROPPED"] {
        assert!(explanations.contains(reason), "nothing is left out as {reason}");
    }
}

/// Loads, settles and compares; then loads again, which must change nothing.
async fn check(app: &TestApp, data: &Path, limit: Option<usize>, page: usize) {
    let load = load(app, data, limit, page);
    let first = load.run().await.unwrap();
    assert_eq!(first, Totals { sent: first.sent, created: first.sent, ..Totals::default() });
    assert!(app.drain().await > 0);

    let expected = expected(data, limit).unwrap();
    assert_eq!(numbers(app).await, expected.profiles);
    assert_eq!(enrollments(app).await, expected.enrollments);
    assert_eq!(weeks(app).await, expected.weeks);
    app.assert_parts_add_up().await;
    assert_eq!(app.explanations().await, expected.explanations);
    assert_eq!(histories(app).await, changed(&expected.profiles));

    let before = export(app, Columns::All).await;
    let second = load.run().await.unwrap();
    assert_eq!(second, Totals { sent: first.sent, unchanged: first.sent, ..Totals::default() });
    app.assert_waiting_jobs(0).await;
    assert_eq!(export(app, Columns::All).await, before);
    assert_eq!(histories(app).await, changed(&expected.profiles));
}

fn load(app: &TestApp, data: &Path, limit_students: Option<usize>, page: usize) -> Load {
    Load {
        data: data.to_owned(),
        limit_students,
        url: app.url.clone(),
        token: app.token(api::auth::Role::Service, "lms"),
        concurrency: NonZero::new(3).unwrap(),
        page: NonZero::new(page).unwrap(),
        progress: Progress::Silent,
    }
}

fn generated_data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    generated::write(folder.path(), SEED).unwrap();
    folder
}

/// The folder of real data, if this machine has it.
fn real_data() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the tests have no command line to define it on")]
    let folder = std::env::var("TALLY_TEST_DATA").unwrap_or_default();
    if folder.is_empty() {
        static SAID: Once = Once::new();
        SAID.call_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "TALLY_TEST_DATA is not set: the tests of real data are left out"
            );
        });
        return None;
    }
    Some(folder.into())
}

async fn numbers(app: &TestApp) -> String {
    export(app, Columns::Numbers).await
}

async fn export(app: &TestApp, columns: Columns) -> String {
    let mut csv = Vec::new();
    export_profiles_unscoped(app.db().reader(), columns, &mut csv).await.unwrap();
    String::from_utf8(csv).unwrap()
}

async fn weeks(app: &TestApp) -> String {
    let mut csv = Vec::new();
    export_weeks_unscoped(app.db().reader(), &mut csv).await.unwrap();
    String::from_utf8(csv).unwrap()
}

/// All enrolments in the form of [`Expected::enrollments`]. They cannot be listed through the API.
async fn enrollments(app: &TestApp) -> String {
    let names = names(app).await;
    let rows = enrollment::Entity::find().all(app.db().reader()).await.unwrap();
    sorted(rows.into_iter().map(|row| {
        format!(
            "{},{},{},{},{},{}\n",
            names[&row.student_id],
            row.sourced_id,
            row.total_quizzes_taken,
            shown(row.average_quiz_score),
            row.total_assignments_completed,
            shown(row.average_assignment_score),
        )
    }))
}

/// All that any history holds, in the form of [`Expected::profiles`]. It is read for one student at a time through the API.
async fn histories(app: &TestApp) -> String {
    let names = names(app).await;
    let rows = performance_snapshot::Entity::find().all(app.db().reader()).await.unwrap();
    sorted(rows.into_iter().map(|row| {
        format!(
            "{},{},{},{},{},{}\n",
            names[&row.student_id],
            row.total_quizzes_completed,
            row.total_assignments_completed,
            shown(row.overall_quiz_average_score),
            shown(row.overall_assignment_average_score),
            shown(row.overall_average_score),
        )
    }))
}

/// The numbers of all whose numbers are others than at the beginning.
fn changed(profiles: &str) -> String {
    let lines = profiles.lines().skip(1).filter(|line| !line.ends_with(",0,0,,,"));
    sorted(lines.map(|line| format!("{line}\n")))
}

async fn names(app: &TestApp) -> HashMap<StudentId, String> {
    let students = student::Entity::find().all(app.db().reader()).await.unwrap();
    students.into_iter().map(|student| (student.id, student.sourced_id)).collect()
}

fn shown(score: Option<Score>) -> String {
    score.map(|score| score.to_string()).unwrap_or_default()
}

fn sorted(lines: impl Iterator<Item = String>) -> String {
    let mut lines: Vec<String> = lines.collect();
    lines.sort_unstable();
    lines.concat()
}

/// A way to the server at `url` whose first `lost` connections break: every second one before anything is sent, the
/// others when the server has answered.
async fn flaky_way_to(url: &str, lost: usize) -> String {
    let server = url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for connection in 0.. {
            let Ok((client, _)) = listener.accept().await else { return };
            if connection >= lost {
                tokio::spawn(pass_on(client, server.clone()));
            } else if connection % 2 == 1 {
                tokio::spawn(pass_on_and_lose_the_answer(client, server.clone()));
            }
        }
    });
    way
}

async fn pass_on(mut client: TcpStream, server: String) {
    if let Ok(mut server) = TcpStream::connect(server).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}

async fn pass_on_and_lose_the_answer(mut client: TcpStream, server: String) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let (mut sent, mut answer) = ([0; 4096], [0; 1]);
    loop {
        tokio::select! {
            read = client.read(&mut sent) => match read {
                Ok(count) if count > 0 && server.write_all(&sent[..count]).await.is_ok() => {}
                _ => return,
            },
            _ = server.read(&mut answer) => return,
        }
    }
}
