//! What is needed of an ELF file: its segments, its build id, a choice of its symbols.

use object::elf::{self, FileHeader64, ProgramHeader64, Sym64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, SectionTable, Sym};
use object::{LittleEndian as LE, ReadRef};

/// Most bytes read of one section: a damaged header must not make us allocate what it likes.
const SECTION_BYTES_MAX: u64 = 256 << 20;
/// Most bytes of read-only data searched for a version text.
pub(crate) const VERSION_SEARCH_BYTES_MAX: usize = 32 << 20;

/// Why a file is not a module we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// No ELF magic.
    #[error("is not an ELF file")]
    NotElf,
    /// Another word size, byte order or processor.
    #[error("is an ELF file for {0}, not for 64-bit x86")]
    OtherMachine(&'static str),
    /// The headers contradict themselves.
    #[error("is a damaged ELF file: {0}")]
    Damaged(String),
}

impl From<object::read::Error> for ElfError {
    fn from(error: object::read::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// A loadable segment as the program header has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// Offset in the file, bytes.
    pub file_offset: u64,
    /// Bytes in the file.
    pub file_bytes: u64,
    /// Address before the load bias is added.
    pub virtual_address: u64,
    /// Bytes in memory; those beyond `file_bytes` start as zeroes.
    pub memory_bytes: u64,
    /// May be written.
    pub writable: bool,
    /// May be executed.
    pub executable: bool,
}

/// A symbol before the load bias is added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileSymbol {
    /// Name, without what compilers append.
    pub name: String,
    /// `st_value`: its address in the file.
    pub value: u64,
    /// `st_size`, bytes; 0 where the table does not say.
    pub size: u64,
    /// A function, not data.
    pub is_function: bool,
}

/// An opened ELF file: headers parsed, symbols read on demand.
pub(crate) struct Module<'data, R: ReadRef<'data>> {
    data: R,
    segments: Vec<Segment>,
    build_id: Option<String>,
    dynamic: Option<u64>,
    sections: SectionTable<'data, FileHeader64<LE>, R>,
}

/// Says why a header is not that of a little-endian x86-64 file, if it is not.
///
/// # Errors
/// [`ElfError::NotElf`] or [`ElfError::OtherMachine`].
pub fn check_machine(ident: &[u8]) -> Result<(), ElfError> {
    if ident.len() < 20 || ident[..4] != elf::ELFMAG {
        return Err(ElfError::NotElf);
    }
    let machine = u16::from_le_bytes([ident[18], ident[19]]);
    match (ident[4], ident[5]) {
        (1, _) => Err(ElfError::OtherMachine("32-bit processors")),
        (2, 1) if machine == elf::EM_X86_64.0 => Ok(()),
        (2, 1) if machine == elf::EM_AARCH64.0 => Err(ElfError::OtherMachine("AArch64")),
        _ => Err(ElfError::OtherMachine("another processor")),
    }
}

