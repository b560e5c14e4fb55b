//! What to copy and where it goes in the flat buffer.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;

use bloathound_memory::{Address, ConstantModules, PAGE_BYTES, Region, RegionKind, is_file_data, is_zero_page};

use crate::copy::{Piece, copy_pieces};
use crate::error::LiveError;
use crate::process::Process;
use crate::unbacked::{Certainty, Unbacked};
use bloathound_memory::{PageRun, PageState};

/// Most bytes of constants taken from files. libpython has 0.4 MB of them, numpy 10 MB.
const FILE_BYTES_MAX: usize = 64 << 20;
const PAGE: usize = PAGE_BYTES as usize;

/// True for memory whose present pages must be copied while the target stands still.
pub(crate) fn is_changing(region: &Region) -> bool {
    let special = matches!(region.kind, RegionKind::Special(_));
    let anonymous = !matches!(region.kind, RegionKind::File { .. }) && !special;
    let read_only = !region.permissions.write && !region.permissions.execute && !region.permissions.shared;
    (region.is_private_writable() && !special) || (anonymous && region.permissions.read && read_only)
}

/// Pages that do not change any more, read before the pause: constants of modules, data nobody touched yet.
#[derive(Debug, Default)]
pub(crate) struct FilePages {
    /// Start, page count and place in `bytes`; ascending.
    runs: Vec<Piece>,
    bytes: Vec<u8>,
    /// Bytes left out because of [`FILE_BYTES_MAX`].
    pub(crate) left_out: u64,
    /// Pages neither the target nor a file could give.
    pub(crate) lost_pages: u64,
}

impl FilePages {
    /// Reads the constants of the modules that may hold Python types, and the untouched pages of all writable data.
    pub(crate) fn read(process: &Process, regions: &[Region], with_swapped: bool) -> Result<Self, LiveError> {
        let modules = ConstantModules::new(regions);
        let wanted: Vec<&Region> =
            regions.iter().filter(|region| modules.holds(region) || is_file_data(region)).collect();
        let page_runs = process.page_runs(wanted.iter().copied())?;
        let mut pages = Self::default();
        let (mut live, mut from_files) = (Vec::new(), Vec::new());
        for run in page_runs {
            let Some(region) = wanted.iter().find(|region| region.contains(run.start)) else {
                continue;
            };
            let present = run.state != PageState::Absent;
            // What is present of writable data is copied with everything else that changes.
            if is_file_data(region) && present {
                continue;
            }
            if run.state == PageState::Swapped && !with_swapped {
                continue;
            }
            let bytes = run.pages as usize * PAGE;
            if pages.bytes.len() + bytes > FILE_BYTES_MAX {
                pages.left_out += bytes as u64;
                continue;
            }
            let piece = Piece { address: run.start, flat: pages.bytes.len(), bytes };
            pages.bytes.resize(pages.bytes.len() + bytes, 0);
            pages.runs.push(piece);
            if present { live.push(piece) } else { from_files.push(piece) }
        }
        let copied = copy_pieces(process.nix_pid(), &live, &mut pages.bytes, &mut |_| ControlFlow::Continue(()))
            .map_err(|errno| process.refused("mem", errno.into()))?;
        from_files.extend(copied.lost);
        pages.read_from_files(process, &wanted, &from_files);
        pages.runs.sort_unstable_by_key(|piece| piece.address);
        Ok(pages)
    }

    fn read_from_files(&mut self, process: &Process, regions: &[&Region], pieces: &[Piece]) {
        let mut files: HashMap<&str, Option<File>> = HashMap::new();
        let mut unread: HashSet<usize> = HashSet::new();
        for piece in pieces {
            let region = regions.iter().find(|region| region.contains(piece.address));
            let file = region.and_then(|region| {
                let open = || process.open_region(region).ok();
                files.entry(region.path()?).or_insert_with(open).as_ref()
            });
            let place = self.bytes.get_mut(piece.flat..piece.flat + piece.bytes);
            let (Some(region), Some(file), Some(place)) = (region, file, place) else {
                self.lost_pages += (piece.bytes / PAGE) as u64;
                unread.insert(piece.flat);
                continue;
            };
            let offset = region.file_offset.saturating_add(piece.address.since(region.start));
            // Past the end of the file there is nothing; the target would see zeroes on the last page.
            let mut done = 0;
            while let Some(rest) = place.get_mut(done..).filter(|rest| !rest.is_empty()) {
                match file.read_at(rest, offset + done as u64) {
                    Ok(read) if read > 0 => done += read,
                    _ => break,
                }
            }
        }
        self.runs.retain(|piece| !unread.contains(&piece.flat));
    }
}

