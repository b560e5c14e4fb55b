//! The section of one run.

use super::{Image, RunExtras, badge, findings};
use crate::sanitize::{self, markup};
use crate::{describe, text, units};
use bloathound_vocabulary::{DisturbanceRecord, InspectReport, Outcome, RssRecord, RunRecord, ToggleRecord};

/// One run: expected and seen, findings with evidence, memory, pictures, the fix, and what to type.
pub(super) fn section(run: &RunRecord, extras: Option<&RunExtras>, anchor: &str) -> String {
    let open = if run.outcome == Outcome::Pass { "" } else { " open" };
    let mut out = format!(
        "<section class=\"run\" id=\"{anchor}\" aria-labelledby=\"{anchor}-title\">\n<h2 id=\"{anchor}-title\">{} {}</h2>\n",
        badge::badge(run.outcome),
        markup(&run.title())
    );
    if let Some(reason) = &run.invalid_because {
        out.push_str(&format!("<p><strong>The run is not valid:</strong> {}</p>\n", markup(reason)));
    }
    if let Some(error) = &run.error {
        out.push_str(&format!("<p><strong>The run could not be made:</strong> {}</p>\n", markup(&error.why)));
        let lines: Vec<String> = error.stderr_tail.iter().map(|line| markup(line).to_string()).collect();
        if !lines.is_empty() {
            let label = "The service's last lines on standard error";
            out.push_str(&format!("<pre tabindex=\"0\" aria-label=\"{label}\">{}</pre>\n", lines.join("\n")));
        }
    }
    out.push_str(&expected(run));
    let wrong = describe::failures(run);
    if run.outcome == Outcome::Fail && !wrong.is_empty() {
        out.push_str("<h3>What is wrong</h3>\n<ul class=\"wrong\">\n");
        for line in wrong {
            out.push_str(&format!("<li>{}</li>\n", markup(&line)));
        }
        out.push_str("</ul>\n");
    }
    if let Some(record) = &run.toggle {
        out.push_str(&toggle(record));
    } else {
        out.push_str("<h3>Findings</h3>\n");
        if run.findings.is_empty() {
            out.push_str("<p>Nothing was found.</p>\n");
        }
    }
    for finding in &run.findings {
        out.push_str(&findings::article(finding));
    }
    if let Some(extras) = extras {
        if let Some(inspect) = &extras.inspect {
            out.push_str(&memory(inspect, open));
        }
        for image in &extras.images {
            out.push_str(&figure(image));
        }
        if let Some(diff) = &extras.fix_diff {
            out.push_str(&fix(diff));
        }
    }
    out.push_str(&disturbance(run, &run.disturbance));
    if !run.problems.is_empty() {
        out.push_str("<h3>Problems</h3>\n<ul>\n");
        for problem in &run.problems {
            let line = format!("{}: {}", problem.stage, problem.message);
            out.push_str(&format!("<li>{}</li>\n", markup(&line)));
        }
        out.push_str("</ul>\n");
    }
    if let Some(recording) = &run.recording {
        let command = format!("bloathound replay {}", text::shell_word(recording));
        out.push_str(&format!(
            "<p>Recorded in <code>{}</code>. Next: <code>{}</code></p>\n",
            markup(recording),
            markup(&command)
        ));
    }
    out.push_str("</section>\n");
    out
}

fn expected(run: &RunRecord) -> String {
    if run.expected.is_empty() && run.toggle.is_some() {
        return String::new();
    }
    if run.expected.is_empty() {
        return "<p>Expected: nothing.</p>\n".to_owned();
    }
    let mut out = String::from("<h3>Expected</h3>\n<ul>\n");
    for expected in &run.expected {
        let met = match (run.outcome, expected.found, expected.mismatches.is_empty()) {
            (Outcome::Invalid | Outcome::Error, ..) => "not judged",
            (_, false, _) => "missed",
            (_, true, false) => "found, but not as expected",
            (_, true, true) => "found",
        };
        let line = describe::expectation(expected);
        out.push_str(&format!("<li>{} <strong>({met})</strong></li>\n", markup(&line)));
    }
    out.push_str("</ul>\n");
    out
}

