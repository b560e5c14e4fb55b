//! Stacks, lines and variables of all threads against `sys._current_frames()`.

use std::collections::BTreeMap;

use bloathound_cpython::Interpreter;
use bloathound_cpython::frames::{FrameReader, FrameTarget, StackRead};
use bloathound_profile::{CalleeKind, Frame};
use bloathound_testkit::python3;

use crate::support::Stopped;

/// Name, file, line, offset, plain variables by their `repr`.
type Row = (String, String, u32, u32, BTreeMap<String, String>);

of_every_series!(stacks_are_those_that_the_interpreter_tells);

fn stacks_are_those_that_the_interpreter_tells(series: &str) {
    let Some(python) = python3(series) else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python3/frames.py");
    let stopped = Stopped::run(&python, &["-E", "-s", script]);
    let truth: Vec<(u64, Vec<Row>)> = serde_json::from_str(&stopped.first_line).expect(&stopped.first_line);
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let mut reader = FrameReader::new(FrameTarget::from(&interpreter));
    let threads = reader.threads(&image).expect("threads");
    assert_eq!(threads.len(), truth.len() + 1, "and the main thread");
    let (mut callees, mut watched) = (Vec::new(), 0);
    for (ident, expected) in &truth {
        let thread = threads.iter().find(|thread| thread.python_id == *ident).expect("it is listed");
        let StackRead::Whole(stack) = reader.stack(&image, thread, None) else { panic!("torn: {expected:?}") };
        let place = |frame: &Frame| {
            let code = &reader.codes()[frame.code.0 as usize];
            (code.function.to_string(), code.file.to_string(), frame.line, frame.lasti)
        };
        let found: Vec<_> = stack.0.iter().rev().map(place).collect();
        let stated: Vec<_> = expected.iter().map(|row| (row.0.clone(), row.1.clone(), row.2, Some(row.3))).collect();
        assert_eq!(found, stated);
        let mut compared = 0;
        for (frame, row) in stack.0.iter().rev().zip(expected) {
            let Some(detail) = &frame.detail else { continue };
            callees.extend(detail.callee.iter().map(|callee| (callee.kind, callee.name.clone())));
            for (name, text) in &row.4 {
                let variable = detail.variables.iter().find(|variable| *variable.name == **name);
                let value = variable.and_then(|variable| variable.value.as_ref()).expect(name);
                assert_eq!(&value.summary, text, "{name} of {}", row.0);
                compared += 1;
            }
        }
        assert!(compared > 0, "{stated:?}");
        // A tracer has put instructions of its own in the place of others.
        if let Some(frame) = stack.0.iter().find(|frame| &*reader.codes()[frame.code.0 as usize].function == "watched")
        {
            let code = &reader.codes()[frame.code.0 as usize];
            assert_eq!((code.loops.len(), code.calls.len()), (1, 3), "{code:?}");
            let detail = frame.detail.as_ref().expect("it is in a loop");
            assert_eq!(detail.iterators.first().map(|(_, value)| &*value.type_name), Some("list_iterator"));
            watched += 1;
        }
    }
    let waits = |name: &str| callees.iter().any(|(kind, of)| *kind == CalleeKind::C && of == name);
    assert!(waits("lock.acquire"), "{callees:?}");
    // A method bound to its object, of a class that it knows.
    assert!(waits("SimpleQueue.get"), "{callees:?}");
    assert_eq!(watched, 1);
}
