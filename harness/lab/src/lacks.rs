//! What a lab lacks by its data alone; `lab check --all` says it, and then runs the lab.

use crate::answer::judge;
use crate::data::{Kind, Lab};
use crate::drawn::{Drawn, Version};
use crate::shelf::Shelf;

/// Hints of a lab.
const HINTS: usize = 3;
/// Wrong answers of a lab, at least.
const WRONG_MIN: usize = 3;
/// Seeds it is drawn by here.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=12;

/// Everything that is missing or says too much, each in a sentence.
#[must_use]
pub fn lacks(shelf: &Shelf, lab: &Lab) -> Vec<String> {
    if !lab.of.is_empty() {
        let missing = lab.of.iter().filter(|name| shelf.lab(name).is_err());
        return missing.map(|name| format!("it is drawn from {name}, which is not there")).collect();
    }
    let mut found = Vec::new();
    let mut want = |is_there: bool, what: &str| {
        if !is_there {
            found.push(what.to_owned());
        }
    };
    want(!lab.symptom.trim().is_empty(), "no symptom");
    want(!lab.mechanism.trim().is_empty(), "no mechanism, for the teacher's key");
    want(!lab.explain.trim().is_empty(), "no explanation");
    want(!lab.cure.trim().is_empty(), "no sentence on the cure");
    want(!lab.read_next.is_empty(), "nothing to read next");
    want(!lab.upstream.trim().is_empty(), "no upstream story");
    want(lab.minutes > 0, "no time");
    want(lab.hints.len() == HINTS, "not three hints");
    want(lab.wrong.len() >= WRONG_MIN, "fewer than three wrong answers");
    want(!lab.same.is_empty(), "no request whose answer may not change");
    want(!lab.work.trim().is_empty(), "no work that the ledger counts");
    let has_class = lab.questions.iter().any(|question| matches!(question.kind, Kind::Class { .. }));
    want(has_class, "no question for the class");
    want(lab.names.values().any(|words| words.len() >= HINTS), "no name that is drawn from three or more words");
    let drops = |word: &&String| shelf.shared.path_words.contains(&word.to_lowercase());
    let lost = lab.names.values().flatten().find(drops);
    found.extend(lost.map(|word| format!("{word} may be drawn as a name, and is a word that answers may leave out")));
    found.extend(drawn_lacks(shelf, lab));
    found
}

/// What shows only once it is drawn.
fn drawn_lacks(shelf: &Shelf, lab: &Lab) -> Vec<String> {
    let mut services = Vec::new();
    for seed in SEEDS {
        let one = Drawn::new(shelf, &lab.name, seed).and_then(|drawn| {
            let service = drawn.service(Version::Unsolved)?;
            let (solved, left_out) = (drawn.service(Version::Solved)?, drawn.service(Version::LeftOut)?);
            let mut lacks = refusals(&drawn)?;
            let same = lab.releases.is_empty() && lab.told.is_some() && solved == service;
            lacks.extend(same.then(|| "the solution is the service as it was".to_owned()));
            lacks.extend((left_out == service).then(|| "nothing is left out where `gone` is set".to_owned()));
            let tells = service.lines().find(|line| line.contains('#') || line.contains("\"\"\""));
            lacks.extend(tells.map(|line| format!("the learner's copy has a comment: {}", line.trim())));
            drawn.scenario(None)?;
            Ok((service, lacks))
        });
        match one {
            Ok((service, lacks)) if lacks.is_empty() => services.push(service),
            Ok((_, lacks)) => return lacks,
            Err(error) => return vec![error.to_string()],
        }
    }
    services.dedup();
    if services.len() > 1 { Vec::new() } else { vec!["every seed draws the same service".to_owned()] }
}

/// Whether each wrong answer is refused, and with a message of its own.
fn refusals(drawn: &Drawn) -> Result<Vec<String>, crate::LabError> {
    let mut found = Vec::new();
    let mut said: Vec<String> = Vec::new();
    for question in &drawn.lab.questions {
        for wrong in drawn.wrong(&question.id)? {
            let judged = judge(drawn, question, &wrong.says)?;
            if judged.right {
                found.push(format!("{}={} is listed as wrong and taken as right", wrong.to, wrong.says));
            } else if judged.says != wrong.because.trim() || said.contains(&judged.says) {
                found.push(format!("{}={} is not answered by its own message", wrong.to, wrong.says));
            }
            said.push(judged.says);
        }
    }
    let asked = |to: &str| drawn.lab.questions.iter().any(|question| question.id == to);
    let lost = drawn.lab.wrong.iter().filter(|wrong| !asked(&wrong.to));
    found.extend(lost.map(|wrong| format!("a wrong answer to {}, which nobody asks", wrong.to)));
    Ok(found)
}
