//! Runs pip, or the pip that `ensurepip` carries.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::error::EnvironmentError;
use super::event::{EnvironmentEvent, EnvironmentEvents};
use super::interpreter::PythonProgram;
use crate::death_signal::die_with_parent;

/// Lines of output that an error shows.
const LAST_LINES: usize = 15;

/// Installs the packages of the lock file, every one checked against its hash, into the new folder `site`
/// of the scratch folder, and gives its path. `from` is a folder of packages, asked in place of any index.
pub(crate) fn install(
    interpreter: &PythonProgram,
    lock_file: &Path,
    scratch: &Path,
    from: Option<&Path>,
    events: EnvironmentEvents<'_>,
) -> Result<PathBuf, EnvironmentError> {
    let target = scratch.join("site");
    let own_pip = if has_pip(interpreter) { None } else { Some(unpack_pip(interpreter, scratch)?) };
    let how: Vec<OsString> =
        PINNED.iter().map(OsString::from).chain(found_in(from)).chain(["--target".into()]).collect();
    for part in parts(lock_file, scratch)? {
        let what = [target.as_os_str(), "-r".as_ref(), part.as_os_str()];
        // What an earlier part has installed may be needed to build a later one.
        let path = own_pip.iter().chain(target.is_dir().then_some(&target));
        let path = std::env::join_paths(path).map_err(|_| EnvironmentError::Cache {
            path: target.clone(),
            source: std::io::Error::other("a colon in the path of the cache"),
        })?;
        let mut command = pip(interpreter, "install", &how, &what);
        if !path.is_empty() {
            command = command.env("PYTHONPATH", path);
        }
        run(command, events)
            .map_err(|last_lines| EnvironmentError::Pip { lock_file: lock_file.to_owned(), last_lines })?;
    }
    Ok(target)
}

/// Whatever comes is checked against its hash, and nothing comes that isn't listed.
const PINNED: [&str; 4] = ["--require-hashes", "--no-deps", "--timeout=30", "--retries=2"];

/// Where pip looks for packages: in a folder and nowhere else, or as it is set up.
fn found_in(from: Option<&Path>) -> Vec<OsString> {
    let folder = |folder: &Path| vec!["--no-index".into(), "--find-links".into(), folder.as_os_str().to_owned()];
    from.map(folder).unwrap_or_default()
}

/// Downloads the packages of the lock file as they are on the index, every one checked against its hash, into a new folder
/// of the scratch folder, and gives its path.
pub(crate) fn download(
    interpreter: &PythonProgram,
    lock_file: &Path,
    scratch: &Path,
    events: EnvironmentEvents<'_>,
) -> Result<PathBuf, EnvironmentError> {
    let target = scratch.join("packages");
    let own_pip = if has_pip(interpreter) { None } else { Some(unpack_pip(interpreter, scratch)?) };
    let how: Vec<OsString> = PINNED.iter().map(OsString::from).chain(["--dest".into()]).collect();
    for part in parts(lock_file, scratch)? {
        let what = [target.as_os_str(), "-r".as_ref(), part.as_os_str()];
        let mut command = pip(interpreter, "download", &how, &what);
        if let Some(own_pip) = &own_pip {
            command = command.env("PYTHONPATH", own_pip);
        }
        run(command, events)
            .map_err(|last_lines| EnvironmentError::Pip { lock_file: lock_file.to_owned(), last_lines })?;
    }
    Ok(target)
}

/// A line of this in a lock file: what follows is built with what stands above it. To pip it is a comment.
const BUILT_WITH: &str = "# built with the packages above:";

/// The lock file in the parts that are installed one after another: itself, where it has only one.
fn parts(lock_file: &Path, scratch: &Path) -> Result<Vec<PathBuf>, EnvironmentError> {
    let failed = |path: &Path, source| EnvironmentError::LockFile { lock_file: path.to_owned(), source };
    let text = std::fs::read_to_string(lock_file).map_err(|source| failed(lock_file, source))?;
    let texts: Vec<&str> = text.split(BUILT_WITH).collect();
    if texts.len() == 1 {
        return Ok(vec![lock_file.to_owned()]);
    }
    let written = |(number, text): (usize, &&str)| {
        let part = scratch.join(format!("part-{number}.lock"));
        std::fs::write(&part, text).map_err(|source| failed(&part, source))?;
        Ok(part)
    };
    texts.iter().enumerate().map(written).collect()
}

fn pip(interpreter: &PythonProgram, command: &str, how: &[OsString], what: &[&OsStr]) -> duct::Expression {
    let mut quietly = vec!["--disable-pip-version-check", "--no-input"];
    if command == "install" {
        quietly.push("--no-warn-script-location");
    }
    let arguments: Vec<OsString> = ["-s", "-m", "pip", command]
        .iter()
        .chain(&quietly)
        .map(OsString::from)
        .chain(how.iter().cloned())
        .chain(what.iter().map(OsString::from))
        .collect();
    quiet(interpreter, &arguments)
        // A user's own settings of these contradict --target.
        .env("PIP_USER", "0")
        .env_remove("PIP_TARGET")
        .env_remove("PIP_PREFIX")
}

