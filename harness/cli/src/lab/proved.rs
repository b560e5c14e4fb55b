//! `lab check --all`: each lab proves itself. What its files lack is said; then it is run unsolved, with the solution, and
//! with its work left out.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bloathound_driver::Launcher;
use bloathound_engine::Interrupt;
use bloathound_lab::{Drawn, Kind, Lab, Shelf, Version, judge, lacks};

use super::arguments::CheckArguments;
use super::bench::{Bench, Ran};
use super::cured;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::{output, preparation};

/// Runs of the unsolved service in which the tool has to tell what the lab takes for right.
const LOOKS_MAX: usize = 3;

/// What a check of one lab came to: what it lacks, and how long that took.
type Proof = (Vec<String>, f64);

/// Checks the labs themselves.
pub(crate) fn all(arguments: &CheckArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.place.home.as_deref())?;
    let shelf = Shelf::open(&home.labs())?;
    let labs: Vec<&Lab> = match &arguments.name {
        Some(name) => vec![shelf.lab(name)?],
        None => shelf.labs().iter().collect(),
    };
    let interrupt = Interrupt::take()?;
    let launcher = if arguments.files_only { None } else { Some(preparation::launcher(&home)?) };
    let (next, bad) = (AtomicUsize::new(0), Mutex::new(0u32));
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.min(labs.len()) {
            scope.spawn(|| {
                while let Some(lab) =
                    labs.get(next.fetch_add(1, Ordering::SeqCst)).filter(|_| interrupt.came().is_none())
                {
                    let (lacking, seconds) = proof(&shelf, lab, launcher.as_ref(), arguments.seed, &interrupt);
                    let verdict = if lacking.is_empty() { "ok  " } else { "FAIL" };
                    output::result(&format!("{verdict}  {:<12} {seconds:>5.1} s\n", lab.name));
                    lacking.iter().for_each(|line| output::result(&format!("      {line}\n")));
                    *bad.lock().unwrap_or_else(PoisonError::into_inner) += u32::from(!lacking.is_empty());
                }
            });
        }
    });
    if let Some(stop) = interrupt.came() {
        return Ok(Exit::of_stop(stop).number());
    }
    let bad = bad.into_inner().unwrap_or_else(PoisonError::into_inner);
    output::result(&format!("{} labs, {bad} lack something\n", labs.len()));
    Ok(if bad == 0 { Exit::AsExpected } else { Exit::ExpectationFailed }.number())
}

fn proof(shelf: &Shelf, lab: &Lab, launcher: Option<&Launcher>, seed: u64, interrupt: &Interrupt) -> Proof {
    let begun = Instant::now();
    let mut lacking = lacks(shelf, lab);
    // A mystery is proved by those it is drawn from.
    if let Some(launcher) = launcher.filter(|_| lab.of.is_empty() && lacking.is_empty()) {
        match run(shelf, lab, launcher, seed, interrupt) {
            Ok(more) => lacking.extend(more),
            Err(error) => lacking.push(error.to_string()),
        }
    }
    (lacking, begun.elapsed().as_secs_f64())
}

