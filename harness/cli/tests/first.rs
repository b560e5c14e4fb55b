//! The first command on any machine: recorded runs where there is no Python 2.7, and no gate that turns green because of that;
//! and how a Python is made. pyenv is played by a script.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use bloathound_score::read_results;
use bloathound_vocabulary::{RunResults, RunSource};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use support::{root, wait_until};
use tempfile::TempDir;

const BANNER: &str = "recorded, not live: no Python 2.7 here; this makes it live: ";
const TWINS: [&str; 4] = ["cycles", "fragmentation", "leak", "tightloop"];

/// A machine with nothing: no variable is set, nothing is on the path, and the home is empty.
struct Bare(TempDir);

impl Bare {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    /// The built binary there, in the checkout.
    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bloathound"));
        command.current_dir(root()).env_clear().env("PATH", "").env("HOME", self.home());
        command.args(line.split_whitespace());
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    /// A script of that name in the home.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A pyenv that makes a program which answers as a CPython 2.7 does.
    fn pyenv(&self) {
        self.script(
            ".pyenv/bin/pyenv",
            r#"test "$*" = "install --force 2.7.18" || exit 9
echo "Downloading Python-2.7.18.tar.xz..." >&2
echo "$PYENV_ROOT" > "$HOME/asked"
bin="$PYENV_ROOT/versions/2.7.18/bin"
/bin/mkdir -p "$bin"
cat_python() { /bin/cat <<END
#!/bin/sh
echo '{"executable": "$bin/python2.7", "version": "2.7.18", "major_minor": [2, 7], "implementation": "CPython",
  "word_bits": 64, "debug": false, "max_unicode": 1114111, "abi": "cp27mu linux-x86_64"}'
END
}
cat_python > "$bin/python2.7"
/bin/chmod 755 "$bin/python2.7"
echo "Installed Python-2.7.18 to $PYENV_ROOT/versions/2.7.18" >&2"#,
        );
    }
}

