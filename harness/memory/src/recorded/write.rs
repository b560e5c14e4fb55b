use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::manifest::RawManifest;
use super::{
    CHUNK_BYTES, DATA_TAG, DONE_TAG, FrameHeader, MAGIC, MANIFEST_TAG, RECORDING_VERSION, RecordError, Recording,
    WrittenRecording,
};
use crate::{FlatOffset, MemorySource};

/// zstd's own default: 300 MB/s, a heap shrinks to a fifth.
const LEVEL: i32 = 3;

/// Changes a piece of the flat buffer (its place and its bytes) before it is written: redaction. It is called for every
/// piece, in order; a range to scrub may cross from one into the next.
pub type Transform<'a> = dyn FnMut(FlatOffset, &mut [u8]) + 'a;

/// Writes a recording to `path`: under another name beside it first, readable by its owner only, then renamed.
///
/// # Errors
/// [`RecordError::Io`]; nothing is left behind then, and what was at `path` before still is.
pub fn write_recording(
    path: &Path,
    recording: &Recording,
    transform: Option<&mut Transform<'_>>,
) -> Result<WrittenRecording, RecordError> {
    let io_error = |cause| RecordError::Io { path: path.to_owned(), cause };
    let partial = Partial::create(path).map_err(io_error)?;
    let written = write_to(&partial.file, recording, transform).map_err(io_error)?;
    partial.finish(path).map_err(io_error)?;
    Ok(written)
}

fn write_to(
    file: &File,
    recording: &Recording,
    mut transform: Option<&mut Transform<'_>>,
) -> io::Result<WrittenRecording> {
    let mut frames = Frames { out: BufWriter::new(file), bytes: 0, compressor: zstd::bulk::Compressor::new(LEVEL)? };
    frames.raw(MAGIC)?;
    frames.raw(&RECORDING_VERSION.to_le_bytes())?;
    let image = &recording.image;
    let manifest =
        RawManifest::new(&recording.manifest, &recording.symbols, image.regions(), image.runs(), &recording.page_runs);
    frames.frame(MANIFEST_TAG, 0, &serde_json::to_vec(&manifest)?)?;

    let pages: usize = image.runs().iter().map(|(_, pages)| *pages as usize).sum();
    let flat = image.flat();
    let flat = flat.get(..pages * crate::PAGE_BYTES as usize).unwrap_or(flat);
    let mut changed = Vec::new();
    let mut count = 0;
    for chunk in flat.chunks(CHUNK_BYTES) {
        let bytes = match &mut transform {
            Some(transform) => {
                changed.clear();
                changed.extend_from_slice(chunk);
                transform(count as usize * CHUNK_BYTES, &mut changed);
                changed.as_slice()
            }
            None => chunk,
        };
        frames.frame(DATA_TAG, count, bytes)?;
        count += 1;
    }
    frames.frame(DONE_TAG, count, &[])?;
    frames.out.flush()?;
    Ok(WrittenRecording { raw_bytes: flat.len() as u64, file_bytes: frames.bytes })
}

struct Frames<'a> {
    out: BufWriter<&'a File>,
    bytes: u64,
    compressor: zstd::bulk::Compressor<'static>,
}

impl Frames<'_> {
    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn frame(&mut self, tag: [u8; 4], index: u32, bytes: &[u8]) -> io::Result<()> {
        // The end mark is a header and nothing else.
        let stored = if bytes.is_empty() { Vec::new() } else { self.compressor.compress(bytes)? };
        let too_long = |_| io::Error::other("a frame of more than 4 GiB");
        let header = FrameHeader {
            tag,
            index,
            stored_bytes: u32::try_from(stored.len()).map_err(too_long)?,
            raw_bytes: u32::try_from(bytes.len()).map_err(too_long)?,
            crc: crc32fast::hash(&stored),
        };
        self.raw(&header.to_bytes())?;
        self.raw(&stored)
    }
}

/// The file under its temporary name; removed unless finished.
struct Partial {
    file: File,
    path: PathBuf,
    finished: bool,
}

impl Partial {
    fn create(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut attempt = 0;
        loop {
            let mut partial = OsString::from(".");
            partial.push(name);
            partial.push(format!(".{}-{attempt}.partial", std::process::id()));
            let partial = path.with_file_name(partial);
            match options.open(&partial) {
                Ok(file) => return Ok(Self { file, path: partial, finished: false }),
                // Another thread of ours, or what a killed process with our id left.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn finish(mut self, path: &Path) -> io::Result<()> {
        self.file.sync_data()?;
        fs::rename(&self.path, path)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.path);
        }
    }
}
