//! `lab hint` and `lab answer`.

use bloathound_lab::{Judged, judge};

use super::arguments::AnswerArguments;
use super::desk::Desk;
use super::looked::wrapped;
use super::{explained, running};
use crate::error::CliError;
use crate::exit::Exit;
use crate::{output, typed};

/// The next hint; after the last one all of them again.
pub(crate) fn hint(desk: &mut Desk) -> Result<u8, CliError> {
    let taken = usize::try_from(desk.progress.number("hints")).unwrap_or(0);
    let hints = desk.drawn.lab.hints.clone();
    let pid = running::of(desk).map_or_else(|| "PID".to_owned(), |running| running.pid.to_string());
    let shown = if taken < hints.len() { taken..taken + 1 } else { 0..hints.len() };
    let mut text = String::new();
    for (number, hint) in hints.iter().enumerate().filter(|(number, _)| shown.contains(number)) {
        let told = |text: &str| desk.drawn.told(text, &[("pid", pid.clone())]);
        text.push_str(&format!("hint {} of {}\n  {}\n", number + 1, hints.len(), as_called(&told(&hint.command)?)));
        wrapped(&told(&hint.read)?, 2).iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    output::result(&text);
    if taken < hints.len() {
        desk.progress.count("hints");
        desk.save()?;
    }
    Ok(Exit::AsExpected.number())
}

/// A command of ours as it works here, whatever this program is called by; others stay as they are.
fn as_called(line: &str) -> String {
    line.strip_prefix("bloathound ").map_or_else(|| line.to_owned(), typed::command)
}

/// Takes answers, each said right or wrong with a reason; without any it tells the questions.
pub(crate) fn answer(arguments: &AnswerArguments) -> Result<u8, CliError> {
    let mut desk = Desk::open(&arguments.which)?;
    if arguments.answers.is_empty() {
        output::result(&questions(&desk)?);
        return Ok(Exit::AsExpected.number());
    }
    for given in &arguments.answers {
        let known: Vec<String> = desk.drawn.lab.questions.iter().map(|question| question.id.clone()).collect();
        let (id, answer) = given
            .split_once('=')
            .filter(|(id, _)| known.contains(&(*id).to_owned()))
            .ok_or_else(|| CliError::Usage(format!("{given}: meant one of {}=…", known.join("=…, "))))?;
        desk.progress.set(&format!("answer {id}"), answer);
        desk.progress.count("tries");
    }
    let diagnosis = diagnosis(&desk)?;
    let mut text = diagnosis.text.clone();
    desk.progress.set("diagnosis", if diagnosis.right { "yes" } else { "no" });
    if diagnosis.right && arguments.fast_track {
        desk.progress.set("fast track", "yes");
        text.push_str(&explained::passed(&mut desk, None)?);
    } else if diagnosis.right {
        let now = if desk.drawn.lab.told.is_some() { "Now mend service.py" } else { "service.py may stay as it is" };
        text.push_str(&format!("\nyou found it. {now}; then: {}\n", desk.typed("check")));
    }
    desk.save()?;
    output::result(&text);
    Ok(if diagnosis.right { Exit::AsExpected } else { Exit::ExpectationFailed }.number())
}

/// What the answers so far are worth.
pub(crate) struct Diagnosis {
    pub(crate) right: bool,
    pub(crate) text: String,
}

/// All questions, with what is said of each answer.
pub(crate) fn diagnosis(desk: &Desk) -> Result<Diagnosis, CliError> {
    let mut diagnosis = Diagnosis { right: true, text: "diagnosis\n".to_owned() };
    for question in &desk.drawn.lab.questions {
        let answer = desk.progress.get(&format!("answer {}", question.id));
        let judged = if answer.is_empty() {
            Judged { right: false, says: format!("not answered yet: {}", desk.drawn.told(&question.ask, &[])?.trim()) }
        } else {
            judge(&desk.drawn, question, answer)?
        };
        diagnosis.right &= judged.right;
        let mark = if judged.right {
            "right"
        } else if answer.is_empty() {
            "open "
        } else {
            "wrong"
        };
        diagnosis.text.push_str(&format!("  {mark}  {}={answer}\n", question.id));
        wrapped(&judged.says, 9).iter().for_each(|line| diagnosis.text.push_str(&format!("         {line}\n")));
    }
    Ok(diagnosis)
}

fn questions(desk: &Desk) -> Result<String, CliError> {
    let mut text = String::new();
    for question in &desk.drawn.lab.questions {
        text.push_str(&format!("  {}=…\n", question.id));
        wrapped(&desk.drawn.told(&question.ask, &[])?, 6)
            .iter()
            .for_each(|line| text.push_str(&format!("      {line}\n")));
    }
    let first = desk.drawn.lab.questions.first().map_or("class", |question| question.id.as_str());
    text.push_str(&format!("answer some or all of them: {}\n", desk.typed(&format!("answer {first}=…"))));
    Ok(text)
}
