//! Where a copy goes: whether there is room for it, and its memory, there before the target is stopped.

use std::ops::Range;

use bloathound_bounds::{Limit, Room};
use bloathound_memory::{PAGE_BYTES, untouched};

use crate::capture::CaptureOptions;
use crate::error::{LiveError, Work};
use crate::plan::Layout;
use crate::process::Process;

/// Room for what the target allocates between planning and stopping, beside a 32nd of the plan.
const SLACK_BYTES: usize = 4 << 20;
/// Threads that fault our memory in: the kernel zeroes pages at 1 GB/s a thread here.
const FAULT_THREADS_MAX: usize = 4;
/// Less than this is not worth a thread.
const FAULT_BYTES_MIN: usize = 16 << 20;
/// What a copy takes beside itself: tables of its pages and marks of its objects, a share of it; and what any look does.
/// Measured: 2.2 % of a copy without small objects, 11 MB of nothing. What its objects take is known once they are counted.
const COPY_SHARE: u64 = 32;
const COPY_BYTES: u64 = 24 << 20;

/// Refuses what there is no memory for, before any of it is taken; `have` bytes of it are ours already.
pub(crate) fn check_room(
    process: &Process,
    layout: &Layout,
    options: &CaptureOptions,
    have: u64,
) -> Result<(), LiveError> {
    let bytes = layout.needed_bytes();
    let pid = process.pid();
    if let Some(free) = options.bytes_max {
        let room = Room { free, limit: Limit::Asked };
        return if bytes > free {
            Err(LiveError::TooLarge { pid, work: Work::Copy, needed: bytes, room })
        } else {
            Ok(())
        };
    }
    let needed = bytes + bytes / COPY_SHARE + COPY_BYTES;
    let room = Room::now();
    if needed.saturating_sub(have) > room.usable() {
        return Err(LiveError::TooLarge { pid, work: Work::Copy, needed, room });
    }
    Ok(())
}

/// Where the copy goes, with every page that will be written really there: a page fault during the pause would be time the
/// target stands still. Zeroes stay memory that is not there.
pub(crate) fn destination(process: &Process, mut buffer: Vec<u8>, layout: &Layout) -> Result<Vec<u8>, LiveError> {
    let slack = (layout.live_bytes / 32) as usize + SLACK_BYTES;
    let bytes = layout.bytes + slack;
    if buffer.capacity() >= bytes && layout.zero.is_empty() && layout.sparse.is_empty() {
        if buffer.len() < bytes {
            buffer.resize(bytes, 0);
        }
        return Ok(buffer);
    }
    // Fresh zeroed memory comes from the kernel untouched; growing the old buffer would copy it first.
    drop(buffer);
    let mut buffer = untouched(bytes).ok_or_else(|| LiveError::TooLarge {
        pid: process.pid(),
        work: Work::Copy,
        needed: bytes as u64,
        room: Room::now(),
    })?;
    let mut places = layout.places();
    places.push(layout.bytes..bytes);
    fault_in(&mut buffer, &places);
    Ok(buffer)
}

/// Touches every page of `places` (ascending).
fn fault_in(buffer: &mut [u8], places: &[Range<usize>]) {
    let touch = |part: &mut [u8], start: usize| {
        let end = start + part.len();
        let first = places.partition_point(|place| place.end <= start);
        for place in places.iter().skip(first).take_while(|place| place.start < end) {
            let place = place.start.max(start) - start..place.end.min(end) - start;
            for page in part.get_mut(place).unwrap_or_default().chunks_mut(PAGE_BYTES as usize) {
                // A zero that the compiler can't know of, or it would leave the writing out.
                page[0] = std::hint::black_box(0);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(FAULT_THREADS_MAX);
    let part = buffer.len().div_ceil(workers).next_multiple_of(PAGE_BYTES as usize).max(FAULT_BYTES_MIN);
    std::thread::scope(|scope| {
        for (index, piece) in buffer.chunks_mut(part).enumerate() {
            scope.spawn(move || touch(piece, index * part));
        }
    });
}
