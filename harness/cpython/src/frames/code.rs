//! Code objects, each read and analysed once.

use std::collections::HashMap;
use std::sync::Arc;

use bloathound_memory::Address;
use bloathound_profile::{Code, CodeId, LineTable, frameworks};

use super::memory::Memory;
use crate::bytecode::{self, Names};
use crate::dialect::layout::CodeVariables;
use crate::dialect::{Dialect, DictTable, Frames, LineTableKind, Monitored, NotYetRead, SingledOut, TextStorage};
use crate::objects::{half_at, located, word_at};

/// Longest bytecode, line table and name that are read, and most names.
const BYTECODE_MAX: usize = 1 << 20;
const TEXT_MAX: usize = 4096;
const NAMES_MAX: usize = 1 << 14;
/// Code objects kept at most; a target that makes more in a few seconds is not telling the truth.
const CODES_MAX: usize = 20_000;
/// Bytes of a code object that are read at most.
const CODE_BYTES_MAX: usize = 512;

/// A code object, with what is needed to read its frames.
#[derive(Debug)]
pub(super) struct CodeEntry {
    pub id: CodeId,
    pub names: Names,
    /// Where the string objects of names are: dictionaries that use them as keys hold the same objects.
    pub name_objects: HashMap<Arc<str>, Address>,
    pub local_count: usize,
    pub stack_slots: usize,
    pub bytecode_bytes: u32,
    /// Callee's slot on the value stack, slots between it and its arguments, and how many of these there are, by call offset.
    pub callee_slots: HashMap<u32, (u32, u32, u32)>,
    /// Iterator's slot on the value stack, by loop.
    pub iterator_slots: Vec<(u32, u32)>,
    /// Names to look up in the dictionary of module level code.
    pub loop_names: Vec<Arc<str>>,
    /// It belongs to an event loop.
    pub is_event_loop: bool,
    /// Where what stands at each unit of two bytes is; empty where a frame itself says that.
    places: Vec<u32>,
    constant: Vec<u8>,
}

impl CodeEntry {
    /// The offset of the instruction that a call is at which stands at `at`.
    pub(super) fn place(&self, at: u32) -> u32 {
        self.places.get(at as usize / 2).copied().unwrap_or(at)
    }

    /// Locals, cells and free variables: what precedes the value stack.
    pub(super) fn variable_slots(&self) -> usize {
        self.local_count + self.names.cells.len()
    }
}

/// All code objects met so far.
#[derive(Debug, Default)]
pub(super) struct Codes {
    entries: HashMap<Address, Arc<CodeEntry>>,
    pub described: Vec<Code>,
    pub code_type: Option<Address>,
    none: Option<Arc<CodeEntry>>,
}

impl Codes {
    /// What stands for the code of a call that has none.
    pub(super) fn none(&mut self) -> Arc<CodeEntry> {
        let none = || {
            Arc::new(CodeEntry {
                id: CodeId(u32::MAX),
                names: Names::default(),
                name_objects: HashMap::new(),
                local_count: 0,
                stack_slots: 0,
                bytecode_bytes: 0,
                callee_slots: HashMap::new(),
                iterator_slots: Vec::new(),
                loop_names: Vec::new(),
                is_event_loop: false,
                places: Vec::new(),
                constant: Vec::new(),
            })
        };
        Arc::clone(self.none.get_or_insert_with(none))
    }

    /// The offset of the instruction that a call of the code at `code` is at which stands at `at`.
    pub(super) fn place(&self, code: Address, at: u32) -> u32 {
        self.entries.get(&code).map_or(at, |entry| entry.place(at))
    }

    /// The code object at `address`; `None` when there is none.
    pub(super) fn get(&mut self, memory: &Memory<'_>, address: Address) -> Option<Arc<CodeEntry>> {
        let d = memory.d;
        let (constant_from, constant_to) = d.code.constant;
        let head = memory.bytes(address, constant_to, CODE_BYTES_MAX)?;
        let type_at = Address(word_at(&head, d.object.ob_type));
        match self.code_type {
            Some(known) if known != type_at => return None,
            None => {
                let name = memory.pointer(type_at.offset(d.type_object.tp_name))?;
                if d.types.singled_out(&memory.c_string(name)?) != Some(SingledOut::Code) {
                    return None;
                }
                self.code_type = Some(type_at);
            }
            Some(_) => {}
        }
        let constant = head.get(constant_from as usize..)?.to_vec();
        // The same address may have become another code object meanwhile.
        if let Some(entry) = self.entries.get(&address)
            && entry.constant == constant
        {
            return Some(Arc::clone(entry));
        }
        if self.described.len() >= CODES_MAX {
            return None;
        }
        let entry = Arc::new(self.read(memory, address, &head, constant)?);
        self.entries.insert(address, Arc::clone(&entry));
        Some(entry)
    }

