//! Who holds what grows: not who lists it weakly, not what hangs on it, and not what another rule tells.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test ends by a panic")]

use bloathound_detect::{
    Evidence, GrowthReport, GrowthRound, GrowthUnit, LastLook, Thresholds, Work, find_growth_below_limits,
};
use bloathound_heap::{Analysis, HeapSnapshot, ObjectId, ReferenceKind, RootKind, ShapeTree};

#[path = "support/drawn.rs"]
mod drawn;
#[path = "support/made_up.rs"]
mod made_up;

use self::drawn::{Drawn, FINALIZES};
use self::made_up::{Numbers, shapes};

fn judge(looks: &[Drawn]) -> GrowthReport {
    judge_by(looks, shapes)
}

fn judge_by(looks: &[Drawn], shapes: impl Fn(&HeapSnapshot) -> ShapeTree) -> GrowthReport {
    judge_with(looks, shapes, &Numbers::default())
}

fn judge_with(looks: &[Drawn], shapes: impl Fn(&HeapSnapshot) -> ShapeTree, values: &Numbers) -> GrowthReport {
    let heaps: Vec<_> = looks.iter().map(Drawn::heap).collect();
    let trees: Vec<ShapeTree> = heaps.iter().map(shapes).collect();
    let at = |index: usize| Work {
        seconds: Some(3.0 * index as f64),
        processor_seconds: Some(1.0 + index as f64),
        age_seconds: Some(30.0 + 3.0 * index as f64),
        ..Work::default()
    };
    let works: Vec<Work> = (0..trees.len()).map(at).collect();
    let rounds: Vec<GrowthRound<'_>> =
        trees.iter().zip(&works).map(|(shapes, work)| GrowthRound { shapes, requests: 1, work: *work }).collect();
    let last = LastLook { snapshot: heaps.last().unwrap(), values };
    find_growth_below_limits(&rounds, GrowthUnit::Round, Some(last), &Thresholds::default())
}

fn named(looks: &[Drawn]) -> Vec<String> {
    judge(looks).findings.iter().filter_map(|finding| finding.location.expression.clone()).collect()
}

/// A crawl: requests that wait in a queue or are on their way, each listed in a registry with the moment it was made.
fn crawl(waiting: usize, on_its_way: usize, late: usize) -> Drawn {
    let mut drawn = Drawn::default();
    let engine = drawn.module("engine");
    let queue = drawn.attribute(engine, "queue", "list");
    let slot = drawn.attribute(engine, "slot", "list");
    let tracker = drawn.module("trackref");
    let registry = drawn.attribute(tracker, "live", "weakref.WeakKeyDictionary");
    let data = drawn.attribute(registry, "data", "dict");
    for (holder, count) in [(queue, waiting), (slot, on_its_way)] {
        for _ in 0..count {
            let request = drawn.item(holder, "Request");
            let reference = drawn.item(data, "weakref");
            drawn.refer(reference, request, ReferenceKind::Weak);
            drawn.item(data, "float");
        }
    }
    // Entries that are about to go.
    for _ in 0..late {
        drawn.item(data, "float");
    }
    drawn
}

#[test]
fn what_is_listed_weakly_is_named_by_who_holds_it() {
    let even: Vec<Drawn> = [100, 140, 180, 220, 260].map(|waiting| crawl(waiting, 0, waiting % 7)).into();
    assert_eq!(named(&even), ["engine.queue"], "the registry takes steps of its own, and is no second cause");
    // The queue gives some back now and then: the registry alone grows evenly.
    let uneven: Vec<Drawn> =
        [(100, 0), (140, 0), (120, 60), (220, 0), (260, 0)].map(|(waiting, away)| crawl(waiting, away, 0)).into();
    assert_eq!(named(&uneven), ["engine.queue"]);
}

#[test]
fn a_registry_whose_values_lead_back_to_its_keys_keeps_them() {
    let look = |count: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let registry = drawn.attribute(module, "notes", "weakref.WeakKeyDictionary");
        let data = drawn.attribute(registry, "data", "dict");
        for _ in 0..count {
            let reference = drawn.item(data, "weakref");
            let note = drawn.item(data, "Note");
            let client = drawn.attribute(note, "client", "Client");
            drawn.refer(reference, client, ReferenceKind::Weak);
        }
        drawn
    };
    assert_eq!(named(&[100, 140, 180, 220, 260].map(look)), ["service.notes.data"]);
}

#[test]
fn what_hangs_below_a_leak_is_no_second_one() {
    let look = |count: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let kept = drawn.attribute(module, "kept", "list");
        for index in 0..count {
            let row = drawn.item(kept, "Row");
            // A field that only every other one has takes steps of its own.
            if index % 2 == 0 || index > 150 {
                drawn.attribute(row, "text", "str");
            }
        }
        drawn
    };
    assert_eq!(named(&[100, 140, 180, 220, 260].map(look)), ["service.kept"]);
}

