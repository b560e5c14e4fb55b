//! Starts Python 2.7 scripts, samples them from outside and ends them, whatever happens.

#![allow(dead_code, reason = "each test uses its part")]

pub mod probe;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bloathound_cpython::frames::{FrameReader, FrameTarget, SamplerOptions, sample};
use bloathound_cpython::{Interpreter, find_interpreter_in};
use bloathound_live::Process;
use bloathound_profile::Profile;
pub use bloathound_testkit::python27;

/// A script that runs; killed when dropped.
pub struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Script {
    /// Starts `path` of this folder with `arguments` and waits for the line `ready`; `None` without Python 2.7.
    pub fn start(path: &str, arguments: &[&str]) -> Option<Self> {
        let python = python27()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts").join(path);
        Some(Self::spawn(Command::new(python).arg("-B").arg(script).args(arguments)))
    }

    /// Starts `command`, which is to write `ready`.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let script = Self(child);
        let mut lines = BufReader::new(output).lines();
        let first = lines.next().unwrap().unwrap();
        assert_eq!(first.trim(), "ready");
        // Keep reading end open for as long as the script may write.
        std::mem::forget(lines);
        script
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Samples the script.
    pub fn sample(&self, seconds: f64) -> Profile {
        sample_process(self.pid(), seconds)
    }
}

/// Samples a process for some seconds.
pub fn sample_process(pid: u32, seconds: f64) -> Profile {
    let process = Process::open(pid).unwrap();
    let symbols =
        find_interpreter_in(&process, Some(process.executable()), &mut |region| process.open_region(region)).unwrap();
    let interpreter = Interpreter::locate(&process, &symbols).unwrap();
    let mut reader = FrameReader::new(FrameTarget::from(&interpreter));
    let mut probe = probe::ProcProbe::new(pid);
    sample(&process, &mut reader, &mut probe, SamplerOptions { rate_hz: 100.0, seconds }).unwrap()
}
