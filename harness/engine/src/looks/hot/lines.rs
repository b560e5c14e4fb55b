//! The source lines of a loop, out of the file that the process has them from; nothing where the file is another one.
//!
//! A file can be gone, or another one by now. What is shown has to be what runs: the file has the function where its code
//! says, and something to run in each line that the code names.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use bloathound_profile::{Code, CodeId, Profile};
use bloathound_vocabulary::{Evidence, Finding, HotLoopEvidence, SourceLine, SourceRecord};

use crate::source::LiveProcess;

/// Bytes of a source file that are read; a longer one is generated and tells nobody anything.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// The kernel counts starts from a boot that it tells to the second only.
const START_IS_UNSURE_BY: Duration = Duration::from_secs(2);
/// Lines that are shown of one loop.
const LINES_MAX: u32 = 200;
/// Lines that decorators of one function can have.
const DECORATOR_LINES_MAX: usize = 60;

/// The lines of each loop that was found, with the samples at each. The files are opened as the process would.
#[must_use]
pub fn source_lines(process: &LiveProcess, profile: &Profile, findings: &[Finding]) -> Vec<SourceRecord> {
    let started = process.process().started().and_then(|started| started.checked_add(START_IS_UNSURE_BY));
    let read = |file: &str| {
        let opened = process.process().open_path(file)?;
        let changed = opened.metadata()?.modified().ok().zip(started).is_some_and(|(changed, began)| changed > began);
        Ok((text(opened)?, changed))
    };
    findings.iter().filter_map(|finding| of_finding(finding, profile, &read)).collect()
}

