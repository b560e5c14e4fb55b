//! Which series of CPython a service of ours runs on.

use std::fmt;

/// What a scenario asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PythonSeries {
    /// CPython 2.7.
    #[default]
    Python27,
    /// CPython 3, of this series (the number after `3.`) or a later one.
    Python3 {
        /// The earliest; 0 for any.
        from: u32,
    },
}

impl PythonSeries {
    /// By the word of a file: `2.7`, `3` or `3.13`.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "2.7" => Some(Self::Python27),
            "3" => Some(Self::Python3 { from: 0 }),
            _ => Some(Self::Python3 { from: minor(word)? }),
        }
    }

    /// Whether it runs on the series of this name, such as `3.13`.
    #[must_use]
    pub fn takes(self, series: &str) -> bool {
        match self {
            Self::Python27 => series == "2.7",
            Self::Python3 { from } => minor(series).is_some_and(|minor| minor >= from),
        }
    }
}

/// 13 of `3.13`.
fn minor(series: &str) -> Option<u32> {
    series.strip_prefix("3.")?.parse().ok()
}

impl fmt::Display for PythonSeries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Python27 => formatter.write_str("2.7"),
            Self::Python3 { from: 0 } => formatter.write_str("3"),
            Self::Python3 { from } => write!(formatter, "3.{from}+"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_taken_by_what_asks_for_it_or_for_an_earlier_one() {
        let takes = |word: &str| {
            let series = PythonSeries::of_word(word).unwrap_or_else(|| panic!("{word}"));
            ["2.7", "3.9", "3.11", "3.13"].map(|one| series.takes(one))
        };
        assert_eq!(takes("2.7"), [true, false, false, false]);
        assert_eq!(takes("3"), [false, true, true, true]);
        assert_eq!(takes("3.11"), [false, false, true, true]);
        assert_eq!(takes("3.13"), [false, false, false, true]);
        for word in ["", "2", "2.6", "3.", "3.x", "4", "3.13.0"] {
            assert_eq!(PythonSeries::of_word(word), None, "{word}");
        }
    }
}
