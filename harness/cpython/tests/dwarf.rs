//! Every offset that decoding uses, against the interpreter's own debug information where it carries any.

#![allow(clippy::expect_used, clippy::print_stderr, reason = "a test says what it lacks and stops")]

mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bloathound_cpython::dialect::CPYTHON_2_7 as D;
use gimli::{AttributeValue, EndianSlice, LittleEndian, UnitOffset};
use object_file::{Object, ObjectSection};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Structure, member, the offset decoding uses.
static MEMBERS: &[(&str, &str, u64)] = &[
    ("_object", "ob_refcnt", D.object.ob_refcnt),
    ("_object", "ob_type", D.object.ob_type),
    ("_typeobject", "ob_size", D.object.ob_size),
    ("_typeobject", "tp_name", D.type_object.tp_name),
    ("_typeobject", "tp_basicsize", D.type_object.tp_basicsize),
    ("_typeobject", "tp_itemsize", D.type_object.tp_itemsize),
    ("_typeobject", "tp_flags", D.type_object.tp_flags),
    ("_typeobject", "tp_traverse", D.type_object.tp_traverse),
    ("_typeobject", "tp_weaklistoffset", D.type_object.tp_weaklistoffset),
    ("_typeobject", "tp_base", D.type_object.tp_base),
    ("_typeobject", "tp_dict", D.type_object.tp_dict),
    ("_typeobject", "tp_dictoffset", D.type_object.tp_dictoffset),
    ("_typeobject", "tp_is_gc", D.type_object.tp_is_gc),
    ("_typeobject", "tp_bases", D.type_object.tp_bases),
    ("_typeobject", "tp_mro", D.type_object.tp_mro),
    ("_typeobject", "tp_cache", D.type_object.tp_cache),
    ("_typeobject", "tp_subclasses", D.type_object.tp_subclasses),
    ("_typeobject", "tp_del", D.type_object.tp_del),
    ("_heaptypeobject", "ht_name", D.type_object.ht_name),
    ("_heaptypeobject", "ht_slots", D.type_object.ht_slots),
    ("_dictobject", "ma_fill", D.dict.ma_fill),
    ("_dictobject", "ma_used", D.dict.ma_used),
    ("_dictobject", "ma_mask", D.dict.ma_mask),
    ("_dictobject", "ma_table", D.dict.ma_table),
    ("_dictobject", "ma_smalltable", D.dict.ma_smalltable),
    ("PyDictEntry", "me_key", D.dict.me_key as u64),
    ("PyDictEntry", "me_value", D.dict.me_value as u64),
    ("PyListObject", "ob_item", D.list.ob_item),
    ("PyListObject", "allocated", D.list.allocated),
    ("PyTupleObject", "ob_item", D.tuple.ob_item),
    ("PyByteArrayObject", "ob_alloc", D.byte_array.ob_alloc),
    ("_setobject", "used", D.set.used),
    ("_setobject", "mask", D.set.mask),
    ("_setobject", "table", D.set.table),
    ("_setobject", "smalltable", D.set.smalltable),
    ("setentry", "key", D.set.entry_key as u64),
    ("PyStringObject", "ob_sstate", D.string.ob_sstate),
    ("PyStringObject", "ob_sval", D.string.ob_sval),
    ("PyUnicodeObject", "length", D.unicode.length),
    ("PyUnicodeObject", "str", D.unicode.str),
    ("PyUnicodeObject", "defenc", D.unicode.defenc),
    ("PyIntObject", "ob_ival", D.number.value),
    ("PyFloatObject", "ob_fval", D.number.value),
    ("PyCodeObject", "co_nlocals", D.code.co_nlocals),
    ("PyCodeObject", "co_stacksize", D.code.co_stacksize),
    ("PyCodeObject", "co_code", D.code.co_code),
    ("PyCodeObject", "co_varnames", D.code.co_varnames),
    ("PyCodeObject", "co_freevars", D.code.co_freevars),
    ("PyCodeObject", "co_cellvars", D.code.co_cellvars),
    ("PyCodeObject", "co_filename", D.code.co_filename),
    ("PyCodeObject", "co_name", D.code.co_name),
    ("PyCodeObject", "co_firstlineno", D.code.co_firstlineno),
    ("PyCodeObject", "co_lnotab", D.code.co_lnotab),
    ("_frame", "f_back", D.frame.f_back),
    ("_frame", "f_code", D.frame.f_code),
    ("_frame", "f_globals", D.frame.f_globals),
    ("_frame", "f_valuestack", D.frame.f_valuestack),
    ("_frame", "f_stacktop", D.frame.f_stacktop),
    ("_frame", "f_lasti", D.frame.f_lasti),
    ("_frame", "f_iblock", D.frame.f_iblock),
    ("_frame", "f_blockstack", D.frame.f_blockstack),
    ("_frame", "f_localsplus", D.frame.f_localsplus),
    ("_is", "tstate_head", D.interpreter_state.tstate_head),
    ("_is", "modules", D.interpreter_state.modules),
    ("_ts", "next", D.thread_state.next),
    ("_ts", "interp", D.thread_state.interp),
    ("_ts", "frame", D.thread_state.frame),
    ("_ts", "use_tracing", D.thread_state.use_tracing),
    ("_ts", "thread_id", D.thread_state.thread_id),
];

/// Structure and its size.
static SIZES: &[(&str, u64)] = &[
    ("_object", D.object.bytes),
    ("_typeobject", D.type_object.bytes),
    ("_dictobject", D.dict.bytes),
    ("PyDictEntry", D.dict.entry_bytes as u64),
    ("setentry", D.set.entry_bytes as u64),
    ("PyUnicodeObject", D.unicode.bytes),
    ("PyIntObject", D.number.bytes),
    ("PyFloatObject", D.number.bytes),
    ("_gc_head", D.collector.head_bytes),
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
        bloathound_testkit::skip(&format!("no debug information in {}", path.display()));
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
