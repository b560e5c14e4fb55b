//! The page of `hot`: the verdict, and the stacks it rests on.

use bloathound_profile::{Profile, ThreadProfile};
use bloathound_vocabulary::{Evidence, Finding, HotReport};
use maud::{Markup, html};

use super::super::blocks;
use super::super::frame::{Page, Section, page};
use super::super::pictures;
use super::super::shown::shown;
use super::lead::{about, findings, notes};
use crate::{describe, units};

/// What a process spends its time with, and the samples that show it. `typed`: the target, as the next command is to
/// name it.
#[must_use]
pub fn hot(report: &HotReport, profile: &Profile, typed: &str) -> String {
    let target = blocks::target(&report.target);
    let mut sections = vec![findings(&report.findings, &report.target, typed)];
    if let Some(lines) = lines(report) {
        sections.push(Section { id: "lines", title: "Where in the source", body: lines });
    }
    sections.push(Section { id: "flames", title: "Flame graph", body: flames(profile) });
    sections.push(Section { id: "stacks", title: "Stacks", body: stacks(report) });
    sections.extend(notes(&report.observations, &report.problems));
    let class = if report.findings.is_empty() { "verdict ok" } else { "verdict fail" };
    page(&Page {
        title: &format!("{target}: {}", report.verdict),
        heading: html! { (shown(&target)) },
        lead: html! {
            p class=(class) { (shown(&report.verdict)) }
            (about(&report.target, report.partial.as_ref()))
            (blocks::facts(&facts(report)))
        },
        sections,
        foot: &blocks::tool(&report.tool),
    })
}

fn facts(report: &HotReport) -> Vec<(&'static str, String)> {
    let mut facts = vec![(
        "samples",
        format!("{} in {}, {} torn", units::count(report.samples), units::seconds(report.seconds), report.torn_samples),
    )];
    facts.extend(report.cpu_fraction.map(|share| ("processor", units::ratio(share))));
    facts.extend(
        report
            .voluntary_switches
            .map(|count| ("went to sleep", units::plural(count, "time by itself", "times by itself"))),
    );
    facts
}

/// The lines of the loops that were found. That a file can't be shown is said.
fn lines(report: &HotReport) -> Option<Markup> {
    let loops = || report.findings.iter().filter(|finding| matches!(finding.evidence, Evidence::HotLoop(_)));
    let of = |finding: &Finding| report.sources.iter().find(|source| source.fingerprint == finding.fingerprint);
    loops().next()?;
    Some(html! {
        @for finding in loops() {
            @if let Some(source) = of(finding) { (pictures::source(source)) }
            @else {
                p class="none" {
                    "The lines of " (shown(describe::place_of(finding)))
                    " are not here: the file can't be read, or it is not the one that runs."
                }
            }
        }
    })
}

/// A picture a thread, the busiest open.
fn flames(profile: &Profile) -> Markup {
    let cpu = |thread: &ThreadProfile| match (thread.samples.first(), thread.samples.last()) {
        (Some(first), Some(last)) => last.facts.cpu_ns.saturating_sub(first.facts.cpu_ns),
        _ => 0,
    };
    let mut threads: Vec<&ThreadProfile> = profile.threads.iter().collect();
    threads.sort_by_key(|thread| std::cmp::Reverse(cpu(thread)));
    let rest = threads.split_off(threads.len().min(THREADS_MAX)).len();
    html! {
        @if threads.is_empty() { p class="none" { "No thread was seen." } }
        @for (index, thread) in threads.iter().enumerate() {
            details open[index == 0] {
                summary {
                    "Thread " (thread.tid.map_or_else(|| format!("{:#x}", thread.python_id), |tid| tid.to_string()))
                    @if thread.is_main { ", the main one" }
                    ", " (units::seconds(cpu(thread) as f64 / 1e9)) " of processor"
                }
                (pictures::flame(profile, thread))
            }
        }
        (blocks::more(rest, "thread", "threads"))
    }
}

/// Threads that are drawn.
const THREADS_MAX: usize = 8;

fn stacks(report: &HotReport) -> Markup {
    html! {
        @if report.stacks.is_empty() { p class="none" { "No stack was seen." } }
        @for (index, stack) in report.stacks.iter().enumerate() {
            details open[index == 0] {
                summary {
                    (units::plural(stack.samples, "sample", "samples")) " (" (units::percent(stack.samples, report.samples)) " %)"
                    @if let Some(frame) = stack.frames.first() { " in " code { (shown(&frame.function)) } }
                }
                (blocks::stack(&stack.frames))
            }
        }
    }
}
