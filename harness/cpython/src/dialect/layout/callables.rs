//! Where things that are called keep their parts, and things with one or two fields.

/// `PyFunctionObject` (`Include/funcobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionObject {
    /// `PyFunctionObject.func_name`.
    pub func_name: u64,
    /// `func_code`; `im_func` of a method stands at the same place, so that one may be taken for the other.
    pub func_code: u64,
}

/// `PyMethodObject` (`Include/classobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MethodObject {
    /// `PyMethodObject.im_func`.
    pub im_func: u64,
    /// `PyMethodObject.im_self`.
    pub im_self: u64,
}

/// `PyCFunctionObject` and `PyMethodDef` (`Include/methodobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CFunctionObject {
    /// `PyCFunctionObject.m_ml`.
    pub m_ml: u64,
    /// `PyCFunctionObject.m_self`.
    pub m_self: u64,
    /// `PyMethodDef.ml_name`, a C string.
    pub ml_name: u64,
}

/// `PyDescrObject` (`Include/descrobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DescriptorObject {
    /// `PyDescrObject.d_type`.
    pub d_type: u64,
    /// `PyDescrObject.d_name`.
    pub d_name: u64,
}

/// `PyClassObject` (`Include/classobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClassObject {
    /// `PyClassObject.cl_bases`.
    pub cl_bases: u64,
    /// `PyClassObject.cl_dict`.
    pub cl_dict: u64,
    /// `PyClassObject.cl_name`.
    pub cl_name: u64,
}

/// `PyInstanceObject` (`Include/classobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstanceObject {
    /// `PyInstanceObject.in_class`.
    pub in_class: u64,
    /// `PyInstanceObject.in_dict`.
    pub in_dict: u64,
}

/// `PyModuleObject` (`Objects/moduleobject.c`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ModuleObject {
    /// `PyModuleObject.md_dict`.
    pub md_dict: u64,
    /// What a module in C keeps of its own; `None` in a series whose modules keep nothing.
    pub state: Option<ModuleState>,
}

/// A module's state (`Objects/moduleobject.c`, `Include/moduleobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ModuleState {
    /// `PyModuleObject.md_def`.
    pub md_def: u64,
    /// `PyModuleObject.md_state`.
    pub md_state: u64,
    /// `PyModuleDef.m_size`.
    pub m_size: u64,
    /// `PyModuleDef.m_traverse`: null where the collector sees nothing of the state.
    pub m_traverse: u64,
}

/// `PyCellObject` (`Include/cellobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellObject {
    /// `PyCellObject.ob_ref`.
    pub ob_ref: u64,
}

/// `PyGenObject` (`Include/genobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GeneratorObject {
    /// `PyGenObject.gi_frame`, or `gi_iframe`: the frame itself.
    pub gi_frame: u64,
    /// `gi_code`: the frame's own word where the generator has none.
    pub gi_code: u64,
    /// `gi_frame_state`, a byte; 0 where the frame tells ([`FrameObject::f_state`](super::FrameObject)).
    pub frame_state: u64,
    /// `FRAME_CLEARED`: from here on only the code is left of the frame.
    pub state_cleared: i8,
    /// `FRAME_EXECUTING`: in all other states the frame's stack is what it says.
    pub state_executing: i8,
    /// Those in which `_PyGen_Finalize` ends the call and lets go of what it holds: `FRAME_SUSPENDED` and its like, and
    /// `FRAME_CREATED` where `gen_close` has no way of its own for it.
    pub states_ended: &'static [i8],
    /// `FRAME_CREATED`: nothing of it ran yet.
    pub state_created: i8,
    /// `gi_qualname`; 0 where there is none.
    pub gi_qualname: u64,
}

/// `PyFileObject` (`Include/fileobject.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileObject {
    /// `f_fp`.
    pub f_fp: u64,
}