fn results(path: &Path) -> RunResults {
    read_results("results", &fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_first_command_judges_what_is_recorded_under_a_banner() {
    let bare = Bare::new();
    let output = bare.command("run").assert().success().stdout(starts_with(BANNER)).get_output().clone();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    for name in TWINS {
        for variant in ["buggy", "fixed"] {
            let is_its = |line: &str| line.split_whitespace().take(3).eq(["ok", name, variant]);
            assert_eq!(stdout.lines().filter(|line| is_its(line)).count(), 1, "{name} {variant}\n{stdout}");
        }
    }
    // No score is made of them.
    assert!(stdout.contains("8 runs: 8 ok") && !stdout.contains("recall"), "{stdout}");
    assert!(stderr.contains("runs are not recorded"), "{stderr}");
    for way in ["pyenv install 2.7.18", "conda create", "docker run", "BLOATHOUND_PYTHON27"] {
        assert!(stdout.contains(way), "{way}\n{stdout}");
    }
    // Without any variable at all as well.
    bare.command("run leak").env_remove("PATH").env_remove("HOME").assert().success().stdout(starts_with(BANNER));
}

#[test]
fn where_pyenv_is_the_banner_is_one_command() {
    let bare = Bare::new();
    bare.pyenv();
    let command = format!("{BANNER}{} prepare --python\n", env!("CARGO_BIN_EXE_bloathound"));
    bare.command("run leak").assert().success().stdout(starts_with(command));
}

#[test]
fn no_gate_turns_green_because_python_is_gone() {
    let bare = Bare::new();
    fs::create_dir(bare.file("folder")).unwrap();
    let file = |option: &str| format!("{option} {}", bare.file("out").display());
    let folder = |option: &str| format!("{option} {}", bare.file("folder").display());
    let mut asked: Vec<String> =
        ["--live", "--partition 1/2", "--annotate", "--without growth", "--json -"].map(str::to_owned).to_vec();
    asked.extend(["--json", "--junit", "--summary", "--curve", "--write-floors"].map(file));
    asked.extend(["--record", "--report"].map(folder));
    asked.push("--floors ci/floors.yaml".to_owned());
    for options in &asked {
        let option = options.split(' ').next().unwrap();
        let said =
            contains("pyenv install 2.7.18").and(contains(format!("{option} is given"))).and(contains("--recorded"));
        bare.command(&format!("run leak {options}")).assert().code(3).stdout("").stderr(said);
    }
    assert!(!bare.file("out").exists(), "nothing was measured");
    for (name, value) in [("CI", "true"), ("CI", "1"), ("CI", ""), ("BLOATHOUND_REQUIRE_LIVE", "1")] {
        let said = contains(format!("{name} is set")).and(contains("pyenv install 2.7.18"));
        bare.command("run").env(name, value).assert().code(3).stdout("").stderr(said);
    }
    // Whoever names an interpreter means it.
    let said = contains("BLOATHOUND_PYTHON27 is set to /nonexistent");
    bare.command("run leak").env("BLOATHOUND_PYTHON27", "/nonexistent").assert().code(3).stdout("").stderr(said);
}

#[test]
fn recorded_runs_that_are_asked_for_say_so_and_enter_no_score() {
    let bare = Bare::new();
    let json = bare.file("results.json");
    let line = format!("run --recorded --json {}", json.display());
    bare.command(&line).env("CI", "true").assert().success().stdout(starts_with("recorded, not live: --recorded"));
    let read = results(&json);
    assert_eq!(read.runs.len(), 8);
    assert!(read.runs.iter().all(|run| run.source == RunSource::Recorded));
    assert!(read.scores.is_empty() && read.baselines.is_empty() && read.dose.is_empty());
    let text = fs::read_to_string(&json).unwrap();
    assert_eq!(text.matches("\"source\": \"recorded\"").count(), 8);
    // With the JSON on stdout the banner is not there.
    let output = bare.command("run leak --recorded --json -").assert().success().stderr(contains("recorded, not live"));
    assert!(read_results("stdout", &String::from_utf8(output.get_output().stdout.clone()).unwrap()).is_ok());
    // Joined they are told apart still.
    bare.command(&format!("merge {}", json.display())).assert().stderr(contains("8 of 8 runs are recorded, not live"));
    // A rule that is broken is seen, and floors are of scores.
    bare.command("run leak --recorded --without growth").assert().code(1);
    for option in ["--floors ci/floors.yaml", "--write-floors /dev/null", "--record /dev/null", "--live"] {
        bare.command(&format!("run --recorded {option}")).assert().code(2);
    }
}

#[test]
fn what_is_named_and_not_recorded_is_no_run_left_out() {
    let bare = Bare::new();
    for line in [
        "run negative-idle",
        "run leak negative-idle",
        "run tightloop*",
        "run leak --seed 7",
        "run leak --traffic ramp",
    ] {
        let said = contains("not recorded").and(contains("bloathound doctor"));
        bare.command(line).assert().code(3).stdout("").stderr(said);
    }
    bare.command("run tightloop* --recorded").assert().success().stderr(contains("not recorded"));
    bare.command("run leak --variant fixed --seed 1").assert().success().stdout(contains("1 run: 1 ok"));
    bare.command("run --generated 1").assert().code(3).stdout("");
}

#[test]
fn recorded_runs_are_those_of_the_checkout_and_are_judged() {
    let bare = Bare::new();
    let home = tempfile::tempdir().unwrap();
    for name in ["scenarios", "reference-services"] {
        symlink(root().join(name), home.path().join(name)).unwrap();
    }
    let line = format!("run leak --variant fixed --home {}", home.path().display());
    bare.command(&line).assert().code(3).stdout("").stderr(contains("not recorded"));
    // One whose findings are not what they were is a failure, recorded or not.
    let run = home.path().join("snapshots/recorded/leak-fixed");
    fs::create_dir_all(&run).unwrap();
    for entry in fs::read_dir(root().join("snapshots/recorded/leak-fixed")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), run.join(entry.file_name())).unwrap();
    }
    bare.command(&line).assert().success();
    fs::write(run.join("findings.json"), r#"[{"class": "leak"}]"#).unwrap();
    bare.command(&line).assert().code(1).stdout(contains("FAIL"));
}

#[test]
fn pyenv_makes_a_python_in_the_cache_that_is_found_from_then_on() {
    let bare = Bare::new();
    bare.pyenv();
    let cache = bare.file(".cache/bloathound/python");
    let program = cache.join("versions/2.7.18/bin/python2.7");
    let told = contains("making Python 2.7.18")
        .and(contains("Downloading Python-2.7.18.tar.xz..."))
        .and(contains("runs live"));
    let made = format!("Python 2.7.18: {}\n", program.display());
    bare.command("prepare --python").assert().success().stdout(made).stderr(told);
    assert_eq!(fs::read_to_string(bare.file("asked")).unwrap().trim_end(), cache.display().to_string());
    // Found, and not made again.
    fs::remove_file(bare.file("asked")).unwrap();
    bare.command("prepare --python").assert().success().stdout(contains("made by `bloathound prepare --python`"));
    assert!(!bare.file("asked").exists());
    // Where another user can put something else there, it is not run.
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    bare.command("run leak").assert().success().stdout(starts_with(BANNER));
}

#[test]
fn a_python_that_is_not_made_leaves_advice() {
    let bare = Bare::new();
    let ways = contains("pyenv install 2.7.18").and(contains("conda create")).and(contains("docker run"));
    bare.command("prepare --python").assert().code(3).stdout("").stderr(contains("neither pyenv nor conda").and(ways));
    bare.script(".pyenv/bin/pyenv", "echo BUILD FAILED: no zlib; exit 7");
    let said = contains("BUILD FAILED: no zlib").and(contains("exit status: 7")).and(contains("zlib1g-dev"));
    bare.command("prepare --python").assert().code(3).stdout("").stderr(said);
    bare.script(".pyenv/bin/pyenv", "exit 0");
    bare.command("prepare --python").assert().code(3).stdout("").stderr(contains("can't be run"));
    // Conda does as well.
    fs::remove_file(bare.file(".pyenv/bin/pyenv")).unwrap();
    bare.script("miniconda3/bin/conda", "echo \"$@\"; exit 1");
    let said = contains("create --yes --prefix").and(contains("python=2.7.18"));
    bare.command("prepare --python").assert().code(3).stderr(said);
}

#[test]
fn a_build_that_is_interrupted_leaves_nobody_behind() {
    let bare = Bare::new();
    bare.script(
        ".pyenv/bin/pyenv",
        "/bin/sleep 600 &\necho $! > \"$HOME/half\"; /bin/mv \"$HOME/half\" \"$HOME/maker\"; wait",
    );
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_bloathound"))
        .args(["prepare", "--python"])
        .current_dir(root())
        .env_clear()
        .env("PATH", "")
        .env("HOME", bare.home())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let within = Duration::from_secs(30);
    let maker = wait_until("the build to begin", within, || fs::read_to_string(bare.file("maker")).ok());
    let maker: u32 = maker.trim_end().parse().unwrap();
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    wait_until("what was started to be gone", within, || {
        support::stat(maker).is_none_or(|fields| fields[0] == "Z").then_some(())
    });
}
