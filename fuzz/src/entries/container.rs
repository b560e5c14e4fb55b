//! A recorded image around any manifest and any pages, with checksums that are right.

/// `u32` length of the manifest, the manifest, pages. `None` for what is a recorded image already, or too short.
pub(super) fn wrap(input: &[u8]) -> Option<Vec<u8>> {
    if input.starts_with(b"BLTHOUND") {
        return None;
    }
    let (length, rest) = input.split_first_chunk()?;
    let (manifest, pages) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some(container(manifest, pages))
}

/// The file format of `harness/memory/src/recorded/mod.rs`, written a second time.
pub fn container(manifest: &[u8], pages: &[u8]) -> Vec<u8> {
    let mut out = b"BLTHOUND\x02\0\0\0".to_vec();
    frame(&mut out, *b"MANI", 0, manifest);
    let mut count = 0;
    for piece in pages.chunks(4 << 20) {
        frame(&mut out, *b"DATA", count, piece);
        count += 1;
    }
    frame(&mut out, *b"DONE", count, &[]);
    out
}

fn frame(out: &mut Vec<u8>, tag: [u8; 4], index: u32, raw: &[u8]) {
    let stored = if raw.is_empty() { Vec::new() } else { zstd::bulk::compress(raw, -5).unwrap_or_default() };
    let mut header = tag.to_vec();
    for number in [index, stored.len() as u32, raw.len() as u32, crc32fast::hash(&stored)] {
        header.extend(number.to_le_bytes());
    }
    header.extend(crc32fast::hash(&header).to_le_bytes());
    out.extend(header);
    out.extend(stored);
}

/// The other way round, for a recorded image that is whole.
pub fn unwrap(file: &[u8]) -> Option<Vec<u8>> {
    let (_version, mut rest) = file.strip_prefix(b"BLTHOUND")?.split_at_checked(4)?;
    let mut out = Vec::new();
    loop {
        let (header, after) = rest.split_at_checked(24)?;
        let number = |at: usize| header.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
        let (stored, after) = after.split_at_checked(number(8) as usize)?;
        if header.starts_with(b"DONE") {
            return Some(out);
        }
        let raw = zstd::bulk::decompress(stored, number(12) as usize).ok()?;
        if header.starts_with(b"MANI") {
            out.extend((raw.len() as u32).to_le_bytes());
        }
        out.extend(raw);
        rest = after;
    }
}
