//! `/proc/PID/maps` and `/proc/PID/smaps` (Documentation/filesystems/proc.rst).

use bloathound_memory::{Address, Permissions, Region, RegionKind};

/// A mapping with what `smaps` says of it. Bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// Where and what; `rss_bytes` is set when it came from `smaps`.
    pub region: Region,
    /// Proportional share of the resident bytes.
    pub pss_bytes: u64,
    /// Bytes swapped out.
    pub swap_bytes: u64,
    /// Resident bytes nobody but this process has.
    pub private_bytes: u64,
    /// Resident bytes without a file behind them.
    pub anonymous_bytes: u64,
    /// Bytes of large pages from the kernel's pool, which are in no other number.
    pub huge_pool_bytes: u64,
}

impl Mapping {
    /// A mapping of which nothing more is known: of a recorded image or a core.
    #[must_use]
    pub fn new(region: Region) -> Self {
        Self { region, pss_bytes: 0, swap_bytes: 0, private_bytes: 0, anonymous_bytes: 0, huge_pool_bytes: 0 }
    }
}

/// The mappings of `/proc/PID/maps`, in its order (by address). Lines that make no sense are left out.
#[must_use]
pub fn parse_maps(text: &str) -> Vec<Region> {
    text.lines().filter_map(parse_header).collect()
}

/// The mappings of `/proc/PID/smaps`. Lines that make no sense are left out.
#[must_use]
pub fn parse_smaps(text: &str) -> Vec<Mapping> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for line in text.lines() {
        // Field lines begin with a capital, headers with a lower-case hexadecimal number.
        if !line.starts_with(|c: char| c.is_ascii_uppercase()) {
            if let Some(region) = parse_header(line) {
                mappings.push(Mapping::new(Region { rss_bytes: Some(0), ..region }));
            }
            continue;
        }
        let (Some(mapping), Some((name, value))) = (mappings.last_mut(), line.split_once(':')) else {
            continue;
        };
        match name {
            "Rss" => mapping.region.rss_bytes = Some(kilobytes(value)),
            "Pss" => mapping.pss_bytes = kilobytes(value),
            "Swap" => mapping.swap_bytes = kilobytes(value),
            "Private_Clean" | "Private_Dirty" => {
                mapping.private_bytes = mapping.private_bytes.saturating_add(kilobytes(value));
            }
            "Private_Hugetlb" | "Shared_Hugetlb" => {
                mapping.huge_pool_bytes = mapping.huge_pool_bytes.saturating_add(kilobytes(value));
            }
            "Anonymous" => mapping.anonymous_bytes = kilobytes(value),
            _ => {}
        }
    }
    mappings
}

/// Bytes of a `   123 kB` value; 0 for anything else.
pub(crate) fn kilobytes(value: &str) -> u64 {
    let number = value.trim().trim_end_matches("kB").trim_end();
    number.parse::<u64>().unwrap_or(0).saturating_mul(1024)
}

/// `start-end perms offset dev inode   name`
fn parse_header(line: &str) -> Option<Region> {
    let mut rest = line;
    let range = next_field(&mut rest)?;
    let permissions = next_field(&mut rest)?.as_bytes();
    let file_offset = u64::from_str_radix(next_field(&mut rest)?, 16).ok()?;
    let _device = next_field(&mut rest)?;
    let _inode = next_field(&mut rest)?;
    let (start, end) = range.split_once('-')?;
    let start = u64::from_str_radix(start, 16).ok()?;
    let end = u64::from_str_radix(end, 16).ok()?;
    if start >= end || permissions.len() != 4 {
        return None;
    }
    Some(Region {
        start: Address(start),
        end: Address(end),
        permissions: Permissions {
            read: permissions[0] == b'r',
            write: permissions[1] == b'w',
            execute: permissions[2] == b'x',
            shared: permissions[3] == b's',
        },
        file_offset,
        kind: kind(rest.trim_start_matches(' ')),
        rss_bytes: None,
    })
}

fn next_field<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let text = rest.trim_start_matches(' ');
    let end = text.find(' ').unwrap_or(text.len());
    let (field, tail) = text.split_at(end);
    *rest = tail;
    (!field.is_empty()).then_some(field)
}

