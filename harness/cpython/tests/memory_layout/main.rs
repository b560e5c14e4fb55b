//! The memory layout engine against a real Python 2.7, and against bytes written by hand.

mod allocators;
mod target;
