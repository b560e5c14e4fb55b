//! Memory outside the objects' own bytes that climbs: of C code that no object explains, or that objects hold.
//!
//! Needs the facts of several looks. Free chunks, reserved arenas and pages of libraries are in none of these figures, so
//! that holes and warm-up don't pass for growth; what objects hold is theirs, and told by the growth rule where that
//! sees it.

mod settle;
mod unheld;

use crate::series::{Amount, Climb, HeldFacts, LookFacts, MemoryFacts, bytes_text, figures, memories};
use crate::thresholds::{NativeThresholds, predicates};
use crate::{
    Evidence, Finding, FindingClass, Label, Location, NativeMemoryEvidence, ObservationRecord, Thresholds, Verdict,
};
use bloathound_vocabulary::{Grade, ObservationClass};
pub use settle::{settle, settle_unexplained};

/// What the rule says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NativeReport {
    /// One for each kind of memory that climbs.
    pub findings: Vec<Finding>,
    /// What is no bug.
    pub observations: Vec<ObservationRecord>,
}

/// Where memory is that no object explains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// With an allocator that is not glibc's.
    OtherAllocator,
    /// In chunks of the C heap.
    Chunks,
    /// In mappings outside of it.
    Mapped,
}

impl Place {
    /// For the fingerprint.
    fn word(self) -> &'static str {
        match self {
            Self::OtherAllocator => "other-allocator",
            Self::Chunks => "malloc",
            Self::Mapped => "mapped",
        }
    }
}

/// One kind of memory that no object explains.
struct Kind<'a> {
    place: Place,
    what: String,
    rounds: Vec<u64>,
    last: &'a MemoryFacts,
}

/// Judges the memory of several looks.
#[must_use]
pub fn find_native_memory(looks: &[LookFacts], thresholds: &Thresholds) -> NativeReport {
    let mut report = NativeReport::default();
    report.findings.extend(unheld::find(looks, thresholds));
    if let Some(memories) = memories(looks)
        && let Some(kind) = unexplained(&memories)
    {
        let climb = Climb::over(looks, &kind.rounds);
        let resident = Climb::of(&memories.iter().map(|memory| memory.resident).collect::<Vec<_>>());
        let limits = &thresholds.native;
        if climb.is_steady(&thresholds.series) && climb.gained >= limits.bytes_min {
            // Beside something larger it is a by-product of that.
            let by_product = (climb.gained as f64) < resident.gained as f64 * limits.resident_share_min;
            if !predicates::BY_PRODUCT.says(by_product) {
                report.findings.push(finding(kind, climb));
            } else {
                let summary = format!("{} climb too: {} since the first look", kind.what, bytes_text(climb.gained));
                report.observations.push(
                    ObservationRecord::new(ObservationClass::NativeMemoryClimbs, summary).with("bytes", climb.gained),
                );
            }
        }
    }
    held(looks, thresholds, &mut report);
    report
}

/// The kind of memory without an explanation that gained most.
fn unexplained<'a>(memories: &[&'a MemoryFacts]) -> Option<Kind<'a>> {
    let (first, last) = (memories.first()?, memories.last()?);
    let of = |figure: fn(&MemoryFacts) -> u64| memories.iter().map(|memory| figure(memory)).collect::<Vec<_>>();
    if let Some(allocator) = &last.other_allocator {
        // Whose it is can't be told chunk by chunk: what objects there may need is taken off.
        return Some(Kind {
            place: Place::OtherAllocator,
            what: format!("memory of C code, or of {allocator}, beyond what objects need"),
            rounds: of(|memory| memory.mapped.saturating_sub(memory.objects_outside_arenas)),
            last,
        });
    }
    let chunks = Kind {
        place: Place::Chunks,
        what: format!("malloc chunks of C code that no Python object refers to{}", sizes(first, last)),
        rounds: of(|memory| memory.malloc_unexplained),
        last,
    };
    let mapped = Kind {
        place: Place::Mapped,
        what: "memory that C code mapped outside the C heap".into(),
        rounds: of(|memory| memory.mapped),
        last,
    };
    [chunks, mapped].into_iter().max_by_key(|kind| (Climb::of(&kind.rounds).gained, kind.place == Place::Chunks))
}