    fn read(&mut self, memory: &Memory<'_>, address: Address, head: &[u8], constant: Vec<u8>) -> Option<CodeEntry> {
        let d = memory.d;
        let at = |offset| Address(word_at(head, offset));
        let (bytecode, exceptions) = bytecode_of(memory, address, head)?;
        let file: Arc<str> = memory.text(at(d.code.co_filename), TEXT_MAX)?.into();
        let function: Arc<str> = memory.text(at(d.code.co_name), TEXT_MAX)?.into();
        let line_first = half_at(head, d.code.co_firstlineno);
        let lnotab = memory.string(at(d.code.co_lnotab), BYTECODE_MAX)?;
        let lines = lines(d, line_first, &lnotab).ok()?;
        let mut name_objects = HashMap::new();
        let mut texts = |offset: u64| -> Option<Vec<Arc<str>>> {
            let objects = memory.tuple(at(offset), NAMES_MAX)?;
            let text = |object: &Address| {
                let text: Arc<str> = memory.text(*object, TEXT_MAX)?.into();
                name_objects.insert(Arc::clone(&text), *object);
                Some(text)
            };
            objects.iter().map(text).collect()
        };
        let is_one_row = d.code.variables != CodeVariables::NONE;
        let mut names = if is_one_row {
            let all = texts(d.code.variables.names)?;
            // Bytecode counts those that functions share among them.
            Names { names: texts(d.code.co_names)?, locals: all.clone(), cells: all }
        } else {
            let mut names = Names {
                names: texts(d.code.co_names)?,
                locals: texts(d.code.co_varnames)?,
                cells: texts(d.code.co_cellvars)?,
            };
            names.cells.extend(texts(d.code.co_freevars)?);
            names
        };
        let line_at = |offset| lines.line_at(offset).unwrap_or(line_first);
        let analysis = bytecode::analyse_with_handlers(d, &bytecode, &exceptions, &names, &line_at);
        if is_one_row {
            names.cells.clear();
        }
        let count_at = if is_one_row { d.code.variables.count } else { d.code.co_nlocals };
        let id = CodeId(u32::try_from(self.described.len()).ok()?);
        let local_count = half_at(head, count_at) as usize;
        let stack_slots = half_at(head, d.code.co_stacksize) as usize;
        if local_count > NAMES_MAX || stack_slots > NAMES_MAX {
            return None;
        }
        let described = Code {
            address: address.0,
            function,
            file,
            line_first,
            lines,
            is_generator: half_at(head, d.code.co_flags) & d.code.flag_generator != 0,
            loops: analysis.loops,
            calls: analysis.calls.iter().map(|call| call.offset).collect(),
            returns: analysis.returns,
            bytecode_bytes: bytecode.len() as u32,
            tries: analysis.tries,
        };
        let is_event_loop = frameworks::is_event_loop(&described);
        self.described.push(described);
        Some(CodeEntry {
            id,
            names,
            name_objects,
            local_count,
            stack_slots,
            bytecode_bytes: bytecode.len() as u32,
            callee_slots: analysis
                .calls
                .iter()
                .filter_map(|call| Some((call.offset, (call.callee_slot?, call.receivers, call.positional))))
                .collect(),
            is_event_loop,
            iterator_slots: analysis.iterators,
            loop_names: analysis.loop_names,
            places: match d.frames {
                // Its caches are behind it while it calls.
                Frames::InterpreterFrames { holds_next_instruction: false } => bytecode::places(d, &bytecode),
                Frames::InterpreterFrames { .. } | Frames::Objects => Vec::new(),
            },
            constant,
        })
    }
}

/// Refuses a series whose calls or code objects, or the values of whose variables, would be misread.
///
/// # Errors
/// [`NotYetRead`]: what of it nobody wrote a reader for.
pub fn can_be_read(d: &'static Dialect) -> Result<(), NotYetRead> {
    lines(d, 1, &[])?;
    // Calls that are pieces of memory run code with caches, and no other.
    if matches!(d.frames, Frames::InterpreterFrames { .. }) != d.instructions.words.is_some() {
        return Err(d.not_yet_read("stacks"));
    }
    bytecode::can_be_read(d)?;
    match (d.dict_table, d.text) {
        (DictTable::Entries, TextStorage::BytesAndWide) | (DictTable::CombinedKeys, TextStorage::Compact) => {}
        _ => return Err(d.not_yet_read("dicts")),
    }
    Ok(())
}

/// The lines of a code object, by the kind of its table.
fn lines(d: &Dialect, line_first: u32, table: &[u8]) -> Result<LineTable, NotYetRead> {
    match d.line_table {
        LineTableKind::Increments => Ok(line_table(line_first, table)),
        LineTableKind::Locations => Ok(LineTable::new(locations(line_first, table))),
        LineTableKind::Ranges => Ok(line_ranges(line_first, table)),
        LineTableKind::SignedIncrements => Err(d.not_yet_read("line tables")),
    }
}