/// The phases side by side, and what was seen.
fn toggle(toggle: &ToggleRecord) -> String {
    let mut out = format!(
        "<h3>Switched: {}</h3>\n<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th scope=\"col\">phase</th><th scope=\"col\">requests</th><th scope=\"col\">answered</th><th scope=\"col\">lost</th><th scope=\"col\">a second</th><th scope=\"col\">p50 ms</th><th scope=\"col\">p99 ms</th></tr></thead>\n<tbody>\n",
        markup(&describe::toggle::title(toggle))
    );
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), units::milliseconds);
    for phase in &toggle.phases {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            markup(&phase.phase),
            units::count(phase.requests),
            units::count(phase.answered),
            units::count(phase.lost),
            phase.throughput_per_second.map_or("-".to_owned(), |rate| units::count(rate.round() as u64)),
            figure(phase.latency_p50_ms),
            figure(phase.latency_p99_ms)
        ));
    }
    out.push_str("</tbody>\n</table></div>\n");
    // The names are the driver's, but a results file may come from anywhere.
    let facts: Vec<(String, String)> =
        describe::toggle::facts(toggle).into_iter().map(|(name, text)| (markup(&name).to_string(), text)).collect();
    let rows: Vec<(&str, String)> = facts.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    out.push_str(&findings::facts(&rows));
    out
}

fn disturbance(run: &RunRecord, disturbance: &DisturbanceRecord) -> String {
    let mut facts = vec![("requests", units::count(run.requests)), ("took", units::seconds(run.seconds))];
    let ms = |value: f64| format!("{} ms", units::milliseconds(value));
    let pauses = disturbance.pauses_ms.len();
    if let Some(longest) = disturbance.longest_pause_ms {
        facts.push(("pauses", format!("{pauses}, the longest {}", ms(longest))));
    }
    if let Some(p99) = disturbance.latency_p99_ms {
        let baseline = disturbance
            .baseline_latency_p99_ms
            .map_or_else(String::new, |baseline| format!(", {} unobserved", ms(baseline)));
        facts.push(("latency p99", format!("{}{baseline}", ms(p99))));
    }
    if let Some(requests) = run.detected_after_requests {
        facts.push(("detected after", units::plural(requests, "request", "requests")));
    }
    format!("<h3>The run</h3>\n{}", findings::facts(&facts))
}

fn memory(inspect: &InspectReport, open: &str) -> String {
    let mut out = String::new();
    if let Some(rss) = &inspect.rss {
        out.push_str(&format!("<details{open}>\n<summary>Resident memory explained</summary>\n"));
        out.push_str(&account(rss));
        out.push_str("</details>\n");
    }
    out.push_str(&format!("<details{open}>\n<summary>Largest types</summary>\n"));
    out.push_str("<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th scope=\"col\">type</th><th scope=\"col\">objects</th><th scope=\"col\">bytes</th></tr></thead>\n<tbody>\n");
    for row in inspect.heap.by_type.iter().take(12) {
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
            markup(&sanitize::fit(&row.type_name, 80)),
            units::count(row.count),
            units::bytes(row.bytes)
        ));
    }
    out.push_str("</tbody>\n</table></div>\n</details>\n");
    out
}

