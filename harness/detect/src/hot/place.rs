//! Where a busy thread spends its time, as somebody would say who knows the program: in its own code.

use std::collections::{BTreeMap, BTreeSet};

use bloathound_profile::frameworks::{installed_in, is_known_package, is_program_file, is_standard_library};
use bloathound_profile::{Code, CodeId, Profile, Sample};

/// A line of a function, and how many of the samples were there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    pub code: &'a Code,
    pub line: u32,
    /// Of the samples, those in or below this function.
    pub share: f64,
}

/// The function of the program's own that most samples were in or below, and the line it was most often at: the innermost
/// one that is neither the interpreter's library nor a framework; of those if there is no other.
pub(crate) fn busiest<'a>(profile: &'a Profile, samples: &[&'a Sample]) -> Option<Spot<'a>> {
    let own = OwnCode::of(profile);
    let mut spots: BTreeMap<u32, BTreeMap<u32, usize>> = BTreeMap::new();
    let mut total = 0;
    for sample in samples.iter().filter(|sample| !sample.stack.0.is_empty()) {
        total += 1;
        let innermost = |wanted: fn(&Code) -> bool| {
            sample.stack.0.iter().rev().find(|frame| profile.code(frame.code).is_some_and(wanted))
        };
        let ours = sample.stack.0.iter().rev().find(|frame| own.has(frame.code));
        let frame = ours
            .or_else(|| innermost(|code| !is_standard_library(code) && !is_known_package(code)))
            .or_else(|| sample.stack.0.last());
        if let Some(frame) = frame {
            *spots.entry(frame.code.0).or_default().entry(frame.line).or_default() += 1;
        }
    }
    // What is the program's own wins over what is not, however often.
    let (code, lines) =
        spots.iter().max_by_key(|(code, lines)| (own.has(CodeId(**code)), lines.values().sum::<usize>()))?;
    let line = lines.iter().max_by_key(|(_, times)| **times).map(|(line, _)| *line)?;
    let times: usize = lines.values().sum();
    Some(Spot { code: profile.codes.get(*code as usize)?, line, share: times as f64 / f64::from(total.max(1)) })
}

/// A source file without its folders.
pub(super) fn file_name(code: &Code) -> &str {
    code.file.rsplit(['/', '\\']).next().unwrap_or(&code.file)
}

/// Which code is the program's own.
pub(crate) struct OwnCode(Vec<bool>);

impl OwnCode {
    /// By where the source files are: neither the interpreter's library nor packages, wherever those were installed.
    pub(crate) fn of(profile: &Profile) -> Self {
        let folder = |file: &str| file.rfind('/').and_then(|at| file.get(..=at).map(str::to_owned));
        let outermost = profile.threads.iter().filter_map(|thread| thread.samples.last()?.stack.0.first());
        let main: Vec<String> = outermost.filter_map(|frame| folder(&profile.code(frame.code)?.file)).collect();
        let folders: BTreeSet<String> = profile.codes.iter().filter_map(|code| installed_in(&code.file)).collect();
        // Beside the program itself, packages may be anything.
        let is_installed =
            |file: &str| folders.iter().any(|folder| file.starts_with(folder.as_str()) && !main.contains(folder));
        let is_own = |code: &Code| is_program_file(&code.file) && !is_installed(&code.file);
        Self(profile.codes.iter().map(is_own).collect())
    }

    /// True for code of the program itself.
    pub(crate) fn has(&self, code: CodeId) -> bool {
        self.0.get(code.0 as usize) == Some(&true)
    }
}
