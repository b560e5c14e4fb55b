//! One paragraph a finding, for somebody who doesn't know CPython and reads nothing else: what happens, how fast, who holds
//! or spins, file and line, how to mend it, how sure it is and why, what to type next.
//!
//! It stands in the record itself ([`tell`], [`tell_run`]), so terminal, JSON, JUnit and page say the same.

use bloathound_profile::frameworks::{CALLED_WHEN_READY, is_program_file};
use bloathound_vocabulary::{Evidence, Finding, Grade, Label, Location, RootKind, RunRecord, Verdict};

use super::{basename, plain};
use crate::{typing, units};

/// What comes before the command.
const NEXT: &str = " Next: ";
/// Finalizers that are named.
const FINALIZERS_MAX: usize = 3;

/// True where what is called each turn is a method that event loops call for a descriptor.
fn is_called_when_ready(finding: &Finding) -> bool {
    finding.location.function.as_deref().is_some_and(|function| CALLED_WHEN_READY.contains(&function))
}

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
    let place = where_to_look(finding);
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
            let tasks = (!leak.tasks_wait.is_empty()).then(|| format!("Tasks wait: {}.", leak.tasks_wait.join("; ")));
            let said = place.into_iter().chain(tasks).chain((!is_said).then_some(freed));
            said.chain(also.filter(|_| !is_said)).collect()
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

/// Where who holds it is written; of a default value, what that is.
fn where_to_look(finding: &Finding) -> Option<String> {
    let location = &finding.location;
    let (file, line) = location.file.as_ref().zip(location.line_first)?;
    // A folder that is a package says more than the name that all of them have.
    let mut parts = file.rsplit('/');
    let name = match (parts.next(), parts.next()) {
        (Some(name @ "__init__.py"), Some(package)) => format!("{package}/{name}"),
        _ => basename(file).to_owned(),
    };
    // What has no file is nobody's library: `<string>`.
    let of_library = !file.starts_with('<') && !is_program_file(file);
    let more = match location.path.last() {
        Some(Label::Default(_)) => ": it is the default value of an argument, made once and shared by all calls",
        _ if of_library => " in a library: what puts these there is whoever calls it",
        _ => "",
    };
    Some(format!("The place to look at is {name}:{line}{more}."))
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
        Evidence::Leak(_) | Evidence::Growth(_)
            if matches!(finding.location.path.as_slice(), [Label::Root(RootKind::SuspendedFrame, _)]) =>
        {
            "see to it that what they wait for comes, give the wait a time limit, or end them when their work is over"
        }
        Evidence::Leak(_) | Evidence::Growth(_)
            if matches!(finding.location.path.first(), Some(Label::Root(RootKind::GcGarbage, _))) =>
        {
            "switch the collector's debug flag off: gc.set_debug(gc.DEBUG_SAVEALL), which gc.DEBUG_LEAK contains, has all that \
             a collection would free kept in gc.garbage"
        }
        Evidence::Leak(_) | Evidence::Growth(_) => {
            "take out what is no longer needed, give it a bound, or don't keep these objects there"
        }
        Evidence::Cycle(_) => {
            "make the reference that leads back to the owner weak (the module weakref; in place of a bound method, the \
             function and a weak reference to its object), or clear it when the objects are done with, or do without the \
             finalizer"
        }
        Evidence::Fragmentation(_) => {
            "make fewer objects at once (a row at a time, not all in a list), and look for what makes those that stay: \
             something new for each row, as a class or a weak reference, that could be made once"
        }
        Evidence::HotLoop(hot) if hot.inside.is_some() => {
            "give that call less to do (a shorter text, a simpler pattern), or make it outside of the event loop"
        }
        Evidence::HotLoop(hot) if hot.fails.is_some() => {
            "see why it fails; wait before it is tried again, longer after each failure, and give up after so many"
        }
        Evidence::HotLoop(hot) if hot.exit_values.is_empty() => {
            "let a turn that finds nothing to do wait (sleep, or a call that blocks until there is something), take what \
             is closed out of what it asks for, or leave the loop"
        }
        Evidence::HotLoop(_) => "see to it that every turn changes what ends the loop, or leaves it",
        Evidence::Spin(spin) if spin.descriptors_max.is_some() => {
            "close what is done with, raise the limit (ulimit -n), or stop listening until a descriptor is free"
        }
        // What no descriptor calls, and no method for one, is called because it is due.
        Evidence::Spin(spin) if spin.descriptor.is_none() && !is_called_when_ready(finding) => {
            "where a timer calls it, give that an interval that is not 0, or call it when what it looks for is there; where \
             something is ready, take it or close it"
        }
        Evidence::Spin(_) => {
            "take what is ready, or close it and stop asking for it; where nothing is to be done, wait longer"
        }
        Evidence::Garbage(_) => match finding.verdict {
            Verdict::CollectorOff => "call gc.enable() again, or gc.collect() now and then",
            Verdict::CollectorFrozen if finding.location.attribute.as_deref() == Some(Location::FREEZE) => {
                "call gc.freeze() once, after a gc.collect(), and not again while the service is at work"
            }
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
