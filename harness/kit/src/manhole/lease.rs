//! A manhole that is open for the time of a look alone: it closes by itself where nobody renews it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::control::{ControlClient, Reply};
use crate::error::KitError;

/// For how long a manhole stays open without a word of ours.
const LEASE_SECONDS: u32 = 15;
/// Three renewals may be lost before it closes.
const RENEWED_EVERY: Duration = Duration::from_secs(4);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Opens a manhole that closes by itself when we are gone. A kit that knows no lease opens it as it always did.
pub(super) fn open(control: &ControlClient) -> Result<Reply, KitError> {
    match control.request(&format!("manhole on --lease {LEASE_SECONDS}")) {
        Err(KitError::Refused { reason, .. }) if reason.contains("arguments") => control.request("manhole on"),
        outcome => outcome,
    }
}

/// True when an answer to [`open`] grants a lease.
pub(super) fn is_granted(reply: &Reply) -> bool {
    reply.value(&["manhole", "lease_seconds"]).is_some_and(|seconds| seconds.is_number())
}

/// Renews the lease from a thread of its own, until it is dropped.
///
/// What can go wrong needs no answer here. A service that is blocked, by our dump for instance, hears nothing; it gives
/// the time anew, once it can. One that is gone shows on the manhole's own connection.
#[derive(Debug)]
pub(super) struct Renewal {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Renewal {
    /// Begins. The signals that end us have to be taken before: a thread inherits that.
    pub(super) fn begin(control: ControlClient) -> Self {
        let (over, wait) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            while wait.recv_timeout(RENEWED_EVERY) == Err(RecvTimeoutError::Timeout) {
                // Never by signal: that would come in the middle of the dump.
                let _ = control.ask("manhole renew", ANSWER_WITHIN);
            }
        });
        Self { over: Some(over), thread: Some(thread) }
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc::Receiver;

    use crate::locate::KitTarget;

    /// A kit that answers by this, and the commands it got.
    fn played(answer: fn(&str) -> &'static str) -> (tempfile::TempDir, ControlClient, Receiver<String>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
        let path = folder.path().join("control.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (heard, commands) = mpsc::channel();
        thread::spawn(move || {
            for mut channel in listener.incoming().flatten() {
                let mut line = String::new();
                BufReader::new(&channel).read_line(&mut line).unwrap();
                channel.write_all(answer(line.trim()).as_bytes()).unwrap();
                if heard.send(line.trim().to_owned()).is_err() {
                    return;
                }
            }
        });
        let control = ControlClient::new(KitTarget::of_socket(&path).unwrap(), Duration::from_secs(20));
        (folder, control, commands)
    }

    #[test]
    fn a_kit_without_leases_opens_as_it_always_did() {
        let (_folder, control, commands) = played(|line| match line {
            "manhole on" => "{\"ok\": true, \"manhole\": {\"on\": true}}",
            _ => "{\"ok\": false, \"error\": \"manhole on takes at most 1 arguments\"}",
        });
        assert!(!is_granted(&open(&control).unwrap()));
        assert_eq!(commands.iter().take(2).collect::<Vec<_>>(), ["manhole on --lease 15", "manhole on"]);
    }

    #[test]
    fn a_lease_is_renewed_until_the_look_is_over() {
        let (_folder, control, commands) =
            played(|_| "{\"ok\": true, \"manhole\": {\"on\": true, \"lease_seconds\": 15}}");
        assert!(is_granted(&open(&control).unwrap()));
        assert_eq!(commands.recv().unwrap(), "manhole on --lease 15");
        let renewal = Renewal::begin(control);
        assert_eq!(commands.recv_timeout(Duration::from_secs(60)).unwrap(), "manhole renew");
        drop(renewal);
    }
}
