//! What each mapping of the process is for.

use std::collections::HashSet;

use bloathound_memory::{MemoryImage, MemorySource, PAGE_BYTES, Permissions, Region, RegionKind};

use super::{MallocMap, PymallocMap, RssCategory};

/// Largest guard that a thread's stack has below it.
const GUARD_BYTES_MAX: u64 = 64 << 10;
/// How far below the end of a thread's stack its control block may be.
const CONTROL_BLOCK_SEARCH_BYTES: u64 = 8 << 10;
/// `tcbhead_t.self` (glibc, `sysdeps/x86_64/nptl/tls.h`): the control block knows its own address, twice.
const CONTROL_BLOCK_SELF: u64 = 16;

/// How a mapping's resident bytes are accounted for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MappingRole {
    /// All of it is this, whatever was copied.
    Whole(RssCategory),
    /// Page by page: arenas, malloc, and the rest of it this.
    Private(RssCategory),
}

impl MappingRole {
    pub(super) fn category(self) -> RssCategory {
        match self {
            Self::Whole(category) | Self::Private(category) => category,
        }
    }
}

/// The role of each mapping, in the image's order.
pub(super) fn roles(image: &MemoryImage, pymalloc: &PymallocMap, malloc: &MallocMap) -> Vec<MappingRole> {
    let regions = image.regions();
    // A file with one executable mapping is a program or library; all its mappings belong together.
    let modules: HashSet<&str> =
        regions.iter().filter(|region| region.permissions.execute).filter_map(Region::path).collect();
    regions
        .iter()
        .enumerate()
        .map(|(position, region)| {
            let before = position.checked_sub(1).and_then(|at| regions.get(at));
            role(image, region, before, &modules, pymalloc, malloc)
        })
        .collect()
}

fn role(
    image: &MemoryImage,
    region: &Region,
    before: Option<&Region>,
    modules: &HashSet<&str>,
    pymalloc: &PymallocMap,
    malloc: &MallocMap,
) -> MappingRole {
    let is_anonymous = match &region.kind {
        RegionKind::File { path, .. } if modules.contains(path.as_str()) => {
            return MappingRole::Whole(module_part(region.permissions));
        }
        RegionKind::File { .. } if region.permissions.shared && region.permissions.write => {
            return MappingRole::Whole(RssCategory::Shared);
        }
        RegionKind::File { .. } => return MappingRole::Whole(RssCategory::OtherFiles),
        RegionKind::Stack => return MappingRole::Whole(RssCategory::Stacks),
        RegionKind::Heap if malloc.other_allocator.is_some() => {
            return MappingRole::Private(RssCategory::OtherAllocator);
        }
        RegionKind::Heap => return MappingRole::Private(RssCategory::MallocUnknown),
        RegionKind::Anonymous => true,
        RegionKind::Special(name) => name.starts_with("[anon"),
    };
    if !is_anonymous {
        return MappingRole::Whole(RssCategory::Kernel);
    }
    if region.permissions.shared {
        return MappingRole::Whole(RssCategory::Shared);
    }
    if !region.is_private_writable() {
        return MappingRole::Whole(RssCategory::OtherAnonymous);
    }
    let follows_module = before
        .is_some_and(|before| before.end == region.start && before.path().is_some_and(|path| modules.contains(path)));
    if follows_module {
        return MappingRole::Private(RssCategory::LibraryBss);
    }
    let range = region.start..region.end;
    let is_managed = !pymalloc.arenas_from(range.clone()).is_empty() || !malloc.segments_from(range).is_empty();
    let has_guard = before.is_some_and(|before| {
        before.end == region.start
            && before.permissions == Permissions::default()
            && before.len_bytes() <= GUARD_BYTES_MAX
    });
    if !is_managed && (has_guard || has_control_block(image, region)) {
        return MappingRole::Private(RssCategory::Stacks);
    }
    // What its pages are for, only that allocator knows.
    let rest = if malloc.other_allocator.is_some() { RssCategory::OtherAllocator } else { RssCategory::OtherAnonymous };
    MappingRole::Private(rest)
}

fn module_part(permissions: Permissions) -> RssCategory {
    match permissions {
        Permissions { execute: true, .. } => RssCategory::LibraryCode,
        Permissions { write: true, .. } => RssCategory::LibraryData,
        _ => RssCategory::LibraryReadOnly,
    }
}

/// A thread's stack ends with its control block.
fn has_control_block(image: &MemoryImage, region: &Region) -> bool {
    // The program's own control block is in a small mapping of the loader's; a stack is larger.
    if region.len_bytes() < 16 * PAGE_BYTES {
        return false;
    }
    let from = region.end.back(CONTROL_BLOCK_SEARCH_BYTES.min(region.len_bytes()));
    (0..CONTROL_BLOCK_SEARCH_BYTES / 16).any(|step| {
        let at = from.offset(step * 16);
        image.pointer_at(at) == Some(at) && image.pointer_at(at.offset(CONTROL_BLOCK_SELF)) == Some(at)
    })
}
