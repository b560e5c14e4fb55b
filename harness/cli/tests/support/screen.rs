//! The command on a real terminal of some width, by a pseudo-terminal of util-linux' `script`.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::Read;
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
}

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
        let path = tempfile::tempdir().expect("a folder");
        symlink(env!("CARGO_BIN_EXE_bloathound"), path.path().join("bloathound")).expect("a link");
        let typed = format!("stty cols {} rows 50 -echo; exec bloathound {line}", self.columns);
        let all = format!("{}:{}", path.path().display(), std::env::var("PATH").unwrap_or_default());
        let started = Command::new("script")
            .args(["-qec", &typed, "/dev/null"])
            .current_dir(self.folder)
            .env("PATH", all)
            .env("TERM", self.kind)
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
        let input = child.stdin.take();
        let mut sent = Vec::new();
        child.stdout.take().expect("piped").read_to_end(&mut sent).expect("its output");
        let status = child.wait().expect("its end");
        drop(input);
        Some((status.code(), String::from_utf8_lossy(&sent).replace("\r\n", "\n")))
    }
}
