//! Finds the interpreter's own data by the one structure that all of it hangs on: from 3.x on. Tables only propose: what the
//! interpreter tells of itself, sizes of its types and links that must point back decide.

use std::collections::BTreeMap;

use bloathound_memory::{Address, MemorySource, ReadError, SymbolTable};

use super::checks::check_types;
use super::shape_search;
use crate::dialect::layout::{Runtime, Told};
use crate::dialect::{AllocatorState, Dialect, EXPORTED_PREFIXES, StaticTypeState, refused};
use crate::interpreter::{Interpreter, LocateError, UnicodeWidth};

/// Times that lists of a running collector are looked at.
const TRIES: u32 = 20;
/// The same of lists that change all the time, each link for itself.
const LINK_TRIES: u32 = 2000;
/// Types whose sizes have to agree, of those that the dialect knows.
const FINGERPRINT_MIN: usize = 30;

/// Finds everything by the runtime's symbol.
pub(super) fn locate(
    dialect: &'static Dialect,
    runtime: Runtime,
    source: &dyn MemorySource,
    symbols: &SymbolTable,
) -> Result<Interpreter, LocateError> {
    let need = |name: &'static str| {
        symbols
            .unique(name)
            .map(|symbol| symbol.address)
            .ok_or_else(|| LocateError::MissingSymbol { module: symbols.path.clone(), symbol: name })
    };
    let version = symbols.version.clone().unwrap_or_else(|| dialect.series.to_owned());
    let at = need(dialect.symbols.of_major.first().copied().unwrap_or_default())?;
    let mut known_by = BTreeMap::new();
    let dialect = told(dialect, runtime, source, at, &version, &mut known_by)?;
    let runtime = dialect.runtime.unwrap_or(runtime);
    let [type_type, object_type, dict_type] =
        [need(dialect.symbols.type_type)?, need(dialect.symbols.object_type)?, need(dialect.symbols.dict_type)?];
    check_types(dialect, source, type_type, object_type, dict_type, &mut known_by)?;
    let state = interpreter_state(dialect, runtime, source, at, dict_type)?;
    known_by.insert("interpreter_state".into(), "the runtime, thread list points back, sys.modules is a dict".into());
    fingerprint(dialect, &types_there(dialect, runtime, source, symbols, state), source, &mut known_by)?;
    let gc = state.offset(runtime.gc);
    let generations = gc.offset(runtime.generations);
    let stride = dialect.collector.generation_strides.first().copied().unwrap_or_default();
    check_generations(dialect, source, generations, stride, &mut known_by)?;
    let Variables { current_thread, arenas, interned } =
        variables(dialect, runtime, source, symbols, (at, state), &mut known_by)?;
    Ok(Interpreter {
        dialect,
        runtime: Some(at),
        version: symbols.version.clone(),
        type_type,
        object_type,
        dict_type,
        generations,
        generation_stride: stride,
        interpreter_state: Some(state),
        current_thread,
        arenas: arenas.map(|(arenas, _)| arenas),
        maxarenas: arenas.map(|(_, maxarenas)| maxarenas),
        interned,
        garbage: Some(gc.offset(runtime.garbage)),
        collecting: Some(gc.offset(runtime.collecting)),
        enabled: Some(gc.offset(runtime.enabled)),
        number_block_lists: Vec::new(),
        unicode: UnicodeWidth::Ucs4,
        known_by,
    })
}

/// Addresses of variables that are in the interpreter's state in one series, and file-local in another.
struct Variables {
    current_thread: Address,
    /// `arenas` and `maxarenas`.
    arenas: Option<(Address, Address)>,
    interned: Option<Address>,
}

