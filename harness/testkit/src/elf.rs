//! Writes a loaded module's headers with its dynamic symbols, and ELF cores, from what `elf.h` says of their structures.

use std::collections::BTreeMap;

use crate::HeapImage;
use crate::heap::{DATA, MODULE, MODULE_PATH};

/// Where the dynamic section and the symbols are in the module.
const DYNAMIC: u64 = 0x200;
const SYMBOLS: u64 = 0x1000;
/// The code of the module, as far as it has any.
const CODE: u64 = 0x3000;

/// A piece of memory in a core: address, bytes there, bytes in memory, rights (1 execute, 2 write, 4 read).
#[derive(Clone, Debug)]
pub struct CorePiece {
    /// Where it was.
    pub address: u64,
    /// Its bytes, as far as they are in the core.
    pub bytes: Vec<u8>,
    /// Its length in memory.
    pub memory_bytes: u64,
    /// `p_flags`.
    pub flags: u32,
}

fn numbers(out: &mut Vec<u8>, values: &[u64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn header(kind: u16, program_headers: u16) -> Vec<u8> {
    let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    out.extend(kind.to_le_bytes());
    out.extend(62_u16.to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    numbers(&mut out, &[0, 64, 0]);
    out.extend(0_u32.to_le_bytes());
    out.extend([64, 56, program_headers, 64, 0, 0].iter().flat_map(|number: &u16| number.to_le_bytes()));
    out
}

fn program_header(out: &mut Vec<u8>, kind: u32, flags: u32, words: [u64; 6]) {
    out.extend(kind.to_le_bytes());
    out.extend(flags.to_le_bytes());
    numbers(out, &words);
}

/// Writes the interpreter's module as the dynamic linker leaves it in memory: headers, dynamic section, symbols, names.
pub fn write_module(heap: &mut HeapImage) {
    let code_bytes = DATA - MODULE;
    let data_bytes = heap.data.end - DATA;
    let mut first = header(3, 3);
    program_header(&mut first, 1, 5, [0, 0, 0, code_bytes, code_bytes, 4096]);
    program_header(&mut first, 1, 6, [code_bytes, code_bytes, code_bytes, data_bytes, data_bytes, 4096]);
    program_header(&mut first, 2, 6, [DYNAMIC, DYNAMIC, DYNAMIC, 64, 64, 8]);
    let mut symbols: BTreeMap<&str, (u64, u64, u8)> =
        heap.symbols.iter().map(|(name, (at, size))| (*name, (at - MODULE, *size, 0x11))).collect();
    for (index, name) in (0..).zip(["PyEval_EvalFrameEx", "PyCapsule_Type", "PyUnicodeUCS4_Join"]) {
        symbols.insert(name, (CODE + index * 16, 16, 0x12));
    }
    let mut names = vec![0];
    let mut table = vec![0; 24];
    for (name, (value, size, info)) in symbols {
        table.extend((names.len() as u32).to_le_bytes());
        table.extend([info, 0, 1, 0]);
        numbers(&mut table, &[value, size]);
        names.extend(name.as_bytes());
        names.push(0);
    }
    let strings = SYMBOLS + table.len() as u64;
    let mut dynamic = Vec::new();
    numbers(&mut dynamic, &[5, MODULE + strings, 6, MODULE + SYMBOLS, 10, names.len() as u64, 0, 0]);
    heap.memory.touch(MODULE, code_bytes);
    heap.memory.put(MODULE, &first);
    heap.memory.put(MODULE + DYNAMIC, &dynamic);
    heap.memory.put(MODULE + SYMBOLS, &table);
    heap.memory.put(MODULE + strings, &names);
    heap.memory.put(MODULE + CODE + 0x100, b"\x002.7.18\0");
}

fn note(out: &mut Vec<u8>, kind: u32, bytes: &[u8]) {
    for number in [5, bytes.len() as u32, kind] {
        out.extend(number.to_le_bytes());
    }
    out.extend(b"CORE\0\0\0\0");
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn notes(files: &[(u64, u64, u64)]) -> Vec<u8> {
    let mut status = vec![0; 336];
    status[32..36].copy_from_slice(&77_u32.to_le_bytes());
    let mut information = vec![0; 136];
    information[24..28].copy_from_slice(&77_u32.to_le_bytes());
    information[56..64].copy_from_slice(b"python x");
    let (mut vector, mut mapped) = (Vec::new(), Vec::new());
    numbers(&mut vector, &[3, MODULE + 64, 0, 0]);
    numbers(&mut mapped, &[files.len() as u64, 4096]);
    for (start, end, page) in files {
        numbers(&mut mapped, &[*start, *end, *page]);
    }
    for _ in files {
        mapped.extend(MODULE_PATH.as_bytes());
        mapped.push(0);
    }
    let mut out = Vec::new();
    for (kind, bytes) in [(1, &status), (3, &information), (6, &vector), (0x4649_4c45, &mapped)] {
        note(&mut out, kind, bytes);
    }
    out
}

/// An ELF core of these pieces; the first two are the interpreter's module and its data, as [`write_module`] makes them.
#[must_use]
pub fn write_core(pieces: &[CorePiece], data_end: u64) -> Vec<u8> {
    let notes = notes(&[(MODULE, DATA, 0), (DATA, data_end, (DATA - MODULE) / 4096)]);
    let headers = 1 + pieces.len() as u64;
    let mut at = (64 + 56 * headers).next_multiple_of(16);
    let mut out = header(4, headers as u16);
    program_header(&mut out, 4, 4, [at, 0, 0, notes.len() as u64, 0, 1]);
    at += notes.len() as u64;
    for piece in pieces {
        let there = piece.bytes.len() as u64;
        program_header(&mut out, 1, piece.flags, [at, piece.address, 0, there, piece.memory_bytes, 1]);
        at += there;
    }
    out.resize(out.len().next_multiple_of(16), 0);
    out.extend(&notes);
    pieces.iter().for_each(|piece| out.extend(&piece.bytes));
    out
}
