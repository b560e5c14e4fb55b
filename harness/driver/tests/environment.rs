//! Making the environment: once, safely, and with pip's own words when it fails. Python is played by a
//! script here; `live.rs` uses the real one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use bloathound_driver::{Cache, EnvironmentError, EnvironmentEvent, Interpreter};
use support::{played_interpreter, script};

struct Place {
    dir: tempfile::TempDir,
    lock_file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lock_file = dir.path().join("requirements.lock");
        fs::write(&lock_file, "# pinned\nTwisted==16.0.0 \\\n    --hash=sha256:00\n").unwrap();
        Self { dir, lock_file }
    }

    fn cache(&self) -> Cache {
        Cache::at(self.dir.path().join("cache"))
    }

    /// A Python whose pip does this with `$target`, noting each installation.
    fn python(&self, install: &str) -> Interpreter {
        let log = self.dir.path().join("installed").display().to_string();
        let body = format!(
            "case \"$*\" in\n*'pip install'*)\n  while [ \"$1\" != --target ]; do shift; done; target=$2\n  \
             echo one >> {log}\n  {install}\n  ;;\nesac"
        );
        played_interpreter(script(&self.dir.path().join("python2.7"), &body))
    }

    fn installations(&self) -> usize {
        fs::read_to_string(self.dir.path().join("installed")).unwrap_or_default().lines().count()
    }

    fn cached(&self) -> Vec<String> {
        names_in(&self.dir.path().join("cache"))
    }
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn it_is_made_once_and_then_found() {
    let place = Place::new();
    let python = place.python("mkdir -p \"$target\"; echo x > \"$target/twisted.py\"; echo Collecting Twisted");
    assert_eq!(place.cache().ready(&python, &place.lock_file).unwrap(), None);
    let mut events = Vec::new();
    let made = place.cache().prepare(&python, &place.lock_file, &mut |event| events.push(event)).unwrap();
    assert!(made.dir.join("twisted.py").is_file());
    assert!(matches!(&events[0], EnvironmentEvent::Building { packages, .. } if packages == &["Twisted==16.0.0"]));
    assert!(matches!(&events[1], EnvironmentEvent::Progress { line } if line == "Collecting Twisted"));
    assert!(matches!(events.last(), Some(EnvironmentEvent::Built { .. })));
    let again = place.cache().prepare(&python, &place.lock_file, &mut |event| panic!("{event:?}")).unwrap();
    assert_eq!(again, made);
    assert_eq!(place.installations(), 1);
    // Another list of packages is another environment.
    fs::write(&place.lock_file, "Twisted==16.0.1\n").unwrap();
    let other = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap();
    assert_ne!(other, made);
}

