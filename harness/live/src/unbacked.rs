//! Pages that are present although no memory is behind them.
//!
//! Whoever only reads memory that was never written gets the kernel's one page of zeroes, over and over: eight gigabytes of
//! it are present, and 7 MB resident. What is copied of that are zeroes that a fresh buffer has anyway, so it is not copied.
//!
//! Told apart by counting. The zero page is not in a mapping's `Rss`, and `pagemap` does not call it the process's own
//! (`PM_MMAP_EXCLUSIVE`). Pages shared with a child of `fork` are not its own either, but resident. Where as many are not its
//! own as are present beyond `Rss`, they are all the zero page. Where more are, nobody but the pages themselves can tell:
//! they are read piece by piece, and only those that are not zero are kept.

use std::fs::File;
use std::iter::once;

use bloathound_memory::{Address, PAGE_BYTES, PageRun, PageState, RegionKind};

use crate::error::LiveError;
use crate::maps::Mapping;
use crate::pagemap::{not_its_own, read_runs_as};
use crate::process::Process;

/// Less than this is copied like anything else.
const WORTH_BYTES: u64 = 4 << 20;

/// Runs of such pages, ascending, in anonymous memory.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Unbacked {
    /// First page, bytes, and whether it is certain.
    pub(crate) runs: Vec<(Address, usize, Certainty)>,
    /// Bytes of doubtful pages that are resident all the same.
    pub(crate) resident_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Certainty {
    /// Every page is the zero page.
    Known,
    /// Some are, and some are resident.
    Doubtful,
}

impl Unbacked {
    /// Looks where more is present than resident; `page_runs` are of the same moment as `mappings`, or nearly.
    pub(crate) fn find(process: &Process, mappings: &[Mapping], page_runs: &[PageRun]) -> Result<Self, LiveError> {
        let mut found = Self::default();
        for mapping in mappings {
            let region = &mapping.region;
            let is_anonymous = matches!(region.kind, RegionKind::Anonymous | RegionKind::Heap | RegionKind::Stack);
            if !is_anonymous || mapping.huge_pool_bytes > 0 {
                continue;
            }
            let from = page_runs.partition_point(|run| run.end() <= region.start);
            let runs = page_runs.get(from..).unwrap_or_default().iter().take_while(|run| run.start < region.end);
            let present = bytes_of(runs.filter(|run| is_present(run)));
            let excess = present.saturating_sub(region.rss_bytes.unwrap_or(0));
            if excess < WORTH_BYTES {
                continue;
            }
            let refused = |error| process.refused("pagemap", error);
            let pagemap = File::open(process.directory().join("pagemap")).map_err(refused)?;
            let candidates = read_runs_as(&pagemap, once(region), &mut Vec::new(), not_its_own).map_err(refused)?;
            let candidates: Vec<&PageRun> = candidates.iter().filter(|run| is_present(run)).collect();
            let bytes = bytes_of(candidates.iter().copied());
            let certainty = if bytes == excess { Certainty::Known } else { Certainty::Doubtful };
            if certainty == Certainty::Doubtful {
                found.resident_bytes += bytes.saturating_sub(excess);
            }
            found.runs.extend(
                candidates.iter().map(|run| (run.start, (u64::from(run.pages) * PAGE_BYTES) as usize, certainty)),
            );
        }
        Ok(found)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

fn is_present(run: &PageRun) -> bool {
    matches!(run.state, PageState::Private | PageState::FileBacked)
}

fn bytes_of<'a>(runs: impl Iterator<Item = &'a PageRun>) -> u64 {
    runs.map(|run| u64::from(run.pages) * PAGE_BYTES).sum()
}