/// Categories with bars; the bar repeats the figure and is hidden from screen readers.
fn account(rss: &RssRecord) -> String {
    let mut categories: Vec<(String, u64)> =
        rss.categories.iter().map(|(name, bytes)| (name.replace('_', " "), *bytes)).collect();
    categories.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    let mut out = String::from(
        "<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th scope=\"col\">category</th><th scope=\"col\">bytes</th><th scope=\"col\">%</th><th aria-hidden=\"true\"></th></tr></thead>\n<tbody>\n",
    );
    for (name, bytes) in categories {
        let share = bytes.min(rss.total) as f64 * 100.0 / rss.total.max(1) as f64;
        out.push_str(&format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"bar\" aria-hidden=\"true\"><span style=\"width:{share:.1}%\"></span></td></tr>\n",
            markup(&sanitize::fit(&name, 60)),
            units::bytes(bytes),
            units::percent(bytes, rss.total)
        ));
    }
    out.push_str(&format!(
        "<tr><th scope=\"row\">unexplained</th><td>{}</td><td>{}</td><td></td></tr>\n</tbody>\n<tfoot><tr><th scope=\"row\">resident, by the kernel</th><td>{}</td><td>100</td><td></td></tr></tfoot>\n</table></div>\n",
        units::signed_bytes(rss.unexplained),
        units::percent(rss.unexplained.unsigned_abs(), rss.total),
        units::bytes(rss.total)
    ));
    out
}

fn figure(image: &Image) -> String {
    let source = relative_url(&image.file);
    format!(
        "<figure><a href=\"{source}\"><img src=\"{source}\" alt=\"{}\" loading=\"lazy\"></a><figcaption>{}</figcaption></figure>\n",
        markup(&image.alt),
        markup(&image.caption)
    )
}

/// A path as an URL that can't be anything but a file beside or below the page: no scheme, no host, no way up.
fn relative_url(path: &str) -> String {
    let mut url = String::from(".");
    for part in path.split('/').filter(|part| !matches!(*part, "" | "." | "..")) {
        url.push('/');
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                url.push(char::from(byte));
            } else {
                url.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    url
}

/// A unified diff; what comes and goes is told by the first column as well as by the colour.
fn fix(diff: &str) -> String {
    let mut out = String::from(
        "<details>\n<summary>The fix</summary>\n<pre class=\"diff\" tabindex=\"0\" aria-label=\"The fix as a unified diff\">",
    );
    for line in diff.lines() {
        let clean = markup(&line.replace('\t', "    "));
        let tag = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => "b",
            [b'+', ..] => "ins",
            [b'-', ..] => "del",
            [b'@', ..] => "i",
            _ => "",
        };
        if tag.is_empty() {
            out.push_str(&clean);
        } else {
            out.push_str(&format!("<{tag}>{clean}</{tag}>"));
        }
        out.push('\n');
    }
    out.push_str("</pre>\n</details>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_a_file_below_the_page_and_nothing_else() {
        assert_eq!(relative_url("leak-buggy/heat map.png"), "./leak-buggy/heat%20map.png");
        assert_eq!(relative_url("javascript:alert(1)"), "./javascript%3Aalert%281%29");
        assert_eq!(relative_url("//evil.example/x.png"), "./evil.example/x.png");
        assert_eq!(relative_url("../../etc/passwd"), "./etc/passwd");
        assert_eq!(relative_url("a\"b"), "./a%22b");
    }

    #[test]
    fn a_toggle_shows_its_phases_side_by_side() {
        let html = section(&crate::samples::run_toggle_broken(), None, "x");
        assert!(
            html.contains("<th scope=\"row\">off again</th><td>150</td><td>150</td><td>0</td><td>300</td>"),
            "{html}"
        );
        assert!(html.contains("<li>on: 149 of 150 requests were answered"), "{html}");
        assert!(html.contains("<dt>lines written</dt><dd>150</dd>"), "{html}");
    }

    #[test]
    fn a_diff_keeps_its_signs() {
        let html = fix("--- a/model.py\n+++ b/model.py\n@@ -1 +1 @@\n-\t_cache = {}\n+pass <b>\n");
        assert!(html.contains("<del>-    _cache = {}</del>"), "{html}");
        assert!(html.contains("<ins>+pass &lt;b&gt;</ins>"), "{html}");
    }
}
