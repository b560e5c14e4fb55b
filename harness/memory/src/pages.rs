//! Which pages of a mapping are there, in runs.

use crate::{Address, PAGE_BYTES};

/// Where the contents of a page are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageState {
    /// In memory, and the process's own.
    Private,
    /// In memory, and still the same as the mapped file (or shared memory).
    FileBacked,
    /// Swapped out; reading it brings it back in.
    Swapped,
    /// Nowhere: never touched, or a file's page that is not loaded.
    Absent,
}

/// Neighbouring pages in the same state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageRun {
    /// First page.
    pub start: Address,
    /// Number of pages.
    pub pages: u32,
    /// What they have in common.
    pub state: PageState,
}

impl PageRun {
    /// One past the last byte.
    #[must_use]
    pub fn end(&self) -> Address {
        self.start.offset(u64::from(self.pages) * PAGE_BYTES)
    }
}
