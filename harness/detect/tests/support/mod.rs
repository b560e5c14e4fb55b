//! Starts Python 2.7 scripts, samples them from outside and ends them, whatever happens.

#![allow(dead_code, reason = "each test uses its part")]

pub mod probe;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bloathound_cpython::frames::{FrameReader, FrameTarget, SamplerOptions, sample};
use bloathound_cpython::{Interpreter, find_interpreter_in};
use bloathound_live::Process;
use bloathound_profile::Profile;

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

/// Python 2.7: `BLOATHOUND_PYTHON27`, on the path, or of pyenv.
pub fn python27() -> Option<PathBuf> {
    let named = std::env::var_os("BLOATHOUND_PYTHON27").map(PathBuf::from);
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).map(|folder| folder.join("python2.7")).collect::<Vec<_>>());
    let pyenv = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv/versions"));
    let versions = pyenv.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
    let of_pyenv = versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("2.7")))
        .map(|path| path.join("bin/python2.7"));
    // A shim of a version manager may stand for nothing.
    let works = |path: &PathBuf| {
        let version = Command::new(path).arg("-c").arg("import sys; assert sys.version_info[:2] == (2, 7)").output();
        version.is_ok_and(|output| output.status.success())
    };
    let found = named.into_iter().chain(on_path).chain(of_pyenv).find(works);
    if found.is_none() {
        println!("skipped: no Python 2.7 (set BLOATHOUND_PYTHON27)");
    }
    found
}
