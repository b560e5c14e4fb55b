//! One cause, one finding: memory of C code and the objects it belongs to.

use super::unheld;
use crate::growth::cause::{self, steps};
use crate::series::{Climb, LookFacts, bytes_text};
use crate::thresholds::fixed::LEAKED_ONE_IN;
use crate::thresholds::{Scope, predicates};
use crate::{Evidence, Finding, ObservationRecord, Thresholds, Verdict};
use bloathound_vocabulary::ObservationClass;

/// One cause, one finding: memory that is held by what leaks is that leak's, and objects that nobody is seen to refer to are
/// told once, with what they lead to.
pub fn settle(findings: &mut Vec<Finding>, thresholds: &Thresholds) {
    let _away = Scope::new(thresholds.away);
    let leaks: u64 = findings.iter().filter_map(leaking_bytes).sum();
    let has_unheld = findings.iter().any(unheld::is_it);
    findings.retain(|finding| match (&finding.evidence, finding.verdict) {
        (Evidence::NativeMemory(native), Verdict::Held) => {
            !predicates::HELD_BY_A_LEAK.says(leaks >= native.gained_bytes / LEAKED_ONE_IN)
        }
        (Evidence::Leak(_) | Evidence::Growth(_), _) => {
            !predicates::TOLD_AS_UNHELD.says(has_unheld && unheld::is_held_from_c(&finding.location))
        }
        _ => true,
    });
}

/// One cause, one finding: memory that no object leads to, and that grows in step with objects which leak and have memory of C
/// code, is theirs: a library's own lists keep what their handles stand for. It is told beside that leak.
pub fn settle_unexplained(
    findings: &mut Vec<Finding>,
    looks: &[LookFacts],
    thresholds: &Thresholds,
) -> Vec<ObservationRecord> {
    let _away = Scope::new(thresholds.away);
    let leaks: Vec<(String, Vec<u64>)> = findings.iter().filter_map(leaking_handles).collect();
    let has_memory = |name: &str| looks.last().is_some_and(|look| look.held.iter().any(|held| held.type_name == name));
    let mut told = Vec::new();
    findings.retain(|finding| {
        let Evidence::NativeMemory(native) = &finding.evidence else { return true };
        let is_it = finding.verdict == Verdict::Unexplained && !unheld::is_it(finding);
        let same = |rounds: &[u64]| cause::same(&steps(rounds), &steps(&native.rounds), &thresholds.growth);
        let of = leaks.iter().find(|(name, rounds)| is_it && has_memory(name) && same(rounds));
        if !predicates::OF_LEAKING_HANDLES.says(of.is_some()) {
            return true;
        }
        let (name, objects) = of.map_or(("?", 0), |(name, rounds)| (name, Climb::of(rounds).gained));
        let summary = format!(
            "{}: {} more than at the first look, in step with the {objects} objects of {name} that stay: about {} for each, \
             which would go with them",
            native.what,
            bytes_text(native.gained_bytes),
            bytes_text(native.gained_bytes / objects.max(1))
        );
        told.push(
            ObservationRecord::new(ObservationClass::NativeMemoryHeld, summary)
                .with("bytes", native.bytes)
                .with("gained_bytes", native.gained_bytes),
        );
        false
    });
    told
}

/// The type of what leaks, and how many there were, look by look.
fn leaking_handles(finding: &Finding) -> Option<(String, Vec<u64>)> {
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => Some((leak.type_name.clone(), leak.rounds.clone())),
        _ => None,
    }
}

fn leaking_bytes(finding: &Finding) -> Option<u64> {
    match &finding.evidence {
        Evidence::Leak(leak) | Evidence::Growth(leak) => Some(leak.retained_bytes),
        _ => None,
    }
}
