//! What a scenario has to say of a service that is there, or of a command: where it listens, how one knows that it is ready,
//! what it answers, how many of its processes are interpreters.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bloathound_engine::Interrupt;
use bloathound_engine::source::{ExamineOptions, LiveProcess};
use bloathound_live::{Process, command_words};
use bloathound_scenario::{PORT, PORT_GROUP};
use regex::Regex;

use super::processes::family;
use super::{CheckError, CheckTarget};
use crate::http::{self, HttpError};
use crate::service::{OwnService, POLL_EVERY};

/// A program that listens nowhere by then is taken for one that serves nobody.
const LISTENS_WITHIN: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Variables that a running service can't do without: where its modules are, and its environment.
const VARIABLES: [&str; 2] = ["PYTHONPATH", "VIRTUAL_ENV"];

/// What was found out.
#[derive(Debug, Clone, Default)]
pub struct FoundService {
    /// The command; [`PORT`] stands in it where its port did.
    pub words: Vec<String>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Variables that it needs.
    pub variables: Vec<(String, String)>,
    /// Its port, where the command doesn't say it.
    pub port: Option<u16>,
    /// Whether it listens at all.
    pub listens: bool,
    /// A regular expression that matches the line in which it tells its port.
    pub told_by: Option<String>,
    /// A path whose GET it answers.
    pub path: Option<String>,
    /// Its processes that are interpreters.
    pub interpreters: usize,
}

/// Finds out about a service: one that is started for this and ended, or one that runs and goes on. It is asked for these
/// paths in turn, until one is answered.
///
/// # Errors
/// It can't be started, ends by itself, or no process of it can be read.
pub fn find_service(target: &CheckTarget, paths: &[String], interrupt: &Interrupt) -> Result<FoundService, CheckError> {
    let (mut service, pid, within) = match target {
        CheckTarget::Running { pid, .. } => (None, *pid, Duration::ZERO),
        CheckTarget::Command(command) => {
            let service = OwnService::start(command, interrupt)?;
            let pid = service.pid();
            (Some(service), pid, LISTENS_WITHIN)
        }
    };
    let mut found = match target {
        CheckTarget::Running { pid, .. } => of_running(*pid),
        CheckTarget::Command(command) => FoundService {
            words: command.words.clone(),
            folder: command.folder.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default(),
            variables: command.variables.clone(),
            ..FoundService::default()
        },
    };
    let known = service.as_ref().and_then(OwnService::port);
    let deadline = Instant::now() + within;
    let ports = loop {
        if let Some(service) = &mut service {
            service.check_alive()?;
        }
        let ports = listening(pid);
        if !ports.is_empty() || Instant::now() >= deadline || interrupt.came().is_some() {
            break ports;
        }
        std::thread::sleep(POLL_EVERY);
    };
    found.listens = known.is_some() || !ports.is_empty();
    let (port, path) = answered(known.into_iter().chain(ports), paths);
    found.path = path;
    if let Some(port) = port.filter(|_| known.is_none()) {
        name_port(&mut found, port, &service.as_ref().map(OwnService::output).unwrap_or_default());
    }
    let opened = |pid: &u32| LiveProcess::open(*pid, ExamineOptions::default());
    let (read, refused): (Vec<_>, Vec<_>) = family(pid).iter().map(opened).partition(Result::is_ok);
    found.interpreters = read.len();
    match refused.into_iter().next() {
        Some(Err(error)) if read.is_empty() => Err(error.into()),
        _ => Ok(found),
    }
}

/// What the kernel knows of a process that runs.
fn of_running(pid: u32) -> FoundService {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let variable = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        let (name, value) = text.split_once('=')?;
        VARIABLES.contains(&name).then(|| (name.to_owned(), value.to_owned()))
    };
    FoundService {
        words: command_words(pid).unwrap_or_default(),
        folder: std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default(),
        variables: environment.split(|byte| *byte == 0).filter_map(variable).collect(),
        ..FoundService::default()
    }
}

/// The ports at which a family of processes listens, each once.
fn listening(pid: u32) -> Vec<u16> {
    let descriptors = |pid: &u32| Some(Process::open(*pid).ok()?.descriptors().list);
    let lists = family(pid);
    let mut ports: Vec<u16> =
        lists.iter().filter_map(descriptors).flatten().filter_map(|one| one.listening_port).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The first port that answers a path, and that path; else the first port of all.
fn answered(ports: impl Iterator<Item = u16>, paths: &[String]) -> (Option<u16>, Option<String>) {
    let mut first = None;
    for port in ports {
        first = first.or(Some(port));
        for path in paths {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let request = http::written("GET", path, address, &[], "");
            match http::exchange_with(address, &request, ANSWER_WITHIN) {
                Ok(_) => return (Some(port), Some(path.clone())),
                // It speaks HTTP, and may know another path.
                Err(HttpError::Status { .. }) => {}
                // It doesn't, and would not with another path.
                Err(_) => break,
            }
        }
    }
    (first, None)
}

/// Where the port is said: in the command, in a line that it writes, or nowhere.
fn name_port(found: &mut FoundService, port: u16, output: &str) {
    let Ok(number) = Regex::new(&format!(r"(^|[^0-9]){port}([^0-9]|$)")) else { return };
    let with_port = |text: &str| number.replace(text, format!("${{1}}{PORT}${{2}}")).into_owned();
    if let Some(word) = found.words.iter_mut().skip(1).find(|word| number.is_match(word)) {
        *word = with_port(word);
        return;
    }
    found.told_by = output.lines().find(|line| number.is_match(line)).and_then(|line| pattern(line, port));
    if found.told_by.is_none() {
        found.port = Some(port);
    }
}

/// A regular expression for lines that differ from this one in numbers only, with the port as its group.
fn pattern(line: &str, port: u16) -> Option<String> {
    let digits = Regex::new("[0-9]+").ok()?;
    let mut text = String::new();
    let (mut from, mut named) = (0, false);
    for number in digits.find_iter(line) {
        text.push_str(&regex::escape(line.get(from..number.start())?));
        let is_port = !named && number.as_str() == port.to_string();
        named |= is_port;
        text.push_str(&if is_port { format!(r"(?P<{PORT_GROUP}>\d+)") } else { r"\d+".to_owned() });
        from = number.end();
    }
    text.push_str(&regex::escape(line.get(from..)?));
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(words: &[&str], output: &str) -> FoundService {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let mut found = FoundService { words, ..FoundService::default() };
        name_port(&mut found, 8080, output);
        found
    }

    #[test]
    fn a_port_is_named_where_it_is_said() {
        let found = named(&["twistd", "18080", "tcp:8080:interface=127.0.0.1"], "");
        assert_eq!(found.words[1..], ["18080", "tcp:{port}:interface=127.0.0.1"]);
        assert_eq!((found.port, found.told_by), (None, None));
        let found = named(&["serve"], "port 18080\n2026-11-27 [8080] listening (on 8080)\n");
        let pattern = Regex::new(&found.told_by.unwrap()).unwrap();
        let line = "2027-01-03 [9] listening (on 8080)";
        assert!(pattern.captures("2026-11-27 [41] listening (on 7)").is_some() && pattern.is_match(line));
        assert_eq!(found.port, None);
        assert_eq!(named(&["serve"], "ready").port, Some(8080));
    }
}
