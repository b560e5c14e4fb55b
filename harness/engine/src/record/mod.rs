//! What was seen, kept in files: recorded images, recorded samples, and whole runs.
//!
//! A recorded image is read by [`source`](crate::source), a recorded run judged again by
//! [`replay`](crate::looks::replay): reading a file asks nothing of the rules.

mod capture;
mod file;
mod read;
mod samples;
mod store;
mod watch;
mod write;

pub use self::capture::{CaptureError, Captured, capture, capture_dump};
pub use self::file::{FileError, write_whole};
pub use self::read::{
    FINDINGS, FORMAT, FORMATS_READ, MANIFEST, ReadRunError, RecordedLook, RecordedMoment, RecordedRun, folders,
    read_run,
};
pub use self::samples::{RecordedSamples, SamplesManifest, open_samples, record_samples};
pub use self::store::{HowRecorded, Recorder, findings_json};
pub use self::watch::{RecordedWatch, WATCH, WatchRecorder, WatchedLook, read_watch};
pub use self::write::{RecordOptions, record};
pub use bloathound_memory::temporary_folder;
