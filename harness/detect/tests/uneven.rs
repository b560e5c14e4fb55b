//! The growth rule where nobody counts the load: bursts, lulls, caches that fill, limits, and how sure it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use bloathound_detect::{
    Evidence, Finding, FindingClass, Grade, GrowthReport, GrowthRound, GrowthUnit, LastLook, Thresholds, Work,
    find_growth_below_limits,
};
use bloathound_heap::{RootKind, ShapeTree};

#[path = "support/made_up.rs"]
mod made_up;

use self::made_up::{Kept, heap_below, shapes};

/// A watch: what was kept at each look, and what the target had done by then.
struct Watch {
    root: (RootKind, &'static str),
    looks: Vec<Vec<Kept>>,
    works: Vec<Work>,
    numbers: Vec<(&'static str, i64)>,
    most: Option<u64>,
    requests: Option<Vec<u64>>,
    thresholds: Thresholds,
}

/// Processor seconds and bytes moved by then, with looks 3 s apart, of a process that was `age` old at the first look.
fn works(age: f64, done: &[(f64, u64)]) -> Vec<Work> {
    let at = |(index, (processor, moved)): (usize, &(f64, u64))| Work {
        requests: None,
        seconds: Some(3.0 * index as f64),
        processor_seconds: Some(*processor),
        switches: None,
        moved_bytes: Some(*moved),
        age_seconds: Some(age + 3.0 * index as f64),
    };
    done.iter().enumerate().map(at).collect()
}

impl Watch {
    /// Rows in `kept`, look by look, of a process two hours old whose work is the clock's.
    fn of(counts: &[u64]) -> Self {
        let even: Vec<(f64, u64)> =
            (0..counts.len()).map(|index| (100.0 + index as f64, 1000 * index as u64)).collect();
        Self {
            root: (RootKind::Module, "service"),
            looks: counts.iter().map(|n| vec![("kept", "Row", *n, 72 + n * 8)]).collect(),
            works: works(7200.0, &even),
            numbers: Vec::new(),
            most: None,
            requests: None,
            thresholds: Thresholds::default(),
        }
    }

    fn judge(&self) -> GrowthReport {
        let mut heaps: Vec<_> = self.looks.iter().map(|kept| heap_below(self.root, kept, &self.numbers)).collect();
        heaps.iter_mut().for_each(|(_, numbers)| numbers.most = self.most);
        let trees: Vec<ShapeTree> = heaps.iter().map(|(heap, _)| shapes(heap)).collect();
        let rounds: Vec<GrowthRound<'_>> = trees
            .iter()
            .enumerate()
            .map(|(index, shapes)| GrowthRound {
                shapes,
                requests: self.requests.as_ref().map_or(1, |requests| requests[index]),
                work: self.works[index],
            })
            .collect();
        let (heap, numbers) = heaps.last().unwrap();
        let unit = if self.requests.is_some() { GrowthUnit::Request } else { GrowthUnit::Round };
        find_growth_below_limits(&rounds, unit, Some(LastLook { snapshot: heap, values: numbers }), &self.thresholds)
    }

    fn found(&self) -> Vec<Finding> {
        self.judge().findings
    }

    fn classes(&self) -> Vec<FindingClass> {
        self.found().iter().map(|finding| finding.class).collect()
    }
}

#[test]
fn bursts_and_empty_rounds_hide_no_leak() {
    assert_eq!(Watch::of(&[40_000, 40_001, 40_030, 40_035, 40_055, 40_060]).classes(), [FindingClass::Leak]);
    assert_eq!(Watch::of(&[40_000, 40_000, 40_030, 40_030, 40_045, 40_060]).classes(), [FindingClass::Leak]);
    // Faster and faster.
    assert_eq!(Watch::of(&[40_000, 40_002, 40_006, 40_014, 40_030, 40_060]).classes(), [FindingClass::Leak]);
}

#[test]
fn a_lull_at_the_end_is_no_rest_where_nothing_was_done_in_it() {
    let counts = [40_000, 40_020, 40_040, 40_060, 40_060, 40_060];
    let lull = Watch {
        // A timer burns processor all the time; the sockets tell that nobody came.
        works: works(
            7200.0,
            &[(50.0, 0), (51.0, 9000), (52.0, 18_000), (53.0, 27_000), (54.0, 27_000), (55.0, 27_000)],
        ),
        ..Watch::of(&counts)
    };
    assert_eq!(lull.classes(), [FindingClass::Leak]);
    assert!(Watch::of(&counts).classes().is_empty(), "with as many bytes moved in the end it came to rest");
}

#[test]
fn a_cache_that_fills_comes_to_rest() {
    let counts = [1000, 3000, 3800, 4000, 4000, 4000];
    assert!(Watch::of(&counts).classes().is_empty());
    let mut watch = Watch::of(&counts);
    watch.thresholds.growth.bend_max = 0.5;
    assert!(watch.classes().is_empty(), "it stands still in the end");
    watch.thresholds.growth.tail_rate_min = 0.0;
    assert!(!watch.classes().is_empty());
    // Still creeping up: the curve alone tells.
    let creeping = [1000, 3000, 3800, 3900, 4000, 4200];
    assert!(Watch::of(&creeping).classes().is_empty());
    let mut watch = Watch::of(&creeping);
    watch.thresholds.growth.bend_max = 0.5;
    assert!(!watch.classes().is_empty());
}

#[test]
fn a_sawtooth_is_no_growth() {
    let counts = [100, 900, 1700, 300, 1100, 1900];
    assert!(Watch::of(&counts).classes().is_empty());
    let mut watch = Watch::of(&counts);
    watch.thresholds.growth.given_back_max = 1.0;
    assert!(!watch.classes().is_empty());
}

#[test]
fn a_path_that_led_another_way_once_hides_no_leak() {
    let without = |missing: &[usize], counts: &[u64]| {
        let mut watch = Watch::of(counts);
        for look in missing {
            watch.looks[*look] = vec![("elsewhere", "Row", 40_000, 72)];
        }
        watch.classes()
    };
    let counts = [40_000, 40_010, 40_020, 40_030, 40_040, 40_050];
    assert_eq!(without(&[2], &counts), [FindingClass::Leak]);
    assert!(without(&[2, 4], &counts).is_empty(), "two looks of six");
    // It was emptied there: what came after is less.
    assert!(without(&[2], &[1000, 2000, 0, 500, 1500, 2500]).is_empty());
}

#[test]
fn one_step_up_is_no_growth() {
    let counts = [1000, 1000, 1000, 1000, 1500, 1500, 1500];
    assert!(Watch::of(&counts).classes().is_empty());
    let mut watch = Watch::of(&[1000, 1000, 1000, 1000, 1000, 1300, 1600]);
    assert!(watch.classes().is_empty(), "two rounds of six");
    watch.thresholds.growth.growing_share_min = 0.1;
    assert!(!watch.classes().is_empty());
}

#[test]
fn stragglers_are_no_growth() {
    // The processor was busy while it filled, and hardly after.
    let watch = |limit: f64| {
        let mut watch = Watch {
            works: works(10.0, &[(1.0, 0), (1.8, 0), (1.9, 0), (1.91, 0), (1.92, 0), (1.93, 0)]),
            ..Watch::of(&[740, 1490, 1500, 1500, 1500, 1500])
        };
        watch.thresholds.growth.step_share_min = limit;
        watch.classes()
    };
    assert!(watch(0.1).is_empty());
    assert!(!watch(0.0).is_empty());
}

#[test]
fn a_few_objects_are_noise() {
    let counts = [1000, 1002, 1003, 1005, 1006, 1008];
    assert!(Watch::of(&counts).classes().is_empty());
    let mut watch = Watch::of(&counts);
    watch.thresholds.growth.objects_gain_min = 5;
    assert!(!watch.classes().is_empty());
}

#[test]
fn one_object_that_grows_a_little_is_noise() {
    let of = |step: u64| Watch {
        looks: (0..6).map(|round| vec![("kept", "Row", 1, 72 + round * step)]).collect(),
        ..Watch::of(&[0; 6])
    };
    assert!(of(1000).classes().is_empty());
    assert!(!of(10_000).classes().is_empty());
}

#[test]
fn a_young_process_is_not_called_leaking() {
    let young = Watch {
        works: works(4.0, &[(1.0, 0), (2.0, 100), (3.0, 200), (4.0, 300), (5.0, 400), (6.0, 500)]),
        ..Watch::of(&[500, 1000, 1500, 2000, 2500, 3000])
    };
    let found = young.found();
    assert_eq!(found[0].class, FindingClass::Growth);
    let confidence = found[0].confidence.clone().unwrap();
    assert!(confidence.why.contains("may still be filling") && confidence.grade == Grade::Medium, "{confidence:?}");
    // The same, and it bends: less is claimed.
    let counts = [500, 1400, 2100, 2600, 3000, 3300];
    let bent = Watch { works: young.works, ..Watch::of(&counts) }.found();
    assert_eq!(bent[0].confidence.as_ref().map(|one| one.grade), Some(Grade::Low), "{bent:?}");
}

#[test]
fn a_single_gain_is_no_growth_however_short_the_watch() {
    assert!(Watch::of(&[1000, 1000, 1300]).classes().is_empty());
    assert!(!Watch::of(&[1000, 1300, 1600]).classes().is_empty());
}

#[test]
fn what_was_emptied_before_only_grows() {
    // Two hours old, and holds what comes in half a minute.
    let watch = Watch::of(&[500, 700, 900, 1100, 1300, 1500]);
    let found = watch.found();
    assert_eq!(found[0].class, FindingClass::Growth);
    assert!(found[0].confidence.as_ref().unwrap().why.contains("was emptied before"));
    assert_eq!(Watch::of(&[40_000, 40_010, 40_020, 40_030, 40_040, 40_050]).classes(), [FindingClass::Leak]);
}

#[test]
fn a_running_functions_local_only_grows() {
    let local = Watch { root: (RootKind::ThreadFrame, "gather"), ..Watch::of(&[40_000, 40_010, 40_020, 40_030]) };
    let found = local.found();
    assert_eq!(found[0].class, FindingClass::Growth);
    assert!(found[0].confidence.as_ref().unwrap().why.contains("local of gather"));
}

#[test]
fn timed_calls_only_grow() {
    let named = |name: &'static str| Watch {
        looks: [40_000, 40_010, 40_020, 40_030].map(|n| vec![(name, "DelayedCall", n, 72)]).into(),
        ..Watch::of(&[0; 4])
    };
    assert_eq!(named("_pendingTimedCalls").classes(), [FindingClass::Growth]);
    assert_eq!(named("calls").classes(), [FindingClass::Leak]);
    // Of short times they come while they are watched: bursts leave more of them at one look than at another.
    let short = |name: &'static str| Watch {
        looks: [146, 268, 252, 246, 276, 497].map(|n| vec![(name, "DelayedCall", n, 72)]).into(),
        ..Watch::of(&[0; 6])
    };
    let report = short("_pendingTimedCalls").judge();
    assert!(report.findings.is_empty() && report.observations[0].summary.contains("which come"), "{report:?}");
    assert_eq!(short("calls").classes(), [FindingClass::Growth], "what has no time may be kept");
}

