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
/// # Errors
/// That of the first call that fails.
pub async fn rate<C: Caller>(callers: Vec<C>, lasting: Duration) -> Outcome<f64> {
    let callers = each_once(callers).await?;
    let begin = Instant::now() + lasting / 4;
    let end = begin + lasting;
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            let mut answered = 0_u32;
            loop {
                caller.call().await?;
                let now = Instant::now();
                if now >= end {
                    return Outcome::Ok(answered);
                }
                answered += u32::from(now >= begin);
            }
        });
    }
    Ok(f64::from(total(running).await?) / lasting.as_secs_f64())
}

/// As [`rate`], for calls so long that it matters how many are under way at the end: all are waited for and counted, and
/// each caller makes at least one.
///
/// # Errors
/// That of the first call that fails.
pub async fn rate_of_long<C: Caller>(callers: Vec<C>, lasting: Duration) -> Outcome<f64> {
    let began = Instant::now();
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            let mut answered = 0_u32;
            while answered == 0 || began.elapsed() < lasting {
                caller.call().await?;
                answered += 1;
            }
            Outcome::Ok(answered)
        });
    }
    Ok(f64::from(total(running).await?) / began.elapsed().as_secs_f64())
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

async fn total(mut running: JoinSet<Outcome<u32>>) -> Outcome<u32> {
    let mut total = 0;
    while let Some(answered) = running.join_next().await {
        total += answered??;
    }
    Ok(total)
}
