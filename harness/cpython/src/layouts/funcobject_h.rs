//! `Include/funcobject.h`, `Include/classobject.h`, `Include/methodobject.h`, `Include/cellobject.h`, `Include/genobject.h`,
//! `Include/moduleobject.h`: things that are called, and things with one or two fields.

/// `PyFunctionObject.func_name`.
pub const FUNC_NAME: u64 = 56;
/// `PyMethodObject.im_func`.
pub const IM_FUNC: u64 = 16;
/// `PyMethodObject.im_self`.
pub const IM_SELF: u64 = 24;
/// `PyInstanceObject.in_class`.
pub const IN_CLASS: u64 = 16;
/// `PyInstanceObject.in_dict`.
pub const IN_DICT: u64 = 24;
/// `PyClassObject.cl_bases`.
pub const CL_BASES: u64 = 16;
/// `PyClassObject.cl_dict`.
pub const CL_DICT: u64 = 24;
/// `PyClassObject.cl_name`.
pub const CL_NAME: u64 = 32;
/// `PyCFunctionObject.m_ml`.
pub const M_ML: u64 = 16;
/// `PyCFunctionObject.m_self`.
pub const M_SELF: u64 = 24;
/// `PyMethodDef.ml_name`, a C string.
pub const ML_NAME: u64 = 0;
/// `PyDescrObject.d_type`.
pub const D_TYPE: u64 = 16;
/// `PyDescrObject.d_name`.
pub const D_NAME: u64 = 24;
/// `PyCellObject.ob_ref`.
pub const OB_REF: u64 = 16;
/// `PyGenObject.gi_frame`.
pub const GI_FRAME: u64 = 16;
/// `PyModuleObject.md_dict`.
pub const MD_DICT: u64 = 16;
