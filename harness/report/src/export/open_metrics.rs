//! Figures of a watch as OpenMetrics text: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bloathound_vocabulary::WatchReport;

use crate::sanitize;

/// Types that grew, each a series of its own: a server that keeps series pays for every name there is.
const TYPES_MAX: usize = 20;

/// What is known after the last look. Ends as the format wants it.
#[must_use]
pub fn open_metrics(report: &WatchReport) -> String {
    let pid = report.target.pid.map_or_else(String::new, |pid| pid.to_string());
    let mut out = Text { text: String::new(), pid: label("pid", &pid) };
    out.family("bloathound_target", "info", "", "The process that is watched.");
    let target = &report.target;
    let python = label("python", target.python.as_deref().unwrap_or_default());
    let command = label("command", target.command.as_deref().unwrap_or_default());
    out.sample("bloathound_target_info", &format!(",{python},{command}"), "1");
    out.family("bloathound_looks", "counter", "", "Looks that were taken.");
    out.sample("bloathound_looks_total", "", &report.rounds.len().to_string());
    if let Some(last) = report.rounds.last() {
        out.gauge("bloathound_objects", "", "Python objects at the last look.", last.objects);
        out.gauge("bloathound_object_bytes", "bytes", "Bytes of the objects themselves.", last.bytes);
        if let Some(rss) = last.rss_bytes {
            out.gauge("bloathound_resident_bytes", "bytes", "Resident memory of the process.", rss);
        }
        if let Some(pause) = last.pause_ms.filter(|pause| pause.is_finite()) {
            out.family("bloathound_pause_seconds", "gauge", "seconds", "How long the last look stopped the process.");
            out.sample("bloathound_pause_seconds", "", &format!("{}", pause / 1000.0));
        }
    }
    let mut findings: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for finding in &report.findings {
        *findings.entry((finding.class.as_str(), finding.verdict.as_str())).or_default() += 1;
    }
    out.family("bloathound_findings", "gauge", "", "What was found so far.");
    for ((class, verdict), count) in findings {
        let labels = format!(",{},{}", label("class", class), label("verdict", verdict));
        out.sample("bloathound_findings", &labels, &count.to_string());
    }
    out.family("bloathound_type_objects", "gauge", "", "Objects of the types that grew most.");
    for row in report.growth.iter().take(TYPES_MAX) {
        let count = row.counts.last().copied().unwrap_or(0);
        out.sample("bloathound_type_objects", &format!(",{}", label("type", &row.type_name)), &count.to_string());
    }
    out.text.push_str("# EOF\n");
    out.text
}

struct Text {
    text: String,
    /// The label that each sample has.
    pid: String,
}

impl Text {
    fn family(&mut self, name: &str, kind: &str, unit: &str, help: &str) {
        let _ = writeln!(self.text, "# TYPE {name} {kind}");
        if !unit.is_empty() {
            let _ = writeln!(self.text, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.text, "# HELP {name} {help}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: &str) {
        let _ = writeln!(self.text, "{name}{{{}{labels}}} {value}", self.pid);
    }

    fn gauge(&mut self, name: &str, unit: &str, help: &str, value: u64) {
        self.family(name, "gauge", unit, help);
        self.sample(name, "", &value.to_string());
    }
}

/// `name="value"`, harmless and no longer than a server bears.
fn label(name: &str, value: &str) -> String {
    let clean = sanitize::fit(value, 200).replace('\\', "\\\\").replace('"', "\\\"");
    format!("{name}=\"{clean}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_name_can_break_no_line() {
        let mut report = samples::watch();
        report.growth[0].type_name = "a\"} 1\n# EOF\n\\".to_owned();
        let text = open_metrics(&report);
        assert!(text.contains("type=\"a\\\"} 1\\\\n# EOF\\\\n\\\\\""), "{text}");
        assert_eq!(text.matches("\n# EOF\n").count(), 1);
        assert!(text.contains("# UNIT bloathound_resident_bytes bytes\n"), "{text}");
    }
}
