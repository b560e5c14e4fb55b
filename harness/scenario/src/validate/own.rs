//! A service of one's own: what starts it, when it is ready, and which keys it has no use for.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::checker::{Checker, bounded, check_request_path, seconds};
use crate::command::{variables, words};
use crate::error::ScenarioProblem;
use crate::locate::{NodePath, Part};
use crate::model::{Growth, Hot, Inspect, Observe, Own, PORT, PYTHON, Ready};
use crate::raw::{RawCommand, RawReady, RawScenario};
use crate::vocabulary::{ROUNDS_MAX, ROUNDS_MIN};

/// Rounds of load where the file does not say.
const ROUNDS: u64 = 6;
/// Seconds of sampling where the file does not say.
const SAMPLED_SECONDS: f64 = 5.0;

/// Refuses the keys that only the other kind of service has.
pub(super) fn check_kind(raw: &RawScenario, checker: &mut Checker<'_>) {
    let node = NodePath::default();
    let mut refuse = |given: bool, key: &str, wanted: &str| {
        if given {
            let whose = if raw.command.is_some() { "a service of your own" } else { "a `service` of ours" };
            let problem = ScenarioProblem::Wrong { found: format!("`{key}` of {whose}"), wanted: wanted.to_owned() };
            checker.refuse(&node.key(key), Part::Key(0), problem);
        }
    };
    if raw.command.is_some() {
        refuse(raw.series.is_some(), "series", "`python`, which names the interpreter");
        refuse(raw.service.is_some(), "service", "`command` alone, or `service` alone");
        refuse(!raw.options.0.is_empty(), "options", "arguments of the `command`");
        refuse(raw.trigger.is_some(), "trigger", "a request of `load`: where nobody answers, it is looked at");
        refuse(raw.wait.is_some(), "wait", "`ready`");
        refuse(raw.collect, "collect", "nothing: garbage that waits for the collector is told apart");
        return;
    }
    let command = "`command`, or no such key";
    refuse(raw.python.is_some(), "python", command);
    refuse(raw.cwd.is_some(), "cwd", command);
    refuse(!raw.env.0.is_empty(), "env", "`options`");
    refuse(raw.port.is_some(), "port", command);
    refuse(raw.ready.is_some(), "ready", command);
    refuse(raw.children, "children", command);
    refuse(raw.expect.is_some(), "expect", "`fixed: {expect: …, ledger: …}`");
}

/// What is known of it beside its load.
pub(super) fn check_own(raw: &mut RawScenario, command: RawCommand, file: &Path, checker: &mut Checker<'_>) -> Own {
    let root = NodePath::default();
    let command = words(command, &root.key("command"), checker);
    let here = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = raw.cwd.as_ref().map_or_else(|| here.to_owned(), |cwd| here.join(cwd));
    if checker.lacks(folder.is_dir()) {
        let written = raw.cwd.clone().unwrap_or_else(|| folder.display().to_string());
        checker.wrong(&root.key("cwd"), format!("{written}, which is no folder"), "a folder that is there");
    }
    let variables = variables(std::mem::take(&mut raw.env), &root.key("env"), checker);
    let (python, environment) = check_python(raw, &command, here, checker);
    if let Some(port) = raw.port {
        bounded(checker, &root.key("port"), port, 1, u64::from(u16::MAX));
    }
    let port = raw.port.and_then(|port| u16::try_from(port).ok());
    let takes_port = command.iter().chain(variables.values()).any(|word| word.contains(PORT));
    let knows_port = port.is_some() || takes_port;
    let (ready, ready_within) = match &raw.ready {
        Some(ready) => check_ready(ready, knows_port, checker),
        None => (if knows_port { Ready::Port } else { Ready::AtOnce }, None),
    };
    let asks = raw.load.as_ref().is_some_and(|load| load.command.is_none());
    if asks && !knows_port && !ready.tells_port() {
        let wanted = "`{port}` in the command, `port`, or a `ready` that tells it";
        checker.wrong(&root.key("load"), "requests, and no port to send them to", wanted);
    }
    let growth = raw.observe.as_ref().and_then(|observe| observe.growth.as_ref());
    let every = growth.and_then(|growth| growth.every_seconds);
    let node = root.key("observe").key("growth").key("every_seconds");
    if every.is_some() && raw.load.is_some() {
        checker.wrong(&node, "a time between looks that follow rounds of `load`", "one of them");
    }
    Own {
        command,
        folder,
        variables,
        python,
        environment,
        port,
        ready,
        ready_within,
        children: raw.children,
        looks: growth.map(|growth| growth.rounds),
        every: every.map(|every| seconds(checker, &node, every)),
        load_command: None,
    }
}

