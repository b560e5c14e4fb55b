//! Recordings are made, on the real binary and real processes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bloathound_memory::MemorySource;
use bloathound_testkit::Owned;
use predicates::prelude::*;
use predicates::str::contains;
use support::{asleep, bloathound, live, python, root};
use tempfile::TempDir;

/// Services at work take whole processors: one run at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A checkout whose scenarios are the small ones.
fn small_home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    symlink(root().join("scenarios/small"), home.path().join("scenarios")).unwrap();
    symlink(root().join("reference-services"), home.path().join("reference-services")).unwrap();
    home
}

/// What a recorded live run finds, `replay` finds, byte for byte.
fn replay_agrees_with_the_run(name: &str, class: &str) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if !live() {
        return;
    }
    let (home, folder) = (small_home(), tempfile::tempdir().unwrap());
    let json = |name: &str| folder.path().join(name);
    let mut run = bloathound();
    run.args(["run", name, "--variant", "buggy", "--home"]).arg(home.path()).arg("--record").arg(folder.path());
    run.arg("--json").arg(json("live.json")).timeout(Duration::from_secs(300)).assert().code(0);
    bloathound().arg("replay").arg(folder.path()).arg("--json").arg(json("again.json")).assert().code(0);
    let findings = |name: &str| {
        let results: serde_json::Value = serde_json::from_slice(&fs::read(json(name)).unwrap()).unwrap();
        let runs = results["runs"].as_array().unwrap().clone();
        assert_eq!(runs.len(), 1);
        serde_json::to_string_pretty(&runs[0]["findings"]).unwrap()
    };
    let found = findings("live.json");
    assert!(found.contains(&format!("\"class\": \"{class}\"")), "{found}");
    assert_eq!(found, findings("again.json"));

    // Nobody else may read it, and nothing half written is left.
    for entry in fs::read_dir(folder.path().join(format!("{name}-buggy"))).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        let kinds = ["bhi", "bhs", "json"];
        assert!(path.extension().is_some_and(|kind| kinds.contains(&kind.to_str().unwrap())), "{}", path.display());
    }
}

#[test]
fn a_leak_is_found_again() {
    replay_agrees_with_the_run("leak", "leak");
}

#[test]
fn cycles_are_found_again() {
    replay_agrees_with_the_run("cycles", "cycle");
}

#[test]
fn fragmentation_is_found_again() {
    replay_agrees_with_the_run("fragmentation", "fragmentation");
}

#[test]
fn a_hot_loop_is_found_again() {
    replay_agrees_with_the_run("tightloop", "hot-loop");
}

/// A Python that has done something and waits.
struct Waiting(Owned);

