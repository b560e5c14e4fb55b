//! What redacted samples leave out.

use bloathound_detect::telling_path_bytes;

use super::raw::{RawProfile, RawValue};
use bloathound_cpython::FOLDER_FILL;

impl RawProfile {
    /// Replaces what strings say, and the folders of source files. Lengths, hashes and names of code stay.
    pub(super) fn redact(&mut self) {
        for code in &mut self.codes {
            code.file = without_folders(&code.file);
        }
        for detail in &mut self.details {
            let named = detail.variables.iter_mut().chain(&mut detail.inputs).filter_map(|(_, value)| value.as_mut());
            for value in named.chain(detail.iterators.iter_mut().map(|(_, value)| value)) {
                value.redact();
            }
        }
    }
}

impl RawValue {
    fn redact(&mut self) {
        blank(&mut self.summary);
        for (_, summary, ..) in &mut self.attributes {
            blank(summary);
        }
    }
}

fn without_folders(file: &str) -> String {
    let kept = file.len() - telling_path_bytes(file).min(file.len());
    let (folders, kept) = file.split_at_checked(kept).unwrap_or((file, ""));
    format!("{}{kept}", char::from(FOLDER_FILL).to_string().repeat(folders.len()))
}

/// Texts are the only summaries that begin with a quote: `'text'`, or `'begin…' (40 characters)`.
fn blank(summary: &mut String) {
    let Some(rest) = summary.strip_prefix('\'') else { return };
    let end = if rest.ends_with(" characters)") { rest.rfind("…' (") } else { rest.rfind('\'') };
    let (text, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
    *summary = format!("'{}{after}", "x".repeat(text.chars().count()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_length_and_nothing_else() {
        for (summary, expected) in [
            ("'hunter2'", "'xxxxxxx'"),
            ("''", "''"),
            ("'it's'", "'xxxx'"),
            ("'pässword is at the door…' (40 characters)", "'xxxxxxxxxxxxxxxxxxxxxxx…' (40 characters)"),
            ("17", "17"),
            ("Page instance", "Page instance"),
        ] {
            let mut blanked = summary.to_owned();
            blank(&mut blanked);
            assert_eq!(blanked, expected);
        }
        assert_eq!(without_folders("/home/someone/app.py"), "xxxxxxxxxxxxx/app.py");
    }
}
