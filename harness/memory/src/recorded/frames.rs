//! What every file of ours is made of: frames with checksums.

use std::io::{self, BufWriter, Read, Write};

use crate::output::Output;

pub(super) const FRAME_HEADER_BYTES: usize = 24;
/// Most bytes of a frame that is neither memory nor samples.
pub(super) const MANIFEST_BYTES_MAX: usize = 64 << 20;

pub(super) const MANIFEST_TAG: [u8; 4] = *b"MANI";
pub(super) const DATA_TAG: [u8; 4] = *b"DATA";
pub(super) const DONE_TAG: [u8; 4] = *b"DONE";

/// Header of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FrameHeader {
    pub(super) tag: [u8; 4],
    pub(super) index: u32,
    pub(super) stored_bytes: u32,
    pub(super) raw_bytes: u32,
    pub(super) crc: u32,
}

impl FrameHeader {
    pub(super) fn to_bytes(self) -> [u8; FRAME_HEADER_BYTES] {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        bytes[..4].copy_from_slice(&self.tag);
        let numbers = [self.index, self.stored_bytes, self.raw_bytes, self.crc];
        for (place, number) in bytes[4..20].chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let header_crc = crc32fast::hash(&bytes[..20]);
        bytes[20..].copy_from_slice(&header_crc.to_le_bytes());
        bytes
    }

    /// `None` when the header's own checksum is wrong.
    pub(super) fn from_bytes(bytes: &[u8; FRAME_HEADER_BYTES]) -> Option<Self> {
        let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        (crc32fast::hash(&bytes[..20]) == number(20)).then(|| Self {
            tag: [bytes[0], bytes[1], bytes[2], bytes[3]],
            index: number(4),
            stored_bytes: number(8),
            raw_bytes: number(12),
            crc: number(16),
        })
    }

    /// The next header of a stream; `None` at its end and where it is damaged.
    pub(super) fn next(source: &mut dyn Read) -> Option<Self> {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        let read = read_up_to(source, &mut bytes).ok()?;
        (read == bytes.len()).then(|| Self::from_bytes(&bytes)).flatten()
    }

    /// The stored bytes; `None` when the file ends before them or they are absurdly many.
    pub(super) fn stored(&self, source: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
        let bytes = u64::from(self.stored_bytes);
        if bytes > 2 * MANIFEST_BYTES_MAX as u64 {
            return Ok(None);
        }
        // Grows with what is really there, not with what the header says.
        let mut stored = Vec::new();
        source.take(bytes).read_to_end(&mut stored)?;
        Ok((stored.len() as u64 == bytes).then_some(stored))
    }

    /// What the stored bytes are of, at most `most` bytes.
    pub(super) fn unpack(&self, stored: Option<&[u8]>, most: usize) -> Result<Vec<u8>, &'static str> {
        let stored = stored.ok_or("it is cut off")?;
        if crc32fast::hash(stored) != self.crc {
            return Err("its checksum is wrong");
        }
        let raw_bytes = self.raw_bytes as usize;
        if raw_bytes > most {
            return Err("it is too long");
        }
        let bytes = zstd::bulk::decompress(stored, raw_bytes).map_err(|_| "it can't be unpacked")?;
        if bytes.len() == raw_bytes { Ok(bytes) } else { Err("it has another length") }
    }
}

/// Fills `buffer` as far as the stream goes.
pub(super) fn read_up_to(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
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

/// Writes frames and counts their bytes.
pub(super) struct FrameWriter<'a> {
    out: BufWriter<&'a Output>,
    pub(super) bytes: u64,
    compressor: zstd::bulk::Compressor<'static>,
}

impl<'a> FrameWriter<'a> {
    /// Begins a file of the kind that `magic` says.
    pub(super) fn new(file: &'a Output, magic: &[u8; 8], version: u32, level: i32) -> io::Result<Self> {
        let compressor = zstd::bulk::Compressor::new(level)?;
        let mut frames = Self { out: BufWriter::new(file), bytes: 0, compressor };
        frames.raw(magic)?;
        frames.raw(&version.to_le_bytes())?;
        Ok(frames)
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    pub(super) fn frame(&mut self, tag: [u8; 4], index: u32, bytes: &[u8]) -> io::Result<()> {
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

    /// The end mark: how many DATA frames there were.
    pub(super) fn finish(mut self, count: u32) -> io::Result<u64> {
        self.frame(DONE_TAG, count, &[])?;
        self.out.flush()?;
        Ok(self.bytes)
    }
}
