//! Images that build on another: pages at the same address are stored as what differs.

use crate::flat::{FlatBuffer, Full, is_zero_page};
use crate::{Address, MemoryImage, PAGE_BYTES};

const PAGE: usize = PAGE_BYTES as usize;

/// Goes over an image's pages in order and takes those of the base out of them, or puts them back: exclusive or does both.
pub(super) struct Delta<'a> {
    base: &'a MemoryImage,
    /// Address of every page still to come.
    pages: Box<dyn Iterator<Item = Address> + 'a>,
}

impl<'a> Delta<'a> {
    /// For an image that consists of `runs`.
    pub(super) fn new(base: &'a MemoryImage, runs: &'a [(Address, u32)]) -> Self {
        let pages = runs.iter().flat_map(|(start, pages)| {
            let start = *start;
            (0..u64::from(*pages)).map(move |page| start.offset(page * PAGE_BYTES))
        });
        Self { base, pages: Box::new(pages) }
    }

    /// Puts the base back into a whole image.
    pub(super) fn undo(&mut self, flat: &mut FlatBuffer) -> Result<(), Full> {
        for (place, address) in (0..flat.len() / PAGE).map(|page| page * PAGE..(page + 1) * PAGE).zip(&mut self.pages) {
            if let Some(before) = self.base.bytes(address, PAGE).filter(|before| !is_zero_page(before)) {
                flat.xor(place, before)?;
            }
        }
        Ok(())
    }

    /// The next pages: `bytes` are whole ones.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        for (page, address) in bytes.chunks_mut(PAGE).zip(&mut self.pages) {
            if let Some(before) = self.base.bytes(address, PAGE) {
                page.iter_mut().zip(before).for_each(|(byte, before)| *byte ^= before);
            }
        }
    }
}
