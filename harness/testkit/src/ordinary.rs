//! The same tests once more, by a user who may not do everything.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::{PYTHON_VARIABLE, python27, skip};

/// Nobody's number on any machine we know of.
const USER: &str = "65533";

/// Where a test finds the services' packages that [`again_as_an_ordinary_user`] brought.
const PACKAGES_VARIABLE: &str = "BLOATHOUND_TEST_PACKAGES";

/// Folders of a Python's library that no test needs, and that are most of it.
const NOT_NEEDED: [&str; 7] = ["config", "ensurepip", "idlelib", "lib-tk", "lib2to3", "site-packages", "test"];

/// Runs the named tests of this test program as an ordinary user, with a Python 2.7 that this one may read and, where
/// given, the services' packages. Where the caller is an ordinary user, the tests themselves were that already; where
/// none can be played, that is told.
///
/// # Panics
/// One of them fails or is none, or what they need can't be laid out.
pub fn again_as_an_ordinary_user(names: &[&str], packages: Option<&Path>) {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let Some(python) = python27().filter(|_| is_root) else { return };
    // Of a copy, since the original may be in a folder that is closed to them.
    let prefix = python.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    let laid_out = lay_out(prefix, packages);
    assert!(laid_out.is_ok(), "{laid_out:?}");
    let Ok(folder) = laid_out else { return };
    let (mut able, mut tests) = (as_ordinary(folder.path()), as_ordinary(folder.path()));
    able.args(["test", "-x"]).arg(std::env::current_exe().unwrap_or_default());
    if !able.status().is_ok_and(|status| status.success()) {
        skip("no right to become another user (setpriv), or the build's folder is closed to that user");
        return;
    }
    let output = tests
        .arg(std::env::current_exe().unwrap_or_default())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .args(names)
        .output();
    let said = output
        .as_ref()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr));
    let passed = said.as_ref().is_ok_and(|said| said.contains(&format!("{} passed", names.len())));
    assert!(passed && !said.as_ref().is_ok_and(|said| said.contains("skipped:")), "{said:#?}");
}

/// Packages that were brought for this process, if it is the one that was started so.
#[must_use]
pub fn brought_packages() -> Option<PathBuf> {
    std::env::var_os(PACKAGES_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A command of the ordinary user; what it runs is still to be named.
fn as_ordinary(folder: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).current_dir("/");
    command.env(PYTHON_VARIABLE, folder.join("bin/python2.7")).env("LD_LIBRARY_PATH", folder.join("lib"));
    command.env("HOME", folder.join("home")).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("BLOATHOUND_CACHE");
    command.env_remove("XDG_CACHE_HOME").env_remove("TMPDIR");
    let packages = folder.join("packages");
    command.env(PACKAGES_VARIABLE, if packages.exists() { packages.into_os_string() } else { OsString::new() });
    command.stdin(Stdio::null());
    command
}

fn lay_out(prefix: &Path, packages: Option<&Path>) -> io::Result<TempDir> {
    let folder = tempfile::tempdir_in("/tmp")?;
    let path = folder.path();
    fs::set_permissions(path, Permissions::from_mode(0o755))?;
    fs::create_dir(path.join("home"))?;
    std::os::unix::fs::chown(path.join("home"), USER.parse().ok(), USER.parse().ok())?;
    fs::create_dir_all(path.join("bin"))?;
    copy_file(&prefix.join("bin/python2.7"), &path.join("bin/python2.7"))?;
    copy_folder(&prefix.join("lib/python2.7"), &path.join("lib/python2.7"))?;
    let library = prefix.join("lib/libpython2.7.so.1.0");
    if library.exists() {
        copy_file(&library, &path.join("lib/libpython2.7.so.1.0"))?;
    }
    packages.map_or(Ok(()), |packages| copy_folder(packages, &path.join("packages")))?;
    Ok(folder)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_needed = !NOT_NEEDED.iter().any(|not_needed| name == *not_needed);
        match entry.path().is_dir() {
            true if is_needed => copy_folder(&entry.path(), &to.join(name))?,
            false => copy_file(&entry.path(), &to.join(name))?,
            true => {}
        }
    }
    Ok(())
}

/// What anybody may read, and run where the original could be.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let mode = if File::open(from)?.metadata()?.mode() & 0o100 == 0 { 0o644 } else { 0o755 };
    fs::set_permissions(to, Permissions::from_mode(mode))
}
