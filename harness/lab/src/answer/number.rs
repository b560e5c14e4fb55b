//! A figure: right within what can be measured.

use super::Judged;

/// The first number in a text: `45`, `1 000`, `45/request`, `about 1.5 MiB` (as it stands, without its unit).
pub(super) fn read(text: &str) -> Option<f64> {
    let mut number = String::new();
    let mut letters = text.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        let next_is_digit = letters.peek().is_some_and(char::is_ascii_digit);
        match letter {
            '0'..='9' => number.push(letter),
            '.' if !number.is_empty() && next_is_digit => number.push(letter),
            ' ' | '_' | ',' | '\u{202f}' | '\u{a0}' if !number.is_empty() && next_is_digit => {}
            _ if number.is_empty() => {}
            _ => break,
        }
    }
    number.parse().ok()
}

/// Whether two figures are the same within a share.
pub(super) fn near(is: f64, given: f64, within: f64) -> bool {
    (is - given).abs() <= (is.abs() * within).max(f64::EPSILON)
}

pub(super) fn judge(is: f64, within: f64, unit: &str, answer: &str) -> Judged {
    let Some(given) = read(answer) else {
        return Judged::wrong(format!("a number is asked for: so many {unit}"));
    };
    if near(is, given, within) {
        return Judged::right(format!("yes: {is} {unit}"));
    }
    let far = if given > is { "fewer" } else { "more" };
    let much = if given > is { given / is.max(f64::EPSILON) } else { is / given.max(f64::EPSILON) };
    let how = if much < 2.0 {
        "a little "
    } else if much > 20.0 {
        "far "
    } else {
        ""
    };
    let way = if unit.contains("a request") {
        "Take two looks, see how many requests were answered between them, and divide: a figure that holds for each single \
         one, and not since the start"
    } else {
        "Look where it comes from in service.py, and hold that against what the tool counts"
    };
    Judged::wrong(format!("there are {how}{far} {unit} than that. {way}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_as_people_write_it() {
        for (text, number) in
            [("45", 45.0), ("45/request", 45.0), ("about 1 000 a request", 1000.0), ("1.5", 1.5), ("1,024", 1024.0)]
        {
            assert_eq!(read(text), Some(number), "{text}");
        }
        assert_eq!(read("many"), None);
        assert!(judge(45.0, 0.1, "objects", "47").right);
        assert!(!judge(45.0, 0.1, "objects", "450").right);
        assert!(judge(45.0, 0.1, "objects", "450").says.starts_with("there are fewer objects than that."));
        assert!(judge(45.0, 0.1, "objects", "many").says.contains("number"));
    }
}
