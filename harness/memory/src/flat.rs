//! A flat buffer that is filled piece by piece, in which pages of zeroes cost nothing.
//!
//! Memory that was never written is the kernel's one shared page of zeroes, wherever it is read. So a buffer begins as such
//! memory in its whole length, and pages of zeroes are simply not written into it: 16 GiB of them are addresses and no more.
//! Everybody who reads the buffer sees one slice all the same, and objects that span pages need no special case.

use std::ops::Range;

use crate::PAGE_BYTES;

const PAGE: usize = PAGE_BYTES as usize;
static ZEROES: [u8; PAGE] = [0; PAGE];

/// True for a page (or a part of one) without any byte set.
#[must_use]
pub fn is_zero_page(page: &[u8]) -> bool {
    ZEROES.get(..page.len()).is_some_and(|zeroes| zeroes == page)
}

/// `bytes` zeroes that are not there yet; `None` where the system has no addresses for so many. Nothing is allocated by the
/// word of a file alone: what a file claims has to pass here first.
#[must_use]
pub fn untouched(bytes: usize) -> Option<Vec<u8>> {
    // Only this way of asking may be refused; it takes and gives back addresses, no memory.
    Vec::<u8>::new().try_reserve_exact(bytes).ok()?;
    Some(vec![0; bytes])
}

/// More pages that are not zero than there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// A buffer under way, and how much of it is really there.
#[derive(Debug, Default)]
pub(crate) struct FlatBuffer {
    bytes: Vec<u8>,
    used: usize,
    written: u64,
    most: u64,
}

impl FlatBuffer {
    /// For `bytes` bytes, of which `most` may be written.
    pub(crate) fn new(bytes: u64, most: u64) -> Option<Self> {
        let bytes = untouched(usize::try_from(bytes).ok()?)?;
        Some(Self { bytes, used: 0, written: 0, most })
    }

    /// Appends whole pages.
    pub(crate) fn push(&mut self, pages: &[u8]) -> Result<(), Full> {
        for page in pages.chunks(PAGE) {
            let place = self.used..self.used + page.len();
            self.used = place.end;
            if !is_zero_page(page) {
                self.grant()?;
                self.bytes.get_mut(place).ok_or(Full)?.copy_from_slice(page);
            }
        }
        Ok(())
    }

    /// Changes a page in place by another of which not all is zero.
    pub(crate) fn xor(&mut self, place: Range<usize>, other: &[u8]) -> Result<(), Full> {
        let page = self.bytes.get_mut(place.clone()).ok_or(Full)?;
        if is_zero_page(page) {
            self.grant()?;
        }
        let page = self.bytes.get_mut(place).ok_or(Full)?;
        page.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
        Ok(())
    }

    fn grant(&mut self) -> Result<(), Full> {
        self.written += PAGE_BYTES;
        if self.written > self.most { Err(Full) } else { Ok(()) }
    }

    /// Bytes appended.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// Bytes that are really there.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.used);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeroes_are_not_counted_and_everything_is_read_back() {
        let mut flat = FlatBuffer::new(6 * PAGE_BYTES, 2 * PAGE_BYTES).unwrap();
        let mut pages = vec![0; 3 * PAGE];
        pages[PAGE + 7] = 9;
        flat.push(&pages).unwrap();
        assert_eq!((flat.len(), flat.written()), (3 * PAGE, PAGE_BYTES));
        flat.xor(2 * PAGE..3 * PAGE, &[3; PAGE]).unwrap();
        flat.xor(PAGE..2 * PAGE, &[1; PAGE]).unwrap();
        assert_eq!(flat.written(), 2 * PAGE_BYTES);
        assert_eq!(flat.push(&pages), Err(Full), "a third page is more than it may have");
        let bytes = flat.finish();
        assert_eq!((bytes[0], bytes[PAGE + 7], bytes[PAGE], bytes[2 * PAGE]), (0, 8, 1, 3));
    }

    #[test]
    fn more_addresses_than_there_are_is_no_abort() {
        assert!(FlatBuffer::new(1 << 62, u64::MAX).is_none());
        assert!(FlatBuffer::new(u64::MAX, u64::MAX).is_none());
    }
}
