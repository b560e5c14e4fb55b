//! What a learner has done in a lab: `lab.txt`, lines of `key: value`, to be read by anybody.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bloathound_bounds::read_regular_text;

use crate::error::LabError;

/// Keys and values, in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diary(BTreeMap<String, String>);

impl Diary {
    /// The file's name in the learner's folder of a lab.
    pub const FILE: &'static str = "lab.txt";
    /// The longest one that is read.
    pub(crate) const BYTES_MAX: u64 = 64 << 10;

    /// A new one.
    #[must_use]
    pub fn begin(lab: &str, learner: &str, seed: u64, now: &str) -> Self {
        let mut progress = Self::default();
        progress.set("lab", lab);
        progress.set("learner", learner);
        progress.set("seed", seed.to_string());
        progress.set("begun", now);
        progress
    }

    /// Reads it; `None` where there is none.
    ///
    /// # Errors
    /// It is there and can't be read.
    pub fn read(folder: &Path) -> Result<Option<Self>, LabError> {
        let path = folder.join(Self::FILE);
        if !path.exists() {
            return Ok(None);
        }
        let text = read_regular_text(&path, Self::BYTES_MAX).map_err(|error| LabError::file(&path, error))?;
        Ok(Some(Self::of_text(&text)))
    }

    /// From its text; lines of another form are left out.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        Self(pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect())
    }

    /// As it is written.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = "# bloathound lab: what was done here. `bloathound lab reset` begins anew.\n".to_owned();
        for (key, value) in &self.0 {
            let _ = writeln!(text, "{key}: {value}");
        }
        text
    }

    /// A value; empty where there is none.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// A number; 0 where there is none.
    #[must_use]
    pub fn number(&self, key: &str) -> u64 {
        self.get(key).parse().unwrap_or(0)
    }

    /// Sets a value, on one line.
    pub fn set(&mut self, key: &str, value: impl AsRef<str>) {
        let line: String =
            value.as_ref().chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        self.0.insert(key.to_owned(), line.trim().to_owned());
    }

    /// One more.
    pub fn count(&mut self, key: &str) {
        self.set(key, (self.number(key) + 1).to_string());
    }

    /// Whether a key says yes.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        self.get(key) == "yes"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_a_value_stays_on_its_line() {
        let mut progress = Diary::begin("shop", "Anna: the first", 7, "now");
        progress.count("tries");
        progress.count("tries");
        progress.set("answer holder", "a\nlearner: somebody else");
        let again = Diary::of_text(&progress.to_text());
        assert_eq!(again, progress);
        assert_eq!((again.get("learner"), again.number("tries")), ("Anna: the first", 2));
    }
}
