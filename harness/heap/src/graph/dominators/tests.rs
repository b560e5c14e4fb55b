//! Dominators and retained sizes against a naive way to tell them.

use super::*;
use crate::testing::{Sketch, heap_of, ring, sketches};
use proptest::prelude::*;

/// What is reachable when `gone` is taken away; no root counts that is taken away itself.
fn reach_without(heap: &Sketch, gone: Option<usize>) -> Vec<bool> {
    let roots: Vec<usize> = heap.roots.iter().map(|(object, _)| *object).filter(|o| Some(*o) != gone).collect();
    heap.reach(&roots, |_, to, label| label.is_strong() && Some(to) != gone)
}

proptest! {
    #[test]
    fn retained_is_what_is_freed_and_dominators_are_nested(heap in sketches(16)) {
        let snapshot = heap.build();
        let dominators = Dominators::build(&snapshot, None);
        let n = heap.objects.len();
        let all = reach_without(&heap, None);
        prop_assert_eq!(dominators.reachable_count(), all.iter().filter(|r| **r).count());
        let lost: Vec<Vec<bool>> = (0..n)
            .map(|gone| reach_without(&heap, Some(gone)).iter().zip(&all).map(|(now, was)| *was && !now).collect())
            .collect();
        let children = dominators.children();
        for i in 0..n {
            let id = ObjectId(i as u32);
            let freed: u64 = (0..n).filter(|j| lost[i][*j]).map(|j| heap.objects[j].3).sum();
            prop_assert_eq!(dominators.retained_size(id), freed);
            let mut above: Vec<usize> = dominators.above(id).map(ObjectId::index).collect();
            let mut expected: Vec<usize> = (0..n).filter(|d| *d != i && all[i] && lost[*d][i]).collect();
            // The nearest dominator is dominated by all others.
            prop_assert!(above.windows(2).all(|pair| lost[pair[1]][pair[0]]));
            match dominators.immediate(id) {
                Dominator::Unreachable => prop_assert!(!all[i]),
                Dominator::Roots => prop_assert!(all[i] && children.top().any(|child| child == id)),
                Dominator::Object(by) => prop_assert!(children.of(by).any(|child| child == id)),
            }
            above.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(above, expected);
        }
        let listed = snapshot.ids().map(|id| children.of(id).count()).sum::<usize>() + children.top().count();
        prop_assert_eq!(listed, dominators.reachable_count());
        let mut by_size: Vec<ObjectId> = snapshot.ids().filter(|id| dominators.retained_size(*id) > 0).collect();
        by_size.sort_by_key(|id| (std::cmp::Reverse(dominators.retained_size(*id)), *id));
        by_size.truncate(3);
        prop_assert_eq!(dominators.top_retained(3), by_size);
    }

    #[test]
    fn excluded_objects_are_as_if_they_were_not_there(heap in sketches(14), outside in 0_usize..14) {
        let exclude: BitSet = [ObjectId(outside as u32)].into_iter().collect();
        let found = Dominators::build(&heap.build(), Some(&exclude));
        let mut without = heap.clone();
        without.references.retain(|(from, to, _)| *from != outside && *to != outside);
        without.roots.retain(|(object, _)| *object != outside);
        prop_assert_eq!(found, Dominators::build(&without.build(), None));
    }
}

/// Right on shapes where a walk that steps up the tree one by one takes hundreds of times as long as on a chain; how long
/// they take, `benches/algorithms.rs` measures.
#[test]
fn long_chains_ladders_and_fans() {
    let n = 300_000_u32;
    let ring = ring(n as usize);
    let chain = Dominators::build(&ring, None);
    assert_eq!(chain.retained_size(ObjectId(0)), u64::from(n));
    assert_eq!(chain.above(ObjectId(n - 1)).count(), n as usize - 1);
    // Two rails with rungs both ways: everything is dominated by the top only.
    let rungs = n / 2;
    let ladder = heap_of(
        n as usize,
        (0..rungs - 1).flat_map(|i| {
            let (left, right) = (2 * i, 2 * i + 1);
            [(left, right), (right, left), (left, left + 2), (right, right + 2), (left + 2, left)]
        }),
    );
    assert_eq!(Dominators::build(&ladder, None).retained_size(ObjectId(0)), u64::from(n));
    // A deep chain whose end holds many objects that something near the top holds too.
    let deep = n / 2;
    let fan = heap_of(n as usize, (0..deep).map(|i| (i, i + 1)).chain((deep + 1..n).flat_map(|i| [(deep, i), (1, i)])));
    let dominators = Dominators::build(&fan, None);
    assert_eq!(dominators.immediate(ObjectId(n - 1)), Dominator::Object(ObjectId(1)));
    assert_eq!(dominators.retained_size(ObjectId(1)), u64::from(n) - 1);
}
