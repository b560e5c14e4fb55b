//! One paragraph a finding, for somebody who doesn't know CPython and reads nothing else: what happens, how fast, who holds
//! or spins, file and line, how to mend it, how sure it is and why, what to type next.
//!
//! It stands in the record itself ([`tell`], [`tell_run`]), so terminal, JSON, JUnit and page say the same.

use bloathound_vocabulary::{Evidence, Finding, Grade, RunRecord, Verdict};

use super::{basename, plain};
use crate::{typing, units};

/// What comes before the command.
const NEXT: &str = " Next: ";
/// Finalizers that are named.
const FINALIZERS_MAX: usize = 3;

/// Gives each finding of a look its paragraph. `target` is what was looked at, as the next command has to name it; empty where
/// it is no target of commands. To be called once, on what the engine found.
pub fn tell(findings: &mut [Finding], target: &str) {
    for finding in findings {
        let next = plain::next(finding, target);
        finding.summary = paragraph(finding, next.as_deref());
    }
}

/// The same for a run, whose service is gone: the next command shows it again.
pub fn tell_run(run: &mut RunRecord) {
    let again = typing::again(run);
    for finding in &mut run.findings {
        finding.summary = paragraph(finding, Some(&again));
    }
}

/// The paragraph in two parts, its first sentence and the rest, without the command, which people are given apart.
pub(crate) fn told(finding: &Finding) -> (String, String) {
    let whole = if finding.summary.is_empty() { paragraph(finding, None) } else { finding.summary.clone() };
    let said = whole.split_once(NEXT).map_or(whole.as_str(), |(said, _)| said);
    match said.split_once(". ") {
        Some((first, rest)) => (format!("{first}."), rest.to_owned()),
        None => (said.to_owned(), String::new()),
    }
}

fn paragraph(finding: &Finding, next: Option<&str>) -> String {
    let mut parts = vec![what(finding)];
    parts.extend(more(finding));
    parts.push(format!("To mend it: {}.", mend(finding)));
    let (grade, why) = sure(finding);
    parts.push(format!("How sure this is: {grade} ({why})."));
    format!("{}{}", parts.join(" "), next.map_or_else(String::new, |next| format!("{NEXT}{next}")))
}

/// What happens. A rule that saw more than its figures has said so itself.
fn what(finding: &Finding) -> String {
    let by_figures = matches!(finding.evidence, Evidence::Leak(_) | Evidence::Cycle(_) | Evidence::Fragmentation(_));
    if by_figures || finding.summary.is_empty() { plain::sentence(finding) } else { ended(&finding.summary) }
}

fn ended(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

/// Where it is in the source, and how much it is by now.
fn more(finding: &Finding) -> Vec<String> {
    let place = finding.location.file.as_ref().zip(finding.location.line_first);
    let place = place.map(|(file, line)| format!("The place to look at is {}:{line}.", basename(file)));
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => {
            let freed = format!("{} would be freed without them.", units::bytes(leak.retained_bytes));
            let also = match leak.also.as_slice() {
                [] => None,
                [one] => Some(format!("The same objects are kept at {one} too.")),
                [one, rest @ ..] => Some(format!(
                    "The same cause shows at {one} and {}.",
                    units::plural(rest.len() as u64, "more place", "more places")
                )),
            };
            let is_said = matches!(finding.evidence, Evidence::Growth(_)) && !finding.summary.is_empty();
            place.into_iter().chain((!is_said).then_some(freed)).chain(also.filter(|_| !is_said)).collect()
        }
        Evidence::Cycle(cycle) => {
            let named: Vec<String> = cycle.finalizers.iter().take(FINALIZERS_MAX).map(|one| short(one)).collect();
            let rest = cycle.finalizers.len().saturating_sub(FINALIZERS_MAX);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let named = (!named.is_empty()).then(|| {
                format!("Python does not know in which order these would have to run: {}{rest}.", named.join(", "))
            });
            named.into_iter().chain(Some(finding.summary.clone()).filter(|said| !said.is_empty())).collect()
        }
        Evidence::Fragmentation(fragmentation) => {
            let used = fragmentation.utilisation.map(|share| {
                format!(
                    "Of {} that Python holds for small objects {} are in use.",
                    units::bytes(fragmentation.arena_bytes),
                    units::ratio(share)
                )
            });
            used.into_iter().chain(place).collect()
        }
        Evidence::HotLoop(_) | Evidence::Spin(_) | Evidence::Garbage(_) | Evidence::NativeMemory(_) => Vec::new(),
    }
}

/// `Address.__del__ (model.py:34)` for `Address.__del__ (/a/long/way/model.py:34)`.
pub(crate) fn short(finalizer: &str) -> String {
    match finalizer.split_once(" (") {
        Some((name, place)) => format!("{name} ({}", basename(place)),
        None => finalizer.to_owned(),
    }
}

/// How bugs of the kind are mended.
fn mend(finding: &Finding) -> &'static str {
    match &finding.evidence {
        Evidence::Leak(_) | Evidence::Growth(_) => {
            "take out what is no longer needed, give it a bound, or don't keep these objects there"
        }
        Evidence::Cycle(_) => {
            "make one of the references weak (the module weakref), or clear it when the objects are done with, or do \
             without the finalizer"
        }
        Evidence::Fragmentation(_) => {
            "make fewer objects at once (a row at a time, not all in a list), and keep what stays from being made in \
             the midst of what goes"
        }
        Evidence::HotLoop(hot) if hot.inside.is_some() => {
            "give that call less to do (a shorter text, a simpler pattern), or make it outside of the event loop"
        }
        Evidence::HotLoop(_) => "see to it that every turn changes what ends the loop, or leaves it",
        Evidence::Spin(_) => {
            "take what is ready, close it or stop asking for it; where nothing is to be done, wait longer"
        }
        Evidence::Garbage(_) => match finding.verdict {
            Verdict::CollectorOff => "call gc.enable() again, or gc.collect() now and then",
            Verdict::CollectorFrozen => "set the thresholds of gc back, or call gc.collect() now and then",
            _ => "call gc.collect() now and then, or clear references between objects that are done with",
        },
        Evidence::NativeMemory(_) => match finding.verdict {
            Verdict::Held => "close or release these objects when they are done with, as their library wants it",
            _ => {
                "look for a library in C that is given memory or handles and never gives them back; newer releases may"
            }
        },
    }
}

/// How sure it is, and why. Rules that count what is there, and compare nothing, do not grade.
fn sure(finding: &Finding) -> (Grade, &str) {
    match (&finding.confidence, &finding.evidence) {
        (Some(confidence), _) => (confidence.grade, &confidence.why),
        (None, Evidence::Cycle(_)) => (Grade::High, "the collector was replayed: what it would leave is known exactly"),
        (None, Evidence::Fragmentation(_)) => (Grade::High, "every piece of it was counted, with what lies in it"),
        (None, _) => (Grade::Medium, "its figures speak for it; nothing else was weighed"),
    }
}

#[cfg(test)]
mod tests;
