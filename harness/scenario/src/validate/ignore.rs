//! Findings that are known and let be.

use chrono::NaiveDate;

use bloathound_vocabulary::FindingClass;

use crate::checker::Checker;
use crate::error::ScenarioProblem;
use crate::evidence::{classes, refused};
use crate::expectations::check_place;
use crate::locate::{NodePath, Part};
use crate::model::Ignore;
use crate::raw::RawIgnore;
use crate::vocabulary::nearest;

pub(super) fn check_ignore(raw: Vec<RawIgnore>, checker: &mut Checker<'_>) -> Vec<Ignore> {
    let node = NodePath::default().key("ignore");
    raw.into_iter().enumerate().map(|(at, raw)| check_one(raw, &node.index(at), checker)).collect()
}

fn check_one(raw: RawIgnore, node: &NodePath, checker: &mut Checker<'_>) -> Ignore {
    if raw.reason.trim().is_empty() {
        checker.wrong(&node.key("reason"), format!("{:?}", raw.reason), "why this is let be");
    }
    let until = raw.until.as_ref().and_then(|day| {
        let read = day.parse::<NaiveDate>().ok();
        if read.is_none() {
            checker.wrong(&node.key("until"), format!("{day:?}"), "a day of the calendar, such as 2027-01-31");
        }
        read
    });
    for (name, most) in &raw.bound.0 {
        check_bound(raw.class, name, *most, &node.key("bound").key(name.clone()), checker);
    }
    Ignore {
        class: raw.class,
        place: check_place(raw.place, &node.key("where"), checker),
        reason: raw.reason,
        until,
        bound: raw.bound.0,
    }
}

/// A bound of what no finding says would never be passed.
fn check_bound(class: Option<FindingClass>, name: &str, most: f64, node: &NodePath, checker: &mut Checker<'_>) {
    let known = classes();
    let problem = match class {
        Some(class) => refused(class.as_str(), name, &known),
        None => {
            let mut names = known.iter().flat_map(|(_, fields)| fields.iter().map(|field| field.name));
            (!names.clone().any(|one| one == name)).then(|| ScenarioProblem::Wrong {
                found: format!("`{name}`, which is evidence of no class"),
                wanted: nearest(name, &mut names)
                    .map_or("evidence, such as `retained_bytes`".to_owned(), str::to_owned),
            })
        }
    };
    if let Some(problem) = problem {
        checker.refuse(node, Part::Key(0), problem);
    }
    if !most.is_finite() || most < 0.0 {
        checker.wrong(node, most.to_string(), "a number, 0 or more");
    }
}