/// Unsolved, solved, left out.
fn run(
    shelf: &Shelf,
    lab: &Lab,
    launcher: &Launcher,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<Vec<String>, CliError> {
    let drawn = Drawn::new(shelf, &lab.name, seed)?;
    let folder = shelf.folder().parent().unwrap_or(shelf.folder());
    let lock = |at: Option<&(String, String)>| at.map(|(_, lock)| folder.join(lock));
    let (first, last) = (lock(lab.releases.first()), lock(lab.releases.last()));
    let judged = |version: Version, lock: &Option<std::path::PathBuf>| {
        let service = drawn.service(version)?;
        cured::judge((&drawn, launcher), &service, lock.as_deref(), last.as_deref(), interrupt)
    };
    let mut found = answers(&drawn)?;
    let unsolved = judged(Version::Unsolved, &first)?;
    if unsolved.passed == lab.told.is_some() {
        let says = unsolved.says.join(" ");
        found.push(if unsolved.passed {
            "unsolved it passes".into()
        } else {
            format!("nothing is wrong, and it fails: {says}")
        });
    }
    if lab.told.is_some() {
        let again = || {
            let service = drawn.service(Version::Unsolved)?;
            Bench::new((&drawn, launcher), &service, first.as_deref(), interrupt)?.run(None)
        };
        // Refused before it was run whole: what the tool says of it is asked for here.
        let ran = unsolved.ran.map_or_else(again, Ok)?;
        let mut lacking = truth(&drawn, &ran)?;
        // What is judged by samples is not told by every look: a learner looks again too.
        for _ in 1..LOOKS_MAX {
            if lacking.is_empty() {
                break;
            }
            lacking = truth(&drawn, &again()?)?;
        }
        found.extend(lacking);
    }
    let solved = judged(Version::Solved, &last)?;
    if !solved.passed {
        found.push(format!("the solution fails: {}", solved.says.join(" ")));
    }
    let left_out = judged(Version::LeftOut, &last)?;
    let is_refused_for_that =
        left_out.ran.as_ref().is_some_and(|ran| !ran.undone.is_empty() && ran.record.findings.is_empty());
    if left_out.passed || !is_refused_for_that {
        found.push(format!("with the work left out it says: {}", left_out.says.join(" ")));
    }
    Ok(found)
}

/// Whether the right answer to each question is taken as right.
fn answers(drawn: &Drawn) -> Result<Vec<String>, CliError> {
    let mut found = Vec::new();
    for question in &drawn.lab.questions {
        let answer = match &question.kind {
            Kind::Class { is, .. } => is.clone(),
            Kind::Holder { must, .. } => drawn.told(&must.join("."), &[])?,
            Kind::Number { is, .. } => drawn.told(is, &[])?,
            Kind::Lines { mark } => {
                drawn.lines(mark).map(|(first, last)| format!("{first}-{last}")).unwrap_or_default()
            }
            Kind::Word { any } => drawn.told(any.first().map_or("", String::as_str), &[])?,
        };
        if !judge(drawn, question, &answer)?.right {
            found.push(format!("{}={answer} is the right answer and refused", question.id));
        }
    }
    Ok(found)
}

/// Whether what the tool says of the unsolved service is what the lab takes for right.
pub(super) fn truth(drawn: &Drawn, ran: &Ran) -> Result<Vec<String>, CliError> {
    let told = drawn.lab.told.clone().unwrap_or_default();
    if ran.observed(&told).is_some() {
        return Ok(Vec::new());
    }
    let findings = &ran.record.findings;
    let Some(finding) = findings.iter().find(|finding| finding.class.to_string() == told) else {
        let why = ran.record.invalid_because.clone().unwrap_or_default();
        // A rule that got too little of a busy machine abstains aloud: that says nothing of the lab.
        if ran.has_abstained {
            return Ok(Vec::new());
        }
        let said: Vec<String> = findings.iter().map(|finding| finding.summary.replace('\n', " ")).collect();
        return Ok(vec![format!("the tool does not tell {told} of it, but: {}{why}", said.join("; "))]);
    };
    let mut found = Vec::new();
    let place = serde_json::to_string(&finding.location).unwrap_or_default();
    for question in &drawn.lab.questions {
        match &question.kind {
            Kind::Holder { must, .. } => {
                for name in must {
                    let name = drawn.told(name, &[])?;
                    if !place.contains(&name) {
                        found.push(format!("the tool does not name {name}, but {place}"));
                    }
                }
            }
            Kind::Lines { mark } => {
                let lines = finding.location.line_first.zip(finding.location.line_last);
                if lines.is_some() && lines != drawn.lines(mark) {
                    found.push(format!("the tool names lines {lines:?}, and {mark} marks {:?}", drawn.lines(mark)));
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
