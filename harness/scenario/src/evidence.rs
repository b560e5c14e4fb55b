//! Which evidence an expectation may name: what the table of classes declares, and nothing besides.

use bloathound_vocabulary::{Field, FindingClass};

use crate::error::ScenarioProblem;
use crate::vocabulary::nearest;

/// A class by its word, and what its findings have in `evidence`.
pub type Class = (&'static str, &'static [Field]);

/// The classes there are.
#[must_use]
pub fn classes() -> Vec<Class> {
    FindingClass::ALL.into_iter().map(|class| (class.as_str(), class.evidence())).collect()
}

/// Why an expectation of this class may not name this field; `None` where it may. The table is an argument, so that a
/// test can show that a class and its fields are declared once.
#[must_use]
pub fn refused(class: &str, name: &str, classes: &[Class]) -> Option<ScenarioProblem> {
    let has = |fields: &[Field]| fields.iter().any(|field| field.name == name);
    let own = classes.iter().find(|(word, _)| *word == class).map_or(&[][..], |(_, fields)| fields);
    if has(own) {
        return None;
    }
    let known: Vec<&str> = own.iter().map(|field| field.name).collect();
    Some(match classes.iter().find(|(_, fields)| has(fields)) {
        Some((owner, _)) => ScenarioProblem::Wrong {
            found: format!("`{name}`, which is evidence of a {owner} and not of a {class}"),
            wanted: format!("evidence of a {class}: {}", known.join(", ")),
        },
        None => ScenarioProblem::UnknownKey {
            found: name.to_owned(),
            suggestion: nearest(name, known.iter().copied()).map(str::to_owned),
            allowed: known.iter().map(|word| (*word).to_owned()).collect(),
        },
    })
}
