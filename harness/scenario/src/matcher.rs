//! What a value must be: exactly this, inside a range, a list, or a list that has these in it.
//!
//! The same matcher serves a finding's evidence and the totals of a service's ledger.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// A single value of an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A whole number; compared exactly.
    Integer(i64),
    /// A number with a fraction; compared exactly, so a range is usually what is meant.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
}

impl Scalar {
    fn matches(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Bool(expected), Value::Bool(found)) => expected == found,
            (Self::Text(expected), Value::String(found)) => expected == found,
            (Self::Integer(expected), Value::Number(number)) => match number.as_i64() {
                Some(found) => *expected == found,
                None => number.as_f64() == Some(*expected as f64),
            },
            (Self::Float(expected), Value::Number(number)) => number.as_f64() == Some(*expected),
            _ => false,
        }
    }

    /// The value as it stands in the results.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Integer(value) => json!(value),
            Self::Float(value) => json!(value),
            Self::Bool(value) => json!(value),
            Self::Text(value) => json!(value),
        }
    }
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// Exactly this.
    Exact(Scalar),
    /// Between the two, both included; an absent one doesn't limit.
    Range {
        /// The least value that matches.
        min: Option<f64>,
        /// The greatest value that matches.
        max: Option<f64>,
    },
    /// A list of exactly these, in this order.
    List(Vec<Scalar>),
    /// A list that has all of these in it, in any order, among others.
    Contains(Vec<Scalar>),
}

impl Matcher {
    /// Whether the value is what was asked for. A value of another type never matches.
    #[must_use]
    pub fn matches(&self, found: &Value) -> bool {
        match self {
            Self::Exact(expected) => expected.matches(found),
            Self::Range { min, max } => found
                .as_f64()
                .is_some_and(|found| min.is_none_or(|least| found >= least) && max.is_none_or(|most| found <= most)),
            Self::List(expected) => found.as_array().is_some_and(|found| {
                found.len() == expected.len() && expected.iter().zip(found).all(|(one, other)| one.matches(other))
            }),
            Self::Contains(expected) => found
                .as_array()
                .is_some_and(|found| expected.iter().all(|one| found.iter().any(|other| one.matches(other)))),
        }
    }

    /// The matcher as it stands in the results.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Exact(value) => value.to_json(),
            Self::Range { min, max } => {
                let mut range = serde_json::Map::new();
                for (name, bound) in [("min", min), ("max", max)] {
                    if let Some(bound) = bound {
                        range.insert(name.to_owned(), number(*bound));
                    }
                }
                Value::Object(range)
            }
            Self::List(values) => values.iter().map(Scalar::to_json).collect(),
            Self::Contains(values) => {
                json!({ "contains": values.iter().map(Scalar::to_json).collect::<Vec<_>>() })
            }
        }
    }

    /// Why no value could ever match, if none could.
    pub(crate) fn impossible(&self) -> Option<String> {
        match self {
            Self::Range { min: Some(min), max: Some(max) } if min > max => Some(format!("min {min} above max {max}")),
            Self::Range { min: None, max: None } => Some("a range without `min` and `max`".to_owned()),
            Self::Range { min, max } if min.is_some_and(f64::is_nan) || max.is_some_and(f64::is_nan) => {
                Some("a bound that is not a number".to_owned())
            }
            Self::Exact(Scalar::Float(value)) if value.is_nan() => Some("a value that is not a number".to_owned()),
            _ => None,
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { min: Some(min), max: Some(max) } => write!(formatter, "{min} to {max}"),
            Self::Range { min: Some(min), max: None } => write!(formatter, "at least {min}"),
            Self::Range { min: None, max: Some(max) } => write!(formatter, "at most {max}"),
            Self::Contains(values) => {
                let names: Vec<String> = values.iter().map(|v| v.to_json().to_string()).collect();
                write!(formatter, "a list with {} in it", names.join(", "))
            }
            other => write!(formatter, "{}", other.to_json()),
        }
    }
}

/// A bound as a JSON number without a needless `.0`.
fn number(value: f64) -> Value {
    // 2^53: every whole number up to it is exact in an f64, so the cast loses nothing.
    if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 { json!(value as i64) } else { json!(value) }
}

/// The value at a dotted path: `gc.garbage`, `pinned_by.0.type`. A key that has dots in its own name
/// is found by its full name first.
#[must_use]
pub fn lookup<'v>(value: &'v Value, dotted: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(dotted) {
        return Some(found);
    }
    dotted.split('.').try_fold(value, |at, step| match at {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

const MEANT: &str = "a number, a text, a list, {min: …, max: …} or {contains: […]}";

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number, a text or true or false")
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(value))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(value))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                i64::try_from(value)
                    .map(Scalar::Integer)
                    .map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar::Float(value))
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(value.to_owned()))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum RangeKey {
    Min,
    Max,
    Contains,
}

