//! Reading the segments and notes of an ELF core into an image.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bloathound_bounds::open_regular;
use object::LittleEndian as LE;
use object::elf::{self, FileHeader64};
use object::read::ReadCache;
use object::read::elf::{FileHeader, ProgramHeader};

use super::files::{Missing, Rights};
use super::notes::Notes;
use super::{ADDRESS_END, Core, CoreError, CoreProblem};
use crate::flat::FlatBuffer;
use crate::modules::Headers;
use crate::modules::{ElfError, check_machine};
use crate::{
    Address, ImageBuilder, MemoryImage, MemorySource, PAGE_BYTES, PageRun, PageState, Permissions, ReadError, Region,
    RegionKind,
};

/// Bytes of a core read at once.
const PART_BYTES: u64 = 4 << 20;

/// A piece of memory and where it is in the core.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Segment {
    start: u64,
    end: u64,
    file_offset: u64,
    /// Whole pages that are in the core.
    there_bytes: u64,
    permissions: Permissions,
}

/// Reads the core at `path`, of at most `limit` bytes of memory that are not pages of zeroes. `open` opens a mapped file by the path it had.
///
/// # Errors
/// When it can't be opened, is no core of this kind of machine, or is larger than `limit`. Anything less is listed in
/// [`Core::problems`].
pub fn read_core(path: &Path, limit: u64, open: &mut dyn FnMut(&str) -> io::Result<File>) -> Result<Core, CoreError> {
    let io_error = |cause| CoreError::Io { path: path.to_owned(), cause };
    let file = open_regular(path).map_err(io_error)?;
    let file_bytes = file.metadata().map_err(io_error)?.len();
    let mut problems = vec![CoreProblem::ResidentUnknown];
    let (segments, notes) = read_headers(path, &file, file_bytes, &mut problems)?;
    let mut regions = regions(&file, &segments, &notes, open);
    label_regions(&mut regions, &notes);
    note_left_out(&segments, &regions, &mut problems);

    let on_disk = OnDisk { file: &file, segments: &segments, regions: &regions };
    let missing = Missing::read(&on_disk, open, &mut problems);
    let (runs, flat) = match read_all(&on_disk, &missing, limit).map_err(io_error)? {
        Ok(pages) => pages,
        Err(bytes) => return Err(CoreError::TooLarge { path: path.to_owned(), bytes, limit }),
    };
    Ok(Core {
        page_runs: page_runs(&segments),
        image: MemoryImage::new(regions, runs, flat),
        pid: notes.pid,
        executable: notes.executable().map(str::to_owned),
        threads: notes.threads,
        command: notes.command,
        problems,
    })
}

fn read_headers(
    path: &Path,
    file: &File,
    file_bytes: u64,
    problems: &mut Vec<CoreProblem>,
) -> Result<(Vec<Segment>, Notes), CoreError> {
    let elf_error = |cause| CoreError::Elf { path: path.to_owned(), cause };
    let handle = file.try_clone().map_err(|cause| CoreError::Io { path: path.to_owned(), cause })?;
    let cache = ReadCache::new(handle);
    let data = &cache;
    let ident = object::ReadRef::read_bytes_at(data, 0, 20).map_err(|()| elf_error(ElfError::NotElf))?;
    check_machine(ident).map_err(elf_error)?;
    let header = FileHeader64::<LE>::parse(data).map_err(|error| elf_error(error.into()))?;
    if header.e_type(LE) != elf::ET_CORE {
        return Err(CoreError::NotACore { path: path.to_owned() });
    }
    let headers = header.program_headers(LE, data).map_err(|error| elf_error(error.into()))?;
    let mut notes = Notes::default();
    let mut segments = Vec::new();
    let (mut cut_off, mut notes_bytes) = (0_u64, 0_u64);
    for header in headers {
        if header.p_type(LE) == elf::PT_NOTE {
            // Notes that use the same bytes again and again would make a small file large.
            notes_bytes = header.p_filesz(LE).saturating_add(notes_bytes);
            if notes_bytes > file_bytes {
                problems.push(CoreProblem::BadNote { what: "notes" });
                break;
            }
            match header.notes(LE, data) {
                Ok(Some(found)) => notes.add(found, problems),
                _ => problems.push(CoreProblem::BadNote { what: "notes" }),
            }
        }
        if header.p_type(LE) != elf::PT_LOAD {
            continue;
        }
        let start = header.p_vaddr(LE);
        let in_file = header.p_filesz(LE).min(header.p_memsz(LE));
        let there = in_file.min(file_bytes.saturating_sub(header.p_offset(LE)));
        cut_off = cut_off.saturating_add(in_file - there);
        segments.push(Segment {
            start,
            end: start.saturating_add(header.p_memsz(LE)),
            file_offset: header.p_offset(LE),
            there_bytes: there / PAGE_BYTES * PAGE_BYTES,
            permissions: Permissions {
                read: header.p_flags(LE).contains(elf::PF_R),
                write: header.p_flags(LE).contains(elf::PF_W),
                execute: header.p_flags(LE).contains(elf::PF_X),
                shared: false,
            },
        });
    }
    if cut_off > 0 {
        problems.push(CoreProblem::CutOff { missing_bytes: cut_off });
    }
    Ok((sensible(segments, file_bytes, problems), notes))
}

