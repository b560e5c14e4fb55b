//! The copied pages in one flat buffer with a page table over it.

use crate::{Address, MemorySource, PAGE_BYTES, ReadError, Region};

/// Position in an image's flat buffer, in bytes. Neighbouring pages of the target are neighbours here.
pub type FlatOffset = usize;

/// Pages a second-level table covers: 1 GiB of address space.
const LEAF_PAGES: u64 = 1 << 18;
/// First-level entries: 2^47 bytes of user address space over 1 GiB.
const ROOT_ENTRIES: usize = 1 << 17;
/// Second-level tables (1 MiB each) that any image may have: a process is in five places or so.
const LEAVES_FREE: usize = 64;
/// Pages that entitle an image to one more: a hostile file can't spread a page over every gigabyte.
const PAGES_PER_LEAF: usize = 1024;
/// Marks a page that was not copied.
const ABSENT: u32 = u32::MAX;

/// Copied pages of a target in one flat buffer, with a page table over it.
#[derive(Debug, Default)]
pub struct MemoryImage {
    regions: Vec<Region>,
    /// Runs of copied pages: start address and page count, sorted, not overlapping.
    runs: Vec<(Address, u32)>,
    flat: Vec<u8>,
    root: Vec<u32>,
    leaves: Vec<Vec<u32>>,
}

/// Collects the runs of pages an image consists of, then takes the bytes.
#[derive(Debug, Default)]
pub struct ImageBuilder {
    runs: Vec<(Address, u32)>,
}

impl ImageBuilder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `pages` pages from the page of `start` on. Order and overlap do not matter.
    pub fn add_run(&mut self, start: Address, pages: u32) {
        if pages > 0 {
            self.runs.push((start.page_start(), pages));
        }
    }

    /// The runs sorted, overlaps and touching neighbours joined, and the bytes they need.
    #[must_use]
    pub fn plan(mut self) -> (Vec<(Address, u32)>, usize) {
        self.runs.sort_unstable();
        let mut joined: Vec<(Address, u32)> = Vec::with_capacity(self.runs.len());
        for (start, pages) in self.runs {
            let end = start.0.saturating_add(u64::from(pages) * PAGE_BYTES);
            match joined.last_mut() {
                Some((last, count)) if last.0 + u64::from(*count) * PAGE_BYTES >= start.0 => {
                    let last_end = last.0 + u64::from(*count) * PAGE_BYTES;
                    let new_end = last_end.max(end);
                    *count = u32::try_from((new_end - last.0) / PAGE_BYTES).unwrap_or(u32::MAX);
                }
                _ => joined.push((start, pages)),
            }
        }
        let bytes = joined.iter().map(|(_, pages)| *pages as usize * PAGE_BYTES as usize).sum();
        (joined, bytes)
    }
}

impl MemoryImage {
    /// An image from `runs` (sorted, not overlapping, as [`ImageBuilder::plan`] gives them) and their bytes one
    /// after another. `flat` may be longer than the runs need; a run that `flat` is too short for is dropped.
    #[must_use]
    pub fn new(regions: Vec<Region>, runs: Vec<(Address, u32)>, flat: Vec<u8>) -> Self {
        let mut image = Self { regions, runs: Vec::new(), flat, root: vec![ABSENT; ROOT_ENTRIES], leaves: Vec::new() };
        let pages_there = image.flat.len() / PAGE_BYTES as usize;
        let mut next = 0_usize;
        for (start, pages) in runs {
            let end = start.0.saturating_add(u64::from(pages) * PAGE_BYTES);
            if next + pages as usize > pages_there || end > 1 << 47 {
                continue;
            }
            for page in 0..u64::from(pages) {
                image.map_page(start.0 / PAGE_BYTES + page, (next as u64 + page) as u32);
            }
            next += pages as usize;
            image.runs.push((start, pages));
        }
        image
    }

    fn map_page(&mut self, page: u64, index: u32) {
        let Some(slot) = self.root.get_mut((page / LEAF_PAGES) as usize) else {
            return;
        };
        if *slot == ABSENT {
            if self.leaves.len() >= LEAVES_FREE + self.flat.len() / PAGE_BYTES as usize / PAGES_PER_LEAF {
                return;
            }
            *slot = self.leaves.len() as u32;
            self.leaves.push(vec![ABSENT; LEAF_PAGES as usize]);
        }
        let leaf = *slot as usize;
        if let Some(entry) = self.leaves.get_mut(leaf).and_then(|l| l.get_mut((page % LEAF_PAGES) as usize)) {
            *entry = index;
        }
    }

    /// The runs of copied pages: start address and page count, sorted.
    #[must_use]
    pub fn runs(&self) -> &[(Address, u32)] {
        &self.runs
    }

    /// Changes what is said of the mappings; where they are must stay as it is.
    pub fn map_regions(&mut self, change: impl FnMut(&mut Region)) {
        self.regions.iter_mut().for_each(change);
    }

