//! Finds the interpreter's own data in a target: by symbols where they are, by code and by shape where they were stripped.

use std::collections::BTreeMap;

use bloathound_memory::{Address, MemorySource, SymbolTable};

use super::checks::check_types;
use super::{code_search, shape_search};
use crate::dialect::{Dialect, FIRST};
use crate::interpreter::{Interpreter, LocateError, UnicodeWidth};

impl Interpreter {
    /// Finds everything and checks it against the target.
    ///
    /// # Errors
    /// [`LocateError`] when this is no release build of a series that is read or its memory can't be read.
    pub fn locate(source: &dyn MemorySource, symbols: &SymbolTable) -> Result<Self, LocateError> {
        let mut found = Self::locate_by_symbols(source, symbols)?;
        if !found.is_complete() {
            found.search(source, symbols)?;
        }
        Ok(found)
    }

    /// What the symbols tell, checked against the target; [`Interpreter::search`] finds the rest.
    ///
    /// # Errors
    /// As [`Interpreter::locate`].
    pub fn locate_by_symbols(source: &dyn MemorySource, symbols: &SymbolTable) -> Result<Self, LocateError> {
        // The finder lets no other series through; a core may not have the text that says so.
        let dialect = symbols.version.as_deref().and_then(Dialect::of_version).unwrap_or(FIRST);
        if let Some(runtime) = dialect.runtime {
            return super::runtime::locate(dialect, runtime, source, symbols);
        }
        let names = &dialect.symbols;
        if names.of_debug_builds.iter().any(|name| !symbols.all(name).is_empty()) {
            return Err(LocateError::DebugBuild);
        }
        let need = |name: &'static str| {
            symbols
                .unique(name)
                .map(|symbol| symbol.address)
                .ok_or_else(|| LocateError::MissingSymbol { module: symbols.path.clone(), symbol: name })
        };
        let type_type = need(names.type_type)?;
        let object_type = need(names.object_type)?;
        let dict_type = need(names.dict_type)?;
        let current_thread = need(names.current_thread)?;
        let mut known_by = BTreeMap::new();
        check_types(dialect, source, type_type, object_type, dict_type, &mut known_by)?;
        let generations = source.read_address(need(names.generation0)?)?;
        let generation_stride = generation_stride(dialect, source, generations, symbols, &mut known_by)?;
        let mut found = Self {
            dialect,
            runtime: None,
            version: symbols.version.clone(),
            type_type,
            object_type,
            dict_type,
            generations,
            generation_stride,
            interpreter_state: None,
            current_thread,
            arenas: symbols.unique(names.arenas).map(|s| s.address),
            maxarenas: symbols.unique(names.maxarenas).map(|s| s.address),
            interned: symbols.unique(names.interned).map(|s| s.address),
            garbage: symbols.unique(names.garbage).map(|s| s.address),
            collecting: symbols.unique(names.collecting).map(|s| s.address),
            enabled: symbols.unique(names.enabled).map(|s| s.address),
            number_block_lists: symbols.all(names.block_list).iter().map(|s| s.address).collect(),
            unicode: unicode_width(dialect, symbols, &mut known_by),
            known_by,
        };
        for (name, there) in [
            ("arenas", found.arenas.is_some()),
            ("interned", found.interned.is_some()),
            ("garbage", found.garbage.is_some()),
            ("collecting", found.collecting.is_some()),
            ("enabled", found.enabled.is_some()),
        ] {
            if there {
                found.known_by.insert(name.into(), "symbol".into());
            }
        }
        found.find_interpreter_state(source, symbols)?;
        Ok(found)
    }

    /// Searches for what symbols did not tell: by the code that uses it, and by the shape of what it points at.
    ///
    /// The search follows words that may be anything. `source` had better not bring pages in.
    ///
    /// # Errors
    /// [`LocateError`] when memory that must be there can't be read.
    pub fn search(&mut self, source: &dyn MemorySource, symbols: &SymbolTable) -> Result<(), LocateError> {
        if self.runtime.is_none() {
            code_search::fill_missing(self, source, symbols);
        }
        shape_search::fill_missing(self, source, symbols);
        if self.interpreter_state.is_none() { self.find_current_interpreter(source) } else { Ok(()) }
    }

    fn find_interpreter_state(&mut self, source: &dyn MemorySource, symbols: &SymbolTable) -> Result<(), LocateError> {
        if let Some(head) = symbols.unique(self.dialect.symbols.interp_head) {
            let state = source.read_address(head.address)?;
            if shape_search::is_interpreter_state(self.dialect, source, state, self.dict_type) {
                self.interpreter_state = Some(state);
                self.known_by.insert(
                    "interpreter_state".into(),
                    format!("symbol {}, thread list points back", self.dialect.symbols.interp_head),
                );
            }
        }
        Ok(())
    }

    /// The interpreter of the thread that holds the GIL: one of several, perhaps not the first of the list.
    fn find_current_interpreter(&mut self, source: &dyn MemorySource) -> Result<(), LocateError> {
        let d = self.dialect;
        let thread = source.read_address(self.current_thread)?;
        if !thread.is_null()
            && let Ok(state) = source.read_address(thread.offset(d.thread_state.interp))
            && shape_search::is_interpreter_state(self.dialect, source, state, self.dict_type)
        {
            self.interpreter_state = Some(state);
            self.known_by
                .insert("interpreter_state".into(), format!("{}, thread list points back", d.symbols.current_thread));
        }
        Ok(())
    }
}

