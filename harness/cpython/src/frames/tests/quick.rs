//! A target that is quicker than one who reads it frame after frame.

use bloathound_memory::ReadPiece;

use super::*;
use crate::dialect::CPYTHON_2_7;

/// A target whose innermost call is over after two reads, and comes again after two more: as short as a callback that
/// does little, next to what a read takes.
struct Quick {
    made: Made,
    caller: u64,
    reads: std::cell::Cell<u64>,
}

impl Quick {
    fn running(&self) -> bool {
        self.reads.get() % 4 < 2
    }

    /// `len` bytes of this moment at `address`.
    fn at_this_moment(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError> {
        let (state, inner) = (self.made.state, self.made.inner);
        self.made.target.read(address, buffer)?;
        if self.running() {
            return Ok(());
        }
        let mut put = |at: u64, word: u64| {
            let place = at.checked_sub(address.0).map(|place| place as usize);
            if let Some(place) = place.and_then(|place| buffer.get_mut(place..place + 8)) {
                place.copy_from_slice(&word.to_le_bytes());
            }
        };
        // The frame of a call that is over is kept for the next: without a reference to it, and without a caller.
        put(state + 16, self.caller);
        put(inner, 0);
        put(inner + 24, 0);
        Ok(())
    }
}

impl MemorySource for Quick {
    fn regions(&self) -> &[Region] {
        self.made.target.regions()
    }

    fn read(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError> {
        self.reads.set(self.reads.get() + 1);
        self.at_this_moment(address, buffer)
    }

    fn read_together(&self, pieces: &mut [ReadPiece<'_>]) -> usize {
        self.reads.set(self.reads.get() + 1);
        let missing = |piece: &mut ReadPiece<'_>| self.at_this_moment(piece.address, piece.buffer).is_err();
        pieces.iter_mut().position(missing).unwrap_or(pieces.len())
    }
}

#[test]
fn a_call_that_is_shorter_than_its_reading_is_seen_as_often_as_it_runs() {
    let made = made();
    let caller = made.target.read_u64(Address(made.inner + 24)).unwrap();
    let quick = Quick { made, caller, reads: std::cell::Cell::new(0) };
    let mut reader = FrameReader::new(quick.made.start);
    let thread = reader.threads(&quick.made.target).unwrap()[0];
    let (mut with, mut without, mut torn) = (0, 0, 0);
    for round in 0..400 {
        // Whoever samples comes at any moment.
        quick.reads.set(quick.reads.get() + round % 3);
        match reader.stack(&quick, &thread, None) {
            StackRead::Whole(stack) if stack.0.len() == 2 => with += 1,
            StackRead::Whole(_) => without += 1,
            StackRead::Torn => torn += 1,
        }
    }
    assert!(torn < 10, "{torn} torn");
    assert!((120..=280).contains(&with), "{with} with the call, {without} without it: it runs half of the time");
}

/// A series in which a thread's state points at what says which call is the innermost.
#[test]
fn the_innermost_call_is_found_through_what_the_state_points_at() {
    static THROUGH: Dialect = Dialect {
        thread_state: crate::dialect::layout::ThreadState { frame_behind: Some(8), ..CPYTHON_2_7.thread_state },
        ..CPYTHON_2_7
    };
    let mut made = made();
    let holder = made.target.room(16);
    made.target.put(holder, 8, made.inner);
    made.target.put(made.state, 16, holder);
    let mut reader = FrameReader::new(FrameTarget { dialect: &THROUGH, ..made.start });
    let thread = reader.threads(&made.target).unwrap()[0];
    for _ in 0..3 {
        let StackRead::Whole(stack) = reader.stack(&made.target, &thread, None) else { panic!() };
        assert_eq!(stack.0.len(), 2);
        assert!(reader.is_at(&made.target, &thread, &stack));
    }
    // Another call from C on: the thread's state points elsewhere by then.
    let (stale, fresh) = (made.target.room(16), made.target.room(16));
    made.target.put(stale, 8, BASE);
    made.target.put(made.state, 16, stale);
    assert_eq!(reader.stack(&made.target, &thread, None), StackRead::Torn);
    made.target.put(fresh, 8, made.inner);
    made.target.put(made.state, 16, fresh);
    assert!(matches!(reader.stack(&made.target, &thread, None), StackRead::Whole(_)));
    made.target.put(made.state, 16, 0);
    assert_eq!(reader.stack(&made.target, &thread, None), StackRead::Torn);
}
