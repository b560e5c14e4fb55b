//! The finder of a Python 3 of one series for tests: where the product looks, sharing no code with it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::python27::{cannot, skip};

/// Names an interpreter; no other is taken for its series then.
pub const PYTHON3_VARIABLE: &str = "BLOATHOUND_PYTHON3";

/// The series, with spaces between, of which a missing one fails the tests that need it, where live tests are required at
/// all.
pub const REQUIRE_PYTHON3: &str = "BLOATHOUND_REQUIRE_PYTHON3";

/// A 64-bit CPython of that series that is neither a debug build nor free-threaded says its own path.
const QUESTION: &str = "import os, platform, struct, sys, sysconfig
assert '.'.join(map(str, sys.version_info[:2])) == sys.argv[1] and platform.python_implementation() == 'CPython'
assert struct.calcsize('P') == 8 and not hasattr(sys, 'gettotalrefcount')
assert not sysconfig.get_config_var('Py_GIL_DISABLED')
sys.stdout.write(os.path.realpath(sys.executable))";

/// The executable of a CPython of `series` (such as `3.13`), links and shims resolved: what `BLOATHOUND_PYTHON3` names,
/// else the first on `PATH`, else pyenv's newest. `None`, with a notice, where there is none: the test is skipped.
///
/// # Panics
/// There is none, and both [`crate::live_required`] and [`REQUIRE_PYTHON3`] say that there has to be one; the text says what
/// to type.
#[must_use]
pub fn python3(series: &str) -> Option<PathBuf> {
    let found = candidates(series).into_iter().find_map(|program| executable_of(&program, series));
    if found.is_none() {
        let why = format!(
            "no CPython {series} (64-bit, no debug build) on this machine; pyenv install {series}, or name one: export \
             {PYTHON3_VARIABLE}=/path/to/python{series}"
        );
        // The recorded image of it is judged everywhere; `.ci/run` requires the live ones that are there.
        let required = std::env::var(REQUIRE_PYTHON3).unwrap_or_default();
        match required.split_whitespace().any(|required| required == series) {
            true => skip(&why),
            false => cannot(&why),
        }
    }
    found
}

/// Files that may be one, the likeliest first.
fn candidates(series: &str) -> Vec<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
    if let Some(named) = set(PYTHON3_VARIABLE) {
        return vec![PathBuf::from(named)];
    }
    let name = format!("python{series}");
    let path = set("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(&name));
    let pyenv = set("PYENV_ROOT").map(PathBuf::from).or_else(|| Some(PathBuf::from(set("HOME")?).join(".pyenv")));
    let folders = pyenv.and_then(|root| std::fs::read_dir(root.join("versions")).ok()).into_iter().flatten().flatten();
    let patch = |folder: &Path| {
        let name = folder.file_name()?.to_str()?;
        name.strip_prefix(series)?.strip_prefix('.')?.parse::<u32>().ok()
    };
    let mut versions: Vec<PathBuf> = folders.map(|entry| entry.path()).filter(|path| patch(path).is_some()).collect();
    versions.sort_by_key(|folder| std::cmp::Reverse(patch(folder)));
    let in_folders = versions.into_iter().map(|folder| folder.join("bin").join(&name));
    on_path.chain(in_folders).filter(|program| program.is_file()).collect()
}

/// Asks a program; a shim of a version manager may stand for nothing.
fn executable_of(program: &Path, series: &str) -> Option<PathBuf> {
    let asked = Command::new(program)
        .args(["-I", "-c", QUESTION, series])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(asked.stdout).ok()?);
    (asked.status.success() && path.is_file()).then_some(path)
}
