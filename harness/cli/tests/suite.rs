//! A suite survives its services: each way to fail is told, the others run, and every output is written. Parts of a suite
//! are joined only when all are there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use bloathound_score::read_results;
use bloathound_vocabulary::{Outcome, RunResults};
use predicates::prelude::*;
use predicates::str::contains;
use support::{bloathound, live, root};
use tempfile::TempDir;

/// A service of a few lines; `FAULT` says what it does wrong.
const SERVICE: &str = r#"
import BaseHTTPServer, json, os, sys, time
FAULT = "@FAULT@"
NAME = "@NAME@"
served = [0]

class Handler(BaseHTTPServer.BaseHTTPRequestHandler):
    def log_message(self, *ignored):
        pass

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/ledger":
            return self.answer("no json" if FAULT == "forges" else json.dumps({"requests": served[0]}))
        if self.path == "/work":
            served[0] += 1
            if FAULT == "dies" and served[0] == 3:
                sys.stderr.write("out of \x1b[31mluck\n")
                os._exit(7)
        self.answer("{}")

    def do_POST(self):
        self.answer("{}")
        if self.path == "/quit":
            os._exit(0)

if FAULT == "ends":
    sys.stderr.write("lost\n" * 100000 + "no such module\n")
    sys.exit(3)
if FAULT == "late":
    sys.stderr.write("thinking\n")
    sys.stdin.read()
if FAULT == "rude":
    sys.stderr.write("never heard of it\n")
    print "hello"
    sys.stdin.read()
server = BaseHTTPServer.HTTPServer(("127.0.0.1", 0), Handler)
sys.stderr.write("serving\n")
print json.dumps({"bloathound_service": 1, "name": NAME, "pid": os.getpid(), "port": server.server_port})
server.serve_forever()
"#;

/// Each way to fail, the reason that is told, and the last line of the service's standard error.
const FAULTS: [(&str, &str, &str); 5] = [
    ("dies", "ended during the run (exit status: 7)", "out of \\x1b[31mluck"),
    ("ends", "ended before it was ready (exit status: 3)", "no such module"),
    ("forges", "not a JSON object", "serving"),
    ("late", "was not ready in 10.0 s", "thinking"),
    ("rude", "began with \"hello\" and not with its handshake", "never heard of it"),
];

/// A home whose services fail in each way, with two that don't.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let services = home.path().join("reference-services");
    fs::create_dir_all(home.path().join("scenarios")).unwrap();
    fs::create_dir_all(services.join("common")).unwrap();
    fs::copy(root().join("reference-services/requirements.lock"), services.join("requirements.lock")).unwrap();
    for name in FAULTS.map(|(name, ..)| name).into_iter().chain(["good", "zeal"]) {
        let folder = services.join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("service.py"), SERVICE.replace("@FAULT@", name).replace("@NAME@", name)).unwrap();
        let yaml = format!(
            "name: {name}\ntitle: A service that is {name}\nservice: {name}\nseed: 1\n\
             load: {{path: /work, requests: 2}}\nobserve: {{growth: {{rounds: 3}}}}\n\
             fixed: {{expect: [], ledger: {{requests: {{min: 6}}}}}}\n"
        );
        fs::write(home.path().join("scenarios").join(format!("{name}.yaml")), yaml).unwrap();
    }
    home
}

fn run(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = bloathound();
    command.arg("run").args(arguments).args(["--ready-within", "10", "--home"]).arg(home.path());
    command
}

fn results(path: &Path) -> RunResults {
    read_results("results", &fs::read_to_string(path).unwrap()).unwrap()
}

fn outcomes(results: &RunResults) -> Vec<(&str, Outcome)> {
    results.runs.iter().map(|run| (run.scenario.as_str(), run.outcome)).collect()
}