#[test]
fn the_list_of_garbage_is_the_cycle_rules() {
    let look = |count: usize| {
        let mut drawn = Drawn::default();
        let garbage = drawn.object("list");
        drawn.root(garbage, RootKind::GcGarbage, "gc.garbage");
        for _ in 0..count {
            drawn.item(garbage, FINALIZES);
        }
        drawn
    };
    assert!(named(&[100, 140, 180, 220, 260].map(look)).is_empty());
}

#[test]
fn what_is_filled_in_below_owners_that_stay_is_no_growth() {
    let look = |entries: usize, with_a_key: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let cache = drawn.attribute(module, "cache", "list");
        for index in 0..entries {
            let entry = drawn.item(cache, "Entry");
            if index < with_a_key {
                drawn.attribute(entry, "key", "Key");
            }
        }
        drawn
    };
    assert!(named(&[40, 80, 120, 160, 200].map(|with| look(300, with))).is_empty(), "at most one for each entry");
    assert_eq!(named(&[40, 80, 120, 160, 200].map(|count| look(count, 20))), ["service.cache"]);
}

#[test]
fn what_takes_the_place_of_others_is_no_growth() {
    let look = |new: usize, old: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let cache = drawn.attribute(module, "cache", "list");
        for number in 0..new + old {
            drawn.item(cache, if number < new { "New" } else { "Old" });
        }
        drawn
    };
    assert!(named(&[40, 80, 120, 160, 200].map(|new| look(new, 300 - new))).is_empty(), "the cache is full");
    assert_eq!(named(&[40, 80, 120, 160, 200].map(|new| look(new, 60))), ["service.cache"]);
    // Tuples in tuples are one shape with them: ten for each new entry.
    let nested = |count: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let calls = drawn.attribute(module, "calls", "list");
        for _ in 0..count {
            let mut outer = drawn.item(calls, "tuple");
            for _ in 0..9 {
                outer = drawn.item(outer, "tuple");
            }
        }
        drawn
    };
    assert_eq!(named(&[40, 80, 120, 160, 200].map(nested)), ["service.calls"]);
}

/// Under counted load every place takes the same steps.
#[test]
fn what_a_container_keeps_about_its_items_is_no_second_cause() {
    let look = |count: usize, beside: bool| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let cache = drawn.attribute(module, "cache", "Ordered");
        let links = drawn.attribute(if beside { module } else { cache }, "links", "dict");
        for _ in 0..count {
            drawn.item(cache, "Entry");
            drawn.item(links, "list");
        }
        drawn
    };
    let counted = |beside: bool| {
        let looks = [40, 80, 200, 220, 260].map(|count| look(count, beside));
        let heaps: Vec<_> = looks.iter().map(Drawn::heap).collect();
        let trees: Vec<ShapeTree> = heaps.iter().map(shapes).collect();
        let requests = [0, 10, 30, 5, 10];
        let rounds: Vec<GrowthRound<'_>> = trees
            .iter()
            .zip(requests)
            .map(|(shapes, requests)| GrowthRound { shapes, requests, work: Work::default() })
            .collect();
        let report = find_growth_below_limits(&rounds, GrowthUnit::Request, None, &Thresholds::default());
        let place = |finding: &bloathound_detect::Finding| finding.location.expression.clone().unwrap();
        report.findings.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(counted(false), ["service.cache"]);
    assert_eq!(counted(true).len(), 2);
}

#[test]
fn what_grows_below_many_keys_is_one_cause() {
    let look = |keys: usize, round: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let history = drawn.attribute(module, "history", "dict");
        for key in 0..keys {
            let list = drawn.value(history, &format!("user{key}"), "list");
            // Each takes steps of its own; the last one hardly grows.
            let count = if key + 1 == keys { round } else { 20 + round * (15 + key % 3) + (key * round) % 4 };
            for _ in 0..count {
                drawn.item(list, "Click");
            }
        }
        drawn
    };
    let report = judge(&[0, 1, 2, 3, 4].map(|round| look(6, round)));
    let found: Vec<_> = report.findings.iter().map(|finding| finding.location.expression.clone().unwrap()).collect();
    assert_eq!(found, ["service.history[…]"]);
    let Evidence::Growth(leak) = &report.findings[0].evidence else { panic!("{report:?}") };
    assert_eq!((leak.rounds[0], leak.rounds[4] > 400), (100, true), "all of them together: {:?}", leak.rounds);
    assert_eq!(named(&[0, 1, 2, 3, 4].map(|round| look(3, round))).len(), 2, "two keys are names");
    // An attribute of the objects under the keys is one place in the source.
    let look = |round: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let sites = drawn.attribute(module, "sites", "dict");
        for (key, rate) in [("api", 31), ("www", 23)] {
            let site = drawn.value(sites, key, "Site");
            let agents = drawn.attribute(site, "by_agent", "dict");
            for _ in 0..20 + round * rate + (rate * round) % 7 {
                drawn.item(agents, "Agent");
            }
        }
        drawn
    };
    assert_eq!(named(&[0, 1, 2, 3, 4].map(look)), ["service.sites[…].by_agent"]);
}

