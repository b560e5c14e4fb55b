//! Code objects against what the interpreter says of them: instructions, lines, handlers, and how deep the stack is.

use std::collections::BTreeMap;
use std::process::Command;

use bloathound_cpython::bytecode::{Names, analyse_with_handlers, compiled, ranges};
use bloathound_cpython::dialect::{CPYTHON_3_10, CPYTHON_3_11, CPYTHON_3_12, CPYTHON_3_13, Dialect, LineTableKind};
use bloathound_cpython::frames::{line_ranges, locations};
use bloathound_profile::LineTable;
use bloathound_testkit::python3;

of_every_series!(
    all_code_of_the_standard_library_is_read_as_the_interpreter_reads_it,
    code_that_ran_is_brought_back_to_what_was_compiled
);

/// A call's opcode, and how deep below the top its callee is, by the argument.
type CallBelow = (i64, fn(i64) -> i64);

/// What is otherwise from series to series, as the interpreters' own `dis` has it.
struct Series {
    dialect: &'static Dialect,
    /// Opcodes from this one on have an argument.
    have_argument: i64,
    /// Of each call the opcode, and how deep below the top its callee is.
    calls: &'static [CallBelow],
}

/// A callee, what it is called on, a tuple, and by the lowest bit a dict.
const BY_TUPLE: fn(i64) -> i64 = |flags| 3 + (flags & 1);

fn series(name: &str) -> Series {
    match name {
        "3.10" => {
            // CALL_FUNCTION, CALL_FUNCTION_KW, CALL_FUNCTION_EX, CALL_METHOD.
            let calls: &[CallBelow] = &[
                (131, |count| 1 + count),
                (141, |count| 2 + count),
                (142, |flags| 2 + (flags & 1)),
                (161, |count| 2 + count),
            ];
            Series { dialect: &CPYTHON_3_10, have_argument: 90, calls }
        }
        // The arguments are counted by the instruction in front of the call.
        "3.11" => Series { dialect: &CPYTHON_3_11, have_argument: 90, calls: &[(142, BY_TUPLE), (171, |_| 2)] },
        "3.12" => {
            Series { dialect: &CPYTHON_3_12, have_argument: 90, calls: &[(142, BY_TUPLE), (171, |count| 2 + count)] }
        }
        _ => {
            let calls: &[CallBelow] = &[(54, BY_TUPLE), (57, |count| 3 + count), (53, |count| 2 + count)];
            Series { dialect: &CPYTHON_3_13, have_argument: 45, calls }
        }
    }
}

/// What a script tells of code objects, a line each.
fn told(series: &str, what: &str) -> Option<String> {
    let python = python3(series)?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python3/code.py");
    let output = Command::new(python).args(["-E", "-s", "-W", "ignore", script, what]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = if hex == "-" { "" } else { hex };
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// `1:2,3:4` as rows of numbers.
fn rows(text: &str) -> Vec<Vec<i64>> {
    let row = |row: &str| row.split(':').map(|number| number.parse().expect("a number")).collect();
    if text == "-" { Vec::new() } else { text.split(',').map(row).collect() }
}

fn numbered(count: &str) -> Vec<std::sync::Arc<str>> {
    (0..count.parse().expect("a number")).map(|n: usize| format!("n{n}").into()).collect()
}

/// Compares; how many instructions, calls with a known callee, and calls there were.
fn compare(of: &Series, line: &str) -> [usize; 3] {
    let d = of.dialect;
    let fields: Vec<&str> = line.split('\t').collect();
    let name = format!("{} of {}", fields[0], fields[10]);
    let (code, exceptions) = (bytes(fields[2]), bytes(fields[3]));
    let first: u32 = fields[1].parse().expect("a line");
    let truth = rows(fields[7]);
    let found = compiled(d, &code);
    let as_row = |word: &bloathound_cpython::bytecode::Word| {
        vec![i64::from(word.offset), i64::from(word.opcode), i64::from(word.argument)]
    };
    // An opcode without one has an argument that means nothing.
    let of_dis = |row: &Vec<i64>| row[..3].to_vec();
    let has_argument = |row: &Vec<i64>| row[1] >= of.have_argument;
    let clean = |mut row: Vec<i64>| {
        row[2] = if has_argument(&row) { row[2] } else { 0 };
        row
    };
    assert_eq!(
        found.iter().map(as_row).map(clean).collect::<Vec<_>>(),
        truth.iter().map(of_dis).map(clean).collect::<Vec<_>>(),
        "{name}"
    );
    let lines = match d.line_table {
        LineTableKind::Ranges => line_ranges(first, &bytes(fields[4])),
        _ => LineTable::new(locations(first, &bytes(fields[4]))),
    };
    for row in rows(fields[8]).iter().filter(|row| row[2] > 0) {
        for offset in (row[0]..row[1]).step_by(2) {
            assert_eq!(lines.line_at(offset as u32).map(i64::from), Some(row[2]), "{name} at {offset}");
        }
    }
    let handled: Vec<Vec<i64>> = ranges(&exceptions)
        .iter()
        .map(|one| {
            let numbers = [one.bytes.0, one.bytes.1, one.handler, one.depth, u32::from(one.puts_place)];
            numbers.map(i64::from).to_vec()
        })
        .collect();
    assert_eq!(handled, rows(fields[9]), "{name}");
    let all = numbered(fields[6]);
    let names = Names { names: numbered(fields[5]), locals: all.clone(), cells: all };
    let analysis = analyse_with_handlers(d, &code, &exceptions, &names, &|at| lines.line_at(at).unwrap_or(first));
    let depth: BTreeMap<i64, (i64, i64)> = truth.iter().map(|row| (row[0], (row[3], row[2]))).collect();
    let mut known = 0;
    for call in &analysis.calls {
        let (depth, argument) = depth[&i64::from(call.offset)];
        let opcode = truth.iter().find(|row| row[0] == i64::from(call.offset)).expect("it is there")[1];
        let known_call = of.calls.iter().find(|(known, _)| *known == opcode);
        let (_, below) = known_call.unwrap_or_else(|| panic!("{name} at {}: {opcode}", call.offset));
        let taken = below(argument);
        if let Some(slot) = call.callee_slot {
            assert_eq!(i64::from(slot), depth - taken, "{name} at {}", call.offset);
            known += 1;
        } else {
            assert!(depth < 0 || truth.len() > 7000, "{name} at {} is not reached", call.offset);
        }
    }
    for (index, slot) in &analysis.iterators {
        let at = analysis.loops[*index as usize].first;
        assert_eq!(i64::from(*slot), depth[&i64::from(at)].0 - 1, "{name} at {at}");
    }
    for found in &analysis.loops {
        assert!(
            found.first <= found.last && found.contains(found.first) && found.contains(found.last),
            "{name}: {found:?}"
        );
    }
    [truth.len(), known, analysis.calls.len()]
}

fn compare_all(of: &str, what: &str, least: usize) {
    let Some(told) = told(of, what) else { return };
    let of = series(of);
    let mut sums = [0; 3];
    for line in told.lines() {
        for (sum, one) in sums.iter_mut().zip(compare(&of, line)) {
            *sum += one;
        }
    }
    let [instructions, known, calls] = sums;
    assert!(instructions > least, "{instructions} instructions");
    assert!(known * 100 >= calls * 99, "{known} of {calls} calls");
}

fn all_code_of_the_standard_library_is_read_as_the_interpreter_reads_it(series: &str) {
    compare_all(series, "library", 500_000);
}

fn code_that_ran_is_brought_back_to_what_was_compiled(series: &str) {
    compare_all(series, "ran", 20_000);
}
