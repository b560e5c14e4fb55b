//! `PyFileObject` of `Include/fileobject.h`, and the part of glibc's `FILE` (`bits/types/struct_FILE.h`) that moves.

/// `f_fp`.
pub const F_FP: u64 = 16;
/// `_IO_read_ptr` to `_IO_write_ptr` of the `FILE`: offset and bytes.
pub const STREAM_POINTERS: (u64, u64) = (8, 40);
/// `_offset` of the `FILE`: where the buffer begins in the file.
pub const STREAM_OFFSET: u64 = 144;
