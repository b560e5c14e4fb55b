//! Every output of every command, and what it may lead to: nothing of the system's is renamed over, what can't be written
//! is told before the work begins, and where writing fails later no file is left.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;

use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bloathound_testkit::{cannot, skip};
use predicates::str::contains;
use support::{bloathound, root};

/// Commands that need no process, each with one output at its end.
fn commands() -> Vec<Vec<String>> {
    let recorded = |name: &str| root().join("snapshots/recorded").join(name).display().to_string();
    let image = recorded("cycles-buggy/inspect.bhi");
    let lines = [
        format!("replay {} --json", recorded("tightloop-fixed")),
        format!("hot {} --json", recorded("tightloop-buggy/hot.bhs")),
        format!("hot {} --folded", recorded("tightloop-buggy/hot.bhs")),
        format!("inspect {image} --json"),
        format!("inspect {image} --heatmap"),
        format!("diff {image} {image} --json"),
        format!("why {image} dict --json"),
        format!("why {image} dict --dot"),
        format!("why {image} dict --svg"),
        format!("inspect {image} --report"),
        format!("inspect {image} --heapsnapshot"),
        format!("hot {} --speedscope", recorded("tightloop-buggy/hot.bhs")),
        format!("hot {} --pprof", recorded("tightloop-buggy/hot.bhs")),
        format!("hot {} --report", recorded("tightloop-buggy/hot.bhs")),
        format!("diff {image} {image} --report"),
        format!("why {image} dict --report"),
        format!("replay {} --report", recorded("tightloop-fixed")),
    ];
    lines.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// Where a heat map goes has to say what it is.
fn named(command: &[String], stem: &str) -> String {
    if command.contains(&"--heatmap".to_owned()) { format!("{stem}.svg") } else { stem.to_owned() }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// False, with a notice, where the machine does not let us try; a gate has to.
fn able(can: bool, what: &str) -> bool {
    if !can {
        skip(&format!("no right to {what}"));
    }
    can
}

#[test]
fn no_device_is_renamed_over() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("mknod").arg(folder.path().join("try")).args(["c", "1", "3"]).output();
    if !able(made.is_ok_and(|output| output.status.success()), "make a device (mknod)") {
        return;
    }
    for command in commands() {
        let device = folder.path().join(named(&command, "null"));
        if !device.exists() {
            assert!(Command::new("mknod").arg(&device).args(["c", "1", "3"]).status().unwrap().success());
        }
        let before = fs::symlink_metadata(&device).unwrap();
        bloathound().args(&command).arg(&device).assert().success();
        let after = fs::symlink_metadata(&device).unwrap();
        assert!(after.file_type().is_char_device(), "{command:?}");
        assert_eq!((before.ino(), before.rdev(), before.mode()), (after.ino(), after.rdev(), after.mode()));
    }
    assert_eq!(names(folder.path()), ["null", "null.svg", "try"]);
}

#[test]
fn a_link_stays_and_leads_to_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link.svg"));
    symlink("target", &link).unwrap();
    for command in commands() {
        fs::write(&target, "before").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        bloathound().args(&command).arg(&link).assert().success();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{command:?}");
        assert!(fs::read(&target).unwrap().len() > 20, "{command:?}");
        assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o640, "{command:?}");
        assert_eq!(names(folder.path()), ["link.svg", "target"]);
    }
}

/// What a shell gives as the name of an output.
fn by_shell(script: &str, folder: &Path) -> Output {
    let run = root().join("snapshots/recorded/tightloop-fixed");
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).env("BLOATHOUND", env!("CARGO_BIN_EXE_bloathound")).env("RUN", run).current_dir(folder);
    let output = bash.output().unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
    output
}

#[test]
fn a_fifo_a_process_and_a_descriptor_are_written_through() {
    let results = |text: &[u8]| {
        let results: serde_json::Value = serde_json::from_slice(text).unwrap();
        assert_eq!(results["partial"], serde_json::Value::Null);
        assert_eq!(results["runs"].as_array().unwrap().len(), 1);
    };
    for script in [
        "mkfifo out; cat out > seen & \"$BLOATHOUND\" replay \"$RUN\" --json out && wait && test -p out",
        // The shell does not wait for the process that it gave a name.
        "\"$BLOATHOUND\" replay \"$RUN\" --json >(cat > seen) && wait $!",
        "\"$BLOATHOUND\" replay \"$RUN\" --json /dev/fd/3 3> seen",
        "\"$BLOATHOUND\" replay \"$RUN\" --json /dev/stdout > seen",
        "\"$BLOATHOUND\" replay \"$RUN\" --json - > seen",
        "\"$BLOATHOUND\" replay \"$RUN\" --json /dev/stderr 2> seen",
    ] {
        let folder = tempfile::tempdir().unwrap();
        by_shell(script, folder.path());
        results(&fs::read(folder.path().join("seen")).unwrap());
        assert!(names(folder.path()).iter().all(|name| name == "seen" || name == "out"), "{:?}", names(folder.path()));
    }
    // What was in it before is its owner's.
    let folder = tempfile::tempdir().unwrap();
    by_shell("exec 3>> seen; echo before >&3; \"$BLOATHOUND\" replay \"$RUN\" --json /dev/fd/3", folder.path());
    let seen = fs::read(folder.path().join("seen")).unwrap();
    results(seen.strip_prefix(b"before\n").unwrap());
}