fn kind(name: &str) -> RegionKind {
    match name {
        "" => RegionKind::Anonymous,
        "[heap]" => RegionKind::Heap,
        "[stack]" => RegionKind::Stack,
        // Named by prctl(PR_SET_VMA_ANON_NAME); still anonymous memory.
        _ if name.starts_with("[anon:") => RegionKind::Anonymous,
        _ if name.starts_with('/') => {
            let (path, deleted) = match name.strip_suffix(" (deleted)") {
                Some(path) => (path, true),
                None => (name, false),
            };
            // The kernel writes a newline in a path as \012; nothing else is escaped.
            RegionKind::File { path: path.replace("\\012", "\n"), deleted }
        }
        _ => RegionKind::Special(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SMAPS: &str = "\
559960d24000-559960de8000 rw-p 00000000 00:00 0                          [heap]
Size:                784 kB
Rss:                 700 kB
Pss:                 650 kB
Private_Clean:         4 kB
Private_Dirty:       696 kB
Anonymous:           700 kB
Swap:                 12 kB
VmFlags: rd wr mr mw me ac
7f5535c58000-7f5535c95000 r--p 0003d000 fe:00 3566                       /opt/my lib/libpython2.7.so.1.0 (deleted)
Rss:                  16 kB
7fff4347d000-7fff4349e000 rw-s 00000000 00:00 0 
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
";

    #[test]
    fn smaps_headers_and_fields() {
        let mappings = parse_smaps(SMAPS);
        assert_eq!(mappings.len(), 4);
        let heap = &mappings[0];
        assert_eq!(heap.region.kind, RegionKind::Heap);
        assert_eq!(heap.region.rss_bytes, Some(700 * 1024));
        assert_eq!((heap.pss_bytes, heap.swap_bytes), (650 * 1024, 12 * 1024));
        assert_eq!((heap.private_bytes, heap.anonymous_bytes), (700 * 1024, 700 * 1024));
        assert!(heap.region.is_private_writable());
        let library = &mappings[1].region;
        assert_eq!(library.path(), Some("/opt/my lib/libpython2.7.so.1.0"));
        assert_eq!(library.file_offset, 0x3d000);
        assert!(matches!(library.kind, RegionKind::File { deleted: true, .. }));
        assert_eq!(mappings[2].region.kind, RegionKind::Anonymous);
        assert!(mappings[2].region.permissions.shared);
        assert_eq!(mappings[3].region.kind, RegionKind::Special("[vsyscall]".to_owned()));
    }

    #[test]
    fn own_maps_and_smaps_agree() {
        let maps = parse_maps(&std::fs::read_to_string("/proc/self/maps").unwrap());
        assert!(maps.len() > 5);
        assert!(maps.iter().any(|region| region.kind == RegionKind::Stack));
        assert!(maps.windows(2).all(|pair| pair[0].end <= pair[1].start));
        let smaps = parse_smaps(&std::fs::read_to_string("/proc/self/smaps").unwrap());
        let stack = smaps.iter().find(|mapping| mapping.region.kind == RegionKind::Stack).unwrap();
        assert!(stack.region.rss_bytes.unwrap() >= 4096);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(?s).{0,400}") {
            let _ = parse_maps(&text);
            let _ = parse_smaps(&text);
        }

        #[test]
        fn what_the_kernel_writes_is_read_back(
            start in 0_u64..1 << 46, pages in 1_u64..1 << 20, offset in any::<u64>(), flags in 0_u8..16,
            path in "(/[a-z .()]{1,12}){1,4}x",
        ) {
            let flag = |bit: u8, yes: char, no: char| if flags & bit != 0 { yes } else { no };
            let end = start + pages * 4096;
            let line = format!(
                "{start:08x}-{end:08x} {}{}{}{} {offset:08x} fe:00 77{:>20}{path}",
                flag(1, 'r', '-'), flag(2, 'w', '-'), flag(4, 'x', '-'), flag(8, 's', 'p'), ' ',
            );
            let regions = parse_maps(&line);
            prop_assert_eq!(regions.len(), 1);
            prop_assert_eq!(regions[0].start, Address(start));
            prop_assert_eq!(regions[0].len_bytes(), pages * 4096);
            prop_assert_eq!(regions[0].file_offset, offset);
            prop_assert_eq!(regions[0].permissions.shared, flags & 8 != 0);
            prop_assert_eq!(regions[0].path(), Some(path.as_str()));
        }
    }
}
