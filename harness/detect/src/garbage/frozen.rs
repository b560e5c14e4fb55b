//! Garbage that was frozen: `gc.freeze()` moves all objects out of the collector's sight, those too that nothing refers to any
//! more. Called once, before a service forks, it is what its documentation is for; called again and again, whatever is garbage
//! at that moment stays for ever.

use crate::series::{Climb, LookFacts, bytes_text, figures};
use crate::thresholds::fixed::GARBAGE_TYPES_TOLD;
use crate::{Evidence, Finding, FindingClass, GarbageEvidence, Location, Thresholds, Verdict};
use bloathound_vocabulary::Grade;

/// A finding where it climbs from look to look.
pub(super) fn finding(looks: &[LookFacts], last: &LookFacts, thresholds: &Thresholds) -> Option<Finding> {
    let rounds = figures(looks, |look| look.garbage.frozen_objects);
    let climb = Climb::over(looks, &rounds);
    if !climb.is_steady(&thresholds.series) || climb.gained < thresholds.garbage.garbage_objects_min {
        return None;
    }
    let garbage = &last.garbage;
    let summary = format!(
        "{} objects ({}) that refer to each other, and nothing else to them, were frozen while they were garbage, {} more than at \
         the first look; mostly {}. No collection looks at what is frozen: gc.freeze() is called again and again.",
        garbage.frozen_objects,
        bytes_text(garbage.frozen_bytes),
        climb.gained,
        garbage.frozen_types.iter().take(GARBAGE_TYPES_TOLD).cloned().collect::<Vec<_>>().join(", "),
    );
    let (grade, why) = match climb.rose_always() {
        true => {
            (Grade::High, "it grew from each look to the next, and nothing but gc.unfreeze() gives it back".to_owned())
        }
        false => (Grade::Medium, "it grew, though not at each look".to_owned()),
    };
    let evidence = GarbageEvidence {
        objects: garbage.frozen_objects,
        bytes: garbage.frozen_bytes,
        types: garbage.frozen_types.clone(),
        collector: "does not look at what is frozen: gc.freeze() is called again and again".into(),
        rounds,
    };
    let types: Vec<&str> = garbage.frozen_types.iter().take(1).map(String::as_str).collect();
    let fingerprint = format!("garbage:frozen:{}", types.join("+"));
    let location =
        Location { module: Some("gc".into()), attribute: Some(Location::FREEZE.into()), ..Location::default() };
    let evidence = Evidence::Garbage(evidence);
    let finding = Finding::new(FindingClass::Garbage, Verdict::CollectorFrozen, fingerprint, location, evidence);
    Some(finding.saying(summary).sure(grade, why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::GarbageFacts;

    fn told(frozen: &[u64]) -> Option<Finding> {
        let look = |(index, objects): (usize, &u64)| LookFacts {
            seconds: index as f64 * 3.0,
            garbage: GarbageFacts {
                frozen_objects: *objects,
                frozen_bytes: objects * 64,
                frozen_types: vec!["tree.Node".into(), "dict".into()],
                ..GarbageFacts::default()
            },
            ..LookFacts::default()
        };
        let looks: Vec<LookFacts> = frozen.iter().enumerate().map(look).collect();
        let last = looks.last()?;
        finding(&looks, last, &Thresholds::default())
    }

    #[test]
    fn garbage_that_is_frozen_again_and_again_is_told() {
        let finding = told(&[0, 1000, 2000, 3000, 4000]).unwrap_or_else(|| panic!("silent"));
        assert_eq!((finding.class, finding.verdict), (FindingClass::Garbage, Verdict::CollectorFrozen));
        assert_eq!(finding.confidence.map(|sure| sure.grade), Some(Grade::High));
        assert!(
            finding.summary.contains("4000 objects") && finding.summary.contains("tree.Node"),
            "{}",
            finding.summary
        );
        assert_eq!(finding.location.attribute.as_deref(), Some("freeze"));
    }

    #[test]
    fn what_is_frozen_once_is_left_alone() {
        // Before a service forks: what was garbage by then stays, and no more comes.
        assert_eq!(told(&[5000, 5000, 5000, 5000, 5000]), None);
        // The same during the looks.
        assert_eq!(told(&[0, 0, 5000, 5000, 5000]), None);
        // A handful.
        assert_eq!(told(&[0, 20, 40, 60, 80]), None);
    }
}
