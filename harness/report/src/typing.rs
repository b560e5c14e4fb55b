//! The command to type next, so that it works where it is pasted: the program as it was called, and the folder of the
//! scenarios where one was named.
//!
//! A command says once how it was called ([`called_as`], [`in_folder`]); whoever says nothing, as tests do, is `bloathound`
//! in a checkout.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bloathound_vocabulary::RunRecord;

use crate::sanitize::shell_word;

static PROGRAM: OnceLock<String> = OnceLock::new();
static HOME: OnceLock<String> = OnceLock::new();
static FILES: OnceLock<BTreeMap<String, String>> = OnceLock::new();

/// How the program was called: `bloathound`, or by its path. Only the first call counts.
pub fn called_as(program: &str) {
    PROGRAM.get_or_init(|| shell_word(program));
}

/// The folder of scenarios that `--home` named. Only the first call counts.
pub fn in_folder(home: &str) {
    HOME.get_or_init(|| shell_word(home));
}

/// The files of scenarios that were named by them, by the scenarios' names. Only the first call counts.
pub fn of_files(files: BTreeMap<String, String>) {
    FILES.get_or_init(|| files);
}

/// A command line of ours: `bloathound hot 4242`. `arguments` are words of a shell already.
#[must_use]
pub fn command(arguments: &str) -> String {
    format!("{} {arguments}", PROGRAM.get().map_or("bloathound", String::as_str))
}

/// The same for a command that needs the scenarios: `bloathound run leak --home elsewhere`.
#[must_use]
pub fn with_home(arguments: &str) -> String {
    let line = command(arguments);
    HOME.get().map_or(line.clone(), |home| format!("{line} --home {home}"))
}

/// The command that shows it again: its recording replayed, or the run once more, recorded.
pub(crate) fn again(run: &RunRecord) -> String {
    if let Some(recording) = &run.recording {
        return command(&format!("replay {}", shell_word(recording)));
    }
    let traffic = run.traffic.map(|traffic| format!(" --traffic {traffic}")).unwrap_or_default();
    let series = run.series.as_ref().map(|series| format!(" --python {series}")).unwrap_or_default();
    if let Some(file) = FILES.get().and_then(|files| files.get(&run.scenario)) {
        let (variant, seed) = (run.variant.as_str(), run.seed);
        return command(&format!("run {} --variant {variant} --seed {seed}{traffic}", shell_word(file)));
    }
    with_home(&format!(
        "run {} --variant {} --seed {}{series}{traffic} --record recordings",
        shell_word(&run.scenario),
        run.variant.as_str(),
        run.seed
    ))
}
