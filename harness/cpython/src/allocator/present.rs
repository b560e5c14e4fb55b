//! Which bytes of a mapping are resident, going by the pages that were copied.

use std::ops::Range;

use bloathound_memory::{Address, MemoryImage, MemorySource, PAGE_BYTES};

/// Copied (so: resident) bytes of any range.
pub(super) struct Present {
    /// Start, end and bytes of all runs before.
    runs: Vec<(u64, u64, u64)>,
}

impl Present {
    pub(super) fn new(image: &MemoryImage) -> Self {
        let mut pieces: Vec<(u64, u64)> = Vec::new();
        for (start, pages) in image.runs() {
            pieces.push((start.0, start.offset(u64::from(*pages) * PAGE_BYTES).0));
        }
        let holes = shared_zero_pages(image, &Self::of(pieces.iter().copied()));
        let mut holes = holes.into_iter().peekable();
        let mut runs = Vec::new();
        for (mut start, end) in pieces {
            while let Some(hole) = holes.next_if(|hole| *hole < end) {
                runs.push((start, hole));
                start = hole + PAGE_BYTES;
            }
            runs.push((start, end));
        }
        Self::of(runs.into_iter().filter(|(start, end)| start < end))
    }

    fn of(pieces: impl Iterator<Item = (u64, u64)>) -> Self {
        let mut before = 0;
        let runs = pieces.map(|(start, end)| {
            let run = (start, end, before);
            before += end - start;
            run
        });
        Self { runs: runs.collect() }
    }

    fn below(&self, address: Address) -> u64 {
        let position = self.runs.partition_point(|(start, _, _)| *start < address.0);
        match position.checked_sub(1).and_then(|at| self.runs.get(at)) {
            Some((start, end, before)) => before + address.0.min(*end) - start,
            None => 0,
        }
    }

    pub(super) fn bytes(&self, range: Range<Address>) -> u64 {
        self.below(range.end).saturating_sub(self.below(range.start))
    }

    /// Addresses of the pages in `range`, ascending.
    fn pages_of(&self, range: Range<Address>) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.runs.iter().map(move |(start, end, _)| (*start.max(&range.start.0), *end.min(&range.end.0))).flat_map(
            |(start, end)| {
                let pages = end.saturating_sub(start) / PAGE_BYTES;
                (0..pages as u32).map(move |page| start + u64::from(page) * PAGE_BYTES)
            },
        )
    }
}

/// Pages that are there without being resident, ascending: who reads memory that was never written is shown the kernel's
/// one page of zeroes. No file of the kernel's tells these pages from others, but a mapping with them has more pages than
/// resident ones, and they are among those that hold zeroes.
fn shared_zero_pages(image: &MemoryImage, present: &Present) -> Vec<u64> {
    let mut found = Vec::new();
    for region in image.regions().iter().filter(|region| region.is_private_writable()) {
        let Some(resident) = region.rss_bytes else { continue };
        let mut surplus = present.bytes(region.start..region.end).saturating_sub(resident) / PAGE_BYTES;
        if surplus == 0 {
            continue;
        }
        // From the end: what was never written is at the far end of stacks' guards, arenas and heaps alike.
        let pages = present.pages_of(region.start..region.end).rev();
        for page in pages {
            if surplus == 0 {
                break;
            }
            let bytes = image.bytes(Address(page), PAGE_BYTES as usize).unwrap_or_default();
            if bytes.iter().all(|byte| *byte == 0) {
                found.push(page);
                surplus -= 1;
            }
        }
    }
    found.sort_unstable();
    found
}

/// Copied runs cut to `range`.
pub(super) fn runs_within(image: &MemoryImage, range: Range<Address>) -> impl Iterator<Item = (Address, u32)> + '_ {
    let runs = image.runs();
    let end_of = |run: &(Address, u32)| run.0.offset(u64::from(run.1) * PAGE_BYTES);
    let first = runs.partition_point(|run| end_of(run) <= range.start);
    let limit = range.end;
    runs.get(first..).unwrap_or_default().iter().take_while(move |run| run.0 < limit).map(move |run| {
        let start = run.0.max(range.start);
        let end = end_of(run).min(limit);
        (start, (end.since(start) / PAGE_BYTES) as u32)
    })
}
