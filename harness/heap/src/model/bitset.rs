//! A set of objects, one bit each.

use crate::ObjectId;

/// A set of objects, one bit each. Grows on insertion; asking beyond its end is fine.
#[derive(Clone, Default)]
pub struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// An empty set with room for ids below `len`.
    #[must_use]
    pub fn with_len(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)] }
    }

    /// All ids below `len`.
    #[must_use]
    pub fn full(len: usize) -> Self {
        let mut words = vec![u64::MAX; len.div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), len % 64) {
            *last = (1 << rest) - 1;
        }
        Self { words }
    }

    /// True when `id` is in the set.
    #[inline]
    #[must_use]
    pub fn contains(&self, id: ObjectId) -> bool {
        self.words.get(id.index() / 64).is_some_and(|word| word >> (id.0 % 64) & 1 != 0)
    }

    /// Adds `id`; false when it was there.
    #[inline]
    pub fn insert(&mut self, id: ObjectId) -> bool {
        let index = id.index() / 64;
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        let bit = 1 << (id.0 % 64);
        let added = self.words[index] & bit == 0;
        self.words[index] |= bit;
        added
    }

    /// Removes `id`; false when it was not there.
    pub fn remove(&mut self, id: ObjectId) -> bool {
        let bit = 1 << (id.0 % 64);
        match self.words.get_mut(id.index() / 64) {
            Some(word) if *word & bit != 0 => {
                *word &= !bit;
                true
            }
            _ => false,
        }
    }

    /// How many are in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// True when nothing is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Adds all of `other`.
    pub fn union_with(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Keeps what is in `other` too.
    pub fn intersect_with(&mut self, other: &Self) {
        for (index, mine) in self.words.iter_mut().enumerate() {
            *mine &= other.words.get(index).copied().unwrap_or(0);
        }
    }

    /// Removes all of `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// What is in the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(ObjectId(index as u32 * 64 + bit))
            })
        })
    }
}

impl PartialEq for BitSet {
    /// Equal members; room at the end does not count.
    fn eq(&self, other: &Self) -> bool {
        let (short, long) = if self.words.len() <= other.words.len() { (self, other) } else { (other, self) };
        let (common, rest) = long.words.split_at(short.words.len());
        short.words == common && rest.iter().all(|word| *word == 0)
    }
}

impl Eq for BitSet {}

impl std::fmt::Debug for BitSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(|id| id.0)).finish()
    }
}

impl FromIterator<ObjectId> for BitSet {
    fn from_iter<I: IntoIterator<Item = ObjectId>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| {
            set.insert(id);
        });
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    proptest::proptest! {
        #[test]
        fn behaves_as_a_set_of_numbers(a: BTreeSet<u16>, b: BTreeSet<u16>, gone: Vec<u16>) {
            let ids = |set: &BTreeSet<u16>| set.iter().map(|n| ObjectId(u32::from(*n))).collect::<BitSet>();
            let back = |set: &BitSet| set.iter().map(|id| id.0 as u16).collect::<BTreeSet<u16>>();
            let (x, y) = (ids(&a), ids(&b));
            assert_eq!(x.count(), a.len());
            assert_eq!(x.is_empty(), a.is_empty());
            assert_eq!(x == y, a == b);
            let mut z = x.clone();
            z.union_with(&y);
            assert_eq!(back(&z), &a | &b);
            z = x.clone();
            z.intersect_with(&y);
            assert_eq!(back(&z), &a & &b);
            z = x.clone();
            z.subtract(&y);
            assert_eq!(back(&z), &a - &b);
            let mut set = a.clone();
            z = x;
            for n in gone {
                assert_eq!(z.remove(ObjectId(u32::from(n))), set.remove(&n));
                assert!(!z.contains(ObjectId(u32::from(n))));
            }
            assert_eq!(back(&z), set);
        }

        #[test]
        fn full_has_all_below_its_length(len in 0_usize..300) {
            let set = BitSet::full(len);
            assert_eq!(set.count(), len);
            assert!(!set.contains(ObjectId(len as u32)));
        }
    }
}