fn variables(
    dialect: &Dialect,
    runtime: Runtime,
    source: &dyn MemorySource,
    symbols: &SymbolTable,
    (at, state): (Address, Address),
    known_by: &mut BTreeMap<String, String>,
) -> Result<Variables, LocateError> {
    let current_thread = match runtime.current_thread {
        Some(offset) => at.offset(offset),
        None => source.read_address(state.offset(runtime.gil))?.offset(runtime.gil_holder),
    };
    let of_state = |allocator: Address| (allocator.offset(runtime.arenas.0), allocator.offset(runtime.arenas.1));
    let symbol = |name| symbols.unique(name).map(|symbol| symbol.address);
    let arenas = match dialect.allocator_state {
        AllocatorState::Pointer { offset } => Some(of_state(source.read_address(state.offset(offset))?)),
        AllocatorState::Embedded { offset } => Some(of_state(state.offset(offset))),
        AllocatorState::Symbols => symbol(dialect.symbols.arenas).zip(symbol(dialect.symbols.maxarenas)),
    };
    let interned = match runtime.interned {
        Some(offset) => Some(state.offset(offset)),
        None => symbol(dialect.symbols.interned),
    };
    let by_state = "the interpreter's state";
    let how = |is_of_state: bool| if is_of_state { by_state } else { "symbol" };
    for fact in ["garbage", "collecting", "enabled"] {
        known_by.insert(fact.into(), by_state.into());
    }
    if interned.is_some() {
        known_by.insert("interned".into(), how(runtime.interned.is_some()).into());
    }
    if arenas.is_some() {
        known_by.insert("arenas".into(), how(dialect.allocator_state != AllocatorState::Symbols).into());
    }
    Ok(Variables { current_thread, arenas, interned })
}

/// The dialect with what the interpreter tells of itself, which is held against what the dialect expects.
fn told(
    dialect: &'static Dialect,
    runtime: Runtime,
    source: &dyn MemorySource,
    at: Address,
    version: &str,
    known_by: &mut BTreeMap<String, String>,
) -> Result<&'static Dialect, LocateError> {
    let Some(offsets) = runtime.debug_offsets else { return Ok(dialect) };
    let mut cookie = vec![0; offsets.cookie.len()];
    source.read(at, &mut cookie)?;
    if cookie != offsets.cookie {
        let detail = format!("the runtime begins with {:?}", String::from_utf8_lossy(&cookie));
        return Err(LocateError::LayoutCheck { check: "the runtime tells its own offsets", detail });
    }
    if source.read_u64(at.offset(offsets.free_threaded))? != 0 {
        return Err(LocateError::FreeThreaded { version: version.to_owned() });
    }
    // A core has no text that says the release, but the word is there.
    if let Ok(word) = u32::try_from(source.read_u64(at.offset(offsets.version))?)
        && let Some(release) = crate::dialect::release_of(word)
        && (refused(&release).is_some() || Dialect::of_version(&release).is_none_or(|of| of.series != dialect.series))
    {
        let detail = format!("the runtime is of Python {release}, its module of {version}");
        return Err(LocateError::LayoutCheck { check: "the release that the runtime tells", detail });
    }
    let mut otherwise = Vec::new();
    for (place, field) in offsets.rows {
        let told = source.read_u64(at.offset(*place))?;
        if told == field.expected {
            continue;
        }
        if field.which == Told::Fixed {
            let (version, expected) = (version.to_owned(), field.expected);
            return Err(LocateError::LaidOutOtherwise { version, field: field.name, told, expected });
        }
        otherwise.push((field.name, told));
    }
    let how = match otherwise.len() {
        0 => format!("{} offsets that the runtime tells are those of the table", offsets.rows.len()),
        moved => {
            format!("{} offsets that the runtime tells, {moved} of them not those of the table", offsets.rows.len())
        }
    };
    known_by.insert("offsets".into(), how);
    let detail = || format!("it says {otherwise:?}");
    dialect
        .with_told(otherwise.iter().copied())
        .ok_or_else(|| LocateError::LayoutCheck { check: "the offsets that the runtime tells", detail: detail() })
}

/// The main interpreter, or the first of the list: its threads point back.
fn interpreter_state(
    d: &Dialect,
    runtime: Runtime,
    source: &dyn MemorySource,
    at: Address,
    dict_type: Address,
) -> Result<Address, LocateError> {
    let mut seen = Vec::new();
    for variable in [runtime.main, runtime.head] {
        // The list of threads changes while threads begin and end.
        for _attempt in 0..TRIES {
            let state = source.read_address(at.offset(variable))?;
            if shape_search::is_interpreter_state(d, source, state, dict_type) {
                return Ok(state);
            }
            seen.push(state);
        }
    }
    let detail =
        format!("neither {} nor what stands beside it leads to one", seen.first().copied().unwrap_or_default());
    Err(LocateError::LayoutCheck { check: "an interpreter whose threads point back to it", detail })
}