#[test]
fn texts_that_get_a_digit_more_are_no_growth() {
    // A ring of 20 000 records that was there from the start, on its first way round.
    let ring = |bytes: [u64; 6]| Watch {
        looks: bytes.map(|bytes| vec![("tag", "str", 1, bytes)]).into(),
        ..Watch::of(&[0; 6])
    };
    let texts = [826_450, 842_530, 873_050, 892_740, 900_000, 910_000];
    let mut watch = ring(texts);
    assert_eq!(watch.classes(), [FindingClass::Growth], "one buffer");
    // The same bytes by as many objects as there were before.
    watch.thresholds.growth.standing_bytes_min = 100_000;
    assert!(watch.classes().is_empty());
}

#[test]
fn a_number_beside_it_that_is_far_bounds_nothing_yet() {
    let beside = |most: i64| Watch { numbers: vec![("maxsize", most)], ..Watch::of(&[400, 410, 420, 430, 440, 450]) };
    // 10 in 3 s: three quarters of an hour until it is full, if that is its bound.
    let found = beside(9000).found();
    assert_eq!(found[0].class, FindingClass::Growth);
    assert!(found[0].summary.contains("If maxsize = 9000 is meant as its bound"), "{}", found[0].summary);
    assert_eq!(found[0].confidence.as_ref().unwrap().grade, Grade::Low);
    // Nearly reached, or soon: a cache that fills.
    assert!(beside(1000).found().is_empty() && beside(460).found().is_empty());
    // `sys.maxsize` bounds nothing.
    let found = beside(i64::MAX).found();
    assert!(!found[0].summary.contains("maxsize"), "{}", found[0].summary);
    // Without a clock so many watches more would have to pass.
    let counted = |most: i64| Watch {
        requests: Some(vec![0, 10, 10, 10, 10, 10]),
        works: vec![Work::default(); 6],
        ..beside(most)
    };
    assert_eq!(counted(9000).classes(), [FindingClass::Growth]);
    assert!(counted(1000).classes().is_empty());
    // A log's own bound is one.
    let mut log = Watch { numbers: Vec::new(), most: Some(9000), ..counted(9000) };
    log.thresholds.growth.bound_item_bytes_min = 0.0;
    assert!(log.classes().is_empty());
}

