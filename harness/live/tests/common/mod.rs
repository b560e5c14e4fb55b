//! Real Python 2.7 processes to look at.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use bloathound_testkit::Owned;
pub use bloathound_testkit::python27;

/// A script that talks over its standard streams; killed when dropped.
pub struct Script {
    child: Owned,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Script {
    pub fn start(program: &std::path::Path, source: &str) -> Self {
        Self::start_command(Command::new(program).args(["-u", "-c", source]))
    }

    pub fn start_command(command: &mut Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = Owned::from(child.expect("the script starts"));
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, input, output }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints, without the newline.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).expect("its output can be read");
        assert!(read > 0, "the script ended early");
        line.trim_end().to_owned()
    }

    pub fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("its input can be written");
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

/// Waits until `done`, and fails after ten seconds.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "waited ten seconds until {what}");
        std::thread::yield_now();
    }
}
