//! What is known of one threshold, and the macros that keep a value and what is known of it in one place.

use std::fmt;

/// A threshold's value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Setting {
    /// A whole number.
    Count(u64),
    /// A number with a fraction.
    Number(f64),
    /// A list of words.
    Words(&'static [&'static str]),
    /// A question that is asked.
    Asked,
}

impl From<usize> for Setting {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<u64> for Setting {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<u32> for Setting {
    fn from(count: u32) -> Self {
        Self::Count(u64::from(count))
    }
}

impl From<f64> for Setting {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Powers of two as they were meant.
            Self::Count(count) if *count >= 1 << 20 && count.is_multiple_of(1 << 20) => {
                write!(f, "{} Mi", count >> 20)
            }
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Words(words) => f.write_str(&words.join(", ")),
            Self::Asked => f.write_str("asked"),
        }
    }
}

/// One threshold, word list or bound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Row {
    /// What it belongs to: a rule, or `frameworks`, `heap`, `traces`.
    pub rule: &'static str,
    /// Its name in the code.
    pub name: &'static str,
    /// Its value, by default.
    pub value: Setting,
    /// In what it is counted.
    pub unit: &'static str,
    /// What it does.
    pub what: &'static str,
    /// What was measured or seen that it is so; says when nothing was.
    pub measured: &'static str,
    /// The test that fails without it: `file::test`, the file from `harness` on.
    pub needed_by: &'static str,
}

/// Declares the settable limits of one rule: each field once, with its value and where it comes from.
macro_rules! limits {
    ($(#[$about:meta])* $name:ident of $rule:literal {
        $($field:ident: $type:ty = $value:expr, $unit:literal, $what:literal, $measured:literal, $needed_by:literal;)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Debug)]
        pub struct $name {
            $(#[doc = $what] pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $value,)* }
            }
        }

        impl $name {
            /// Sets the limit of this name to what is nearest to `value`; false where there is none of that name.
            pub fn set(&mut self, name: &str, value: f64) -> bool {
                match name {
                    $(stringify!($field) => self.$field = value as $type,)*
                    _ => return false,
                }
                true
            }

            /// What is known of each, with the values as they are here.
            #[must_use]
            pub fn rows(&self) -> Vec<$crate::thresholds::row::Row> {
                vec![$($crate::thresholds::row::Row {
                    rule: $rule,
                    name: stringify!($field),
                    value: self.$field.into(),
                    unit: $unit,
                    what: $what,
                    measured: $measured,
                    needed_by: $needed_by,
                },)*]
            }
        }
    };
}

/// Declares bounds that are part of how a rule works and that nobody sets.
macro_rules! fixed {
    ($($rule:literal { $($name:ident: $type:ty = $value:expr, $unit:literal, $what:literal, $measured:literal,
        $needed_by:literal;)* })*) => {
        $($(#[doc = $what] pub const $name: $type = $value;)*)*

        /// What is known of each.
        #[must_use]
        pub fn rows() -> Vec<$crate::thresholds::row::Row> {
            vec![$($($crate::thresholds::row::Row {
                rule: $rule,
                name: stringify!($name),
                value: $name.into(),
                unit: $unit,
                what: $what,
                measured: $measured,
                needed_by: $needed_by,
            },)*)*]
        }
    };
}

pub(super) use {fixed, limits};
