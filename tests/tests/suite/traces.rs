//! Traces: from the caller through the request to the job, also when that runs in another process.

use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;
use tests::backend::TestDatabase;
use tests::binary::{TallyApi, built};
use tests::client::Client;
use tests::on_both_backends;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// How long a trace may take. No test that passes waits for it.
const PATIENCE: Duration = Duration::from_mins(1);

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const NAME: &str = "Ottoline Quillfeather";

/// Somebody whom traces are sent to.
struct Collector {
    endpoint: String,
    exports: UnboundedReceiver<Bytes>,
    seen: Vec<Bytes>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (sender, exports) = unbounded_channel();
        let router = Router::new().route("/v1/traces", post(take)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, exports, seen: Vec::new() }
    }

    /// The span of this name in the trace of the caller, and the program that sent it. Spans come in any order.
    async fn span(&mut self, name: &str) -> (String, Span) {
        let found = async {
            loop {
                if let Some(found) = self.seen.iter().find_map(|export| find(export, name)) {
                    return found;
                }
                let export = self.exports.recv().await.expect("the collector goes on");
                assert!(!contains(&export, NAME.as_bytes()), "a trace tells a name");
                self.seen.push(export);
            }
        };
        timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("there is no span {name}"))
    }
}

async fn take(State(sender): State<UnboundedSender<Bytes>>, body: Bytes) {
    let _ = sender.send(body);
}

fn find(export: &Bytes, name: &str) -> Option<(String, Span)> {
    let export = ExportTraceServiceRequest::decode(export.clone()).expect("OTLP");
    export.resource_spans.into_iter().find_map(|of_program| {
        let attributes = &of_program.resource.as_ref()?.attributes;
        let service = attributes.iter().find(|attribute| attribute.key == "service.name")?.value.clone()?;
        let Some(Value::StringValue(service)) = service.value else { return None };
        let mut spans = of_program.scope_spans.into_iter().flat_map(|scope| scope.spans);
        let span = spans.find(|span| span.name == name && hex(&span.trace_id) == TRACE)?;
        Some((service, span))
    })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Writes a student and an attempt; the attempt as a part of the caller's trace.
async fn record_attempt(url: &str, token: &str) {
    let mutation = |document: &str| json!({ "query": format!("mutation {document}") });
    let of_course = r#"course: { sourcedId: "c" } sourcedId: "q" title: "Quiz""#;
    let prepared = format!(
        r#"{{ upsertStudent(input: {{ sourcedId: "s", displayName: "{NAME}" }}) {{ outcome }}
              upsertCourse(input: {{ sourcedId: "c", title: "Course" }}) {{ outcome }}
              upsertQuiz(input: {{ {of_course} }}) {{ outcome }}
              upsertEnrollment(input: {{ student: {{ sourcedId: "s" }} course: {{ sourcedId: "c" }}
                sourcedId: "e" status: ACTIVE }}) {{ outcome }} }}"#
    );
    let recorded = r#"Recorded { recordQuizAttempt(input: { student: { sourcedId: "s" } quiz: { sourcedId: "q" }
        sourcedId: "a" completedAt: "2026-03-02T10:00:00Z" score: { percentage: "80" } }) { outcome } }"#;
    let http = Client::connections();
    for (document, traced) in [(prepared.as_str(), false), (recorded, true)] {
        let mut request = http.post(format!("{url}/graphql")).bearer_auth(token).json(&mutation(document));
        if traced {
            request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
        }
        let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["errors"], serde_json::Value::Null, "{answer}");
    }
}

on_both_backends! {
    async fn a_trace_runs_from_the_caller_to_the_job_in_another_process(backend) {
        let database = TestDatabase::migrated(backend).await;
        let mut collector = Collector::start().await;
        let tally = TallyApi::new();
        let env = [
            ("DATABASE_URL", database.url.as_str()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint),
            // The exporter's own setting: how many milliseconds spans are gathered for.
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ];
        let server = tally.serve(&["--no-worker"], &env).await;
        let _worker = Command::new(built("tally-worker"))
            .env_clear()
            .envs(env)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("tally-worker starts");
        let token = tally.run(&["token", "--role", "service", "--subject", "lms"], &env).await.stdout;
        record_attempt(server.url(), token.trim()).await;

        let (service, request) = collector.span("request").await;
        assert_eq!((service.as_str(), hex(&request.parent_span_id).as_str()), ("tally-api", CALLER));
        let (service, job) = collector.span("recalculate").await;
        assert_eq!(service, "tally-worker");
        assert_eq!(hex(&job.parent_span_id), hex(&request.span_id));
    }
}
