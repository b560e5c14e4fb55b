//! `doctor`.

use bloathound_vocabulary::{Check, CheckStatus};

use super::page;
use super::style::Style;
use crate::sanitize;

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
        let name = page::fit(&check.name, name_width);
        let padding = " ".repeat(name_width.saturating_sub(sanitize::width(&name)));
        // An error may have lines of its own: each is one here, and none is spelled out as `\n`.
        let lines = check.message.lines().flat_map(|line| page::wrap(line, page::width() - 8 - name_width, 6));
        for (index, line) in lines.enumerate() {
            if index == 0 {
                out.push_str(&format!("{word}  {name}{padding}  {line}\n"));
            } else {
                out.push_str(&format!("{}{line}\n", " ".repeat(name_width + 8)));
            }
        }
        for hint in check.hints.iter().flat_map(|hint| hint.lines()) {
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
    fn an_error_of_several_lines_stands_on_as_many() {
        let said = "two files are refused:\n  one.yaml:3: no such field\n  two.yaml:1: no title";
        let text = doctor(&[check("scenarios", CheckStatus::No, said, &["look at one.yaml\nand at two.yaml"])], false);
        assert!(!text.contains("\\n"), "{text}");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for line in ["one.yaml:3: no such field", "two.yaml:1: no title", "look at one.yaml", "and at two.yaml"] {
            assert!(lines.contains(&line), "{text}");
        }
    }
}
