//! The same of a service of one's own that was checked: what was found stands beside the lines of its source.

use std::fmt::Write;
use std::path::Path;

use bloathound_vocabulary::{Finding, Location, ObservationRecord, Outcome, RunRecord, RunResults};

use super::{data, escaped, property};
use crate::describe;

/// A summary in Markdown: what was found, in paragraphs to be read by somebody who was not there.
#[must_use]
pub fn check_summary(results: &RunResults) -> String {
    let mut out = String::new();
    for run in &results.runs {
        let _ = writeln!(out, "## Bloathound: {}, {}\n", escaped(&run.scenario), verdict(run));
        if let Some(why) = &run.invalid_because {
            let _ = writeln!(out, "**Cut short:** {}\n", escaped(why));
        }
        for finding in &run.findings {
            let _ = writeln!(out, "- **{}**: {}", escaped(&describe::sentence(finding)), escaped(&finding.summary));
        }
        let accepted = run.observations.iter().filter(|seen| seen.class == ObservationRecord::ACCEPTED);
        for seen in accepted {
            let _ = writeln!(out, "- {}", escaped(&seen.summary));
        }
        out.push('\n');
    }
    out
}

/// A workflow command for each finding, at the line that it names where that is a file below `root`.
#[must_use]
pub fn check_annotations(results: &RunResults, root: &Path) -> String {
    let mut out = String::new();
    for run in &results.runs {
        let level = if run.outcome == Outcome::Fail { "error" } else { "warning" };
        for finding in &run.findings {
            let place = place(&finding.location, root);
            let title = property(&format!("{}: {}", run.scenario, finding.class));
            let _ = writeln!(out, "::{level} {place}title={title}::{}", data(&text(finding)));
        }
        if let Some(why) = &run.invalid_because {
            let title = property(&format!("{}: cut short", run.scenario));
            let _ = writeln!(out, "::{level} title={title}::{}", data(why));
        }
    }
    out
}

fn verdict(run: &RunRecord) -> &'static str {
    match run.outcome {
        Outcome::Pass => "nothing found that is to fail",
        Outcome::Fail => "found",
        Outcome::Invalid | Outcome::Error => "not checked to the end",
    }
}

fn text(finding: &Finding) -> String {
    if finding.summary.is_empty() { describe::sentence(finding) } else { finding.summary.clone() }
}

/// `file=app.py,line=7,`; nothing for a file that is elsewhere.
fn place(location: &Location, root: &Path) -> String {
    let Some(file) = &location.file else { return String::new() };
    let path = Path::new(file);
    let inside = path.strip_prefix(root).unwrap_or(path);
    if inside.is_absolute() {
        return String::new();
    }
    let line = location.line_first.map_or_else(String::new, |line| format!("line={line},"));
    format!("file={},{line}", property(&inside.display().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn results() -> RunResults {
        let mut results = samples::mixed_results();
        results.runs.truncate(2);
        results.runs[0].findings[0].location.file = Some("/home/me/shop/app.py".into());
        results.runs[0].findings[0].location.line_first = Some(7);
        results.runs[1].invalid_because = Some("the load [failed]".into());
        results
    }

    #[test]
    fn each_finding_stands_at_its_line_where_that_is_of_the_checkout() {
        let text = check_annotations(&results(), Path::new("/home/me/shop"));
        assert!(text.contains("file=app.py,line=7,title="), "{text}");
        assert!(!check_annotations(&results(), Path::new("/elsewhere")).contains("app.py,line"));
        assert_eq!(text.lines().filter(|line| !line.starts_with("::")).count(), 0, "{text}");
    }

    #[test]
    fn a_summary_says_what_was_found_and_why_it_was_cut_short() {
        let text = check_summary(&results());
        assert!(text.contains("**Cut short:** the load \\[failed\\]"), "{text}");
        assert_eq!(text.matches("\n- **").count(), results().runs.iter().map(|run| run.findings.len()).sum::<usize>());
    }
}
