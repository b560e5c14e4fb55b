//! Every offset that decoding uses, against the interpreter's own debug information where it carries any.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test says what it lacks and stops")]

mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bloathound_cpython::layouts::{
    code_h as code, dictobject_h as dict, frameobject_h as frame, listobject_h as list, object_h as object,
    objimpl_h as gc, pystate_h as state, setobject_h as set, stringobject_h as string,
};
use gimli::{AttributeValue, EndianSlice, LittleEndian, UnitOffset};
use object_file::{Object, ObjectSection};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Structure, member, the offset decoding uses.
const MEMBERS: &[(&str, &str, u64)] = &[
    ("_object", "ob_refcnt", object::OB_REFCNT),
    ("_object", "ob_type", object::OB_TYPE),
    ("_typeobject", "ob_size", object::OB_SIZE),
    ("_typeobject", "tp_name", object::TP_NAME),
    ("_typeobject", "tp_basicsize", object::TP_BASICSIZE),
    ("_typeobject", "tp_itemsize", object::TP_ITEMSIZE),
    ("_typeobject", "tp_flags", object::TP_FLAGS),
    ("_typeobject", "tp_traverse", object::TP_TRAVERSE),
    ("_typeobject", "tp_weaklistoffset", object::TP_WEAKLISTOFFSET),
    ("_typeobject", "tp_base", object::TP_BASE),
    ("_typeobject", "tp_dict", object::TP_DICT),
    ("_typeobject", "tp_dictoffset", object::TP_DICTOFFSET),
    ("_typeobject", "tp_is_gc", object::TP_IS_GC),
    ("_typeobject", "tp_bases", object::TP_BASES),
    ("_typeobject", "tp_mro", object::TP_MRO),
    ("_typeobject", "tp_cache", object::TP_CACHE),
    ("_typeobject", "tp_subclasses", object::TP_SUBCLASSES),
    ("_typeobject", "tp_del", object::TP_DEL),
    ("_heaptypeobject", "ht_name", object::HT_NAME),
    ("_heaptypeobject", "ht_slots", object::HT_SLOTS),
    ("_dictobject", "ma_fill", dict::MA_FILL),
    ("_dictobject", "ma_used", dict::MA_USED),
    ("_dictobject", "ma_mask", dict::MA_MASK),
    ("_dictobject", "ma_table", dict::MA_TABLE),
    ("_dictobject", "ma_smalltable", dict::MA_SMALLTABLE),
    ("PyDictEntry", "me_key", dict::ME_KEY as u64),
    ("PyDictEntry", "me_value", dict::ME_VALUE as u64),
    ("PyListObject", "ob_item", list::LIST_ITEMS),
    ("PyListObject", "allocated", list::LIST_ALLOCATED),
    ("PyTupleObject", "ob_item", list::TUPLE_ITEMS),
    ("PyByteArrayObject", "ob_alloc", list::BYTEARRAY_ALLOC),
    ("_setobject", "used", set::SET_USED),
    ("_setobject", "mask", set::SET_MASK),
    ("_setobject", "table", set::SET_TABLE),
    ("_setobject", "smalltable", set::SET_SMALLTABLE),
    ("setentry", "key", set::ENTRY_KEY as u64),
    ("PyStringObject", "ob_sstate", string::OB_SSTATE),
    ("PyStringObject", "ob_sval", string::OB_SVAL),
    ("PyUnicodeObject", "length", string::UNICODE_LENGTH),
    ("PyUnicodeObject", "str", string::UNICODE_DATA),
    ("PyUnicodeObject", "defenc", string::UNICODE_DEFENC),
    ("PyIntObject", "ob_ival", string::NUMBER_VALUE),
    ("PyFloatObject", "ob_fval", string::NUMBER_VALUE),
    ("PyCodeObject", "co_nlocals", code::CO_NLOCALS),
    ("PyCodeObject", "co_stacksize", code::CO_STACKSIZE),
    ("PyCodeObject", "co_code", code::CO_CODE),
    ("PyCodeObject", "co_varnames", code::CO_VARNAMES),
    ("PyCodeObject", "co_freevars", code::CO_FREEVARS),
    ("PyCodeObject", "co_cellvars", code::CO_CELLVARS),
    ("PyCodeObject", "co_filename", code::CO_FILENAME),
    ("PyCodeObject", "co_name", code::CO_NAME),
    ("PyCodeObject", "co_firstlineno", code::CO_FIRSTLINENO),
    ("PyCodeObject", "co_lnotab", code::CO_LNOTAB),
    ("_frame", "f_back", frame::F_BACK),
    ("_frame", "f_code", frame::F_CODE),
    ("_frame", "f_globals", frame::F_GLOBALS),
    ("_frame", "f_valuestack", frame::F_VALUESTACK),
    ("_frame", "f_stacktop", frame::F_STACKTOP),
    ("_frame", "f_lasti", frame::F_LASTI),
    ("_frame", "f_iblock", frame::F_IBLOCK),
    ("_frame", "f_blockstack", frame::F_BLOCKSTACK),
    ("_frame", "f_localsplus", frame::F_LOCALSPLUS),
    ("_is", "tstate_head", state::INTERP_TSTATE_HEAD),
    ("_is", "modules", state::INTERP_MODULES),
    ("_ts", "next", state::TSTATE_NEXT),
    ("_ts", "interp", state::TSTATE_INTERP),
    ("_ts", "frame", state::TSTATE_FRAME),
    ("_ts", "use_tracing", state::TSTATE_USE_TRACING),
    ("_ts", "thread_id", state::TSTATE_THREAD_ID),
];