    /// All copied bytes, run after run.
    #[must_use]
    pub fn flat(&self) -> &[u8] {
        &self.flat
    }

    /// Gives the flat buffer up, so that the next capture need not fault one in again.
    #[must_use]
    pub fn into_flat(self) -> Vec<u8> {
        self.flat
    }

    /// Where `address` is in the flat buffer, if its page was copied.
    #[inline]
    #[must_use]
    pub fn locate(&self, address: Address) -> Option<FlatOffset> {
        let page = address.0 / PAGE_BYTES;
        let leaf = *self.root.get((page / LEAF_PAGES) as usize)?;
        let index = *self.leaves.get(leaf as usize)?.get((page % LEAF_PAGES) as usize)?;
        (index != ABSENT).then(|| index as usize * PAGE_BYTES as usize + (address.0 % PAGE_BYTES) as usize)
    }

    /// `len` bytes at `address` where all their pages were copied.
    #[inline]
    #[must_use]
    pub fn bytes(&self, address: Address, len: usize) -> Option<&[u8]> {
        let start = self.locate(address)?;
        let last = address.0.checked_add((len as u64).max(1) - 1)?;
        if last / PAGE_BYTES != address.0 / PAGE_BYTES && self.locate(Address(last))? != start + (len - 1) {
            return None;
        }
        // Runs that touch are one run, so equal distance in the buffer and in the target means no hole between.
        self.flat.get(start..start.checked_add(len)?)
    }

    /// How many of `len` bytes from `start` on are here.
    #[must_use]
    pub fn present_bytes(&self, start: Address, len: u64) -> u64 {
        let end = start.0.saturating_add(len);
        let run_end = |run: &(Address, u32)| run.0.0 + u64::from(run.1) * PAGE_BYTES;
        let first = self.runs.partition_point(|run| run_end(run) <= start.0);
        let runs = self.runs.get(first..).unwrap_or_default().iter().take_while(|run| run.0.0 < end);
        runs.map(|run| run_end(run).min(end) - run.0.0.max(start.0)).sum()
    }

    /// A word, where it was copied.
    #[inline]
    #[must_use]
    pub fn u64_at(&self, address: Address) -> Option<u64> {
        let bytes = self.bytes(address, 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    /// A half word, where it was copied.
    #[inline]
    #[must_use]
    pub fn u32_at(&self, address: Address) -> Option<u32> {
        let bytes = self.bytes(address, 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// A pointer, where it was copied.
    #[inline]
    #[must_use]
    pub fn pointer_at(&self, address: Address) -> Option<Address> {
        self.u64_at(address).map(Address)
    }

    /// The region that `address` is in.
    #[must_use]
    pub fn region_of(&self, address: Address) -> Option<&Region> {
        let after = self.regions.partition_point(|region| region.start <= address);
        self.regions.get(after.checked_sub(1)?).filter(|region| region.contains(address))
    }
}

impl MemorySource for MemoryImage {
    fn regions(&self) -> &[Region] {
        &self.regions
    }

    fn read(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError> {
        let bytes = self.bytes(address, buffer.len()).ok_or(ReadError::Unmapped { address, len: buffer.len() })?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_runs() -> MemoryImage {
        let mut builder = ImageBuilder::new();
        builder.add_run(Address(0x5000), 2);
        builder.add_run(Address(0x7000), 1);
        builder.add_run(Address(0x9000), 1);
        let (runs, bytes) = builder.plan();
        assert_eq!(runs, [(Address(0x5000), 3), (Address(0x9000), 1)]);
        let flat = (0..bytes).map(|i| (i / 4096) as u8).collect();
        MemoryImage::new(Vec::new(), runs, flat)
    }

    #[test]
    fn reads_across_touching_pages_but_not_across_holes() {
        let image = two_runs();
        assert_eq!(image.bytes(Address(0x6ffe), 4), Some(&[1, 1, 2, 2][..]));
        assert_eq!(image.bytes(Address(0x7ffe), 4), None);
        assert_eq!(image.bytes(Address(0x7ffe), 0x1004), None);
        assert_eq!(image.bytes(Address(0x9000), 1), Some(&[3][..]));
        assert_eq!(image.bytes(Address(u64::MAX), 2), None);
        assert_eq!(image.bytes(Address(0x9000), usize::MAX), None);
        let present = |start, len| image.present_bytes(Address(start), len);
        assert_eq!((present(0x4000, 0x1000), present(0x5800, 0x800), present(0x6ffe, 4)), (0, 0x800, 4));
        assert_eq!((present(0, u64::MAX), present(0x7800, 0x2000), present(0xa000, 8)), (0x4000, 0x1000, 0));
    }

    #[test]
    fn a_run_without_bytes_is_dropped() {
        let image = MemoryImage::new(Vec::new(), vec![(Address(0x1000), 2)], vec![0; 4096]);
        assert_eq!(image.locate(Address(0x1000)), None);
    }
}
