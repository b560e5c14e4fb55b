//! Which objects are meant by what somebody typed.

use bloathound_heap::{HeapSnapshot, ObjectId};

use super::WhyError;

/// Names proposed for one that nothing has.
const NEAR_MAX: usize = 5;

/// The objects that WHAT means: the one at an address; those of a type; the type itself where it has no objects.
pub(super) fn candidates(snapshot: &HeapSnapshot, what: &str) -> Result<Vec<ObjectId>, WhyError> {
    if let Some(digits) = what.strip_prefix("0x") {
        let address = u64::from_str_radix(digits, 16).map_err(|_| WhyError::NoAddress { what: what.to_owned() })?;
        let found = snapshot.ids().find(|id| snapshot.object(*id).address == address);
        return found
            .map(|id| vec![id])
            .ok_or_else(|| WhyError::NothingAt { what: what.to_owned(), hint: nearest_address(snapshot, address) });
    }
    let is_meant: Vec<bool> =
        snapshot.types().iter().map(|info| info.qualified_name() == what || info.name == what).collect();
    let of_type = |id: &ObjectId| is_meant.get(snapshot.type_id(*id).0 as usize).copied().unwrap_or(false);
    let mut found: Vec<ObjectId> = snapshot.ids().filter(of_type).collect();
    if found.is_empty() {
        let types = snapshot.types().iter().zip(&is_meant).filter(|(_, meant)| **meant);
        found = types.filter_map(|(info, _)| info.object).collect();
    }
    if found.is_empty() {
        return Err(WhyError::NoSuchType { what: what.to_owned(), hint: near_names(snapshot, what) });
    }
    Ok(found)
}

/// Says inside which object an address is: people copy addresses of buffers.
fn nearest_address(snapshot: &HeapSnapshot, address: u64) -> String {
    let inside = snapshot
        .ids()
        .map(|id| snapshot.object(id))
        .find(|object| object.address < address && address - object.address < object.shallow_size);
    inside.map_or_else(String::new, |object| format!("; it is inside the one at {:#x}", object.address))
}

fn near_names(snapshot: &HeapSnapshot, what: &str) -> String {
    let wanted = what.to_lowercase();
    let short = wanted.rsplit('.').next().unwrap_or(&wanted);
    let mut near: Vec<(f64, String)> = snapshot
        .types()
        .iter()
        .map(|info| {
            let name = info.qualified_name();
            let (whole, own) = (name.to_lowercase(), info.name.to_lowercase());
            let contains = if short.len() >= 3 && own.contains(short) { 0.95 } else { 0.0 };
            let alike = strsim::jaro_winkler(&whole, &wanted).max(strsim::jaro_winkler(&own, short));
            (alike.max(contains), name)
        })
        .filter(|(alike, _)| *alike > 0.82)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    near.dedup_by(|one, other| one.1 == other.1);
    near.truncate(NEAR_MAX);
    if near.is_empty() {
        return "; `bloathound inspect` lists the types there are".into();
    }
    let names: Vec<String> = near.into_iter().map(|(_, name)| name).collect();
    format!("; near that are {}", names.join(", "))
}