#[test]
fn a_full_stdout_is_code_6_in_every_command() {
    let recorded = |name: &str| root().join("snapshots/recorded").join(name).display().to_string();
    let image = recorded("cycles-buggy/inspect.bhi");
    let mut all: Vec<Vec<String>> = commands()
        .into_iter()
        .map(|mut command| {
            command.pop();
            command
        })
        .collect();
    all.extend(["list", "--help", "--version"].map(|word| vec![word.to_owned()]));
    all.push(vec!["run".into(), "--help".into()]);
    all.push(vec!["inspect".into(), image, "--json".into(), "-".into()]);
    for command in all {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_bloathound"));
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = tool.args(&command).current_dir(root()).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{command:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("stdout: No space left"), "{command:?}");
    }
}

#[test]
fn past_the_limit_of_a_files_size_is_code_6_and_leaves_what_was_there() {
    for command in commands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(named(&command, "result"));
        fs::write(&path, "before").unwrap();
        let mut bash = Command::new("bash");
        // A limit of no block at all: there is an output of 300 bytes.
        bash.args(["-c", "ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_bloathound")]);
        let output = bash.args(&command).arg(&path).current_dir(root()).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{command:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("File too large"), "{command:?}: {output:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(names(folder.path()).len(), 1, "{command:?}");
        // And the rest is told.
        assert!(!output.stdout.is_empty(), "{command:?}");
    }
}

#[test]
fn on_a_full_disk_it_is_code_6_and_no_file_is_left() {
    let mount = |script: &str, folder: &Path| {
        let script = format!("mount -t tmpfs -o size=16k none \"$DISK\" && {script}");
        Command::new("unshare").args(["--mount", "sh", "-c", &script]).env("DISK", folder).output()
    };
    let folder = tempfile::tempdir().unwrap();
    let can = mount("true", folder.path()).is_ok_and(|output| output.status.success());
    if !able(can, "mount a small disk (unshare --mount)") {
        return;
    }
    // Room for a name, and not for what is written.
    let fill = "cat /dev/zero > \"$DISK\"/rest 2> /dev/null;";
    for command in &commands() {
        let path = folder.path().join(named(command, "result"));
        let words: Vec<String> = command.iter().map(|word| format!("'{word}'")).collect();
        let tool = env!("CARGO_BIN_EXE_bloathound");
        let script = format!("{fill} '{tool}' {} '{}'; echo code $?; ls -A \"$DISK\"", words.join(" "), path.display());
        let output = mount(&script, folder.path()).unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(told.ends_with("code 6\nrest\n"), "{command:?}: {told}{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("No space left"), "{command:?}");
    }
}

/// All outputs there are, each with what it belongs to. None of these could do its work: what is wrong with the output is
/// said first.
const UNABLE: [(&str, &str); 14] = [
    ("inspect nobody.bhi", "--json"),
    ("inspect nobody.bhi", "--heatmap"),
    ("diff nobody.bhi nobody.bhi", "--json"),
    ("why nobody.bhi dict", "--json"),
    ("why nobody.bhi dict", "--dot"),
    ("why nobody.bhi dict", "--svg"),
    ("hot nobody.bhs", "--json"),
    ("hot nobody.bhs", "--folded"),
    ("hot 8388608", "--record"),
    ("watch 8388608", "--json"),
    ("capture 8388608", "-o"),
    ("replay nobody", "--json"),
    ("merge nobody.json", "--json"),
    ("capture manhole:nobody", "-o"),
];

#[test]
fn what_can_not_be_written_is_told_before_the_work_begins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for (command, flag) in UNABLE {
        let below = file.join("result.svg");
        let mut tool = bloathound();
        tool.args(command.split(' ')).arg(flag).arg(&below);
        tool.assert().code(6).stdout("").stderr(contains("result.svg"));
    }
    // No Python is there to be found: that would be code 3.
    for (flag, path) in [("--json", &file), ("--junit", &file), ("--report", &file), ("--record", &file)] {
        let path = if flag.starts_with("--j") { path.join("result") } else { path.clone() };
        let mut tool = bloathound();
        tool.args(["run", "leak", flag]).arg(&path).env("PATH", "").env("BLOATHOUND_PYTHON27", "/nonexistent");
        tool.assert().code(6).stdout("").stderr(contains(path.display().to_string()));
    }
    assert_eq!(names(folder.path()), ["file"]);
}

