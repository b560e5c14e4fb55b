//! Stacks as flame-graph tools read them.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::{Profile, ThreadProfile};

/// The stacks of `thread` in folded form, as flame-graph tools read it: `outer;inner count`, a line for each
/// distinct stack, sorted. A frame is `function (file:line)`.
#[must_use]
pub fn folded(profile: &Profile, thread: &ThreadProfile) -> String {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for sample in thread.samples.iter().filter(|sample| !sample.torn) {
        let mut line = String::new();
        for frame in &sample.stack.0 {
            let (function, file) = profile.code(frame.code).map_or(("?", "?"), |code| (&code.function, &code.file));
            if !line.is_empty() {
                line.push(';');
            }
            // Blanks and semicolons are the format's own separators.
            let clean = |text: &str| text.replace([';', '\n'], "_");
            let _ = write!(line, "{} ({}:{})", clean(function), clean(file), frame.line);
        }
        if line.is_empty() {
            line.push_str("[no Python]");
        }
        *counts.entry(line).or_default() += 1;
    }
    let mut text = String::new();
    for (line, count) in counts {
        let _ = writeln!(text, "{line} {count}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, CodeId, Frame, LineTable, Sample, Stack, ThreadFacts, ValueHash};

    fn frame(code: u32, line: u32) -> Frame {
        Frame {
            address: 0,
            code: CodeId(code),
            lasti: Some(0),
            line,
            identity: ValueHash::default(),
            detail: None,
            detail_age: 0,
        }
    }

    #[test]
    fn equal_stacks_are_one_line() {
        let code = |function: &str| Code {
            address: 0,
            function: function.into(),
            file: "a;b.py".into(),
            line_first: 1,
            lines: LineTable::default(),
            is_generator: false,
            loops: Vec::new(),
            calls: Vec::new(),
            returns: Default::default(),
            bytecode_bytes: 0,
            tries: Vec::new(),
        };
        let sample = |frames: Vec<Frame>, torn| Sample {
            monotonic_ns: 0,
            facts: ThreadFacts::default(),
            stack: Stack(frames),
            torn,
            caught: None,
        };
        let profile = Profile { codes: vec![code("main"), code("step")], ..Profile::default() };
        let thread = ThreadProfile {
            samples: vec![
                sample(vec![frame(0, 3), frame(1, 7)], false),
                sample(vec![frame(0, 3), frame(1, 7)], false),
                sample(vec![frame(0, 4)], false),
                sample(Vec::new(), true),
                sample(Vec::new(), false),
            ],
            ..ThreadProfile::default()
        };
        assert_eq!(folded(&profile, &thread), "[no Python] 1\nmain (a_b.py:3);step (a_b.py:7) 2\nmain (a_b.py:4) 1\n");
    }
}
