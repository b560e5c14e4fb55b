//! What it was: the explanation with the learner's own figures, what the tool says of the unsolved service, and its picture.

use std::collections::BTreeMap;

use bloathound_engine::Interrupt;
use bloathound_engine::tool;
use bloathound_lab::Version;
use bloathound_report::html::{self, RunExtras};
use bloathound_report::text;
use bloathound_vocabulary::RunRecord;

use super::bench::{Bench, Ran};
use super::desk::{Desk, write};
use super::looked::wrapped;
use super::{cured, recordings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::{output, preparation};

/// The explanation's file.
const TEXT: &str = "explained.txt";
/// The page with the pictures.
const PAGE: &str = "explained.html";

/// Notes that the lab is passed, and explains it. `ran`: the learner's own cured service, for its figures.
pub(crate) fn passed(desk: &mut Desk, ran: Option<&Ran>) -> Result<String, CliError> {
    if desk.progress.get("passed").is_empty() {
        let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        desk.progress.set("passed", now);
    }
    let (mut record, extras) = as_it_was(desk)?;
    // That its work was not done is the fault itself here, and no reason to believe less of it.
    record.invalid_because = None;
    let mut ledger: BTreeMap<String, String> = record.ledger.iter().map(|(k, v)| (k.clone(), v.to_string())).collect();
    if let Some(ran) = ran {
        ledger.extend(cured::figures(&ran.ledger));
    }
    let lab = &desk.drawn.lab;
    let mut told = format!("passed: {}\n\n", lab.title);
    let mut say = |text: &str| -> Result<(), CliError> {
        wrapped(&desk.drawn.told_with(text, &ledger)?, 0).iter().for_each(|line| told.push_str(&format!("{line}\n")));
        told.push('\n');
        Ok(())
    };
    say(&lab.explain)?;
    say(&lab.cure)?;
    if !lab.upstream.is_empty() {
        say(&format!("Where it happened: {}", lab.upstream))?;
    }
    told.push_str("what the tool says of the service as it was\n");
    told.push_str(&text::check(&record, &[], output::view(None, text::PROCESS)));
    told.push_str("\nread next\n");
    lab.read_next.iter().for_each(|line| told.push_str(&format!("  {line}\n")));
    write(&desk.folder.join(PAGE), &html::as_it_was(&lab.title, &record, &extras, &tool()))?;
    told.push_str(&format!("\nthe picture: {}\n", desk.folder.join(PAGE).display()));
    write(&desk.folder.join(TEXT), &told)?;
    Ok(told)
}

/// The unsolved service under its load once more, or its recording.
fn as_it_was(desk: &Desk) -> Result<(RunRecord, RunExtras), CliError> {
    if recordings::is_recorded(desk) {
        return recordings::judged(desk);
    }
    let launcher = preparation::launcher(&desk.home)?;
    let lock = desk.drawn.lab.releases.first().map(|(_, lock)| desk.home.scenarios().join(lock));
    let service = desk.drawn.service(Version::Unsolved)?;
    let bench = Bench::new((&desk.drawn, &launcher), &service, lock.as_deref(), &Interrupt::default())?;
    let ran = bench.run(None)?;
    Ok((ran.record, ran.extras))
}

/// `lab explain`.
pub(crate) fn again(desk: &Desk) -> Result<u8, CliError> {
    if desk.progress.get("passed").is_empty() {
        let message = format!("{} is not passed yet; {} checks it", desk.drawn.lab.name, desk.typed("check"));
        return Err(CliError::Usage(message));
    }
    let path = desk.folder.join(TEXT);
    let text = bloathound_bounds::read_regular_text(&path, 1 << 20).map_err(|error| CliError::file(&path, error))?;
    output::result(&text);
    Ok(Exit::AsExpected.number())
}
