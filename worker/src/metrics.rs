//! What a worker counts and measures, in Prometheus' terms. Labels come from small fixed sets.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use entity::database::Database;
use entity::job::RECALCULATE;
use entity::queue_status::QueueStatus;

/// From half a millisecond to half a minute, each twice the one before.
fn buckets() -> impl Iterator<Item = f64> {
    exponential_buckets(0.0005, 2.0, 17)
}

/// What became of a job's attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job is done.
    Completed,
    /// The attempt failed; the job is tried again, or discarded.
    Failed,
    /// The job was handed back without an attempt being counted.
    Released,
    /// Another worker had taken the job over.
    Lost,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Released => "released",
            Self::Lost => "lost",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    kind: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
    state: &'static str,
}

/// The metrics of one process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    attempts: Family<Labels, Counter>,
    batches: Histogram,
    freshness: Histogram,
    audited: Counter,
    retention_suspended: Gauge,
}

impl Metrics {
    /// Metrics that all stand at zero.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// As [`Self::new`], with what `register` adds.
    pub fn with(register: impl FnOnce(&mut Registry)) -> Self {
        let mut registry = Registry::with_prefix("tally");
        register(&mut registry);
        let attempts = Family::<Labels, Counter>::default();
        registry.register("job_attempts", "Attempts of jobs, by kind and outcome", attempts.clone());
        let batches = Histogram::new(buckets());
        registry.register_with_unit(
            "job_batch_duration",
            "How long the jobs of one claim took, all together",
            Unit::Seconds,
            batches.clone(),
        );
        let freshness = Histogram::new(buckets());
        registry.register_with_unit(
            "freshness",
            "From the first change of a student's facts to the profile that shows it",
            Unit::Seconds,
            freshness.clone(),
        );
        let audited = Counter::default();
        registry.register(
            "audited_profiles",
            "Profiles that this process compared with the facts",
            audited.clone(),
        );
        let retention_suspended = Gauge::default();
        registry.register(
            "retention_suspended",
            "Whether this process deletes no old rows, because a clock is in doubt: 0 or 1",
            retention_suspended.clone(),
        );
        Self { registry: Arc::new(registry), attempts, batches, freshness, audited, retention_suspended }
    }

    /// Counts attempts with an outcome.
    pub fn count(&self, outcome: Outcome, attempts: usize) {
        let labels = Labels { kind: RECALCULATE, outcome: outcome.as_str() };
        self.attempts.get_or_create(&labels).inc_by(u64::try_from(attempts).unwrap_or(u64::MAX));
    }

    /// Measures how long a claim took.
    pub fn observe_batch(&self, took: Duration) {
        self.batches.observe(took.as_secs_f64());
    }

    /// Measures how long a profile had been stale when it was stamped.
    pub fn observe_freshness(&self, stale_for: Duration) {
        self.freshness.observe(stale_for.as_secs_f64());
    }

    /// Counts profiles that were compared with the facts.
    pub fn count_audited(&self, profiles: usize) {
        self.audited.inc_by(u64::try_from(profiles).unwrap_or(u64::MAX));
    }

    /// Sets whether this process deletes no old rows because a clock is in doubt.
    pub fn set_retention_suspended(&self, suspended: bool) {
        self.retention_suspended.set(suspended.into());
    }

    /// All metrics as text, with the figures of the queue and the pools of `db` at this moment.
    ///
    /// # Errors
    /// Only if the text cannot be written, which does not happen.
    pub fn encode(&self, status: &QueueStatus, db: &Database) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &of_the_moment(status, db))?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Gauges that are read from the database when they are asked for, so that every process shows the same.
fn of_the_moment(status: &QueueStatus, db: &Database) -> Registry {
    let mut registry = Registry::with_prefix("tally");
    let jobs = Family::<QueueLabels, Gauge>::default();
    for count in &status.counts {
        let labels = QueueLabels { kind: count.kind.clone(), state: count.state.as_str() };
        jobs.get_or_create(&labels).set(count.count);
    }
    registry.register("jobs", "Jobs in the table, by kind and state", jobs);

    let waiting = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    waiting.set(status.oldest_waiting.unwrap_or_default().as_secs_f64());
    registry.register_with_unit(
        "oldest_waiting_job_age",
        "For how long the job that has been due longest has waited",
        Unit::Seconds,
        waiting,
    );
    let stale = Gauge::<i64>::default();
    stale.set(i64::try_from(status.stale_profiles).unwrap_or(i64::MAX));
    registry.register("stale_profiles", "Profiles whose facts are newer than their aggregates", stale);

    let drifted = Gauge::<i64>::default();
    drifted.set(i64::try_from(status.drifted_profiles).unwrap_or(i64::MAX));
    registry.register("drifted_profiles", "Profiles that were found not to be what the facts say", drifted);

    let connections = Family::<PoolLabels, Gauge>::default();
    for pool in db.pools() {
        for (state, number) in [("idle", pool.idle), ("used", pool.used)] {
            connections
                .get_or_create(&PoolLabels { pool: pool.name, state })
                .set(i64::try_from(number).unwrap_or(i64::MAX));
        }
    }
    registry.register("database_connections", "Connections to the database, by pool and state", connections);
    registry
}