#[test]
fn a_bad_service_makes_its_run_an_error_and_the_others_are_made() {
    if !live() {
        return;
    }
    let home = home();
    let out = tempfile::tempdir().unwrap();
    let file = |name: &str| out.path().join(name).display().to_string();
    for jobs in ["1", "4"] {
        let (json, junit, page) = (file("results.json"), file("junit.xml"), file("page"));
        let written = ["--json", &json, "--junit", &junit, "--report", &page, "--jobs", jobs];
        let assert = run(&home, &written).assert().code(5);
        let told = assert.stdout(contains("7 runs: 2 ok, 0 failed, 0 invalid, 5 could not be made"));
        let text = String::from_utf8(told.get_output().stdout.clone()).unwrap();
        let results = results(json.as_ref());
        let (xml, html) = (fs::read_to_string(&junit).unwrap(), fs::read_to_string(file("page/index.html")).unwrap());
        for (name, why, last) in FAULTS {
            let run = results.runs.iter().find(|run| run.scenario == name).unwrap();
            let error = run.error.as_ref().unwrap();
            assert_eq!((run.outcome, run.valid), (Outcome::Error, false), "{name}");
            assert!(error.why.contains(why), "{name}: {error:?}");
            assert_eq!(error.stderr_tail.last().map(String::as_str), Some(last), "{name}");
            assert!(error.stderr_tail.len() <= 12, "{name}");
            assert!(text.contains(&format!("ERROR    {name}")) && text.contains(last), "{text}");
            assert!(html.contains(&format!("{name}, fixed")) && html.contains("could not be made"), "{html}");
        }
        assert_eq!(xml.matches("<error ").count(), FAULTS.len(), "{xml}");
        for name in ["good", "zeal"] {
            assert!(outcomes(&results).contains(&(name, Outcome::Pass)), "{results:?}");
        }
        // Nobody's detector is blamed: the two that passed are all that the score knows of.
        let of_leaks = results.scores.values().next().unwrap();
        assert_eq!((of_leaks.runs, of_leaks.invalid_runs), (2, 0));
        // Lines come in the order of the plan, whoever is ready first.
        let lines: Vec<&str> =
            text.lines().filter(|line| line.starts_with("ERROR   ") || line.starts_with("ok ")).collect();
        let names: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(names, ["dies", "ends", "forges", "good", "late", "rude", "zeal"], "{text}");
    }
}

#[test]
fn fail_fast_stops_after_the_first_that_is_not_as_expected_and_writes_what_there_is() {
    if !live() {
        return;
    }
    let home = home();
    let json = home.path().join("results.json");
    let arguments = ["good", "ends", "zeal", "--fail-fast", "--json", json.to_str().unwrap()];
    run(&home, &arguments).assert().code(5).stderr(contains("--fail-fast: 1 of 3 runs were not made"));
    let results = results(&json);
    assert_eq!(outcomes(&results), [("ends", Outcome::Error), ("good", Outcome::Pass)]);
    // All as expected: nothing is left out, and nothing said.
    run(&home, &["good", "zeal", "--fail-fast", "--jobs", "2"]).assert().code(0).stderr(contains("fail-fast").not());
}

#[test]
fn names_may_be_patterns_and_one_that_matches_nothing_names_what_is_near() {
    bloathound().args(["run", "tightlop*"]).assert().code(2).stderr(contains("did you mean `tightloop`?"));
    bloathound()
        .args(["run", "leak", "nothing-at-all*"])
        .assert()
        .code(2)
        .stderr(contains("no scenario `nothing-at-all*`"));
    bloathound().args(["run", "leak", "--jobs", "0"]).assert().code(2).stderr(contains("from 1 to 64"));
    if !live() {
        return;
    }
    let home = home();
    run(&home, &["?o?d", "z*"]).assert().code(0).stdout(contains("2 runs: 2 ok"));
}

#[test]
fn a_part_without_a_run_is_written_and_parts_are_joined_only_when_all_are_there() {
    if !live() {
        return;
    }
    let home = home();
    let part = |number: u32| home.path().join(format!("part{number}.json")).display().to_string();
    for number in 1..=3 {
        let file = part(number);
        let of = format!("{number}/3");
        let assert = run(&home, &["good", "zeal", "--partition", &of, "--json", &file]).assert().code(0);
        let said = contains("part 3 of 3 has no run");
        if number == 3 {
            drop(assert.stderr(said))
        } else {
            drop(assert.stderr(said.not()))
        }
        assert_eq!(results(file.as_ref()).runs.len(), usize::from(number < 3));
    }
    let merge = |parts: &[u32]| {
        let mut command = bloathound();
        command.arg("merge").args(parts.iter().map(|number| part(*number)));
        command
    };
    merge(&[3, 1, 2]).assert().code(0).stdout(contains("2 runs: 2 ok"));
    merge(&[1, 3]).assert().code(2).stdout("").stderr(contains("missing: part 2/3").and(contains("--partition K/N")));
    merge(&[3]).assert().code(2).stdout("").stderr(contains("missing: part 1/3, 2/3"));
    // The same for an ordinary user.
    as_nobody(&["merge"], &[&part(1), &part(3)], 2, "missing: part 2/3");
    as_nobody(&["merge"], &[&part(1), &part(3), &part(2)], 0, "2 runs: 2 ok");
    // All parts, and not one run in them.
    let alone = part(3);
    let empty =
        fs::read_to_string(&alone).unwrap().replace("\"part\": 3", "\"part\": 1").replace("\"of\": 3", "\"of\": 1");
    fs::write(&alone, empty).unwrap();
    merge(&[3]).assert().code(2).stdout("").stderr(contains("no run in any of the files"));
}

