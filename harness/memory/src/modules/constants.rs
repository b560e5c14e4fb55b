//! Which of the mapped modules have constants that a copy must hold.

use std::collections::HashSet;

use crate::Region;

/// Libraries whose constants no reader of a heap asks for: they are left out.
const LIBRARIES_LEFT_OUT: [&str; 14] = [
    "ld-",
    "ld.",
    "libc-",
    "libc.",
    "libcrypto",
    "libdl",
    "libgcc_s",
    "libm-",
    "libm.",
    "libpthread",
    "librt",
    "libssl",
    "libstdc++",
    "libutil",
];

/// The mapped modules whose read-only data may hold names of types and other constants that decoding needs.
#[derive(Clone, Debug, Default)]
pub struct ConstantModules<'a> {
    paths: HashSet<&'a str>,
}

impl<'a> ConstantModules<'a> {
    /// Those among `regions`.
    #[must_use]
    pub fn new(regions: &'a [Region]) -> Self {
        let paths = regions
            .iter()
            .filter(|region| region.permissions.execute)
            .filter_map(Region::path)
            .filter(|path| {
                let name = path.rsplit('/').next().unwrap_or(path);
                !LIBRARIES_LEFT_OUT.iter().any(|library| name.starts_with(library))
            })
            .collect();
        Self { paths }
    }

    /// True for read-only data of such a module. Older linkers put it in front of the code, in one mapping with it.
    #[must_use]
    pub fn holds(&self, region: &Region) -> bool {
        let permissions = region.permissions;
        permissions.read
            && !permissions.write
            && !permissions.shared
            && (!permissions.execute || region.file_offset == 0)
            && region.path().is_some_and(|path| self.paths.contains(path))
    }
}

/// Writable data that began as a file's: the pages nobody touched are still in the file.
#[must_use]
pub fn is_file_data(region: &Region) -> bool {
    region.is_private_writable() && region.path().is_some()
}
