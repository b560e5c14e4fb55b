//! Offsets of CPython 2.7 structures on 64-bit machines, one file per C header.
//!
//! Data only: byte offsets and sizes, read with explicit little-endian loads and never by casting. The offsets are
//! the same in all 2.7 releases built for 64 bits; what differs between releases (the stride of the collector's
//! generations, pymalloc's alignment, UCS2 or UCS4) is measured on the target.

pub mod code_h;
pub mod collections;
pub mod dictobject_h;
pub mod fileobject_h;
pub mod frameobject_h;
pub mod funcobject_h;
pub mod iterators;
pub mod listobject_h;
pub mod object_h;
pub mod objimpl_h;
pub mod pystate_h;
pub mod setobject_h;
pub mod shapes;
pub mod stringobject_h;
