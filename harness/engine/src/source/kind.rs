//! What a target on a command line is: told by its form, or by what the file begins with.

use std::io::Read;
use std::path::Path;

use bloathound_bounds::open_regular;
use bloathound_memory::SealedKind;

use super::error::SourceError;

/// Recorded samples. They are judged by themselves and hold no memory.
pub const SAMPLES: SealedKind = SealedKind { magic: *b"BLTHSMPL", version: 2, name: "recorded samples" };
/// What a dump begins with (`reference-services/diagnostics/collector.py`).
const DUMP: &[u8] = b"[\"bloathound-dump\"";
/// What stands before the address of a manhole.
const MANHOLE: &str = "manhole:";

/// What a file begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FileKind {
    Image,
    Core,
    Dump,
}

/// The address behind `manhole:`, where it stands there.
pub(super) fn manhole_address(target: &str) -> Option<&str> {
    target.strip_prefix(MANHOLE)
}

/// True for `manhole:…`.
#[must_use]
pub fn is_manhole(target: &str) -> bool {
    manhole_address(target).is_some()
}

/// True for what a process tells of itself: a manhole, or a dump's file.
#[must_use]
pub fn is_inside(target: &str) -> bool {
    is_manhole(target) || matches!(kind_of(Path::new(target)), Ok(FileKind::Dump))
}

/// The kind of a file.
///
/// # Errors
/// [`SourceError::NoTarget`] for what can't be read or is none of them, [`SourceError::Samples`] for samples.
pub(super) fn kind_of(path: &Path) -> Result<FileKind, SourceError> {
    let neither = |what: &str| SourceError::NoTarget { path: path.display().to_string(), what: what.to_owned() };
    let mut start = Vec::new();
    open_regular(path)
        .and_then(|file| file.take(DUMP.len() as u64).read_to_end(&mut start))
        .map_err(|error| neither(&error.to_string()))?;
    match start.as_slice() {
        [b'B', b'L', b'T', b'H', b'O', b'U', b'N', b'D', ..] => Ok(FileKind::Image),
        DUMP => Ok(FileKind::Dump),
        [0x7f, b'E', b'L', b'F', ..] => Ok(FileKind::Core),
        start if start.starts_with(&SAMPLES.magic) => Err(SourceError::Samples { path: path.display().to_string() }),
        _ => Err(neither("none of these by what it begins with")),
    }
}
