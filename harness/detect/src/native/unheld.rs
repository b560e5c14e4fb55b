//! Objects that are counted and that nobody is seen to refer to: a count was raised and not lowered, or C code holds them.

use bloathound_vocabulary::Grade;

use crate::series::{Climb, HeldFacts, LookFacts, bytes_text, figures};
use crate::{Evidence, Finding, FindingClass, Label, Location, NativeMemoryEvidence, RootKind, Thresholds, Verdict};

/// The kind of such objects that gained most, where it climbs.
pub(super) fn find(looks: &[LookFacts], thresholds: &Thresholds) -> Option<Finding> {
    let last = looks.last()?;
    let climbing = last.unheld.iter().filter_map(|unheld| {
        let of = |look: &LookFacts| look.unheld.iter().find(|one| one.type_name == unheld.type_name).cloned();
        // A call that runs holds its arguments and what it computes with.
        let running = |look: &LookFacts| look.threads.saturating_mul(thresholds.native.unheld_in_thread_max);
        let objects = |look: &LookFacts| of(look).map_or(0, |one| one.objects).saturating_sub(running(look));
        let climb = Climb::over(looks, &figures(looks, objects));
        let rounds = figures(looks, |look| of(look).map_or(0, |one| one.bytes));
        let is_small = unheld.bytes <= unheld.objects.saturating_mul(thresholds.native.unheld_small_bytes_max);
        let least = if is_small { thresholds.native.unheld_small_min } else { thresholds.native.unheld_objects_min };
        let tells = climb.is_steady(&thresholds.series) && climb.gained >= least;
        tells.then_some((unheld, climb, rounds))
    });
    let (unheld, climb, rounds) = climbing.max_by_key(|(_, climb, rounds)| (Climb::of(rounds).gained, climb.gained))?;
    Some(finding(unheld, climb, rounds))
}

fn finding(unheld: &HeldFacts, climb: Climb, rounds: Vec<u64>) -> Finding {
    let name = &unheld.type_name;
    let sample = if unheld.sample.is_empty() { String::new() } else { format!(", such as {}", unheld.sample) };
    let what = format!(
        "objects of type {name} that no object refers to: a reference count was raised and not lowered, or C code holds \
         them{sample}"
    );
    let summary = format!(
        "{} {what}. {} more than at the first look; they keep {}.",
        unheld.objects,
        climb.gained,
        bytes_text(unheld.bytes)
    );
    let gained = Climb::of(&rounds).gained;
    let (grade, why) = match climb.rose_always() {
        true => (Grade::High, "their number rose from each look to the next"),
        false => (Grade::Medium, "their number rose in most looks"),
    };
    let evidence =
        NativeMemoryEvidence { gained_bytes: gained, bytes: unheld.bytes, what, type_name: Some(name.clone()), rounds };
    let location = Location { path: vec![Label::Root(RootKind::Unaccounted, None)], ..Location::default() };
    let fingerprint = format!("native-memory:unheld:{name}");
    Finding::new(
        FindingClass::NativeMemory,
        Verdict::Unexplained,
        fingerprint,
        location,
        Evidence::NativeMemory(evidence),
    )
    .saying(summary)
    .sure(grade, why.to_owned())
}

/// Whether a finding is one of these.
pub(super) fn is_it(finding: &Finding) -> bool {
    let is_unexplained =
        matches!(&finding.evidence, Evidence::NativeMemory(_)) && finding.verdict == Verdict::Unexplained;
    is_unexplained && is_held_from_c(&finding.location)
}

/// The place is below what nobody is seen to refer to.
pub(super) fn is_held_from_c(location: &Location) -> bool {
    matches!(location.path.first(), Some(Label::Root(RootKind::Unaccounted, _)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(objects: &[u64]) -> Vec<LookFacts> {
        looks_of(objects, 280)
    }

    fn looks_of(objects: &[u64], bytes_each: u64) -> Vec<LookFacts> {
        let look = |objects: &u64| LookFacts {
            unheld: vec![HeldFacts {
                type_name: "dict".into(),
                objects: *objects,
                bytes: objects * bytes_each,
                sample: "{'id': …, 'name': …}".into(),
                ..HeldFacts::default()
            }],
            ..LookFacts::default()
        };
        objects.iter().map(look).collect()
    }

    #[test]
    fn counts_that_nobody_explains_and_that_climb_are_told_with_a_sample() {
        let found = find(&looks(&[30, 90, 90, 200, 300, 450]), &Thresholds::default());
        let summary = found.map(|finding| finding.summary).unwrap_or_default();
        assert!(summary.starts_with("450 objects of type dict that no object refers to"), "{summary}");
        assert!(summary.contains("'name'"), "{summary}");
    }

    #[test]
    fn what_each_thread_was_started_with_is_no_finding() {
        let mut all = looks(&[30, 42, 57, 72, 87, 102]);
        for (look, threads) in all.iter_mut().zip([29, 41, 56, 71, 86, 101]) {
            look.threads = threads;
        }
        assert_eq!(find(&all, &Thresholds::default()), None);
    }

    #[test]
    fn small_numbers_that_nobody_uses_any_more_are_no_finding() {
        let counts = [59, 89, 90, 90, 91, 120];
        assert_eq!(find(&looks_of(&counts, 24), &Thresholds::default()), None);
        assert!(find(&looks_of(&counts, 72), &Thresholds::default()).is_some());
        assert!(find(&looks_of(&counts.map(|count| 10 * count), 24), &Thresholds::default()).is_some());
    }

    #[test]
    fn what_a_running_call_holds_comes_and_goes() {
        assert_eq!(find(&looks(&[30, 32, 29, 31, 30, 33]), &Thresholds::default()), None);
        assert_eq!(find(&looks(&[30, 900, 10, 800, 20, 950]), &Thresholds::default()), None);
    }
}