impl<'data, R: ReadRef<'data>> Module<'data, R> {
    pub(crate) fn parse(data: R) -> Result<Self, ElfError> {
        let ident = data.read_bytes_at(0, 20).map_err(|()| ElfError::NotElf)?;
        check_machine(ident)?;
        let header = FileHeader64::<LE>::parse(data)?;
        let program_headers = header.program_headers(LE, data)?;
        Ok(Self {
            data,
            segments: segments(program_headers),
            build_id: build_id(program_headers, data),
            dynamic: program_headers
                .iter()
                .find(|header| header.p_type(LE) == elf::PT_DYNAMIC)
                .map(|header| header.p_vaddr(LE)),
            sections: header.sections(LE, data).unwrap_or_default(),
        })
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(crate) fn build_id(&self) -> Option<&str> {
        self.build_id.as_deref()
    }

    /// Address of the dynamic section before the load bias is added.
    pub(crate) fn dynamic_address(&self) -> Option<u64> {
        self.dynamic
    }

    /// Defined symbols of the exported table (`.dynsym`) or the full one (`.symtab`) whose name passes `keep`,
    /// with what compilers append to file-local names cut off. `None` when there is no such table.
    pub(crate) fn symbols(&self, kind: SymbolSection, keep: impl Fn(&[u8]) -> bool) -> Option<Vec<FileSymbol>> {
        let wanted = match kind {
            SymbolSection::Exported => elf::SHT_DYNSYM,
            SymbolSection::Full => elf::SHT_SYMTAB,
        };
        let section = self.sections.iter().find(|s| s.sh_type(LE) == wanted)?;
        let strings =
            self.sections.iter().nth(section.sh_link(LE) as usize).and_then(|strings| self.bytes_of(strings))?;
        if section.sh_size(LE) > SECTION_BYTES_MAX {
            return None;
        }
        let symbols: &[Sym64<LE>] = section.data_as_array(LE, self.data).ok()?;
        Some(
            symbols
                .iter()
                .filter(|symbol| !symbol.is_undefined(LE) && symbol.st_value(LE) != 0)
                .filter_map(|symbol| {
                    let name = name_at(strings, symbol.st_name(LE) as usize)?;
                    let is_function = symbol.st_type() == elf::STT_FUNC;
                    (keep(name) && symbol.st_type() != elf::STT_TLS).then(|| FileSymbol {
                        name: String::from_utf8_lossy(name).into_owned(),
                        value: symbol.st_value(LE),
                        size: symbol.st_size(LE),
                        is_function,
                    })
                })
                .collect(),
        )
    }

    /// Release texts `MAJOR.MINOR.MICRO` in the read-only data, the most credible first.
    pub(crate) fn version_texts(&self, major: u8) -> Vec<String> {
        let section = self.sections.section_by_name(LE, b".rodata");
        let bytes = section.and_then(|(_, section)| self.bytes_of(section));
        let bytes = bytes.unwrap_or_default();
        find_versions(&bytes[..bytes.len().min(VERSION_SEARCH_BYTES_MAX)], major)
    }

    /// Bytes of the file that are mapped at `address` (before the load bias is added).
    pub(crate) fn bytes_at(&self, address: u64, len: u64) -> Option<&'data [u8]> {
        let inside = |segment: &&Segment| {
            let end = segment.virtual_address.saturating_add(segment.file_bytes);
            (segment.virtual_address..end).contains(&address)
        };
        let segment = self.segments.iter().find(inside)?;
        let offset = address - segment.virtual_address;
        let len = len.min(segment.file_bytes - offset);
        self.data.read_bytes_at(segment.file_offset.checked_add(offset)?, len).ok()
    }

    fn bytes_of(&self, section: &<FileHeader64<LE> as FileHeader>::SectionHeader) -> Option<&'data [u8]> {
        if section.sh_size(LE) > SECTION_BYTES_MAX {
            return None;
        }
        section.data(LE, self.data).ok()
    }
}

/// Which symbol table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SymbolSection {
    /// `.dynsym`
    Exported,
    /// `.symtab`
    Full,
}

/// A name without what a compiler appended to it.
pub(crate) fn name_at(strings: &[u8], start: usize) -> Option<&[u8]> {
    let rest = strings.get(start..)?;
    let end = rest.iter().position(|&byte| byte == 0 || byte == b'.')?;
    (end > 0).then(|| &rest[..end])
}

pub(crate) fn segments(headers: &[ProgramHeader64<LE>]) -> Vec<Segment> {
    headers
        .iter()
        .filter(|header| header.p_type(LE) == elf::PT_LOAD)
        .map(|header| Segment {
            file_offset: header.p_offset(LE),
            file_bytes: header.p_filesz(LE),
            virtual_address: header.p_vaddr(LE),
            memory_bytes: header.p_memsz(LE),
            writable: header.p_flags(LE).contains(elf::PF_W),
            executable: header.p_flags(LE).contains(elf::PF_X),
        })
        .collect()
}

