//! What is asked of the first types that are found, in every series.

use std::collections::BTreeMap;

use bloathound_memory::{Address, MemorySource};

use crate::dialect::Dialect;
use crate::interpreter::LocateError;

/// The built-in types that everything begins with have their names, their metatype, and one of them its size.
pub(super) fn check_types(
    d: &Dialect,
    source: &dyn MemorySource,
    type_type: Address,
    object_type: Address,
    dict_type: Address,
    known_by: &mut BTreeMap<String, String>,
) -> Result<(), LocateError> {
    let fail = |check, detail: String| Err(LocateError::LayoutCheck { check, detail });
    for (name, address) in [("type", type_type), ("object", object_type), ("dict", dict_type)] {
        let metatype = source.read_address(address.offset(d.object.ob_type))?;
        if metatype != type_type {
            return fail("ob_type of the built-in types is type", format!("{name} has {metatype}"));
        }
        let text = source.read_c_string(source.read_address(address.offset(d.type_object.tp_name))?, 32)?;
        if text != name {
            return fail("tp_name of the built-in types", format!("expected {name}, found {text:?}"));
        }
    }
    let size = source.read_u64(dict_type.offset(d.type_object.tp_basicsize))?;
    if size != d.dict.bytes {
        let detail = format!("dict objects have {size} bytes, {} were expected", d.dict.bytes);
        return fail("tp_basicsize of dict", detail);
    }
    known_by.insert("layouts".into(), "type, object and dict checked by name, metatype and size".into());
    Ok(())
}
