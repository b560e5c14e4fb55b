//! Command lines and variables as a file has them.

use std::collections::BTreeMap;

use crate::checker::Checker;
use crate::error::ScenarioProblem;
use crate::locate::{NodePath, Part};
use crate::model::OptionValue;
use crate::raw::RawCommand;
use crate::unique_map::UniqueMap;

/// The words of a command, the program first.
pub(crate) fn words(raw: RawCommand, node: &NodePath, checker: &mut Checker<'_>) -> Vec<String> {
    let words = match raw {
        RawCommand::Words(words) => words,
        RawCommand::Line(line) => shlex::split(&line).unwrap_or_else(|| {
            checker.wrong(node, format!("{line:?}, whose quotes have no end"), "a command line as for a shell");
            vec![line]
        }),
    };
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        checker.wrong(node, "a command without a program", "a program and its arguments, such as `twistd -n web`");
    }
    words
}

/// Variables by their names.
pub(crate) fn variables(
    raw: UniqueMap<OptionValue>,
    node: &NodePath,
    checker: &mut Checker<'_>,
) -> BTreeMap<String, String> {
    for name in raw.0.keys() {
        if name.is_empty() || name.contains(['=', '\0']) {
            let problem = ScenarioProblem::Wrong {
                found: format!("the variable `{name}`"),
                wanted: "a variable's name, such as `PYTHONPATH`".to_owned(),
            };
            checker.refuse(&node.key(name.clone()), Part::Key(0), problem);
        }
    }
    raw.0.into_iter().map(|(name, value)| (name, value.to_text())).collect()
}
