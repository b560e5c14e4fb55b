//! Lines of the learner's file: `41-47`, `service.py:41-47`, `lines 41 to 47`, or one of them.

use super::Judged;

/// Lines before and after that are still the same loop to a reader.
const SLACK: u32 = 1;

/// First and last.
pub(super) fn read(text: &str) -> Option<(u32, u32)> {
    let numbers: Vec<u32> =
        text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
    match numbers.as_slice() {
        [one] => Some((*one, *one)),
        [first, last] if first <= last => Some((*first, *last)),
        _ => None,
    }
}

pub(super) fn judge((first, last): (u32, u32), answer: &str) -> Judged {
    let Some((from, to)) = read(answer) else {
        return Judged::wrong("lines are asked for, such as 41-47");
    };
    if from + SLACK >= first && to <= last + SLACK {
        return Judged::right(format!("yes: lines {first} to {last}"));
    }
    if to < first || from > last {
        return Judged::wrong(
            "no sample falls there. `bloathound hot` prints the source with the samples of each line: the loop is where they are",
        );
    }
    Judged::wrong("part of it goes round and part does not: give the lines that have samples, and no others")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_as_people_write_them() {
        for right in ["41-47", "service.py:41-47", "lines 41 to 47", "43", "42-46", "40-48"] {
            assert!(judge((41, 47), right).right, "{right}");
        }
        for wrong in ["", "loop", "1-200", "60-70", "30-42", "47-41"] {
            assert!(!judge((41, 47), wrong).right, "{wrong}");
        }
    }
}
