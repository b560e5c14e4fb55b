//! What is not reachable, and when the collector will come for it, in words: for terminal and page alike.

use bloathound_vocabulary::{CollectorRecord, GarbageRecord, NextFull, Population};

use super::path;
use crate::units;

/// Name and text of what is told beyond the plain counts; nothing where nothing is worth telling.
pub(crate) fn rows(garbage: &GarbageRecord) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if !garbage.cycle.is_empty() {
        rows.push(("one cycle of it", path(&garbage.cycle)));
    }
    let waits = garbage.awaiting_collection.objects > 0;
    let stays_off =
        |collector: &CollectorRecord| matches!(collector.next_full, NextFull::Off | NextFull::ThresholdZero);
    if let Some(collector) = garbage.collector.as_ref().filter(|collector| waits || stays_off(collector)) {
        rows.extend(next_full(collector).map(|text| ("next full collection", text)));
    }
    if let Some(lost) = garbage.frozen_garbage.filter(|lost| lost.objects > 0) {
        let of = garbage.frozen.unwrap_or_default();
        let all = format!("of {} frozen by gc.freeze()", population(of));
        rows.push(("frozen as garbage", format!("{}, {all}: no collection looks at them", population(lost))));
    }
    rows
}

/// `201 objects, 1.2 MiB`.
pub(crate) fn population(of: Population) -> String {
    format!("{}, {}", units::plural(of.objects, "object", "objects"), units::bytes(of.bytes))
}

fn next_full(collector: &CollectorRecord) -> Option<String> {
    match collector.next_full {
        NextFull::Off => Some("none: gc.disable() was called".to_owned()),
        NextFull::ThresholdZero => Some("none: gc.set_threshold(0) was called".to_owned()),
        NextFull::Due => Some("with the next collection, whichever it is".to_owned()),
        NextFull::Later => Some(later(collector)),
        NextFull::Unknown => None,
    }
}

fn later(collector: &CollectorRecord) -> String {
    let mut parts = Vec::new();
    if let Some(left) = collector.collections_left.filter(|left| *left > 0) {
        let generation = collector.generations.len().saturating_sub(2);
        parts.push(units::plural(
            left,
            &format!("collection of generation {generation}"),
            &format!("collections of generation {generation}"),
        ));
    }
    if let (Some(left), Some(total), Some(pending)) =
        (collector.objects_left.filter(|left| *left > 0), collector.long_lived_total, collector.long_lived_pending)
    {
        let many = units::plural(left, "more object has grown old", "more objects have grown old");
        let so_far = format!("{} did, and it waits for a quarter of {}", units::count(pending), units::count(total));
        parts.push(format!("{many} ({so_far})"));
    }
    let least = collector
        .allocations_left
        .map(|left| format!(", {} away at least", units::plural(left, "allocation", "allocations")));
    format!("after {}{}", parts.join(" and after "), least.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_vocabulary::{GenerationRecord, Label};

    fn collector() -> CollectorRecord {
        let one = |threshold, count| GenerationRecord { threshold, count };
        CollectorRecord {
            enabled: Some(true),
            generations: vec![one(2000, 153), one(10, 4), one(10, 8)],
            long_lived_total: Some(60_000),
            long_lived_pending: Some(12_000),
            next_full: NextFull::Later,
            collections_left: Some(3),
            objects_left: Some(3000),
            allocations_left: Some(70_000),
        }
    }

    #[test]
    fn when_the_collector_comes_is_told_where_something_waits_for_it() {
        let some = Population { objects: 201, bytes: 1 << 20 };
        let told = |collector, awaiting_collection| {
            rows(&GarbageRecord { awaiting_collection, collector: Some(collector), ..GarbageRecord::default() })
        };
        let one = |next_full| told(CollectorRecord { next_full, ..collector() }, some).remove(0).1;
        assert_eq!(
            one(NextFull::Later),
            "after 3 collections of generation 1 and after 3000 more objects have grown old (12 000 did, and it waits for a \
             quarter of 60 000), 70 000 allocations away at least"
        );
        assert_eq!(one(NextFull::Off), "none: gc.disable() was called");
        assert_eq!(told(collector(), Population::default()), []);
        let off = CollectorRecord { next_full: NextFull::Off, ..collector() };
        assert_eq!(told(off, Population::default()).len(), 1);
    }

    #[test]
    fn a_cycle_and_what_was_frozen_have_rows_of_their_own() {
        let garbage = GarbageRecord {
            cycle: vec![Label::Of("Node".into(), Box::new(Label::Name("parent".into())))],
            frozen: Some(Population { objects: 5000, bytes: 1 << 20 }),
            frozen_garbage: Some(Population { objects: 900, bytes: 2048 }),
            ..GarbageRecord::default()
        };
        let expected = [
            ("one cycle of it", "Node.parent"),
            (
                "frozen as garbage",
                "900 objects, 2.00 KiB, of 5000 objects, 1.00 MiB frozen by gc.freeze(): no collection looks at them",
            ),
        ];
        assert_eq!(rows(&garbage), expected.map(|(name, text)| (name, text.to_owned())));
    }
}