/// The size of chunk that gained most, where it makes up half of the gain.
fn sizes(first: &MemoryFacts, last: &MemoryFacts) -> String {
    let before = |size: u64| first.chunk_sizes.iter().find(|one| one.size == size).map_or(0, |one| one.count);
    let gain = |one: &Amount| one.count.saturating_sub(before(one.size)).saturating_mul(one.size);
    let gained = last.malloc_unexplained.saturating_sub(first.malloc_unexplained);
    match last.chunk_sizes.iter().max_by_key(|one| gain(one)) {
        Some(most) if gain(most) > 0 && gain(most) >= gained / 2 => format!(", mostly of about {} bytes", most.size),
        _ => String::new(),
    }
}

fn finding(kind: Kind<'_>, climb: Climb) -> Finding {
    let now = kind.rounds.last().copied().unwrap_or(0);
    let summary = format!(
        "{}: {} more than at the first look, {} now, of {} resident. No Python object leads to it: a library or extension \
         in C takes memory and does not give it back.",
        kind.what,
        bytes_text(climb.gained),
        bytes_text(now),
        bytes_text(kind.last.resident)
    );
    let (grade, why) = match climb.rose_always() {
        true => (Grade::Medium, "it rose from each look to the next; a library may fill a cache of its own"),
        false => (Grade::Low, "it rose in most looks; a library may fill a cache of its own"),
    };
    let evidence = NativeMemoryEvidence {
        gained_bytes: climb.gained,
        bytes: now,
        what: kind.what,
        type_name: None,
        rounds: kind.rounds,
    };
    Finding::new(
        FindingClass::NativeMemory,
        Verdict::Unexplained,
        format!("native-memory:{}", kind.place.word()),
        Location::default(),
        Evidence::NativeMemory(evidence),
    )
    .saying(summary)
    .sure(grade, why.to_owned())
}

/// Types whose objects hold more and more memory of C code. Where each holds as much as before and there are more of them,
/// it is for the growth rule to say whether these stay; here it is an observation.
fn held(looks: &[LookFacts], thresholds: &Thresholds, report: &mut NativeReport) {
    let Some(last) = looks.last() else { return };
    let limits: &NativeThresholds = &thresholds.native;
    let of = |look: &LookFacts, name: &str| -> Option<HeldFacts> {
        look.held.iter().find(|held| held.type_name == name).cloned()
    };
    for held in &last.held {
        let rounds = figures(looks, |look| of(look, &held.type_name).map_or(0, |held| held.bytes));
        let climb = Climb::over(looks, &rounds);
        if !climb.is_steady(&thresholds.series) || climb.gained < limits.bytes_min {
            continue;
        }
        let name = &held.type_name;
        let summary = format!(
            "{} objects of {name} hold {} of memory outside themselves, {} more than at the first look{}.",
            held.objects,
            bytes_text(held.bytes),
            bytes_text(climb.gained),
            if held.owner.is_empty() {
                String::new()
            } else {
                format!("; most are at {}", Label::join(&held.owner, " → "))
            }
        );
        let of_one = figures(looks, |look| of(look, name).map_or(0, |held| held.bytes / held.objects.max(1)));
        let by_more = !Climb::over(looks, &of_one).is_steady(&thresholds.series);
        if predicates::HELD_BY_MORE.says(by_more) {
            let record = ObservationRecord::new(ObservationClass::NativeMemoryHeld, summary).at(location(held));
            report.observations.push(record.with("bytes", held.bytes).with("gained_bytes", climb.gained));
            continue;
        }
        let evidence = NativeMemoryEvidence {
            gained_bytes: climb.gained,
            bytes: held.bytes,
            what: "memory of C code that Python objects hold".into(),
            type_name: Some(name.clone()),
            rounds,
        };
        let fingerprint = format!("native-memory:held:{name}");
        let why = "it grew in most looks; whether it is still filling can't be told from its size alone".to_owned();
        let evidence = Evidence::NativeMemory(evidence);
        let finding = Finding::new(FindingClass::NativeMemory, Verdict::Held, fingerprint, location(held), evidence);
        report.findings.push(finding.saying(summary).sure(Grade::Low, why));
    }
}

