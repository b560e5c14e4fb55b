//! Reading a recording: its manifest, its frames of pages, and the recording it builds on.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use bloathound_bounds::open_regular;

use super::delta::Delta;
use super::frames::{DATA_TAG, DONE_TAG, FrameHeader, MANIFEST_BYTES_MAX, MANIFEST_TAG, read_up_to};
use super::manifest::{BaseName, Contents, RawManifest};
use super::{Base, CHUNK_BYTES, MAGIC, ReadRecording, RecordError, RecordProblem, Recording, VERSIONS_READ};
use crate::flat::{FlatBuffer, Full};
use crate::{Address, MemoryImage, PAGE_BYTES};

const PAGE: usize = PAGE_BYTES as usize;
/// Most problems listed one by one.
const PROBLEMS_MAX: usize = 100;
/// Images that build on one another.
const BASES_MAX: usize = 1000;

/// Reads the recording at `path`, of at most `limit` bytes of memory that are not pages of zeroes, and what it builds on from the files beside it.
///
/// # Errors
/// When it can't be opened, is no recording, has no usable manifest, promises more than `limit`, or builds on an image
/// that is not there or not whole. Anything less is listed in [`ReadRecording::problems`].
pub fn read_recording(path: &Path, limit: u64) -> Result<ReadRecording, RecordError> {
    // The files from `path` down to the one that stands alone. Only names are kept: one image is in memory beside the
    // one that is made of it.
    let mut chain: Vec<(PathBuf, Option<BaseName>)> = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(file) = next {
        let mut source = open(&file).map_err(|error| of_base(error, path, &file))?;
        let contents =
            read_contents(&mut source, &file, &mut Vec::new()).map_err(|error| of_base(error, path, &file))?;
        let base = contents.base;
        next = base.as_ref().map(|base| file.with_file_name(&base.file));
        if base.as_ref().is_some_and(|base| !is_file_name(&base.file)) {
            return Err(bad_base(path, &file, "it names a file in another folder"));
        }
        if chain.len() >= BASES_MAX || next.as_ref().is_some_and(|next| chain.iter().any(|(known, _)| known == next)) {
            return Err(bad_base(path, &file, "the files go round in a circle"));
        }
        chain.push((file, base));
    }
    let mut below: Option<ReadRecording> = None;
    let mut below_bytes = 0;
    for (file, base) in chain.into_iter().rev() {
        let found = match (&base, &below) {
            (Some(base), Some(below)) => {
                let file = file.with_file_name(&base.file);
                if !below.problems.is_empty() {
                    return Err(bad_base(path, &file, "it is damaged"));
                }
                if image_crc(&below.recording.image) != base.crc {
                    return Err(bad_base(path, &file, "it is another image than the one this was taken after"));
                }
                Some(&below.recording.image)
            }
            _ => None,
        };
        let mut source = open(&file).map_err(|error| of_base(error, path, &file))?;
        let (read, written) =
            read_over(&mut source, &file, limit, found, below_bytes).map_err(|error| of_base(error, path, &file))?;
        (below, below_bytes) = (Some(read), written);
    }
    below.ok_or_else(|| RecordError::NotARecording { path: path.to_owned() })
}

/// Reads a recording that stands alone from any stream; `path` is only for messages.
///
/// # Errors
/// As [`read_recording`]; an image that builds on another can't be read this way.
pub fn read_recording_from(source: &mut dyn Read, path: &Path, limit: u64) -> Result<ReadRecording, RecordError> {
    read_over(source, path, limit, None, 0).map(|(read, _)| read)
}

impl Base {
    /// Reads the image at `path`, to write the next one in the same folder over it.
    ///
    /// # Errors
    /// As [`read_recording`]; also when the image is not whole.
    pub fn read(path: &Path, limit: u64) -> Result<Self, RecordError> {
        let read = read_recording(path, limit)?;
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        match name {
            Some(file) if read.problems.is_empty() => Ok(Self { file, recording: read.recording }),
            Some(_) => Err(bad_base(path, path, "it is damaged")),
            None => Err(bad_base(path, path, "its name is no text")),
        }
    }

