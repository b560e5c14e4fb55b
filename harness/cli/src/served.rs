//! What `bloathound serve` chooses, and what it tells to type.

use bloathound_driver::Service;
use bloathound_report::text::{beside, shell_word};
use bloathound_scenario::{Method, NUMBER, Request, Scenario, Variant};

use crate::choices::TwinChoice;
use crate::error::CliError;
use crate::typed;

/// Requests of a loop that is to be typed where the scenario counts none.
const REQUESTS: u64 = 100;

/// A pattern may mean several; only one can be in the foreground.
pub(crate) fn the_one(mut chosen: Vec<Scenario>) -> Result<Scenario, CliError> {
    match (chosen.pop(), chosen.len()) {
        (Some(scenario), 0) => Ok(scenario),
        (_, others) => Err(CliError::Usage(format!(
            "these are {} scenarios; name one, of those that `bloathound list` shows",
            others + 1
        ))),
    }
}

pub(crate) fn variant(scenario: &Scenario, asked_for: Option<TwinChoice>) -> Result<Variant, CliError> {
    let has = |variant: &Variant| scenario.variants.contains_key(variant);
    let wanted = asked_for.map(|choice| match choice {
        TwinChoice::Buggy => Variant::Buggy,
        TwinChoice::Fixed => Variant::Fixed,
    });
    // The one with the bug comes first.
    let variant = wanted.or_else(|| scenario.variants.keys().next().copied()).filter(has);
    variant.ok_or_else(|| CliError::Usage(format!("{} has no such twin; `bloathound list` shows which", scenario.name)))
}

/// Where it is, and what to type in another terminal: load, and then the look that shows what is wrong with it.
pub(crate) fn told(scenario: &Scenario, variant: Variant, service: &Service) -> String {
    let (pid, port) = (service.pid(), service.port());
    let title = beside(&format!("{}, {}: ", scenario.name, variant.as_str()), &scenario.title);
    let mut lines = vec![
        title.trim_end().to_owned(),
        format!("address   http://127.0.0.1:{port}"),
        format!("process   {pid}"),
        "in another terminal:".to_owned(),
    ];
    if let Some(load) = &scenario.load {
        lines.push(format!("  {}", repeated(&load.request, port, load.requests.max(REQUESTS))));
    }
    if let Some(trigger) = &scenario.trigger {
        // It may never be answered.
        lines.push(format!("  {} >/dev/null &", once(trigger, port)));
    }
    let looks = [
        (scenario.observe.hot.is_some(), "hot"),
        (scenario.observe.growth.is_some(), "watch"),
        (scenario.observe.inspect.is_some(), "inspect"),
    ];
    let looks: Vec<&str> = looks.into_iter().filter_map(|(is, look)| is.then_some(look)).collect();
    let looks = if looks.is_empty() { vec!["inspect"] } else { looks };
    lines.extend(looks.into_iter().map(|look| format!("  {}", typed::command(&format!("{look} {pid}")))));
    lines.push("Ctrl-C ends it".to_owned());
    lines.into_iter().map(|line| line + "\n").collect()
}

fn once(request: &Request, port: u16) -> String {
    let address = shell_word(&format!("http://127.0.0.1:{port}{}", request.path));
    let headers =
        request.headers.iter().map(|(name, value)| format!("-H {} ", shell_word(&format!("{name}: {value}"))));
    let body = Some(&request.body).filter(|body| !body.is_empty()).map(|body| format!("--data {} ", shell_word(body)));
    let more: String = headers.chain(body).collect();
    match request.method {
        Method::Get => format!("curl -s {more}{address}"),
        method => format!("curl -s -X {} {more}{address}", method.as_str()),
    }
}

/// The request again and again, numbered where its path asks for that.
fn repeated(request: &Request, port: u16, times: u64) -> String {
    // Outside of the quotes, where the shell puts the number in.
    let one = once(request, port).replace(NUMBER, "'$n'");
    format!("for n in $(seq {times}); do {one} >/dev/null; done")
}
