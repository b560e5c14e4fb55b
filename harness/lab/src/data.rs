//! What a lab's files say, as they are written. `scenarios/labs/README.md` explains every key to who writes one.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One lab: `lab.yaml`. Texts are templates, filled in with what the seed draws.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lab {
    /// The name of its folder.
    #[serde(skip)]
    pub name: String,
    /// One line that tells what it is about, and not what is wrong.
    pub title: String,
    /// How long it takes somebody who has not done it before.
    pub minutes: u32,
    /// Its place in the workshop, from 1.
    pub order: u32,
    /// What is wrong, in a line for the teacher.
    #[serde(default)]
    pub mechanism: String,
    /// Where it happened to others.
    #[serde(default)]
    pub upstream: String,
    /// What an operator sees.
    pub symptom: String,
    /// Commands to type first; `{{pid}}` is the service's process.
    #[serde(default)]
    pub first: Vec<String>,
    /// Three, from general to particular.
    #[serde(default)]
    pub hints: Vec<Hint>,
    /// The diagnosis.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// Answers that look right, with what is said of each.
    #[serde(default)]
    pub wrong: Vec<Wrong>,
    /// Told after it is solved; `ledger` has the learner's own figures.
    #[serde(default)]
    pub explain: String,
    /// What the solution does, in a sentence.
    #[serde(default)]
    pub cure: String,
    /// What to read next.
    #[serde(default)]
    pub read_next: Vec<String>,
    /// Words, one of which is drawn for each name.
    #[serde(default)]
    pub names: BTreeMap<String, Vec<String>>,
    /// Ranges, from which a number is drawn.
    #[serde(default)]
    pub numbers: BTreeMap<String, (u64, u64)>,
    /// Load and looks, in the words of a scenario.
    #[serde(default)]
    pub run: String,
    /// What the ledger has to say after the run: the work that a cure may not leave out.
    #[serde(default)]
    pub work: String,
    /// Requests whose answers may not change, `{n}` for the number of each of twenty.
    #[serde(default)]
    pub same: Vec<String>,
    /// The request that brings the symptom out, where the load alone does not.
    #[serde(default)]
    pub trigger: Option<String>,
    /// The class that the tool tells of the unsolved service; none where it tells nothing.
    #[serde(default)]
    pub told: Option<String>,
    /// Seconds between two requests of the load while a learner hunts.
    #[serde(default = "pace")]
    pub pace: f64,
    /// Started with its own diagnostics.
    #[serde(default)]
    pub kit: bool,
    /// Lock files of a package's releases by what a learner calls them, the first one being the one that is there.
    #[serde(default)]
    pub releases: Vec<(String, String)>,
    /// A mystery: which labs it is drawn from.
    #[serde(default)]
    pub of: Vec<String>,
    /// The template of the service.
    #[serde(skip)]
    pub service: String,
}

/// Five requests a second.
fn pace() -> f64 {
    0.2
}

/// A hint: a command, and how to read what it tells.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// What to type.
    #[serde(rename = "type")]
    pub command: String,
    /// How to read it.
    pub read: String,
}

/// One question of the diagnosis.
#[derive(Clone, Debug, Deserialize)]
pub struct Question {
    /// By what it is answered: `holder=…`.
    pub id: String,
    /// The question.
    pub ask: String,
    /// How answers are compared.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What an answer is, and what the right one is.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// A class of bug, or `nothing`.
    Class {
        /// The right one.
        is: String,
        /// Others that are right too.
        #[serde(default)]
        also: Vec<String>,
    },
    /// Who holds it, as a path in any spelling.
    Holder {
        /// Names that have to be in it.
        must: Vec<String>,
        /// Names that may be in it.
        #[serde(default)]
        may: Vec<String>,
    },
    /// A number.
    Number {
        /// The right one.
        is: String,
        /// By which share it may be off.
        within: f64,
        /// Of what.
        unit: String,
    },
    /// Lines of the learner's own file.
    Lines {
        /// The mark of these lines in the template.
        mark: String,
    },
    /// One of some words.
    Word {
        /// Each is right.
        any: Vec<String>,
    },
}

/// A plausible wrong answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// Of which question.
    pub to: String,
    /// What is answered.
    pub says: String,
    /// Why it looks right, and is not.
    pub because: String,
}

/// What is shared by all labs: `shared.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shared {
    /// Classes of bugs.
    pub(crate) classes: Vec<ClassWords>,
    /// Honest functions, some of which stand above what matters, so that lines differ.
    pub(crate) fillers: Vec<String>,
    /// Words of a path that name no place.
    pub(crate) path_words: Vec<String>,
    /// Ways through the labs, by the time there is.
    pub(crate) plans: Vec<Plan>,
    /// What a teacher should know, section by section.
    pub(crate) guide: Vec<Section>,
}

/// A way through the labs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// How long it takes.
    pub(crate) minutes: u32,
    /// Steps: from which minute on, and what.
    pub(crate) steps: Vec<(u32, String)>,
}

/// A section of the guide.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    /// Its title.
    pub(crate) title: String,
    /// Its paragraphs.
    pub(crate) text: Vec<String>,
}

/// A class of bug in a learner's words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassWords {
    /// Its name.
    pub name: String,
    /// Other ways to write it.
    #[serde(default)]
    pub also: Vec<String>,
    /// What it means.
    pub means: String,
    /// By what one tells it from the others.
    pub tell_by: String,
}
