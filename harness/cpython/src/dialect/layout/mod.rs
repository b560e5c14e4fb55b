//! Offsets and sizes of C structures, as structs that name them: what they are worth is a dialect's business.
//!
//! Byte offsets unless something else is said, read with explicit little-endian loads and never by casting.

mod callables;
mod collector;
mod containers;
mod execution;
mod object;
mod values;

pub use callables::{
    CFunctionObject, CellObject, ClassObject, DescriptorObject, FileObject, FunctionObject, GeneratorObject,
    InstanceObject, MethodObject, ModuleObject, ModuleState,
};
pub use collector::Collector;
pub use containers::{
    BlockLayout, DequeObject, DictKeys, DictObject, DictValues, EntryLayout, KeysForm, ListObject, SetObject,
    TupleObject, WeakReferenceObject,
};
pub use execution::{
    CodeCaches, CodeObject, CodeVariables, DebugField, DebugOffsets, ExceptionObjects, FrameObject, InterpreterFrame,
    InterpreterState, Runtime, StaticTypeRow, ThreadState, Told, TypeCache,
};
pub use object::{MemberDef, Object, TypeFlags, TypeObject};
pub use values::{ArrayObject, ByteArrayObject, CompactText, LongObject, NumberObject, StringObject, UnicodeObject};