#[test]
fn two_at_once_make_one() {
    let place = Place::new();
    // The installation lasts until the second run is known to wait.
    let go = place.dir.path().join("go");
    let python = place.python(&format!(
        "tries=0; while [ ! -e {} ] && [ $tries -lt 2000 ]; do tries=$((tries+1)); sleep 0.01; done; mkdir -p \"$target\"",
        go.display()
    ));
    let prepare =
        |events: &mut dyn FnMut(EnvironmentEvent)| place.cache().prepare(&python, &place.lock_file, events).unwrap();
    let made = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| {
            scope.spawn(|| {
                prepare(&mut |event| {
                    if matches!(event, EnvironmentEvent::Awaited { .. }) {
                        fs::write(&go, "").unwrap();
                    }
                })
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(go.exists(), "nobody had to wait");
    assert_eq!(made[0], made[1]);
    assert_eq!(place.installations(), 1);
}

#[test]
fn a_failed_installation_leaves_nothing_and_shows_the_end_of_what_pip_said() {
    let place = Place::new();
    let python = place.python(
        "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo line $n; done; \
         echo THESE PACKAGES DO NOT MATCH THE HASHES >&2; mkdir -p \"$target\"; exit 1",
    );
    let error = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, EnvironmentError::Pip { .. }), "{text}");
    assert!(text.contains("line 20") && text.contains("DO NOT MATCH THE HASHES"), "{text}");
    assert!(!text.contains("line 5\n"), "{text}");
    assert!(place.cached().iter().all(|name| name.ends_with(".lock")), "{:?}", place.cached());
}

#[test]
fn packages_that_cannot_be_imported_are_not_kept() {
    let place = Place::new();
    let body = "case \"$*\" in\n*'pip install'*) while [ \"$1\" != --target ]; do shift; done; mkdir -p \"$2\";;\n\
                *addsitedir*) echo ImportError: No module named zope >&2; exit 1;;\nesac";
    let python = played_interpreter(script(&place.dir.path().join("python2.7"), body));
    let error = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap_err();
    assert!(matches!(error, EnvironmentError::Import { .. }), "{error}");
    assert!(error.to_string().contains("No module named zope"), "{error}");
    assert_eq!(place.cache().ready(&python, &place.lock_file).unwrap(), None);
}

#[test]
fn what_a_killed_run_left_is_removed_and_never_taken_for_one() {
    let place = Place::new();
    let python = place.python("mkdir -p \"$target\"");
    // Where it will be is known from making it once elsewhere.
    let elsewhere = Cache::at(place.dir.path().join("elsewhere"));
    let made = elsewhere.prepare(&python, &place.lock_file, &mut |_| ()).unwrap();
    let name = made.dir.file_name().unwrap().to_str().unwrap().to_owned();
    let leftover = place.dir.path().join("cache").join(format!("unfinished-{name}-x1"));
    fs::create_dir_all(leftover.join("site")).unwrap();
    let foreign = place.dir.path().join("cache/unfinished-env-000000-x2");
    fs::create_dir_all(&foreign).unwrap();
    assert_eq!(place.cache().ready(&python, &place.lock_file).unwrap(), None);
    place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap();
    assert!(!leftover.exists());
    // Another environment's may be in the making right now.
    assert!(foreign.exists());
}

#[test]
fn a_python_without_pip_uses_the_wheels_of_ensurepip_or_says_what_is_missing() {
    let place = Place::new();
    let package = place.dir.path().join("ensurepip");
    let body = format!(
        "all=\"$*\"\ncase \"$all\" in\n*ensurepip.__file__*) printf %s {};;\n\
         *'pip install'*) while [ \"$1\" != --target ]; do shift; done; mkdir -p \"$2\"; \
         echo \"$PYTHONPATH\" > \"$2/path\"; echo \"$all\" > \"$2/asked\"; cp -r \"$2/../pip\" \"$2/own\" 2>/dev/null || :;;\n\
         *'pip --version'*) echo No module named pip >&2; exit 1;;\nesac",
        package.display()
    );
    let python = played_interpreter(script(&place.dir.path().join("python2.7"), &body));
    let error = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap_err();
    assert!(matches!(error, EnvironmentError::NoPip { .. }), "{error}");
    let bundled = package.join("_bundled");
    fs::create_dir_all(&bundled).unwrap();
    for name in ["pip-19.2.3-py2.py3-none-any.whl", "setuptools-41.2.0-py2.py3-none-any.whl"] {
        fs::write(bundled.join(name), "").unwrap();
    }
    let made = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap();
    let read = |name: &str| fs::read_to_string(made.dir.join(name)).unwrap();
    // The packages are installed by the pip that the wheels were unpacked to, and those without a network.
    assert!(read("path").trim().ends_with("/pip"), "{}", read("path"));
    assert!(read("asked").contains("--require-hashes"), "{}", read("asked"));
    let asked = read("own/asked");
    assert!(
        asked.contains("--no-index") && asked.contains("pip-19.2.3") && asked.contains("setuptools-41.2.0"),
        "{asked}"
    );
    assert!(read("own/path").contains("pip-19.2.3-py2.py3-none-any.whl:"), "{}", read("own/path"));
}

#[test]
fn a_cache_that_cannot_be_written_and_a_missing_list_are_said() {
    let place = Place::new();
    let python = place.python("mkdir -p \"$target\"");
    // Root may write anywhere, but not make a folder inside a file.
    let file = place.dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Cache::at(file.join("cache")).prepare(&python, &place.lock_file, &mut |_| ()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("can't write the cache") && text.contains("BLOATHOUND_CACHE"), "{text}");
    let missing = place.dir.path().join("none.lock");
    let text = place.cache().prepare(&python, &missing, &mut |_| ()).unwrap_err().to_string();
    assert!(text.contains("none.lock"), "{text}");
}
