//! A process to a file that can be analysed anywhere: its memory as an image, or its own account as a dump.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use bloathound_kit::{KitError, PeerTrust};
use bloathound_memory::output::{Output, Readers};
use bloathound_memory::{RecordError, WrittenRecording};

use super::file::FileError;
use super::write::{RecordOptions, record};
use crate::interrupt::{Interrupt, Stop};
use crate::source::{ExamineError, ExamineOptions, Examined, LiveProcess, memory_limit, through_manhole};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The process can't be examined.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// The image can't be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The manhole gives no dump.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// The dump can't be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Somebody wanted us to end before the file was whole.
    #[error("ended by {} before the file was whole: none was written", stop.as_str())]
    Stopped {
        /// Who.
        stop: Stop,
    },
}

/// An image that was written.
#[derive(Debug)]
pub struct Captured {
    /// What is in it.
    pub examined: Examined,
    /// How large it is.
    pub written: WrittenRecording,
}

/// Looks at the process that `how` names and writes its image to `path`.
///
/// # Errors
/// [`CaptureError`] when the process can't be examined or the image not be written. Nothing is left then.
pub fn capture(path: &Path, look: ExamineOptions, how: &RecordOptions) -> Result<Captured, CaptureError> {
    let mut process = LiveProcess::open(how.pid, look)?;
    stopped(&how.interrupt)?;
    let mut examined = process.examine()?;
    stopped(&how.interrupt)?;
    match record(path, &mut examined, process.symbols(), how) {
        Ok(written) => Ok(Captured { examined, written }),
        Err(error) => stopped(&how.interrupt).and(Err(error.into())),
    }
}

fn stopped(interrupt: &Interrupt) -> Result<(), CaptureError> {
    interrupt.came().map_or(Ok(()), |stop| Err(CaptureError::Stopped { stop }))
}

/// Takes no more once somebody wants us to end.
struct UntilStopped<'a, W>(W, &'a Interrupt);

impl<W: Write> Write for UntilStopped<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1.came().is_some() {
            return Err(io::Error::other("stopped before it was whole"));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Through a manhole there is no image, but a dump; it takes its name when it is whole. How many objects it has, and
/// how many bytes. `trust` says whom the manhole's password may be told.
///
/// # Errors
/// [`CaptureError`] when no dump comes, or it can't be written. Nothing is left then.
pub fn capture_dump(
    path: &Path,
    target: &str,
    trust: PeerTrust,
    interrupt: &Interrupt,
) -> Result<(usize, u64), CaptureError> {
    let unwritten = |error: io::Error| CaptureError::from(FileError::new(path, error));
    let output = Output::create(path, Readers::Owner).map_err(unwritten)?;
    let mut out = Counted(BufWriter::new(UntilStopped(&output, interrupt)), 0);
    let fetched = through_manhole(target, trust, Some(&mut out), memory_limit());
    stopped(interrupt)?;
    let (dump, _) = fetched?;
    out.flush().map_err(unwritten)?;
    let bytes = out.1;
    drop(out);
    output.finish().map_err(unwritten)?;
    Ok((dump.len(), bytes))
}

/// Counts what goes through.
struct Counted<W>(W, u64);

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.1 += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
