//! A lab as one learner has it: names and numbers drawn by a seed, the service written with them.

use std::collections::BTreeMap;

use bloathound_scenario::Draw;
use minijinja::value::Value;

use crate::data::{Lab, Wrong};
use crate::error::LabError;
use crate::shelf::Shelf;
use crate::template::fill;

/// Most honest functions above what matters.
const FILLERS_MAX: u64 = 5;
/// Stands at the end of each line of a template that a question may ask for; no learner sees it.
const MARK: &str = "#@";

/// First and last line of each mark.
type Marks = BTreeMap<String, (u32, u32)>;

/// Which version of a lab's service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// As the learner gets it.
    Unsolved,
    /// With the solution.
    Solved,
    /// With what is wrong simply left out, and with it the work.
    LeftOut,
}

/// A lab with everything drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// Its data.
    pub lab: Lab,
    /// What was drawn by.
    pub seed: u64,
    context: BTreeMap<String, Value>,
    /// First and last line of each mark, in the unsolved service.
    marks: Marks,
    pub(crate) path_words: Vec<String>,
    pub(crate) classes: Vec<crate::ClassWords>,
}

/// A seed from words that tell a learner apart: the same words, the same seed.
#[must_use]
pub fn seed_of(words: &[&str]) -> u64 {
    let joined = words.join("\n");
    let high = Draw::new(1, &joined).between(1, 999_999);
    high.max(1)
}

impl Drawn {
    /// Draws a lab.
    ///
    /// # Errors
    /// There is no such lab, or its template asks for what it doesn't draw.
    pub fn new(shelf: &Shelf, name: &str, seed: u64) -> Result<Self, LabError> {
        let lab = shelf.resolved(name, seed)?;
        let mut context: BTreeMap<String, Value> = BTreeMap::new();
        let mut names = Draw::new(seed, "lab names");
        let mut taken: Vec<String> = Vec::new();
        for (name, words) in &lab.names {
            let free: Vec<&String> = words.iter().filter(|word| !taken.contains(word)).collect();
            let word = names.one_of(&free).map(|word| (*word).clone()).unwrap_or_default();
            taken.push(word.clone());
            context.insert(name.clone(), Value::from(word));
        }
        let mut numbers = Draw::new(seed, "lab numbers");
        for (name, (least, most)) in &lab.numbers {
            context.insert(name.clone(), Value::from(numbers.between(*least, *most)));
        }
        let mut order = Draw::new(seed, "lab lines");
        let mut fillers = shelf.shared.fillers.clone();
        order.shuffle(&mut fillers);
        let count = usize::try_from(order.between(1, FILLERS_MAX)).unwrap_or(1);
        let filler: Vec<&str> = fillers.iter().take(count).map(|text| text.trim_end()).collect();
        context.insert("filler".into(), Value::from(filler.join("\n\n\n")));
        context.insert("lab".into(), Value::from(lab.name.clone()));
        context.insert("seed".into(), Value::from(seed));
        let mut drawn = Self {
            lab,
            seed,
            context,
            marks: BTreeMap::new(),
            path_words: shelf.shared.path_words.clone(),
            classes: shelf.shared.classes.clone(),
        };
        let (_, marks) = drawn.written(Version::Unsolved)?;
        drawn.context.insert(
            "lines".into(),
            Value::from_pairs(
                marks.iter().map(|(name, (first, last))| (name.clone(), Value::from(format!("{first}-{last}")))),
            ),
        );
        drawn.marks = marks;
        Ok(drawn)
    }

    /// The service's source.
    ///
    /// # Errors
    /// The template is wrong.
    pub fn service(&self, version: Version) -> Result<String, LabError> {
        self.written(version).map(|(text, _)| text)
    }

    fn written(&self, version: Version) -> Result<(String, Marks), LabError> {
        let mut context = self.context.clone();
        context.insert("fixed".into(), Value::from(version == Version::Solved));
        context.insert("gone".into(), Value::from(version == Version::LeftOut));
        let file = format!("{}/service.py", self.lab.name);
        let text = fill(&self.lab.service, &Value::from_pairs(context)).map_err(|why| LabError::data(file, why))?;
        let mut marks = Marks::new();
        let mut lines = Vec::new();
        for (number, line) in (1u32..).zip(text.lines()) {
            let (code, mark) = line.split_once(MARK).map_or((line, None), |(code, mark)| (code, Some(mark)));
            if let Some(mark) = mark {
                marks.entry(mark.trim().to_owned()).and_modify(|(_, last)| *last = number).or_insert((number, number));
            }
            lines.push(code.trim_end().to_owned() + "\n");
        }
        Ok((lines.concat(), marks))
    }

    /// A text of the lab with what was drawn in its place, and these beside.
    ///
    /// # Errors
    /// It asks for what nobody drew.
    pub fn told(&self, text: &str, beside: &[(&str, String)]) -> Result<String, LabError> {
        let mut context = self.context.clone();
        context.extend(beside.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.clone()))));
        let told = fill(text, &Value::from_pairs(context));
        told.map_err(|why| LabError::data(format!("{}/lab.yaml", self.lab.name), why))
    }

    /// The same, with a ledger's figures under `ledger`.
    ///
    /// # Errors
    /// It asks for a figure that isn't there.
    pub fn told_with(&self, text: &str, ledger: &BTreeMap<String, String>) -> Result<String, LabError> {
        let mut context = self.context.clone();
        context.insert(
            "ledger".into(),
            Value::from_pairs(ledger.iter().map(|(name, figure)| (name.clone(), Value::from(figure.clone())))),
        );
        let told = fill(text, &Value::from_pairs(context));
        told.map_err(|why| LabError::data(format!("{}/lab.yaml", self.lab.name), why))
    }

    /// First and last line of a mark in the unsolved service.
    #[must_use]
    pub fn lines(&self, mark: &str) -> Option<(u32, u32)> {
        self.marks.get(mark).copied()
    }

    /// The wrong answers to a question, with what was drawn in them.
    ///
    /// # Errors
    /// One asks for what nobody drew.
    pub fn wrong(&self, question: &str) -> Result<Vec<Wrong>, LabError> {
        let of = self.lab.wrong.iter().filter(|wrong| wrong.to == question);
        of.map(|wrong| {
            Ok(Wrong {
                to: wrong.to.clone(),
                says: self.told(&wrong.says, &[])?,
                because: self.told(&wrong.because, &[])?,
            })
        })
        .collect()
    }

    /// A scenario that runs the service as it stands in a folder of the lab's name beside the file, and expects nothing to
    /// be found and all its work to be done. `lock`: the packages, by a path below the file's folder.
    ///
    /// # Errors
    /// The lab's part of it is wrong.
    pub fn scenario(&self, lock: Option<&str>) -> Result<String, LabError> {
        let indented = |text: &str| text.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let packages = lock.map(|lock| format!("  packages: {lock}\n")).unwrap_or_default();
        let name = &self.lab.name;
        Ok(format!(
            "name: {name}\ntitle: lab {name}\nservice: ./{name}\nseed: {}\n{}\nfixed:\n  expect: []\n{packages}  ledger:\n{}",
            self.seed,
            self.told(&self.lab.run, &[])?.trim_end(),
            indented(&self.told(&self.lab.work, &[])?)
        ))
    }
}
