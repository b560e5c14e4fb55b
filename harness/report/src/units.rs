//! Numbers for people.

/// The digits in groups of three from five digits on: `1000`, `12 345`, `1 234 567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// As [`count`] with a sign: `+12 345`, `-3`, `0`.
#[must_use]
pub fn signed_count(number: i64) -> String {
    format!("{}{}", sign(number), count(number.unsigned_abs()))
}

/// Bytes in binary units with three digits: `512 B`, `1.50 KiB`, `23.4 MiB`, `117 MiB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1024.0;
    let mut unit = 0;
    // 999.5 would be printed with four digits.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let text = if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    };
    format!("{text} {}", UNITS[unit])
}

/// As [`bytes`] with a sign.
#[must_use]
pub fn signed_bytes(number: i64) -> String {
    format!("{}{}", sign(number), bytes(number.unsigned_abs()))
}

fn sign(number: i64) -> &'static str {
    match number {
        0 => "",
        n if n < 0 => "-",
        _ => "+",
    }
}

/// Milliseconds: `0.4`, `8.1`, `38`, `12 345`.
#[must_use]
pub fn milliseconds(number: f64) -> String {
    if !number.is_finite() || number < 0.0 {
        "?".to_owned()
    } else if number < 9.95 && number.fract() != 0.0 {
        format!("{number:.1}")
    } else {
        count(number.round() as u64)
    }
}

/// Seconds: `0.42 s`, `12.3 s`.
#[must_use]
pub fn seconds(number: f64) -> String {
    if !number.is_finite() {
        "? s".to_owned()
    } else if number < 10.0 {
        format!("{number:.2} s")
    } else {
        format!("{number:.1} s")
    }
}

/// A figure with as many digits as tell something: `1234`, `12.3`, `1.23`, `0.0123`.
#[must_use]
pub fn significant(number: f64) -> String {
    match number {
        _ if number >= 1000.0 => format!("{number:.0}"),
        _ if number >= 10.0 => format!("{number:.1}"),
        _ if number >= 0.1 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}

/// By how much something differs, from a share: `+1.2 %`.
#[must_use]
pub fn shift(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}

/// `part` of `whole` in whole per cent: `42`, `<1` for what is there but rounds to nothing, `-` of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let share = part as f64 * 100.0 / whole as f64;
    if part > 0 && share < 0.5 { "<1".to_owned() } else { format!("{share:.0}") }
}

/// A ratio as per cent: `62 %`.
#[must_use]
pub fn ratio(number: f64) -> String {
    if number.is_finite() { format!("{:.0} %", number * 100.0) } else { "? %".to_owned() }
}

/// `1 object`, `2 objects`.
#[must_use]
pub fn plural(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_from_five_digits_on() {
        for (number, text) in
            [(0, "0"), (1000, "1000"), (12_345, "12 345"), (123_456, "123 456"), (1_234_567, "1 234 567")]
        {
            assert_eq!(count(number), text);
        }
        assert_eq!(signed_count(-12_345), "-12 345");
        assert_eq!(signed_count(3), "+3");
        assert_eq!(count(u64::MAX), "18 446 744 073 709 551 615");
        assert_eq!(signed_count(i64::MIN), "-9 223 372 036 854 775 808");
    }

    #[test]
    fn bytes_have_three_digits_and_never_four() {
        for (number, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (10_235, "10.0 KiB"),
            (1_048_000, "1.00 MiB"),
            (1_048_576, "1.00 MiB"),
            (24_536_678, "23.4 MiB"),
            (122_683_392, "117 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(number), text, "{number}");
        }
    }

    #[test]
    fn shares_tell_little_from_nothing() {
        assert_eq!(percent(0, 100), "0");
        assert_eq!(percent(1, 1000), "<1");
        assert_eq!(percent(1, 3), "33");
        assert_eq!(percent(1, 0), "-");
    }

    #[test]
    fn odd_times_do_not_lie() {
        assert_eq!(milliseconds(f64::NAN), "?");
        assert_eq!(milliseconds(0.04), "0.0");
        assert_eq!(milliseconds(38.2), "38");
        assert_eq!(seconds(0.421), "0.42 s");
    }
}
