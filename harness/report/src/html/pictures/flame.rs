//! Samples as a flame graph (Gregg: "The Flame Graph", 2016), the outermost function on top: a box is as wide as the
//! share of samples in which its function was on the stack, and stands below who called it.

use std::collections::BTreeMap;

use bloathound_profile::{CodeId, Profile, ThreadProfile};
use maud::{Markup, html};

use super::super::shown::short;
use crate::units;

/// Of a deep recursion the outer frames say what runs.
const DEPTH_MAX: usize = 80;
/// Boxes of one picture; narrower ones are left out first.
const BOXES_MAX: usize = 700;
/// Height of a row, pixels.
const ROW: usize = 20;

/// A function below who called it.
#[derive(Default)]
struct Call {
    samples: u64,
    /// Samples in which it was the innermost.
    own: u64,
    /// At each line, how often.
    lines: BTreeMap<u32, u64>,
    calls: BTreeMap<u32, Call>,
}

/// The picture of one thread; nothing where no stack was seen.
pub(crate) fn flame(profile: &Profile, thread: &ThreadProfile) -> Markup {
    let whole = tree(thread);
    if whole.samples == 0 || whole.calls.is_empty() {
        return html! {};
    }
    let mut boxes = Vec::new();
    place(&whole, 0, 0, &mut boxes);
    // All of one width or none, so that no box stands below one that is left out.
    let mut widths: Vec<u64> = boxes.iter().map(|(_, _, _, call)| call.samples).collect();
    widths.sort_unstable_by(|a, b| b.cmp(a));
    let least = widths.get(BOXES_MAX).map_or(1, |narrowest| narrowest + 1);
    let left_out = boxes.len();
    boxes.retain(|(_, _, _, call)| call.samples >= least);
    let left_out = left_out - boxes.len();
    let rows = boxes.iter().map(|(depth, ..)| depth + 1).max().unwrap_or(1);
    html! {
        figure class="flame" {
            svg width="100%" height=(rows * ROW) role="img" aria-label="Flame graph; the stacks below say the same" {
                @for (depth, from, code, call) in &boxes { (drawn(profile, (*depth, *from, *code, *call), whole.samples)) }
            }
            figcaption {
                (units::plural(whole.samples, "sample", "samples")) "; below each function what it called"
                @if left_out > 0 { ", but for " (units::plural(left_out as u64, "narrow box", "narrow boxes")) }
            }
        }
    }
}

fn tree(thread: &ThreadProfile) -> Call {
    let mut whole = Call::default();
    for sample in thread.samples.iter().filter(|sample| !sample.torn && !sample.stack.0.is_empty()) {
        let mut at = &mut whole;
        at.samples += 1;
        for frame in sample.stack.0.iter().take(DEPTH_MAX) {
            at = at.calls.entry(frame.code.0).or_default();
            at.samples += 1;
            *at.lines.entry(frame.line).or_default() += 1;
        }
        at.own += 1;
    }
    whole
}

/// Depth, samples before it, its code, itself.
type Box<'c> = (usize, u64, u32, &'c Call);

fn place<'c>(call: &'c Call, depth: usize, from: u64, boxes: &mut Vec<Box<'c>>) {
    let mut at = from;
    let mut calls: Vec<(&u32, &Call)> = call.calls.iter().collect();
    calls.sort_by_key(|(code, call)| (std::cmp::Reverse(call.samples), **code));
    for (code, inner) in calls {
        boxes.push((depth, at, *code, inner));
        // Never deeper than `DEPTH_MAX`, as the tree is.
        place(inner, depth + 1, at, boxes);
        at += inner.samples;
    }
}

fn drawn(profile: &Profile, (depth, from, code, call): Box<'_>, whole: u64) -> Markup {
    let of = profile.code(CodeId(code));
    let function = of.map_or("?", |code| &code.function);
    let file = of.map_or("?", |code| &code.file);
    let percent = |samples: u64| format!("{:.3}%", samples as f64 * 100.0 / whole as f64);
    let most = call.lines.iter().max_by_key(|(line, samples)| (**samples, std::cmp::Reverse(**line)));
    let line = most.map_or(String::new(), |(line, _)| format!(":{line}"));
    let title = format!(
        "{function}, {file}{line}: {} ({} %), {} by itself",
        units::plural(call.samples, "sample", "samples"),
        units::percent(call.samples, whole),
        units::count(call.own)
    );
    // By its file: functions of one module have one colour.
    let tint = file.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 8;
    html! {
        svg x=(percent(from)) y=(depth * ROW) width=(percent(call.samples)) height=(ROW - 1) {
            title { (short(&title)) }
            rect class={ "tile s" (tint) } width="100%" height="100%" {}
            @if call.samples * 40 >= whole { text x="5" y="14" { (short(function)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_box_is_as_wide_as_its_share_and_below_its_caller() {
        let profile = samples::profile();
        let html = flame(&profile, &profile.threads[0]).into_string();
        // `main` is in all four samples, `work` in three of them, `rest` in one.
        assert!(html.contains("x=\"0.000%\" y=\"0\" width=\"100.000%\""), "{html}");
        assert!(html.contains("x=\"0.000%\" y=\"20\" width=\"75.000%\""), "{html}");
        assert!(html.contains("x=\"75.000%\" y=\"20\" width=\"25.000%\""), "{html}");
        assert!(html.contains("work, service.py:12: 3 samples (75 %), 3 by itself"), "{html}");
        assert_eq!(flame(&profile, &ThreadProfile::default()).into_string(), "");
    }
}
