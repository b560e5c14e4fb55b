//! Frames met before, read all at once.
//!
//! A call into the kernel for each frame takes longer than many a call of the target: by the time its caller is read, it
//! is over, and only what runs for long would ever be seen. But an interpreter uses the same few frames again and again
//! (2.7 keeps one for each code object), so those met lately are read together, by one call that takes a few
//! microseconds, right behind the word that says which of them is the innermost. That word is the sample. Where the call
//! it names was over by the time its frame was read, who had called it is taken from the last time it was seen to run.

use std::collections::HashMap;

use bloathound_memory::{Address, ReadPiece};

use super::call::CallLayout;
use super::innermost::Innermost;
use super::memory::Memory;
use super::raw::{Bytes, FRAME_BYTES_MAX, RawFrame, SLOTS_WITH_HEAD};

/// Frames of a thread that are remembered: those that its last samples showed, and the depth of most stacks of web servers.
const MET_MAX: usize = 160;
/// Attempts to see one innermost frame run whose caller is not known: a call that lasts for a fiftieth of the time is met
/// once in some samples.
const HUNT_ATTEMPTS: u32 = 16;

/// The frames of one thread that were met lately, the last first, innermost before outer.
#[derive(Debug, Default)]
pub(super) struct Met {
    frames: Vec<(Address, usize)>,
    /// Each as it was when it was last seen to run.
    running: HashMap<Address, RawFrame>,
}

impl Met {
    /// Puts `frames`, which were seen to run, first.
    pub(super) fn add(&mut self, frames: &[RawFrame]) {
        for frame in frames.iter().rev() {
            self.put_first(frame.address, frame.slots_read);
            if !frame.is_over {
                self.running.insert(frame.address, frame.clone());
            }
        }
    }

    /// Adds the innermost frame, over or not: what is gone whenever it is read alone is read with the others from now on.
    pub(super) fn add_innermost(&mut self, address: Address) {
        if !self.frames.iter().any(|(known, _)| *known == address) {
            self.put_first(address, SLOTS_WITH_HEAD);
        }
    }

    /// The frame at `address` when it was last seen to run.
    pub(super) fn running(&self, address: Address) -> Option<&RawFrame> {
        self.running.get(&address)
    }

    fn put_first(&mut self, address: Address, slots: usize) {
        self.frames.retain(|(known, _)| *known != address);
        self.frames.insert(0, (address, slots));
        while self.frames.len() > MET_MAX {
            if let Some((forgotten, _)) = self.frames.pop() {
                self.running.remove(&forgotten);
            }
        }
    }

    /// What could not be read at `index`: less of it the next time, and nothing when it was the head alone.
    fn shorten(&mut self, index: usize) {
        match self.frames.get_mut(index) {
            Some((_, slots)) if *slots > 0 => *slots = 0,
            Some((address, _)) => {
                self.running.remove(address);
                self.frames.remove(index);
            }
            None => {}
        }
    }
}

/// What one reading found.
pub(super) struct Batch {
    /// The innermost frame, by the word that was read first.
    pub first: Option<Address>,
    frames: HashMap<Address, Bytes>,
}

impl Batch {
    /// Reads the word of `innermost` and then the frames of `met`.
    pub(super) fn read(memory: &Memory<'_>, innermost: Innermost, met: &mut Met) -> Self {
        let mut buffers = vec![[0; FRAME_BYTES_MAX]; met.frames.len()];
        let (first, filled) = together(memory, innermost, &met.frames, &mut buffers);
        let read = met.frames.iter().zip(buffers).take(filled);
        let frames = read.map(|((address, slots), buffer)| (*address, (buffer, *slots))).collect();
        // One that is not mapped any more would hide all behind it the next time too.
        met.shorten(filled);
        Self { first, frames }
    }

    /// The frame at `address`.
    pub(super) fn frame(&self, address: Address) -> Option<&Bytes> {
        self.frames.get(&address)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }
}

/// Waits until the frame at `address` is the innermost at the moment that it is read; not for long.
pub(super) fn hunt(memory: &Memory<'_>, innermost: Innermost, address: Address) -> Option<Bytes> {
    (0..HUNT_ATTEMPTS).find_map(|_| {
        let mut buffers = [[0; FRAME_BYTES_MAX]];
        let (first, filled) = together(memory, innermost, &[(address, SLOTS_WITH_HEAD)], &mut buffers);
        let [buffer] = buffers;
        (first == Some(address) && filled == 1).then_some((buffer, SLOTS_WITH_HEAD))
    })
}

/// The word of `innermost`, and how many of `frames` were read into `buffers`, by one read. No word where it is another that
/// names the innermost call by now.
fn together(
    memory: &Memory<'_>,
    innermost: Innermost,
    frames: &[(Address, usize)],
    buffers: &mut [[u8; FRAME_BYTES_MAX]],
) -> (Option<Address>, usize) {
    let head_bytes = CallLayout::of(memory.d).slots as usize;
    let (mut holder, mut first) = ([0; 8], [0; 8]);
    let mut pieces = Vec::with_capacity(2 + frames.len());
    if let Some((variable, _)) = innermost.through {
        pieces.push(ReadPiece { address: variable, buffer: &mut holder });
    }
    pieces.push(ReadPiece { address: innermost.at, buffer: &mut first });
    let in_front = pieces.len();
    for ((address, slots), buffer) in frames.iter().zip(buffers) {
        let bytes = (head_bytes + 8 * slots.min(&SLOTS_WITH_HEAD)).min(FRAME_BYTES_MAX);
        let (buffer, _) = buffer.split_at_mut(bytes);
        pieces.push(ReadPiece { address: *address, buffer });
    }
    let filled = memory.fill_together(&mut pieces);
    let address = |bytes| Address(u64::from_le_bytes(bytes));
    let is_that = innermost.through.is_none_or(|(_, was)| was == address(holder));
    ((filled >= in_front && is_that).then(|| address(first)), filled.saturating_sub(in_front))
}
