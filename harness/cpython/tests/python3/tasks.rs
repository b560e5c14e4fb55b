//! Tasks that wait, and whom they wait for, against what the interpreter says of each.

use std::collections::BTreeMap;

use bloathound_cpython::frames::{FrameReader, FrameTarget, Tasks};
use bloathound_cpython::{Interpreter, decode};
use bloathound_memory::Address;
use bloathound_profile::{Code, CodeId};
use bloathound_testkit::python3;
use bloathound_vocabulary::TaskState;

use crate::support::Stopped;

/// Where its coroutine is, names and lines of the chain, whether it runs.
type Told = (u64, Vec<(String, u32)>, bool);

of_every_series!(
    chains_of_what_is_awaited_are_those_that_the_interpreter_tells,
    tasks_that_are_not_done_are_those_that_the_interpreter_tells
);

/// A process with tasks of all kinds, and what it tells of those that are not done, by their names.
fn process(series: &str) -> Option<(Stopped, BTreeMap<String, Told>)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python3/tasks.py");
    let stopped = Stopped::run(&python3(series)?, &["-E", "-s", script]);
    let truth: BTreeMap<String, Told> = serde_json::from_str(&stopped.first_line).expect(&stopped.first_line);
    assert_eq!(truth.len(), 14, "{truth:?}");
    Some((stopped, truth))
}

fn by_name(codes: &[Code], calls: &[(CodeId, u32)]) -> Vec<(String, u32)> {
    calls.iter().map(|(code, line)| (codes[code.0 as usize].function.to_string(), *line)).collect()
}

fn chains_of_what_is_awaited_are_those_that_the_interpreter_tells(series: &str) {
    let Some((stopped, truth)) = process(series) else { return };
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let mut reader = FrameReader::new(FrameTarget::from(&interpreter));
    for (name, (coroutine, chain, runs)) in &truth {
        let found = reader.suspended(&image, Address(*coroutine));
        if chain.is_empty() {
            assert_eq!(found, None, "{name}");
            continue;
        }
        let found = found.expect(name);
        let calls = by_name(reader.codes(), &found.calls);
        assert_eq!((&calls, found.is_running, found.is_begun), (chain, *runs, name != "not begun"), "{name}");
    }
    assert_eq!(reader.suspended(&image, Address(8)), None);
    assert_eq!(reader.suspended(&image, interpreter.current_thread), None);
}

fn tasks_that_are_not_done_are_those_that_the_interpreter_tells(series: &str) {
    let Some((stopped, truth)) = process(series) else { return };
    let (image, symbols) = stopped.copy();
    let interpreter = Interpreter::locate(&image, &symbols).expect("an interpreter");
    let snapshot = decode(&image, &interpreter, None).value;
    let found = Tasks::of(&image, &interpreter, &snapshot).expect("a series with tasks");
    let told: BTreeMap<String, (Vec<(String, u32)>, bool)> = found
        .tasks
        .iter()
        .map(|task| {
            let name = task.name.clone().expect("each has a name");
            (name, (by_name(&found.codes, &task.calls), task.state == TaskState::Runs))
        })
        .collect();
    let expected: BTreeMap<String, (Vec<(String, u32)>, bool)> =
        truth.into_iter().map(|(name, (_, chain, runs))| (name, (chain, runs))).collect();
    assert_eq!(told, expected);
    let of = |name: &str| found.tasks.iter().find(|task| task.name.as_deref() == Some(name)).expect(name);
    let coroutines = ["gathers", "sleeps", "of no function", "in Python"].map(|name| of(name).coroutine.as_str());
    assert_eq!(coroutines, ["gathers", "sleeps", "OfNoFunction", "sleeps"]);
    assert_eq!(of("not begun").state, TaskState::NotBegun);
    assert_eq!(of("gathers").waits_for.as_deref(), Some("_GatheringFuture"));
    assert_eq!(of("in Python").waits_for.as_deref(), Some("_asyncio.Future"));
    assert_eq!(of("not begun").waits_for, None);
}
