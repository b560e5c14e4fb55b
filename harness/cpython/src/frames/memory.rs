//! Reading with a count and a limit.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use bloathound_memory::{Address, MemorySource, ReadPiece};

use super::text::Stored;
use crate::dialect::{Dialect, TextStorage};
use crate::objects::words;

/// Room for the head of an object: its type, its length and the first of its fields.
pub(super) const HEAD_BYTES_MAX: usize = 64;

/// A source whose reads are counted, and refused past a budget: hostile memory can't make one sample endless.
pub(super) struct Memory<'a> {
    source: &'a dyn MemorySource,
    /// How the target's objects are laid out.
    pub d: &'static Dialect,
    reads: Cell<u64>,
    left: Cell<u32>,
    /// First bytes of objects that were read together, before anybody asked: what runs on may be gone by then.
    ahead: RefCell<HashMap<Address, [u8; HEAD_BYTES_MAX]>>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(source: &'a dyn MemorySource, d: &'static Dialect) -> Self {
        Self { source, d, reads: Cell::new(0), left: Cell::new(u32::MAX), ahead: RefCell::default() }
    }

    /// Allows `reads` more reads.
    pub(super) fn set_budget(&self, reads: u32) {
        self.left.set(reads);
    }

    /// True when the budget is spent: what was read last may be half of what was asked for.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    /// Reads made so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads.get()
    }

    /// Fills `buffer`; false when any byte is not there or the budget is spent.
    pub(super) fn fill(&self, address: Address, buffer: &mut [u8]) -> bool {
        let left = self.left.get();
        if left == 0 || address.0 < 0x1000 {
            return false;
        }
        self.left.set(left - 1);
        if let Some(known) = self.ahead.borrow().get(&address).and_then(|known| known.get(..buffer.len())) {
            buffer.copy_from_slice(known);
            return true;
        }
        self.reads.set(self.reads.get() + 1);
        self.source.read(address, buffer).is_ok()
    }

    /// Reads the heads of the objects at `addresses` now, as close together as can be: whoever asks for one later gets it as
    /// it was.
    pub(super) fn look_ahead(&self, addresses: &[Address]) {
        let mut rest: Vec<Address> = {
            let known = self.ahead.borrow();
            let is_new = |at: &Address| at.is_aligned(8) && !known.contains_key(at) && self.is_mapped(*at);
            addresses.iter().copied().filter(is_new).collect()
        };
        rest.sort_unstable();
        rest.dedup();
        while !rest.is_empty() && !self.is_exhausted() {
            let mut heads = vec![[0; HEAD_BYTES_MAX]; rest.len()];
            let mut pieces: Vec<ReadPiece<'_>> = Vec::with_capacity(rest.len());
            for (address, head) in rest.iter().zip(&mut heads) {
                pieces.push(ReadPiece { address: *address, buffer: head });
            }
            let filled = self.fill_together(&mut pieces);
            self.ahead.borrow_mut().extend(rest.iter().copied().zip(heads).take(filled));
            // The one that was not there is asked for alone, if ever.
            rest.drain(..(filled + 1).min(rest.len()));
        }
    }

    /// Fills `pieces` by one read; how many of the first were filled.
    pub(super) fn fill_together(&self, pieces: &mut [ReadPiece<'_>]) -> usize {
        let left = self.left.get();
        if left == 0 || pieces.first().is_none_or(|first| first.address.0 < 0x1000) {
            return 0;
        }
        self.left.set(left - 1);
        self.reads.set(self.reads.get() + 1);
        self.source.read_together(pieces)
    }

    /// `N` bytes.
    pub(super) fn block<const N: usize>(&self, address: Address) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(address, &mut bytes).then_some(bytes)
    }

    /// The first `len` bytes of a structure, with zeros behind them; `None` for more than there is room for.
    pub(super) fn head<const N: usize>(&self, address: Address, len: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        let head = bytes.get_mut(..usize::try_from(len).ok()?)?;
        self.fill(address, head).then_some(bytes)
    }

    /// `len` bytes, where `len` is at most `max`.
    pub(super) fn bytes(&self, address: Address, len: u64, max: usize) -> Option<Vec<u8>> {
        let len = usize::try_from(len).ok().filter(|len| *len <= max)?;
        let mut bytes = vec![0; len];
        (len == 0 || self.fill(address, &mut bytes)).then_some(bytes)
    }

    /// A word.
    pub(super) fn word(&self, address: Address) -> Option<u64> {
        self.block(address).map(u64::from_le_bytes)
    }

    /// A pointer.
    pub(super) fn pointer(&self, address: Address) -> Option<Address> {
        self.word(address).map(Address)
    }

    /// The bytes of the `str` at `address`, at most `max`.
    pub(super) fn string(&self, address: Address, max: usize) -> Option<Vec<u8>> {
        let d = self.d;
        let len = self.word(address.offset(d.object.ob_size))?;
        self.bytes(address.offset(d.string.ob_sval), len, max)
    }

    /// The name at `address` as text, at most `max` bytes; what is no UTF-8 is replaced.
    pub(super) fn text(&self, address: Address, max: usize) -> Option<String> {
        match self.d.text {
            TextStorage::BytesAndWide => {
                let bytes = self.string(address, max)?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            TextStorage::Compact => self.compact_text(address, max),
        }
    }

    /// What the text at `address` says of how it is stored; `head` are its first bytes.
    pub(super) fn stored(&self, address: Address, head: &[u8]) -> Option<Stored> {
        Stored::of(self.d, address, head, |at| self.pointer(at))
    }

    fn compact_text(&self, address: Address, max: usize) -> Option<String> {
        let c = &self.d.unicode.compact;
        // The last object of a mapping has less behind it.
        let head: [u8; HEAD_BYTES_MAX] =
            self.block(address).or_else(|| self.head(address, c.ascii_bytes)).filter(|_| address.is_aligned(8))?;
        let stored = self.stored(address, &head)?;
        let bytes = match stored.within(&head) {
            Some(bytes) if bytes.len() <= max => bytes.to_vec(),
            Some(_) => return None,
            None => self.bytes(stored.at, stored.length.checked_mul(stored.width)?, max)?,
        };
        let unit = |unit: &[u8]| unit.iter().rev().fold(0_u32, |code, byte| code << 8 | u32::from(*byte));
        let units = bytes.chunks_exact(stored.width as usize).map(unit);
        Some(units.map(|code| char::from_u32(code).unwrap_or('\u{fffd}')).collect())
    }

    /// The items of the tuple at `address`, at most `max`.
    pub(super) fn tuple(&self, address: Address, max: usize) -> Option<Vec<Address>> {
        let d = self.d;
        let len = self.word(address.offset(d.object.ob_size))?;
        let bytes = self.bytes(address.offset(d.tuple.ob_item), len.checked_mul(8)?, max * 8)?;
        Some(words(&bytes).map(Address).collect())
    }

    /// A NUL-terminated C string of at most 127 bytes.
    pub(super) fn c_string(&self, address: Address) -> Option<String> {
        // Static strings may end a mapping: smaller blocks where the larger can't be read.
        let bytes = self
            .block::<128>(address)
            .map(|block| block.to_vec())
            .or_else(|| self.block::<32>(address).map(|block| block.to_vec()))
            .or_else(|| self.block::<8>(address).map(|block| block.to_vec()))?;
        let end = bytes.iter().position(|&byte| byte == 0)?;
        let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
        (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
    }

    /// True for a number that is an address of something mapped.
    pub(super) fn is_mapped(&self, address: Address) -> bool {
        let regions = self.source.regions();
        let after = regions.partition_point(|region| region.start <= address);
        after.checked_sub(1).and_then(|index| regions.get(index)).is_some_and(|region| region.contains(address))
    }
}
