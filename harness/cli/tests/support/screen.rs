//! The command on a real terminal of some width, by a pseudo-terminal of util-linux' `script`.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A terminal.
pub struct Screen<'f> {
    pub columns: usize,
    /// `TERM`.
    pub kind: &'static str,
    /// The folder that the command is typed in.
    pub folder: &'f Path,
    /// Variables that are set.
    pub variables: &'f [(&'static str, &'static str)],
}

/// What Ctrl-C sends.
const CTRL_C: &[u8] = b"\x03";

impl Screen<'_> {
    /// All that the terminal was sent by `bloathound LINE`, which succeeds, lines ended as on paper; `None`, with a notice,
    /// without `script`.
    pub fn shows(&self, line: &str) -> Option<String> {
        let (code, sent) = self.ends(line)?;
        assert_eq!(code, Some(0), "{line}\n{sent}");
        Some(sent)
    }

    /// The same with the code that it ends by.
    pub fn ends(&self, line: &str) -> Option<(Option<i32>, String)> {
        self.typed(line, None)
    }

    /// The same of a command that goes on in the foreground: Ctrl-C is typed once the line `last` is there, and what it showed
    /// until then is given.
    pub fn foreground(&self, line: &str, last: &str) -> Option<(Option<i32>, String)> {
        let (code, sent) = self.typed(line, Some(last))?;
        let end = sent.find(last).unwrap_or_else(|| panic!("no {last:?} in {sent}")) + last.len();
        Some((code, format!("{}\n", &sent[..end])))
    }

    fn typed(&self, line: &str, until: Option<&str>) -> Option<(Option<i32>, String)> {
        let path = tempfile::tempdir().expect("a folder");
        symlink(env!("CARGO_BIN_EXE_bloathound"), path.path().join("bloathound")).expect("a link");
        let typed = format!("stty cols {} rows 50 -echo; exec bloathound {line}", self.columns);
        let all = format!("{}:{}", path.path().display(), std::env::var("PATH").unwrap_or_default());
        let started = Command::new("script")
            .args(["-qec", &typed, "/dev/null"])
            .current_dir(self.folder)
            .env("PATH", all)
            .env("TERM", self.kind)
            .envs(self.variables.iter().copied())
            .envs([("SHELL", "/bin/sh"), ("BLOATHOUND_HOME", super::support::root().to_str().expect("a path"))])
            .env_remove("COLUMNS")
            .env_remove("NO_COLOR")
            // At the end of its input it would type Ctrl-D.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .process_group(0)
            .spawn();
        let Ok(mut child) = started else {
            bloathound_testkit::skip("no script on this machine (it comes with util-linux)");
            return None;
        };
        let mut input = child.stdin.take();
        let mut screen = child.stdout.take().expect("piped");
        let (mut sent, mut piece, mut until) = (Vec::new(), [0; 4096], until);
        loop {
            let read = screen.read(&mut piece).expect("its output");
            if read == 0 {
                break;
            }
            sent.extend_from_slice(&piece[..read]);
            if until.is_some_and(|last| String::from_utf8_lossy(&sent).contains(last)) {
                until = None;
                input.as_mut().expect("piped").write_all(CTRL_C).expect("it is typed");
            }
        }
        let status = child.wait().expect("its end");
        drop(input);
        Some((status.code(), String::from_utf8_lossy(&sent).replace("\r\n", "\n")))
    }
}
