//! `list` and `doctor`.

use super::WIDTH;
use super::style::Style;
use super::table::{Align, Table};
use crate::json::{FindingClass, Variant};
use crate::sanitize;

/// A scenario in `bloathound list`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListRow {
    /// Its name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Variants it has.
    pub variants: Vec<Variant>,
    /// Classes of finding it looks for.
    pub classes: Vec<FindingClass>,
    /// The diagnostic of the service's own that it switches, if it does.
    pub toggle: Option<String>,
}

/// All scenarios, a line each.
#[must_use]
pub fn list(rows: &[ListRow], color: bool) -> String {
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
    format!("{}\n  next: bloathound run {}\n", table.render(style), {
        let first = rows.first().map_or("", |row| row.name.as_str());
        sanitize::fit(&super::run::shell_word(first), 50)
    })
}

/// How a check of the machine ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckStatus {
    /// Fine.
    Ok,
    /// Works, but less well than it could.
    Warning,
    /// Something can't be done here.
    No,
}

/// One check of `bloathound doctor`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// What was checked: `Python 2.7`.
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What was found.
    pub message: String,
    /// What to do, a line each; lines to type stand alone.
    pub hints: Vec<String>,
}

/// Every check with what to do about it, and the verdict.
#[must_use]
pub fn doctor(checks: &[Check], color: bool) -> String {
    let style = Style::new(color);
    const NAME_WIDTH_MAX: usize = 24;
    let name_width =
        checks.iter().map(|check| sanitize::width(&sanitize::line(&check.name))).max().unwrap_or(0).min(NAME_WIDTH_MAX);
    let mut out = String::new();
    for check in checks {
        let word = match check.status {
            CheckStatus::Ok => style.green("ok  "),
            CheckStatus::Warning => style.yellow("warn"),
            CheckStatus::No => style.red("no  "),
        };
        let name = sanitize::fit(&check.name, name_width);
        let padding = " ".repeat(name_width.saturating_sub(sanitize::width(&name)));
        let lines = sanitize::wrap(&check.message, WIDTH - 8 - name_width, 6);
        for (index, line) in lines.iter().enumerate() {
            if index == 0 {
                out.push_str(&format!("{word}  {name}{padding}  {line}\n"));
            } else {
                out.push_str(&format!("{}{line}\n", " ".repeat(name_width + 8)));
            }
        }
        for hint in &check.hints {
            // Never wrapped: a command is there to be copied.
            out.push_str(&format!("      {}\n", style.bold(&sanitize::line(hint))));
        }
    }
    let bad = checks.iter().filter(|check| check.status == CheckStatus::No).count();
    out.push_str(&match bad {
        0 => format!("\n{}\n", style.green("This machine can run everything.")),
        1 => "\n1 thing can't be done here; what to do stands below it.\n".to_owned(),
        many => format!("\n{many} things can't be done here; what to do stands below each.\n"),
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, status: CheckStatus, message: &str, hints: &[&str]) -> Check {
        Check {
            name: name.to_owned(),
            status,
            message: message.to_owned(),
            hints: hints.iter().map(|hint| (*hint).to_owned()).collect(),
        }
    }

    #[test]
    fn doctor_says_what_to_do() {
        let text = doctor(
            &[
                check("Linux, x86_64", CheckStatus::Ok, "6.1.0", &[]),
                check(
                    "Python 2.7",
                    CheckStatus::No,
                    "no CPython 2.7 in BLOATHOUND_PYTHON27, on PATH, among pyenv's versions or in conda environments",
                    &["pyenv install 2.7.18", "conda create -n py27 python=2.7"],
                ),
                check(
                    "reading processes",
                    CheckStatus::Warning,
                    "ptrace_scope is 1: only children can be read",
                    &["sudo sysctl kernel.yama.ptrace_scope=0"],
                ),
            ],
            false,
        );
        insta::assert_snapshot!(text);
    }

    #[test]
    fn list_is_a_line_a_scenario() {
        let text = list(
            &[
                ListRow {
                    name: "leak".to_owned(),
                    title: "A class-level cache keeps every row's freshly made class for ever".to_owned(),
                    variants: vec![Variant::Buggy, Variant::Fixed],
                    classes: vec![FindingClass::Leak],
                    toggle: None,
                },
                ListRow {
                    name: "tightloop".to_owned(),
                    title: "while not done".to_owned(),
                    variants: vec![Variant::Buggy],
                    classes: vec![FindingClass::HotLoop],
                    toggle: None,
                },
                ListRow {
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
