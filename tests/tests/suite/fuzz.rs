//! A short fuzz. `fuzz-http` is the long one; what it finds is kept as a test where it belongs.

use api::auth::Role;
use tests::fuzz::{self, Field, Plan};
use tests::{TestApp, on_both_backends};

on_both_backends! {
    async fn whatever_is_asked_the_fault_is_not_ours(backend) {
        let app = TestApp::start(backend).await;
        let tokens = [(Role::Admin, "admin"), (Role::Service, "lms"), (Role::Guardian, "gwen"), (Role::Student, "ada")];
        let tokens = tokens.map(|(role, subject)| app.token(role, subject)).to_vec();
        let field = Field::new(&app.url, tokens).await;
        let plan = Plan { seed: 7, first: 0, requests: 2_000, at_a_time: 8 };
        let report = fuzz::run(field, plan).await;
        assert!(report.faults.is_empty(), "{:#?}", report.faults);
        let executed: u64 = report.answers.iter().filter(|(answer, _)| answer.starts_with("200")).map(|(_, count)| count).sum();
        assert!(executed > 600, "most are too bad to try anything: {:#?}", report.answers);
        // Panics close the connection, which is a fault above.
        app.stop().await;
    }
}
