//! The `bloathound` command: arguments in, results to stdout, messages to stderr, the documented exit codes. A library
//! for its own `main`, for tests and for fuzzing; nobody else should build on it.

mod args;
mod bar;
mod check;
mod checks;
mod choices;
mod chosen;
mod commands;
mod cost;
mod error;
mod everything;
mod exit;
mod explain;
mod exports;
mod extras;
mod failing;
mod files;
mod follow;
mod gate;
mod gating;
mod generated;
mod ground;
mod help;
mod home;
mod host;
mod kit;
mod lab;
mod looking;
mod made;
mod manual;
mod metrics;
mod output;
mod own;
mod pages;
mod perf;
mod permission;
mod picture;
mod plan;
mod preparation;
mod prepared;
mod progress;
mod pythons;
mod recorded;
mod score;
mod served;
mod suite;
mod terminal;
mod twin;
mod typed;
mod watched;
mod written;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use error::CliError;
use exit::Exit;

pub use everything::{drawn, inspected};

/// The command line: does what the arguments say and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    // Before any thread is started.
    bloathound_kit::hold_back_size_signal();
    bloathound_report::typing::called_as(&typed::ourselves());
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return ExitCode::from(told_usage(&usage)),
    };
    output::show_as(arguments.shown);
    let outcome = match arguments.command {
        Command::Run(run) => commands::run::run(&run),
        Command::Init(init) => own::init::init(&init),
        Command::Check(check) => commands::check::check(&check),
        Command::List(list) => commands::list::list(&list),
        Command::Doctor(doctor) => commands::doctor::doctor(&doctor),
        Command::Completions(shell) => commands::completions::completions(&shell),
        Command::Man(man) => commands::completions::man(&man),
        Command::Watch(watch) => commands::watch::watch(&watch),
        Command::Hot(hot) => commands::hot::hot(&hot),
        Command::Capture(capture) => commands::capture::capture(&capture),
        Command::Diff(diff) => commands::diff::diff(&diff),
        Command::Why(why) => commands::why::why(&why),
        Command::Prepare(prepare) => commands::prepare::prepare(&prepare),
        Command::Serve(serve) => commands::serve::serve(&serve),
        Command::Replay(replay) => commands::replay::replay(&replay),
        Command::Ctl(ctl) => commands::kit::ctl(&ctl),
        Command::Trace(trace) => commands::kit::trace(&trace),
        Command::Perf(perf) => commands::perf::perf(&perf),
        Command::Lab(lab) => commands::lab::lab(&lab.command),
        Command::Merge(merge) => commands::merge::merge(&merge),
        Command::Inspect(inspect) => commands::inspect::inspect(&inspect),
        // Nobody reads what it would have to say: it is told apart by its end.
        Command::Hold(hold) => return ExitCode::from(u8::from(bloathound_live::hold(&hold.words).is_err())),
    };
    ExitCode::from(ended(outcome))
}

/// The number to exit by, once all is said.
fn ended(outcome: Result<u8, CliError>) -> u8 {
    match outcome.and_then(|code| output::all_written().map(|()| code).or_else(|error| gone_or(error, code))) {
        Ok(code) => code,
        Err(error) => {
            let exit = Exit::of_error(&error);
            if exit != Exit::AsExpected {
                output::message(&error.to_string());
            }
            exit.number()
        }
    }
}

/// Help and version are results like any other; what is wrong with the arguments is a message.
fn told_usage(usage: &clap::Error) -> u8 {
    if usage.use_stderr() {
        // Nothing is lost where nobody reads that.
        let _ = usage.print();
        return Exit::Usage.number();
    }
    let text = usage.render();
    // Said beside `--help`, it is not parsed.
    let words: Vec<String> = std::env::args().collect();
    let plain = words.windows(2).any(|pair| pair == ["--color", "never"]) || words.iter().any(|w| w == "--color=never");
    output::result(&if output::color() && !plain { text.ansi().to_string() } else { text.to_string() });
    ended(Ok(Exit::AsExpected.number()))
}

/// Where nobody reads on, the command ends as it would have; lost results are a failure of their own.
fn gone_or(error: CliError, code: u8) -> Result<u8, CliError> {
    if matches!(error, CliError::ReaderGone) { Ok(code) } else { Err(error) }
}
