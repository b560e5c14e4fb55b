//! Tasks that wait, and whom they wait for, against what the interpreter says of each.

use std::collections::BTreeMap;

use bloathound_cpython::Interpreter;
use bloathound_cpython::frames::{FrameReader, FrameTarget};
use bloathound_memory::Address;
use bloathound_testkit::python3;

use crate::support::Stopped;

/// Where its coroutine is, names and lines of the chain, whether it runs.
type Told = (u64, Vec<(String, u32)>, bool);

of_every_series!(chains_of_what_is_awaited_are_those_that_the_interpreter_tells);

fn chains_of_what_is_awaited_are_those_that_the_interpreter_tells(series: &str) {
    let Some(python) = python3(series) else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python3/tasks.py");
    let stopped = Stopped::run(&python, &["-E", "-s", script]);
    let truth: BTreeMap<String, Told> = serde_json::from_str(&stopped.first_line).expect(&stopped.first_line);
    assert_eq!(truth.len(), 11, "{truth:?}");
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let mut reader = FrameReader::new(FrameTarget::from(&interpreter));
    for (name, (coroutine, chain, runs)) in &truth {
        let found = reader.suspended(&image, Address(*coroutine)).expect(name);
        let function = |code: bloathound_profile::CodeId| reader.codes()[code.0 as usize].function.to_string();
        let calls: Vec<(String, u32)> = found.calls.iter().map(|(code, line)| (function(*code), *line)).collect();
        assert_eq!((&calls, found.is_running), (chain, *runs), "{name}");
    }
    assert_eq!(reader.suspended(&image, Address(8)), None);
    assert_eq!(reader.suspended(&image, interpreter.current_thread), None);
}
