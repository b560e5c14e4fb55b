//! `list`.

use bloathound_vocabulary::ListedScenario;

use super::style::Style;
use super::table::{Align, Table};
use super::{NEXT_MAX, page};
use crate::sanitize::shell_word;
use crate::typing;

/// All scenarios, a line each.
#[must_use]
pub fn list(rows: &[ListedScenario], color: bool) -> String {
    let style = Style::new(color);
    if rows.is_empty() {
        return "no scenario\n".to_owned();
    }
    let mut table = Table::new(&[
        ("scenario", Align::Left),
        ("twins", Align::Left),
        ("looks for", Align::Left),
        ("title", Align::Rest),
    ]);
    for row in rows {
        let twins: Vec<&str> = row.variants.iter().map(|variant| variant.as_str()).collect();
        let switches = row.toggle.as_deref().map(|what| format!("switches {what}"));
        let classes: Vec<&str> = row.classes.iter().map(|class| class.as_str()).chain(switches.as_deref()).collect();
        table.row(vec![row.name.clone(), twins.join(" "), classes.join(" "), row.title.clone()]);
    }
    let first = rows.first().map_or("", |row| row.name.as_str());
    let next = typing::with_home(&format!("run {}", shell_word(first)));
    format!("{}\n  next: {}\n", table.render(style), page::fit(&next, NEXT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bloathound_vocabulary::{FindingClass, Variant};

    #[test]
    fn list_is_a_line_a_scenario() {
        let text = list(
            &[
                ListedScenario {
                    name: "leak".to_owned(),
                    title: "A class-level cache keeps every row's freshly made class for ever".to_owned(),
                    variants: vec![Variant::Buggy, Variant::Fixed],
                    classes: vec![FindingClass::Leak],
                    toggle: None,
                },
                ListedScenario {
                    name: "tightloop".to_owned(),
                    title: "while not done".to_owned(),
                    variants: vec![Variant::Buggy],
                    classes: vec![FindingClass::HotLoop],
                    toggle: None,
                },
                ListedScenario {
                    name: "toggle-log".to_owned(),
                    title: "Debug logging on and off again under load".to_owned(),
                    variants: vec![Variant::Fixed],
                    classes: vec![],
                    toggle: Some("debug-log".to_owned()),
                },
            ],
            false,
        );
        insta::assert_snapshot!(text);
    }
}