/// Segments in order, in user memory and apart. Together they can't hold more than the file does: segments that use the
/// same bytes again would make a small file large.
fn sensible(mut segments: Vec<Segment>, file_bytes: u64, problems: &mut Vec<CoreProblem>) -> Vec<Segment> {
    segments.sort_by_key(|segment| segment.start);
    let (mut after, mut used, mut count) = (0, 0_u64, 0);
    segments.retain(|segment| {
        let aligned = Address(segment.start).is_aligned(PAGE_BYTES);
        // The vsyscall page is the kernel's, and in every core gcore writes.
        if segment.start >= ADDRESS_END && segment.there_bytes <= PAGE_BYTES {
            return false;
        }
        let fits = used.saturating_add(segment.there_bytes) <= file_bytes;
        let good =
            aligned && fits && segment.start >= after && segment.start < segment.end && segment.end <= ADDRESS_END;
        if good {
            after = segment.end;
            used += segment.there_bytes;
        } else {
            count += 1;
        }
        good
    });
    if count > 0 {
        problems.push(CoreProblem::BadSegments { count });
    }
    segments
}

/// A region for each segment, with the file behind it, and one for each file mapping that has no segment.
fn regions(
    file: &File,
    segments: &[Segment],
    notes: &Notes,
    open: &mut dyn FnMut(&str) -> io::Result<File>,
) -> Vec<Region> {
    let mut regions: Vec<Region> = segments
        .iter()
        .map(|segment| {
            let file = notes.file_at(segment.start);
            let offset = file.map_or(0, |file| file.offset.saturating_add(segment.start - file.start));
            let path = file.map(|file| file.path.clone());
            Region {
                start: Address(segment.start),
                end: Address(segment.end),
                permissions: segment.permissions,
                file_offset: offset,
                kind: path.map_or(RegionKind::Anonymous, |path| RegionKind::File { path, deleted: false }),
                rss_bytes: Some(segment.there_bytes),
            }
        })
        .collect();
    let on_disk = OnDisk { file, segments, regions: &regions };
    let headers = Headers::new(&on_disk);
    let mut rights = Rights::default();
    let mut without = Vec::new();
    for mapped in &notes.files {
        let taken = segments.partition_point(|segment| segment.end <= mapped.start);
        let overlaps = segments.get(taken).is_some_and(|segment| segment.start < mapped.end);
        if !overlaps {
            without.push(Region {
                start: Address(mapped.start),
                end: Address(mapped.end),
                permissions: rights.of(mapped, &headers, open),
                file_offset: mapped.offset,
                kind: RegionKind::File { path: mapped.path.clone(), deleted: false },
                rss_bytes: None,
            });
        }
    }
    regions.append(&mut without);
    regions.sort_by_key(|region| region.start);
    regions
}

/// Names what a core leaves nameless: the main stack, the vdso, the brk heap.
fn label_regions(regions: &mut [Region], notes: &Notes) {
    let holds =
        |region: &Region, address: Option<u64>| address.is_some_and(|address| region.contains(Address(address)));
    let executable = notes.executable().map(str::to_owned);
    let program_end = regions.iter().filter(|region| region.path() == executable.as_deref()).map(|r| r.end).max();
    let mut heap_found = executable.is_none();
    for region in regions {
        if region.kind != RegionKind::Anonymous {
            continue;
        }
        if holds(region, notes.stack_address) {
            region.kind = RegionKind::Stack;
        } else if holds(region, notes.vdso_address) {
            region.kind = RegionKind::Special("[vdso]".to_owned());
        } else if !heap_found && region.permissions.write && program_end.is_some_and(|end| region.start > end) {
            // The first anonymous memory above the executable that does not touch it (that is its bss).
            region.kind = RegionKind::Heap;
            heap_found = true;
        }
    }
}

