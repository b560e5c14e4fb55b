//! Where what was read ahead lies until its turn comes. One reads in order; helpers read ahead of it, each from a free place
//! some way on, so that whoever is slower is waited for as little as can be: what no helper has begun when its turn comes is
//! read by the one in whose turn it is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many places from the one in turn on are left to whoever is in turn: a helper that takes three times as long is still
/// done by then. Of many places more are left, up to so many that a helper may lose its processor for a while.
const LEAD: std::ops::RangeInclusive<usize> = 3..=16;
/// One in so many is left.
const LEAD_SHARE: usize = 32;
/// Places in a row of which each helper has one, and that many rows lie ready at most.
const ROWS: usize = 4;
/// What could not be read by itself so often is not tried any more.
const FAILED_MAX: u32 = 16;

/// Places in their order, and who has them.
#[derive(Debug)]
pub(super) struct Shelf<P> {
    state: Mutex<State<P>>,
    /// Somebody may go on: the turn has moved, or a part is ready.
    moved: Condvar,
    helpers: usize,
    lead: usize,
}

#[derive(Debug)]
struct State<P> {
    places: Vec<Place<P>>,
    turn: usize,
    /// The next place for a helper: those from there on are free.
    next: usize,
    spare: Vec<P>,
    failed: u32,
    is_closed: bool,
}

#[derive(Clone, Debug)]
enum Place<P> {
    Free,
    Begun,
    Ready(P),
    /// Taken out, or given up by who had begun it.
    Over,
}

/// A place that a helper has. Dropped before it is filled, it is given back.
#[derive(Debug)]
pub(super) struct Claim<'s, P> {
    shelf: &'s Shelf<P>,
    pub(super) place: usize,
    /// What was used before, to be filled again.
    pub(super) spare: Option<P>,
    filled: Option<P>,
}

/// Ends the helpers' work when dropped, however that comes about.
#[derive(Debug)]
pub(super) struct Closing<'s, P>(pub(super) &'s Shelf<P>);

impl<P> Shelf<P> {
    pub(super) fn new(places: usize, helpers: usize) -> Self {
        let state = State {
            places: (0..places).map(|_| Place::Free).collect(),
            turn: 0,
            next: 0,
            spare: Vec::new(),
            failed: 0,
            is_closed: false,
        };
        Self { state: Mutex::new(state), moved: Condvar::new(), helpers, lead: lead(places) }
    }

    /// Parts that exist at once at most, with those that are being filled.
    pub(super) fn parts_max(places: usize, helpers: usize) -> usize {
        // One is being joined.
        helpers * ROWS + lead(places) * helpers / (helpers + 1) + 2
    }

    /// The next place for a helper, once it is near enough; `None` when there is no more to do.
    pub(super) fn claim(&self) -> Option<Claim<'_, P>> {
        let mut state = self.lock();
        let row = self.helpers + 1;
        loop {
            let mut place = state.next.max(state.turn + self.lead);
            place += usize::from(place.is_multiple_of(row));
            if state.is_closed || place >= state.places.len() {
                return None;
            }
            if place < state.turn + self.lead + ROWS * row {
                state.next = place + 1;
                state.places[place] = Place::Begun;
                let spare = state.spare.pop();
                return Some(Claim { shelf: self, place, spare, filled: None });
            }
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// It is the turn of `place`: what a helper made of it, or `None` where it is to be read now.
    pub(super) fn take(&self, place: usize) -> Option<P> {
        let mut state = self.lock();
        state.turn = place;
        self.moved.notify_all();
        loop {
            let slot = state.places.get_mut(place)?;
            if !matches!(slot, Place::Begun) {
                return match std::mem::replace(slot, Place::Over) {
                    Place::Ready(part) => Some(part),
                    Place::Free | Place::Begun | Place::Over => None,
                };
            }
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A part that was taken can be filled again; `was_used` tells whether it was of any use.
    pub(super) fn give_back(&self, part: P, was_used: bool) {
        let mut state = self.lock();
        state.spare.push(part);
        state.failed += u32::from(!was_used);
        state.is_closed |= state.failed > FAILED_MAX;
    }

    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lead(places: usize) -> usize {
    (places / LEAD_SHARE).clamp(*LEAD.start(), *LEAD.end())
}

impl<P> Claim<'_, P> {
    pub(super) fn fill(mut self, part: P) {
        self.filled = Some(part);
    }
}

impl<P> Drop for Claim<'_, P> {
    fn drop(&mut self) {
        let mut state = self.shelf.lock();
        state.places[self.place] = self.filled.take().map_or(Place::Over, Place::Ready);
        self.shelf.moved.notify_all();
    }
}

impl<P> Drop for Closing<'_, P> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_had_by_one_in_order() {
        let shelf = Shelf::new(200, 2);
        let mut met = Vec::new();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while let Some(claim) = shelf.claim() {
                        let place = claim.place;
                        // Every tenth is given up.
                        if !place.is_multiple_of(10) {
                            claim.fill(place);
                        }
                    }
                });
            }
            let _closing = Closing(&shelf);
            for place in 0..200 {
                match shelf.take(place) {
                    Some(part) => {
                        met.push(part);
                        shelf.give_back(part, true);
                    }
                    None => met.push(place),
                }
            }
        });
        assert_eq!(met, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn a_helper_keeps_near_and_leaves_the_next_ones() {
        let shelf: Shelf<()> = Shelf::new(100, 1);
        let claims: Vec<_> = std::iter::from_fn(|| {
            let is_near = shelf.lock().next < lead(100) + ROWS * 2 - 1;
            is_near.then(|| shelf.claim().unwrap())
        })
        .collect();
        assert_eq!(claims.iter().map(|claim| claim.place).collect::<Vec<_>>(), [3, 5, 7, 9]);
        assert!(shelf.take(1).is_none(), "what nobody has begun is read now");
        drop(claims);
        assert!(shelf.take(3).is_none(), "what was given up, too");
    }

    #[test]
    fn what_fails_again_and_again_is_not_tried_any_more() {
        let shelf = Shelf::new(100, 1);
        for _ in 0..=FAILED_MAX {
            assert!(!shelf.lock().is_closed);
            shelf.give_back((), false);
        }
        assert!(shelf.claim().is_none());
    }
}
