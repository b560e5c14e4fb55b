//! Fragmentation: memory reserved for small objects that a few live ones keep from being returned.
//!
//! Needs the arenas of one look, told into what stays after a full collection and what does not; better with the same
//! look at the same process before the load. Garbage that merely awaits collection is an observation, not this bug.

use super::arenas::ArenaFacts;
use super::holes::HolePin;
use super::pins::PinGroup;
use crate::series::bytes_text;
use crate::thresholds::FragmentationThresholds;
use crate::{Evidence, Finding, FindingClass, FragmentationEvidence, Label, Location, Problem, Verdict};

/// The observation about holes of the C heap.
pub const HOLES: &str = "malloc-free-below-held";

/// Something worth knowing that is no bug by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FragmentationObservation {
    /// `garbage-awaiting-collection`, `malloc-free-below-held`, `numbers-free`.
    pub name: &'static str,
    /// Bytes it is about.
    pub bytes: u64,
    /// A sentence for people.
    pub message: String,
    /// Who keeps the holes of the C heap, most free bytes first.
    pub pinned_by: Vec<HolePin>,
}

impl FragmentationObservation {
    /// With who keeps these holes.
    #[must_use]
    pub fn pinned_by(self, pins: Vec<HolePin>) -> Self {
        let Some(main) = pins.first() else { return self };
        let message = format!("{}; {}", self.message, main.sentence());
        Self { message, pinned_by: pins, ..self }
    }
}

impl From<&FragmentationObservation> for bloathound_vocabulary::ObservationRecord {
    fn from(seen: &FragmentationObservation) -> Self {
        let record = Self::in_words(seen.name, seen.message.clone()).with("bytes", seen.bytes);
        let Some(main) = seen.pinned_by.first() else { return record };
        let pins: Vec<String> = seen.pinned_by.iter().map(HolePin::sentence).collect();
        record.at(main.location()).with("pinned_by", pins)
    }
}

/// What the rule says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FragmentationJudgement {
    /// None or one.
    pub findings: Vec<Finding>,
    /// What is no bug.
    pub observations: Vec<FragmentationObservation>,
    /// What limits the verdict.
    pub problems: Vec<Problem>,
}

/// Judges one look, against a look at the same process before the load where there is one. `pins` are the groups of
/// objects that keep the sparse arenas, for the evidence.
#[must_use]
pub fn judge(
    now: &ArenaFacts,
    before: Option<&ArenaFacts>,
    pins: &[PinGroup],
    thresholds: &FragmentationThresholds,
) -> FragmentationJudgement {
    let mut judgement =
        FragmentationJudgement { observations: observations(now, thresholds), ..FragmentationJudgement::default() };
    if now.arenas == 0 {
        judgement.problems.push(Problem {
            stage: "fragmentation".into(),
            message: "no arenas are known: nothing can be said".into(),
        });
        return judgement;
    }
    let pinned_bytes = now.pinned_arenas.saturating_mul(now.bytes_each) as f64;
    let has_grown = before.is_none_or(|before| {
        let grown = now.stranded_bytes().saturating_sub(before.stranded_bytes());
        grown >= thresholds.stranded_bytes_min
            && now.pinned_arenas as f64 >= before.pinned_arenas as f64 * thresholds.growth_min
    });
    let is_stranded = now.stranded_bytes() >= thresholds.stranded_bytes_min
        && now.stranded_bytes() as f64 >= pinned_bytes * thresholds.stranded_share_min
        && now.pinned_utilisation() <= thresholds.utilisation_max;
    if is_stranded && has_grown {
        judgement.findings.push(finding(now, pins));
    }
    judgement
}