/// Where most of the objects are held.
fn location(held: &HeldFacts) -> Location {
    Location {
        module: held.owner.first().and_then(Label::module).map(str::to_owned),
        attribute: held.owner.iter().skip(1).rev().find_map(Label::name).map(str::to_owned),
        path: held.owner.clone(),
        ..Location::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(unexplained: &[u64], resident: &[u64]) -> Vec<LookFacts> {
        let look = |(unexplained, resident): (&u64, &u64)| {
            let memory = MemoryFacts {
                resident: *resident,
                malloc_unexplained: *unexplained,
                chunk_sizes: vec![Amount { size: 4000, count: unexplained / 4000 }],
                ..MemoryFacts::default()
            };
            LookFacts { memory: Some(memory), ..LookFacts::default() }
        };
        unexplained.iter().zip(resident).map(look).collect()
    }

    fn told(looks: &[LookFacts]) -> Vec<(Verdict, String)> {
        let report = find_native_memory(looks, &Thresholds::default());
        let what = |finding: &Finding| match &finding.evidence {
            Evidence::NativeMemory(native) => native.what.clone(),
            _ => String::new(),
        };
        report.findings.iter().map(|finding| (finding.verdict, what(finding))).collect()
    }

    const MIB: u64 = 1 << 20;
    const CLIMBS: [u64; 6] = [MIB, 3 * MIB, 3 * MIB, 7 * MIB, 8 * MIB, 12 * MIB];

    #[test]
    fn chunks_that_nobody_refers_to_and_that_climb_are_told_with_their_size() {
        let resident = CLIMBS.map(|bytes| bytes + 20 * MIB);
        let found = told(&looks(&CLIMBS, &resident));
        let what = "malloc chunks of C code that no Python object refers to, mostly of about 4000 bytes";
        assert_eq!(found, [(Verdict::Unexplained, what.to_owned())]);
    }

    #[test]
    fn warm_up_ups_and_downs_and_by_products_are_not_told() {
        let resident = [30 * MIB, 40 * MIB, 41 * MIB, 42 * MIB, 42 * MIB, 42 * MIB];
        assert_eq!(told(&looks(&[MIB, 8 * MIB, 9 * MIB, 9 * MIB, 9 * MIB, 9 * MIB], &resident)), []);
        assert_eq!(told(&looks(&[MIB, 8 * MIB, MIB, 8 * MIB, MIB, 9 * MIB], &resident)), []);
        let beside_much_more = [30 * MIB, 100 * MIB, 200 * MIB, 300 * MIB, 400 * MIB, 500 * MIB];
        assert_eq!(told(&looks(&CLIMBS, &beside_much_more)), []);
    }

    #[test]
    fn with_another_allocator_what_objects_need_is_taken_off() {
        let mut all = looks(&[0; 6], &CLIMBS);
        for (look, bytes) in all.iter_mut().zip(CLIMBS) {
            let memory = look.memory.get_or_insert_default();
            (memory.mapped, memory.objects_outside_arenas) = (bytes, bytes / 10);
            memory.other_allocator = Some("libjemalloc.so.2".into());
        }
        assert!(told(&all)[0].1.contains("libjemalloc.so.2"));
        for look in &mut all {
            let memory = look.memory.get_or_insert_default();
            memory.objects_outside_arenas = memory.mapped;
        }
        assert_eq!(told(&all), []);
    }

    #[test]
    fn more_objects_that_hold_as_much_each_are_for_the_growth_rule() {
        let look = |bytes: &u64| LookFacts {
            held: vec![HeldFacts {
                type_name: "numpy.ndarray".into(),
                objects: bytes / 100_000,
                bytes: bytes / 100_000 * 100_000,
                ..HeldFacts::default()
            }],
            ..LookFacts::default()
        };
        let looks: Vec<LookFacts> = CLIMBS.iter().map(look).collect();
        let report = find_native_memory(&looks, &Thresholds::default());
        assert_eq!((report.findings.len(), report.observations.len()), (0, 1));
    }

    /// A leak of `name` whose objects were so many, look by look.
    fn leaking(name: &str, rounds: &[u64]) -> Finding {
        let evidence = crate::LeakEvidence {
            objects_per_request: 1,
            bytes_per_request: 64,
            retained_bytes_per_request: 64,
            retained_bytes: 640,
            type_name: name.into(),
            rounds: rounds.to_vec(),
            grows_with: String::new(),
            also: Vec::new(),
            tasks_wait: Vec::new(),
        };
        let (class, verdict) = (FindingClass::Leak, Verdict::GrowsWithRequests);
        Finding::new(class, verdict, "leak".into(), Location::default(), Evidence::Leak(evidence))
    }

    #[test]
    fn what_grows_in_step_with_leaking_handles_is_theirs() {
        let mut looks = looks(&CLIMBS, &CLIMBS.map(|bytes| bytes + 20 * MIB));
        let found = find_native_memory(&looks, &Thresholds::default()).findings;
        assert_eq!(found.len(), 1);
        let mut after = |name: &str, rounds: &[u64], held: &str| {
            let held = HeldFacts { type_name: held.into(), ..HeldFacts::default() };
            looks.last_mut().unwrap_or_else(|| panic!("looks")).held = vec![held];
            let mut findings: Vec<Finding> = found.iter().cloned().chain([leaking(name, rounds)]).collect();
            let told = settle_unexplained(&mut findings, &looks, &Thresholds::default());
            (findings.len(), told.len())
        };
        assert_eq!(after("Connection", &[1, 3, 3, 7, 8, 12], "Connection"), (1, 1));
        assert_eq!(after("Connection", &[1, 3, 3, 7, 8, 12], "array"), (2, 0), "it has no memory of C code");
        assert_eq!(after("Connection", &[1, 9, 10, 11, 12, 13], "Connection"), (2, 0), "steps of its own");
    }

    #[test]
    fn objects_without_a_holder_are_told_once() {
        let unheld = |fingerprint: &str, class: FindingClass, path: Vec<Label>| {
            let location = Location { path, ..Location::default() };
            let evidence = crate::LeakEvidence {
                objects_per_request: 1,
                bytes_per_request: 64,
                retained_bytes_per_request: 64,
                retained_bytes: 640,
                type_name: "dict".into(),
                rounds: vec![1, 2, 3],
                grows_with: String::new(),
                also: Vec::new(),
                tasks_wait: Vec::new(),
            };
            Finding::new(class, Verdict::Unexplained, fingerprint.into(), location, Evidence::Growth(evidence))
        };
        let root = |kind| vec![Label::Root(kind, None)];
        let from_c = root(crate::RootKind::Unaccounted);
        let native = NativeMemoryEvidence {
            gained_bytes: 640,
            bytes: 640,
            what: "objects that nobody is seen to refer to".into(),
            type_name: Some("dict".into()),
            rounds: vec![1, 2, 3],
        };
        let location = Location { path: from_c.clone(), ..Location::default() };
        let (class, fingerprint) = (FindingClass::NativeMemory, "native-memory:unheld:dict".to_owned());
        let mut findings = vec![
            Finding::new(class, Verdict::Unexplained, fingerprint, location, Evidence::NativeMemory(native)),
            unheld("growth:c", FindingClass::Growth, from_c.clone()),
            unheld("growth:module", FindingClass::Growth, root(crate::RootKind::Module)),
        ];
        let mut without = vec![unheld("growth:c", FindingClass::Growth, from_c)];
        settle(&mut findings, &Thresholds::default());
        assert_eq!(findings.len(), 2);
        settle(&mut without, &Thresholds::default());
        assert_eq!(without.len(), 1, "told by nobody else");
    }

    #[test]
    fn memory_that_objects_hold_is_the_leaks_where_one_is_told() {
        let look = |bytes: &u64| LookFacts {
            held: vec![HeldFacts {
                type_name: "zlib.Compress".into(),
                objects: 3,
                bytes: *bytes,
                ..HeldFacts::default()
            }],
            ..LookFacts::default()
        };
        let looks: Vec<LookFacts> = CLIMBS.iter().map(look).collect();
        let mut findings = find_native_memory(&looks, &Thresholds::default()).findings;
        assert_eq!(findings.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), [Verdict::Held]);
        let leak = crate::LeakEvidence {
            objects_per_request: 1,
            bytes_per_request: 64,
            retained_bytes_per_request: MIB,
            retained_bytes: 12 * MIB,
            type_name: "zlib.Compress".into(),
            rounds: vec![1, 2, 3],
            grows_with: String::new(),
            also: Vec::new(),
            tasks_wait: Vec::new(),
        };
        let location = Location::default();
        findings.push(Finding::new(
            FindingClass::Leak,
            Verdict::Leaks,
            "leak:x".into(),
            location,
            Evidence::Leak(leak),
        ));
        settle(&mut findings, &Thresholds::default());
        assert_eq!(findings.iter().map(|finding| finding.class).collect::<Vec<_>>(), [FindingClass::Leak]);
    }
}
