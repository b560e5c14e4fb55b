//! Answers of a learner held against what was drawn. Every refusal says something that one can learn from.

mod class;
mod holder;
mod lines;
mod number;

use crate::data::{Kind, Question};
use crate::drawn::Drawn;
use crate::error::LabError;

/// What became of one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether it is right.
    pub right: bool,
    /// What is said of it.
    pub says: String,
}

impl Judged {
    fn right(says: impl Into<String>) -> Self {
        Self { right: true, says: says.into() }
    }

    fn wrong(says: impl Into<String>) -> Self {
        Self { right: false, says: says.into() }
    }
}

/// One answer to one question.
///
/// # Errors
/// The lab's data is wrong.
pub fn judge(drawn: &Drawn, question: &Question, answer: &str) -> Result<Judged, LabError> {
    let judged = against(drawn, question, answer)?;
    if judged.right {
        return Ok(judged);
    }
    // What the lab itself says of such an answer is better than what can be said of any.
    for wrong in drawn.wrong(&question.id)? {
        if same(drawn, question, &wrong.says, answer) {
            return Ok(Judged::wrong(wrong.because.trim()));
        }
    }
    Ok(judged)
}

fn against(drawn: &Drawn, question: &Question, answer: &str) -> Result<Judged, LabError> {
    let data = |message: String| LabError::data(format!("{}/lab.yaml, {}", drawn.lab.name, question.id), message);
    let filled = |words: &[String]| -> Result<Vec<String>, LabError> {
        words.iter().map(|word| drawn.told(word, &[])).collect()
    };
    match &question.kind {
        Kind::Class { is, also } => Ok(class::judge(&drawn.classes, is, also, answer)),
        Kind::Holder { must, may } => Ok(holder::judge(&filled(must)?, &filled(may)?, &drawn.path_words, answer)),
        Kind::Number { is, within, unit } => {
            let is = drawn.told(is, &[])?;
            let is: f64 = is.trim().parse().map_err(|_| data(format!("`is` is {is:?}, and no number")))?;
            Ok(number::judge(is, *within, unit, answer))
        }
        Kind::Lines { mark } => {
            let lines = drawn.lines(mark).ok_or_else(|| data(format!("the service has no line marked {mark}")))?;
            Ok(lines::judge(lines, answer))
        }
        Kind::Word { any } => {
            let plain = |text: &str| text.trim().trim_matches(['"', '\'', '`']).to_lowercase();
            let any = filled(any)?;
            Ok(if any.iter().any(|one| plain(one) == plain(answer)) {
                Judged::right("yes")
            } else {
                Judged::wrong("that is not what the tool tells here; `lab hint` says where to read it")
            })
        }
    }
}

/// Whether a learner's answer is the one that a listed wrong answer means.
fn same(drawn: &Drawn, question: &Question, listed: &str, answer: &str) -> bool {
    match &question.kind {
        Kind::Class { .. } => {
            let meant = |text| class::named(&drawn.classes, text).map(|class| &class.name);
            meant(answer).is_some() && meant(listed) == meant(answer)
        }
        Kind::Holder { .. } => holder::says_same(listed, answer, &drawn.path_words),
        Kind::Number { within, .. } => match (number::read(listed), number::read(answer)) {
            (Some(listed), Some(answer)) => number::near(listed, answer, *within),
            _ => false,
        },
        Kind::Lines { .. } => lines::read(listed).is_some() && lines::read(listed) == lines::read(answer),
        Kind::Word { .. } => listed.trim().eq_ignore_ascii_case(answer.trim()),
    }
}