#[test]
fn a_limit_beside_it_is_told_and_no_finding() {
    let counts = [40_000, 40_010, 40_020, 40_030];
    for name in ["maxsize", "max_kept", "_kept_limit", "MAX_SIZE"] {
        let report = Watch { numbers: vec![(name, 50_000)], ..Watch::of(&counts) }.judge();
        assert!(report.findings.is_empty(), "{name}");
        assert!(report.observations[0].summary.contains("40030 of at most 50000"), "{:?}", report.observations);
    }
    for (name, most) in [("retries", 50_000), ("maxsize", 30_000), ("max_other", 50_000)] {
        assert!(!Watch { numbers: vec![(name, most)], ..Watch::of(&counts) }.classes().is_empty(), "{name}");
    }
}

#[test]
fn a_log_that_is_far_from_its_bound_grows() {
    // 10 in 3 s: 450 of 9000 are reached in three quarters of an hour.
    let log = |most: u64| {
        let mut watch = Watch { most: Some(most), ..Watch::of(&[400, 410, 420, 430, 440, 450]) };
        // These heaps are made without what hangs on each item.
        watch.thresholds.growth.bound_item_bytes_min = 0.0;
        watch
    };
    let report = log(9000).judge();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    let found = report.findings;
    assert_eq!(found[0].class, FindingClass::Growth);
    let (told, grade) = (&found[0].summary, found[0].confidence.as_ref().unwrap().grade);
    assert!(told.contains("450 of at most 9000 (maxlen)") && told.contains("full in 43 minutes"), "{told}");
    assert_eq!(grade, Grade::Low);
    let silent = |watch: &Watch| {
        let report = watch.judge();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        assert!(report.observations[0].summary.contains("it is bounded"), "{:?}", report.observations);
    };
    silent(&log(450));
    silent(&log(1200));
    let mut soon = log(9000);
    soon.thresholds.growth.bound_seconds_min = 3000.0;
    silent(&soon);
    let mut small = log(9000);
    small.thresholds.growth.bound_item_bytes_min = 200.0;
    silent(&small);
}

