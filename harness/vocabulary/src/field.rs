//! How evidence is declared: once, as a struct whose fields carry what JSON, texts, pages, expectations and snapshots
//! need to know of them.

use crate::{Label, Pin, Verdict};

/// What a figure counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Part of a whole, 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// Nothing: a text, or a number that names something.
    Word,
}

/// Whether a figure is the same on any machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeats {
    /// Equal for equal behaviour.
    Exactly,
    /// It depends on the build, the allocator or the clock.
    Roughly,
}

/// One field of the evidence of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its name in JSON, and in a scenario's expectations.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Whether it is the same on any machine.
    pub repeats: Repeats,
    /// The row of a text or page that tells it; several fields may share one. Empty where people are not told.
    pub row: &'static str,
}

/// The value of a field, whatever its type.
#[derive(Clone, PartialEq, Debug)]
pub enum Figure<'a> {
    /// There is none.
    Nothing,
    /// A whole number.
    Number(u64),
    /// A number with a fraction; `None` where it can't be told.
    Fraction(Option<f64>),
    /// Whole numbers.
    Numbers(Vec<u64>),
    /// A text.
    Text(&'a str),
    /// Texts.
    Texts(&'a [String]),
    /// Verdicts.
    Verdicts(&'a [Verdict]),
    /// A path.
    Labels(&'a [Label]),
    /// Who keeps arenas.
    Pins(&'a [Pin]),
}

/// What can be the value of a field.
pub trait AsFigure {
    /// The value.
    fn figure(&self) -> Figure<'_>;
}

/// Says of a type how it becomes a [`Figure`].
macro_rules! figures {
    ($($type:ty => |$value:ident| $figure:expr;)+) => {
        $(impl AsFigure for $type {
            fn figure(&self) -> Figure<'_> {
                let $value = self;
                $figure
            }
        })+
    };
}

figures! {
    u64 => |number| Figure::Number(*number);
    Option<f64> => |number| Figure::Fraction(*number);
    Option<u32> => |number| number.map_or(Figure::Nothing, |number| Figure::Number(u64::from(number)));
    Option<u64> => |number| number.map_or(Figure::Nothing, Figure::Number);
    Option<[u32; 2]> => |ends| ends.map_or(Figure::Nothing, |ends| Figure::Numbers(ends.map(u64::from).into()));
    Vec<u64> => |numbers| Figure::Numbers(numbers.clone());
    String => |text| Figure::Text(text);
    Option<String> => |text| text.as_deref().map_or(Figure::Nothing, Figure::Text);
    Vec<String> => |texts| Figure::Texts(texts);
    Vec<Verdict> => |verdicts| Figure::Verdicts(verdicts);
    Vec<Label> => |labels| Figure::Labels(labels);
    Vec<Pin> => |pins| Figure::Pins(pins);
}

/// The name of a field: the word it is given, else as it is called here.
#[doc(hidden)]
#[macro_export]
macro_rules! field_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $word:literal) => {
        $word
    };
}

/// Declares the evidence of a class. Each field is said once, with what it counts ([`Unit`]), whether it repeats
/// ([`Repeats`]) and the row that tells people:
///
/// ```text
/// evidence! {
///     /// Evidence of a leak.
///     LeakEvidence {
///         /// Qualified type of what grows.
///         type_name as "type": String = Word, Exactly, "grows by";
///     }
/// }
/// ```
#[macro_export]
macro_rules! evidence {
    ($(#[$meta:meta])* $name:ident { $(
        $(#[$field_meta:meta])*
        $field:ident $(as $word:literal)? : $type:ty = $unit:ident, $repeats:ident, $row:literal;
    )+ }) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Debug, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        pub struct $name { $(
            $(#[$field_meta])*
            $(#[serde(rename = $word)])?
            pub $field: $type,
        )+ }

        impl $name {
            /// Every field, in the order of the document.
            pub const FIELDS: &'static [$crate::Field] = &[ $(
                $crate::Field {
                    name: $crate::field_name!($field $($word)?),
                    unit: $crate::Unit::$unit,
                    repeats: $crate::Repeats::$repeats,
                    row: $row,
                }
            ),+ ];

            /// Every field with its value.
            #[must_use]
            pub fn figures(&self) -> Vec<(&'static $crate::Field, $crate::Figure<'_>)> {
                let values = [ $( $crate::AsFigure::figure(&self.$field) ),+ ];
                Self::FIELDS.iter().zip(values).collect()
            }
        }
    };
}
