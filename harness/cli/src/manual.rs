//! The arguments once more, as shells and `man` want them.

use std::path::Path;

use clap::{Command, CommandFactory};

use crate::args::Arguments;
use crate::error::CliError;
use crate::output;

/// The program's name, by which a shell finds its completions.
pub(crate) const NAME: &str = "bloathound";

/// The command and those below it; how many pages were written.
pub(crate) fn pages(command: &Command, folder: &Path) -> Result<usize, CliError> {
    let name = command.get_display_name().unwrap_or(NAME).to_owned();
    let path = folder.join(format!("{name}.1"));
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page);
    rendered.map_err(|error| CliError::output(&path, error))?;
    output::file(&path, &page)?;
    // Every command has one of its own named help, which has no page.
    let below = command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help");
    below.map(|one| pages(one, folder)).sum::<Result<usize, _>>().map(|below| below + 1)
}

/// The arguments without what is nobody's to type.
pub(crate) fn told() -> Command {
    let all = Arguments::command();
    let shown: Vec<Command> = all.get_subcommands().filter(|one| !one.is_hide_set()).cloned().collect();
    let mut root = Command::new(NAME).version(env!("CARGO_PKG_VERSION")).propagate_version(true);
    root = root.args(all.get_arguments().cloned()).subcommands(shown).subcommand_required(true);
    for (text, set) in [
        (all.get_about(), Command::about as fn(Command, clap::builder::StyledStr) -> Command),
        (all.get_after_help(), Command::after_help),
        (all.get_after_long_help(), Command::after_long_help),
    ] {
        if let Some(text) = text {
            root = set(root, text.clone());
        }
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::args::ManArguments;
    use crate::commands::completions::man;

    #[test]
    fn every_command_that_is_told_has_its_page_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(man(&ManArguments { dir: folder.path().join("pages") }).unwrap(), 0);
        let entries = fs::read_dir(folder.path().join("pages")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for command in Arguments::command().get_subcommands() {
            let name = format!("bloathound-{}.1", command.get_name());
            assert_eq!(names.contains(&name), !command.is_hide_set(), "{name} in {names:?}");
        }
        assert!(names.contains(&"bloathound-perf-gate.1".to_owned()), "{names:?}");
        let page = fs::read_to_string(folder.path().join("pages/bloathound-run.1")).unwrap();
        assert!(page.contains(".TH") && page.contains("fail\\-fast"), "{page}");
        let page = fs::read_to_string(folder.path().join("pages/bloathound.1")).unwrap();
        assert!(page.contains("Exit codes") && page.contains("event loop"), "{page}");
    }

    #[test]
    fn the_scripts_know_all_commands_and_nothing_that_is_hidden() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut told(), NAME, &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["watch", "max-time", "accept", "buggy"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            assert!(!script.contains("__hold"), "{shell}");
        }
    }
}
