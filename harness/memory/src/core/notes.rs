//! The notes of a core (`elf.h`, `sys/procfs.h`, the kernel's `fs/binfmt_elf.c`).

use object::LittleEndian as LE;
use object::elf::{self, FileHeader64};
use object::read::elf::NoteIterator;

use super::{CoreProblem, CoreThread};
use crate::Address;

/// Most threads and most mapped files taken note of: twice the kernel's own limit (`vm.max_map_count`).
const ENTRIES_MAX: usize = 1 << 17;
/// `pr_pid` in `struct elf_prstatus`.
const STATUS_PID: usize = 32;
/// `rsp` in the registers of `struct elf_prstatus`: they begin at 112, it is the 20th.
const STATUS_STACK_POINTER: usize = 112 + 19 * 8;
/// `pr_pid` in `struct elf_prpsinfo`.
const INFO_PID: usize = 24;
/// `pr_psargs` in `struct elf_prpsinfo`, 80 bytes.
const INFO_ARGUMENTS: usize = 56;
/// `AT_PHDR`, `AT_RANDOM`, `AT_SYSINFO_EHDR` of `linux/auxvec.h`.
const PROGRAM_HEADERS: u64 = 3;
const RANDOM_BYTES: u64 = 25;
const VDSO: u64 = 33;

/// A mapped file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct MappedFile {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Offset in the file, bytes.
    pub(super) offset: u64,
    pub(super) path: String,
}

/// What the notes say.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) pid: Option<u32>,
    pub(super) command: String,
    pub(super) threads: Vec<CoreThread>,
    /// By address, apart from each other.
    pub(super) files: Vec<MappedFile>,
    pub(super) stack_address: Option<u64>,
    pub(super) vdso_address: Option<u64>,
    program_headers: Option<u64>,
}

impl Notes {
    pub(super) fn add(&mut self, mut notes: NoteIterator<'_, FileHeader64<LE>>, problems: &mut Vec<CoreProblem>) {
        loop {
            match notes.next() {
                Ok(Some(note)) if note.name() == b"CORE" => {
                    if let Some(what) = self.take(note.n_type(LE), note.desc()) {
                        problems.push(CoreProblem::BadNote { what });
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_) => {
                    problems.push(CoreProblem::BadNote { what: "notes" });
                    return;
                }
            }
        }
    }

    /// Takes one note; the name of what is damaged, if it is.
    fn take(&mut self, kind: elf::NoteType, bytes: &[u8]) -> Option<&'static str> {
        match kind {
            elf::NT_PRSTATUS => {
                let tid = u32_at(bytes, STATUS_PID);
                let stack_pointer = u64_at(bytes, STATUS_STACK_POINTER);
                let (Some(tid), Some(stack_pointer)) = (tid, stack_pointer) else {
                    return Some("threads");
                };
                if self.threads.len() < ENTRIES_MAX {
                    self.threads.push(CoreThread { tid, stack_pointer: Address(stack_pointer) });
                }
            }
            elf::NT_PRPSINFO => {
                self.pid = u32_at(bytes, INFO_PID);
                let Some(arguments) = bytes.get(INFO_ARGUMENTS..) else {
                    return Some("process information");
                };
                let end = arguments.iter().position(|&byte| byte == 0).unwrap_or(arguments.len());
                self.command = String::from_utf8_lossy(&arguments[..end]).trim_end().to_owned();
            }
            elf::NT_AUXV => {
                for entry in bytes.chunks_exact(16) {
                    let value = u64_at(entry, 8);
                    match u64_at(entry, 0) {
                        Some(PROGRAM_HEADERS) => self.program_headers = value,
                        Some(RANDOM_BYTES) => self.stack_address = value,
                        Some(VDSO) => self.vdso_address = value,
                        _ => {}
                    }
                }
            }
            elf::NT_FILE => match mapped_files(bytes) {
                Some((files, whole)) => {
                    self.files = files;
                    return (!whole).then_some("mapped files");
                }
                None => return Some("mapped files"),
            },
            _ => {}
        }
        None
    }

    /// The mapped file that `address` is in.
    pub(super) fn file_at(&self, address: u64) -> Option<&MappedFile> {
        let after = self.files.partition_point(|file| file.start <= address);
        self.files.get(after.checked_sub(1)?).filter(|file| address < file.end)
    }

    /// Path of the file the program headers of the program are mapped from: the executable.
    pub(super) fn executable(&self) -> Option<&str> {
        self.file_at(self.program_headers?).map(|file| file.path.as_str())
    }
}

/// The list in an `NT_FILE` note: count, page size, start, end and page offset of each, then the paths. With whether all
/// of it makes sense.
fn mapped_files(bytes: &[u8]) -> Option<(Vec<MappedFile>, bool)> {
    let count = usize::try_from(u64_at(bytes, 0)?).ok()?.min(ENTRIES_MAX);
    let page_bytes = u64_at(bytes, 8)?;
    let paths_at = count.checked_mul(24)?.checked_add(16)?;
    let mut paths = bytes.get(paths_at..)?.split(|&byte| byte == 0);
    let mut files: Vec<MappedFile> = Vec::new();
    let mut whole = true;
    for entry in bytes.get(16..paths_at)?.chunks_exact(24) {
        let (start, end, offset) = (u64_at(entry, 0)?, u64_at(entry, 8)?, u64_at(entry, 16)?);
        let path = paths.next().filter(|path| !path.is_empty());
        let offset = offset.checked_mul(page_bytes);
        let apart = files.last().is_none_or(|last| last.end <= start);
        match (path, offset) {
            (Some(path), Some(offset)) if start < end && end <= super::ADDRESS_END && apart => {
                let path = String::from_utf8_lossy(path);
                let path = path.strip_suffix(" (deleted)").unwrap_or(&path).to_owned();
                files.push(MappedFile { start, end, offset, path });
            }
            _ => whole = false,
        }
    }
    Some((files, whole))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn note(entries: &[(u64, u64, u64, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend((entries.len() as u64).to_le_bytes());
        bytes.extend(4096_u64.to_le_bytes());
        for (start, end, offset, _) in entries {
            bytes.extend([*start, *end, *offset].iter().flat_map(|number| number.to_le_bytes()));
        }
        for (.., path) in entries {
            bytes.extend(path.as_bytes());
            bytes.push(0);
        }
        bytes
    }

    #[test]
    fn files_by_address() {
        let bytes = note(&[(0x1000, 0x3000, 2, "/a b"), (0x5000, 0x6000, 0, "/c (deleted)")]);
        let (files, whole) = mapped_files(&bytes).unwrap();
        assert!(whole);
        let notes = Notes { files, program_headers: Some(0x5040), ..Notes::default() };
        assert_eq!(notes.file_at(0x2fff).map(|file| (file.path.as_str(), file.offset)), Some(("/a b", 0x2000)));
        assert_eq!(notes.file_at(0x3000), None);
        assert_eq!(notes.executable(), Some("/c"));
        assert_eq!(mapped_files(&note(&[(0x1000, 0x3000, 2, "/a"), (0x2000, 0x6000, 0, "/b")])).unwrap().0.len(), 1);
    }

    proptest! {
        #[test]
        fn any_note_is_survived(kind in 0_u32..10, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut notes = Notes::default();
            let _ = notes.take(elf::NoteType(kind), &bytes);
            let _ = notes.take(elf::NT_FILE, &bytes);
            let _ = notes.executable();
        }
    }
}
