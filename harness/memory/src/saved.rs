//! Telling the kinds of saved files apart by their first bytes.

use std::io::{self, Read};
use std::path::Path;

use bloathound_bounds::open_regular;

/// What kind of saved process a file is, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SavedKind {
    /// A recorded image ([`crate::read_recording`]).
    Recording,
    /// An ELF core ([`crate::read_core`]).
    Core,
    /// Neither.
    Other,
}

/// Looks at the first bytes of `path`.
///
/// # Errors
/// When it can't be read, or is no regular file.
pub fn saved_kind(path: &Path) -> io::Result<SavedKind> {
    let mut start = Vec::new();
    open_regular(path)?.take(18).read_to_end(&mut start)?;
    // `e_type` is at 16; 4 is `ET_CORE`.
    let core = start.starts_with(b"\x7fELF") && start.get(16..18) == Some(&[4, 0][..]);
    Ok(match () {
        () if start.starts_with(crate::recorded::MAGIC) => SavedKind::Recording,
        () if core => SavedKind::Core,
        () => SavedKind::Other,
    })
}
