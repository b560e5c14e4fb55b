//! What the fuzz targets call. The same files are part of the test `hostile` of the root package, which runs the seeds
//! on a stable toolchain.

mod entries;

pub use entries::{core, decode, dump, frames, image};
