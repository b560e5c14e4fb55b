//! `list`.

use bloathound_vocabulary::ListedScenario;

use super::style::Style;
use super::table::{Align, Table};
use super::{NEXT_MAX, page};
use crate::sanitize::shell_word;
use crate::typing;

/// All scenarios, a line each where the terminal is wide enough. A narrower one has titles of several lines, and what each
/// scenario looks for is left to others: nothing is cut.
#[must_use]
pub fn list(rows: &[ListedScenario], first: &str, color: bool) -> String {
    let style = Style::new(color);
    if rows.is_empty() {
        return "no scenario\n".to_owned();
    }
    let next = typing::with_home(&format!("run {}", shell_word(first)));
    let next = format!("  next: {}\n", page::fit(&next, NEXT_MAX));
    match whole(rows).render_if_it_fits(style) {
        Some(table) => format!("{table}\n{next}"),
        None => {
            let note = "What each looks for: a wider terminal, a pipe and --json have that.";
            let note: String =
                page::wrap(note, page::width() - 2, 2).iter().map(|line| format!("  {line}\n")).collect();
            format!("{}\n{note}{next}", narrow(rows).render(style))
        }
    }
}

/// With all that is known of each.
fn whole(rows: &[ListedScenario]) -> Table {
    let mut table = Table::new(&[
        ("scenario", Align::Left),
        ("twins", Align::Left),
        ("python", Align::Left),
        ("looks for", Align::Left),
        ("title", Align::Rest),
    ]);
    for row in rows {
        let switches = row.toggle.as_deref().map(|what| format!("switches {what}"));
        let classes: Vec<&str> = row.classes.iter().map(|class| class.as_str()).chain(switches.as_deref()).collect();
        table.row(vec![row.name.clone(), twins(row), python(row), classes.join(" "), row.title.clone()]);
    }
    table
}

/// With what a name needs beside it.
fn narrow(rows: &[ListedScenario]) -> Table {
    let mut table = Table::new(&[
        ("scenario", Align::Left),
        ("twins", Align::Left),
        ("python", Align::Left),
        ("title", Align::Prose),
    ]);
    for row in rows {
        table.row(vec![row.name.clone(), twins(row), python(row), row.title.clone()]);
    }
    table
}

/// What it would run on, or what it lacks.
fn python(row: &ListedScenario) -> String {
    row.python.clone().unwrap_or_else(|| format!("no {}", row.needs))
}

fn twins(row: &ListedScenario) -> String {
    let twins: Vec<&str> = row.variants.iter().map(|variant| variant.as_str()).collect();
    twins.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Page;
    use bloathound_vocabulary::{FindingClass, Variant};

    #[test]
    fn list_is_a_line_a_scenario_or_as_many_as_its_title_needs() {
        let rows = [
            ListedScenario {
                name: "leak".to_owned(),
                title: "A class-level cache keeps every row's freshly made class for ever".to_owned(),
                needs: "3".to_owned(),
                python: Some("3.13.0".to_owned()),
                variants: vec![Variant::Buggy, Variant::Fixed],
                classes: vec![FindingClass::Leak],
                toggle: None,
            },
            ListedScenario {
                name: "tightloop".to_owned(),
                title: "while not done".to_owned(),
                needs: "3.13+".to_owned(),
                python: None,
                variants: vec![Variant::Buggy],
                classes: vec![FindingClass::HotLoop],
                toggle: None,
            },
            ListedScenario {
                name: "toggle-log".to_owned(),
                title: "Debug logging on and off again under load".to_owned(),
                needs: "2.7".to_owned(),
                python: None,
                variants: vec![Variant::Fixed],
                classes: vec![],
                toggle: Some("debug-log".to_owned()),
            },
        ];
        let shown = [60, 100].map(|columns| Page::of_columns(columns).printing(|| list(&rows, "leak", false)));
        insta::assert_snapshot!(shown.join("=== 100 columns\n"));
    }
}
