//! What a look will cost its target, said before it is taken.

use bloathound_driver::{CheckPlan, CheckTarget, check_forecasts};
use bloathound_engine::Interrupt;
use bloathound_live::{Forecast, Process};
use bloathound_report::units;
use clap::Args;

use crate::error::CliError;
use crate::exit::Exit;
use crate::looking::LookArguments;
use crate::output;

/// To know what a look costs without taking it.
#[derive(Args, Debug)]
pub(crate) struct DryRunArguments {
    /// Say what looking would cost (bytes to copy, how fast that is here, how long the target would stand still), and stop and
    /// judge nothing. Exits by 3 where --max-pause would refuse it
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What a look at a process, or at what is no process, would cost.
///
/// # Errors
/// The process can't be read.
pub(crate) fn of_target(target: &str, look: &LookArguments) -> Result<u8, CliError> {
    let Ok(pid) = target.parse::<u32>() else {
        output::result(&format!("{target} is no process: nobody is stopped\n"));
        return Ok(Exit::AsExpected.number());
    };
    Ok(tell(&[(pid, of_process(pid)?)], look).number())
}

/// The same of a service that is checked: of each of its processes.
///
/// # Errors
/// It can't be started, or not be read.
pub(crate) fn of_check(target: &CheckTarget, plan: &CheckPlan, look: &LookArguments) -> Result<u8, CliError> {
    let interrupt = Interrupt::take()?;
    match (check_forecasts(target, plan, &interrupt), interrupt.came()) {
        (_, Some(stop)) => Err(CliError::stopped(stop, "ended before anything was seen")),
        (forecasts, None) => Ok(tell(&forecasts?, look).number()),
    }
}

/// Says beforehand what a look that is about to be taken will cost, where somebody has named a longest pause or wants to know
/// all (`-v`). That it can't be told is told by the look.
pub(crate) fn say(target: &str, look: &LookArguments) {
    if look.max_pause.is_none() && !output::is_verbose() {
        return;
    }
    if let Some(forecast) = target.parse().ok().and_then(|pid| of_process(pid).ok()) {
        output::message(told(&format!("process {target}"), &forecast, look).0.trim_end());
    }
}

fn of_process(pid: u32) -> Result<Forecast, CliError> {
    let process = Process::open(pid).map_err(bloathound_engine::source::ExamineError::from)?;
    Ok(process.forecast().map_err(bloathound_engine::source::ExamineError::from)?)
}

fn tell(forecasts: &[(u32, Forecast)], look: &LookArguments) -> Exit {
    let mut exit = Exit::AsExpected;
    for (pid, forecast) in forecasts {
        let (text, allowed) = told(&format!("process {pid}"), forecast, look);
        output::result(&text);
        if !allowed {
            exit = Exit::NotHere;
        }
    }
    exit
}

/// The forecast in words, and whether the look would be taken.
fn told(named: &str, forecast: &Forecast, look: &LookArguments) -> (String, bool) {
    let copied = units::bytes(forecast.copied_bytes);
    let constants = units::bytes(forecast.constant_bytes);
    let rate = units::bytes(forecast.bytes_per_second as u64);
    let pause = format!("{} ms", units::milliseconds(forecast.pause.as_secs_f64() * 1e3));
    let budget = look.options().pause_budget;
    let affordable = forecast.pause <= budget;
    let at_most = || format!("{} ms", units::milliseconds(budget.as_secs_f64() * 1e3));
    let by_sleep = !look.always_pause && forecast.is_asleep;
    let way = match (look.no_pause, by_sleep) {
        (true, _) => "it is not stopped (--no-pause)".to_owned(),
        (_, true) if affordable => {
            format!("it is asleep and need not be stopped; if it wakes, it stands still for about {pause}")
        }
        (_, true) => format!(
            "it is asleep and need not be stopped; if it wakes, it is not looked at: {pause} are more than {}",
            at_most()
        ),
        (_, false) if affordable => format!("it works, and will stand still for about {pause}"),
        (_, false) => {
            format!("it works, and would stand still for about {pause}, more than {}: it is not looked at", at_most())
        }
    };
    let text = format!("{named}: {copied} to copy, {rate} a second here, {constants} of constants beforehand; {way}\n");
    (text, look.no_pause || by_sleep || affordable)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        look: LookArguments,
    }

    #[test]
    fn the_way_is_chosen_by_the_budget() {
        let of = |is_asleep: bool, options: &[&str]| {
            let line = Line::parse_from([&["look"][..], options].concat());
            let pause = Duration::from_millis(50);
            let forecast =
                Forecast { copied_bytes: 1 << 28, constant_bytes: 1 << 20, bytes_per_second: 5e9, pause, is_asleep };
            told("process 7", &forecast, &line.look)
        };
        let (text, allowed) = of(false, &[]);
        assert!(
            allowed && text.contains("256 MiB to copy") && text.contains("will stand still for about 50"),
            "{text}"
        );
        let (text, allowed) = of(false, &["--max-pause", "20"]);
        assert!(!allowed && text.contains("more than 20"), "{text}");
        let (text, allowed) = of(true, &["--max-pause", "20"]);
        assert!(allowed && text.contains("need not be stopped"), "{text}");
        assert!(!of(true, &["--max-pause", "20", "--always-pause"]).1);
        assert!(of(false, &["--max-pause", "20", "--no-pause"]).1);
    }
}
