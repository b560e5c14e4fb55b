//! The target's files, seen with the target's eyes: other mount namespaces, deleted files.

use std::fs::File;
use std::io;
use std::path::Path;

use bloathound_bounds::open_regular;
use bloathound_memory::{Region, RegionKind};

/// Opens the file that `region` maps.
///
/// `/proc/PID/map_files` gives exactly the mapped inode, deleted or not, but wants privileges; the executable has a link
/// of its own; everything else is looked up by path, in the target's root first.
pub(crate) fn open_region(directory: &Path, executable: &str, region: &Region) -> io::Result<File> {
    let RegionKind::File { path, deleted } = &region.kind else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "not a file mapping"));
    };
    let name = format!("{:x}-{:x}", region.start.0, region.end.0);
    let mut result = open_regular(&directory.join("map_files").join(name));
    if result.is_err() && path == executable {
        result = open_regular(&directory.join("exe"));
    }
    if result.is_err() && !deleted {
        result = open_path(directory, path);
    }
    match result {
        // What is found under a deleted file's path is another file: an upgrade, most likely.
        Err(_) if *deleted => Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the file was deleted or replaced after it was mapped, and /proc/PID/map_files needs CAP_CHECKPOINT_RESTORE",
        )),
        other => other,
    }
}

/// Opens `path` as the target would, a relative one from its present folder on.
pub(crate) fn open_path(directory: &Path, path: &str) -> io::Result<File> {
    if !path.starts_with('/') {
        return open_regular(&directory.join("cwd").join(path));
    }
    let inside = directory.join("root").join(path.trim_start_matches('/'));
    // A target that changed its root is shown with paths of our root.
    open_regular(&inside).or_else(|error| open_regular(Path::new(path)).map_err(|_| error))
}
