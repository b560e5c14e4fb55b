//! The one finder of a Python 2.7 for tests and benchmarks, and the one rule for "there must be one".
//!
//! It looks where the product looks, in the same order, and shares no code with it: a finder that is wrong must not
//! make its own tests pass.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names the interpreter; nothing else is tried then, since whoever sets it means it.
pub const PYTHON_VARIABLE: &str = "BLOATHOUND_PYTHON27";

/// Makes a test that can't run fail instead of being skipped.
pub const REQUIRE_LIVE: &str = "BLOATHOUND_REQUIRE_LIVE";

/// What to type where there is none.
const HOW_TO_GET_ONE: &str = "pyenv install 2.7.18, or conda create -n py27 python=2.7, or name one that is somewhere \
    else: export BLOATHOUND_PYTHON27=/path/to/python2.7";

/// A 64-bit CPython 2.7 that is no debug build says its own path; anything else fails or says something else.
const QUESTION: &str = "import os, platform, struct, sys
assert sys.version_info[:2] == (2, 7) and platform.python_implementation() == 'CPython'
assert struct.calcsize('P') == 8 and not hasattr(sys, 'gettotalrefcount')
sys.stdout.write(os.path.realpath(sys.executable))";

/// The executable of the machine's CPython 2.7, links and shims resolved. `None`, with a notice, where there is none:
/// the test is skipped.
///
/// # Panics
/// There is none and [`live_required`] says that there has to be one; the text says what to type.
#[must_use]
pub fn python27() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| Places::of_environment().find()).clone();
    if found.is_none() {
        skip(&format!("no CPython 2.7 (64-bit, no debug build) on this machine; {HOW_TO_GET_ONE}"));
    }
    found
}

/// Whether `BLOATHOUND_REQUIRE_LIVE` asks that no live test is skipped: set, and neither empty nor `0`.
#[must_use]
pub fn live_required() -> bool {
    is_required(std::env::var_os(REQUIRE_LIVE).as_deref())
}

/// Says why a live test does not run here.
///
/// # Panics
/// Where [`live_required`]: a skipped test is a failed one then.
#[expect(clippy::print_stderr, reason = "a skipped test tells so")]
pub fn skip(why: &str) {
    assert!(!live_required(), "{REQUIRE_LIVE} is set, but there is {why}");
    eprintln!("skipped: {why}");
}

/// Says what a test leaves out because this user or this kernel does not allow it: another user, namespaces, where cores
/// go. No package brings that, so it is no failure where live tests are required; the notice stays in the log.
///
/// What could be installed is [`skip`]'s.
#[expect(clippy::print_stderr, reason = "a test that leaves something out tells so")]
pub fn cannot(why: &str) {
    eprintln!("not possible here: {why}");
}

fn is_required(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !value.is_empty() && value != "0")
}

/// Where to look.
#[derive(Debug, Clone, Default)]
struct Places {
    named: Option<OsString>,
    path: Option<OsString>,
    pyenv: Option<PathBuf>,
    conda: Option<PathBuf>,
    home: Option<PathBuf>,
}

impl Places {
    fn of_environment() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = set("HOME").map(PathBuf::from);
        Self {
            named: set(PYTHON_VARIABLE),
            path: set("PATH"),
            pyenv: set("PYENV_ROOT").map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".pyenv"))),
            conda: set("CONDA_PREFIX").map(PathBuf::from),
            home,
        }
    }

    fn find(&self) -> Option<PathBuf> {
        match &self.named {
            Some(named) => executable_of(Path::new(named)),
            None => self.candidates().iter().find_map(|program| executable_of(program)),
        }
    }

    /// Files that may be one, the likeliest first.
    fn candidates(&self) -> Vec<PathBuf> {
        let path: Vec<PathBuf> = self.path.iter().flat_map(std::env::split_paths).filter(|f| f.is_absolute()).collect();
        let on_path =
            ["python2.7", "python2", "python"].into_iter().flat_map(|name| path.iter().map(move |f| f.join(name)));
        let mut versions = self.pyenv.as_ref().map_or_else(Vec::new, |root| folders_in(&root.join("versions")));
        versions.retain(|folder| patch_level(folder).is_some());
        versions.sort_by_key(|folder| std::cmp::Reverse(patch_level(folder)));
        let installations = ["miniconda3", "anaconda3", "mambaforge", "miniforge3", "miniconda2"];
        let of_home = self.home.iter().flat_map(|home| {
            let bases = installations.map(|name| home.join(name));
            bases.into_iter().flat_map(|base| folders_in(&base.join("envs")).into_iter().chain([base]))
        });
        let environments = self.conda.iter().cloned().chain(of_home);
        let in_folders = versions.into_iter().chain(environments).map(|folder| folder.join("bin/python2.7"));
        on_path.chain(in_folders).filter(|program| program.is_file()).collect()
    }
}

