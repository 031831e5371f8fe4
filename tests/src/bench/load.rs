//! Closed-loop load: each caller makes its next call when the last one was answered.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Outcome;

/// Somebody who calls again and again.
pub trait Caller: Send + 'static {
    /// Makes one call, and waits for its answer.
    fn call(&mut self) -> impl Future<Output = Outcome> + Send;
}

/// Has all `callers` call at the same time, first until each has had an answer, then to warm up, and then for `lasting`;
/// returns how many calls a second were answered in that last time.
///
/// It is the sum of what each caller saw from its first such call to the end of its last: so no call is cut off, however
/// long it takes.
///
/// # Errors
/// That of the first call that fails.
pub async fn rate<C: Caller>(callers: Vec<C>, lasting: Duration) -> Outcome<f64> {
    let callers = each_once(callers).await?;
    let warm = Instant::now() + lasting / 4;
    let end = warm + lasting;
    let mut running = JoinSet::new();
    for caller in callers {
        running.spawn(rate_of_one(caller, warm, end));
    }
    let mut total = 0.0;
    while let Some(rate) = running.join_next().await {
        total += rate??;
    }
    Ok(total)
}

/// Has each caller make one call: what is slow the first time, on either side, is behind them then.
async fn each_once<C: Caller>(callers: Vec<C>) -> Outcome<Vec<C>> {
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            caller.call().await?;
            Outcome::Ok(caller)
        });
    }
    let mut callers = Vec::new();
    while let Some(caller) = running.join_next().await {
        callers.push(caller??);
    }
    Ok(callers)
}

async fn rate_of_one<C: Caller>(mut caller: C, warm: Instant, end: Instant) -> Outcome<f64> {
    while Instant::now() < warm {
        caller.call().await?;
    }
    let began = Instant::now();
    let mut answered = 0_u32;
    while answered == 0 || Instant::now() < end {
        caller.call().await?;
        answered += 1;
    }
    Ok(f64::from(answered) / began.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    struct Counter(Arc<AtomicU32>);

    impl Caller for Counter {
        async fn call(&mut self) -> Outcome {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                5 => Err("the sixth call fails".into()),
                _ => Ok(()),
            }
        }
    }

    #[tokio::test]
    async fn a_call_is_measured_however_short_the_time() {
        let calls = Arc::new(AtomicU32::new(0));
        let rate = rate(vec![Counter(calls.clone()), Counter(calls.clone())], Duration::ZERO).await;
        assert!(rate.is_ok_and(|rate| rate > 0.0));
        assert_eq!(calls.load(Ordering::Relaxed), 4, "one of each caller before, and one that counts");
    }

    #[tokio::test]
    async fn a_call_that_fails_ends_the_measurement() {
        let counter = Counter(Arc::default());
        let failed = rate(vec![counter], Duration::from_mins(1)).await;
        assert!(failed.is_err_and(|error| error.to_string() == "the sixth call fails"));
    }
}
