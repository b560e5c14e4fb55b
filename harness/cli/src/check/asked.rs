//! From arguments to what the driver is asked for.

use std::time::Duration;

use bloathound_driver::{CheckLoad, CheckPlan, CheckTarget, OwnCommand, OwnRequest, PORT, Ready};

use super::arguments::CheckArguments;
use crate::error::CliError;

/// What is to be checked.
pub(crate) fn target(arguments: &CheckArguments) -> Result<CheckTarget, CliError> {
    if let Some(pid) = arguments.pid {
        return Ok(CheckTarget::Running { pid, port: arguments.port });
    }
    let knows_port = arguments.port.is_some() || arguments.command.iter().any(|word| word.contains(PORT));
    let ready = match arguments.ready.as_deref() {
        None if knows_port => Ready::Port,
        None | Some("now") => Ready::AtOnce,
        Some("port") => Ready::Port,
        Some(path) if path.starts_with('/') => Ready::Http(path.to_owned()),
        Some(pattern) => Ready::Line(
            regex::Regex::new(pattern).map_err(|error| CliError::Usage(format!("--ready {pattern:?}: {error}")))?,
        ),
    };
    if !knows_port && matches!(ready, Ready::Port | Ready::Http(_)) {
        let message = "--ready asks at a port, and none is known: give --port, or {port} in the command";
        return Err(CliError::Usage(message.into()));
    }
    let variable = |text: &String| {
        let (name, value) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| CliError::Usage(format!("--env {text}: meant NAME=VALUE")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    Ok(CheckTarget::Command(OwnCommand {
        words: arguments.command.clone(),
        folder: arguments.folder.clone(),
        variables: arguments.env.iter().map(variable).collect::<Result<_, CliError>>()?,
        port: arguments.port,
        ready,
        ready_within: Duration::from_secs_f64(arguments.ready_within),
    }))
}

/// How to check it.
pub(crate) fn plan(arguments: &CheckArguments) -> Result<CheckPlan, CliError> {
    let read = |text: &String| {
        OwnRequest::read(text, &arguments.header, arguments.body.as_deref())
            .map_err(|error| CliError::Usage(format!("--load: {error}")))
    };
    let requests: Vec<OwnRequest> = arguments.load.iter().map(read).collect::<Result<_, _>>()?;
    let load = match &arguments.load_command {
        Some(line) => Some(CheckLoad::Command(line.clone())),
        None => (!requests.is_empty()).then_some(CheckLoad::Requests(requests)),
    };
    Ok(CheckPlan {
        load,
        // What the first requests leave behind, imports and caches, is no growth.
        warm_up: arguments.requests,
        spread: Vec::new(),
        numbers: Vec::new(),
        ledger: Default::default(),
        requests: arguments.requests,
        concurrency: arguments.concurrency,
        rounds: arguments.rounds,
        interval: Duration::from_secs_f64(arguments.interval),
        max_time: Duration::from_secs_f64(arguments.max_time),
        answer_within: Duration::from_secs_f64(arguments.answer_within),
        sample: Duration::from_secs_f64(arguments.sample),
        children: arguments.children,
        without: arguments.without.iter().map(|detector| detector.0.name()).collect(),
        illustrate: arguments.page.report.is_some(),
        look: arguments.look.options(),
    })
}