/// The interpreter that is meant, and the virtual environment that it is of.
fn check_python(
    raw: &RawScenario,
    command: &[String],
    here: &Path,
    checker: &mut Checker<'_>,
) -> (Option<PathBuf>, Option<PathBuf>) {
    let Some(written) = &raw.python else { return (None, None) };
    let node = NodePath::default().key("python");
    let path = here.join(written);
    let path = std::path::absolute(&path).unwrap_or(path);
    if path.is_dir() {
        // Without `..` in it, as its own programs know it.
        let path = path.canonicalize().unwrap_or(path);
        let python = path.join("bin/python");
        if checker.lacks(python.is_file()) {
            checker.wrong(&node, format!("`{written}`, a folder without bin/python"), "a virtual environment's folder");
        }
        return (Some(python), Some(path));
    }
    if checker.lacks(path.is_file()) {
        let wanted = "an interpreter or a virtual environment that is there, from this file on";
        checker.wrong(&node, format!("`{written}`, which is not there"), wanted);
    } else if path.is_file() && !command.iter().any(|word| word.contains(PYTHON)) {
        checker.wrong(&node, "an interpreter that the command doesn't run", "`{python}` in the command");
    }
    (Some(path), None)
}

fn check_ready(raw: &RawReady, knows_port: bool, checker: &mut Checker<'_>) -> (Ready, Option<std::time::Duration>) {
    let node = NodePath::default().key("ready");
    let mut given = Vec::new();
    given.extend(raw.handshake.then_some(Ready::Handshake));
    given.extend(raw.port.then_some(Ready::Port));
    given.extend(raw.now.then_some(Ready::AtOnce));
    if let Some(path) = &raw.http {
        check_request_path(checker, &node.key("http"), path);
        given.push(Ready::Http(path.clone()));
    }
    if let Some(pattern) = &raw.log {
        match Regex::new(pattern) {
            Ok(pattern) => given.push(Ready::Line(pattern)),
            Err(error) => {
                let why = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
                checker.wrong(&node.key("log"), format!("`{pattern}` ({why})"), "a regular expression");
                given.push(Ready::AtOnce);
            }
        }
    }
    if given.len() != 1 {
        let found = if given.is_empty() { "nothing to wait for" } else { "several things to wait for" };
        checker.wrong(&node, found, "one of `handshake`, `port`, `http`, `log` and `now`");
    }
    let ready = given.into_iter().next().unwrap_or(Ready::AtOnce);
    if !knows_port && matches!(ready, Ready::Port | Ready::Http(_)) {
        let wanted = "`{port}` in the command, or `port`";
        checker.wrong(&node, "a question at a port, and none is known", wanted);
    }
    let within = raw.within_seconds.map(|within| seconds(checker, &node.key("within_seconds"), within));
    (ready, within)
}

/// All detectors look at it; the file says for how long.
pub(super) fn check_observe(raw: &RawScenario, checker: &mut Checker<'_>) -> Observe {
    let node = NodePath::default().key("observe");
    let observe = raw.observe.as_ref();
    if observe.is_some_and(|observe| observe.toggle.is_some()) {
        checker.wrong(&node.key("toggle"), "a toggle of a service of your own", "a `service` with our diagnostics");
    }
    let rounds = observe.and_then(|observe| observe.growth.as_ref()).map(|growth| {
        bounded(checker, &node.key("growth").key("rounds"), growth.rounds, ROUNDS_MIN, ROUNDS_MAX);
        growth.rounds
    });
    let sampled = observe.and_then(|observe| observe.hot.as_ref()).map_or(SAMPLED_SECONDS, |hot| hot.seconds);
    Observe {
        growth: Some(Growth { rounds: rounds.unwrap_or(ROUNDS) }),
        inspect: Some(Inspect { baseline: false }),
        hot: Some(Hot { duration: seconds(checker, &node.key("hot").key("seconds"), sampled), under_load: true }),
        toggle: None,
    }
}