fn observations(now: &ArenaFacts, thresholds: &FragmentationThresholds) -> Vec<FragmentationObservation> {
    let mut observations = Vec::new();
    if now.garbage_bytes >= thresholds.garbage_bytes_min {
        observations.push(FragmentationObservation {
            name: "garbage-awaiting-collection",
            bytes: now.garbage_bytes,
            message: format!(
                "garbage in the arenas that the collector has not taken yet: a full collection would empty {} of {} arenas",
                now.arenas.saturating_sub(now.pinned_arenas),
                now.arenas
            ),
            pinned_by: Vec::new(),
        });
    }
    if now.malloc_stranded_bytes >= thresholds.malloc_stranded_bytes_min
        && now.malloc_stranded_bytes > now.malloc_held_bytes
    {
        observations.push(FragmentationObservation {
            name: HOLES,
            bytes: now.malloc_stranded_bytes,
            message: format!(
                "{} are free below the highest held chunk of the C heap, more than is held ({}): what is up there keeps the \
                 heap from shrinking",
                bytes_text(now.malloc_stranded_bytes),
                bytes_text(now.malloc_held_bytes)
            ),
            pinned_by: Vec::new(),
        });
    }
    if now.number_free_bytes >= thresholds.number_free_bytes_min {
        observations.push(FragmentationObservation {
            name: "numbers-free",
            bytes: now.number_free_bytes,
            message: format!(
                "{} are free places for int and float objects: this interpreter uses them again and never returns them",
                bytes_text(now.number_free_bytes)
            ),
            pinned_by: Vec::new(),
        });
    }
    observations
}