    /// Checksum of its memory.
    pub(super) fn crc(&self) -> u32 {
        image_crc(&self.recording.image)
    }
}

fn image_crc(image: &MemoryImage) -> u32 {
    crc32fast::hash(image.flat())
}

fn is_file_name(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|file| file == name)
}

fn bad_base(path: &Path, base: &Path, what: &'static str) -> RecordError {
    RecordError::BadBase { path: path.to_owned(), base: base.to_owned(), what: what.to_owned() }
}

/// An error of a file that another one builds on, as one of that other one.
fn of_base(error: RecordError, path: &Path, file: &Path) -> RecordError {
    if path == file {
        return error;
    }
    RecordError::BadBase { path: path.to_owned(), base: file.to_owned(), what: error.to_string() }
}

fn open(path: &Path) -> Result<BufReader<File>, RecordError> {
    let file = open_regular(path).map_err(|cause| RecordError::Io { path: path.to_owned(), cause })?;
    Ok(BufReader::with_capacity(1 << 20, file))
}

/// The recording, and the bytes of its memory that are really there.
fn read_over(
    source: &mut dyn Read,
    path: &Path,
    limit: u64,
    base: Option<&MemoryImage>,
    base_bytes: u64,
) -> Result<(ReadRecording, u64), RecordError> {
    let mut problems = Vec::new();
    let contents = read_contents(source, path, &mut problems)?;
    if contents.base.is_some() != base.is_some() {
        return Err(bad_base(path, path, "the image it builds on is not at hand"));
    }
    let expected_bytes: u64 = contents.runs.iter().map(|(_, pages)| u64::from(*pages) * PAGE_BYTES).sum();
    let too_large = || RecordError::TooLarge { path: path.to_owned(), bytes: expected_bytes, limit };
    // The base is in memory beside it.
    let flat = FlatBuffer::new(expected_bytes, limit.saturating_sub(base_bytes)).ok_or_else(too_large)?;
    let mut memory = Memory { flat, pieces: Vec::new() };
    read_memory(source, expected_bytes, &mut memory, &mut problems).map_err(|error| match error {
        Stop::Io(cause) => RecordError::Io { path: path.to_owned(), cause },
        Stop::Full => too_large(),
    })?;
    let (recording, written) = assemble(contents, memory, base).map_err(|Full| too_large())?;
    Ok((ReadRecording { recording, problems }, written))
}

fn read_contents(
    source: &mut dyn Read,
    path: &Path,
    problems: &mut Vec<RecordProblem>,
) -> Result<Contents, RecordError> {
    let bad_manifest = |what: &str| RecordError::BadManifest { path: path.to_owned(), what: what.to_owned() };
    check_magic(source, path)?;
    let header = FrameHeader::next(source).filter(|header| header.tag == MANIFEST_TAG);
    let header = header.ok_or_else(|| bad_manifest("it is not there"))?;
    if header.raw_bytes as usize > MANIFEST_BYTES_MAX {
        return Err(bad_manifest("it is too long"));
    }
    let stored = header.stored(source).map_err(|cause| RecordError::Io { path: path.to_owned(), cause })?;
    let json = header.unpack(stored.as_deref(), MANIFEST_BYTES_MAX).map_err(bad_manifest)?;
    let raw: RawManifest = serde_json::from_slice(&json).map_err(|error| bad_manifest(&error.to_string()))?;
    Ok(raw.check(problems))
}

fn check_magic(source: &mut dyn Read, path: &Path) -> Result<(), RecordError> {
    let mut start = [0; 12];
    let read = read_up_to(source, &mut start).map_err(|cause| RecordError::Io { path: path.to_owned(), cause })?;
    if read < start.len() || start[..8] != *MAGIC {
        return Err(RecordError::NotARecording { path: path.to_owned() });
    }
    let found = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
    if !VERSIONS_READ.contains(&found) {
        return Err(RecordError::OtherVersion { path: path.to_owned(), found });
    }
    Ok(())
}

