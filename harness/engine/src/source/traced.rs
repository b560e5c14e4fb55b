//! Whether a process traces its own threads, as it is seen from outside.

use bloathound_cpython::frames::{FrameReader, FrameTarget};

use super::live::{ExamineError, ExamineOptions, LiveProcess};

/// A process whose trace functions are counted, again and again, without stopping it.
#[derive(Debug)]
pub struct TraceWatch {
    target: LiveProcess,
    reader: FrameReader,
}

impl TraceWatch {
    /// Finds the interpreter in process `pid`.
    ///
    /// # Errors
    /// [`ExamineError`] when it is gone, not ours to read, or runs no CPython that is read.
    pub fn open(pid: u32) -> Result<Self, ExamineError> {
        let target = LiveProcess::open(pid, ExamineOptions::default())?;
        let reader = FrameReader::new(FrameTarget::from(target.interpreter()));
        Ok(Self { target, reader })
    }

    /// Threads in which a trace function is set; `None` where that can't be read.
    pub fn threads_traced(&mut self) -> Option<u64> {
        self.reader.threads_traced(self.target.process()).ok().map(|count| count as u64)
    }
}
