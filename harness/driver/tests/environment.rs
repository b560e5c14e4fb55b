//! Making the environment: once, safely, and with pip's own words when it fails. Python is played by a
//! script here; `live.rs` uses the real one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bloathound_driver::{Cache, EnvironmentError, EnvironmentEvent, PythonProgram};
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
    fn python(&self, install: &str) -> PythonProgram {
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
fn what_others_are_built_with_is_installed_first_and_importable_then() {
    let place = Place::new();
    let lock = "incremental==1 --hash=sha256:00\n# built with the packages above:\nTwisted==2 --hash=sha256:00\n";
    fs::write(&place.lock_file, lock).unwrap();
    let python = place.python(
        "mkdir -p \"$target\"; echo \"${PYTHONPATH:-nothing}\" >> \"$target/paths\"; grep == \"$4\" >> \"$target/asked\"",
    );
    let made = place.cache().prepare_packages(&python, &place.lock_file, &mut |_| ()).unwrap();
    assert_eq!(place.installations(), 2);
    let asked = fs::read_to_string(made.dir.join("asked")).unwrap();
    assert_eq!(asked, "incremental==1 --hash=sha256:00\nTwisted==2 --hash=sha256:00\n");
    let paths = fs::read_to_string(made.dir.join("paths")).unwrap();
    let paths: Vec<&str> = paths.lines().collect();
    assert!(paths[0] == "nothing" && paths[1].ends_with("/site"), "{paths:?}");
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

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_cache_that_others_could_change_is_not_used() {
    let place = Place::new();
    let python = place.python("mkdir -p \"$target\"");
    let above = place.dir.path().join("above");
    let cache = || Cache::at(above.join("cache"));
    fs::create_dir(&above).unwrap();
    for (what, who) in [(above.clone(), 0o777), (above.clone(), 0o775), (above.join("cache"), 0o777)] {
        fs::create_dir_all(above.join("cache")).unwrap();
        mode(&what, who);
        let text = cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap_err().to_string();
        assert!(text.contains("other users may write") && text.contains("chmod go-w"), "{who:o}: {text}");
        let said = cache().ready(&python, &place.lock_file);
        assert!(matches!(said, Err(EnvironmentError::Untrusted { .. })), "{who:o}: {said:?}");
        mode(&what, 0o755);
    }
    assert_eq!(place.installations(), 0);
    // As in /tmp: nobody else takes our folder away. But not in the shared folder itself.
    mode(&above, 0o1777);
    cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap();
    let itself = Cache::at(above.clone()).prepare(&python, &place.lock_file, &mut |_| ());
    assert!(matches!(itself, Err(EnvironmentError::Untrusted { .. })), "{itself:?}");
    // A link is judged by where it leads.
    let link = place.dir.path().join("link");
    std::os::unix::fs::symlink(&above, &link).unwrap();
    mode(&above, 0o777);
    let linked = Cache::at(link.join("cache")).prepare(&python, &place.lock_file, &mut |_| ());
    assert!(matches!(linked, Err(EnvironmentError::Untrusted { .. })), "{linked:?}");
    // And by every folder on its way: here others could lead it elsewhere, although it ends in a folder of ours.
    let (ours, theirs) = (place.dir.path().join("ours"), above.join("theirs"));
    fs::create_dir(&ours).unwrap();
    std::os::unix::fs::symlink(&ours, &theirs).unwrap();
    let way = place.dir.path().join("way");
    std::os::unix::fs::symlink("link/theirs", &way).unwrap();
    let led = || Cache::at(way.join("cache")).prepare(&python, &place.lock_file, &mut |_| ());
    let text = led().unwrap_err().to_string();
    assert!(text.contains("other users may write"), "{text}");
    mode(&above, 0o755);
    led().unwrap();
}

#[test]
fn a_folder_that_a_cache_needs_is_made_for_its_owner_only() {
    let place = Place::new();
    let python = place.python("mkdir -p \"$target/sub\"; echo x > \"$target/sub/a.py\"; chmod -R a+w \"$target\"");
    let made = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap();
    let bits = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(bits(&place.dir.path().join("cache")), 0o700);
    for path in [made.dir.clone(), made.dir.join("sub"), made.dir.join("sub/a.py"), made.dir.join("installed.sha256")] {
        assert_eq!(bits(&path) & 0o022, 0, "{}", path.display());
    }
}

/// Root may give things away.
#[test]
fn another_users_folder_or_file_is_not_used() {
    if !nix::unistd::geteuid().is_root() {
        bloathound_testkit::cannot("no right to give a folder to another user (chown); run the tests as root");
        return;
    }
    let place = Place::new();
    let python = place.python("mkdir -p \"$target\"; echo x > \"$target/a.py\"");
    let made = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap();
    std::os::unix::fs::chown(made.dir.join("a.py"), Some(65_534), None).unwrap();
    let mut why = String::new();
    let note = &mut |event| {
        if let EnvironmentEvent::Changed { why: said, .. } = event {
            why = said;
        }
    };
    place.cache().prepare(&python, &place.lock_file, note).unwrap();
    assert!(why.contains("belongs to user 65534"), "{why}");
    std::os::unix::fs::chown(place.dir.path().join("cache"), Some(65_534), None).unwrap();
    let text = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap_err().to_string();
    assert!(text.contains("belongs to user 65534"), "{text}");
}

#[test]
fn what_is_not_as_it_was_installed_is_said_and_installed_anew() {
    let place = Place::new();
    let python = place.python("mkdir -p \"$target/sub\"; echo x > \"$target/a.py\"; echo y > \"$target/sub/b.py\"");
    let made = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap().dir;
    let damages: [(&str, &dyn Fn()); 7] = [
        ("a.py was changed", &|| fs::write(made.join("a.py"), "z\n").unwrap()),
        ("sub/c.pth was added", &|| fs::write(made.join("sub/c.pth"), "import os\n").unwrap()),
        ("sub/b.py is missing", &|| fs::remove_file(made.join("sub/b.py")).unwrap()),
        ("neither a file nor a folder", &|| std::os::unix::fs::symlink("/tmp", made.join("link")).unwrap()),
        ("other users may write", &|| mode(&made.join("a.py"), 0o666)),
        ("installed.sha256", &|| fs::remove_file(made.join("installed.sha256")).unwrap()),
        ("installed.sha256", &|| {
            fs::remove_dir_all(&made).unwrap();
            fs::write(&made, "").unwrap();
        }),
    ];
    for (number, (said, damage)) in damages.into_iter().enumerate() {
        damage();
        assert_eq!(place.cache().ready(&python, &place.lock_file).unwrap(), None, "{said}");
        let mut events = Vec::new();
        place.cache().prepare(&python, &place.lock_file, &mut |event| events.push(event)).unwrap();
        let why = events.iter().find_map(|event| match event {
            EnvironmentEvent::Changed { why, .. } => Some(why.as_str()),
            _ => None,
        });
        let expected = if number == 6 { "" } else { said };
        assert!(why.is_some_and(|why| why.contains(expected)), "{said}: {why:?}");
        assert_eq!(place.installations(), number + 2);
        assert_eq!(fs::read_to_string(made.join("a.py")).unwrap(), "x\n");
        place.cache().prepare(&python, &place.lock_file, &mut |event| panic!("{said}: {event:?}")).unwrap();
    }
    assert!(place.cached().iter().all(|name| name.starts_with("env-")), "{:?}", place.cached());
}

/// The same tests, by somebody who may not do everything.
#[test]
fn all_of_this_holds_for_an_ordinary_user() {
    if !nix::unistd::geteuid().is_root() {
        // Then the tests above were an ordinary user's already.
        return;
    }
    let names = [
        "it_is_made_once_and_then_found",
        "a_cache_that_others_could_change_is_not_used",
        "a_folder_that_a_cache_needs_is_made_for_its_owner_only",
        "what_is_not_as_it_was_installed_is_said_and_installed_anew",
    ];
    let output = std::process::Command::new("setpriv")
        .args(["--reuid", "65533", "--regid", "65533", "--clear-groups", "--", "/proc/self/fd/0", "--exact"])
        .args(names)
        .stdin(fs::File::open(std::env::current_exe().unwrap()).unwrap())
        .current_dir("/")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("4 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_folder_of_packages_is_asked_in_place_of_any_index() {
    let place = Place::new();
    let python = place.python("mkdir -p \"$target\"");
    let log = place.dir.path().join("arguments");
    let noting = format!("echo \"$*\" >> {}", log.display());
    let text = fs::read_to_string(&python.executable).unwrap();
    script(&python.executable, &format!("{noting}\n{text}"));
    place.cache().from_folder("/some/folder".into()).prepare_packages(&python, &place.lock_file, &mut |_| ()).unwrap();
    let asked = fs::read_to_string(&log).unwrap();
    let install = asked.lines().find(|line| line.contains("pip install")).unwrap();
    assert!(
        install.contains("--require-hashes") && install.contains("--no-index --find-links /some/folder"),
        "{install}"
    );
}

#[test]
fn packages_are_downloaded_with_their_hashes_checked_and_leave_nothing_in_the_cache() {
    let place = Place::new();
    let body = "case \"$*\" in\n*'pip download'*'--require-hashes'*)\n  while [ \"$1\" != --dest ]; do shift; done\n  \
                mkdir -p \"$2\"; echo two > \"$2/b.tar.gz\"; echo one > \"$2/a.whl\"\n  ;;\nesac";
    let python = played_interpreter(script(&place.dir.path().join("python2.7"), body));
    let mut asked = Vec::new();
    let got = place.cache().download(&python, &place.lock_file, &mut |event| asked.push(event)).unwrap();
    assert!(matches!(&asked[0], EnvironmentEvent::Downloading { packages } if packages == &["Twisted==16.0.0"]));
    let names: Vec<_> = got.files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["a.whl", "b.tar.gz"]);
    drop(got);
    assert!(place.cached().is_empty(), "{:?}", place.cached());
}

#[test]
fn what_is_wrong_is_said_before_the_last_words_of_pip() {
    let place = Place::new();
    for (said, advice) in [
        ("Max retries exceeded with url: /simple/twisted/", "bloathound prepare --to DIR"),
        ("ERROR: No matching distribution found for Twisted==16.0.0", "bloathound prepare --from DIR"),
        ("unable to execute 'gcc': No such file or directory", "apt-get install gcc"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was pinned"),
    ] {
        let python = place.python(&format!("for n in 1 2 3 4 5 6; do echo line $n; done; echo \"{said}\"; exit 1"));
        let error = place.cache().prepare(&python, &place.lock_file, &mut |_| ()).unwrap_err().to_string();
        let (first, rest) = error.split_once("\nits last lines:\n").unwrap();
        assert!(first.contains(advice), "{error}");
        assert!(rest.contains(said) && !rest.contains("line 5"), "{error}");
    }
}

#[test]
fn pip_itself_installs_from_a_folder_without_a_network_and_refuses_another_file() {
    let Some(python) = bloathound_testkit::python27() else { return };
    let search = bloathound_driver::Search { configured: Some(python.into()), ..Default::default() };
    let python = search.find().unwrap().interpreter;
    let place = Place::new();
    let folder = place.dir.path().join("packages");
    fs::create_dir(&folder).unwrap();
    // A source package of one module, and its hash.
    const MAKE: &str = "import hashlib, io, sys, tarfile
path = sys.argv[1]
archive = tarfile.open(path, 'w:gz')
setup = b\"from distutils.core import setup\\nsetup(name='tiny', version='1.0', py_modules=['tiny'])\\n\"
for name, text in [('setup.py', setup), ('tiny.py', b'answer = 42\\n'),
                   ('PKG-INFO', b'Metadata-Version: 1.0\\nName: tiny\\nVersion: 1.0\\n')]:
    member = tarfile.TarInfo('tiny-1.0/' + name)
    member.size = len(text)
    archive.addfile(member, io.BytesIO(text))
archive.close()
sys.stdout.write(hashlib.sha256(open(path, 'rb').read()).hexdigest())";
    let sdist = folder.join("tiny-1.0.tar.gz");
    let hash = duct::cmd!(&python.executable, "-c", MAKE, &sdist).read().unwrap();
    fs::write(&place.lock_file, format!("tiny==1.0 --hash=sha256:{hash}\n")).unwrap();
    let prepare = |name: &str| {
        let cache = Cache::at(place.dir.path().join(name)).from_folder(folder.clone());
        cache.prepare_packages(&python, &place.lock_file, &mut |_| ())
    };
    let made = prepare("cache").unwrap();
    assert_eq!(fs::read_to_string(made.dir.join("tiny.py")).unwrap(), "answer = 42\n");
    let mut bytes = fs::read(&sdist).unwrap();
    bytes.push(0);
    fs::write(&sdist, bytes).unwrap();
    let error = prepare("other").unwrap_err().to_string();
    assert!(error.contains("not the one that was pinned"), "{error}");
    fs::remove_file(&sdist).unwrap();
    let error = prepare("other").unwrap_err().to_string();
    assert!(error.contains("bloathound prepare --to DIR"), "{error}");
}