/// The bytes that could be read, and which part of the flat buffer each piece is.
struct Memory {
    flat: FlatBuffer,
    /// Place in the recorded flat buffer and length of each good piece, one after another in `flat`.
    pieces: Vec<(u64, usize)>,
}

/// Why reading came to an end.
enum Stop {
    Io(io::Error),
    Full,
}

fn read_memory(
    source: &mut dyn Read,
    expected_bytes: u64,
    memory: &mut Memory,
    problems: &mut Vec<RecordProblem>,
) -> Result<(), Stop> {
    let mut done = false;
    let mut damaged = false;
    // One frame for every piece promised, and the end mark.
    let pieces = u32::try_from(expected_bytes.div_ceil(CHUNK_BYTES as u64)).unwrap_or(u32::MAX);
    for next in 0..=pieces {
        let Some(header) = FrameHeader::next(source) else {
            break;
        };
        if header.tag == DONE_TAG {
            done = header.index == next;
            break;
        }
        let place = u64::from(next) * CHUNK_BYTES as u64;
        let due = expected_bytes.saturating_sub(place).min(CHUNK_BYTES as u64) as usize;
        if header.tag != DATA_TAG || header.index != next || due == 0 {
            break;
        }
        let stored = header.stored(source).map_err(Stop::Io)?;
        let cut_off = stored.is_none();
        match header.unpack(stored.as_deref(), due) {
            Ok(bytes) if bytes.len() == due => {
                memory.pieces.push((place, due));
                memory.flat.push(&bytes).map_err(|Full| Stop::Full)?;
            }
            Ok(_) => push(problems, RecordProblem::DamagedChunk { index: next, what: "it has another length" }),
            Err(_) if cut_off => break,
            Err(what) => push(problems, RecordProblem::DamagedChunk { index: next, what }),
        }
        damaged |= memory.pieces.last().is_none_or(|(last, _)| *last != place);
    }
    let present_bytes = memory.flat.len() as u64;
    if !done || (present_bytes < expected_bytes && !damaged) {
        push(problems, RecordProblem::CutOff { present_bytes, expected_bytes });
    }
    Ok(())
}

fn push(problems: &mut Vec<RecordProblem>, problem: RecordProblem) {
    if problems.len() < PROBLEMS_MAX {
        problems.push(problem);
    }
}

/// An image of the pages that are there, and how many bytes of it are not zero.
fn assemble(contents: Contents, mut memory: Memory, base: Option<&MemoryImage>) -> Result<(Recording, u64), Full> {
    let mut runs: Vec<(Address, u32)> = Vec::new();
    let mut pieces = memory.pieces.iter().copied().peekable();
    let mut place = 0_u64;
    for (start, pages) in &contents.runs {
        let end = place + u64::from(*pages) * PAGE_BYTES;
        // The parts of this run that good pieces cover.
        while let Some(&(piece, bytes)) = pieces.peek() {
            let piece_end = piece + bytes as u64;
            let (from, to) = (piece.max(place), piece_end.min(end));
            if from < to {
                push_run(&mut runs, start.offset(from - place), ((to - from) / PAGE as u64) as u32);
            }
            if piece_end > end {
                break;
            }
            pieces.next();
        }
        place = end;
    }
    if let Some(base) = base {
        Delta::new(base, &runs).undo(&mut memory.flat)?;
    }
    let written = memory.flat.written();
    let recording = Recording {
        manifest: contents.manifest,
        symbols: contents.symbols,
        page_runs: contents.page_runs,
        image: MemoryImage::new(contents.regions, runs, memory.flat.finish()),
    };
    Ok((recording, written))
}

/// Appends a run, joining it to the last where they touch.
fn push_run(runs: &mut Vec<(Address, u32)>, start: Address, pages: u32) {
    match runs.last_mut() {
        Some((last, count)) if last.offset(u64::from(*count) * PAGE_BYTES) == start => *count += pages,
        _ => runs.push((start, pages)),
    }
}
