//! What each of `bloathound perf`'s commands does.

use std::path::{Path, PathBuf};

use bloathound_bounds::read_regular_text;
use bloathound_perf::{Outcome, judge};
use bloathound_vocabulary::{Acceptance, HistoryLine, Measurement};

use super::arguments::{
    AcceptArguments, CompareArguments, GateArguments, HistoryArguments, PerfArguments, PerfCommand, RecordArguments,
};
use super::checkout::Checkout;
use super::machine::runner;
use super::measure::{Measured, Past, Wanted, measure};
use super::pairs::in_pairs;
use super::store::{append, read};
use super::told;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{self, Unwritten};

/// A hosted CI takes no longer summary.
const SUMMARY_BYTES_MAX: u64 = 1 << 20;

/// `bloathound perf`: measures, compares, shows, gates, accepts.
pub(crate) fn perf(arguments: &PerfArguments) -> Result<u8, CliError> {
    let exit = match &arguments.command {
        PerfCommand::Record(asked) => record(asked),
        PerfCommand::Compare(asked) => compare(asked),
        PerfCommand::History(asked) => history(asked),
        PerfCommand::Gate(asked) => gate(asked),
        PerfCommand::Accept(asked) => accept(asked),
    }?;
    Ok(exit.number())
}

/// A history is looked for in the checkout, wherever in it one stands.
fn file(path: &Path) -> PathBuf {
    match Checkout::here() {
        Ok(checkout) if !path.exists() => checkout.root.join(path),
        _ => path.to_owned(),
    }
}

fn measured(rows: Vec<Measurement>) -> Vec<HistoryLine> {
    rows.into_iter().map(HistoryLine::Measured).collect()
}

fn record(arguments: &RecordArguments) -> Result<Exit, CliError> {
    let checkout = Checkout::here()?;
    let mut wanted = Wanted {
        wall: arguments.wall,
        large: arguments.large,
        sizes: arguments.size.clone(),
        commit: arguments.commit.clone(),
        only: arguments.only.clone(),
        planted: arguments.planted,
        instructions_only: arguments.instructions_only,
        past: None,
    };
    if let Some(program) = &arguments.program {
        let named = arguments.image.as_deref().and_then(|image| image.split_once('='));
        let (name, image) = named.ok_or_else(|| CliError::Usage("--program needs --image NAME=FILE".into()))?;
        let whole = |path: &Path| path.canonicalize().map_err(|error| CliError::file(path, error));
        wanted.past = Some(Past { program: whole(program)?, image: (name.to_owned(), whole(Path::new(image))?) });
    }
    let Measured { rows, missing } = measure(&checkout, &wanted)?;
    if let Some(missing) = missing {
        output::message(&format!("wall time and bytes only: {missing}"));
    }
    let count = rows.len();
    let to = arguments.out.clone().unwrap_or_else(|| file(&arguments.history.path));
    append(&to, &measured(rows))?;
    output::progress(&format!("{count} rows added to {}", to.display()));
    Ok(Exit::AsExpected)
}

/// Rows of a file, or of a commit in the history.
fn rows_of(name: &str, history: &Path) -> Result<Vec<Measurement>, CliError> {
    let path = Path::new(name);
    let is_file = path.is_file();
    let lines = read(if is_file { path } else { history })?;
    let rows = lines.into_iter().filter_map(|line| match line {
        HistoryLine::Measured(row) => Some(row),
        HistoryLine::Accepted(_) => None,
    });
    let is_of = |row: &Measurement| is_file || row.commit.starts_with(name) || name.starts_with(&row.commit);
    let found: Vec<Measurement> = rows.filter(is_of).collect();
    if found.is_empty() {
        let history = history.display();
        return Err(CliError::Usage(format!("{name} is no file of rows, and {history} has no row of such a commit")));
    }
    Ok(found)
}

fn compare(arguments: &CompareArguments) -> Result<Exit, CliError> {
    if let Some(image) = &arguments.image {
        let [a, b] = [&arguments.a, &arguments.b].map(Path::new);
        output::result(&in_pairs(a, b, image, arguments.pairs)?);
        return Ok(Exit::AsExpected);
    }
    let history = file(&arguments.history.path);
    let [a, b] = [rows_of(&arguments.a, &history)?, rows_of(&arguments.b, &history)?];
    let [a, b]: [Vec<&Measurement>; 2] = [a.iter().collect(), b.iter().collect()];
    output::result(&told::comparison(&a, &b));
    Ok(Exit::AsExpected)
}

fn history(arguments: &HistoryArguments) -> Result<Exit, CliError> {
    let _held = output::check([arguments.page.file()])?;
    let lines = read(&file(&arguments.history.path))?;
    let mut unwritten = Unwritten::default();
    arguments.page.write(&mut unwritten, || told::page(&lines));
    if !output::any_is_stdout([arguments.page.file()]) {
        output::result(&told::history(&lines));
    }
    Ok(unwritten.exit(Exit::AsExpected))
}

fn gate(arguments: &GateArguments) -> Result<Exit, CliError> {
    if arguments.rows.is_none() {
        // Before anything is built: what can't be counted is not gated.
        runner(&Checkout::here()?).map_err(|missing| CliError::NotHere(format!("nothing is gated: {missing}")))?;
    }
    let history = read(&file(&arguments.history.path))?;
    let now: Vec<Measurement> = match &arguments.rows {
        Some(path) => rows_of(&path.to_string_lossy(), path)?,
        None => {
            let Measured { rows, missing } = measure(&Checkout::here()?, &Wanted::default())?;
            if let Some(missing) = missing {
                return Err(CliError::NotHere(format!("nothing is gated: {missing}")));
            }
            rows
        }
    };
    let judged = judge(&history, &now);
    output::result(&told::judgements(&judged, false));
    if let Some(path) = &arguments.keep {
        append(path, &measured(now))?;
    }
    if let Some(path) = &arguments.summary {
        // Where nothing is yet, this is the beginning.
        let before = read_regular_text(path, SUMMARY_BYTES_MAX).unwrap_or_default();
        let summary = format!("{before}### Performance\n\n{}\n", told::judgements(&judged, true));
        output::file(path, summary.as_bytes())?;
    }
    let alarmed = judged.iter().any(|one| one.outcome == Outcome::Worse);
    if alarmed {
        output::message(
            "a change that is meant is accepted with its reason: bloathound perf accept --stage STAGE REASON",
        );
    }
    Ok(if alarmed { Exit::ExpectationFailed } else { Exit::AsExpected })
}

fn accept(arguments: &AcceptArguments) -> Result<Exit, CliError> {
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(CliError::Usage("a change is accepted with its reason, and this one is empty".into()));
    }
    if let Some(stage) = &arguments.stage
        && !bloathound_perf::STAGES.iter().chain([&bloathound_perf::WHOLE]).any(|known| known == stage)
    {
        let known = bloathound_perf::STAGES.join(", ");
        return Err(CliError::Usage(format!("{stage} is no stage; there are {known} and {}", bloathound_perf::WHOLE)));
    }
    let checkout = Checkout::here()?;
    let line = Acceptance {
        commit: checkout.commit()?,
        date: checkout.said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]).unwrap_or_default(),
        input: arguments.input.clone(),
        stage: arguments.stage.clone(),
        reason: reason.to_owned(),
    };
    append(&file(&arguments.history.path), &[HistoryLine::Accepted(line)])?;
    Ok(Exit::AsExpected)
}
