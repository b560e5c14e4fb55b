//! Performance, tracked: measuring by the benchmarks of a checkout, the file of the history, and what is told of both.
//! What figures are worth, `bloathound-perf` says.

mod arguments;
mod asked;
mod checkout;
mod machine;
mod measure;
mod pairs;
mod store;
mod told;
mod valgrind;

pub(crate) use arguments::PerfArguments;
pub(crate) use asked::perf;
