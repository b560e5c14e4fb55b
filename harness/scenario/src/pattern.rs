//! Names by pattern: `tightloop*`, as a shell has it.

/// True for what holds a wildcard.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// `*` stands for any characters, also none, and `?` for one.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // The last star, and the characters it stands for by now: where the rest fails, it takes one more.
    let mut star: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || name.get(seen) == Some(wanted) => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                seen = taken + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_a_shell_has_it() {
        for (pattern, name, does) in [
            ("tightloop*", "tightloop", true),
            ("tightloop*", "tightloop-ccall", true),
            ("tightloop*", "a-tightloop", false),
            ("*loop*ing", "tightloop-counting", true),
            ("*loop*ing", "tightloop-counting-on", false),
            ("le?k", "leak", true),
            ("le?k", "lek", false),
            ("*", "", true),
            ("?", "", false),
            ("*a*b*c", "aXbXbXc", true),
            ("leak", "leak", true),
            ("Leak*", "leak", false),
            ("*ä?", "xäö", true),
        ] {
            assert_eq!(matches(pattern, name), does, "{pattern} {name}");
        }
        // Many stars cost no more than the product of the lengths.
        assert!(!matches(&"*a".repeat(200), &"a".repeat(199)));
    }
}