/// Where everything goes: ascending by address and without holes.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Joined runs, as an image wants them.
    pub(crate) runs: Vec<(Address, u32)>,
    /// To copy from the target.
    pub(crate) live: Vec<Piece>,
    /// To copy from the target where it is not zero.
    pub(crate) sparse: Vec<Piece>,
    /// Zeroes without memory behind them: they have a place and are not copied.
    pub(crate) zero: Vec<Piece>,
    /// To take from [`FilePages`]: place in its bytes, and where it goes.
    from_files: Vec<(usize, Piece)>,
    /// Bytes in all.
    pub(crate) bytes: usize,
    /// Bytes to copy: no more than is resident or swapped.
    pub(crate) live_bytes: u64,
    /// Swapped-out pages, copied or not.
    pub(crate) swapped_pages: u64,
}

impl Layout {
    /// Puts the changing pages that are there and the file pages that are not in one order.
    pub(crate) fn new(page_runs: &[PageRun], files: &FilePages, with_swapped: bool, unbacked: &Unbacked) -> Self {
        let mut layout = Self { live_bytes: unbacked.resident_bytes, ..Self::default() };
        let live: Vec<(Address, usize)> = page_runs
            .iter()
            .filter(|run| match run.state {
                PageState::Private | PageState::FileBacked => true,
                PageState::Swapped => {
                    layout.swapped_pages += u64::from(run.pages);
                    with_swapped
                }
                PageState::Absent => false,
            })
            .map(|run| (run.start, run.pages as usize * PAGE))
            .collect();
        let mut all: Vec<(Address, usize, Option<usize>)> =
            live.iter().map(|&(start, bytes)| (start, bytes, None)).collect();
        for piece in &files.runs {
            for rest in outside(piece, &live) {
                all.push((rest.address, rest.bytes, Some(rest.flat)));
            }
        }
        all.sort_unstable_by_key(|(start, ..)| *start);
        for (address, bytes, in_files) in all {
            let piece = Piece { address, flat: layout.bytes, bytes };
            layout.bytes += bytes;
            let pages = (bytes / PAGE) as u32;
            match layout.runs.last_mut() {
                Some((start, count)) if start.offset(u64::from(*count) * PAGE_BYTES) == address => {
                    *count = count.saturating_add(pages);
                }
                _ => layout.runs.push((address, pages)),
            }
            match in_files {
                Some(place) => layout.from_files.push((place, piece)),
                None => layout.add_live(piece, &unbacked.runs),
            }
        }
        layout.live_bytes += layout.live.iter().map(|piece| piece.bytes as u64).sum::<u64>();
        layout
    }

    /// Divides what is present into what is there, what is not, and what has to be looked at.
    fn add_live(&mut self, piece: Piece, unbacked: &[(Address, usize, Certainty)]) {
        let end = piece.address.0 + piece.bytes as u64;
        let part = |from: u64, to: u64| Piece {
            address: Address(from),
            flat: piece.flat + (from - piece.address.0) as usize,
            bytes: (to - from) as usize,
        };
        let mut at = piece.address.0;
        let first = unbacked.partition_point(|(start, bytes, _)| start.0 + *bytes as u64 <= at);
        for (start, bytes, certainty) in unbacked.get(first..).unwrap_or_default() {
            let (from, to) = (start.0.max(at), (start.0 + *bytes as u64).min(end));
            if from >= end {
                break;
            }
            if from > at {
                self.live.push(part(at, from));
            }
            match certainty {
                Certainty::Known => self.zero.push(part(from, to)),
                Certainty::Doubtful => self.sparse.push(part(from, to)),
            }
            at = to;
        }
        if at < end {
            self.live.push(part(at, end));
        }
    }

    /// Where bytes will be copied to: everything that has to be faulted in.
    pub(crate) fn places(&self) -> Vec<std::ops::Range<usize>> {
        let places = self.live.iter().chain(self.from_files.iter().map(|(_, piece)| piece));
        let mut places: Vec<_> = places.map(|piece| piece.flat..piece.flat + piece.bytes).collect();
        places.sort_unstable_by_key(|place| place.start);
        places
    }

    /// Bytes of the flat buffer that will really be there.
    pub(crate) fn needed_bytes(&self) -> u64 {
        let files: usize = self.from_files.iter().map(|(_, piece)| piece.bytes).sum();
        self.live_bytes + files as u64
    }

    /// Takes out what another look left where there are only zeroes now.
    pub(crate) fn clear_zeroes(&self, flat: &mut [u8]) {
        for piece in &self.zero {
            let place = flat.get_mut(piece.flat..piece.flat + piece.bytes).unwrap_or_default();
            place.chunks_mut(PAGE).filter(|page| !is_zero_page(page)).for_each(|page| page.fill(0));
        }
    }

    /// Puts the file pages in their places.
    pub(crate) fn place_files(&self, files: &FilePages, flat: &mut [u8]) {
        for (place, piece) in &self.from_files {
            let source = files.bytes.get(*place..place + piece.bytes);
            let target = flat.get_mut(piece.flat..piece.flat + piece.bytes);
            if let (Some(source), Some(target)) = (source, target) {
                target.copy_from_slice(source);
            }
        }
    }

