//! What the target's collector is set to, and how far it is from its next turn.

use bloathound_memory::MemorySource;

use crate::Interpreter;

/// One generation's numbers, as `gc.get_threshold()` and `gc.get_count()` tell them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Generation {
    /// More than so many, and it is collected.
    pub threshold: i64,
    /// So many there are: allocations less deallocations, or collections of the generation below.
    pub count: i64,
    /// The threshold it has where no program set another.
    pub usual_threshold: i64,
}

/// The collector's settings at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CollectorState {
    /// What `gc.isenabled()` tells; `None` where the variable was not found or not copied.
    pub enabled: Option<bool>,
    /// The generations, the youngest first; empty where they can't be read.
    pub generations: Vec<Generation>,
    /// A full collection is put off until one in so many of the old objects is new.
    pub put_off_one_in: u64,
    /// How many old objects the last full collection left, and how many grew old since; `None` where that is not found.
    pub long_lived: Option<LongLived>,
}

/// What a full collection is put off by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LongLived {
    /// `long_lived_total`.
    pub total: u64,
    /// `long_lived_pending`.
    pub pending: u64,
}

/// What has to come before the next full collection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UntilFull {
    /// Collections of the generation below the oldest.
    pub collections: u64,
    /// Objects that grow old; `None` where that is not found.
    pub objects: Option<u64>,
    /// Allocations beyond deallocations, at the least.
    pub allocations: u64,
}

impl CollectorState {
    /// Reads it.
    #[must_use]
    pub fn read(source: &dyn MemorySource, interpreter: &Interpreter) -> Self {
        let d = interpreter.dialect.collector;
        let number = |at| source.read_u32(at).ok().map(|word| i64::from(word.cast_signed()));
        let generation = |index: u8| {
            let head = interpreter.generations.offset(u64::from(index) * interpreter.generation_stride);
            Some(Generation {
                threshold: number(head.offset(d.threshold))?,
                count: number(head.offset(d.count))?,
                usual_threshold: d.usual_thresholds.get(usize::from(index)).copied()?,
            })
        };
        Self {
            // Anything but 0 and 1 is no flag of the collector's.
            enabled: interpreter
                .enabled
                .and_then(|flag| source.read_u32(flag).ok())
                .filter(|value| *value <= 1)
                .map(|value| value == 1),
            generations: (0..d.generations).map(generation).collect::<Option<_>>().unwrap_or_default(),
            put_off_one_in: d.put_off_one_in,
            long_lived: long_lived(source, interpreter),
        }
    }

    /// What has to come before the next full collection, by `gc_collect_generations()` in `Modules/gcmodule.c` (`Python/gc.c`):
    /// a collection begins when the youngest generation's count passes its threshold, and takes the oldest generation whose
    /// count has. `None` where none will come, or nobody knows.
    #[must_use]
    pub fn until_full(&self) -> Option<UntilFull> {
        let [youngest, middle, oldest] = *self.generations.as_slice() else { return None };
        if self.enabled != Some(true) || youngest.threshold <= 0 {
            return None;
        }
        let bound = |one: Generation| u64::try_from(one.threshold).unwrap_or(0);
        let left = |one: Generation| u64::try_from(one.threshold.saturating_add(1) - one.count.max(0)).unwrap_or(0);
        // How often the youngest has to be full before it is for the full collection: once for each collection, whichever
        // generation that takes. From one of the middle to the next there are as many of the youngest as its threshold lets be.
        let collections = left(oldest);
        let times = match collections.checked_sub(1) {
            None => 0,
            Some(more) => left(middle).saturating_add(1).saturating_add(more.saturating_mul(bound(middle) + 2)),
        };
        let allocations = times.saturating_mul(bound(youngest) + 1).saturating_add(left(youngest).max(1));
        let objects = self.long_lived.map(|old| (old.total / self.put_off_one_in.max(1)).saturating_sub(old.pending));
        Some(UntilFull { collections, objects, allocations })
    }
}

fn long_lived(source: &dyn MemorySource, interpreter: &Interpreter) -> Option<LongLived> {
    let runtime = interpreter.dialect.runtime?;
    let state = interpreter.generations.back(runtime.generations.min(interpreter.generations.0));
    let number = |offset| source.read_u64(state.offset(offset)).ok().filter(|number| number.cast_signed() >= 0);
    Some(LongLived { total: number(runtime.long_lived.0)?, pending: number(runtime.long_lived.1)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(thresholds: [i64; 3], counts: [i64; 3], long_lived: Option<LongLived>) -> CollectorState {
        let one = |(threshold, count)| Generation { threshold, count, usual_threshold: 700 };
        let generations = thresholds.into_iter().zip(counts).map(one).collect();
        CollectorState { enabled: Some(true), generations, put_off_one_in: 4, long_lived }
    }

    /// The interpreter's own rule, allocation by allocation: after how many a full collection begins, and how many
    /// collections of the generation below came first.
    fn played(state: &CollectorState) -> (u64, u64) {
        let mut counts: Vec<i64> = state.generations.iter().map(|one| one.count).collect();
        let (mut allocations, mut collections) = (0, 0);
        loop {
            allocations += 1;
            counts[0] += 1;
            if counts[0] <= state.generations[0].threshold {
                continue;
            }
            let full = (0..counts.len()).rev().find(|index| counts[*index] > state.generations[*index].threshold);
            let taken = full.expect("the youngest is full");
            if taken + 1 == counts.len() {
                return (allocations, collections);
            }
            collections += u64::from(taken + 2 == counts.len());
            counts[..=taken].fill(0);
            counts[taken + 1] += 1;
        }
    }

    #[test]
    fn what_comes_before_a_full_collection_is_what_the_rule_of_the_interpreter_takes() {
        for (thresholds, counts) in [
            ([700, 10, 10], [0, 0, 0]),
            ([20, 3, 2], [5, 2, 1]),
            ([7, 0, 0], [7, 0, 0]),
            ([5, 2, 3], [0, 3, 0]),
            ([5, 2, 3], [4, 1, 4]),
        ] {
            let state = state(thresholds, counts, None);
            let told = state.until_full().expect("it comes");
            assert_eq!((told.allocations, told.collections), played(&state), "{thresholds:?} {counts:?}");
        }
    }

    #[test]
    fn a_full_collection_is_put_off_until_enough_objects_grew_old() {
        let told = |total, pending| {
            state([700, 10, 10], [0; 3], Some(LongLived { total, pending })).until_full().and_then(|told| told.objects)
        };
        assert_eq!(
            (told(4000, 300), told(4000, 1000), told(4000, 5000), told(3, 0)),
            (Some(700), Some(0), Some(0), Some(0))
        );
        let off = CollectorState { enabled: Some(false), ..state([700, 10, 10], [0; 3], None) };
        assert_eq!((off.until_full(), state([0, 10, 10], [9; 3], None).until_full()), (None, None));
    }
}
