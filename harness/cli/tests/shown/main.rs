//! What every command shows of recordings: on terminals of three widths, on a dumb one, and in a pipe, where nothing is cut.
//! No Python is needed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed test ends by a panic")]

mod every;
#[path = "../support/kit.rs"]
mod kit;
mod readme;
#[path = "../support/screen.rs"]
mod screen;
#[path = "../support/served.rs"]
mod served;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/target.rs"]
mod target;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use regex::Regex;
use screen::Screen;
use support::{bloathound, root, wait_until};
use tempfile::TempDir;

const WIDTHS: [usize; 3] = [60, 100, 160];

/// A folder with the recorded runs as `recorded`, and a watch made of the leak's looks as `watched`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let recorded = root().join("snapshots/recorded");
    symlink(&recorded, folder.path().join("recorded")).unwrap();
    let watched = folder.path().join("watched");
    fs::create_dir(&watched).unwrap();
    let look = |round: u32| {
        let file = format!("round-{round:02}.bhi");
        fs::copy(recorded.join("leak-buggy").join(&file), watched.join(&file)).unwrap();
        serde_json::json!({"round": round, "seconds": f64::from(round) * 10.0, "file": file,
            "processor_seconds": 1.0 + f64::from(round), "switches": 100 * u64::from(round + 1),
            "moved_bytes": 40_000 * u64::from(round + 1), "age_seconds": 60.0 + 10.0 * f64::from(round)})
    };
    let looks: Vec<serde_json::Value> = (0..4).map(look).collect();
    let tool = serde_json::json!({"name": "bloathound", "version": "0.1.0"});
    let watch = serde_json::json!({"format": 1, "tool": tool, "pid": 4242, "looks": looks});
    fs::write(watched.join("watch.json"), watch.to_string()).unwrap();
    folder
}

/// Without the figures that are of the moment: times of recorded looks, and what a whole command took.
fn timeless(text: &str) -> String {
    let line = |line: &str| {
        if line.contains(" ok, ") && line.ends_with(" s") {
            return format!("{}, N s\n", line.rsplit_once(", ").unwrap().0);
        }
        let is_time = |word: &str| word.starts_with("-/-/");
        match line.rsplit_once(' ') {
            Some((before, last)) if is_time(last) => format!("{}  -/-/N/N\n", before.trim_end()),
            _ if line.starts_with("decoded ") => "decoded N ms, analysed N ms\n".to_owned(),
            _ => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

/// No line is wider than the terminal but commands to be copied, which are broken nowhere.
fn fits(text: &str, columns: usize, what: &str) {
    for line in text.lines() {
        let is_command = ["bloathound ", "curl "].iter().any(|program| line.contains(program));
        assert!(is_command || line.chars().count() <= columns, "{what} at {columns}: {line:?}");
    }
}

/// In a pipe nothing is cut: an ellipsis says how much more there is, or is the program's own.
fn is_whole(text: &str, what: &str) {
    for line in text.lines() {
        let cut = line
            .split('…')
            .skip(1)
            .any(|after| !after.trim_start().trim_start_matches("and ").starts_with(|c: char| c.is_ascii_digit()));
        assert!(!cut, "{what} in a pipe: {line:?}");
    }
}

/// A command whose output is kept, as it is typed in [`folder`].
#[derive(Clone, Copy)]
struct Shot<'s> {
    /// Of the snapshot.
    name: &'s str,
    /// What is typed after `bloathound`. `COLUMNS` in it is the terminal's width, and `pipe` in a pipe.
    line: &'s str,
    code: i32,
    /// What is of the moment or of the machine, and what stands for it.
    masks: &'s [(&'s str, &'s str)],
    variables: &'s [(&'static str, &'static str)],
    /// Whether lines fit the terminal: messages are as long as they are.
    fits: bool,
}

impl<'s> Shot<'s> {
    fn of(name: &'s str, line: &'s str) -> Self {
        Self { name, line, code: 0, masks: &[], variables: &[], fits: true }
    }

    /// A command that can't be done, which is told on stderr.
    fn refused(name: &'s str, line: &'s str, code: i32) -> Self {
        Self { code, fits: false, ..Self::of(name, line) }
    }

    /// On terminals of three widths, and in a pipe.
    fn take(self) {
        self.take_in(folder().path());
    }

    fn take_in(self, folder: &Path) {
        let mut all = String::new();
        for columns in WIDTHS {
            let line = self.line.replace("COLUMNS", &columns.to_string());
            let screen = |kind| Screen { columns, kind, folder, variables: self.variables };
            let Some((code, dumb)) = screen("dumb").ends(&format!("{line} -q")) else { return };
            assert_eq!(code, Some(self.code), "{line}\n{dumb}");
            let dumb = timeless(&dumb);
            if columns == WIDTHS[0] && self.line == line && self.masks.is_empty() {
                let (_, plain) = screen("xterm").ends(&format!("{line} -q --color never")).unwrap();
                assert_eq!(dumb, timeless(&plain), "{line}: a dumb terminal is one without colours");
            }
            assert!(!dumb.contains('\x1b'), "{line}: {dumb:?}");
            if self.fits {
                fits(&dumb, columns, &line);
            }
            all.push_str(&format!("=== {columns} columns\n{dumb}"));
        }
        let line = self.line.replace("COLUMNS", "pipe");
        let mut command = bloathound();
        command.current_dir(folder).env("BLOATHOUND_HOME", root()).envs(self.variables.iter().copied());
        let run = command.args(line.split(' ')).assert().code(self.code);
        let text = |bytes: &[u8]| timeless(&String::from_utf8_lossy(bytes));
        let piped = text(&run.get_output().stdout);
        if self.fits {
            is_whole(&piped, &line);
        }
        all.push_str(&format!("=== in a pipe\n{piped}"));
        if self.code != 0 {
            all.push_str(&format!("=== messages\n{}", text(&run.get_output().stderr)));
        }
        self.is_kept(&all);
    }

    fn is_kept(self, all: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root().join("snapshots/shown"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let mut typed = self.line.to_owned();
        for (mask, instead) in self.masks {
            settings.add_filter(mask, *instead);
            typed = Regex::new(mask).unwrap().replace_all(&typed, *instead).into_owned();
        }
        settings.set_description(format!("bloathound {typed}"));
        settings.bind(|| insta::assert_snapshot!(self.name, all));
    }
}

fn check(name: &str, line: &str) {
    Shot::of(name, line).take();
}

#[test]
fn looks_at_images() {
    check("inspect-leak", "inspect recorded/leak-buggy/round-03.bhi");
    check("inspect-fragmentation", "inspect recorded/fragmentation-buggy/inspect.bhi");
}

#[test]
fn questions_about_images() {
    check("why", "why recorded/leak-buggy/round-03.bhi attendees.Attendee");
    check("diff", "diff recorded/leak-buggy/round-00.bhi recorded/leak-buggy/round-03.bhi");
}

#[test]
fn looks_over_time() {
    check("hot", "hot recorded/tightloop-buggy/hot.bhs");
    check("watch", "watch watched");
}

#[test]
fn runs() {
    check("replay", "replay recorded/tightloop-buggy");
    check("run", "run --recorded");
}

#[test]
fn help() {
    check("help", "--help");
    check("help-short", "-h");
    check("help-watch", "watch --help");
}

#[test]
fn a_terminal_has_colours() {
    let folder = folder();
    let Some(shown) = (Screen { columns: 100, kind: "xterm", folder: folder.path(), variables: &[] }).shows("list")
    else {
        return;
    };
    assert!(shown.contains('\x1b'), "{shown:?}");
}
