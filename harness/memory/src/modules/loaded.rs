//! A module as the dynamic linker loaded it: its exported symbols are in memory, whether its file is at hand or not.

use std::collections::HashMap;

use object::LittleEndian as LE;
use object::elf::{self, Sym64};
use object::read::elf::Sym;

use super::elf::{FileSymbol, Module, Segment, VERSION_SEARCH_BYTES_MAX, find_versions, name_at};
use super::file::{ModuleView, Wanted, entry_code};
use crate::{Address, MemorySource, PAGE_BYTES, Region};

/// Headers of any real module fit in its first page.
const HEADER_BYTES: usize = PAGE_BYTES as usize;
/// Most entries of a dynamic section.
const DYNAMIC_ENTRIES_MAX: u64 = 1000;
/// Most symbols: the largest libraries export some ten thousand.
const SYMBOLS_MAX: u64 = 1 << 20;
/// Most bytes of names.
const STRINGS_BYTES_MAX: u64 = 64 << 20;
/// `DT_STRTAB` of `elf.h`.
const STRING_TABLE: u64 = 5;
/// `DT_SYMTAB` of `elf.h`.
const SYMBOL_TABLE: u64 = 6;
/// `DT_STRSZ` of `elf.h`.
const STRING_TABLE_BYTES: u64 = 10;

/// A module read from memory.
pub struct LoadedModule<'a> {
    memory: &'a dyn MemorySource,
    path: String,
    bias: u64,
    segments: Vec<Segment>,
    build_id: Option<String>,
    symbols: Vec<u8>,
    strings: Vec<u8>,
}

/// Where the headers of all modules are: a core may list a hundred thousand mappings, and each may ask for its module's.
pub(crate) struct Headers<'a> {
    memory: &'a dyn MemorySource,
    starts: HashMap<&'a str, Address>,
}

impl<'a> Headers<'a> {
    pub(crate) fn new(memory: &'a dyn MemorySource) -> Self {
        let mut starts = HashMap::new();
        for region in memory.regions().iter().filter(|region| region.file_offset == 0) {
            if let Some(path) = region.path() {
                starts.entry(path).or_insert(region.start);
            }
        }
        Self { memory, starts }
    }

    /// Header page of the module mapped from `path`, and where it is.
    pub(crate) fn page(&self, path: &str) -> Option<(Address, Vec<u8>)> {
        let start = *self.starts.get(path)?;
        let mut header = vec![0; HEADER_BYTES];
        self.memory.read(start, &mut header).ok()?;
        Some((start, header))
    }

    /// Build id of the module mapped from `path`, where its first page is there.
    pub(crate) fn build_id(&self, path: &str) -> Option<String> {
        let (_, header) = self.page(path)?;
        Module::parse(header.as_slice()).ok()?.build_id().map(str::to_owned)
    }
}

impl<'a> LoadedModule<'a> {
    /// `None` when its header or its dynamic section is not in memory.
    #[must_use]
    pub fn read(memory: &'a dyn MemorySource, path: &str) -> Option<Self> {
        let (base, header) = Headers::new(memory).page(path)?;
        let module = Module::parse(header.as_slice()).ok()?;
        let segments = module.segments().to_vec();
        let build_id = module.build_id().map(str::to_owned);
        let first = segments.iter().find(|segment| segment.file_offset == 0)?;
        let bias = base.0.wrapping_sub(first.virtual_address);
        let dynamic = module.dynamic_address()?.wrapping_add(bias);
        let (mut symbols_at, mut strings_at, mut strings_len) = (None, None, 0);
        for index in 0..DYNAMIC_ENTRIES_MAX {
            let entry = Address(dynamic).offset(index * 16);
            let value = memory.read_u64(entry.offset(8)).ok()?;
            // The dynamic linker writes addresses over offsets here; musl's does not.
            let place = if value < base.0 { value.wrapping_add(bias) } else { value };
            match memory.read_u64(entry).ok()? {
                0 => break,
                STRING_TABLE => strings_at = Some(place),
                SYMBOL_TABLE => symbols_at = Some(place),
                STRING_TABLE_BYTES => strings_len = value,
                _ => {}
            }
        }
        let (symbols_at, strings_at) = (symbols_at?, strings_at?);
        // No table says how many symbols there are. Linkers put the names right behind them; what may be between makes
        // nonsense symbols, whose names do not fit.
        let count = strings_at.checked_sub(symbols_at)? / size_of::<Sym64<LE>>() as u64;
        if count > SYMBOLS_MAX || strings_len > STRINGS_BYTES_MAX {
            return None;
        }
        let mut symbols = vec![0; count as usize * size_of::<Sym64<LE>>()];
        memory.read(Address(symbols_at), &mut symbols).ok()?;
        let mut strings = vec![0; strings_len as usize];
        memory.read(Address(strings_at), &mut strings).ok()?;
        Some(Self { memory, path: path.to_owned(), bias, segments, build_id, symbols, strings })
    }

    /// Everything that is wanted of it, as far as it is exported.
    #[must_use]
    pub fn view(&self, wanted: &Wanted<'_>) -> ModuleView {
        let count = self.symbols.len() / size_of::<Sym64<LE>>();
        let entries = object::pod::slice_from_bytes::<Sym64<LE>>(&self.symbols, count);
        let entries = entries.map(|(entries, _)| entries).unwrap_or_default();
        let in_module = |value: u64| {
            self.segments.iter().any(|segment| {
                (segment.virtual_address..segment.virtual_address.saturating_add(segment.memory_bytes)).contains(&value)
            })
        };
        let symbols: Vec<FileSymbol> = entries
            .iter()
            .filter(|symbol| !symbol.is_undefined(LE) && in_module(symbol.st_value(LE)))
            .filter_map(|symbol| {
                let name = name_at(&self.strings, symbol.st_name(LE) as usize)?;
                (wanted.keep)(name).then(|| FileSymbol {
                    name: String::from_utf8_lossy(name).into_owned(),
                    value: symbol.st_value(LE),
                    size: symbol.st_size(LE),
                    is_function: symbol.st_type() == elf::STT_FUNC,
                })
            })
            .collect();
        let entry_code = entry_code(&symbols, wanted, |at, len| {
            let mut code = vec![0; len as usize];
            self.memory.read(Address(at.wrapping_add(self.bias)), &mut code).ok()?;
            Some(code)
        });
        ModuleView {
            segments: self.segments.clone(),
            build_id: self.build_id.clone(),
            has_local_symbols: false,
            symbols,
            entry_code,
        }
    }

    /// Release texts in its read-only mappings, as far as they are in memory.
    #[must_use]
    pub fn version_texts(&self, major: u8) -> Vec<String> {
        let read_only = |region: &&Region| {
            region.path() == Some(&self.path) && region.permissions.read && !region.permissions.write
        };
        let mut found = Vec::new();
        for region in self.memory.regions().iter().filter(read_only) {
            let mut bytes = vec![0; (region.len_bytes() as usize).min(VERSION_SEARCH_BYTES_MAX)];
            if self.memory.read(region.start, &mut bytes).is_ok() {
                found.extend(find_versions(&bytes, major));
            }
        }
        found
    }
}
