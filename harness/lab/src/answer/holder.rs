//! Who holds something, as a path in any spelling that a person would use: `service.Base._cache`, `Base → _cache → key`,
//! `modules['service'].Base._cache.keys()[3]`, `the dict _cache on class Base`.

use super::Judged;

/// The names in a spelling of a path, small letters; words that name no place are left out.
fn names(text: &str, words: &[String]) -> Vec<String> {
    let bare = text.replace("__main__", " ").replace("service.py", " ");
    bare.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .filter(|name| !name.is_empty() && !name.chars().all(|letter| letter.is_ascii_digit()))
        .map(str::to_lowercase)
        .filter(|name| !words.iter().any(|word| word == name))
        .collect()
}

pub(super) fn judge(must: &[String], may: &[String], words: &[String], answer: &str) -> Judged {
    let given = names(answer, words);
    let lower = |names: &[String]| names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
    let (must, may) = (lower(must), lower(may));
    if given.is_empty() {
        return Judged::wrong(
            "a holder has a name in the source: write the path as the tool does, such as Shop._orders",
        );
    }
    let missing = must.iter().filter(|name| !given.contains(name)).count();
    let strange = given.iter().find(|name| !must.contains(name) && !may.contains(name));
    match (missing, strange) {
        (0, None) => Judged::right("yes: who lets go of that lets go of all of it"),
        (0, Some(name)) => Judged::wrong(format!(
            "part of it is right, but {name} is not on the way; give the path alone, from the module down"
        )),
        (left, None) if left < must.len() => Judged::wrong(
            "on the way, and not at its end: go on along the path until you are at what holds the many things itself",
        ),
        (_, None) => Judged::wrong(
            "this is on the way to it and not its end: which attribute or variable of it holds the many things?",
        ),
        (_, Some(name)) => Judged::wrong(format!(
            "{name} does not hold them. `bloathound why` asked of one of the many prints the path from the module down: \
             the holder is the last name on it before `key`, `value` or `[x]`"
        )),
    }
}

/// Whether an answer has all names of a listed one.
pub(super) fn says_same(listed: &str, answer: &str, words: &[String]) -> bool {
    let (listed, answer) = (names(listed, words), names(answer, words));
    !listed.is_empty() && listed.iter().all(|name| answer.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_in_any_spelling() {
        let words: Vec<String> =
            ["module", "modules", "the", "dict", "on", "class", "key", "keys", "x", "of", "attribute", "service"]
                .map(str::to_owned)
                .to_vec();
        let (must, may) = (vec!["_cache".to_owned()], vec!["Base".to_owned()]);
        for right in [
            "service.Base._cache",
            "_cache",
            "module __main__ → Base → _cache → key",
            "modules['service'].Base._cache.keys()[461]",
            "the dict _cache on class Base",
            "Base->_cache[x]",
            "__main__/Base/_cache",
            "attribute `_CACHE` of base",
        ] {
            assert!(judge(&must, &may, &words, right).right, "{right}");
        }
        for wrong in ["", "Base", "Base._shop", "_cache of Shop", "module", "461"] {
            assert!(!judge(&must, &may, &words, wrong).right, "{wrong}");
        }
        assert!(judge(&must, &may, &words, "Base").says.contains("on the way"));
        assert!(judge(&must, &may, &words, "Shop.orders").says.contains("shop does not hold"));
    }
}
