//! Logs for people and machines, and traces for a collector: started once by each program.

use std::io::{IsTerminal as _, stderr};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

/// What a program says about what it does.
#[derive(Clone, Copy, Debug)]
pub struct Telemetry<'a> {
    /// The program's name.
    pub service: &'static str,
    /// What to log, as `tracing` filters are written.
    pub log: &'a str,
    /// Whether each line of the log is a JSON object.
    pub json: bool,
    /// Where a collector takes traces by OTLP over HTTP, such as `http://localhost:4318`; without it there are none.
    pub otlp_endpoint: Option<&'a str>,
}

/// Why telemetry could not be started. Names the setting at fault.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("--log (TALLY_LOG): {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The collector's address cannot be used.
    #[error("--otlp-endpoint (OTEL_EXPORTER_OTLP_ENDPOINT): {0}")]
    Endpoint(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The process has a log already.
    #[error("{0}")]
    Started(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Sends what is left of the traces when it is dropped. Keep it for as long as the program runs.
#[derive(Debug)]
#[must_use]
pub struct Exporting(Option<SdkTracerProvider>);

impl Drop for Exporting {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

impl Telemetry<'_> {
    /// Starts logging to standard error, and exporting traces if a collector is named.
    ///
    /// # Errors
    /// [`TelemetryError`].
    pub fn start(self) -> Result<Exporting, TelemetryError> {
        let filter = EnvFilter::try_new(self.log)?;
        let lines = tracing_subscriber::fmt::layer().with_ansi(stderr().is_terminal()).with_writer(stderr);
        let lines = if self.json { lines.json().boxed() } else { lines.boxed() };
        let provider = self.otlp_endpoint.map(|endpoint| self.provider(endpoint)).transpose()?;
        let traces = provider.as_ref().map(|provider| {
            let scope = InstrumentationScope::builder("tally").build();
            // Our own spans: what libraries do inside is not the story of a request.
            let ours = Targets::new().with_targets(["api", "worker"].map(|name| (name, LevelFilter::INFO)));
            tracing_opentelemetry::layer().with_tracer(provider.tracer_with_scope(scope)).with_filter(ours)
        });
        set_global_default(Registry::default().with(traces).with(lines.with_filter(filter)))?;
        Ok(Exporting(provider))
    }

    fn provider(&self, endpoint: &str) -> Result<SdkTracerProvider, opentelemetry_otlp::ExporterBuildError> {
        // Fails only if it is set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build()?;
        let resource = Resource::builder()
            .with_service_name(self.service)
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
    }
}
