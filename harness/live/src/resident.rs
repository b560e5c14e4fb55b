//! A process read without bringing anything in.

use bloathound_memory::{Address, MemorySource, PAGE_BYTES, PageRun, PageState, ReadError, Region};

use crate::error::LiveError;
use crate::plan::is_changing;
use crate::process::Process;

/// Reads a process's writable memory only where its pages are there.
///
/// Reading a page that was never touched makes the kernel map one, and the target grows. Whoever follows pointers that
/// may be anything reads through this.
#[derive(Debug)]
pub struct Resident<'a> {
    process: &'a Process,
    /// Of writable memory, ascending.
    runs: Vec<PageRun>,
}

impl Process {
    /// The process as it is now, to be read only where its pages are there.
    ///
    /// # Errors
    /// When the process has gone or may not be read.
    pub fn resident(&self) -> Result<Resident<'_>, LiveError> {
        let mut runs = self.page_runs(self.regions().iter().filter(|region| is_changing(region)))?;
        runs.sort_by_key(|run| run.start);
        Ok(Resident { process: self, runs })
    }
}

impl Resident<'_> {
    /// False for a page of writable memory that is not there.
    fn may_be_read(&self, page: Address) -> bool {
        let after = self.runs.partition_point(|run| run.start <= page);
        let run = after.checked_sub(1).and_then(|index| self.runs.get(index)).filter(|run| page < run.end());
        run.is_none_or(|run| run.state != PageState::Absent)
    }
}

impl MemorySource for Resident<'_> {
    fn regions(&self) -> &[Region] {
        self.process.regions()
    }

    fn read(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError> {
        let len = buffer.len();
        let last = address.offset(len.saturating_sub(1) as u64);
        let mut page = Address(address.0 / PAGE_BYTES * PAGE_BYTES);
        while page <= last && len > 0 {
            if !self.may_be_read(page) {
                return Err(ReadError::Unmapped { address, len });
            }
            page = page.offset(PAGE_BYTES);
        }
        self.process.read(address, buffer)
    }
}
