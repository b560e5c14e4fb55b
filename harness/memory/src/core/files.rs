//! What a core leaves out because it is in files.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use object::read::ReadCache;

use super::CoreProblem;
use super::notes::MappedFile;
use crate::modules::Headers;
use crate::modules::Module;
use crate::{Address, ConstantModules, MemorySource, PAGE_BYTES, Permissions};

const PAGE: usize = PAGE_BYTES as usize;
/// Most bytes of constants read from files.
const FILE_BYTES_MAX: usize = 64 << 20;

/// True unless the core has a build id and the file has another one or none.
pub(super) fn is_same_build(file: &File, headers: &Headers<'_>, path: &str) -> bool {
    let on_disk = file.try_clone().ok().and_then(|file| {
        let cache = ReadCache::new(file);
        Module::parse(&cache).ok()?.build_id().map(str::to_owned)
    });
    match (on_disk, headers.build_id(path)) {
        (on_disk, Some(in_memory)) => on_disk == Some(in_memory),
        _ => true,
    }
}

/// Access rights of mappings that have no segment, from the headers of the modules.
#[derive(Default)]
pub(super) struct Rights {
    modules: HashMap<String, Vec<crate::Segment>>,
}

impl Rights {
    /// As the module's segment at that offset has them; readable only where nothing is known.
    pub(super) fn of(
        &mut self,
        mapped: &MappedFile,
        headers: &Headers<'_>,
        open: &mut dyn FnMut(&str) -> io::Result<File>,
    ) -> Permissions {
        let segments = self.modules.entry(mapped.path.clone()).or_insert_with(|| {
            // Most cores have the first page of each module, with its headers; else the file has to do.
            let in_memory = headers
                .page(&mapped.path)
                .and_then(|(_, header)| Some(Module::parse(header.as_slice()).ok()?.segments().to_vec()));
            let in_file = || {
                let cache = ReadCache::new(open(&mapped.path).ok()?);
                Some(Module::parse(&cache).ok()?.segments().to_vec())
            };
            in_memory.or_else(in_file).unwrap_or_default()
        });
        let at = segments.iter().find(|segment| {
            let first = segment.file_offset & !(PAGE_BYTES - 1);
            (first..segment.file_offset.saturating_add(segment.file_bytes)).contains(&mapped.offset)
        });
        Permissions {
            read: true,
            // A writable segment that nobody wrote to is in the file as it was; relocated, read-only data is mapped
            // from a writable segment, too, and both are constants here.
            write: false,
            execute: at.is_some_and(|segment| segment.executable),
            shared: false,
        }
    }
}

/// Pages of constants that the core does not have.
pub(super) struct Missing {
    runs: Vec<(Address, u32)>,
    flat: Vec<u8>,
}

impl Missing {
    /// Where each run goes and its bytes.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (Address, &[u8])> {
        let mut rest = self.flat.as_slice();
        self.runs.iter().map(move |(start, pages)| {
            let (here, tail) = rest.split_at(*pages as usize * PAGE);
            rest = tail;
            (*start, here)
        })
    }

    /// Reads them from the files, where those are there and the same.
    pub(super) fn read(
        core: &dyn MemorySource,
        open: &mut dyn FnMut(&str) -> io::Result<File>,
        problems: &mut Vec<CoreProblem>,
    ) -> Self {
        let regions = core.regions();
        let modules = ConstantModules::new(regions);
        let headers = Headers::new(core);
        let mut files: HashMap<&str, Option<File>> = HashMap::new();
        let mut missing = Self { runs: Vec::new(), flat: Vec::new() };
        for region in regions.iter().filter(|region| modules.holds(region)) {
            let Some(path) = region.path() else {
                continue;
            };
            let there = region.rss_bytes.unwrap_or(0).min(region.len_bytes());
            let bytes = (region.len_bytes() - there) as usize / PAGE * PAGE;
            if bytes == 0 || missing.flat.len() + bytes > FILE_BYTES_MAX {
                continue;
            }
            let file = files.entry(path).or_insert_with(|| match open(path) {
                Ok(file) if is_same_build(&file, &headers, path) => Some(file),
                Ok(_) => {
                    problems.push(CoreProblem::FileDiffers { path: path.to_owned() });
                    None
                }
                Err(cause) => {
                    problems.push(CoreProblem::FileMissing { path: path.to_owned(), cause: cause.to_string() });
                    None
                }
            });
            if let Some(file) = file {
                let start = missing.flat.len();
                missing.flat.resize(start + bytes, 0);
                read_what_is_there(file, &mut missing.flat[start..], region.file_offset.saturating_add(there));
                missing.runs.push((region.start.offset(there), (bytes / PAGE) as u32));
            }
        }
        missing
    }
}

/// Past the end of a file there is nothing; the program would see zeroes on the last page.
fn read_what_is_there(file: &File, place: &mut [u8], offset: u64) {
    let mut done = 0;
    while let Some(rest) = place.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset.saturating_add(done as u64)) {
            Ok(read) if read > 0 => done += read,
            _ => break,
        }
    }
}