/// Offsets at which a line begins, by a table of locations. What is on no line is told with what comes
/// after: a handler begins with such.
#[must_use]
pub fn locations(line_first: u32, table: &[u8]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    let mut begin = None;
    for location in located(line_first, table) {
        let Ok(offset) = u32::try_from(2 * location.units.0) else { break };
        let from = *begin.get_or_insert(offset);
        // A module begins before its first line.
        let Some(line) = location.line.filter(|line| *line > 0) else { continue };
        begin = None;
        if runs.last().is_none_or(|last| last.1 != line) {
            runs.push((from, line));
        }
    }
    if runs.is_empty() {
        runs.push((0, line_first));
    }
    runs
}

/// The bytecode of the code object at `address`, and its table of exceptions where there is one.
fn bytecode_of(memory: &Memory<'_>, address: Address, head: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let d = memory.d;
    match d.instructions.words {
        None => Some((memory.string(Address(word_at(head, d.code.co_code)), BYTECODE_MAX)?, Vec::new())),
        Some(words) => {
            // It stands behind the object, in units of two bytes.
            let bytes = word_at(head, d.object.ob_size).checked_mul(2)?;
            let mut bytecode = memory.bytes(address.offset(d.code.co_code), bytes, BYTECODE_MAX)?;
            if let Some(monitored) = &words.monitored {
                uncover(memory, monitored, address, &mut bytecode);
            }
            let exceptions = memory.string(Address(word_at(head, words.exception_table)), BYTECODE_MAX)?;
            Some((bytecode, exceptions))
        }
    }
}

/// Puts back what a debugger or a tracer has put its own instructions in the place of.
fn uncover(memory: &Memory<'_>, monitored: &Monitored, address: Address, bytecode: &mut [u8]) -> Option<()> {
    let covers = |opcode: u8| opcode == monitored.line_opcode || opcode == monitored.instruction_opcode;
    if !bytecode.chunks_exact(2).any(|unit| unit.first().is_some_and(|opcode| covers(*opcode))) {
        return None;
    }
    let kept = memory.pointer(address.offset(monitored.at)).filter(|kept| !kept.is_null())?;
    let units = (bytecode.len() / 2) as u64;
    let table = |offset: u64, width: u64| {
        let at = memory.pointer(kept.offset(offset)).filter(|at| !at.is_null())?;
        memory.bytes(at, units * width, BYTECODE_MAX)
    };
    let (lines, instructions) = (table(monitored.lines, 2), table(monitored.instructions, 1));
    for (index, unit) in bytecode.chunks_exact_mut(2).enumerate() {
        let Some(opcode) = unit.first_mut() else { continue };
        if *opcode == monitored.line_opcode {
            *opcode = lines.as_ref().and_then(|lines| lines.get(2 * index)).copied().unwrap_or(*opcode);
        }
        if *opcode == monitored.instruction_opcode {
            *opcode = instructions.as_ref().and_then(|all| all.get(index)).copied().unwrap_or(*opcode);
        }
    }
    Some(())
}

/// Lines from `co_firstlineno` and `co_linetable` of 3.10: pairs of how many bytes and how many lines, those before the bytes;
/// the smallest number of lines says that the bytes are on none (`Objects/lnotab_notes.txt`). Such are told with what comes
/// after.
#[must_use]
pub fn line_ranges(line_first: u32, table: &[u8]) -> LineTable {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    let (mut offset, mut line, mut begin) = (0_u32, i64::from(line_first), None);
    for pair in table.chunks_exact(2) {
        let &[bytes, lines] = pair else { break };
        let from = *begin.get_or_insert(offset);
        offset = offset.saturating_add(u32::from(bytes));
        let lines = lines.cast_signed();
        if lines == i8::MIN {
            continue;
        }
        line += i64::from(lines);
        // What has no bytes only moves on.
        let Some(line) = u32::try_from(line).ok().filter(|_| bytes > 0) else { continue };
        begin = None;
        if runs.last().is_none_or(|last| last.1 != line) {
            runs.push((from, line));
        }
    }
    if runs.is_empty() {
        runs.push((0, line_first));
    }
    LineTable::new(runs)
}

/// Lines from `co_firstlineno` and `co_lnotab`: pairs of bytecode and line increments (`Objects/lnotab_notes.txt`).
#[must_use]
pub fn line_table(line_first: u32, lnotab: &[u8]) -> LineTable {
    let mut runs = vec![(0_u32, line_first)];
    let (mut offset, mut line) = (0_u32, line_first);
    for pair in lnotab.chunks_exact(2) {
        let &[bytes, lines] = pair else { break };
        offset = offset.saturating_add(u32::from(bytes));
        line = line.saturating_add(u32::from(lines));
        match runs.last_mut() {
            Some(last) if last.0 == offset => last.1 = line,
            _ => runs.push((offset, line)),
        }
    }
    LineTable::new(runs)
}