struct MatcherVisitor;

impl<'de> Visitor<'de> for MatcherVisitor {
    type Value = Matcher;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MEANT)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Matcher, E> {
        Ok(Matcher::Exact(Scalar::Bool(value)))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Matcher, E> {
        Ok(Matcher::Exact(Scalar::Integer(value)))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Matcher, E> {
        i64::try_from(value)
            .map(|value| Matcher::Exact(Scalar::Integer(value)))
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Matcher, E> {
        Ok(Matcher::Exact(Scalar::Float(value)))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Matcher, E> {
        Ok(Matcher::Exact(Scalar::Text(value.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Matcher, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Matcher::List(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Matcher, A::Error> {
        let (mut min, mut max, mut contains) = (None, None, None);
        while let Some(key) = map.next_key()? {
            let (name, repeated) = match key {
                RangeKey::Min => ("min", min.replace(map.next_value()?).is_some()),
                RangeKey::Max => ("max", max.replace(map.next_value()?).is_some()),
                RangeKey::Contains => ("contains", contains.replace(map.next_value()?).is_some()),
            };
            if repeated {
                return Err(A::Error::duplicate_field(name));
            }
        }
        match contains {
            Some(values) if min.is_none() && max.is_none() => Ok(Matcher::Contains(values)),
            Some(_) => {
                Err(A::Error::custom("invalid value: `contains` together with a range, expected one of the two"))
            }
            None => Ok(Matcher::Range { min, max }),
        }
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MatcherVisitor)
    }
}

fn scalar_schema() -> Value {
    json!({ "type": ["number", "string", "boolean"] })
}

impl JsonSchema for Matcher {
    fn schema_name() -> Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Exactly this value; or a range, both ends included; or a list; or a list that has these in it.",
            "anyOf": [
                scalar_schema(),
                { "type": "array", "items": scalar_schema() },
                {
                    "type": "object",
                    "properties": { "min": { "type": "number" }, "max": { "type": "number" } },
                    "minProperties": 1,
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "properties": { "contains": { "type": "array", "items": scalar_schema() } },
                    "required": ["contains"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(yaml: &str) -> Matcher {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn an_exact_integer_matches_no_neighbour() {
        assert!(matcher("1000").matches(&json!(1000)));
        assert!(matcher("1000").matches(&json!(1000.0)));
        assert!(!matcher("1000").matches(&json!(1001)));
        assert!(!matcher("1000").matches(&json!(1000.5)));
        assert!(!matcher("1000").matches(&json!("1000")));
        assert!(!matcher("'1000'").matches(&json!(1000)));
    }

    #[test]
    fn a_range_includes_both_ends_and_may_be_open() {
        let closed = matcher("{min: 2, max: 4}");
        for (value, expected) in [(1, false), (2, true), (4, true), (5, false)] {
            assert_eq!(closed.matches(&json!(value)), expected, "{value}");
        }
        assert!(matcher("{min: 2}").matches(&json!(1e12)));
        assert!(!matcher("{max: 2}").matches(&json!(2.5)));
        assert!(!closed.matches(&json!("3")));
        assert!(!closed.matches(&Value::Null));
    }

    #[test]
    fn lists_compare_in_order_and_contains_does_not() {
        assert!(matcher("[a, 1]").matches(&json!(["a", 1])));
        assert!(!matcher("[a, 1]").matches(&json!([1, "a"])));
        assert!(!matcher("[a]").matches(&json!(["a", 1])));
        assert!(matcher("{contains: [1, a]}").matches(&json!(["b", "a", 1])));
        assert!(!matcher("{contains: [c]}").matches(&json!(["b", "a", 1])));
    }

    #[test]
    fn lookup_reaches_through_lists_and_mappings() {
        let value = json!({"pinned_by": [{"type": "str"}], "a.b": 7, "a": {"b": 8, "c": 9}});
        assert_eq!(lookup(&value, "pinned_by.0.type"), Some(&json!("str")));
        assert_eq!(lookup(&value, "a.b"), Some(&json!(7)));
        assert_eq!(lookup(&value, "a.c"), Some(&json!(9)));
        assert_eq!(lookup(&value, "pinned_by.1.type"), None);
        assert_eq!(lookup(&value, "pinned_by.x"), None);
    }
}
