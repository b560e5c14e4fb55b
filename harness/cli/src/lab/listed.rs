//! `lab list`, `lab report`, `lab pages`.

use bloathound_lab::{Diary, Results, Shelf, gather, pages};
use bloathound_report::text::beside;

use super::arguments::{ListArguments, PagesArguments, ReportArguments};
use super::desk::write;
use crate::error::CliError;
use crate::exit::Exit;
use crate::home::Home;
use crate::{output, typed};

/// All labs, and how far this learner is.
pub(crate) fn list(arguments: &ListArguments) -> Result<u8, CliError> {
    let home = Home::find(arguments.place.home.as_deref())?;
    let shelf = Shelf::open(&home.labs())?;
    let mut text = String::new();
    for lab in shelf.labs() {
        let progress = Diary::read(&arguments.place.folder.join(&lab.name))?.unwrap_or_default();
        let state =
            match (progress.get("passed").is_empty(), progress.is("diagnosis"), progress.get("begun").is_empty()) {
                (false, ..) => "passed",
                (_, true, _) => "diagnosed",
                (.., false) => "begun",
                _ => "",
            };
        let head = format!("{:>2}  {:<12} {:>3} min  {state:<9}  ", lab.order, lab.name, lab.minutes);
        text.push_str(&beside(&head, &lab.title));
    }
    let first = shelf.labs().first().map_or("NAME", |lab| lab.name.as_str());
    text.push_str(&format!("\nbegin with: {}\n", typed::command(&format!("lab start {first}"))));
    output::result(&text);
    Ok(Exit::AsExpected.number())
}

/// What a class has done.
pub(crate) fn report(arguments: &ReportArguments) -> Result<u8, CliError> {
    let results = gather(&arguments.dir)?;
    if let Some(path) = &arguments.json {
        output::json(path, &results)?;
    }
    if !output::is_stdout(arguments.json.as_deref()) {
        output::result(&table(&results));
    }
    Ok(Exit::AsExpected.number())
}

fn table(Results { rows, unread }: &Results) -> String {
    let head = format!("{:<20} {:<12} {:<10} {:>5} {:>5}  ", "learner", "lab", "state", "tries", "hints");
    let mut text = beside(&head, "remarks");
    for row in rows {
        let remarks = [(row.saw_solution, "saw the solution"), (row.fast_track, "fast track")];
        let remarks: Vec<&str> = remarks.iter().filter_map(|(is, what)| is.then_some(*what)).collect();
        let clean = |text: &str| bloathound_report::sanitize::line(text).into_owned();
        let (learner, lab) = (clean(&row.learner), clean(&row.lab));
        let head = format!("{learner:<20} {lab:<12} {:<10} {:>5} {:>5}  ", row.state, row.tries, row.hints);
        text.push_str(&beside(&head, &remarks.join(", ")));
    }
    let passed = rows.iter().filter(|row| row.state == "passed").count();
    text.push_str(&format!("{} labs begun, {passed} passed\n", rows.len()));
    for what in unread {
        text.push_str(&format!("not read: {}\n", bloathound_report::sanitize::line(what)));
    }
    text
}

/// Slides, handout, guide and key.
pub(crate) fn write_pages(arguments: &PagesArguments) -> Result<(), CliError> {
    let home = Home::find(arguments.home.as_deref())?;
    let shelf = Shelf::open(&home.labs())?;
    for page in pages(&shelf, arguments.seed)? {
        let path = arguments.dir.join(page.name);
        write(&path, &page.html)?;
        output::result(&format!("{}\n", path.display()));
    }
    Ok(())
}