/// The stride at which all three list heads are linked consistently; the symbol's size only proposes.
fn generation_stride(
    d: &Dialect,
    source: &dyn MemorySource,
    generations: Address,
    symbols: &SymbolTable,
    known_by: &mut BTreeMap<String, String>,
) -> Result<u64, LocateError> {
    let proposed = symbols.unique(d.symbols.generations).map(|s| s.size_bytes / u64::from(d.collector.generations));
    let mut candidates: Vec<u64> =
        proposed.into_iter().filter(|s| d.collector.generation_strides.contains(s)).collect();
    candidates.extend(d.collector.generation_strides);
    let linked = |head: Address| -> Result<bool, bloathound_memory::ReadError> {
        let next = source.read_address(head.offset(d.collector.gc_next))?;
        let prev = source.read_address(head.offset(d.collector.gc_prev))?;
        Ok(source.read_address(next.offset(d.collector.gc_prev)).is_ok_and(|a| a == head)
            && source.read_address(prev.offset(d.collector.gc_next)).is_ok_and(|a| a == head))
    };
    // The target runs meanwhile: a list may change between two reads, so a failed check is tried again.
    for _attempt in 0..20 {
        for stride in &candidates {
            let heads = (0..u64::from(d.collector.generations)).map(|n| generations.offset(n * stride));
            if heads.map(linked).collect::<Result<Vec<_>, _>>()?.into_iter().all(|ok| ok) {
                known_by.insert("generation_stride".into(), format!("{stride}: all three lists are linked at it"));
                return Ok(*stride);
            }
        }
    }
    if let Some(stride) = candidates.first().copied().filter(|_| proposed.is_some()) {
        known_by.insert("generation_stride".into(), format!("{stride}: symbol size; lists were busy"));
        return Ok(stride);
    }
    Err(LocateError::LayoutCheck {
        check: "stride of the collector's generations",
        detail: "the lists are linked at neither 40 nor 48 bytes".into(),
    })
}

fn unicode_width(d: &Dialect, symbols: &SymbolTable, known_by: &mut BTreeMap<String, String>) -> UnicodeWidth {
    let narrow = symbols.symbols.keys().any(|name| name.starts_with(d.symbols.narrow_unicode));
    known_by.insert("unicode".into(), format!("exported names PyUnicodeUCS{}_*", if narrow { 2 } else { 4 }));
    if narrow { UnicodeWidth::Ucs2 } else { UnicodeWidth::Ucs4 }
}
