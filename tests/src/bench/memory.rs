//! What memory a process holds, as Linux counts it.

use std::fs;

use super::Outcome;

/// Resident memory, in MB (1,000,000 bytes).
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub now: f64,
    /// The most since the process started.
    pub peak: f64,
}

/// The memory of a process that runs.
///
/// # Errors
/// When it has ended.
pub fn of(process: Option<u32>) -> Outcome<Memory> {
    let process = process.ok_or("the process has ended")?;
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let read = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib: f64 = line?.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib * 1024.0 / 1e6)
    };
    match (read("VmRSS"), read("VmHWM")) {
        (Some(now), Some(peak)) => Ok(Memory { now, peak }),
        _ => Err("the system does not say what memory a process holds".into()),
    }
}
