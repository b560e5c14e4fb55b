//! Finds the module that holds the interpreter and its symbols.

use std::fs::File;
use std::io;

use bloathound_memory::{
    Address, Core, ElfError, FileSymbol, LoadedModule, MemorySource, ModuleFile, ModuleView, Region, RegionKind,
    Symbol, SymbolTable, Wanted, load_bias,
};

use crate::dialect::{
    Dialect, EVALUATORS, EXPORTED_PREFIXES, EXPORTED_TYPES, FIRST, SUPPORTED, refused, release_of, with_runtime,
};

/// The dialect that a module is held against unless it exports the names of a later major version's.
const READ: &Dialect = FIRST;
/// Exported functions whose first instructions use file-local variables.
const FUNCTIONS_THAT_TELL: [&str; 3] = [READ.symbols.collect, READ.symbols.allocate, READ.symbols.init_gc];
/// Bytes kept of each; what is looked for is in the first 60 of every build seen.
const ENTRY_CODE_BYTES: u64 = 128;

/// The major version after that of [`READ`].
const LATER_MAJOR: u8 = 3;

/// Libraries looked into when neither the executable nor a file named after Python is the interpreter.
const OTHER_MODULES_MAX: usize = 256;

/// Why no interpreter that is read here was found in a target.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// None of the mapped modules is a Python interpreter.
    #[error("no Python interpreter is in it (executable: {executable})")]
    NotPython {
        /// Path of the executable, or `?`.
        executable: String,
    },
    /// A Python of another series, or no CPython.
    #[error("it runs {what} ({path}); only {SUPPORTED} are understood")]
    OtherPython {
        /// Such as `Python 3.11.7` or `PyPy`.
        what: String,
        /// Path of the module.
        path: String,
    },
    /// A release that is known by name, and not read.
    #[error("it runs Python {version} ({path}), which is {why}; only {SUPPORTED} are understood")]
    Refused {
        /// The release.
        version: String,
        /// Path of the module.
        path: String,
        /// What is said of it.
        why: &'static str,
    },
    /// Built with `--with-pydebug`: every object has two more words.
    #[error("{path} is a debug build of Python {version} (it has {symbol}); only release builds are understood")]
    DebugBuild {
        /// Path of the module.
        path: String,
        /// Release text, or the series.
        version: String,
        /// What tells.
        symbol: &'static str,
    },
    /// The module's file could not be opened, and no other module is an interpreter.
    #[error("{path} could not be read: {cause}")]
    Unreadable {
        /// Path of the module.
        path: String,
        /// What the system said.
        cause: io::Error,
    },
    /// The module's file is no usable ELF file.
    #[error("{path} {cause}")]
    Elf {
        /// Path of the module.
        path: String,
        /// What is wrong.
        cause: ElfError,
    },
}

/// Finds the module with the interpreter in `memory` and reads its symbols.
///
/// `executable` is the path the executable is mapped under, where known. `open` opens the file behind a region; it
/// knows about mount namespaces and deleted files. Where a file can't be opened, the exported symbols that the dynamic
/// linker has loaded are used instead.
///
/// # Errors
/// [`InterpreterError`] when there is none; another Python and debug builds are named.
pub fn find_interpreter_in(
    memory: &dyn MemorySource,
    executable: Option<&str>,
    open: &mut dyn FnMut(&Region) -> io::Result<File>,
) -> Result<SymbolTable, InterpreterError> {
    Search { regions: memory.regions(), executable, memory }.run(open)
}

/// The same in a core: files count only where they are of the build that the core was made of.
///
/// # Errors
/// As [`find_interpreter_in`].
pub fn find_interpreter_in_core(
    core: &Core,
    open: &mut dyn FnMut(&str) -> io::Result<File>,
) -> Result<SymbolTable, InterpreterError> {
    let modules = core.modules();
    find_interpreter_in(&core.image, core.executable.as_deref(), &mut |region| modules.open(region, open))
}