/// Asks a program; a shim of a version manager may stand for nothing.
fn executable_of(program: &Path) -> Option<PathBuf> {
    let mut command = Command::new(program);
    let output = command.args(["-E", "-c", QUESTION]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let executable = PathBuf::from(String::from_utf8(output.stdout).ok()?);
    (output.status.success() && executable.is_file()).then_some(executable)
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// 18 of `versions/2.7.18`, 0 of `versions/2.7`; none of any other version.
fn patch_level(folder: &Path) -> Option<u32> {
    match folder.file_name()?.to_str()?.strip_prefix("2.7")? {
        "" => Some(0),
        rest => rest.strip_prefix('.')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A program that answers as a Python 2.7 whose executable is itself, or fails.
    fn played(path: &Path, works: bool) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = if works { "#!/bin/sh\nprintf %s \"$0\"\n" } else { "#!/bin/sh\nexit 1\n" };
        // Another process writes it: a fork of another test's thread could keep ours open, and then it can't be run.
        let mut writer = Command::new("sh");
        writer.args(["-c", "printf %s \"$1\" > \"$0\""]).arg(path).arg(text);
        assert!(writer.status().unwrap().success());
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_owned()
    }

    #[test]
    fn one_value_of_the_variable_means_one_thing() {
        for (value, required) in
            [(None, false), (Some(""), false), (Some("0"), false), (Some("1"), true), (Some("yes"), true)]
        {
            assert_eq!(is_required(value.map(OsStr::new)), required, "{value:?}");
        }
    }

    #[test]
    fn a_named_interpreter_is_the_only_one_tried() {
        let folder = tempfile::tempdir().unwrap();
        let on_path = played(&folder.path().join("bin/python2.7"), true);
        let broken = played(&folder.path().join("broken"), false);
        let path = Some(folder.path().join("bin").into_os_string());
        let mut places = Places { path, ..Places::default() };
        assert_eq!(places.find(), Some(on_path));
        places.named = Some(broken.into_os_string());
        assert_eq!(places.find(), None);
    }

    #[test]
    fn shims_that_stand_for_nothing_are_passed_over_and_the_newest_version_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        played(&folder.path().join("shims/python2.7"), false);
        let versions = folder.path().join("versions");
        played(&versions.join("2.7.9/bin/python2.7"), true);
        let newest = played(&versions.join("2.7.18/bin/python2.7"), true);
        played(&versions.join("2.75.1/bin/python2.7"), true);
        let path = Some(folder.path().join("shims").into_os_string());
        let places = Places { path, pyenv: Some(folder.path().to_owned()), ..Places::default() };
        assert_eq!(places.find(), Some(newest));
    }

    /// Runs the test of this name in a process of its own, where nothing is to be found.
    fn where_none_is(required: &str) -> std::process::Output {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "python27::tests::looks_for_one", "--ignored", "--nocapture"]);
        command.env(REQUIRE_LIVE, required).env(PYTHON_VARIABLE, "/nonexistent/python2.7");
        command.output().unwrap()
    }

    #[test]
    #[ignore = "the subject of the test below, in a process whose environment has no Python"]
    fn looks_for_one() {
        assert_eq!(python27(), None);
    }

    #[test]
    fn without_one_a_test_is_skipped_or_where_live_is_required_fails_with_what_to_type() {
        let skipped = where_none_is("");
        assert!(skipped.status.success(), "{}", String::from_utf8_lossy(&skipped.stdout));
        assert!(String::from_utf8_lossy(&skipped.stderr).contains("skipped: no CPython 2.7"));
        let failed = where_none_is("1");
        let said = String::from_utf8_lossy(&failed.stdout) + String::from_utf8_lossy(&failed.stderr);
        assert!(!failed.status.success());
        assert!(said.contains("BLOATHOUND_REQUIRE_LIVE is set") && said.contains("pyenv install 2.7.18"), "{said}");
    }
}