#[test]
fn a_counter_beside_it_is_no_limit() {
    let watch = Watch { numbers: vec![("size", 40_031)], ..Watch::of(&[40_000, 40_010, 40_020, 40_030]) };
    assert_eq!(watch.classes(), [FindingClass::Leak]);
}

#[test]
fn what_the_library_keeps_by_design_is_told() {
    let cache = |module: &'static str, counts: [u64; 4]| Watch {
        root: (RootKind::Module, module),
        looks: counts.map(|n| vec![("_cache", "Row", n, 72)]).into(),
        ..Watch::of(&[0; 4])
    };
    let report = cache("re", [20, 40, 60, 80]).judge();
    assert!(report.findings.is_empty() && report.observations[0].summary.contains("by design"), "{report:?}");
    assert!(!cache("mine", [20, 40, 60, 80]).classes().is_empty());
    let modules = |counts: &[u64]| Watch {
        root: (RootKind::Module, "sys"),
        looks: counts.iter().map(|n| vec![("modules", "module", *n, 72)]).collect(),
        ..Watch::of(&vec![0; counts.len()])
    };
    assert!(modules(&[200, 220, 240, 240, 250, 260]).classes().is_empty(), "a program comes by its parts");
    let found = modules(&[200, 220, 240, 260, 280, 300]).found();
    assert!(found[0].confidence.as_ref().unwrap().why.contains("in every round there were new ones"), "{found:?}");
    assert!(cache("re", [140, 160, 180, 200]).classes().is_empty(), "twice its bound");
    assert!(!cache("re", [160, 180, 200, 220]).classes().is_empty(), "beyond twice its bound");
    assert!(!cache("re", [20_000, 20_010, 20_020, 20_030]).classes().is_empty(), "far beyond its bound");
}

