//! What an operator sees: the first screen, and `lab look`.

use std::time::Duration;

use bloathound_driver::ask;
use bloathound_report::text::prose;
use bloathound_report::units;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::desk::Desk;
use super::running::{self, Running};
use super::{cured, recordings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::{output, typed};

/// Between the two readings that a processor's share takes.
const BETWEEN: Duration = Duration::from_secs(1);
/// Longer lines of text are hard to read.
const READ_WIDTH: usize = 90;

/// The first screen: that it is meant to be so, what is seen, what to type first, how long it takes.
pub(crate) fn first_screen(desk: &Desk, running: Option<Running>) -> Result<String, CliError> {
    let lab = &desk.drawn.lab;
    let mut lines = vec![format!("lab {}: {}", lab.name, lab.title), String::new()];
    let meant =
        "This service is meant to be as it is: if something is wrong with it, that is the lab, and not your machine.";
    let long =
        format!("It takes about {} minutes. Nobody is watching, and you can begin anew at any time.", lab.minutes);
    lines.extend([meant, &long].into_iter().flat_map(|text| wrapped(text, 0)));
    lines.push(String::new());
    lines.extend(wrapped(&desk.drawn.told(&lab.symptom, &[])?, 0));
    lines.push(String::new());
    match running {
        Some(running) => {
            lines.push(format!("process   {}", running.pid));
            lines.push(format!("address   http://127.0.0.1:{}", running.port));
            lines.push(format!("source    {}", desk.folder.join(super::desk::SERVICE).display()));
            let kept = "requests are made all the time; Ctrl-C ends the service, and what you have done is kept";
            lines.extend(wrapped(kept, 0));
        }
        None => {
            let recorded = "recorded, not live: there is no service here, but the looks that somebody took at one";
            lines.extend(wrapped(recorded, 0));
            lines.push(format!("source    {}", desk.folder.join(super::desk::SERVICE).display()));
            let same = "the diagnosis is the same; the cure is left out, since it needs Python 2.7 on Linux";
            lines.extend(wrapped(same, 0));
        }
    }
    lines.push(String::new());
    lines.push(if running.is_some() { "type first, in another terminal:".into() } else { "type first:".into() });
    lines.extend(first(desk, running)?.into_iter().map(|line| format!("  {line}")));
    lines.push("then:".into());
    for (what, command) in [
        ("a hint        ", desk.typed("hint")),
        ("the questions ", desk.typed("answer")),
        ("what is now   ", desk.typed("look")),
    ] {
        lines.push(format!("  {what} {command}"));
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

/// Commands to begin with.
fn first(desk: &Desk, running: Option<Running>) -> Result<Vec<String>, CliError> {
    let Some(running) = running else { return Ok(recordings::first(desk)) };
    let pid = running.pid.to_string();
    let commands = desk.drawn.lab.first.iter().map(|line| {
        let line = desk.drawn.told(line, &[("pid", pid.clone()), ("port", running.port.to_string())])?;
        Ok(typed::command(&line))
    });
    commands.collect()
}

/// `lab look`.
pub(crate) fn look(desk: &Desk) -> Result<u8, CliError> {
    if recordings::is_recorded(desk) {
        output::result(&first_screen(desk, None)?);
        return Ok(Exit::AsExpected.number());
    }
    let Some(running) = running::of(desk) else {
        let start = desk.typed("start");
        return Err(CliError::Usage(format!("{} does not run: {start}", desk.drawn.lab.name)));
    };
    let pid = Pid::from_u32(running.pid);
    let mut system = System::new().map_err(|error| CliError::NotHere(error.to_string()))?;
    let wanted = ProcessRefreshKind::nothing().with_memory().with_cpu();
    let mut seen = || {
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, wanted);
        system.process(pid).map(|process| (process.memory(), process.cpu_usage()))
    };
    let before = seen();
    std::thread::sleep(BETWEEN);
    let (Some((was, _)), Some((is, share))) = (before, seen()) else {
        return Err(CliError::Usage(format!("{} has ended", desk.drawn.lab.name)));
    };
    let ledger = ask(running.port, "/ledger", BETWEEN * 2).ok().and_then(|body| serde_json::from_slice(&body).ok());
    let answered =
        match ledger.map(|ledger| cured::figures(&ledger)).and_then(|figures| figures.get("requests").cloned()) {
            Some(requests) => format!("{requests} requests answered so far"),
            None => "no answer within 2 s".to_owned(),
        };
    let grew = if is > was { format!(" (+{} in a second)", units::bytes(is - was)) } else { String::new() };
    let mut text = format!(
        "process   {}\nresident  {}{grew}\nprocessor {share:.0} %\nanswers   {answered}\nwhat to type:\n",
        running.pid,
        units::bytes(is)
    );
    for line in first(desk, Some(running))? {
        text.push_str(&format!("  {line}\n"));
    }
    output::result(&text);
    Ok(Exit::AsExpected.number())
}

/// A text of a lab in lines for a terminal, `indent` further in.
pub(crate) fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, paragraph) in text.trim().split("\n\n").enumerate() {
        if number > 0 {
            lines.push(String::new());
        }
        let joined: Vec<&str> = paragraph.split_whitespace().collect();
        lines.extend(prose(&joined.join(" "), indent, READ_WIDTH));
    }
    lines
}
