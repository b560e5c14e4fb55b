use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::manifest::{Contents, RawManifest};
use super::{
    CHUNK_BYTES, DATA_TAG, DONE_TAG, FRAME_HEADER_BYTES, FrameHeader, MAGIC, MANIFEST_BYTES_MAX, MANIFEST_TAG,
    RECORDING_VERSION, ReadRecording, RecordError, RecordProblem, Recording,
};
use crate::{Address, MemoryImage, PAGE_BYTES};

const PAGE: usize = PAGE_BYTES as usize;
/// Most problems listed one by one.
const PROBLEMS_MAX: usize = 100;

/// Reads the recording at `path`, of at most `limit` bytes of memory.
///
/// # Errors
/// When it can't be opened, is no recording, has no usable manifest, or promises more than `limit`. Anything less is
/// listed in [`ReadRecording::problems`].
pub fn read_recording(path: &Path, limit: u64) -> Result<ReadRecording, RecordError> {
    let file = File::open(path).map_err(|cause| RecordError::Io { path: path.to_owned(), cause })?;
    read_recording_from(&mut BufReader::with_capacity(1 << 20, file), path, limit)
}

/// Reads a recording from any stream; `path` is only for messages.
///
/// # Errors
/// As [`read_recording`].
pub fn read_recording_from(source: &mut dyn Read, path: &Path, limit: u64) -> Result<ReadRecording, RecordError> {
    let bad_manifest = |what: &str| RecordError::BadManifest { path: path.to_owned(), what: what.to_owned() };
    check_magic(source, path)?;
    let mut problems = Vec::new();
    let header = next_header(source).filter(|header| header.tag == MANIFEST_TAG);
    let header = header.ok_or_else(|| bad_manifest("it is not there"))?;
    if header.raw_bytes as usize > MANIFEST_BYTES_MAX {
        return Err(bad_manifest("it is too long"));
    }
    let stored = read_stored(source, &header).map_err(|cause| RecordError::Io { path: path.to_owned(), cause })?;
    let json = unpack(&header, stored.as_deref(), MANIFEST_BYTES_MAX).map_err(bad_manifest)?;
    let raw: RawManifest = serde_json::from_slice(&json).map_err(|error| bad_manifest(&error.to_string()))?;
    drop(json);
    let contents = raw.check(&mut problems);

    let expected_bytes: u64 = contents.runs.iter().map(|(_, pages)| u64::from(*pages) * PAGE_BYTES).sum();
    if expected_bytes > limit {
        return Err(RecordError::TooLarge { path: path.to_owned(), bytes: expected_bytes, limit });
    }
    let memory = read_memory(source, expected_bytes, &mut problems)
        .map_err(|cause| RecordError::Io { path: path.to_owned(), cause })?;
    Ok(ReadRecording { recording: assemble(contents, memory), problems })
}

fn check_magic(source: &mut dyn Read, path: &Path) -> Result<(), RecordError> {
    let mut start = [0; 12];
    let read = read_up_to(source, &mut start).map_err(|cause| RecordError::Io { path: path.to_owned(), cause })?;
    if read < start.len() || start[..8] != *MAGIC {
        return Err(RecordError::NotARecording { path: path.to_owned() });
    }
    let found = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
    if found != RECORDING_VERSION {
        return Err(RecordError::OtherVersion { path: path.to_owned(), found });
    }
    Ok(())
}

/// The bytes that could be read, and which part of the flat buffer each piece is.
#[derive(Default)]
struct Memory {
    flat: Vec<u8>,
    /// Place in the recorded flat buffer and length of each good piece, one after another in `flat`.
    pieces: Vec<(u64, usize)>,
}

fn read_memory(source: &mut dyn Read, expected_bytes: u64, problems: &mut Vec<RecordProblem>) -> io::Result<Memory> {
    let mut memory = Memory::default();
    let mut done = false;
    let mut damaged = false;
    // One frame for every piece promised, and the end mark.
    let pieces = u32::try_from(expected_bytes.div_ceil(CHUNK_BYTES as u64)).unwrap_or(u32::MAX);
    for next in 0..=pieces {
        let Some(header) = next_header(source) else {
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
        let stored = read_stored(source, &header)?;
        let cut_off = stored.is_none();
        match unpack(&header, stored.as_deref(), due) {
            Ok(bytes) if bytes.len() == due => {
                memory.pieces.push((place, due));
                memory.flat.extend_from_slice(&bytes);
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
    Ok(memory)
}

fn push(problems: &mut Vec<RecordProblem>, problem: RecordProblem) {
    if problems.len() < PROBLEMS_MAX {
        problems.push(problem);
    }
}

/// An image of the pages that are there.
fn assemble(contents: Contents, memory: Memory) -> Recording {
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
    Recording {
        manifest: contents.manifest,
        symbols: contents.symbols,
        page_runs: contents.page_runs,
        image: MemoryImage::new(contents.regions, runs, memory.flat),
    }
}

/// Appends a run, joining it to the last where they touch.
fn push_run(runs: &mut Vec<(Address, u32)>, start: Address, pages: u32) {
    match runs.last_mut() {
        Some((last, count)) if last.offset(u64::from(*count) * PAGE_BYTES) == start => *count += pages,
        _ => runs.push((start, pages)),
    }
}

fn next_header(source: &mut dyn Read) -> Option<FrameHeader> {
    let mut bytes = [0; FRAME_HEADER_BYTES];
    let read = read_up_to(source, &mut bytes).ok()?;
    (read == bytes.len()).then(|| FrameHeader::from_bytes(&bytes)).flatten()
}

/// The stored bytes of a frame; `None` when the file ends before them or they are absurdly many.
fn read_stored(source: &mut dyn Read, header: &FrameHeader) -> io::Result<Option<Vec<u8>>> {
    let bytes = u64::from(header.stored_bytes);
    if bytes > 2 * MANIFEST_BYTES_MAX as u64 {
        return Ok(None);
    }
    // Grows with what is really there, not with what the header says.
    let mut stored = Vec::new();
    source.take(bytes).read_to_end(&mut stored)?;
    Ok((stored.len() as u64 == bytes).then_some(stored))
}

fn unpack(header: &FrameHeader, stored: Option<&[u8]>, most: usize) -> Result<Vec<u8>, &'static str> {
    let stored = stored.ok_or("it is cut off")?;
    if crc32fast::hash(stored) != header.crc {
        return Err("its checksum is wrong");
    }
    let raw_bytes = header.raw_bytes as usize;
    if raw_bytes > most {
        return Err("it is too long");
    }
    let bytes = zstd::bulk::decompress(stored, raw_bytes).map_err(|_| "it can't be unpacked")?;
    if bytes.len() == raw_bytes { Ok(bytes) } else { Err("it has another length") }
}

fn read_up_to(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
