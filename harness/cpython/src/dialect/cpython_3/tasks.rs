//! Tasks of `asyncio`: `TaskObj` of `Modules/_asynciomodule.c`, as debug information has it, and `Lib/asyncio/tasks.py`.

use crate::dialect::tasks::{TaskClass, TaskObject, Tasks};

/// See the head of this file.
pub(super) const TASKS: Tasks = Tasks {
    of_c: &[
        // 3.10.
        TaskObject { bytes: 192, state: 88, waits_for: 152, coroutine: 160, called: 168, ..FROM_13 },
        // 3.11 and 3.12.
        TaskObject { bytes: 176, state: 88, waits_for: 128, coroutine: 136, called: 144, ..FROM_13 },
        FROM_13,
    ],
    class: TaskClass {
        name: "Task",
        module_key: "__module__",
        module: "asyncio.tasks",
        state: "_state",
        state_pending: "PENDING",
        waits_for: "_fut_waiter",
        coroutine: "_coro",
        called: "_name",
    },
    unnamed: "Task-",
};

const FROM_13: TaskObject = TaskObject {
    name: "_asyncio.Task",
    bytes: 144,
    state: 96,
    state_pending: 0,
    waits_for: 112,
    coroutine: 120,
    called: 128,
};