#[test]
fn parts_of_different_runs_and_of_runs_that_were_ended_early_are_no_whole() {
    if !live() {
        return;
    }
    let home = home();
    let file = |name: &str| home.path().join(name).display().to_string();
    let (one, two, seeded, chosen) = (file("1.json"), file("2.json"), file("seeded.json"), file("chosen.json"));
    let part = |names: &[&str], of: &str, more: &[&str], json: &str| {
        let arguments = [names, &["--partition", of, "--json", json], more].concat();
        drop(run(&home, &arguments).assert().code(0));
    };
    part(&["good", "zeal"], "1/2", &[], &one);
    part(&["good", "zeal"], "2/2", &[], &two);
    part(&["good", "zeal"], "2/2", &["--seed", "7"], &seeded);
    part(&["zeal"], "2/2", &[], &chosen);
    let merge = |files: [&str; 2]| bloathound().arg("merge").args(files).assert();
    drop(merge([&one, &two]).code(0));
    for other in [&seeded, &chosen] {
        let said = contains("missing: part 2/2 (").and(contains("other scenarios, variants or seeds"));
        drop(merge([&one, other]).code(2).stdout("").stderr(said));
    }
    // The second was ended before it had made its run.
    let ended = r#""runs": [], "partial": {"why": "ended by SIGINT during zeal, fixed; 0 of 1 runs were made"}"#;
    let mut cut: serde_json::Value = serde_json::from_str(&fs::read_to_string(&two).unwrap()).unwrap();
    let given: serde_json::Value = serde_json::from_str(&format!("{{{ended}}}")).unwrap();
    for name in ["runs", "partial"] {
        cut[name] = given[name].clone();
    }
    fs::write(&two, cut.to_string()).unwrap();
    let said = contains("not all runs were made: ").and(contains("2.json: ended by SIGINT during zeal"));
    drop(merge([&one, &two]).code(5).stdout(contains("1 run")).stderr(said));
}

/// Runs a copy of the binary on copies of these files as `nobody`, where this user may become it.
fn as_nobody(arguments: &[&str], files: &[&str], code: i32, said: &str) {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    let open = |path: &Path| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).unwrap();
    };
    let copy = |from: &Path, name: &str| {
        let to = folder.path().join(name);
        fs::copy(from, &to).unwrap();
        open(&to);
        to
    };
    open(folder.path());
    let binary = copy(env!("CARGO_BIN_EXE_bloathound").as_ref(), "bloathound");
    let name = |file: &str| Path::new(file).file_name().unwrap().display().to_string();
    let files: Vec<_> = files.iter().map(|file| copy(file.as_ref(), &name(file))).collect();
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let able = std::process::Command::new("setpriv").args(nobody).arg(&binary).arg("--version").output();
    if !able.is_ok_and(|output| output.status.success()) {
        bloathound_testkit::cannot("no way for this user to become another one (setpriv)");
        return;
    }
    let output = std::process::Command::new("setpriv")
        .args(nobody)
        .arg(&binary)
        .args(arguments)
        .args(files)
        .current_dir("/")
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_run_that_could_not_be_made_keeps_its_code_through_a_merge() {
    if !live() {
        return;
    }
    let home = home();
    let json = home.path().join("results.json");
    run(&home, &["good", "ends", "--json", json.to_str().unwrap()])
        // Nobody waits for a service that has ended: a command that does so is killed, and has no exit code.
        .timeout(Duration::from_secs(120))
        .assert()
        .code(5);
    bloathound().arg("merge").arg(&json).assert().code(5).stdout(contains("1 could not be made"));
}

#[test]
fn an_ordinary_users_suite_survives_a_bad_service_too() {
    let home = tempfile::tempdir().unwrap();
    let scenario = |name: &str, command: &str| {
        let file = home.path().join(format!("{name}.yaml"));
        let yaml = format!(
            "name: {name}\ntitle: A service that is {name}\ncommand: [sh, -c, '{command}', '{{port}}']\n\
             ready: {{log: serving, within_seconds: 10}}\nload: {{path: /, requests: 2}}\n\
             observe: {{growth: {{rounds: 3}}}}\nfixed: {{expect: []}}\n"
        );
        fs::write(&file, yaml).unwrap();
        file.display().to_string()
    };
    let files = [scenario("lost", "echo no such module >&2; exit 3"), scenario("rude", "echo gone >&2; exit 4")];
    let said = "2 runs: 0 ok, 0 failed, 0 invalid, 2 could not be made";
    as_nobody(&["run"], &[&files[0], &files[1]], 5, said);
}
