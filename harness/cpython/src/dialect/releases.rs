//! Which releases of CPython are read, and what is said of the others.

use super::{ALL, Dialect};

/// Why a release is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Its developers have given it up: nobody mends its bugs, and nobody wrote it down here.
    PastItsEnd,
    /// Nobody wrote it down yet.
    NotYet,
    /// 3.14.0 to 3.14.4: their collector is another one, which was taken back.
    IncrementalCollector,
}

impl Refused {
    /// What is said after the release's name.
    #[must_use]
    pub const fn why(self) -> &'static str {
        match self {
            Self::PastItsEnd => "past its end: its developers have given it up, and it is not read",
            Self::NotYet => "not read yet",
            Self::IncrementalCollector => "not read, since its incremental collector was taken back in 3.14.5",
        }
    }
}

/// Why the release is not read; `None` for one that is, and for what is no release of CPython 3.
#[must_use]
pub fn refused(version: &str) -> Option<Refused> {
    if Dialect::of_version(version).is_some() {
        return None;
    }
    let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("").parse::<u32>().ok();
    let mut numbers = version.split('.').map(digits);
    let (Some(Some(3)), Some(minor)) = (numbers.next(), numbers.next().flatten()) else { return None };
    Some(match (minor, numbers.next().flatten()) {
        (..=9, _) => Refused::PastItsEnd,
        (14, Some(..=4)) => Refused::IncrementalCollector,
        _ => Refused::NotYet,
    })
}

/// The dialects of the series that keep all their data in one structure.
pub(crate) fn with_runtime() -> impl Iterator<Item = &'static Dialect> {
    ALL.into_iter().filter(|dialect| dialect.runtime.is_some())
}

/// The release that a word of the interpreter's says (`PY_VERSION_HEX`), such as `3.13.0` or `3.14.0rc2`.
#[must_use]
pub fn release_of(word: u32) -> Option<String> {
    let byte = |shift: u32| word >> shift & 0xff;
    let (major, minor, micro, level) = (byte(24), byte(16), byte(8), word >> 4 & 0xf);
    let stage = match level {
        0xa => format!("a{}", word & 0xf),
        0xb => format!("b{}", word & 0xf),
        0xc => format!("rc{}", word & 0xf),
        0xf => String::new(),
        _ => return None,
    };
    (major == 3).then(|| format!("{major}.{minor}.{micro}{stage}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_refused_by_what_is_known_of_them() {
        assert_eq!(refused("3.13.0"), None);
        assert_eq!(refused("2.7.18"), None);
        assert_eq!(refused("3.8.18"), Some(Refused::PastItsEnd));
        assert_eq!(refused("3.9.1"), Some(Refused::PastItsEnd));
        assert_eq!(refused("3.12.1"), None);
        assert_eq!(refused("3.11.7"), None);
        assert_eq!(refused("3.10.13"), None);
        assert_eq!(refused("3.14.4"), Some(Refused::IncrementalCollector));
        assert_eq!(refused("3.14.0rc2"), Some(Refused::IncrementalCollector));
        assert_eq!(refused("3.14.10"), Some(Refused::NotYet));
        assert_eq!(refused("3.15.2"), Some(Refused::NotYet));
    }

    #[test]
    fn the_word_of_a_release_is_read_as_people_write_it() {
        assert_eq!(release_of(0x030d_00f0).as_deref(), Some("3.13.0"));
        assert_eq!(release_of(0x030e_00c2).as_deref(), Some("3.14.0rc2"));
        assert_eq!(release_of(0), None);
        assert_eq!(release_of(0x3031_3332), None);
    }
}
