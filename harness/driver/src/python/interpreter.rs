//! What an interpreter is: asks it, and judges whether it will do, as a 2.7 or as a 3 that is read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_engine::not_read;
use serde::Deserialize;

/// A CPython that a service can run on: 64-bit, not a debug build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonProgram {
    /// The executable itself, with every shim and link resolved.
    pub executable: PathBuf,
    /// Such as `2.7.18`.
    pub version: String,
    /// `sys.maxunicode`: 65535 or 1114111 (UCS2 or UCS4).
    pub max_unicode: u64,
    /// Facts that decide which compiled extensions fit, such as `cp27mu linux-x86_64`.
    pub abi: String,
}

impl PythonProgram {
    /// Such as `2.7` or `3.13`.
    #[must_use]
    pub fn series(&self) -> &str {
        self.version.rsplit_once('.').map_or(&self.version, |(series, _)| series)
    }
}

/// What it is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Services for CPython 2.7.
    Python27,
    /// Those for 3.
    Python3,
}

/// Why an interpreter won't do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such file, or it may not be run.
    #[error("can't be run: {0}")]
    CannotRun(String),
    /// It ran and did not answer as a Python does.
    #[error("is no working Python: {0}")]
    NoAnswer(String),
    /// Another version.
    #[error("is Python {0}, not 2.7")]
    OtherVersion(String),
    /// Another one than 3.
    #[error("is Python {0}, not 3")]
    NotPython3(String),
    /// A release of 3 that is not read.
    #[error("is Python {0}: {1}")]
    NotRead(String, &'static str),
    /// A build without the interpreter lock: every object has another layout.
    #[error("is a free-threaded build, whose objects have another layout")]
    FreeThreaded,
    /// Another implementation, such as PyPy.
    #[error("is {0}, not CPython")]
    OtherImplementation(String),
    /// A 32-bit build.
    #[error("is a {0}-bit build, not 64-bit")]
    OtherWordSize(u64),
    /// A build with `--with-pydebug`: every object has another layout.
    #[error("is a debug build, whose objects have another layout")]
    DebugBuild,
}

/// Works on every Python from 2.6 to 3: `json` and `platform` are in all of them.
const QUESTION: &str = "\
import json, platform, struct, sys
try:
    import sysconfig
    tag = sysconfig.get_platform()
    free_threaded = bool(sysconfig.get_config_var('Py_GIL_DISABLED'))
except ImportError:
    tag = ''
    free_threaded = False
wide = 'u' if sys.maxunicode > 0xffff else ''
kind = 'cp27m' + wide if sys.version_info[0] == 2 else 'cp%d%d' % sys.version_info[:2]
sys.stdout.write(json.dumps({
    'executable': sys.executable,
    'version': '.'.join(str(part) for part in sys.version_info[:3]),
    'major_minor': list(sys.version_info[:2]),
    'implementation': platform.python_implementation(),
    'word_bits': struct.calcsize('P') * 8,
    'debug': hasattr(sys, 'gettotalrefcount'),
    'max_unicode': sys.maxunicode,
    'abi': '%s %s' % (kind, tag),
    'free_threaded': free_threaded,
}))
";

#[derive(Deserialize)]
struct Answer {
    executable: PathBuf,
    version: String,
    major_minor: (u64, u64),
    implementation: String,
    word_bits: u64,
    debug: bool,
    max_unicode: u64,
    abi: String,
    #[serde(default)]
    free_threaded: bool,
}

/// The longest that a Python may take to start; a cold disk is slow.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Asks a program whether it is a CPython that will do.
///
/// # Errors
/// Why it won't.
pub(crate) fn examine(program: &Path, wanted: Wanted) -> Result<PythonProgram, Rejection> {
    // -E: a PYTHONHOME or PYTHONSTARTUP meant for another Python must not decide.
    let arguments: [&OsStr; 3] = ["-E", "-c", QUESTION].map(OsStr::new);
    let handle = duct::cmd(program, arguments)
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .start()
        .map_err(|error| Rejection::CannotRun(error.to_string()))?;
    let output = match handle.wait_timeout(ANSWER_WITHIN) {
        Ok(Some(output)) => output,
        Ok(None) => {
            // It is ours to end; whether that works changes nothing in the answer.
            let _ = handle.kill();
            let seconds = ANSWER_WITHIN.as_secs();
            return Err(Rejection::NoAnswer(format!("no answer in {seconds} s")));
        }
        Err(error) => return Err(Rejection::CannotRun(error.to_string())),
    };
    let Ok(answer) = serde_json::from_slice::<Answer>(&output.stdout) else {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let line = complaint.lines().find(|line| !line.trim().is_empty());
        let line = line.unwrap_or("it printed nothing").trim();
        return Err(Rejection::NoAnswer(line.to_owned()));
    };
    judge(answer, wanted)
}

fn judge(answer: Answer, wanted: Wanted) -> Result<PythonProgram, Rejection> {
    match (wanted, answer.major_minor) {
        (Wanted::Python27, (2, 7)) => {}
        (Wanted::Python27, _) => return Err(Rejection::OtherVersion(answer.version)),
        (Wanted::Python3, (3, _)) => {}
        (Wanted::Python3, _) => return Err(Rejection::NotPython3(answer.version)),
    }
    if answer.implementation != "CPython" {
        return Err(Rejection::OtherImplementation(answer.implementation));
    }
    if answer.word_bits != 64 {
        return Err(Rejection::OtherWordSize(answer.word_bits));
    }
    if answer.debug {
        return Err(Rejection::DebugBuild);
    }
    if answer.free_threaded {
        return Err(Rejection::FreeThreaded);
    }
    if let Some(why) = not_read(&answer.version) {
        return Err(Rejection::NotRead(answer.version, why));
    }
    let executable = answer.executable.canonicalize().map_err(|error| Rejection::CannotRun(error.to_string()))?;
    Ok(PythonProgram { executable, version: answer.version, max_unicode: answer.max_unicode, abi: answer.abi })
}