/// Structure and its size.
const SIZES: &[(&str, u64)] = &[
    ("_object", object::PYOBJECT_BYTES),
    ("_typeobject", object::PYTYPEOBJECT_BYTES),
    ("_dictobject", dict::PYDICTOBJECT_BYTES),
    ("PyDictEntry", dict::ENTRY_BYTES as u64),
    ("setentry", set::ENTRY_BYTES as u64),
    ("PyUnicodeObject", string::PYUNICODEOBJECT_BYTES),
    ("PyIntObject", string::NUMBER_BYTES),
    ("PyFloatObject", string::NUMBER_BYTES),
    ("_gc_head", gc::GC_HEAD_BYTES),
];

/// The file with the interpreter: `libpython2.7.so` beside the executable's folder, or the executable itself.
fn module_of(python: &Path) -> PathBuf {
    let executable = std::fs::canonicalize(python).unwrap_or_else(|_| python.to_owned());
    let library = executable.parent().and_then(Path::parent).map(|root| root.join("lib/libpython2.7.so.1.0"));
    library.filter(|path| path.is_file()).unwrap_or(executable)
}

/// Structures by their own name or by a typedef's: members' offsets and the size.
#[derive(Default)]
struct Structures {
    members: HashMap<(String, String), u64>,
    sizes: HashMap<String, u64>,
}

fn read_unit(
    dwarf: &gimli::Dwarf<Slice<'_>>,
    unit: &gimli::Unit<Slice<'_>>,
    found: &mut Structures,
) -> gimli::Result<()> {
    let text = |value: AttributeValue<Slice<'_>>| {
        dwarf.attr_string(unit, value).ok().map(|s| s.to_string_lossy().into_owned())
    };
    let mut names: HashMap<UnitOffset, Vec<String>> = HashMap::new();
    let mut entries = unit.entries();
    let mut structures = Vec::new();
    while let Some(entry) = entries.next_dfs()? {
        let name = entry.attr_value(gimli::DW_AT_name).and_then(text);
        match entry.tag() {
            gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type => {
                if let Some(name) = name {
                    names.entry(entry.offset()).or_default().push(name);
                }
                structures.push(entry.offset());
            }
            gimli::DW_TAG_typedef => {
                if let (Some(AttributeValue::UnitRef(target)), Some(name)) = (entry.attr_value(gimli::DW_AT_type), name)
                {
                    names.entry(target).or_default().push(name);
                }
            }
            _ => {}
        }
    }
    for offset in structures {
        let Some(names) = names.get(&offset) else { continue };
        let mut tree = unit.entries_tree(Some(offset))?;
        let root = tree.root()?;
        if let Some(size) = root.entry().attr_value(gimli::DW_AT_byte_size).and_then(|value| value.udata_value()) {
            found.sizes.extend(names.iter().map(|name| (name.clone(), size)));
        }
        let mut children = root.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            let place = entry.attr_value(gimli::DW_AT_data_member_location).and_then(|value| value.udata_value());
            if let (Some(member), Some(place)) = (entry.attr_value(gimli::DW_AT_name).and_then(text), place) {
                found.members.extend(names.iter().map(|name| ((name.clone(), member.clone()), place)));
            }
        }
    }
    Ok(())
}

#[test]
fn offsets_are_those_of_the_debug_information() {
    let Some(python) = support::python27() else { return };
    let path = module_of(&python);
    let bytes = std::fs::read(&path).expect("the interpreter's module");
    let file = object_file::File::parse(&*bytes).expect("an ELF file");
    if file.section_by_name(".debug_info").is_none() {
        eprintln!("skipped: {} has no debug information", path.display());
        return;
    }
    let section = |id: gimli::SectionId| -> Result<Slice<'_>, gimli::Error> {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok()).unwrap_or_default();
        Ok(EndianSlice::new(data, LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(section).expect("debug information");
    let mut found = Structures::default();
    let mut units = dwarf.units();
    while let Some(header) = units.next().expect("a unit") {
        let unit = dwarf.unit(header).expect("a unit");
        read_unit(&dwarf, &unit, &mut found).expect("entries");
    }
    let mut wrong = Vec::new();
    for (structure, member, ours) in MEMBERS {
        let theirs = found.members.get(&((*structure).to_owned(), (*member).to_owned()));
        if theirs != Some(ours) {
            wrong.push(format!("{structure}.{member}: {ours} here, {theirs:?} there"));
        }
    }
    for (structure, ours) in SIZES {
        let theirs = found.sizes.get(*structure);
        if theirs != Some(ours) {
            wrong.push(format!("sizeof {structure}: {ours} here, {theirs:?} there"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