/// What can be opened for writing, and still not be replaced or written to.
#[test]
fn what_takes_no_other_file_in_its_place_is_told_before_the_work_begins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.svg");
    fs::write(&file, "before").unwrap();
    let mounted = |command: &str, flag: &str| {
        let script = "mount --bind \"$FILE\" \"$FILE\" && exec \"$@\"";
        let mut tool = Command::new("unshare");
        tool.args(["--mount", "sh", "-c", script, "sh"]).arg(env!("CARGO_BIN_EXE_bloathound"));
        tool.args(command.split(' ')).arg(flag).arg(&file).env("FILE", &file).current_dir(root()).output().unwrap()
    };
    let can = Command::new("unshare").args(["--mount", "mount", "--bind"]).arg(&file).arg(&file).output();
    if able(can.is_ok_and(|output| output.status.success()), "mount a file (unshare --mount)") {
        for (command, flag) in UNABLE {
            let output = mounted(command, flag);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(6), "{command} {flag}: {said}");
            assert!(said.contains("a file that is mounted by itself"), "{command} {flag}: {said}");
        }
    }
    let attribute = |change: &str| Command::new("chattr").arg(change).arg(&file).output();
    if attribute("+a").is_ok_and(|output| output.status.success()) {
        for (command, flag) in UNABLE {
            bloathound().args(command.split(' ')).arg(flag).arg(&file).assert().code(6).stdout("");
        }
        assert!(attribute("-a").unwrap().status.success());
    } else {
        cannot("no file that may only be appended to can be made here (chattr)");
    }
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), names(folder.path()).len()), ("before", 1));
    // What was opened for reading stays as it is, although its name could be opened anew.
    let script =
        "\"$BLOATHOUND\" replay nobody --json /dev/fd/3 3< file.svg 2> said; test $? = 6 && rm said || cat said";
    assert!(by_shell(script, folder.path()).stdout.is_empty());
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), names(folder.path()).len()), ("before", 1));
}

#[test]
fn one_output_does_not_take_the_place_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file.svg"), folder.path().join("link"));
    symlink("file.svg", &link).unwrap();
    for (command, first, second) in [
        ("hot nobody.bhs", "--json", "--folded"),
        ("inspect nobody.bhi", "--json", "--heatmap"),
        ("why nobody.bhi dict", "--dot", "--svg"),
        ("run leak", "--json", "--junit"),
    ] {
        let mut tool = bloathound();
        tool.args(command.split(' ')).arg(first).arg(&link).arg(second).arg(&file);
        tool.assert().code(2).stdout("").stderr(contains("two outputs to the same file"));
    }
    assert_eq!(names(folder.path()), ["link"]);
}

#[test]
fn an_ordinary_user_is_told_of_a_folder_that_is_not_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("bloathound");
    fs::copy(env!("CARGO_BIN_EXE_bloathound"), &copy).unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    let protected = theirs.join("protected");
    fs::write(&protected, "before").unwrap();
    // As in `/tmp`: whoever may write to a file may not put another in its place.
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).unwrap();
    let another = shared.join("another.svg");
    fs::write(&another, "before").unwrap();
    let modes = [(folder.path(), 0o755), (&copy, 0o755), (&theirs, 0o777), (&closed, 0o755), (&protected, 0o444)];
    for (path, mode) in modes.into_iter().chain([(shared.as_path(), 0o1777), (&another, 0o666)]) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let can = Command::new("setpriv").args(user).arg(&copy).arg("--version").output();
    if !able(can.is_ok_and(|output| output.status.success()), "become another one (setpriv)") {
        return;
    }
    let dropped = |words: &[&str], path: &Path| {
        let mut tool = Command::new("setpriv");
        tool.args(user).arg(&copy).args(words).arg(path).current_dir(&theirs).output().unwrap()
    };
    for (command, flag) in UNABLE {
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push(flag);
        for path in [closed.join("result.svg"), closed.join("deeper/result.svg"), protected.clone()] {
            if flag == "--heatmap" && path == protected {
                continue;
            }
            let output = dropped(&words, &path);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(6), "{command} {flag} {}: {said}", path.display());
            assert!(said.contains(&path.display().to_string()) && said.contains("ermission denied"), "{said}");
        }
        let output = dropped(&words, &another);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(6), "{command} {flag}: {said}");
        assert!(said.contains("only its owner can replace it"), "{command} {flag}: {said}");
    }
    // What is theirs is written, and is theirs.
    let results = theirs.join("results.json");
    let samples = root().join("snapshots/recorded/tightloop-buggy/hot.bhs");
    let readable = theirs.join("hot.bhs");
    fs::copy(samples, &readable).unwrap();
    let output = dropped(&["hot", &readable.display().to_string(), "--json"], &results);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::metadata(&results).unwrap().uid(), 65534);
    assert_eq!(fs::read_to_string(&protected).unwrap(), "before");
    assert_eq!(names(&closed), [] as [&str; 0]);
}

#[test]
fn a_reader_that_leaves_is_no_failure_and_one_that_never_comes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fifo: PathBuf = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let samples = root().join("snapshots/recorded/tightloop-buggy/hot.bhs");
    let mut tool = bloathound();
    tool.arg("hot").arg(samples).arg("--json").arg(&fifo);
    tool.assert().code(6).stdout("").stderr(contains("nobody reads"));
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut list = Command::new(env!("CARGO_BIN_EXE_bloathound"));
    let mut child = list.arg("list").current_dir(root()).stdout(writer).spawn().unwrap();
    drop(list);
    let mut byte = [0];
    reader.read_exact(&mut byte).unwrap();
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