/// Installs the pip and setuptools that `ensurepip` carries into a folder, without any network: Python can
/// run pip right out of its wheel, but setuptools finds its own commands only where it is installed.
fn unpack_pip(interpreter: &PythonProgram, scratch: &Path) -> Result<PathBuf, EnvironmentError> {
    let wheels = bundled_wheels(interpreter)
        .ok_or_else(|| EnvironmentError::NoPip { interpreter: interpreter.executable.clone() })?;
    let target = scratch.join("pip");
    let mut what = vec![target.as_os_str()];
    what.extend(wheels.iter().map(|wheel| wheel.as_os_str()));
    let path = std::env::join_paths(&wheels)
        .map_err(|_| EnvironmentError::NoPip { interpreter: interpreter.executable.clone() })?;
    let how = ["--no-index", "--no-deps", "--target"].map(OsString::from);
    let command = pip(interpreter, "install", &how, &what);
    let failed = |last_lines| EnvironmentError::Pip { lock_file: target.clone(), last_lines };
    run(command.env("PYTHONPATH", path), &mut |_| ()).map_err(failed)?;
    Ok(target)
}

/// Imports what the services import, as they do: `zope` is a namespace package that only a site
/// directory declares.
pub(crate) fn check_imports(interpreter: &PythonProgram, dir: &Path) -> Result<(), EnvironmentError> {
    const CHECK: &str = "import site, sys; site.addsitedir(sys.argv[1]); \
        import zope.interface, twisted.internet.reactor, twisted.web.server";
    let arguments = [OsStr::new("-s"), "-c".as_ref(), CHECK.as_ref(), dir.as_os_str()];
    let command = quiet(interpreter, &arguments.map(OsStr::to_owned)).env("PYTHONPATH", dir);
    let failed = |last_lines| EnvironmentError::Import { last_lines };
    run(command, &mut |_| ()).map_err(failed)
}

fn has_pip(interpreter: &PythonProgram) -> bool {
    let arguments = ["-s", "-m", "pip", "--version"].map(OsString::from);
    run(quiet(interpreter, &arguments), &mut |_| ()).is_ok()
}

/// The wheels of pip and setuptools inside the standard library.
fn bundled_wheels(interpreter: &PythonProgram) -> Option<Vec<PathBuf>> {
    const WHERE: &str = "import ensurepip, os, sys; sys.stdout.write(os.path.dirname(ensurepip.__file__))";
    let output = quiet(interpreter, &["-s", "-c", WHERE].map(OsString::from))
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .ok()?;
    let package = PathBuf::from(String::from_utf8(output.stdout).ok()?);
    let entries = std::fs::read_dir(package.join("_bundled")).ok()?;
    let mut wheels: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .collect();
    wheels.sort();
    let has_pip = wheels.iter().any(|wheel| {
        let name = wheel.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("pip-")
    });
    has_pip.then_some(wheels)
}

/// A command of the interpreter that reads nothing, that no variable of the user's diverts, and that
/// ends when we do.
fn quiet(interpreter: &PythonProgram, arguments: &[OsString]) -> duct::Expression {
    let mut command = duct::cmd(&interpreter.executable, arguments).stdin_null().before_spawn(|command| {
        die_with_parent(command);
        Ok(())
    });
    for name in python_variables() {
        command = command.env_remove(name);
    }
    command
}

/// The `PYTHON…` variables that are set: meant for another Python, and able to change ours.
pub(crate) fn python_variables() -> Vec<OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("PYTHON")).collect()
}

/// Runs a command, telling each line; the error is the last lines.
fn run(command: duct::Expression, events: EnvironmentEvents<'_>) -> Result<(), Vec<String>> {
    let said = |error: std::io::Error| vec![error.to_string()];
    let reader = command.stderr_to_stdout().unchecked().reader().map_err(said)?;
    let mut last_lines = VecDeque::new();
    for line in BufReader::new(&reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line.map_err(said)?).trim_end().to_owned();
        if line.is_empty() {
            continue;
        }
        if last_lines.len() == LAST_LINES {
            last_lines.pop_front();
        }
        last_lines.push_back(line.clone());
        events(EnvironmentEvent::Progress { line });
    }
    match reader.try_wait() {
        Ok(Some(output)) if output.status.success() => Ok(()),
        Ok(Some(output)) => {
            last_lines.push_back(format!("({})", output.status));
            Err(last_lines.into())
        }
        Ok(None) => Err(last_lines.into()),
        Err(error) => Err(said(error)),
    }
}
