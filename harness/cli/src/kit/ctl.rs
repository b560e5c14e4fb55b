//! `bloathound ctl`: one command to a service's diagnostics, and its answer.

use std::io::Write;
use std::time::Duration;

use bloathound_kit::ControlClient;
use bloathound_report::text::shell_word;

use super::{render, target};
use crate::error::CliError;
use crate::typed;

/// What `bloathound ctl TARGET COMMAND…` is given.
#[derive(Clone, Debug)]
pub(crate) struct CtlOptions {
    /// A process id or the path of a control socket.
    pub(crate) target: String,
    /// The command's words: `status`, `trace on`, `log on NAME`, `manhole on`, `dump`, …
    pub(crate) command: Vec<String>,
    /// Longest wait for an answer; a dump of a large heap takes its time.
    pub(crate) timeout: Duration,
    /// Print the answer as JSON, for programs.
    pub(crate) json: bool,
}

/// Sends one command and writes the answer.
pub(crate) fn ctl(options: &CtlOptions, out: &mut impl Write) -> Result<(), CliError> {
    let client = ControlClient::new(target(&options.target)?, options.timeout);
    let reply = client.request(&options.command.join(" "))?;
    if options.json {
        let text = bloathound_vocabulary::json::to_json(&reply.fields).map_err(CliError::unwritten)?;
        return out.write_all(text.as_bytes()).map_err(CliError::stdout);
    }
    let mut text = String::new();
    render::fields(&reply.fields, 0, &mut text);
    if reply.by_signal {
        text.push_str("(the reactor is blocked: the signal handler answered)\n");
    }
    if let Some(next) = next_step(&options.target, &options.command, &reply.fields) {
        text.push_str(&format!("\nnext: {next}\n"));
    }
    out.write_all(text.as_bytes()).map_err(CliError::stdout)
}

/// The command to type next, where there is one.
fn next_step(target: &str, command: &[String], fields: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let text = |path: [&str; 2]| fields.get(path[0])?.get(path[1])?.as_str();
    let target = shell_word(target);
    let off = |what: &str| typed::command(&format!("ctl {target} {what} off"));
    Some(match words.as_slice() {
        ["trace", "on"] => typed::command(&format!("trace {target}")),
        ["manhole", "on", ..] => {
            format!("socat -,raw,echo=0 UNIX-CONNECT:{}   (off: {})", text(["manhole", "socket"])?, off("manhole"))
        }
        ["log", "on", ..] => {
            let file = fields.get("file")?.as_str()?;
            format!("tail -f {file}   (off: {})", off("log"))
        }
        ["dump", ..] => typed::command(&format!("inspect {}", shell_word(text(["dump", "file"])?))),
        _ => return None,
    })
}