/// Built-in types: those that the interpreter has rows of, and the exported ones where it has none.
fn types_there(
    d: &Dialect,
    runtime: Runtime,
    source: &dyn MemorySource,
    symbols: &SymbolTable,
    state: Address,
) -> Vec<Address> {
    if d.static_types != StaticTypeState::InInterpreter {
        let is_type =
            |name: &str| EXPORTED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && name.ends_with("_Type");
        let found = symbols.symbols.iter().filter(|(name, _)| is_type(name));
        return found.flat_map(|(_, symbols)| symbols).map(|symbol| symbol.address).collect();
    }
    let (first, count) = runtime.static_types[0];
    let row = runtime.static_type;
    let type_at = |index| source.read_address(state.offset(first + index * row.bytes + row.type_at));
    (0..count).map_while(|index| type_at(index).ok()).filter(|at| !at.is_null()).collect()
}

/// Types carry the size of their objects: the best fingerprint there is of how these are laid out.
fn fingerprint(
    d: &Dialect,
    types: &[Address],
    source: &dyn MemorySource,
    known_by: &mut BTreeMap<String, String>,
) -> Result<(), LocateError> {
    let expected = |name: &str| d.types.fixed.iter().find(|(known, ..)| *known == name).map(|(_, size, _)| *size);
    let (mut agree, mut differ) = (0, Vec::new());
    for type_at in types {
        let Ok(name_at) = source.read_address(type_at.offset(d.type_object.tp_name)) else { continue };
        let Ok(name) = source.read_c_string(name_at, 64) else { continue };
        let known = d.types.sizes.iter().find(|(known, _)| *known == name).map(|(_, size)| *size).or(expected(&name));
        let Some(known) = known else { continue };
        let found = source.read_u64(type_at.offset(d.type_object.tp_basicsize))?;
        match found == known {
            true => agree += 1,
            false => differ.push(format!("{name} has {found} bytes, {known} were expected")),
        }
    }
    if let Some(first) = differ.first() {
        return Err(LocateError::LayoutCheck { check: "tp_basicsize of built-in types", detail: first.clone() });
    }
    if agree < FINGERPRINT_MIN {
        let detail = format!("only {agree} built-in types were found in the interpreter");
        return Err(LocateError::LayoutCheck { check: "tp_basicsize of built-in types", detail });
    }
    let how = format!("type, object and dict by name and metatype; sizes of {agree} built-in types");
    known_by.insert("layouts".into(), how);
    Ok(())
}

/// Every list of the collector comes back to its head.
fn check_generations(
    d: &Dialect,
    source: &dyn MemorySource,
    generations: Address,
    stride: u64,
    known_by: &mut BTreeMap<String, String>,
) -> Result<(), LocateError> {
    let links = d.collector_heads.link_mask();
    let link = |at: Address| source.read_u64(at).map(|word| Address(word & links));
    let linked = |head: Address, there: u64, back: u64| -> Result<bool, ReadError> {
        let neighbour = link(head.offset(there))?;
        Ok(link(neighbour.offset(back)).is_ok_and(|at| at == head))
    };
    let offsets = (0..u64::from(d.collector.generations)).map(|index| index * stride).chain(d.collector.permanent);
    let heads: Vec<Address> = offsets.map(|offset| generations.offset(offset)).collect();
    let (next, prev) = (d.collector.gc_next, d.collector.gc_prev);
    let mut open: Vec<(Address, u64, u64)> =
        heads.iter().flat_map(|head| [(*head, next, prev), (*head, prev, next)]).collect();
    // A loop that makes and drops objects all the time changes the youngest between any two reads.
    for _attempt in 0..LINK_TRIES {
        let seen: Vec<bool> =
            open.iter().map(|(head, there, back)| linked(*head, *there, *back)).collect::<Result<_, _>>()?;
        let mut was_seen = seen.into_iter();
        open.retain(|_| was_seen.next() != Some(true));
        if open.is_empty() {
            known_by.insert("generation_stride".into(), format!("{stride}: all lists are linked at it"));
            return Ok(());
        }
    }
    Err(LocateError::LayoutCheck {
        check: "lists of the collector's generations",
        detail: format!("they are not linked at {generations}"),
    })
}