#[test]
fn a_few_entries_that_hold_many_objects_are_told_by_these() {
    let look = |round: usize| {
        let mut drawn = Drawn::default();
        let module = drawn.module("service");
        let days = drawn.attribute(module, "days", "dict");
        let shared = drawn.object("int");
        drawn.root(shared, RootKind::Module, "numbers");
        for _ in 0..2 + round * 12 {
            drawn.refer(days, shared, ReferenceKind::Item);
        }
        for _ in 0..2 + round {
            let day = drawn.item(days, "set");
            for _ in 0..100 {
                drawn.item(day, "str");
            }
        }
        drawn
    };
    assert_eq!(named(&[0, 1, 2, 3, 4].map(look)), ["service.days[…]"]);
}

#[test]
fn what_items_share_is_freed_with_all_of_them() {
    // The keys of a cache: the same report is in two of them, and keeps much.
    let look = |shared: bool| {
        [0, 1, 2, 3, 4].map(|round| {
            let mut drawn = Drawn::default();
            let module = drawn.module("service");
            let cache = drawn.attribute(module, "cache", "list");
            for _ in 0..20 + round * 30 {
                let keys = [drawn.item(cache, "tuple"), drawn.item(cache, "tuple")];
                let report = drawn.item(keys[0], "Report");
                if shared {
                    drawn.refer(keys[1], report, ReferenceKind::Item);
                }
                for _ in 0..40 {
                    drawn.item(report, "Row");
                }
            }
            drawn
        })
    };
    let freed = |shared: bool| {
        // With what each object keeps alive.
        let whole = |heap: &HeapSnapshot| Analysis::run(heap).shapes(bloathound_detect::thresholds::shape_limits()).0;
        let report = judge_by(&look(shared), whole);
        let Evidence::Growth(leak) = &report.findings[0].evidence else { panic!("{report:?}") };
        leak.retained_bytes
    };
    let (shared, apart) = (freed(true), freed(false));
    assert!(shared >= apart && shared - apart < apart / 10, "{shared} and {apart}");
}

#[test]
fn what_the_collector_was_told_to_save_grows() {
    let look = |round: usize| {
        let mut drawn = Drawn::default();
        let list = drawn.object("list");
        drawn.root(list, RootKind::GcGarbage, "garbage");
        for _ in 0..20 + round * 30 {
            drawn.item(list, "Element");
        }
        drawn
    };
    assert_eq!(named(&[0, 1, 2, 3, 4].map(look)), ["gc.garbage"]);
    // What has a finalizer is there because of it.
    let finalizing = |round: usize| {
        let mut drawn = look(round);
        let list = 0;
        for _ in 0..=round {
            drawn.item(list, FINALIZES);
        }
        drawn
    };
    assert!(named(&[0, 1, 2, 3, 4].map(finalizing)).is_empty());
}

#[test]
fn what_hangs_on_the_items_of_a_bounded_container_is_not_bounded() {
    // A table of as many nodes as ever, each the first of a chain that gets longer; or one that gets longer itself.
    let look = |chained: bool| {
        [0, 1, 2, 3, 4].map(|round| {
            let mut drawn = Drawn::default();
            let module = drawn.module("service");
            let cache = drawn.attribute(module, "cache", "LRU");
            let limit = drawn.slot(cache, "limit", "int");
            let table = drawn.attribute(cache, "table", "dict");
            let more = round * 30;
            for _ in 0..if chained { 128 } else { 128 + more } {
                let node = drawn.item(table, "Node");
                let mut last = node;
                for _ in 0..if chained { round + 1 } else { 0 } {
                    last = drawn.attribute(last, "older", "Node");
                }
            }
            (drawn, limit)
        })
    };
    let found = |chained: bool| {
        let looks = look(chained);
        let numbers = Numbers { values: [(ObjectId(looks[4].1 as u32), 400)].into(), ..Numbers::default() };
        let looks = looks.map(|(drawn, _)| drawn);
        judge_with(&looks, shapes, &numbers).findings.len()
    };
    assert_eq!((found(true), found(false)), (1, 0));
}
