//! `bloathound replay`.

use std::path::PathBuf;

use bloathound_engine::record::{self, RecordedRun};
use bloathound_engine::{Interrupt, tool};
use bloathound_report::html::RunKey;
use bloathound_report::text;
use bloathound_vocabulary::{RunRecord, name_under};

use crate::args::ReplayArguments;
use crate::bar::{Progress, Steps};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{self, Unwritten};
use crate::pages::Extras;
use crate::score::replayed;
use crate::{host, pages};

/// `bloathound replay`: recorded runs through the same rules again.
pub(crate) fn replay(arguments: &ReplayArguments) -> Result<u8, CliError> {
    let _held = output::check([arguments.json.as_ref(), arguments.page.file()])?;
    Interrupt::obey_cleanly()?;
    let folders = record::folders(&arguments.dir)?;
    let color = output::color();
    let runs: Vec<(PathBuf, RecordedRun)> = folders
        .into_iter()
        .map(|folder| Ok((folder.clone(), record::read_run(&folder)?)))
        .collect::<Result<_, CliError>>()?;
    let names: Vec<String> =
        runs.iter().map(|(_, run)| name_under(&run.scenario, run.series.as_deref(), run.traffic)).collect();
    let layout = text::Layout::for_names(names.iter().map(String::as_str));
    let show = |text: &str| {
        if !output::any_is_stdout([arguments.json.as_ref(), arguments.page.file()]) {
            output::result(text);
        }
    };
    show(&layout.header(color));
    let mut records: Vec<RunRecord> = Vec::new();
    let bar = Progress::begin(Steps::Counted { unit: "run", of: runs.len() as u64 }, "judging again");
    let mut extras = Extras::new();
    for (folder, run) in &runs {
        bar.at(records.len() as u64, &replayed::told(run));
        let (mut record, more) = replayed::judge(folder, run, arguments.page.file().is_some())?;
        bloathound_report::tell_run(&mut record);
        extras.insert(RunKey::from(&record), more);
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
    arguments.page.write(&mut unwritten, || pages::runs(&results, &extras));
    Ok(unwritten.exit(Exit::of_results(&results)).number())
}
