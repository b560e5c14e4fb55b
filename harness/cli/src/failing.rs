//! Which findings make a command fail that else only tells.

use bloathound_vocabulary::{Finding, FindingClass};
use clap::Args;

use crate::exit::Exit;

/// A look as a gate.
#[derive(Args, Debug, Clone)]
pub(crate) struct FailArguments {
    /// Exit by 1 where anything of these classes is found; `all` is all of them
    #[arg(long, value_name = "CLASS", num_args = 1.., value_parser = classes)]
    fail_on: Vec<Classes>,
}

/// One class, or all.
#[derive(Debug, Clone)]
enum Classes {
    All,
    One(FindingClass),
}

impl FailArguments {
    /// How a look that found this ends.
    pub(crate) fn exit(&self, findings: &[Finding]) -> Exit {
        let fails = |finding: &Finding| {
            self.fail_on.iter().any(|classes| match classes {
                Classes::All => true,
                Classes::One(class) => finding.class == *class,
            })
        };
        if findings.iter().any(fails) { Exit::ExpectationFailed } else { Exit::AsExpected }
    }
}

fn classes(word: &str) -> Result<Classes, String> {
    if word == "all" { Ok(Classes::All) } else { class(word).map(Classes::One) }
}

/// A class by its word.
pub(crate) fn class(word: &str) -> Result<FindingClass, String> {
    FindingClass::from_word(word)
        .ok_or_else(|| format!("one of {}", FindingClass::ALL.map(FindingClass::as_str).join(", ")))
}
