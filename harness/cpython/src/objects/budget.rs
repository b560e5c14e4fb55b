//! How often memory may be read again.

use std::cell::Cell;

/// Times that each word of an image may be read in one pass.
const TIMES: u64 = 4;
/// What even a tiny image may use.
const WORDS_MIN: u64 = 1 << 14;

/// Words that may still be read. In a sound heap each word belongs to one object; in a damaged one thousands of objects
/// may claim the same huge table, and reading it for each of them would not end.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
    refused: Cell<u64>,
}

impl Budget {
    pub(crate) fn for_image(bytes: usize) -> Self {
        Self::of((bytes as u64 / 8).saturating_mul(TIMES).max(WORDS_MIN))
    }

    /// So many words.
    pub(crate) fn of(words: u64) -> Self {
        Self { left: Cell::new(words), refused: Cell::new(0) }
    }

    /// How many words are left.
    pub(crate) fn left(&self) -> u64 {
        self.left.get()
    }

    /// Takes `words` off; false when so many are not left.
    pub(crate) fn take(&self, words: u64) -> bool {
        let Some(left) = self.left.get().checked_sub(words) else {
            self.refused.set(self.refused.get() + 1);
            return false;
        };
        self.left.set(left);
        true
    }

    /// Takes `words` off that were read already; false, and nothing is taken, when so many are not left.
    pub(crate) fn take_read(&self, words: u64) -> bool {
        let left = self.left.get().checked_sub(words);
        self.left.set(left.unwrap_or(self.left.get()));
        left.is_some()
    }

    /// How often there was too little left.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.get()
    }
}
