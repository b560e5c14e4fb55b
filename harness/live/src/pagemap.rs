//! `/proc/PID/pagemap` (Documentation/admin-guide/mm/pagemap.rst): which pages are there.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use bloathound_memory::{Address, PAGE_BYTES, PageRun, PageState, Region};

const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
const FILE_OR_SHARED: u64 = 1 << 61;
const EXCLUSIVE: u64 = 1 << 56;
/// Entries read in one go: 256 KiB, 128 MiB of address space.
const ENTRIES_AT_ONCE: usize = 1 << 15;
/// Pages looked at in one capture: 1 TiB of address space, mostly reserved and empty in any real process.
const PAGES_MAX: u64 = 1 << 28;

pub(crate) fn state_of(entry: u64) -> PageState {
    match (entry & PRESENT != 0, entry & SWAPPED != 0) {
        (true, _) if entry & FILE_OR_SHARED != 0 => PageState::FileBacked,
        (true, _) => PageState::Private,
        (false, true) => PageState::Swapped,
        (false, false) => PageState::Absent,
    }
}

/// [`PageState::Private`] for what is present and not the process's alone; everything else is passed over as absent.
pub(crate) fn not_its_own(entry: u64) -> PageState {
    if entry & PRESENT != 0 && entry & EXCLUSIVE == 0 { PageState::Private } else { PageState::Absent }
}

/// The page runs of `regions`, in their order. A region the kernel gives no entries for is all absent.
pub(crate) fn read_runs<'a>(
    pagemap: &File,
    regions: impl Iterator<Item = &'a Region>,
    buffer: &mut Vec<u8>,
) -> io::Result<Vec<PageRun>> {
    read_runs_as(pagemap, regions, buffer, state_of)
}

/// The same, with `state` to say what an entry is taken for.
pub(crate) fn read_runs_as<'a>(
    pagemap: &File,
    regions: impl Iterator<Item = &'a Region>,
    buffer: &mut Vec<u8>,
    state: fn(u64) -> PageState,
) -> io::Result<Vec<PageRun>> {
    let mut runs = Vec::new();
    let mut looked_at = 0_u64;
    buffer.resize(ENTRIES_AT_ONCE * 8, 0);
    for region in regions {
        // A run belongs to one region.
        let first_run = runs.len();
        let mut next = region.start.0 / PAGE_BYTES;
        let end = region.end.0 / PAGE_BYTES;
        while next < end && looked_at < PAGES_MAX {
            let wanted = (end - next).min(ENTRIES_AT_ONCE as u64) as usize;
            let got = pagemap.read_at(&mut buffer[..wanted * 8], next * 8)? / 8;
            if got == 0 {
                break;
            }
            push_entries(&mut runs, first_run, next, &buffer[..got * 8], state);
            next += got as u64;
            looked_at += got as u64;
        }
    }
    Ok(runs)
}

/// Appends the pages from `first_page` on, joining neighbours in the same state from run number `first_run` on.
fn push_entries(
    runs: &mut Vec<PageRun>,
    first_run: usize,
    first_page: u64,
    entries: &[u8],
    state_of: fn(u64) -> PageState,
) {
    for (index, bytes) in entries.chunks_exact(8).enumerate() {
        let mut word = [0; 8];
        word.copy_from_slice(bytes);
        let state = state_of(u64::from_le_bytes(word));
        let start = Address((first_page + index as u64) * PAGE_BYTES);
        let joins = runs.len() > first_run;
        match runs.last_mut() {
            Some(run) if joins && run.state == state && run.end() == start && run.pages < u32::MAX => {
                run.pages += 1;
            }
            _ => runs.push(PageRun { start, pages: 1, state }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn states() {
        assert_eq!(state_of(PRESENT), PageState::Private);
        assert_eq!(state_of(PRESENT | FILE_OR_SHARED), PageState::FileBacked);
        assert_eq!(state_of(SWAPPED), PageState::Swapped);
        assert_eq!(state_of(0), PageState::Absent);
    }

    proptest! {
        #[test]
        fn runs_cover_every_entry_once(flags in prop::collection::vec(0_u64..8, 1..200), cut in 0_usize..200) {
            let words: Vec<u64> = flags.iter().map(|flag| flag << 61).collect();
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let cut = cut.min(words.len());
            let mut runs = Vec::new();
            push_entries(&mut runs, 0, 100, &bytes[..cut * 8], state_of);
            push_entries(&mut runs, 0, 100 + cut as u64, &bytes[cut * 8..], state_of);
            let unrolled: Vec<PageState> = runs
                .iter()
                .flat_map(|run| std::iter::repeat_n(run.state, run.pages as usize))
                .collect();
            let expected: Vec<PageState> = words.iter().map(|&word| state_of(word)).collect();
            prop_assert_eq!(unrolled, expected);
            prop_assert!(runs.windows(2).all(|pair| pair[0].end() == pair[1].start));
            prop_assert!(runs.windows(2).all(|pair| pair[0].state != pair[1].state));
        }
    }
}
