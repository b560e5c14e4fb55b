//! Two builds in turn on the same image: wall time, which is told and never gated.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use bloathound_perf::{median, ratio};
use bloathound_report::text::beside;

use crate::error::CliError;

/// Runs both programs' `inspect` so many times, each first every second time.
///
/// # Errors
/// One can't be run, or fails.
pub(crate) fn in_pairs(base: &Path, head: &Path, image: &Path, pairs: u32) -> Result<String, CliError> {
    let (mut of_base, mut of_head) = (Vec::new(), Vec::new());
    // What the first runs bring into the page cache is not measured.
    for program in [base, head] {
        seconds(program, image)?;
    }
    for pair in 0..pairs {
        let (first, second) = if pair % 2 == 0 { (base, head) } else { (head, base) };
        let times = (seconds(first, image)?, seconds(second, image)?);
        let (base_time, head_time) = if pair % 2 == 0 { times } else { (times.1, times.0) };
        of_base.push(base_time);
        of_head.push(head_time);
    }
    let found = ratio(&of_base, &of_head).ok_or_else(|| CliError::Usage("--pairs: one at least".into()))?;
    let verdict = match (found.is_a_change(), found.estimate > 1.0) {
        (false, _) => "no difference that could be told from chance",
        (true, true) => "slower",
        (true, false) => "faster",
    };
    let [base, head] = [&of_base, &of_head].map(|times| median(times).unwrap_or_default() * 1e3);
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let told = format!(
        "wall time of inspect, {pairs} pairs: base {base:.1} ms, head {head:.1} ms, {:+.1} % (95 %: {:+.1} to {:+.1} %, \
         Mann-Whitney p = {:.3}): {verdict}; told, never gated",
        percent(found.estimate),
        percent(found.interval.0),
        percent(found.interval.1),
        found.p
    );
    Ok(beside("", &told))
}

fn seconds(program: &Path, image: &Path) -> Result<f64, CliError> {
    let mut command = Command::new(program);
    command.arg("inspect").arg(image).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().map_err(|error| CliError::file(program, error))?;
    let seconds = started.elapsed().as_secs_f64();
    if status.success() { Ok(seconds) } else { Err(CliError::file(program, format!("inspect failed: {status}"))) }
}