/// All of a file as text. Old sources are not always UTF-8; what is not becomes a sign that says so.
fn text(file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn of_finding(
    finding: &Finding,
    profile: &Profile,
    read: &dyn Fn(&str) -> io::Result<(String, bool)>,
) -> Option<SourceRecord> {
    let Evidence::HotLoop(evidence) = &finding.evidence else { return None };
    let place = &finding.location;
    let (file, function) = (place.file.as_deref()?, place.function.as_deref()?);
    let (first, last) = (place.line_first?, place.line_last?);
    let is_meant = |code: &Code| {
        *code.file == *file && *code.function == *function && code.line_first <= first && has_line(code, first)
    };
    // Methods of one name: the nearest that begins before the loop.
    let found = profile.codes.iter().enumerate().filter(|(_, code)| is_meant(code));
    let (id, code) = found.max_by_key(|(_, code)| code.line_first)?;
    let (text, changed_since_start) = read(file).ok()?;
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    if !is_source_of(&lines, code) {
        return None;
    }
    let samples = |number: u32| samples_at(profile, evidence, CodeId(u32::try_from(id).unwrap_or(u32::MAX)), number);
    let shown = first..=last.min(first.saturating_add(LINES_MAX - 1));
    let lines = shown.map_while(|number| {
        let text = lines.get(number.checked_sub(1)? as usize)?;
        Some(SourceLine { number, text: (*text).to_owned(), samples: samples(number) })
    });
    Some(SourceRecord {
        fingerprint: finding.fingerprint.clone(),
        file: file.to_owned(),
        function: function.to_owned(),
        lines: lines.collect(),
        changed_since_start,
    })
}

fn has_line(code: &Code, line: u32) -> bool {
    code.lines.runs().iter().any(|(_, at)| *at == line)
}

/// Samples of the finding's thread in which the function is at this line, in whichever of its calls is the innermost.
fn samples_at(profile: &Profile, evidence: &HotLoopEvidence, code: CodeId, line: u32) -> u64 {
    let threads = profile.threads.iter().filter(|thread| evidence.thread.is_none_or(|tid| thread.tid == Some(tid)));
    let samples = threads.flat_map(|thread| &thread.samples);
    let innermost = samples.filter_map(|sample| sample.stack.0.iter().rev().find(|frame| frame.code == code));
    innermost.filter(|frame| frame.line == line).count() as u64
}

/// True where `lines` are those that `code` was compiled from, as far as can be told without compiling them.
fn is_source_of(lines: &[&str], code: &Code) -> bool {
    let has_code = |(_, number): &(u32, u32)| {
        let line = number.checked_sub(1).and_then(|index| lines.get(index as usize));
        line.map(|line| line.trim()).is_some_and(|line| !line.is_empty() && !line.starts_with('#'))
    };
    code.lines.runs().iter().all(has_code) && begins_here(lines, code)
}

/// True where the definition begins at the line that the code has as its first: a decorator's, where there are any.
fn begins_here(lines: &[&str], code: &Code) -> bool {
    let Some(index) = code.line_first.checked_sub(1) else { return false };
    let Some(rest) = lines.get(index as usize..) else { return false };
    let defines = |line: &&str| {
        ["def ", "async def ", "class "].iter().any(|word| names(line.trim_start(), word, &code.function))
    };
    match &*code.function {
        "<lambda>" => rest.first().is_some_and(|line| line.contains("lambda")),
        // A module, and expressions that are functions inside: they have no line that names them.
        function if function.starts_with('<') => true,
        _ if rest.first().is_some_and(|line| line.trim_start().starts_with('@')) => {
            rest.iter().take(DECORATOR_LINES_MAX).any(defines)
        }
        _ => rest.first().is_some_and(defines),
    }
}

/// `def name(`, with nothing longer for the name.
fn names(line: &str, word: &str, name: &str) -> bool {
    let named = line.strip_prefix(word).and_then(|rest| rest.trim_start().strip_prefix(name));
    named.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_profile::{LineTable, Returns};

    const FILE: &str = "import this\n\n\n@wrapped(\n    1)\ndef call(count):\n    done = False\n    while not done:\n        # row by row\n        row = page.peek()\n";

    fn code(function: &str, line_first: u32, lines: &[u32]) -> Code {
        Code {
            address: 1,
            function: function.into(),
            file: "loops.py".into(),
            line_first,
            lines: LineTable::new(lines.iter().enumerate().map(|(at, line)| (at as u32 * 6, *line)).collect()),
            is_generator: false,
            loops: Vec::new(),
            calls: Vec::new(),
            returns: Returns::default(),
            bytecode_bytes: 60,
            tries: Vec::new(),
        }
    }

    #[test]
    fn a_coroutine_is_shown_too() {
        let lines = ["async def waits(queue):", "    while not queue.items:", "        await queue.sleep(0)"];
        assert!(is_source_of(&lines, &code("waits", 1, &[1, 2, 3])));
        assert!(!is_source_of(&lines, &code("wait", 1, &[1, 2, 3])));
        assert!(is_source_of(&["@wrapped", "async def waits(queue):", "    pass"], &code("waits", 1, &[3])));
    }

    #[test]
    fn only_the_file_that_was_compiled_is_shown() {
        let lines: Vec<&str> = FILE.split('\n').collect();
        assert!(is_source_of(&lines, &code("call", 4, &[7, 8, 10])), "decorated");
        assert!(is_source_of(&lines, &code("call", 6, &[7, 8, 10])), "plain");
        assert!(is_source_of(&lines, &code("<module>", 1, &[1, 4])), "a module");
        for (what, other) in [
            ("another name", code("called", 4, &[7, 8, 10])),
            ("a longer name in the file", code("cal", 6, &[7, 8, 10])),
            ("a line further down", code("call", 5, &[7, 8, 10])),
            ("a comment where something ran", code("call", 6, &[7, 8, 9])),
            ("nothing where something ran", code("call", 6, &[7, 8, 11])),
            ("past the end", code("call", 6, &[7, 8, 40])),
            ("no lambda", code("<lambda>", 7, &[7])),
            ("damaged", code("call", 0, &[0])),
        ] {
            assert!(!is_source_of(&lines, &other), "{what}");
        }
    }
}
