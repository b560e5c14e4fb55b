//! Where objects begin: a bit for every eighth byte of the copied image, with ranks over it.
//!
//! An object's id is its rank, so that an address is turned into an id by two loads from small tables, ids are dense and
//! ordered by address, and no table of the image's own size is needed.

use bloathound_memory::FlatOffset;

/// Objects are at multiples of this (`PyIntObject`s stand 24 bytes apart, so 16 is too coarse).
const GRAIN_BYTES: usize = 8;
/// Words of marks that are one stretch: a quarter of a megabyte of the image, a few thousand objects at most.
const STRETCH_WORDS: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct ObjectMarks {
    bits: Vec<u64>,
    ranks: Vec<u32>,
    /// The rank that each stretch begins with.
    firsts: Vec<u32>,
    total: u32,
}

impl ObjectMarks {
    pub(crate) fn new(flat_bytes: usize) -> Self {
        Self { bits: vec![0; flat_bytes / (GRAIN_BYTES * 64) + 1], ..Self::default() }
    }

    /// Marks an object's first byte; false when it was marked before or is out of range.
    #[inline]
    pub(crate) fn mark(&mut self, at: FlatOffset) -> bool {
        let grain = at / GRAIN_BYTES;
        let bit = 1_u64 << (grain % 64);
        match self.bits.get_mut(grain / 64) {
            Some(word) if *word & bit == 0 => {
                *word |= bit;
                true
            }
            _ => false,
        }
    }

    #[inline]
    pub(crate) fn is_marked(&self, at: FlatOffset) -> bool {
        let grain = at / GRAIN_BYTES;
        at.is_multiple_of(GRAIN_BYTES) && self.bits.get(grain / 64).is_some_and(|w| w >> (grain % 64) & 1 == 1)
    }

    /// Counts ranks; no mark may be added afterwards.
    pub(crate) fn seal(&mut self) {
        let mut total = 0_u32;
        // A word without a mark is never asked for: its rank is not written, so that an image of zeroes takes no memory.
        self.ranks = vec![0; self.bits.len()];
        for (ranks, words) in self.ranks.chunks_mut(STRETCH_WORDS).zip(self.bits.chunks(STRETCH_WORDS)) {
            self.firsts.push(total);
            for (rank, word) in ranks.iter_mut().zip(words) {
                if *word != 0 {
                    *rank = total;
                    total += word.count_ones();
                }
            }
        }
        self.total = total;
    }

    /// How many marks there are.
    pub(crate) fn len(&self) -> usize {
        self.total as usize
    }

    /// The rank of a marked offset.
    #[inline]
    pub(crate) fn rank(&self, at: FlatOffset) -> Option<u32> {
        if !at.is_multiple_of(GRAIN_BYTES) {
            return None;
        }
        let grain = at / GRAIN_BYTES;
        let word = *self.bits.get(grain / 64)?;
        let bit = grain % 64;
        if word >> bit & 1 == 0 {
            return None;
        }
        let below = word & ((1_u64 << bit) - 1);
        Some(self.ranks.get(grain / 64)? + below.count_ones())
    }

    /// How many stretches an image of so many bytes has.
    pub(crate) fn stretches_of(flat_bytes: usize) -> usize {
        flat_bytes.div_ceil(STRETCH_WORDS * 64 * GRAIN_BYTES)
    }

    /// How many stretches there are, with or without a mark.
    pub(crate) fn stretches(&self) -> usize {
        self.firsts.len()
    }

    /// The rank of the first mark of a stretch, or of the next one that has any.
    pub(crate) fn first_of(&self, stretch: usize) -> u32 {
        self.firsts.get(stretch).copied().unwrap_or(self.total)
    }

    /// The marked offsets of a stretch, ascending: the order of ranks.
    pub(crate) fn in_stretch(&self, stretch: usize) -> impl Iterator<Item = FlatOffset> + '_ {
        let start = stretch.saturating_mul(STRETCH_WORDS);
        let words = self.bits.get(start..).unwrap_or_default().iter().take(STRETCH_WORDS);
        words.enumerate().flat_map(move |(index, word)| {
            let index = start + index;
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some((index * 64 + bit) * GRAIN_BYTES)
            })
        })
    }
}

/// Open-addressing map from target addresses to small numbers; several times quicker than the standard one, whose
/// hash is made against attackers. Hostile images only make it slower by a bounded factor: it is never larger than
/// the number of types or late-found objects, each of which takes image bytes.
#[derive(Clone, Debug)]
pub(crate) struct AddressMap {
    slots: Vec<(u64, u32)>,
    len: usize,
}

const EMPTY: u64 = u64::MAX;

impl AddressMap {
    pub(crate) fn new() -> Self {
        Self { slots: vec![(EMPTY, 0); 64], len: 0 }
    }

    #[inline]
    fn slot_of(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize & mask;
        while self.slots[slot].0 != key && self.slots[slot].0 != EMPTY {
            slot = (slot + 1) & mask;
        }
        slot
    }

    #[inline]
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        let (found, value) = self.slots[self.slot_of(key)];
        (found == key && key != EMPTY).then_some(value)
    }

    /// Nothing in it, with the room of a new one.
    pub(crate) fn clear(&mut self) {
        if self.len > 0 {
            *self = Self::new();
        }
    }

    pub(crate) fn insert(&mut self, key: u64, value: u32) {
        if key == EMPTY {
            return;
        }
        if (self.len + 1) * 2 > self.slots.len() {
            let old = std::mem::take(&mut self.slots);
            self.slots = vec![(EMPTY, 0); old.len() * 2];
            for (k, v) in old.into_iter().filter(|(k, _)| *k != EMPTY) {
                let slot = self.slot_of(k);
                self.slots[slot] = (k, v);
            }
        }
        let slot = self.slot_of(key);
        if self.slots[slot].0 == EMPTY {
            self.len += 1;
        }
        self.slots[slot] = (key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_addresses() {
        let mut marks = ObjectMarks::new(1 << 16);
        for at in [0, 8, 512, 4096, 65528] {
            assert!(marks.mark(at));
        }
        assert!(!marks.mark(512));
        marks.seal();
        assert_eq!(marks.in_stretch(0).collect::<Vec<_>>(), [0, 8, 512, 4096, 65528]);
        assert_eq!(marks.rank(4096), Some(3));
        assert_eq!(marks.rank(4104), None);
        assert_eq!(marks.rank(4097), None);
    }

    #[test]
    fn stretches_follow_each_other() {
        let stretch = STRETCH_WORDS * 64 * GRAIN_BYTES;
        let mut marks = ObjectMarks::new(3 * stretch);
        let all = [8, stretch - 8, 2 * stretch, 2 * stretch + 16];
        assert!(all.iter().all(|at| marks.mark(*at)));
        marks.seal();
        let each: Vec<Vec<usize>> = (0..marks.stretches()).map(|stretch| marks.in_stretch(stretch).collect()).collect();
        assert_eq!(each.concat(), all);
        assert_eq!([0, 1, 2, 3, 9].map(|stretch| marks.first_of(stretch)), [0, 2, 2, 4, 4]);
        assert_eq!(each[2], all[2..]);
    }

    #[test]
    fn address_map_holds_many() {
        let mut map = AddressMap::new();
        for n in 0..10_000_u64 {
            map.insert(n * 904, n as u32);
        }
        assert!((0..10_000_u64).all(|n| map.get(n * 904) == Some(n as u32)));
        assert_eq!(map.get(1), None);
        assert_eq!(map.get(u64::MAX), None);
    }
}
