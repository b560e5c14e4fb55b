//! A module's symbols at their addresses in the target.

use std::collections::{BTreeMap, HashMap};

use crate::Address;

/// A symbol of a module, at its address in the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Address in the target (load bias added).
    pub address: Address,
    /// `st_size`; 0 where the table does not say.
    pub size_bytes: u64,
}

/// The symbols of one module that somebody asked for: the executable's or a library's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SymbolTable {
    /// Path of the module as the target sees it.
    pub path: String,
    /// GNU build id in hex.
    pub build_id: Option<String>,
    /// Release text found in the module's read-only data, such as `2.7.18`.
    pub version: Option<String>,
    /// What was added to every address of the file: where the module was loaded.
    pub load_bias: u64,
    /// True when file-local symbols are there (`.symtab`), not only exported ones.
    pub has_local_symbols: bool,
    /// Where `.data`, `.bss` and relocated read-only data are in the target: places to search by shape.
    pub data_ranges: Vec<std::ops::Range<Address>>,
    /// Name to symbol. Of file-local names that occur several times (`free_list`), all are kept. What compilers
    /// append to file-local names (`free_list.1234`, `generations.lto_priv.0`) is cut off.
    pub symbols: HashMap<String, Vec<Symbol>>,
    /// First bytes of the exported functions that tell, in a stripped build, where the variables they use are. Missing
    /// where code is neither in a file nor in memory: in most cores.
    pub entry_code: BTreeMap<String, Vec<u8>>,
}

impl SymbolTable {
    /// The only symbol of that name; `None` when there is none or several.
    #[must_use]
    pub fn unique(&self, name: &str) -> Option<Symbol> {
        match self.symbols.get(name).map(Vec::as_slice) {
            Some([symbol]) => Some(*symbol),
            _ => None,
        }
    }

    /// All symbols of that name.
    #[must_use]
    pub fn all(&self, name: &str) -> &[Symbol] {
        self.symbols.get(name).map_or(&[], Vec::as_slice)
    }

    /// The same table as a build stripped of `.symtab` would give it: only the names that `is_exported` says are.
    #[must_use]
    pub fn without_local_symbols(mut self, is_exported: impl Fn(&str) -> bool) -> Self {
        self.symbols.retain(|name, _| is_exported(name));
        self.has_local_symbols = false;
        self
    }
}
