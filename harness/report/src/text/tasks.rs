//! Tasks that are not done: how many, and where they wait.

use super::extent::InspectView;
use super::style::Style;
use super::table::{Align, Table};
use super::{page, stack::stack};
use crate::units;
use bloathound_vocabulary::{FrameRecord, TaskGroup, TaskState, TasksRecord};

/// A row a group, most tasks first; with `-v` all of them, each with its calls and some names.
pub(super) fn tasks(tasks: &TasksRecord, view: InspectView<'_>) -> String {
    let shown = if view.verbose { tasks.groups.len() } else { view.rows.min(tasks.groups.len()) };
    let (rows, rest) = tasks.groups.split_at(shown);
    let mut out = format!("  {}\n", units::plural(tasks.count, "task is not done", "tasks are not done"));
    if view.verbose {
        rows.iter().for_each(|group| out.push_str(&whole(group, view)));
        return out;
    }
    let mut table = Table::new(&[
        ("tasks", Align::Right),
        ("coroutine", Align::Left),
        ("at", Align::Left),
        ("waits in", Align::Rest),
    ]);
    for group in rows {
        let at = group.coroutine_at().map(site).unwrap_or_default();
        table.row(vec![units::count(group.count), group.coroutine.clone(), at, inside(group)]);
    }
    if !rest.is_empty() {
        let count = rest.iter().map(|group| group.count).sum();
        let more = format!("… {} more", units::plural(rest.len() as u64, "place", "places"));
        table.row(vec![units::count(count), more, String::new(), String::new()]);
    }
    out.push_str(&table.render(Style::new(view.color)));
    out
}

/// `app.py:31`.
fn site(frame: &FrameRecord) -> String {
    let file = frame.file.rsplit('/').next().unwrap_or_default();
    frame.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

/// The innermost call, and what that waits for.
fn inside(group: &TaskGroup) -> String {
    let state = match group.state {
        TaskState::NotBegun => return "not begun".to_owned(),
        TaskState::Runs => Some("runs".to_owned()),
        TaskState::Waits => group.waits_for.as_ref().map(|future| format!("for {future}")),
    };
    let inner = group.inner().map(|frame| format!("{} ({})", frame.function, site(frame)));
    inner.into_iter().chain(state).collect::<Vec<_>>().join(", ")
}

/// One group with all its calls.
fn whole(group: &TaskGroup, view: InspectView<'_>) -> String {
    let state = match group.state {
        TaskState::NotBegun => ", not begun".to_owned(),
        TaskState::Runs => ", running".to_owned(),
        TaskState::Waits => {
            group.waits_for.as_ref().map_or_else(String::new, |future| format!(", waiting for {future}"))
        }
    };
    let rest = group.count.saturating_sub(group.names.len() as u64);
    let more = if rest > 0 { format!(" and {} more", units::count(rest)) } else { String::new() };
    let names = if group.names.is_empty() { String::new() } else { format!(" ({}{more})", group.names.join(", ")) };
    let head = format!("{} of {}{state}{names}", units::count(group.count), group.coroutine);
    let mut out: String = page::wrap(&head, page::width() - 2, 4).iter().map(|line| format!("  {line}\n")).collect();
    out.push_str(&stack(&group.frames, view.frames));
    out
}
