//! A frame as it lies in memory.

use std::sync::Arc;

use bloathound_memory::Address;

use super::call::CallLayout;
use super::code::CodeEntry;
use crate::dialect::Dialect;

/// Words behind a frame's head that are read with it: enough for the variables and the stack of most.
pub(super) const SLOTS_WITH_HEAD: usize = 32;
/// Room for a frame's head and those words: 376 and 256 bytes in 2.7.
pub(super) const FRAME_BYTES_MAX: usize = 640;

/// Bytes of a frame, and how many words behind its head are among them.
pub(super) type Bytes = ([u8; FRAME_BYTES_MAX], usize);

/// A frame as it lies in memory.
#[derive(Clone, Debug)]
pub(super) struct RawFrame {
    pub address: Address,
    /// All that stands in front of its variables, and the first words of `f_localsplus` where `slots_read` says so.
    pub head: [u8; FRAME_BYTES_MAX],
    /// How many words behind are in `head`.
    pub slots_read: usize,
    pub code: Arc<CodeEntry>,
    pub lasti: Option<u32>,
    /// The call was over when it was read: this is the frame as it last ran, and what is in it may be gone.
    pub is_over: bool,
    /// It stands between a function in C and what that calls: no call of the program's.
    pub is_between: bool,
}

impl RawFrame {
    /// The same frame below `caller`.
    pub fn called_by(mut self, caller: Address, d: &Dialect) -> Self {
        let at = CallLayout::of(d).caller as usize;
        if let Some(word) = self.head.get_mut(at..at + 8) {
            word.copy_from_slice(&caller.0.to_le_bytes());
        }
        self
    }
}
