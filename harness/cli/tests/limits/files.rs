//! What is named as a file and is none: FIFOs, devices, folders. And files that are more than they seem.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bloathound_memory::{
    Address, Manifest, MemoryImage, MemorySource, Recording, Region, RegionKind, SymbolTable, WriteOptions, untouched,
    write_recording,
};
use bloathound_testkit::{cannot, small_heap};

use crate::bloathound;
use crate::support::{home_with, root};

/// Longest time for any of it, on a busy machine.
const LONGEST: Duration = Duration::from_secs(120);

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Asserts that a command refuses `path`, says what it is, and neither waits nor reads on.
fn refuses(arguments: &[&str], what: &str) {
    refuses_as(bloathound(), arguments, what);
}

fn refuses_as(mut tool: assert_cmd::Command, arguments: &[&str], what: &str) {
    let output = tool.args(arguments).timeout(LONGEST).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
    assert!(text.contains(what), "{arguments:?}: {text}");
}

#[test]
fn whatever_is_named_as_a_file_is_one_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    fifo(&pipe);
    let pipe = pipe.to_str().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(pipe, &link).unwrap();
    for (path, what) in [
        (pipe, "it is a FIFO"),
        (link.to_str().unwrap(), "it is a FIFO"),
        ("/dev/zero", "it is a device"),
        (folder.path().to_str().unwrap(), "it is a folder"),
    ] {
        // An image, a core, a dump or samples by what they begin with; looks to compare; a partition's results.
        refuses(&["inspect", path], what);
        refuses(&["why", path, "dict"], what);
        refuses(&["diff", path, path], what);
        refuses(&["hot", path], what);
        refuses(&["merge", path], what);
    }
}

#[test]
fn an_ordinary_user_is_refused_the_same() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let tool = folder.path().join("bloathound");
    fs::copy(env!("CARGO_BIN_EXE_bloathound"), &tool).unwrap();
    let pipe = folder.path().join("pipe");
    fifo(&pipe);
    for (path, mode) in [(folder.path(), 0o755), (&tool, 0o755), (&pipe, 0o666)] {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let as_nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    if !Command::new("setpriv").args(as_nobody).arg("true").status().is_ok_and(|status| status.success()) {
        cannot("no way to become an ordinary user here (setpriv)");
        return;
    }
    let dropped = || {
        let mut command = assert_cmd::Command::new("setpriv");
        command.args(as_nobody).arg(&tool).current_dir(folder.path());
        command
    };
    for (path, what) in [("pipe", "it is a FIFO"), ("/dev/zero", "it is a device"), (".", "it is a folder")] {
        for arguments in [&["inspect", path][..], &["diff", path, path], &["hot", path], &["merge", path]] {
            refuses_as(dropped(), arguments, what);
        }
    }
}

#[test]
fn files_of_a_recorded_run_are_files() {
    let recorded = root().join("snapshots/recorded");
    let run = fs::read_dir(&recorded).unwrap().flatten().map(|entry| entry.path());
    let run = run.filter(|path| path.join("run.json").is_file()).min().expect("a recorded run");
    for name in ["findings.json", "image", "run.json"] {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(&run).unwrap().flatten() {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let files = fs::read_dir(copy.path()).unwrap().flatten().map(|entry| entry.path());
        let mut images: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "bhi")).collect();
        images.sort();
        let path = if name == "image" { images.remove(0) } else { copy.path().join(name) };
        fs::remove_file(&path).unwrap();
        fifo(&path);
        let what = if name == "run.json" { "no recorded run here" } else { "it is a FIFO" };
        refuses(&["replay", copy.path().to_str().unwrap()], what);
    }
}

#[test]
fn a_scenario_is_a_file_of_no_great_depth() {
    let home = home_with("leak");
    let home_path = home.path().to_str().unwrap();
    let scenario = home.path().join("scenarios/leak.yaml");
    let text = fs::read_to_string(&scenario).unwrap();
    let line = text.lines().count() + 1;
    fs::write(&scenario, format!("{text}extra: {}\n", "[".repeat(100_000))).unwrap();
    refuses(&["list", "--home", home_path], &format!("leak.yaml:{line}:72:"));
    refuses(&["list", "--home", home_path], "65 brackets within one another; meant at most 64");
    fs::write(&scenario, format!("{text}# {}\n", "long ".repeat(100_000))).unwrap();
    refuses(&["list", "--home", home_path], "at most 262144 are read");
    fs::remove_file(&scenario).unwrap();
    fifo(&scenario);
    refuses(&["run", "--home", home_path], "it is a FIFO");
    fs::remove_file(&scenario).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &scenario).unwrap();
    refuses(&["run", "--home", home_path], "it is a device");
}

/// Writes the image of a small heap, with `zeroes` bytes more of which each is zero and of which the file says so piece by
/// piece: no number in it is wrong.
fn write_image(path: &Path, zeroes: u64) {
    let heap = small_heap();
    let small = heap.memory.clone().finish();
    let end = small.runs().last().map(|(start, pages)| start.0 + u64::from(*pages) * 4096).unwrap();
    // Above all of the heap, and apart from it: so its bytes come first, and the zeroes are addresses only, here too.
    let at = end + (1 << 30);
    let mut regions = small.regions().to_vec();
    let region = regions.last().unwrap().clone();
    let kind = RegionKind::Anonymous;
    regions.push(Region { start: Address(at), end: Address(at + zeroes), kind, rss_bytes: Some(0), ..region });
    let mut runs = small.runs().to_vec();
    runs.push((Address(at), u32::try_from(zeroes / 4096).unwrap()));
    let mut flat = untouched(small.flat().len() + zeroes as usize).unwrap();
    flat[..small.flat().len()].copy_from_slice(small.flat());
    let manifest = Manifest { interpreter: heap.facts.clone(), executable: "python".into(), ..Manifest::default() };
    let data_ranges = vec![Address(heap.data.start)..Address(heap.data.end)];
    let symbols = SymbolTable { data_ranges, ..SymbolTable::default() };
    let image = MemoryImage::new(regions, runs, flat);
    let recording = Recording { manifest, symbols, page_runs: Vec::new(), image };
    write_recording(path, &recording, WriteOptions::default()).unwrap();
}

/// Exit code, standard error, and the most that was resident.
fn peak(path: &Path) -> (Option<i32>, String, u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bloathound"))
        .args(["inspect", path.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (started, mut peak) = (Instant::now(), 0);
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = peak.max(most.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) * 1024);
        if started.elapsed() > 4 * LONGEST {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned(), peak)
}

#[test]
fn an_image_of_zeroes_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeroes.bhi");
    write_image(&path, 16 << 30);
    let file_bytes = path.metadata().unwrap().len();
    let (code, text, peak) = peak(&path);
    eprintln!("a file of {file_bytes} bytes, 16 GiB of zeroes: at most {peak} bytes resident\n{text}");
    assert!(file_bytes < 4 << 20);
    assert!(peak < 512 << 20, "{peak} bytes were resident");
    match code {
        Some(0) => {}
        // A machine that has no addresses for so many says so.
        Some(3) => assert!(text.contains("holds 17179 MB of memory"), "{text}"),
        _ => panic!("{code:?}: {text}"),
    }
}
