//! Where Pythons are that were made for us: the one place that says how their folder is laid out.

use std::path::{Path, PathBuf};

/// The release that is made: the last one of its series.
pub(super) const RELEASE: &str = "2.7.18";

/// The interpreter that pyenv makes where this folder is its root.
pub(super) fn by_pyenv(root: &Path) -> PathBuf {
    root.join("versions").join(RELEASE).join("bin/python2.7")
}

/// The folder of conda's environment.
pub(super) fn conda_prefix(root: &Path) -> PathBuf {
    root.join("conda")
}

/// The interpreter of conda's environment.
pub(super) fn by_conda(root: &Path) -> PathBuf {
    conda_prefix(root).join("bin/python2.7")
}
