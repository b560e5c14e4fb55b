//! A class of bug, in the words of whoever answers.

use super::Judged;
use crate::data::ClassWords;

/// The class that is meant.
pub(super) fn named<'c>(classes: &'c [ClassWords], answer: &str) -> Option<&'c ClassWords> {
    let plain = |text: &str| -> String {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(answer);
    classes.iter().find(|class| {
        let mut spellings = std::iter::once(&class.name).chain(&class.also);
        spellings.any(|spelling| plain(spelling) == wanted)
    })
}

pub(super) fn judge(classes: &[ClassWords], is: &str, also: &[String], answer: &str) -> Judged {
    let Some(meant) = named(classes, answer) else {
        let all: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        return Judged::wrong(format!("no class is called {answer:?}; these are: {}", all.join(", ")));
    };
    if meant.name == is || also.contains(&meant.name) {
        return Judged::right(meant.means.trim());
    }
    Judged::wrong(format!(
        "{} means: {}. One tells it by this: {}. Is that what you see?",
        meant.name,
        meant.means.trim(),
        meant.tell_by.trim()
    ))
}
