//! What decoding and analysing an image will take, told from a sample of its pages before any of it is taken.
//!
//! Measured as the most that `inspect` had at once beyond the copy, by heaps of one kind of object each (millions of them):
//! 58 bytes an object and 8.4 a reference for ints, floats, tuples, lists and instances, 150 more for a string (of which
//! all that are equal are counted), 2.2 % of the copy for its marks. The numbers here are those with a tenth to spare.

use bloathound_memory::{Address, MemoryImage, MemorySource, PAGE_BYTES, is_zero_page};

use super::marks::AddressMap;
use super::stretches::bytes_beside;
use crate::Interpreter;
use crate::dialect::SingledOut;

const OBJECT_BYTES: u64 = 64;
const STRING_BYTES: u64 = 160;
const REFERENCE_BYTES: u64 = 9;
/// Share of the pages that are not zero.
const MARKS_SHARE: u64 = 40;
/// Pages looked at: 8 MB. A mean of two thousand pages is within a few percent of that of all (of a page's bytes the spread
/// is about their mean, so its error is one in the root of the pages), and the numbers above have a tenth to spare.
const PAGES_MAX: usize = 1 << 11;
/// Types remembered; a sample has a few hundred.
const TYPES_MAX: usize = 1 << 16;
const PAGE: usize = PAGE_BYTES as usize;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Type,
    TypeOfStrings,
    Other,
}

impl Target {
    const ALL: [Self; 3] = [Self::Type, Self::TypeOfStrings, Self::Other];
}

/// Bytes that decoding and analysing `image` by so many threads will take beside it, more or less.
#[must_use]
pub fn analysis_bytes(image: &MemoryImage, interpreter: &Interpreter, workers: usize) -> u64 {
    // Odd, so that it comes to every place in an arena.
    let step = (image.flat().len() / PAGE).div_ceil(PAGES_MAX).max(1) | 1;
    let mut sample = Sample { image, interpreter, targets: AddressMap::new(), types: 0 };
    let mut bytes = 0_u64;
    for page in image.flat().chunks_exact(PAGE).step_by(step).filter(|page| !is_zero_page(page)) {
        bytes = bytes.saturating_add(PAGE_BYTES / MARKS_SHARE + sample.page(page));
    }
    bytes.saturating_mul(step as u64).saturating_add(bytes_beside(workers, image.flat().len()))
}

struct Sample<'a> {
    image: &'a MemoryImage,
    interpreter: &'a Interpreter,
    /// What stands at an address: the position in [`Target::ALL`].
    targets: AddressMap,
    types: usize,
}

impl Sample<'_> {
    /// What the objects and references on a page will take.
    fn page(&mut self, page: &[u8]) -> u64 {
        let (mut before, mut bytes) = (0, 0);
        for word in page.chunks_exact(8) {
            let word = word.try_into().map_or(0, u64::from_le_bytes);
            if word.is_multiple_of(8) && word != 0 && self.image.locate(Address(word)).is_some() {
                // A type after a number that can be a count of references: an object begins here.
                let target = if (1..1 << 32).contains(&before) { self.target(word) } else { Target::Other };
                bytes += match target {
                    Target::Other => REFERENCE_BYTES,
                    Target::Type => OBJECT_BYTES,
                    Target::TypeOfStrings => OBJECT_BYTES + STRING_BYTES,
                };
            }
            before = word;
        }
        bytes
    }

    fn target(&mut self, at: u64) -> Target {
        if let Some(known) = self.targets.get(at).and_then(|known| Target::ALL.get(known as usize)) {
            return *known;
        }
        let d = self.interpreter.dialect;
        let name = self.image.pointer_at(Address(at).offset(d.type_object.tp_name));
        let name = name.and_then(|name| self.image.read_c_string(name, 64).ok()).unwrap_or_default();
        let begins_a_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        let target = match begins_a_name && name.bytes().all(|byte| byte.is_ascii_graphic()) {
            true if d.types.singled_out(&name) == Some(SingledOut::Str) => Target::TypeOfStrings,
            true => Target::Type,
            false => Target::Other,
        };
        if self.types < TYPES_MAX {
            self.types += 1;
            self.targets.insert(at, target as u32);
        }
        target
    }
}
