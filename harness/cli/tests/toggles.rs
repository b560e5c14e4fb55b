//! Scenarios that switch a service's own diagnostics, from end to end: they pass on the kit as it is, and fail on a kit
//! that is not there, that stays on, that says it is off and is not, that leaves something behind or costs a request.
//!
//! Without Python 2.7 these are skipped with a notice; `BLOATHOUND_REQUIRE_LIVE` makes that a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking and a skip is told"
)]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use bloathound_score::read_results;
use bloathound_vocabulary::{Outcome, RunResults};
use support::{bloathound, home_with, live, root};

struct Ran {
    code: Option<i32>,
    results: RunResults,
    text: String,
    page: String,
}

fn run(names: &[&str], home: &Path) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let (json, report) = (folder.path().join("results.json"), folder.path().join("report"));
    let mut command = bloathound();
    command.arg("run").args(names).arg("--home").arg(home).arg("--json").arg(&json).arg("--report").arg(&report);
    let output = command.timeout(Duration::from_secs(600)).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let written = fs::read_to_string(&json).unwrap_or_else(|_| panic!("{:?}, no results:\n{text}", output.status));
    let results = read_results("results.json", &written).unwrap();
    Ran { code: output.status.code(), results, text, page: fs::read_to_string(report.join("index.html")).unwrap() }
}

/// Changes to the reference services, after which a scenario has to fail and say why.
struct Broken {
    what: &'static str,
    scenario: &'static str,
    /// File, a text in it, and what takes its place.
    changes: &'static [(&'static str, &'static str, &'static str)],
    /// What the failure must say.
    says: &'static str,
}

const KIT: &str = "diagnostics/kit.py";
const LOGS: &str = "diagnostics/logs.py";
const TRACING: &str = "diagnostics/tracing.py";
const REST: &str = "common/bhservice/rest.py";

const BROKEN: &[Broken] = &[
    Broken {
        what: "a service started without the kit",
        scenario: "toggle-log",
        changes: &[("common/bhservice/service.py", "    if directory is not None:", "    if False:")],
        says: "has no diagnostics built in",
    },
    Broken {
        what: "a debug log that stays on",
        scenario: "toggle-log",
        changes: &[(KIT, "return self.logs.switch_off(arguments)", "return {'log': self.logs.status()}")],
        says: "not everything is off again",
    },
    Broken {
        what: "a debug log that says it is off and goes on writing",
        scenario: "toggle-log",
        changes: &[(LOGS, "            logger.restore()", "            pass"), (LOGS, "if not self._on:", "if False:")],
        says: "bytes after it was switched off",
    },
    Broken {
        what: "a debug log that never begins",
        scenario: "toggle-log",
        changes: &[(LOGS, "        if self._fd is None:\n            return\n", "        return\n")],
        says: "toggle.lines_written",
    },
    Broken {
        what: "a debug log that repeats what requests hold",
        scenario: "toggle-log",
        changes: &[
            (LOGS, "            if value in self._allowed:", "            if True:"),
            (REST, "request.method, request.path,", "request.method, request.uri,"),
        ],
        says: "toggle.query_logged",
    },
    Broken {
        what: "a debug log that costs a request",
        scenario: "toggle-log",
        changes: &[(
            REST,
            "    _log.debug('%s %s",
            "    if status == 200 and _log.isEnabledFor(10):\n        raise ValueError('lost')\n    _log.debug('%s %s",
        )],
        says: "the first lost: status 500",
    },
    Broken {
        what: "a manhole that is told to close and does not",
        scenario: "toggle-manhole",
        changes: &[(KIT, "        manhole.close()\n", "")],
        says: "a socket of the manhole is left",
    },
    Broken {
        what: "a manhole that lets everybody in",
        scenario: "toggle-manhole",
        changes: &[("diagnostics/manhole.py", "        if name & password:", "        if True:")],
        says: "toggle.wrong_password_refused",
    },
    Broken {
        what: "tracing that leaves its trace function behind",
        scenario: "toggle-trace-full",
        changes: &[
            (TRACING, "        sys.settrace(None)\n        run, self._run", "        run, self._run"),
            (TRACING, "            sys.settrace(None)\n\n    def _label", "            pass\n\n    def _label"),
        ],
        says: "threads traced after tracing was switched off",
    },
    Broken {
        what: "tracing that does not wait for a reader",
        scenario: "toggle-trace-unread",
        changes: &[(
            TRACING,
            "        self._waiter += 1\n        thread.start",
            "        sys.settrace(lambda *_: None)\n        self._waiter += 1\n        thread.start",
        )],
        says: "threads traced with no reader",
    },
    Broken {
        what: "tracing that does not count what it drops",
        scenario: "toggle-trace-slow",
        changes: &[(TRACING, "self.dropped += count", "pass"), (TRACING, "self.dropped += 1", "pass")],
        says: "no event was dropped",
    },
    Broken {
        what: "tracing that goes on when its reader has gone",
        scenario: "toggle-trace-leaves",
        changes: &[(TRACING, "if error.errno != errno.EAGAIN and not self.over:", "if False:")],
        says: "tracing is tracing and not waiting",
    },
    Broken {
        what: "a dump that others may read",
        scenario: "toggle-dump",
        changes: &[("diagnostics/private.py", "os.open(path, flags, 0o600)", "os.open(path, flags, 0o644)")],
        says: "toggle.mode",
    },
];

#[test]
fn a_kit_that_is_broken_makes_its_scenario_fail() {
    if !live() {
        return;
    }
    let mut wrong = Vec::new();
    for broken in BROKEN {
        let home = home_with(broken.scenario);
        for (file, old, new) in broken.changes {
            let path = home.path().join("reference-services").join(file);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(old), "{}: {file} has no {old:?} any more", broken.what);
            fs::write(&path, text.replace(old, new)).unwrap();
        }
        let ran = run(&[broken.scenario], home.path());
        let said = ran.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if ran.code != Some(1) || !said.contains(broken.says) {
            let Broken { what, says, .. } = broken;
            wrong.push(format!("{what}: exit code {:?}, expected {says:?}:\n{}", ran.code, ran.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_phases_are_in_the_results_and_on_the_page() {
    if !live() {
        return;
    }
    let ran = run(&["toggle-log", "toggle-trace-leaves", "tightloop-traced"], &root());
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    for run in &ran.results.runs {
        assert_eq!(run.outcome, Outcome::Pass);
        let toggle = run.toggle.as_ref().unwrap();
        let phases: Vec<&str> = toggle.phases.iter().map(|phase| phase.phase.as_str()).collect();
        let is_stuck = run.scenario == "tightloop-traced";
        assert_eq!(phases, if is_stuck { vec!["off"] } else { vec!["off", "on", "off again"] });
        for phase in &toggle.phases {
            assert_eq!((phase.answered, phase.lost), (phase.requests, 0));
            assert!(phase.latency_p99_ms.unwrap() > 0.0 && phase.throughput_per_second.unwrap() > 0.0);
        }
    }
    assert!(ran.page.contains("<h4>Switched: trace, reader leaves</h4>"), "{}", ran.page);
    assert!(ran.page.contains("<th scope=\"row\">off again</th><td>150</td><td>150</td><td>0</td>"), "{}", ran.page);
    assert!(ran.page.contains("<dt>loop function</dt><dd>call</dd>"), "{}", ran.page);
}
