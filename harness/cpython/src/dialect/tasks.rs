//! What the event loops of the standard library run: tasks, and where they keep what they run and wait for.

/// Where tasks keep what is told of them, in a series that has such tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tasks {
    /// The type in C, a row for each of its sizes.
    pub of_c: &'static [TaskObject],
    /// The class in Python.
    pub class: TaskClass,
    /// What stands before the number of a task that nobody named.
    pub unnamed: &'static str,
}

/// `TaskObj` of `Modules/_asynciomodule.c`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskObject {
    /// `tp_name`.
    pub name: &'static str,
    /// `tp_basicsize`.
    pub bytes: u64,
    /// `task_state`, an `int`.
    pub state: u64,
    /// `STATE_PENDING`: it is not done.
    pub state_pending: u32,
    /// `task_fut_waiter`.
    pub waits_for: u64,
    /// `task_coro`.
    pub coroutine: u64,
    /// `task_name`: text, or the number of one that nobody named.
    pub called: u64,
}

/// The same in Python, where attributes hold it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskClass {
    /// Its name.
    pub name: &'static str,
    /// The key of a class's dict under which its module stands.
    pub module_key: &'static str,
    /// Its module.
    pub module: &'static str,
    /// Its state, as text; its class has that of one that is not done.
    pub state: &'static str,
    /// That of one that is not done.
    pub state_pending: &'static str,
    /// What it waits for.
    pub waits_for: &'static str,
    /// Its coroutine.
    pub coroutine: &'static str,
    /// Its name.
    pub called: &'static str,
}
