//! Worked cases.

use tests::{TestApp, on_both_backends};

on_both_backends! {
    /// One quiz of 87.5 %.
    async fn a_first_score_reaches_the_profile(backend) {
        let app = TestApp::start(backend).await;
        app.student("ada").await;
        app.course("maths").await;
        app.quiz("q1", "maths").await;
        app.enroll("ada", "maths", "ACTIVE").await;
        assert!(app.attempt("ada", "a1", "q1", "87.5").await.recalculation_enqueued);
        assert!(app.profile("ada").await.stale);
        let profile = app.settled_profile("ada").await;
        assert_eq!(profile.numbers(), (1, Some("87.50"), 0, None, Some("87.50")));
    }
}
