//! The frames of a stack.

use super::page;
use crate::{sanitize, units};
use bloathound_vocabulary::FrameRecord;

/// Frames, innermost first, a line each.
pub(super) fn stack(frames: &[FrameRecord], frames_max: usize) -> String {
    let mut out = String::new();
    for frame in frames.iter().take(frames_max) {
        let line = frame.line.map_or_else(String::new, |line| format!(":{line}"));
        let function = page::fit(&frame.function, 32);
        let room = page::width().saturating_sub(6 + sanitize::width(&function) + line.len());
        let file = page::fit_end(&frame.file, room);
        out.push_str(&format!("    {function}  {file}{line}\n"));
    }
    if frames.len() > frames_max {
        let rest = units::plural((frames.len() - frames_max) as u64, "frame", "frames");
        out.push_str(&format!("    … {rest} more\n"));
    }
    out
}
