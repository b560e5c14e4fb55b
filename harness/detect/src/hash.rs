//! One hash of all that a verdict hangs on.

use sha2::{Digest, Sha256};

use crate::registry::RULES;
use crate::thresholds::Thresholds;

/// Hash of the name and value of every threshold, word list and bound, and of the names of all rules: SHA-256, in
/// hexadecimal digits.
///
/// Scores belong to it: those of other limits are scores of another instrument, and floors that were committed for one
/// hash say nothing of another.
#[must_use]
pub fn rules_hash(thresholds: &Thresholds) -> String {
    let mut hash = Sha256::new();
    for row in thresholds.rows() {
        hash.update(format!("{}\t{}\t{}\n", row.rule, row.name, row.value));
    }
    for rule in RULES {
        hash.update(format!("{}\n", rule.name()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_limit_is_another_hash_and_the_same_ones_are_the_same() {
        let mut other = Thresholds::default();
        assert_eq!(rules_hash(&other), rules_hash(&Thresholds::default()));
        assert_eq!(rules_hash(&other).len(), 64);
        other.fragmentation.growth_min += 0.5;
        assert_ne!(rules_hash(&other), rules_hash(&Thresholds::default()));
    }
}
