//! Frames met before, read all at once.
//!
//! A call into the kernel for each frame takes longer than many a call of the target: by the time its caller is read, it
//! is over, and only what runs for long would ever be seen. But an interpreter uses the same few frames again and again
//! (2.7 keeps one for each code object), so those met lately are read together, by one call that takes a few
//! microseconds, right behind the word that says which of them is the innermost.

use std::collections::HashMap;

use bloathound_memory::{Address, ReadPiece};

use super::memory::Memory;
use super::stack::{FRAME_BYTES_MAX, SLOTS_WITH_HEAD};

/// Frames of a thread that are remembered: those that its last samples showed.
const MET_MAX: usize = 40;

/// The frames of one thread that were met lately, the last first, innermost before outer.
#[derive(Debug, Default)]
pub(super) struct Met(Vec<(Address, usize)>);

impl Met {
    /// Puts `frames` first: addresses, and how many words behind the head can be read of each.
    pub(super) fn add(&mut self, frames: impl DoubleEndedIterator<Item = (Address, usize)>) {
        for (address, slots) in frames.rev() {
            self.0.retain(|(known, _)| *known != address);
            self.0.insert(0, (address, slots));
        }
        self.0.truncate(MET_MAX);
    }

    fn forget(&mut self, address: Address) {
        self.0.retain(|(known, _)| *known != address);
    }
}

/// What one reading found.
pub(super) struct Batch {
    /// The innermost frame, by the word that was read first.
    pub first: Option<Address>,
    frames: HashMap<Address, (usize, [u8; FRAME_BYTES_MAX])>,
}

impl Batch {
    /// Reads the word at `innermost` and then the frames of `met`.
    pub(super) fn read(memory: &Memory<'_>, innermost: Address, met: &mut Met) -> Self {
        let head_bytes = memory.d.frame.f_localsplus as usize;
        let mut first = [0; 8];
        let mut buffers = vec![[0; FRAME_BYTES_MAX]; met.0.len()];
        let mut pieces = vec![ReadPiece { address: innermost, buffer: &mut first }];
        for ((address, slots), buffer) in met.0.iter().zip(&mut buffers) {
            let bytes = (head_bytes + 8 * slots.min(&SLOTS_WITH_HEAD)).min(FRAME_BYTES_MAX);
            let (buffer, _) = buffer.split_at_mut(bytes);
            pieces.push(ReadPiece { address: *address, buffer });
        }
        let filled = memory.fill_together(&mut pieces);
        let read = met.0.iter().zip(buffers).take(filled.saturating_sub(1));
        let frames = read.map(|((address, slots), buffer)| (*address, (*slots, buffer))).collect();
        // One that is not mapped any more would hide all behind it the next time too.
        if let Some((gone, _)) = filled.checked_sub(1).and_then(|read| met.0.get(read)).copied() {
            met.forget(gone);
        }
        Self { first: (filled > 0).then(|| Address(u64::from_le_bytes(first))), frames }
    }

    /// The frame at `address`: how many words behind its head were read, and the bytes.
    pub(super) fn frame(&self, address: Address) -> Option<&(usize, [u8; FRAME_BYTES_MAX])> {
        self.frames.get(&address)
    }
}