    /// Takes `lost` pages out of the runs and closes the gaps in `flat`.
    pub(crate) fn remove(&mut self, lost: &[Piece], flat: &mut Vec<u8>) {
        let gone: HashSet<usize> =
            lost.iter().flat_map(|piece| (piece.flat..piece.flat + piece.bytes).step_by(PAGE)).collect();
        let (mut from, mut to) = (0, 0);
        let mut kept: Vec<(Address, u32)> = Vec::new();
        for (start, pages) in std::mem::take(&mut self.runs) {
            for index in 0..u64::from(pages) {
                if !gone.contains(&from) && from + PAGE <= flat.len() {
                    // A page of zeroes stays memory that is not there.
                    if flat.get(from..from + PAGE) != flat.get(to..to + PAGE) {
                        flat.copy_within(from..from + PAGE, to);
                    }
                    to += PAGE;
                    let address = start.offset(index * PAGE_BYTES);
                    match kept.last_mut() {
                        Some((first, count)) if first.offset(u64::from(*count) * PAGE_BYTES) == address => *count += 1,
                        _ => kept.push((address, 1)),
                    }
                }
                from += PAGE;
            }
        }
        self.runs = kept;
        self.bytes = to;
        flat.truncate(to);
    }
}

/// The parts of `piece` that none of `taken` (ascending) covers.
fn outside(piece: &Piece, taken: &[(Address, usize)]) -> Vec<Piece> {
    let mut parts = Vec::new();
    let end = piece.address.0 + piece.bytes as u64;
    let mut at = piece.address.0;
    let first = taken.partition_point(|(start, bytes)| start.0 + *bytes as u64 <= at);
    for (start, bytes) in taken.get(first..).unwrap_or_default() {
        if start.0 >= end {
            break;
        }
        if start.0 > at {
            parts.push((at, start.0));
        }
        at = at.max(start.0 + *bytes as u64);
    }
    if at < end {
        parts.push((at, end));
    }
    parts
        .into_iter()
        .map(|(from, to)| Piece {
            address: Address(from),
            flat: piece.flat + (from - piece.address.0) as usize,
            bytes: (to - from) as usize,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(page: u64, pages: u32, state: PageState) -> PageRun {
        PageRun { start: Address(page * PAGE_BYTES), pages, state }
    }

    proptest! {
        #[test]
        fn every_page_has_one_place(
            live in prop::collection::btree_set(0_u64..60, 0..30), filed in prop::collection::btree_set(0_u64..60, 0..30),
        ) {
            let page_runs: Vec<PageRun> = live.iter().map(|&page| run(page, 1, PageState::Private)).collect();
            let mut files = FilePages::default();
            for &page in &filed {
                files.runs.push(Piece { address: Address(page * PAGE_BYTES), flat: files.bytes.len(), bytes: PAGE });
                files.bytes.extend(std::iter::repeat_n(page as u8 + 100, PAGE));
            }
            let layout = Layout::new(&page_runs, &files, true, &Unbacked::default());
            let mut flat = vec![0; layout.bytes];
            for piece in &layout.live {
                flat[piece.flat] = (piece.address.0 / PAGE_BYTES) as u8 + 1;
            }
            layout.place_files(&files, &mut flat);
            let expected: Vec<(u64, u8)> = live.union(&filed).map(|&page| {
                (page, if live.contains(&page) { page as u8 + 1 } else { page as u8 + 100 })
            }).collect();
            let mut at = 0;
            let mut seen = Vec::new();
            for (start, pages) in &layout.runs {
                for index in 0..u64::from(*pages) {
                    seen.push((start.0 / PAGE_BYTES + index, flat[at]));
                    at += PAGE;
                }
            }
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn lost_pages_leave_no_gap() {
        let runs = [run(10, 4, PageState::Private), run(20, 1, PageState::Swapped)];
        let mut layout = Layout::new(&runs, &FilePages::default(), true, &Unbacked::default());
        assert_eq!(layout.swapped_pages, 1);
        let mut flat: Vec<u8> = (0..5_u8).flat_map(|page| [page; PAGE]).collect();
        let lost = Piece { address: Address(11 * PAGE_BYTES), flat: PAGE, bytes: 2 * PAGE };
        layout.remove(&[lost], &mut flat);
        assert_eq!(
            layout.runs,
            [(Address(10 * PAGE_BYTES), 1), (Address(13 * PAGE_BYTES), 1), (Address(20 * PAGE_BYTES), 1)]
        );
        let firsts: Vec<u8> = flat.iter().step_by(PAGE).copied().collect();
        assert_eq!(firsts, [0, 3, 4]);
    }
}
