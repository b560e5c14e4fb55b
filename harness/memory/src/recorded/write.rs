//! Writing a recording.

use std::io;
use std::path::Path;

use super::delta::Delta;
use super::frames::{DATA_TAG, FrameWriter, MANIFEST_TAG};
use super::manifest::RawManifest;
use super::{Base, CHUNK_BYTES, MAGIC, RECORDING_VERSION, RecordError, Recording, WrittenRecording};
use crate::output::{Output, Readers};
use crate::{FlatOffset, MemorySource};

/// Changes a piece of the flat buffer (its place and its bytes) before it is written: redaction. It is called for every
/// piece, in order; a range to scrub may cross from one into the next.
pub type Transform<'a> = dyn FnMut(FlatOffset, &mut [u8]) + 'a;

/// How hard zstd tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Effort {
    /// zstd's own default: 300 MB/s.
    #[default]
    Quick,
    /// As small as can be, at some 2 MB/s.
    Small,
}

impl Effort {
    pub(super) fn level(self) -> i32 {
        match self {
            Self::Quick => 3,
            Self::Small => 19,
        }
    }
}

/// How to write a recording.
#[derive(Default)]
pub struct WriteOptions<'a, 'b> {
    /// What to change.
    pub transform: Option<&'a mut Transform<'b>>,
    /// An image in the same folder that this one is to build on: pages at the same address are written as what is
    /// different, and the image can't be read without that file beside it.
    pub base: Option<&'a Base>,
    /// How hard to compress.
    pub effort: Effort,
    /// Asked before each piece: true where it is not wanted any more. Writing fails then, and nothing is left.
    pub is_unwanted: Option<&'a dyn Fn() -> bool>,
}

/// Writes a recording to `path` by the one writer ([`Output`]), readable by its owner only.
///
/// # Errors
/// [`RecordError::Io`]; nothing is left behind then, and what was at `path` before still is.
pub fn write_recording(
    path: &Path,
    recording: &Recording,
    options: WriteOptions<'_, '_>,
) -> Result<WrittenRecording, RecordError> {
    let io_error = |cause| RecordError::Io { path: path.to_owned(), cause };
    let output = Output::create(path, Readers::Owner).map_err(io_error)?;
    let written = write_to(&output, recording, options).map_err(io_error)?;
    output.finish().map_err(io_error)?;
    Ok(written)
}

fn write_to(file: &Output, recording: &Recording, mut options: WriteOptions<'_, '_>) -> io::Result<WrittenRecording> {
    let mut frames = FrameWriter::new(file, MAGIC, RECORDING_VERSION, options.effort.level())?;
    let image = &recording.image;
    let base = options.base.map(|base| (base.file.as_str(), base.crc()));
    let manifest = RawManifest::new(
        &recording.manifest,
        &recording.symbols,
        image.regions(),
        image.runs(),
        &recording.page_runs,
        base,
    );
    frames.frame(MANIFEST_TAG, 0, &serde_json::to_vec(&manifest)?)?;

    let pages: usize = image.runs().iter().map(|(_, pages)| *pages as usize).sum();
    let flat = image.flat();
    let flat = flat.get(..pages * crate::PAGE_BYTES as usize).unwrap_or(flat);
    let mut delta = options.base.map(|base| Delta::new(&base.recording.image, image.runs()));
    let mut changed = Vec::new();
    let mut count = 0;
    for chunk in flat.chunks(CHUNK_BYTES) {
        if options.is_unwanted.is_some_and(|is_unwanted| is_unwanted()) {
            return Err(io::Error::other("stopped before it was whole"));
        }
        changed.clear();
        changed.extend_from_slice(chunk);
        if let Some(transform) = &mut options.transform {
            transform(count as usize * CHUNK_BYTES, &mut changed);
        }
        if let Some(delta) = &mut delta {
            delta.apply(&mut changed);
        }
        frames.frame(DATA_TAG, count, &changed)?;
        count += 1;
    }
    Ok(WrittenRecording { raw_bytes: flat.len() as u64, file_bytes: frames.finish(count)? })
}
