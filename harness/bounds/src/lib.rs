//! Bounds that every room keeps: what a file must be to be opened, how much of it is read, and how much memory there is.
//!
//! A name that a user or a file gives may lead to a FIFO (opening it waits for ever), to a device (`/dev/zero` has no end)
//! or to more bytes than there is memory. [`open_regular`] and [`read_regular`] are the one way in. [`Room`] says how much
//! memory may still be taken, and whether the machine or a memory group sets that limit.

mod regular;
mod room;

pub use regular::{Refusal, open_regular, read_regular, read_regular_text};
pub use room::{Limit, Room, give_way, in_words, spare};
