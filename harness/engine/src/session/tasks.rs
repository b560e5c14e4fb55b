//! Tasks of event loops that are not done, those that wait at one place together.

use std::collections::BTreeMap;

use bloathound_cpython::frames::{Task, Tasks};
use bloathound_profile::{Code, CodeId};
use bloathound_vocabulary::{FrameRecord, TaskGroup, TaskState, TasksRecord};

use crate::source::Examined;

/// Names of a group that are told.
const NAMES_MAX: usize = 5;

/// What tasks of one group have in common: type, coroutine, state, calls, what is waited for.
type Alike<'t> = (&'t str, &'t str, TaskState, &'t [(CodeId, u32)], Option<&'t str>);

/// Those of a copy; `None` for a series without such tasks.
pub(super) fn tasks(examined: &Examined) -> Option<TasksRecord> {
    let found = Tasks::of(&examined.image, &examined.interpreter, &examined.snapshot)?;
    let types: Vec<String> = examined.snapshot.types().iter().map(|info| info.qualified_name()).collect();
    let mut groups: BTreeMap<Alike<'_>, Vec<&Task>> = BTreeMap::new();
    for task in &found.tasks {
        let type_name = types.get(examined.snapshot.type_id(task.object).0 as usize).map_or("?", String::as_str);
        let alike = (type_name, task.coroutine.as_str(), task.state, &*task.calls, task.waits_for.as_deref());
        groups.entry(alike).or_default().push(task);
    }
    let frame = |(code, line): &(CodeId, u32)| frame(found.codes.get(code.0 as usize), *line);
    let group = |(alike, tasks): (Alike<'_>, Vec<&Task>)| {
        let (type_name, coroutine, state, calls, waits_for) = alike;
        // What stands in place of a redacted name is none.
        let named = tasks.iter().filter(|_| !examined.is_redacted).filter_map(|task| task.name.clone());
        TaskGroup {
            count: tasks.len() as u64,
            type_name: type_name.to_owned(),
            state,
            coroutine: coroutine.to_owned(),
            frames: calls.iter().rev().map(frame).collect(),
            waits_for: waits_for.map(str::to_owned),
            names: named.take(NAMES_MAX).collect(),
        }
    };
    let mut groups: Vec<TaskGroup> = groups.into_iter().map(group).collect();
    // By places and not by numbers of code, so that two looks at the same have the same order.
    let place =
        |group: &TaskGroup| group.frames.iter().map(|frame| (frame.file.clone(), frame.line)).collect::<Vec<_>>();
    groups.sort_by_cached_key(|group| (std::cmp::Reverse(group.count), group.coroutine.clone(), place(group)));
    Some(TasksRecord { count: found.tasks.len() as u64, groups })
}

fn frame(code: Option<&Code>, line: u32) -> FrameRecord {
    FrameRecord {
        function: code.map_or_else(|| "?".into(), |code| code.function.to_string()),
        file: code.map_or_else(|| "?".into(), |code| code.file.to_string()),
        line: Some(line),
    }
}
