//! What `check` answers.

use bloathound_vocabulary::{Outcome, RunRecord};

use super::extent::InspectView;
use super::inspect::{findings, observations, problems};
use super::page;
use super::style::Style;
use crate::{describe, units};

/// Stands in commands to type next for the process of a service that was started for the check, and is gone.
pub const PROCESS: &str = "PID";

/// A service of one's own, checked: what was found first of all. `output` is the end of what it wrote, where it was started
/// for this.
#[must_use]
pub fn check(run: &RunRecord, output: &[String], view: InspectView<'_>) -> String {
    let style = Style::new(view.color);
    let verdict = match run.outcome {
        Outcome::Pass if run.findings.is_empty() => style.green("nothing found"),
        Outcome::Pass => style.green("nothing found that is to fail"),
        Outcome::Fail => style.red(&units::plural(run.findings.len() as u64, "finding", "findings")),
        Outcome::Invalid | Outcome::Error => style.red("not checked to the end"),
    };
    let known = match describe::let_be(run) {
        0 => String::new(),
        known => format!(", {known} accepted"),
    };
    let mut out = format!("{}: {verdict}{known}\n", style.bold(&run.scenario));
    if let Some(why) = &run.invalid_because {
        for line in page::wrap(&format!("cut short: {why}"), page::width() - 2, 6) {
            out.push_str(&format!("  {line}\n"));
        }
        for line in output {
            out.push_str(&format!("  | {}\n", page::fit(line, page::width() - 4)));
        }
    }
    out.push_str(&findings(&run.findings, None, view));
    if view.typed == PROCESS && !run.findings.is_empty() {
        let stands = format!("{PROCESS} stands for the process id of your service, where it runs.");
        out.push_str(&format!("\n{}", page::beside("  ", &stands)));
    }
    out.push_str(&format!("\n{}\n", style.bold("what was done")));
    let mut facts = vec![units::seconds(run.seconds)];
    if run.requests > 0 {
        facts.insert(0, units::plural(run.requests, "request", "requests"));
    }
    facts.extend(run.disturbance.longest_pause_ms.map(|ms| format!("longest pause {} ms", units::milliseconds(ms))));
    facts.extend(run.disturbance.baseline_latency_p99_ms.map(|ms| format!("p99 {} ms", units::milliseconds(ms))));
    out.push_str(&format!("  {}\n", facts.join(", ")));
    if !run.observations.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("worth knowing")));
        out.push_str(&observations(&run.observations));
    }
    out.push_str(&problems(&run.problems, style));
    out
}
