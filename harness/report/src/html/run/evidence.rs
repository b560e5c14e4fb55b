//! What stands below a run's findings: its memory over time, the last look, what looking cost, what was switched, the fix.

use bloathound_vocabulary::{DisturbanceRecord, HeatMap, InspectReport, LookRecord, RunRecord, ToggleRecord};
use maud::{Markup, PreEscaped, html};

use super::super::blocks;
use super::super::pictures::{Curve, Load, LoadUnit, Phase, curves};
use super::super::shown::{short, shown};
use crate::{describe, heatmap, units};

/// Memory over time, with the load between the looks behind it. A recording has no times: there it is look by look.
pub(super) fn looks(looks: &[LookRecord]) -> Markup {
    let at = |(index, look): (usize, &LookRecord)| look.seconds.unwrap_or(index as f64);
    let timed = looks.iter().all(|look| look.seconds.is_some());
    let moment = |index: usize, look: &LookRecord| {
        let when = if timed { units::seconds(look.seconds.unwrap_or_default()) } else { format!("look {}", index + 1) };
        format!("{when}, {}", units::plural(look.requests, "request", "requests"))
    };
    let curve = |name: &str, figure: fn(&LookRecord) -> u64| {
        let point = |(index, look)| (at((index, look)), figure(look), moment(index, look));
        Curve::new(name, looks.iter().enumerate().map(point).collect(), true)
    };
    let phase = |(index, pair): (usize, &[LookRecord])| {
        let amount = pair[1].requests.saturating_sub(pair[0].requests);
        // As many as the load made there, however long the service took for them.
        Phase { span: (at((index, &pair[0])), at((index + 1, &pair[1]))), amount, strength: amount as f64 }
    };
    let phases: Vec<Phase> = looks.windows(2).enumerate().map(phase).collect();
    let load = Load { unit: LoadUnit::Requests, phases, strong: 0.0 };
    let all = [curve("resident", |look| look.rss_bytes), curve("objects", |look| look.object_bytes)];
    curves("Memory over time, and the requests between two looks", &all, Some(&load))
}

/// The last look.
pub(super) fn memory(inspect: &InspectReport, open: bool) -> Markup {
    html! {
        @if let Some(rss) = &inspect.rss {
            details open[open] { summary { "Resident memory explained" } (blocks::account(rss)) }
        }
        details open[open] { summary { "Largest types" } (blocks::census(&inspect.heap)) }
    }
}

/// The memory before and after, cell by cell.
pub(super) fn heat(map: &HeatMap) -> Markup {
    html! {
        figure class="heat" {
            div class="wide" tabindex="0" role="region" aria-label="Heat map of the memory" { (PreEscaped(heatmap::to_svg(map))) }
            figcaption { "Each cell is 1 KiB; a row is an arena or 256 KiB of the C heap. Point at a colour to see who is there." }
        }
    }
}

/// The phases side by side, and what was seen.
pub(super) fn toggle(toggle: &ToggleRecord) -> Markup {
    let figure = |value: Option<f64>| value.map_or("-".to_owned(), units::milliseconds);
    let rows = html! {
        @for phase in &toggle.phases {
            tr {
                th scope="row" { (short(&phase.phase)) }
                td { (units::count(phase.requests)) } td { (units::count(phase.answered)) } td { (units::count(phase.lost)) }
                td { (phase.throughput_per_second.map_or("-".to_owned(), |rate| units::count(rate.round() as u64))) }
                td { (figure(phase.latency_p50_ms)) } td { (figure(phase.latency_p99_ms)) }
            }
        }
    };
    let heads = ["phase", "requests", "answered", "lost", "a second", "p50 ms", "p99 ms"];
    html! {
        h4 { "Switched: " (shown(describe::toggle::title(toggle))) }
        (blocks::table("The service while it was off, on, and off again", &heads, rows))
        (blocks::facts(&describe::toggle::facts(toggle)))
    }
}

/// What looking cost, and how large the run was.
pub(super) fn disturbance(run: &RunRecord, disturbance: &DisturbanceRecord) -> Markup {
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
    html! { h4 { "The run" } (blocks::facts(&facts)) }
}

/// A unified diff; what comes and goes is told by the first column as well as by the colour.
pub(super) fn fix(diff: &str) -> Markup {
    html! {
        details {
            summary { "The fix" }
            pre class="diff" tabindex="0" aria-label="The fix as a unified diff" {
                @for line in diff.lines() { (changed(line)) "\n" }
            }
        }
    }
}

fn changed(line: &str) -> Markup {
    let clean = shown(line.replace('\t', "    "));
    match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => html! { b { (clean) } },
        [b'+', ..] => html! { ins { (clean) } },
        [b'-', ..] => html! { del { (clean) } },
        [b'@', ..] => html! { i { (clean) } },
        _ => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toggle_shows_its_phases_side_by_side() {
        let run = crate::samples::run_toggle_broken();
        let html = toggle(&run.toggle.unwrap()).into_string();
        assert!(
            html.contains("<th scope=\"row\">off again</th><td>150</td><td>150</td><td>0</td><td>300</td>"),
            "{html}"
        );
        assert!(html.contains("<dt>lines written</dt><dd>150</dd>"), "{html}");
    }

    #[test]
    fn a_diff_keeps_its_signs() {
        let html = fix("--- a/model.py\n+++ b/model.py\n@@ -1 +1 @@\n-\t_cache = {}\n+pass <b>\n").into_string();
        assert!(html.contains("<del>-    _cache = {}</del>"), "{html}");
        assert!(html.contains("<ins>+pass &lt;b&gt;</ins>"), "{html}");
    }

    #[test]
    fn memory_over_time_has_the_load_behind_it() {
        let look = |seconds: f64, requests: u64| LookRecord {
            requests,
            seconds: Some(seconds),
            rss_bytes: (40 << 20) + requests * 100_000,
            objects: 9000,
            object_bytes: 9 << 20,
        };
        let html = looks(&[look(0.0, 100), look(2.0, 200), look(3.0, 400)]).into_string();
        assert!(html.contains("<title>200 requests</title>") && html.contains("2.00 s, 200 requests"), "{html}");
        assert_eq!(looks(&[look(0.0, 1)]).into_string(), "");
    }
}
