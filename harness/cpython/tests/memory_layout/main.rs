//! The memory layout engine against a real Python 2.7, and against bytes written by hand.

mod account;
mod allocators;
mod target;
