//! Samples of a process's threads, kept in a file and judged again: the twin of a recorded image for hot loops.
//!
//! ```text
//! "BLTHSMPL" u32 version, then DATA frames and DONE as in a recorded image
//! ```
//! The frames' content is one JSON document: what it is of, and the whole profile. A file of another version is refused by
//! its number, and so is one with any damage: of samples a part is worth nothing.

mod tables;
mod version1;

use std::path::Path;

use bloathound_memory::{Effort, SealedError, SealedKind, read_sealed, write_sealed};
use bloathound_profile::Profile;
use serde::{Deserialize, Serialize};

use self::tables::Tables;
use super::write::{base_name, kernel_release};
use crate::source::{LiveProcess, SAMPLES};

/// The format before: values have no kind and no length of their own. It is read, and no longer written.
const SAMPLES_1: SealedKind = SealedKind { version: 1, ..SAMPLES };
/// Most bytes of the document: 200 000 samples are some 100 MB.
const DOCUMENT_BYTES_MAX: u64 = 1 << 30;

/// What samples are of.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SamplesManifest {
    /// Name and version of the tool that wrote them.
    pub tool: String,
    /// Kernel release of the machine they were taken on.
    pub kernel: String,
    /// The executable, without its folder.
    pub executable: String,
    /// Process id it had.
    pub pid: u32,
    /// What strings said was replaced before writing.
    pub redacted: bool,
    /// Build id of the interpreter's module.
    pub build_id: Option<String>,
    /// `sizeof(Py_UNICODE)`.
    pub unicode_bytes: u64,
    /// Release of the interpreter, or its series. Samples of before there was a second series don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<String>,
}

/// Recorded samples.
#[derive(Clone, PartialEq, Debug)]
pub struct RecordedSamples {
    /// What they are of.
    pub manifest: SamplesManifest,
    /// The samples.
    pub profile: Profile,
}

#[derive(Serialize, Deserialize)]
struct Document {
    manifest: SamplesManifest,
    profile: Tables,
}

impl SamplesManifest {
    /// For samples of this process.
    #[must_use]
    pub fn of(target: &LiveProcess, tool: &str) -> Self {
        Self {
            tool: tool.to_owned(),
            kernel: kernel_release(),
            executable: base_name(target.process().executable()).to_owned(),
            pid: target.process().pid(),
            python: Some(target.interpreter().version().to_owned()),
            redacted: false,
            build_id: target.symbols().build_id.clone(),
            unicode_bytes: target.interpreter().unicode.bytes(),
        }
    }
}

/// Writes samples to `path`, whole or not at all, readable by their owner only; the bytes of the file. `redact` replaces
/// what strings say and the folders of paths: lengths, hashes and names of code stay.
///
/// # Errors
/// [`SealedError::Io`].
pub fn record_samples(
    path: &Path,
    mut manifest: SamplesManifest,
    profile: &Profile,
    redact: bool,
    effort: Effort,
) -> Result<u64, SealedError> {
    manifest.redacted = redact;
    let mut profile = Tables::new(profile);
    if redact {
        profile.redact();
    }
    let document = serde_json::to_vec(&Document { manifest, profile })
        .map_err(|error| SealedError::Io { path: path.to_owned(), cause: error.into() })?;
    write_sealed(path, SAMPLES, &document, effort)
}

/// Reads samples back.
///
/// # Errors
/// [`SealedError`] for anything but the whole of them.
pub fn open_samples(path: &Path) -> Result<RecordedSamples, SealedError> {
    let damaged = |what: String| SealedError::Damaged { path: path.to_owned(), what };
    let (bytes, is_first) = match read_sealed(path, SAMPLES, DOCUMENT_BYTES_MAX) {
        Err(SealedError::OtherVersion { found: 1, .. }) => (read_sealed(path, SAMPLES_1, DOCUMENT_BYTES_MAX)?, true),
        read => (read?, false),
    };
    let mut document: Document = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if is_first {
        document.profile.values_mut().for_each(version1::complete);
    }
    document.profile.values_mut().for_each(version1::name_class);
    let profile = document.profile.check().ok_or_else(|| damaged("a frame refers to what is not there".into()))?;
    Ok(RecordedSamples { manifest: document.manifest, profile })
}

#[cfg(test)]
mod tests;
