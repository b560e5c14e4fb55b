//! A dump fetched through a manhole.

use std::io::Write;
use std::time::{Duration, Instant};

use bloathound_kit::{Dump, KitError, ManholeAddress, ManholeSession, PeerTrust};
use bloathound_vocabulary::{TargetKind, TargetRecord};

use super::dump::{Inside, inside};
use super::error::SourceError;
use super::kind::manhole_address;

/// Longest wait for a manhole's next bytes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Logs in, collects, and leaves the manhole as it was. `copy` gets the dump's text as it comes. With the process at
/// the other end, as far as the kernel says; `trust` says whom the password may be told. The dump and its analysis may take `limit` bytes of memory.
///
/// # Errors
/// [`KitError`] when there is no way in, or no dump comes out.
pub fn through_manhole(
    target: &str,
    trust: PeerTrust,
    copy: Option<&mut dyn Write>,
    limit: u64,
) -> Result<(Dump, Option<u32>), KitError> {
    let address = ManholeAddress::parse(manhole_address(target).unwrap_or(target))?;
    let mut session = ManholeSession::open(&address, trust, PATIENCE)?;
    let dump = session.client().collect_to(copy, limit)?;
    let pid = session.client().peer().and_then(|pid| u32::try_from(pid).ok());
    session.close()?;
    Ok((dump, pid))
}

pub(super) fn open(target: &str, trust: PeerTrust, limit: u64) -> Result<(Inside, TargetRecord), SourceError> {
    let started = Instant::now();
    let (dump, pid) = through_manhole(target, trust, None, limit)?;
    inside(target, TargetKind::Manhole, pid, &dump, started)
}
