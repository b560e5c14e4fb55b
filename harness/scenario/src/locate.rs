//! Where in the file a node stands.
//!
//! Serde hands over values without places. The YAML reader however puts line and column on every
//! error, so a second reading that walks to the node and fails there on purpose gives its place.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One step from a node to a node inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// A path from the document down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NodePath(pub(crate) Vec<Step>);

impl NodePath {
    /// The path of a key of this node.
    pub(crate) fn key(&self, key: impl Into<String>) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.into()));
        Self(steps)
    }

    /// The path of an item of this node.
    pub(crate) fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }
}

impl fmt::Display for NodePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => write!(formatter, "{key}")?,
                Step::Key(key) => write!(formatter, ".{key}")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// What of the node is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The node itself.
    Value,
    /// The key in front of it; the number counts equal keys, from 0.
    Key(usize),
}

/// The node's place, or that of the nearest node above it that the file has (a value that was left
/// out and filled in has no place of its own).
pub(crate) fn locate(yaml: &str, path: &NodePath, part: Part) -> Option<Place> {
    let mut steps = path.0.as_slice();
    let mut part = part;
    loop {
        let seek = Seek { steps, part };
        let sought = seek.deserialize(serde_yaml::Deserializer::from_str(yaml));
        if let Err(stop) = sought
            && let Some(location) = stop.location()
        {
            return Some(Place { line: location.line(), column: location.column() });
        }
        let (_, above) = steps.split_last()?;
        steps = above;
        part = Part::Value;
    }
}

#[derive(Clone, Copy)]
struct Seek<'p> {
    steps: &'p [Step],
    part: Part,
}

const HERE: &str = "the node that was sought";

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seek<'_> {
    fn scalar<E: Error>(self) -> Result<(), E> {
        if self.steps.is_empty() { Err(E::custom(HERE)) } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any node")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.scalar()
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.scalar()
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.scalar()
    }
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.scalar()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.steps.split_first() else {
            return Err(A::Error::custom(HERE));
        };
        if let Step::Index(wanted) = first {
            for _ in 0..*wanted {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(());
                }
            }
            seq.next_element_seed(Seek { steps: rest, part: self.part })?;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.steps.split_first() else {
            return Err(A::Error::custom(HERE));
        };
        let Step::Key(wanted) = first else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let mut key = SeekKey {
            wanted,
            fail_at: match self.part {
                Part::Key(nth) if rest.is_empty() => Some(nth),
                _ => None,
            },
        };
        while let Some(found) = map.next_key_seed(&mut key)? {
            if found {
                map.next_value_seed(Seek { steps: rest, part: self.part })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Compares keys, and fails at the wanted one when the key itself is what is sought.
struct SeekKey<'k> {
    wanted: &'k str,
    fail_at: Option<usize>,
}

impl<'de> DeserializeSeed<'de> for &mut SeekKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for &mut SeekKey<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        if key != self.wanted {
            return Ok(false);
        }
        match self.fail_at {
            None => Ok(true),
            Some(0) => Err(E::custom(HERE)),
            Some(more) => {
                self.fail_at = Some(more - 1);
                Ok(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "# a comment\nname: x\nlist:\n  - one: 1\n  -   two: 2\n      two: 3\nlast: {a: 4}\n";

    fn at(path: &[Step], part: Part) -> (usize, usize) {
        let place = locate(YAML, &NodePath(path.to_vec()), part).unwrap();
        (place.line, place.column)
    }

    fn key(name: &str) -> Step {
        Step::Key(name.to_owned())
    }

    #[test]
    fn nodes_keys_and_flow_mappings_are_found() {
        assert_eq!(at(&[key("name")], Part::Value), (2, 7));
        assert_eq!(at(&[key("name")], Part::Key(0)), (2, 1));
        let item = |index| vec![key("list"), Step::Index(index)];
        assert_eq!(at(&[item(0), vec![key("one")]].concat(), Part::Value), (4, 10));
        assert_eq!(at(&[key("last"), key("a")], Part::Value), (7, 11));
        assert_eq!(at(&[key("last"), key("a")], Part::Key(0)), (7, 8));
    }

    #[test]
    fn the_second_of_two_equal_keys_is_found() {
        let path = [key("list"), Step::Index(1), key("two")];
        assert_eq!(at(&path, Part::Key(0)), (5, 7));
        assert_eq!(at(&path, Part::Key(1)), (6, 7));
    }

    #[test]
    fn a_node_that_is_absent_gives_the_one_above() {
        assert_eq!(at(&[key("last"), key("b"), key("c")], Part::Value), (7, 7));
        assert_eq!(at(&[key("list"), Step::Index(9)], Part::Value), (4, 3));
    }
}
