//! The line of an instruction by a table of locations (PEP 657, `Objects/locations.md`).

/// Instructions of two bytes each, with caches counted as such.
type Unit = u64;

/// Some instructions, and the line that they are on; `None` for what is on no line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Location {
    /// The first one, and the one behind the last.
    pub(crate) units: (Unit, Unit),
    pub(crate) line: Option<u32>,
}

/// The line that the instruction at `unit` is on; `None` past the table's end and for what is on no line.
pub(crate) fn line_at(line_first: u32, table: &[u8], unit: Unit) -> Option<u32> {
    located(line_first, table).find(|location| (location.units.0..location.units.1).contains(&unit))?.line
}

/// All of a table, in order.
pub(crate) fn located(line_first: u32, table: &[u8]) -> impl Iterator<Item = Location> + '_ {
    let mut bytes = Bytes { rest: table };
    let (mut line, mut begin) = (i64::from(line_first), 0);
    std::iter::from_fn(move || {
        let head = bytes.next()?;
        let units = (begin, begin + u64::from(head & 7) + 1);
        let is_on_a_line = match head >> 3 & 15 {
            15 => false,
            // Lines and columns at length.
            14 => {
                line = line.saturating_add(bytes.signed());
                for _ in 0..3 {
                    bytes.unsigned();
                }
                true
            }
            13 => {
                line = line.saturating_add(bytes.signed());
                true
            }
            // The same line or the next two, with two columns.
            code @ 10..=12 => {
                line += i64::from(code) - 10;
                bytes.next();
                bytes.next();
                true
            }
            _ => {
                bytes.next();
                true
            }
        };
        begin = units.1;
        Some(Location { units, line: u32::try_from(line).ok().filter(|_| is_on_a_line) })
    })
}

struct Bytes<'a> {
    rest: &'a [u8],
}

impl Bytes<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Six bits a byte, the lowest first; the seventh says that more follow.
    fn unsigned(&mut self) -> u64 {
        let (mut value, mut shift) = (0_u64, 0);
        while let Some(byte) = self.next() {
            value |= u64::from(byte & 63).checked_shl(shift).unwrap_or(0);
            if byte & 64 == 0 {
                break;
            }
            shift += 6;
        }
        value
    }

    /// The same with the sign in the lowest bit.
    fn signed(&mut self) -> i64 {
        let value = self.unsigned();
        let size = i64::try_from(value >> 1).unwrap_or(0);
        if value & 1 == 1 { -size } else { size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of a function that the interpreter made, and its `co_lines()`: units from, to, line.
    const TABLE: [u8; 37] = [
        128, 0, 216, 8, 9, 128, 65, 227, 13, 14, 136, 1, 216, 13, 14, 216, 13, 14, 240, 3, 1, 13, 16, 138, 1, 241, 3,
        0, 14, 15, 240, 6, 0, 12, 13, 128, 72,
    ];
    const LINES: [(u64, u64, u32); 8] =
        [(0, 1, 1), (1, 3, 2), (3, 8, 4), (8, 9, 5), (9, 10, 6), (10, 14, 5), (14, 16, 4), (16, 18, 7)];

    #[test]
    fn lines_are_those_that_the_interpreter_tells() {
        for (from, to, line) in LINES {
            for unit in from..to {
                assert_eq!(line_at(1, &TABLE, unit), Some(line), "{unit}");
            }
        }
        assert_eq!(line_at(1, &TABLE, 18), None);
    }

    #[test]
    fn damage_ends() {
        assert_eq!(line_at(1, &[0xff; 40], 300), None);
        assert_eq!(line_at(1, &[0xf0, 0x7f, 0x7f], 0), None);
        assert_eq!(line_at(u32::MAX, &[0xf1, 0x42], 9), None);
    }
}
