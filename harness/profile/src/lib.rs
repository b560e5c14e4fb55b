//! Frames, stacks, samples and profiles of a process that was looked at without being stopped. Pure: no I/O, no CPython.
//!
//! A [`Profile`] holds what a sampler saw; each code object is described once as a [`Code`], with the loops of its
//! bytecode, and frames refer to it by [`CodeId`]. Values of variables are kept as short text and hashes *by value*:
//! whether two samples saw the same object is no evidence of progress, whether they saw the same value is.

mod code;
pub mod exact;
mod folded;
pub mod frameworks;
mod hash;
mod outside;
pub mod processor;
mod sample;
mod value;

pub use code::{Code, CodeId, LineTable, Loop, LoopExit, LoopInput, LoopKind, Returns, Try, Write};
pub use folded::folded;
pub use hash::ValueHash;
pub use outside::{Descriptor, DescriptorKind, Outside};
pub use sample::{
    Callee, CalleeKind, Caught, Frame, FrameDetail, Profile, Sample, SamplingCost, Stack, ThreadFacts, ThreadProfile,
};
pub use value::{Attribute, FunctionName, QUOTED_CHARACTERS, Value, ValueKind, Variable, quote};
