//! Mappings and page presence: taken at leisure while the target runs, brought up to date while it stands still.
//!
//! The kernel needs 50 ns a page for `pagemap` and more for `smaps`; copying a page takes 250 ns. Asking again for every
//! page would make a pause a third longer. So the pause asks only where something can have appeared: in mappings that
//! are new or changed, and on pages that were absent. A page that was dropped meanwhile (`MADV_DONTNEED`) is read as
//! what it is now for the target, too: zeroes, from the kernel's shared zero page, without growing anything.

use std::fs::File;
use std::iter::once;

use bloathound_memory::{PAGE_BYTES, Region};

use crate::error::LiveError;
use crate::maps::Mapping;
use crate::pagemap::read_runs;
use crate::plan::is_changing;
use crate::process::Process;
use crate::unbacked::Unbacked;
use bloathound_memory::{PageRun, PageState};

/// Mappings and page presence of one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    pub(crate) mappings: Vec<Mapping>,
    /// Of all memory that changes, in the order of the mappings.
    pub(crate) page_runs: Vec<PageRun>,
    /// Which of them no memory is behind.
    pub(crate) unbacked: Unbacked,
}

impl Survey {
    /// Asks for everything.
    pub(crate) fn take(process: &Process) -> Result<Self, LiveError> {
        let mappings = process.smaps()?;
        let regions = mappings.iter().map(|mapping| &mapping.region);
        let page_runs = process.page_runs(regions.filter(|region| is_changing(region)))?;
        let unbacked = Unbacked::find(process, &mappings, &page_runs)?;
        Ok(Self { mappings, page_runs, unbacked })
    }

    /// The same for now, asking only where something can have appeared.
    pub(crate) fn update(&self, process: &Process) -> Result<Self, LiveError> {
        if !self.unbacked.is_empty() {
            // A page of zeroes may have been written meanwhile: only asking for everything tells.
            return Self::take(process);
        }
        let pagemap =
            File::open(process.directory().join("pagemap")).map_err(|error| process.refused("pagemap", error))?;
        let mut buffer = Vec::new();
        let mut read = |region: &Region| {
            let runs = read_runs(&pagemap, once(region), &mut buffer);
            runs.map(|runs| process.with_moving_pages(runs)).map_err(|error| process.refused("pagemap", error))
        };
        let mut now = Self::default();
        for region in process.maps()? {
            let known = self.mapping_at(&region);
            let mut mapping = known.cloned().unwrap_or_else(|| Mapping::new(region.clone()));
            if is_changing(&region) {
                let runs = match known {
                    Some(_) => self.fill_gaps(&region, &mut read)?,
                    None => read(&region)?,
                };
                let before = known.map_or(0, |_| present_pages(self.runs_in(&region)));
                // The kernel's shared zero page is present without being resident, so only the difference counts.
                let appeared = present_pages(&runs).saturating_sub(before) * PAGE_BYTES;
                let rss = mapping.region.rss_bytes.unwrap_or(0);
                mapping.region.rss_bytes = Some(rss.saturating_add(appeared));
                now.page_runs.extend(runs);
            }
            now.mappings.push(mapping);
        }
        Ok(now)
    }

    /// The mapping that is the same as `region`, resident bytes aside.
    fn mapping_at(&self, region: &Region) -> Option<&Mapping> {
        let index = self.mappings.binary_search_by_key(&region.start, |mapping| mapping.region.start).ok()?;
        self.mappings.get(index).filter(|mapping| {
            let known = &mapping.region;
            known.end == region.end
                && known.permissions == region.permissions
                && known.file_offset == region.file_offset
                && known.kind == region.kind
        })
    }

    fn runs_in(&self, region: &Region) -> &[PageRun] {
        let from = self.page_runs.partition_point(|run| run.end() <= region.start);
        let to = self.page_runs.partition_point(|run| run.start < region.end);
        self.page_runs.get(from..to).unwrap_or_default()
    }

    /// The known runs of `region`, with those that were not there asked for again.
    fn fill_gaps(
        &self,
        region: &Region,
        read: &mut dyn FnMut(&Region) -> Result<Vec<PageRun>, LiveError>,
    ) -> Result<Vec<PageRun>, LiveError> {
        let mut runs = Vec::new();
        for run in self.runs_in(region) {
            if matches!(run.state, PageState::Private | PageState::FileBacked) {
                runs.push(*run);
            } else {
                runs.extend(read(&Region { start: run.start, end: run.end(), ..region.clone() })?);
            }
        }
        Ok(runs)
    }
}

fn present_pages(runs: &[PageRun]) -> u64 {
    runs.iter()
        .filter(|run| matches!(run.state, PageState::Private | PageState::FileBacked))
        .map(|run| u64::from(run.pages))
        .sum()
}
