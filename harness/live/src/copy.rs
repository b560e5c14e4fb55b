//! Bulk reading with `process_vm_readv` into memory that is already there.

use std::io::IoSliceMut;
use std::ops::ControlFlow;

use bloathound_memory::{Address, PAGE_BYTES, ReadPiece, is_zero_page};
use nix::errno::Errno;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

/// Bytes between two looks at the clock: 3 ms of copying.
const CHUNK_BYTES: usize = 16 << 20;
/// `UIO_MAXIOV` of `linux/uio.h`.
const VECTORS_MAX: usize = 1024;
/// Unreadable pages in a row after which the rest of a piece is given up: it was unmapped.
const LOST_IN_A_ROW_MAX: u32 = 16;
/// Read in one piece where most of it is thought to be zero: what a cache holds.
const SPARSE_BYTES: usize = 1 << 20;
const PAGE: usize = PAGE_BYTES as usize;

/// Bytes of the target and where they go in the flat buffer. Whole pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    pub(crate) address: Address,
    pub(crate) flat: usize,
    pub(crate) bytes: usize,
}

/// What a bulk copy came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Copied {
    pub(crate) bytes: u64,
    /// Pages that could not be read: places in the flat buffer that hold nothing of the target.
    pub(crate) lost: Vec<Piece>,
    /// The caller's `go_on` said no.
    pub(crate) stopped_early: bool,
}

/// Reads as much as can be read in one piece.
pub(crate) fn read_live(pid: Pid, address: Address, buffer: &mut [u8]) -> Result<usize, Errno> {
    let Ok(base) = usize::try_from(address.0) else {
        return Err(Errno::EFAULT);
    };
    let len = buffer.len();
    if len == 0 {
        return Ok(0);
    }
    process_vm_readv(pid, &mut [IoSliceMut::new(buffer)], &[RemoteIoVec { base, len }])
}