/// The same table as a build stripped of `.symtab` would give it: only the names that CPython exports.
#[must_use]
pub fn exported_only(symbols: SymbolTable) -> SymbolTable {
    symbols.without_local_symbols(|name| EXPORTED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

struct Search<'a> {
    regions: &'a [Region],
    executable: Option<&'a str>,
    memory: &'a dyn MemorySource,
}

impl Search<'_> {
    fn run(&self, open: &mut dyn FnMut(&Region) -> io::Result<File>) -> Result<SymbolTable, InterpreterError> {
        let mut refused = None;
        let mut first_problem = None;
        for candidate in candidates(self.regions, self.executable) {
            let path = candidate.path().unwrap_or_default();
            match self.look_at(candidate, path, open) {
                Ok(Some(mut table)) => {
                    prefer_copied_symbols(&mut table, self.regions, self.executable, open);
                    return Ok(table);
                }
                Ok(None) => {}
                Err(
                    error @ (InterpreterError::OtherPython { .. }
                    | InterpreterError::Refused { .. }
                    | InterpreterError::DebugBuild { .. }),
                ) => {
                    refused.get_or_insert(error);
                }
                // A data file mapped from some directory is no ELF file, and that is no problem.
                Err(InterpreterError::Elf { cause: ElfError::NotElf, .. }) => {}
                Err(error) => {
                    first_problem.get_or_insert((is_likely(path, self.executable), error));
                }
            }
        }
        Err(match (refused, first_problem) {
            (Some(refused), _) => refused,
            (None, Some((true, problem))) => problem,
            _ => InterpreterError::NotPython { executable: self.executable.unwrap_or("?").to_owned() },
        })
    }

    fn look_at(
        &self,
        candidate: &Region,
        path: &str,
        open: &mut dyn FnMut(&Region) -> io::Result<File>,
    ) -> Result<Option<SymbolTable>, InterpreterError> {
        let elf_error = |cause| InterpreterError::Elf { path: path.to_owned(), cause };
        match open(candidate) {
            Ok(file) => {
                let module = ModuleFile::open(file).map_err(elf_error)?;
                let view = module.view(&WANTED).map_err(elf_error)?;
                judge(view, &|major| module.version_texts(major), path, self.memory)
            }
            Err(cause) => {
                let loaded = LoadedModule::read(self.memory, path);
                let Some(loaded) = loaded else {
                    return Err(InterpreterError::Unreadable { path: path.to_owned(), cause });
                };
                let versions = |major| loaded.version_texts(major);
                judge(loaded.view(&WANTED), &versions, path, self.memory)
            }
        }
    }
}

/// Any Python defines these; an executable that was given copies of some of a library's data does not evaluate.
fn is_a_python(view: &ModuleView) -> bool {
    let evaluates = |symbol: &FileSymbol| symbol.is_function && EVALUATORS.contains(&symbol.name.as_str());
    EXPORTED_TYPES.iter().all(|name| view.has(name)) && view.symbols.iter().any(evaluates)
}

fn is_likely(path: &str, executable: Option<&str>) -> bool {
    Some(path) == executable || file_name(path).contains("python")
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// One region for each mapped module, likely ones first: the executable, files named after Python, other libraries.
fn candidates<'a>(regions: &'a [Region], executable: Option<&str>) -> Vec<&'a Region> {
    let mut seen = std::collections::HashSet::new();
    let mut firsts: Vec<&Region> =
        regions.iter().filter(|region| region.path().is_some_and(|path| seen.insert(path))).collect();
    let executable_paths: std::collections::HashSet<Option<&str>> =
        regions.iter().filter(|region| region.permissions.execute).map(Region::path).collect();
    firsts.retain(|first| executable_paths.contains(&first.path()));
    let rank = |region: &Region| match region.path() {
        Some(path) if Some(path) == executable => 0,
        Some(path) if file_name(path).starts_with("libpython") => 1,
        Some(path) if file_name(path).contains("python") => 2,
        Some(path) if path.contains("/lib-dynload/") => 4,
        _ => 3,
    };
    firsts.sort_by_key(|region| rank(region));
    let likely = firsts.iter().take_while(|region| rank(region) < 3).count().min(OTHER_MODULES_MAX);
    firsts.truncate(likely + OTHER_MODULES_MAX);
    firsts
}

/// What is asked of a module that may be the interpreter.
const WANTED: Wanted<'static> =
    Wanted { keep: &wanted_name, code_of: &FUNCTIONS_THAT_TELL, code_bytes: ENTRY_CODE_BYTES };

fn wanted_name(name: &[u8]) -> bool {
    EXPORTED_PREFIXES.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
        || READ.symbols.local.iter().chain(&FUNCTIONS_THAT_TELL).any(|known| known.as_bytes() == name)
        || with_runtime().any(|dialect| dialect.symbols.local.iter().any(|known| known.as_bytes() == name))
}