#[test]
fn one_cause_is_one_finding() {
    let looks = |other: [u64; 5]| {
        let both = [40_000, 40_001, 40_031, 40_033, 40_063];
        Watch {
            looks: both
                .iter()
                .zip(other)
                .map(|(n, m)| vec![("kept", "Row", *n, 72), ("names", "Name", m, 72)])
                .collect(),
            ..Watch::of(&[0; 5])
        }
    };
    let found = looks([80_000, 80_002, 80_062, 80_066, 80_126]).found();
    assert_eq!(found.len(), 1);
    let Evidence::Leak(leak) = &found[0].evidence else { panic!("{found:?}") };
    assert_eq!(leak.also, ["module service → kept → [x]"]);
    assert_eq!(looks([80_000, 80_031, 80_032, 80_040, 80_063]).found().len(), 2, "steps of their own");
}

#[test]
fn counted_load_may_come_in_bursts() {
    let requests =
        |counts: &[u64]| Watch { requests: Some(counts.to_vec()), ..Watch::of(&[100, 140, 140, 1140, 1160, 1660]) };
    let found = requests(&[0, 20, 0, 500, 10, 250]).found();
    assert_eq!(found[0].confidence.as_ref().unwrap().grade, Grade::High);
    let Evidence::Leak(leak) = &found[0].evidence else { panic!("{found:?}") };
    assert_eq!((leak.objects_per_request, leak.grows_with.as_str()), (2, "requests"));
    // The same steps under an even load are a cache that fills in two goes: of few rounds nothing is said.
    let filling = Watch { requests: Some(vec![0, 100, 100, 100]), ..Watch::of(&[100, 1100, 1120, 1130]) };
    assert!(filling.classes().is_empty());
}

#[test]
fn what_stops_though_requests_go_on_has_come_to_rest() {
    let at = |values: &[u64]| Watch { requests: Some(vec![0, 6, 6, 6, 6, 6]), ..Watch::of(values) }.classes();
    // A thread each, and no more than twenty of them.
    assert!(at(&[100, 106, 112, 118, 120, 120]).is_empty());
    assert_eq!(at(&[100, 106, 112, 118, 122, 128]).len(), 1);
    // Of two requests that leave something nine times in ten, none may do so by chance.
    let rare = Watch { requests: Some(vec![0, 60, 60, 60, 60, 2]), ..Watch::of(&[100, 155, 208, 262, 316, 316]) };
    assert_eq!(rare.classes().len(), 1);
}
