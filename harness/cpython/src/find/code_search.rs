//! Finds file-local variables of a stripped interpreter by the code that uses them: the first instructions of an exported
//! function name the address of the variable it asks first.

use bloathound_memory::{Address, MemorySource, SymbolTable};

use crate::Interpreter;

/// Operand of an instruction that is addressed relative to the next one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Operand {
    address: Address,
    bytes: u64,
}

/// `collecting` from `PyGC_Collect`, which asks for it first; `enabled` from `_PyObject_GC_Malloc`, which asks for it
/// between the youngest generation's numbers and `collecting`; `garbage` from `initgc`, which makes the list if need be.
pub(crate) fn fill_missing(found: &mut Interpreter, source: &dyn MemorySource, symbols: &SymbolTable) {
    let d = found.dialect;
    let names = &d.symbols;
    if found.collecting.is_none()
        && let Some(flag) =
            first_operand(symbols, names.collect, 4, |address| source.read_u32(address).is_ok_and(|value| value <= 1))
    {
        found.collecting = Some(flag);
        found.known_by.insert("collecting".into(), format!("by the code of {}", names.collect));
    }
    if found.enabled.is_none()
        && let Some(flag) = first_operand(symbols, names.allocate, 4, |address| {
            let lists = u64::from(d.collector.generations) * found.generation_stride;
            let is_another = address.since(found.generations) < lists || found.collecting == Some(address);
            !is_another && source.read_u32(address).is_ok_and(|value| value <= 1)
        })
    {
        found.enabled = Some(flag);
        found.known_by.insert("enabled".into(), format!("by the code of {}", names.allocate));
    }
    // Null until the first collection or the first `import gc`; then there is nothing in it.
    let list_type = symbols.unique(names.list_type).map(|symbol| symbol.address);
    if found.garbage.is_none()
        && let Some(list) = first_operand(symbols, names.init_gc, 8, |address| {
            let value = source.read_address(address).ok().filter(|value| !value.is_null());
            let type_at = value.and_then(|list| source.read_address(list.offset(d.object.ob_type)).ok());
            type_at.is_some() && type_at == list_type
        })
    {
        found.garbage = Some(list);
        found.known_by.insert("garbage".into(), format!("by the code of {}: a list", names.init_gc));
    }
}

/// The first variable of `bytes` bytes that the function uses and that is what it should be.
fn first_operand(symbols: &SymbolTable, function: &str, bytes: u64, fits: impl Fn(Address) -> bool) -> Option<Address> {
    let code = symbols.entry_code.get(function)?;
    let start = symbols.unique(function)?.address;
    operands(start, code)
        .filter(|operand| operand.bytes == bytes && operand.address.is_aligned(bytes))
        .map(|operand| operand.address)
        .find(|address| symbols.data_ranges.iter().any(|range| range.contains(address)) && fits(*address))
}

/// Memory operands of the instructions that load, compare and test, as compilers write them. No disassembler: a byte
/// sequence inside another instruction may look like one, so the caller checks what is there.
fn operands(start: Address, code: &[u8]) -> impl Iterator<Item = Operand> + '_ {
    (0..code.len()).filter_map(move |at| {
        let (opcode, mod_rm) = (*code.get(at)?, *code.get(at + 1)?);
        // mod 00, r/m 101: an offset from the next instruction.
        let is_relative = mod_rm & 0xc7 == 0x05;
        let immediate_bytes = match (opcode, mod_rm >> 3 & 7) {
            // mov r, m; cmp r, m; cmp m, r; test m, r
            (0x8b | 0x3b | 0x39 | 0x85, _) => 0,
            // cmp m, imm8
            (0x83, 7) => 1,
            // cmp m, imm32
            (0x81, 7) => 4,
            _ => return None,
        };
        let offset = code.get(at + 2..at + 6).filter(|_| is_relative)?;
        let offset = i32::from_le_bytes(offset.try_into().ok()?);
        let next = start.offset(at as u64 + 6 + immediate_bytes);
        // REX.W
        let is_wide = at.checked_sub(1).and_then(|before| code.get(before)).is_some_and(|rex| rex & 0xf8 == 0x48);
        let address = Address(next.0.wrapping_add_signed(i64::from(offset)));
        Some(Operand { address, bytes: if is_wide { 8 } else { 4 } })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &[u8]) -> Vec<(u64, u64)> {
        operands(Address(0x1000), code).map(|operand| (operand.address.0, operand.bytes)).collect()
    }

    #[test]
    fn loads_and_comparisons_are_understood() {
        // As gcc 10 and 12 compile `if (collecting)`: push, xor, sub, mov.
        let shared = [0x53, 0x31, 0xdb, 0x48, 0x83, 0xec, 0x20, 0x8b, 0x05, 0xf3, 0xdb, 0x0c, 0x00, 0x85, 0xc0];
        assert_eq!(found(&shared), [(0x1000 + 13 + 0xc_dbf3, 4)]);
        // cmpl $0, m
        assert_eq!(found(&[0x83, 0x3d, 0x10, 0, 0, 0, 0]), [(0x1017, 4)]);
        // cmpq $0, m and mov m, %rdx; backwards
        assert_eq!(found(&[0x48, 0x83, 0x3d, 0xf0, 0xff, 0xff, 0xff, 0]), [(0x0ff8, 8)]);
        assert_eq!(found(&[0x48, 0x8b, 0x15, 0x25, 0xdd, 0x0c, 0x00]), [(0x1007 + 0xc_dd25, 8)]);
        // Registers, other addressing, cut off.
        assert_eq!(found(&[0x8b, 0xc0, 0x8b, 0x45, 0x08, 0x8b, 0x05, 0, 0]), []);
    }
}