fn finding(now: &ArenaFacts, pins: &[PinGroup]) -> Finding {
    let main = pins.first();
    let owner = main.map(|pin| pin.owner.clone()).unwrap_or_default();
    let type_name = main.map_or_else(|| "unknown".to_owned(), |pin| pin.type_name.clone());
    Finding {
        summary: String::new(),
        confidence: None,
        class: FindingClass::Fragmentation,
        verdict: Verdict::LivePinnedArenas,
        fingerprint: format!("fragmentation:{type_name}:{}", Label::join(&owner, "/")),
        location: Location {
            module: owner.first().and_then(Label::module).map(str::to_owned),
            attribute: owner.iter().skip(1).rev().find_map(Label::name).map(str::to_owned),
            path: owner,
            ..Location::default()
        },
        evidence: Evidence::Fragmentation(FragmentationEvidence {
            arenas: now.arenas,
            arena_bytes: now.arena_bytes(),
            live_bytes: now.held_bytes,
            utilisation: Some(now.utilisation()).filter(|share| share.is_finite()),
            stranded_bytes: now.stranded_bytes(),
            pinned_by: pins.iter().map(PinGroup::to_pin).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An arena of the interpreter that was measured.
    const ARENA_BYTES: u64 = 256 << 10;

    /// Arenas, pinned, packed, held, garbage; as measured on 2.7.18 with the reference service.
    fn facts(arenas: u64, pinned: u64, packed: u64, held: u64, garbage: u64) -> ArenaFacts {
        ArenaFacts {
            bytes_each: ARENA_BYTES,
            arenas,
            pinned_arenas: pinned,
            packed_arenas: packed,
            held_bytes: held,
            garbage_bytes: garbage,
            ..ArenaFacts::default()
        }
    }

    fn fresh() -> ArenaFacts {
        facts(36, 36, 34, 8_622_448, 10_944)
    }

    fn weak_references() -> PinGroup {
        PinGroup {
            type_name: "weakref".into(),
            owner: vec![
                Label::Root(crate::RootKind::Module, Some("service".into())),
                Label::Name("DBModel".into()),
                Label::Name("__subclasses__".into()),
                Label::Index,
            ],
            objects: 46_157,
            bytes: 4_431_072,
            arenas: 182,
            arenas_alone: 33,
            arenas_mostly: 181,
        }
    }

    fn verdicts(now: ArenaFacts, before: Option<ArenaFacts>) -> (usize, Vec<&'static str>) {
        let judgement = judge(&now, before.as_ref(), &[weak_references()], &FragmentationThresholds::default());
        (judgement.findings.len(), judgement.observations.iter().map(|o| o.name).collect())
    }

    #[test]
    fn pinned_arenas_are_told_before_and_after_the_collection_that_does_not_help() {
        let loaded = facts(217, 217, 54, 13_622_512, 25_685_056);
        let collected = facts(217, 217, 54, 13_593_104, 6_912);
        for before in [None, Some(fresh())] {
            assert_eq!(verdicts(loaded, before), (1, vec!["garbage-awaiting-collection"]));
            assert_eq!(verdicts(collected, before), (1, vec![]));
        }
    }

    #[test]
    fn a_fresh_process_the_streaming_twin_and_a_big_packed_heap_are_silent() {
        for before in [None, Some(fresh())] {
            assert_eq!(verdicts(fresh(), before), (0, vec![]));
            assert_eq!(verdicts(facts(42, 42, 36, 9_146_304, 102_768), before), (0, vec![]));
            assert_eq!(verdicts(facts(1200, 1200, 1170, 300_000_000, 0), before), (0, vec![]));
        }
    }

    #[test]
    fn arenas_full_of_garbage_are_an_observation_and_nothing_more() {
        let full_of_garbage = facts(300, 38, 35, 9_000_000, 65_000_000);
        assert_eq!(verdicts(full_of_garbage, Some(fresh())), (0, vec!["garbage-awaiting-collection"]));
        assert_eq!(verdicts(full_of_garbage, None), (0, vec!["garbage-awaiting-collection"]));
    }

    #[test]
    fn what_the_c_heap_and_the_numbers_keep_is_an_observation() {
        let heap = ArenaFacts { malloc_stranded_bytes: 120 << 20, malloc_held_bytes: 4 << 20, ..fresh() };
        assert_eq!(verdicts(heap, None), (0, vec!["malloc-free-below-held"]));
        // A heap that is mostly held has holes too.
        assert_eq!(verdicts(ArenaFacts { malloc_held_bytes: 130 << 20, ..heap }, None), (0, vec![]));
        let numbers = ArenaFacts { number_free_bytes: 200 << 20, ..fresh() };
        assert_eq!(verdicts(numbers, None), (0, vec!["numbers-free"]));
    }

    #[test]
    fn what_was_there_before_the_load_is_not_the_loads_doing() {
        let sparse = facts(217, 217, 54, 13_600_000, 0);
        assert_eq!(verdicts(sparse, Some(sparse)), (0, vec![]));
        let a_little_more = facts(225, 225, 54, 13_600_000, 0);
        assert_eq!(verdicts(a_little_more, Some(sparse)), (0, vec![]));
    }

    /// Where every limit is passed, each one moved past what was measured keeps the rule silent.
    #[test]
    fn each_limit_alone_keeps_it_silent() {
        let told = |limits: FragmentationThresholds| {
            let loaded = facts(217, 217, 54, 13_622_512, 0);
            !judge(&loaded, Some(&fresh()), &[], &limits).findings.is_empty()
        };
        let limits = FragmentationThresholds::default();
        assert!(told(limits));
        for stricter in [
            FragmentationThresholds { stranded_bytes_min: 50 << 20, ..limits },
            FragmentationThresholds { stranded_share_min: 0.8, ..limits },
            FragmentationThresholds { utilisation_max: 0.2, ..limits },
            FragmentationThresholds { growth_min: 7.0, ..limits },
        ] {
            assert!(!told(stricter), "{stricter:?}");
        }
    }

    #[test]
    fn the_finding_names_who_and_where_without_addresses_or_counts() {
        let loaded = facts(217, 217, 54, 13_622_512, 0);
        let judgement = judge(&loaded, None, &[weak_references()], &FragmentationThresholds::default());
        let finding = &judgement.findings[0];
        assert_eq!(finding.fingerprint, "fragmentation:weakref:module service/DBModel/__subclasses__/[x]");
        assert_eq!(finding.location.module.as_deref(), Some("service"));
        assert_eq!(finding.location.attribute.as_deref(), Some("__subclasses__"));
        let Evidence::Fragmentation(evidence) = &finding.evidence else { panic!("evidence of another class") };
        assert_eq!(evidence.stranded_bytes, (217 - 54) * ARENA_BYTES);
        assert_eq!(evidence.pinned_by[0].objects, 46_157);
    }

    #[test]
    fn no_arenas_is_a_problem_not_a_verdict() {
        let judgement = judge(&ArenaFacts::default(), None, &[], &FragmentationThresholds::default());
        assert_eq!((judgement.findings.len(), judgement.problems.len()), (0, 1));
    }
}