impl Waiting {
    /// `script` reads a secret from its input, prints `ready` and must then wait for more input.
    fn start(script: &str, secret: &str) -> Self {
        let python = python();
        let mut command = Command::new(python);
        command.args(["-c", script]).env("BLOATHOUND_TEST_SECRET", secret);
        let mut child = Owned::from(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        writeln!(child.stdin.as_mut().unwrap(), "{secret}").unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

/// Says the secret everywhere: objects of all kinds of text, keys, constants, interned, freed, in C's buffers, on the
/// stack of a thread that waits in C, in the environment.
const SECRETS: &str = r#"
import array, cStringIO, collections, hashlib, mmap, re, sys, threading
secret = sys.stdin.readline().strip()
wide = secret.decode('ascii')
class Account(object):
    __slots__ = ('password',)
class Word(str): pass
class WideWord(unicode): pass
def documented(): pass
documented.__doc__ = 'says ' + secret
account = Account()
account.password = secret + '!'
kept = [secret * 3, wide * 3, bytearray(secret), bytearray(wide.encode('utf-16-le')), intern(secret + '_interned'),
        Word(secret), WideWord(wide), buffer(secret), array.array('c', secret), array.array('u', wide),
        collections.deque([secret + 'd']), cStringIO.StringIO(secret * 40), hashlib.md5(secret), re.compile(secret),
        ValueError(secret), {secret + 'key': wide + u'value'}, set([secret + 'member']), iter(secret + 'it')]
output = cStringIO.StringIO()
output.write(secret * 100)
shared = mmap.mmap(-1, 8192, mmap.MAP_PRIVATE)
shared.write(secret * 10)
namespace = {}
exec compile('def code(): return "%s", u"%s"' % (secret, secret), '/srv/' + secret + '/app.py', 'exec') in namespace
large = secret * 100000
freed = [(secret + str(n)) * (1 + n % 40) for n in range(5000)]
freed = freed[::50]
del freed
held = [Account() for _ in range(321)]
def wait():
    lines = sys.stdin.readline()
thread = threading.Thread(target=wait)
thread.daemon = True
thread.start()
sys.stdout.write('ready\n')
sys.stdout.flush()
thread.join()
"#;

/// Five bytes of it in a row are enough to be found, as bytes and as wide characters.
const SECRET: &str = "QZ7/XKV9=WJ4U&YR2T";

/// Parts of the secret that are in the image's memory or manifest.
fn parts_found(image: &Path) -> Vec<String> {
    let recording = bloathound_memory::read_recording(image, u64::MAX).unwrap().recording;
    let names = format!("{:?} {:?}", recording.manifest, recording.image.regions());
    let content = [names.as_bytes(), recording.image.flat()].concat();
    let mut found = Vec::new();
    for width in [1, 2, 4] {
        for part in SECRET.as_bytes().windows(5) {
            let wanted: Vec<u8> =
                part.iter().flat_map(|byte| std::iter::once(*byte).chain(std::iter::repeat_n(0, width - 1))).collect();
            if let Some(at) = content.windows(wanted.len()).position(|window| window == wanted) {
                let from = at.saturating_sub(64);
                let around = String::from_utf8_lossy(&content[from..at + 64]).into_owned();
                found.push(format!("{} ({width} bytes a character): {around:?}", String::from_utf8_lossy(part)));
            }
        }
    }
    found
}

#[test]
fn a_redacted_image_does_not_say_a_secret() {
    if !live() {
        return;
    }
    let process = Waiting::start(SECRETS, SECRET);
    asleep(process.0.id());
    let folder = tempfile::tempdir().unwrap();
    let (whole, redacted) = (folder.path().join("whole.bhi"), folder.path().join("redacted.bhi"));
    bloathound().args(["capture", &process.pid(), "-o"]).arg(&whole).assert().success();
    bloathound().args(["capture", &process.pid(), "--redact", "-o"]).arg(&redacted).assert().success();
    assert!(!parts_found(&whole).is_empty(), "texts are there without --redact");
    assert_eq!(parts_found(&redacted), Vec::<String>::new());

    // And it still tells the same figures.
    let figures = |image: &Path| {
        let output = bloathound().arg("inspect").arg(image).args(["--json", "-"]).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let heap = &report["heap"];
        [&heap["objects"], &heap["bytes"], &heap["by_type"], &heap["references"], &report["rss"], &report["arenas"]]
            .map(ToString::to_string)
    };
    let told = figures(&redacted);
    assert!(told[2].contains("__main__.Account"), "{}", told[2]);
    for (told, whole) in told.iter().zip(figures(&whole)) {
        assert_eq!(*told, whole);
    }
}

#[test]
fn samples_of_a_process_can_be_kept_and_judged_again() {
    if !live() {
        return;
    }
    let script = "import sys\nsecret = sys.stdin.readline().strip()\ndef spin(word):\n    done = False\n    while not done:\n        word.strip()\nsys.stdout.write('ready\\n')\nsys.stdout.flush()\nspin(secret)\n";
    let process = Waiting::start(script, SECRET);
    let folder = tempfile::tempdir().unwrap();
    let (samples, redacted) = (folder.path().join("hot.bhs"), folder.path().join("redacted.bhs"));
    let json = |target: &str, more: &[&str]| {
        let output = bloathound().args(["hot", target, "--json", "-"]).args(more).output().unwrap();
        let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report.as_object_mut().unwrap().remove("target");
        // The command to type next names the target.
        let summary = &mut report["findings"][0]["summary"];
        *summary = summary.as_str().unwrap().split(" Next: ").next().unwrap().into();
        report
    };
    let kept = ["--seconds", "2", "--record", samples.to_str().unwrap()];
    let live = json(&process.pid(), &kept);
    assert_eq!(live["verdict"], "no-observed-progress", "{live}");
    assert_eq!(live, json(samples.to_str().unwrap(), &[]));
    bloathound().arg("hot").arg(&samples).args(["--record", "x"]).assert().code(2).stderr(contains("already"));

    let mut redact = bloathound();
    redact.args(["hot", &process.pid(), "--seconds", "2", "--redact", "--record"]).arg(&redacted).assert().success();
    let says = |path: &Path| format!("{:?}", bloathound_engine::record::open_samples(path).unwrap());
    assert!(says(&samples).contains(SECRET));
    assert!(!says(&redacted).contains(&SECRET[..5]));
    let verdict = contains("no-observed-progress").and(contains("done = False"));
    bloathound().arg("hot").arg(&redacted).assert().success().stdout(verdict);
}