/// The module's symbols if it is of the series that is read, nothing if it is no Python at all.
fn judge(
    view: ModuleView,
    versions: &dyn Fn(u8) -> Vec<String>,
    path: &str,
    memory: &dyn MemorySource,
) -> Result<Option<SymbolTable>, InterpreterError> {
    let regions = memory.regions();
    let other = |what| Err(InterpreterError::OtherPython { what, path: path.to_owned() });
    if file_name(path).contains("pypy") {
        return other("PyPy".to_owned());
    }
    if !is_a_python(&view) {
        return Ok(None);
    }
    if with_runtime().any(|dialect| dialect.symbols.of_major.iter().all(|name| view.has(name))) {
        return later_major(view, versions, path, memory).map(Some);
    }
    let major = READ.major();
    if !READ.symbols.of_major.iter().all(|name| view.has(name)) {
        let later = major + 1;
        return other(format!("Python {}", versions(later).first().unwrap_or(&later.to_string())));
    }
    let found = versions(major);
    let is_of_series = |version: &&String| Dialect::of_version(version).is_some_and(|of| of.series == READ.series);
    let version = found.iter().find(is_of_series).cloned();
    if !READ.symbols.since.iter().all(|name| view.has(name)) {
        let older = format!("{major}, older than {}", READ.series);
        return other(format!("Python {}", found.first().unwrap_or(&older)));
    }
    if let Some(symbol) = READ.symbols.of_debug_builds.iter().find(|name| view.has(name)) {
        let version = version.unwrap_or_else(|| READ.series.to_owned());
        return Err(InterpreterError::DebugBuild { path: path.to_owned(), version, symbol });
    }
    let Some(load_bias) = load_bias(&view.segments, path, regions) else {
        let cause = ElfError::Damaged("its segments match no mapping".to_owned());
        return Err(InterpreterError::Elf { path: path.to_owned(), cause });
    };
    Ok(Some(view.placed(path, version, load_bias)))
}

/// The symbols of a module of the next major version, whose data all hang on one structure.
fn later_major(
    view: ModuleView,
    versions: &dyn Fn(u8) -> Vec<String>,
    path: &str,
    memory: &dyn MemorySource,
) -> Result<SymbolTable, InterpreterError> {
    let path = path.to_owned();
    let Some(load_bias) = load_bias(&view.segments, &path, memory.regions()) else {
        let cause = ElfError::Damaged("its segments match no mapping".to_owned());
        return Err(InterpreterError::Elf { path, cause });
    };
    let debug = with_runtime().flat_map(|dialect| dialect.symbols.of_debug_builds).find(|name| view.has(name));
    let mut table = view.placed(&path, None, load_bias);
    // The word that the interpreter has of itself is sure; texts that look like a release may be anything's.
    let word = with_runtime().flat_map(|dialect| dialect.symbols.since).find_map(|name| table.unique(name));
    let told = word.and_then(|symbol| release_of(memory.read_u32(symbol.address).ok()?));
    let found = || versions(LATER_MAJOR).into_iter().next();
    let Some(version) = told.or_else(found) else {
        return Err(InterpreterError::OtherPython { what: format!("Python {LATER_MAJOR}"), path });
    };
    if let Some(refused) = refused(&version) {
        return Err(InterpreterError::Refused { version, path, why: refused.why() });
    }
    if let Some(symbol) = debug {
        return Err(InterpreterError::DebugBuild { path, version, symbol });
    }
    table.version = Some(version);
    Ok(table)
}

/// A position-dependent executable has its own copies of the library's data it refers to; those are the live ones.
fn prefer_copied_symbols(
    table: &mut SymbolTable,
    regions: &[Region],
    executable: Option<&str>,
    open: &mut dyn FnMut(&Region) -> io::Result<File>,
) {
    let Some(path) = executable.filter(|path| *path != table.path) else {
        return;
    };
    let region =
        regions.iter().find(|region| matches!(&region.kind, RegionKind::File { path: mapped, .. } if mapped == path));
    let Some(Ok(file)) = region.map(open) else {
        return;
    };
    let Ok((segments, exported)) = ModuleFile::open(file).and_then(|module| module.exported(&wanted_name)) else {
        return;
    };
    let Some(bias) = load_bias(&segments, path, regions) else {
        return;
    };
    for copy in exported.iter().filter(|copy| !copy.is_function) {
        if let Some(known) = table.symbols.get_mut(&copy.name) {
            let address = Address(copy.value.wrapping_add(bias));
            *known = vec![Symbol { address, size_bytes: copy.size }];
        }
    }
}
