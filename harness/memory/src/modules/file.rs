//! What is known of a module, from its file or from memory: segments, build id and the symbols that somebody wants.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;

use object::read::ReadCache;

use super::elf::{ElfError, FileSymbol, Module, Segment, SymbolSection};
use super::symbols::{Symbol, SymbolTable};
use crate::{Address, PAGE_BYTES, Region};

/// What of a module's symbols is wanted.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// True for the names to keep.
    pub keep: &'a dyn Fn(&[u8]) -> bool,
    /// Functions whose first instructions are wanted, too.
    pub code_of: &'a [&'a str],
    /// Bytes kept of each, at most.
    pub code_bytes: u64,
}

/// What is known of a module, from its file or from memory.
#[derive(Clone, Debug)]
pub struct ModuleView {
    /// Loadable segments, in the file's order.
    pub segments: Vec<Segment>,
    /// GNU build id in hex.
    pub build_id: Option<String>,
    /// True when file-local symbols are there (`.symtab`), not only exported ones.
    pub has_local_symbols: bool,
    /// The wanted symbols, file-local ones first.
    pub symbols: Vec<FileSymbol>,
    /// First bytes of the wanted functions.
    pub entry_code: BTreeMap<String, Vec<u8>>,
}

impl ModuleView {
    /// True when the module defines `name`, which must be among the wanted.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.symbols.iter().any(|symbol| symbol.name == name)
    }

    /// The symbols at their addresses in the target, for the module mapped from `path` with that bias.
    #[must_use]
    pub fn placed(self, path: &str, version: Option<String>, load_bias: u64) -> SymbolTable {
        let mut table = SymbolTable {
            path: path.to_owned(),
            build_id: self.build_id,
            version,
            load_bias,
            has_local_symbols: self.has_local_symbols,
            data_ranges: data_ranges(&self.segments, load_bias),
            entry_code: self.entry_code,
            ..SymbolTable::default()
        };
        add_symbols(&mut table, self.symbols);
        table
    }
}

/// The ELF file of a module.
#[derive(Debug)]
pub struct ModuleFile {
    cache: ReadCache<File>,
}

impl ModuleFile {
    /// Looks whether it is a module of this machine.
    ///
    /// # Errors
    /// [`ElfError`] when it is not.
    pub fn open(file: File) -> Result<Self, ElfError> {
        let cache = ReadCache::new(file);
        Module::parse(&cache)?;
        Ok(Self { cache })
    }

    /// Everything that is wanted of it.
    ///
    /// # Errors
    /// [`ElfError`] when its headers are damaged.
    pub fn view(&self, wanted: &Wanted<'_>) -> Result<ModuleView, ElfError> {
        let module = Module::parse(&self.cache)?;
        let full = module.symbols(SymbolSection::Full, wanted.keep);
        let has_local_symbols = full.is_some();
        let mut symbols = full.unwrap_or_default();
        symbols.extend(module.symbols(SymbolSection::Exported, wanted.keep).unwrap_or_default());
        let segments = module.segments().to_vec();
        let entry_code = entry_code(&symbols, wanted, |at, len| module.bytes_at(at, len).map(<[u8]>::to_vec));
        Ok(ModuleView {
            segments,
            build_id: module.build_id().map(str::to_owned),
            has_local_symbols,
            symbols,
            entry_code,
        })
    }

    /// Its exported symbols with their segments, without asking for anything file-local.
    ///
    /// # Errors
    /// [`ElfError`] when its headers are damaged.
    pub fn exported(&self, keep: &dyn Fn(&[u8]) -> bool) -> Result<(Vec<Segment>, Vec<FileSymbol>), ElfError> {
        let module = Module::parse(&self.cache)?;
        Ok((module.segments().to_vec(), module.symbols(SymbolSection::Exported, keep).unwrap_or_default()))
    }

    /// Release texts `MAJOR.MINOR.MICRO` in the read-only data, the most credible first.
    #[must_use]
    pub fn version_texts(&self, major: u8) -> Vec<String> {
        Module::parse(&self.cache).map(|module| module.version_texts(major)).unwrap_or_default()
    }
}

/// First bytes of the wanted functions; `read` gives bytes at an address of the file.
pub(super) fn entry_code(
    symbols: &[FileSymbol],
    wanted: &Wanted<'_>,
    read: impl Fn(u64, u64) -> Option<Vec<u8>>,
) -> BTreeMap<String, Vec<u8>> {
    let telling = symbols.iter().filter(|symbol| wanted.code_of.contains(&symbol.name.as_str()));
    telling
        .filter(|symbol| symbol.is_function)
        .filter_map(|symbol| {
            let len = if symbol.size == 0 { wanted.code_bytes } else { symbol.size.min(wanted.code_bytes) };
            Some((symbol.name.clone(), read(symbol.value, len)?))
        })
        .collect()
}

fn add_symbols(table: &mut SymbolTable, symbols: Vec<FileSymbol>) {
    table.symbols.reserve(symbols.len());
    for symbol in symbols {
        let placed = Symbol { address: Address(symbol.value.wrapping_add(table.load_bias)), size_bytes: symbol.size };
        let entry = table.symbols.entry(symbol.name).or_default();
        // The exported table repeats what the full one has.
        if !entry.iter().any(|known| known.address == placed.address) {
            entry.push(placed);
        }
    }
}

/// Difference between the addresses in the target and those in the file of the module mapped from `path`; `None` when
/// its segments match no mapping.
#[must_use]
pub fn load_bias(segments: &[Segment], path: &str, regions: &[Region]) -> Option<u64> {
    for region in regions.iter().filter(|region| region.path() == Some(path)) {
        for segment in segments {
            let first_page = segment.file_offset & !(PAGE_BYTES - 1);
            let end = segment.file_offset.saturating_add(segment.file_bytes);
            let executable = segment.executable == region.permissions.execute;
            if executable && (first_page..end).contains(&region.file_offset) {
                let address_in_file =
                    segment.virtual_address.wrapping_sub(segment.file_offset).wrapping_add(region.file_offset);
                return Some(region.start.0.wrapping_sub(address_in_file));
            }
        }
    }
    None
}

fn data_ranges(segments: &[Segment], load_bias: u64) -> Vec<Range<Address>> {
    segments
        .iter()
        .filter(|segment| segment.writable)
        .map(|segment| {
            let start = Address(segment.virtual_address.wrapping_add(load_bias));
            start..start.offset(segment.memory_bytes)
        })
        .collect()
}