/// Reads many small pieces by one call, which takes the kernel a fraction of a microsecond each; tells how many of the first
/// were read wholly.
pub(crate) fn read_together(pid: Pid, pieces: &mut [ReadPiece<'_>]) -> usize {
    let pieces = pieces.get_mut(..VECTORS_MAX.min(pieces.len())).unwrap_or_default();
    let lengths: Vec<usize> = pieces.iter().map(|piece| piece.buffer.len()).collect();
    let remote: Vec<RemoteIoVec> =
        pieces.iter().map(|piece| RemoteIoVec { base: piece.address.0 as usize, len: piece.buffer.len() }).collect();
    let mut local: Vec<IoSliceMut<'_>> = pieces.iter_mut().map(|piece| IoSliceMut::new(piece.buffer)).collect();
    let mut left = process_vm_readv(pid, &mut local, &remote).unwrap_or(0);
    let whole = |length: &&usize| {
        let is_whole = **length <= left;
        left = left.saturating_sub(**length);
        is_whole
    };
    lengths.iter().take_while(whole).count()
}

/// Copies `pieces` (ascending in the flat buffer, not overlapping) into `flat`, asking `go_on` before each chunk.
pub(crate) fn copy_pieces(
    pid: Pid,
    pieces: &[Piece],
    flat: &mut [u8],
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Copied, Errno> {
    let mut copied = Copied::default();
    let mut cursor = Cursor { pieces, index: 0, done: 0 };
    let mut lost_in_a_row = 0;
    loop {
        let chunk = cursor.next_chunk();
        if chunk.is_empty() {
            return Ok(copied);
        }
        if go_on(copied.bytes).is_break() {
            copied.stopped_early = true;
            return Ok(copied);
        }
        let wanted: usize = chunk.iter().map(|piece| piece.bytes).sum();
        let read = match read_chunk(pid, &chunk, flat) {
            Ok(read) => read,
            Err(Errno::EFAULT) => 0,
            Err(errno) => return Err(errno),
        };
        // A short read ends before the first page that can't be read; a torn page in between is not counted.
        let whole = if read < wanted { read / PAGE * PAGE } else { read };
        copied.bytes += whole as u64;
        cursor.advance(whole);
        if whole > 0 {
            lost_in_a_row = 0;
        }
        if read < wanted {
            lost_in_a_row += 1;
            let give_up = lost_in_a_row >= LOST_IN_A_ROW_MAX;
            if let Some(lost) = cursor.skip(if give_up { usize::MAX } else { PAGE }) {
                copied.lost.push(lost);
            }
        }
    }
}

/// Copies `pieces` of which most pages are thought to be zero: a page of zeroes is read and not written, where `flat` has
/// zeroes anyway.
pub(crate) fn copy_sparse(
    pid: Pid,
    pieces: &[Piece],
    flat: &mut [u8],
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Copied, Errno> {
    let mut copied = Copied::default();
    let mut part = Vec::new();
    for piece in pieces {
        for start in (0..piece.bytes).step_by(SPARSE_BYTES) {
            part.resize((piece.bytes - start).min(SPARSE_BYTES), 0);
            let here = [Piece { address: piece.address.offset(start as u64), flat: 0, bytes: part.len() }];
            let read = copy_pieces(pid, &here, &mut part, go_on)?;
            if read.stopped_early {
                copied.stopped_early = true;
                return Ok(copied);
            }
            let places = flat.get_mut(piece.flat + start..).unwrap_or_default().chunks_mut(PAGE);
            for (page, place) in part.chunks(PAGE).zip(places) {
                if !is_zero_page(page) {
                    copied.bytes += PAGE_BYTES;
                    place.copy_from_slice(page);
                } else if !is_zero_page(place) {
                    place.fill(0);
                }
            }
            copied.lost.extend(read.lost.iter().map(|lost| Piece { flat: piece.flat + start + lost.flat, ..*lost }));
        }
    }
    Ok(copied)
}

fn read_chunk(pid: Pid, chunk: &[Piece], flat: &mut [u8]) -> Result<usize, Errno> {
    let remote: Vec<RemoteIoVec> =
        chunk.iter().map(|piece| RemoteIoVec { base: piece.address.0 as usize, len: piece.bytes }).collect();
    let mut local: Vec<IoSliceMut<'_>> = Vec::with_capacity(8);
    let mut rest = flat;
    let mut at = 0;
    for span in spans(chunk) {
        let Some((_, tail)) = rest.split_at_mut_checked(span.start - at) else {
            return Err(Errno::ENOBUFS);
        };
        let Some((here, tail)) = tail.split_at_mut_checked(span.len()) else {
            return Err(Errno::ENOBUFS);
        };
        local.push(IoSliceMut::new(here));
        rest = tail;
        at = span.end;
    }
    process_vm_readv(pid, &mut local, &remote)
}

/// The pieces' places in the flat buffer, neighbours joined.
fn spans(chunk: &[Piece]) -> Vec<std::ops::Range<usize>> {
    let mut spans: Vec<std::ops::Range<usize>> = Vec::with_capacity(8);
    for piece in chunk {
        match spans.last_mut() {
            Some(span) if span.end == piece.flat => span.end += piece.bytes,
            _ => spans.push(piece.flat..piece.flat + piece.bytes),
        }
    }
    spans
}

/// How far a copy has come.
struct Cursor<'a> {
    pieces: &'a [Piece],
    index: usize,
    /// Bytes of `pieces[index]` that are done.
    done: usize,
}

impl Cursor<'_> {
    /// The next pieces, at most [`CHUNK_BYTES`] and [`VECTORS_MAX`] of them.
    fn next_chunk(&self) -> Vec<Piece> {
        let mut chunk = Vec::new();
        let mut room = CHUNK_BYTES;
        let mut done = self.done;
        for piece in self.pieces.get(self.index..).unwrap_or_default() {
            if room == 0 || chunk.len() == VECTORS_MAX {
                break;
            }
            let bytes = (piece.bytes - done).min(room);
            if bytes > 0 {
                chunk.push(Piece { address: piece.address.offset(done as u64), flat: piece.flat + done, bytes });
            }
            room -= bytes;
            done = 0;
        }
        chunk
    }

    fn advance(&mut self, mut bytes: usize) {
        while let Some(piece) = self.pieces.get(self.index) {
            let left = piece.bytes - self.done;
            if bytes < left {
                self.done += bytes;
                return;
            }
            bytes -= left;
            self.index += 1;
            self.done = 0;
        }
    }

    /// Leaves out up to `bytes` of the current piece and says what was left out.
    fn skip(&mut self, bytes: usize) -> Option<Piece> {
        let piece = self.pieces.get(self.index)?;
        let bytes = bytes.min(piece.bytes - self.done);
        let lost = Piece { address: piece.address.offset(self.done as u64), flat: piece.flat + self.done, bytes };
        self.advance(bytes);
        Some(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn chunks_cover_every_byte_once(
            sizes in prop::collection::vec((1_usize..9000, 0_usize..3), 1..40), steps in prop::collection::vec(1_usize..9000, 1..60),
        ) {
            let mut flat = 0;
            let mut address = 0x1000;
            let pieces: Vec<Piece> = sizes.iter().map(|&(pages, gap)| {
                let piece = Piece { address: Address(address), flat, bytes: pages * PAGE };
                flat += (pages + gap) * PAGE;
                address += ((pages + 1) * PAGE) as u64;
                piece
            }).collect();
            let total: usize = pieces.iter().map(|piece| piece.bytes).sum();
            let mut cursor = Cursor { pieces: &pieces, index: 0, done: 0 };
            let mut seen = 0;
            let mut steps = steps.iter().cycle();
            loop {
                let chunk = cursor.next_chunk();
                let bytes: usize = chunk.iter().map(|piece| piece.bytes).sum();
                if bytes == 0 { break; }
                prop_assert!(bytes <= CHUNK_BYTES && chunk.len() <= VECTORS_MAX);
                for piece in &chunk {
                    let inside = |whole: &Piece| {
                        let offset = piece.address.0.wrapping_sub(whole.address.0) as usize;
                        offset < whole.bytes && piece.flat == whole.flat + offset
                    };
                    prop_assert!(pieces.iter().any(inside));
                }
                let step = (*steps.next().unwrap() * PAGE).min(bytes);
                cursor.advance(step);
                seen += step;
            }
            prop_assert_eq!(seen, total);
        }
    }

    #[test]
    fn unreadable_pages_are_lost_and_the_rest_is_copied() {
        // Our own memory, with pieces that point into nothing between.
        let page_of = |value: u8| vec![value; 3 * PAGE];
        let (a, b) = (page_of(1), page_of(2));
        let aligned = |v: &Vec<u8>| (v.as_ptr() as u64).next_multiple_of(PAGE_BYTES);
        let pieces = [
            Piece { address: Address(aligned(&a)), flat: 0, bytes: PAGE },
            Piece { address: Address(0x1000), flat: PAGE, bytes: 40 * PAGE },
            Piece { address: Address(aligned(&b)), flat: 41 * PAGE, bytes: PAGE },
        ];
        let mut flat = vec![9; 42 * PAGE];
        let copied =
            copy_pieces(nix::unistd::getpid(), &pieces, &mut flat, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(copied.bytes, 2 * PAGE_BYTES);
        assert_eq!(copied.lost.iter().map(|piece| piece.bytes).sum::<usize>(), 40 * PAGE);
        assert_eq!((flat[0], flat[PAGE], flat[41 * PAGE]), (1, 9, 2));
    }
}
