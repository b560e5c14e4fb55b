//! Tasks of event loops, and where they wait.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::FrameRecord;
use crate::words::words;

words! {
    /// What a task that is not done does.
    TaskState {
        /// It waits for something.
        Waits = "waits";
        /// It runs.
        Runs = "runs";
        /// Its turn did not come yet.
        NotBegun = "not-begun";
    }
}

/// Tasks that do the same at the same place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskGroup {
    /// How many.
    pub count: u64,
    /// Qualified type of the tasks.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What they do.
    pub state: TaskState,
    /// Qualified name of the coroutine that they run; the type of what they run in place of one.
    pub coroutine: String,
    /// The calls that wait for each other, innermost first; the last is the coroutine itself. Empty where that is none of
    /// Python's.
    pub frames: Vec<FrameRecord>,
    /// The type of what the innermost waits for; null where that is not known.
    pub waits_for: Option<String>,
    /// Names of some of them.
    pub names: Vec<String>,
}

impl TaskGroup {
    /// Where the coroutine itself is.
    #[must_use]
    pub fn coroutine_at(&self) -> Option<&FrameRecord> {
        self.frames.last()
    }

    /// Where the innermost call is, if that is another.
    #[must_use]
    pub fn inner(&self) -> Option<&FrameRecord> {
        self.frames.first().filter(|_| self.frames.len() > 1)
    }
}

/// All tasks that are not done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TasksRecord {
    /// How many.
    pub count: u64,
    /// Those that do the same, most first.
    pub groups: Vec<TaskGroup>,
}