fn note_left_out(segments: &[Segment], regions: &[Region], problems: &mut Vec<CoreProblem>) {
    let left_out = |segment: &&Segment| segment.permissions.write && segment.permissions.read;
    let in_segments: u64 =
        segments.iter().filter(left_out).map(|segment| segment.end - segment.start - segment.there_bytes).sum();
    let without: u64 = regions
        .iter()
        .filter(|region| region.rss_bytes.is_none() && region.is_private_writable())
        .map(Region::len_bytes)
        .sum();
    if in_segments + without > 0 {
        problems.push(CoreProblem::WritableLeftOut { missing_bytes: in_segments + without });
    }
}

/// The memory in the core, read piece by piece where only a little of it is needed.
struct OnDisk<'a> {
    file: &'a File,
    segments: &'a [Segment],
    regions: &'a [Region],
}

impl MemorySource for OnDisk<'_> {
    fn regions(&self) -> &[Region] {
        self.regions
    }

    fn read(&self, address: Address, buffer: &mut [u8]) -> Result<(), ReadError> {
        let len = buffer.len();
        let unmapped = ReadError::Unmapped { address, len };
        let after = self.segments.partition_point(|segment| segment.start <= address.0);
        let Some(segment) = after.checked_sub(1).and_then(|index| self.segments.get(index)) else {
            return Err(unmapped);
        };
        let offset = address.0 - segment.start;
        if offset.checked_add(len as u64).is_none_or(|end| end > segment.there_bytes) {
            return Err(unmapped);
        }
        let read = self.file.read_exact_at(buffer, segment.file_offset.saturating_add(offset));
        read.map_err(|cause| ReadError::Io { address, len, cause })
    }
}

/// Runs of pages and their bytes, as an image wants them.
type Pages = (Vec<(Address, u32)>, Vec<u8>);

/// All pages there are, in the core and in files, in one buffer by address; the bytes there are where `limit` of them that
/// are not zero is too little, or the system has no addresses for them all.
fn read_all(on_disk: &OnDisk<'_>, missing: &Missing, limit: u64) -> io::Result<Result<Pages, u64>> {
    let mut pieces: Vec<(u64, u64, Option<&[u8]>)> =
        on_disk.segments.iter().map(|segment| (segment.start, segment.there_bytes, None)).collect();
    pieces.extend(missing.pieces().map(|(start, bytes)| (start.0, bytes.len() as u64, Some(bytes))));
    pieces.sort_by_key(|(start, ..)| *start);
    let bytes: u64 = pieces.iter().map(|(_, bytes, _)| bytes).sum();
    let Some(mut flat) = FlatBuffer::new(bytes, limit) else {
        return Ok(Err(bytes));
    };
    let mut builder = ImageBuilder::new();
    // A core has holes where memory was never written: they are read as zeroes, a little at a time.
    let mut part = Vec::new();
    for (start, length, known) in pieces {
        let mut done = 0;
        while done < length {
            let next = (length - done).min(PART_BYTES);
            let pages = match known {
                Some(known) => known.get(done as usize..(done + next) as usize).unwrap_or_default(),
                None => {
                    part.resize(next as usize, 0);
                    on_disk.read(Address(start + done), &mut part).map_err(io::Error::other)?;
                    &part
                }
            };
            if flat.push(pages).is_err() {
                return Ok(Err(bytes));
            }
            done += next;
        }
        builder.add_run(Address(start), (length / PAGE_BYTES) as u32);
    }
    Ok(Ok((builder.plan().0, flat.finish())))
}

fn page_runs(segments: &[Segment]) -> Vec<PageRun> {
    segments
        .iter()
        .filter(|segment| segment.permissions.write && segment.there_bytes > 0)
        .map(|segment| PageRun {
            start: Address(segment.start),
            pages: (segment.there_bytes / PAGE_BYTES) as u32,
            state: PageState::Private,
        })
        .collect()
}
