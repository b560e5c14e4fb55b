//! `bloathound replay`.

use std::path::PathBuf;

use bloathound_engine::record::{self, RecordedRun};
use bloathound_engine::{Interrupt, tool};
use bloathound_report::text;
use bloathound_vocabulary::{RunRecord, name_under};

use crate::args::ReplayArguments;
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::exit::Exit;
use crate::host;
use crate::output::{self, Unwritten};
use crate::score::replayed;

/// `bloathound replay`: recorded runs through the same rules again.
pub(crate) fn replay(arguments: &ReplayArguments) -> Result<u8, CliError> {
    let _held = output::check([arguments.json.as_ref()])?;
    Interrupt::obey_cleanly()?;
    let folders = record::folders(&arguments.dir)?;
    let color = output::color();
    let runs: Vec<(PathBuf, RecordedRun)> = folders
        .into_iter()
        .map(|folder| Ok((folder.clone(), record::read_run(&folder)?)))
        .collect::<Result<_, CliError>>()?;
    let names: Vec<String> = runs.iter().map(|(_, run)| name_under(&run.scenario, run.traffic)).collect();
    let layout = text::Layout::for_names(names.iter().map(String::as_str));
    let show = |text: &str| {
        if !output::is_stdout(arguments.json.as_deref()) {
            output::result(text);
        }
    };
    show(&layout.header(color));
    let mut records: Vec<RunRecord> = Vec::new();
    let bar = Progress::begin(Steps::Counted { unit: "run", of: runs.len() as u64 }, "judging again");
    for (folder, run) in &runs {
        bar.at(records.len() as u64, &replayed::told(run));
        let mut record = replayed::judge(folder, run)?;
        bloathound_report::tell_run(&mut record);
        show(&text::run_line(&record, layout, color));
        show(&text::failure(&record, color));
        records.push(record);
    }
    drop(bar);
    let results = bloathound_score::results(tool(), host::facts(None), None, records);
    show(&text::summary(&results, color));
    let mut unwritten = Unwritten::default();
    if let Some(path) = &arguments.json {
        unwritten.note(output::json(path, &results));
    }
    Ok(unwritten.exit(Exit::of_results(&results)).number())
}