fn build_id<'data, R: ReadRef<'data>>(headers: &[ProgramHeader64<LE>], data: R) -> Option<String> {
    for header in headers {
        if header.p_type(LE) != elf::PT_NOTE || header.p_filesz(LE) > 1 << 16 {
            continue;
        }
        let Ok(Some(mut notes)) = header.notes(LE, data) else {
            continue;
        };
        while let Ok(Some(note)) = notes.next() {
            if note.n_type(LE) == elf::NT_GNU_BUILD_ID && note.name() == elf::ELF_NOTE_GNU {
                return Some(hex(note.desc()));
            }
        }
    }
    None
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// C strings that are, or end in, `MAJOR.MINOR.MICRO` with an optional `a1`, `b2`, `rc1` or `+` after it. Linkers let a
/// string be the tail of another (`/opt/thing/2.7.18`); whole strings come first.
pub(crate) fn find_versions(bytes: &[u8], major: u8) -> Vec<String> {
    let (mut whole, mut tails) = (Vec::new(), Vec::new());
    let first = b'0'.wrapping_add(major);
    for start in 0..bytes.len().saturating_sub(5) {
        if bytes[start] != first || bytes[start + 1] != b'.' {
            continue;
        }
        let before = if start == 0 { 0 } else { bytes[start - 1] };
        // `GLIBC_2.2.5` and its like name something else.
        if before == b'.' || before == b'_' || before.is_ascii_alphanumeric() {
            continue;
        }
        let text = &bytes[start..];
        let Some(end) = text.iter().take(24).position(|&byte| byte == 0) else {
            continue;
        };
        let mut parts = text[2..end].splitn(2, |&byte| byte == b'.');
        let minor = parts.next().unwrap_or_default();
        let micro = parts.next().unwrap_or_default();
        let plausible = !minor.is_empty()
            && minor.iter().all(u8::is_ascii_digit)
            && micro.first().is_some_and(u8::is_ascii_digit)
            && micro.iter().all(|byte| byte.is_ascii_digit() || b"abcr+".contains(byte));
        if plausible {
            let list = if before == 0 { &mut whole } else { &mut tails };
            list.push(String::from_utf8_lossy(&text[..end]).into_owned());
        }
    }
    whole.append(&mut tails);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_whole_strings_or_tails() {
        let bytes = b"\0x2.7.3\0A_2.2.5\0/opt/2.7.17\0see 2.7.1.\x002.7.\x002.7.18\x003.1.2\0";
        assert_eq!(find_versions(bytes, 2), ["2.7.18", "2.7.17"]);
        assert_eq!(find_versions(bytes, 3), ["3.1.2"]);
        assert_eq!(find_versions(b"\x002.7.18rc1+\0", 2), ["2.7.18rc1+"]);
        assert_eq!(find_versions(b"2.7.1", 2), [""; 0], "cut off before its end");
    }

    #[test]
    fn compiler_suffixes_are_cut() {
        let strings = b"\0free_list.1234\0generations.lto_priv.0\0arenas\0open";
        assert_eq!(name_at(strings, 1), Some(&b"free_list"[..]));
        assert_eq!(name_at(strings, 16), Some(&b"generations"[..]));
        assert_eq!(name_at(strings, 39), Some(&b"arenas"[..]));
        assert_eq!(name_at(strings, 46), None, "no end");
        assert_eq!(name_at(strings, 4600), None);
    }

    #[test]
    fn other_machines_are_named() {
        let mut ident = [0_u8; 20];
        assert_eq!(check_machine(&ident), Err(ElfError::NotElf));
        ident[..4].copy_from_slice(b"\x7fELF");
        ident[4] = 1;
        assert_eq!(check_machine(&ident), Err(ElfError::OtherMachine("32-bit processors")));
        ident[4] = 2;
        ident[5] = 1;
        ident[18] = 183;
        assert_eq!(check_machine(&ident), Err(ElfError::OtherMachine("AArch64")));
        ident[18] = 62;
        assert_eq!(check_machine(&ident), Ok(()));
    }
}
