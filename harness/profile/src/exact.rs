//! Numbers with a fraction as JSON, by their bits: in decimal some would come back as their neighbours.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// For `#[serde(with = "exact")]`.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    number.to_bits().serialize(serializer)
}

/// For `#[serde(with = "exact")]`.
///
/// # Errors
/// The deserializer's: what is there is no 64-bit number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    u64::deserialize(deserializer).map(f64::from_bits)
}

/// The same where there may be none.
pub mod option {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    /// For `#[serde(with = "exact::option")]`.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        number.map(f64::to_bits).serialize(serializer)
    }

    /// For `#[serde(with = "exact::option")]`.
    ///
    /// # Errors
    /// The deserializer's: what is there is no 64-bit number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(f64::from_bits))
    }
}
