//! Findings as the records that are written.

use bloathound_vocabulary::{
    ClassName, CycleRecord, EvidenceRecord, FindingRecord, FragmentationRecord, HotLoopRecord, LeakRecord,
    ObservationRecord, PinRecord, ProblemRecord, WhereRecord,
};

use crate::fragmentation::FragmentationObservation;
use crate::{
    CycleEvidence, Evidence, Finding, FindingClass, FragmentationEvidence, HotLoopEvidence, LeakEvidence, Location,
    Pin, Problem,
};

/// JSON has no NaN: written as null it must be able to be read as null.
fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

impl From<FindingClass> for ClassName {
    fn from(class: FindingClass) -> Self {
        match class {
            FindingClass::Leak => Self::Leak,
            FindingClass::Cycle => Self::Cycle,
            FindingClass::Fragmentation => Self::Fragmentation,
            FindingClass::HotLoop => Self::HotLoop,
        }
    }
}

impl From<&Location> for WhereRecord {
    fn from(location: &Location) -> Self {
        Self {
            module: location.module.clone(),
            class: location.class.clone(),
            attribute: location.attribute.clone(),
            file: location.file.clone(),
            function: location.function.clone(),
            line_first: location.line_first,
            line_last: location.line_last,
            path: location.path.clone(),
        }
    }
}

impl From<&LeakEvidence> for LeakRecord {
    fn from(evidence: &LeakEvidence) -> Self {
        Self {
            objects_per_request: evidence.objects_per_request,
            bytes_per_request: evidence.bytes_per_request,
            retained_bytes_per_request: evidence.retained_bytes_per_request,
            retained_bytes: evidence.retained_bytes,
            type_name: evidence.type_name.clone(),
            rounds: evidence.rounds.clone(),
        }
    }
}

impl From<&CycleEvidence> for CycleRecord {
    fn from(evidence: &CycleEvidence) -> Self {
        Self {
            objects: evidence.objects,
            types: evidence.types.clone(),
            finalizers: evidence.finalizers.clone(),
            in_gc_garbage: evidence.in_gc_garbage,
            uncollectable: evidence.uncollectable,
            cycle: evidence.cycle.clone(),
            closing_reference: evidence.closing_reference.clone(),
        }
    }
}

impl From<&Pin> for PinRecord {
    fn from(pin: &Pin) -> Self {
        Self {
            type_name: pin.type_name.clone(),
            owner: pin.owner.clone(),
            objects: pin.objects,
            bytes: pin.bytes,
            arenas: pin.arenas,
        }
    }
}

impl From<&FragmentationEvidence> for FragmentationRecord {
    fn from(evidence: &FragmentationEvidence) -> Self {
        Self {
            arenas: evidence.arenas,
            arena_bytes: evidence.arena_bytes,
            live_bytes: evidence.live_bytes,
            utilisation: finite(evidence.utilisation),
            stranded_bytes: evidence.stranded_bytes,
            pinned_by: evidence.pinned_by.iter().map(PinRecord::from).collect(),
        }
    }
}

impl From<&HotLoopEvidence> for HotLoopRecord {
    fn from(evidence: &HotLoopEvidence) -> Self {
        Self {
            samples: evidence.samples,
            cpu_fraction: finite(evidence.cpu_fraction),
            loop_bytecode: evidence.loop_bytecode.map(|(first, last)| [first, last]),
            distinct_states: evidence.distinct_states,
            unchanging: evidence.unchanging.clone(),
            starved_seconds: evidence.starved_seconds.and_then(finite),
            voluntary_switches: evidence.voluntary_switches,
            tiers: evidence.tiers.clone(),
            thread: evidence.thread,
            inside: evidence.inside.clone(),
            exit_values: evidence.exit_values.clone(),
        }
    }
}

impl From<&Finding> for FindingRecord {
    fn from(finding: &Finding) -> Self {
        Self {
            class: finding.class.into(),
            verdict: finding.verdict.clone(),
            fingerprint: finding.fingerprint.clone(),
            location: WhereRecord::from(&finding.location),
            evidence: match &finding.evidence {
                Evidence::Leak(evidence) => EvidenceRecord::Leak(evidence.into()),
                Evidence::Cycle(evidence) => EvidenceRecord::Cycle(evidence.into()),
                Evidence::Fragmentation(evidence) => EvidenceRecord::Fragmentation(evidence.into()),
                Evidence::HotLoop(evidence) => EvidenceRecord::HotLoop(evidence.into()),
            },
        }
    }
}

impl From<&Problem> for ProblemRecord {
    fn from(problem: &Problem) -> Self {
        Self { stage: problem.stage.clone(), message: problem.message.clone() }
    }
}

impl From<&FragmentationObservation> for ObservationRecord {
    fn from(seen: &FragmentationObservation) -> Self {
        Self { name: seen.name.into(), bytes: seen.bytes, message: seen.message.clone() }
    }
}
