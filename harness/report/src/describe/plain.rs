//! A finding for somebody who does not know CPython: one sentence, and the command that tells more of it.

use bloathound_vocabulary::{DiffReport, Evidence, Finding, Label, TargetKind, TargetRecord, Verdict};

use super::{basename, dotted, lines, owner_of, pin};
use crate::sanitize::shell_word;
use crate::{typing, units};

/// What happens, how much of it, and where: a sentence without words of CPython's inside.
pub(crate) fn sentence(finding: &Finding) -> String {
    let location = &finding.location;
    let named = || location.expression.clone().or_else(|| dotted(location));
    let holder = || named().unwrap_or_else(|| Label::join(&location.path, " → "));
    let kept = match holder() {
        holder if holder.is_empty() => "what keeps them is not known".to_owned(),
        holder => format!("{holder} keeps them"),
    };
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => {
            let each = if finding.verdict == Verdict::GrowsWithRequests { "request" } else { "round" };
            match leak.objects_per_request {
                0 => format!("{} objects become more and more, and {kept}.", leak.type_name),
                number => format!(
                    "With every {each} {} stay behind, and {kept}.",
                    match leak.type_name.as_str() {
                        // What a class is to Python.
                        "type" => units::plural(number, "class", "classes"),
                        name => units::plural(number, &format!("{name} object"), &format!("{name} objects")),
                    }
                ),
            }
        }
        Evidence::Cycle(cycle) => {
            let closed = match cycle.closing_reference.as_str() {
                "" => String::new(),
                // What a method of an object is, once it is taken from it.
                "instancemethod.im_self" | "method.__self__" => {
                    " (one reference of each circle is a bound method, which holds its object)".to_owned()
                }
                reference => format!(" (one reference of each circle is {reference})"),
            };
            format!(
                "{} refer to each other in circles{closed}, and Python never frees them because {} of them have a finalizer.",
                units::plural(cycle.objects, "object", "objects"),
                units::count(cycle.uncollectable)
            )
        }
        Evidence::Fragmentation(fragmentation) => {
            let by = fragmentation.pinned_by.first().map_or_else(String::new, |one| format!(": {}", pin(one)));
            format!(
                "{} of free memory can't go back to the system, because small objects that stay lie all over it{by}.",
                units::bytes(fragmentation.stranded_bytes)
            )
        }
        Evidence::HotLoop(hot) => {
            let busy = hot
                .cpu_fraction
                .map_or_else(String::new, |share| format!(" and takes {} of a processor", units::ratio(share)));
            if let Some(called) = &hot.inside {
                return format!("{} is inside one call of {called} that does not return{busy}.", code(finding));
            }
            format!("{} goes round and round{busy}, without any progress that was seen.", code(finding))
        }
        Evidence::Spin(spin) => {
            let turns = spin
                .turns_per_second
                .map_or_else(String::new, |turns| format!(" {} times a second", units::count(turns.round() as u64)));
            format!("The event loop wakes up{turns} and finds nothing to do, at {}.", code(finding))
        }
        Evidence::Garbage(garbage) => format!(
            "{} that refer to each other, and nothing else to them, wait for Python's collector: {}.",
            units::plural(garbage.objects, "object", "objects"),
            units::bytes(garbage.bytes)
        ),
        Evidence::NativeMemory(native) => {
            format!(
                "Memory outside of Python's objects grew by {}: C code holds it.",
                units::bytes(native.gained_bytes)
            )
        }
    }
}

/// `list_attendees (service.py:41-44)`.
fn code(finding: &Finding) -> String {
    let location = &finding.location;
    let file = location.file.as_ref().map(|file| format!("{}{}", basename(file), lines(location)));
    match (&location.function, file) {
        (Some(function), Some(file)) => format!("{function} ({file})"),
        (Some(function), None) => function.clone(),
        (None, Some(file)) => file,
        (None, None) => "a loop at an unknown place".to_owned(),
    }
}

/// What two looks differ by, in a sentence.
pub(crate) fn changed(report: &DiffReport) -> String {
    let (before, after) = (report.total_before, report.total_after);
    let mut said = format!(
        "{} objects and {} between the two looks",
        units::signed_count(bloathound_vocabulary::delta(before.objects, after.objects)),
        units::signed_bytes(bloathound_vocabulary::delta(before.bytes, after.bytes))
    );
    if let Some(row) = report.by_type.iter().max_by_key(|row| row.bytes_delta()).filter(|row| row.bytes_delta() > 0) {
        said.push_str(&format!(
            "; most of what is more: {} {} ({})",
            units::signed_count(row.count_delta()),
            row.type_name,
            units::signed_bytes(row.bytes_delta())
        ));
    }
    if let Some(most) = report.new_objects.as_ref().and_then(|new| new.holders.first()) {
        said.push_str(&format!("; most of what is new is held at {}", owner_of(&most.path)));
    }
    said.push('.');
    said
}

/// What to type to learn more of this finding; `None` where the target is not to be named, as a folder of looks.
pub(crate) fn next(finding: &Finding, target: &str) -> Option<String> {
    if target.is_empty() {
        return None;
    }
    let target = shell_word(target);
    let why = |name: &str| typing::command(&format!("why {target} {}", shell_word(name)));
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => Some(why(&leak.type_name)),
        Evidence::Cycle(cycle) => cycle.types.first().map(|name| why(name)),
        Evidence::Garbage(garbage) => garbage.types.first().map(|name| why(name)),
        Evidence::Fragmentation(_) => Some(typing::command(&format!("inspect {target} --heatmap memory.svg"))),
        Evidence::HotLoop(_) | Evidence::Spin(_) => Some(typing::command(&format!("hot {target} --folded stacks.txt"))),
        Evidence::NativeMemory(_) => Some(typing::command(&format!("inspect {target} -v"))),
    }
}

/// What the target is typed as where the command is not at hand: a process by its number.
pub(crate) fn typed(target: &TargetRecord) -> String {
    match (target.kind, target.pid, &target.file) {
        (TargetKind::Process, Some(pid), _) => pid.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn no_word_that_puzzled_comes_back() {
        let told = |finding: &Finding| format!("{} {:?}", sentence(finding), crate::describe::evidence(finding));
        let mut all: String = samples::one_of_each_class().iter().map(told).collect();
        let results = samples::results(vec![samples::run_toggle(), samples::run_toggle_broken()]);
        all.push_str(&crate::text::run(&results, false));
        all.push_str(&crate::text::failure(&samples::run_hostile(), false));
        for old in [
            "holds too",
            "exits need",
            "that agree",
            "of the locals",
            " a request",
            "wrong      false alarm",
            "held by held",
        ] {
            assert!(!all.contains(old), "{old}: {all}");
        }
    }

    #[test]
    fn every_class_has_a_sentence_and_a_command_with_its_target() {
        for finding in samples::one_of_each_class() {
            let said = sentence(&finding);
            assert!(said.ends_with('.') && said.len() > 40, "{said}");
            let command = next(&finding, "a file.bhi").unwrap();
            assert!(command.starts_with("bloathound ") && command.contains("'a file.bhi'"), "{command}");
            assert_eq!(next(&finding, ""), None);
        }
    }
}
