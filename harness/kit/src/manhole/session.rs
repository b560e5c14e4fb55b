//! A login for the time of a look: opens the kit's manhole where it is closed, and closes it again.

use std::time::Duration;

use super::client::ManholeClient;
use super::door::{Channel, Credentials, ManholeAddress};
use super::lease::{self, Renewal};
use crate::control::ControlClient;
use crate::error::KitError;
use crate::locate::{KitTarget, beside};
use crate::peer::{Expected, PeerTrust};
use crate::stop::StopSignals;

/// Each is refused only after a second in which the reactor did not answer.
const SWITCH_OFF_TRIES: u32 = 30;
const SWITCH_OFF_PAUSE: Duration = Duration::from_millis(50);

/// A login to a manhole for the time of a look. A manhole of the kit that was closed is opened for it and closed again
/// when this is dropped, by Ctrl-C too; where we are killed instead, the service closes it by itself within seconds.
#[derive(Debug)]
pub struct ManholeSession {
    client: ManholeClient,
    /// Where to switch off what was switched on.
    opened: Option<ControlClient>,
    /// While the service would close it by itself.
    renewal: Option<Renewal>,
}

impl ManholeSession {
    /// Opens the manhole where that is for us to do, and logs in. `deadline` bounds each wait; `trust` says whom the
    /// password may be told.
    pub fn open(address: &ManholeAddress, trust: PeerTrust, deadline: Duration) -> Result<Self, KitError> {
        let own = |channel| {
            let client = ManholeClient::login_by(channel, &Credentials::required()?, deadline)?;
            Ok(Self { client, opened: None, renewal: None })
        };
        let checked = |expected| (trust == PeerTrust::Checked).then_some(expected);
        match address {
            ManholeAddress::Process(pid) => Self::by_kit(KitTarget::of_process(*pid)?, trust, deadline),
            ManholeAddress::Control(path) => Self::by_kit(KitTarget::of_socket(path)?, trust, deadline),
            ManholeAddress::Socket(path) => own(Channel::unix(path, checked(Expected::OwnUser))?),
            ManholeAddress::Loopback(at) => own(Channel::loopback(*at, trust, deadline)?),
        }
    }

    fn by_kit(target: KitTarget, trust: PeerTrust, deadline: Duration) -> Result<Self, KitError> {
        let control = ControlClient::new(target.trusting(trust), deadline);
        // The manhole is the same process's as the control socket; one in another world of process ids has none here.
        let peer = control.peer()?;
        let same = if peer > 0 { Expected::Process(peer) } else { Expected::OwnUser };
        let expected = (trust == PeerTrust::Checked).then_some(same);
        let socket = |named: Option<&str>| beside(control.target().socket(), named.unwrap_or("manhole.sock").as_ref());
        // Before anything is switched on, so that Ctrl-C can't come in between.
        let stop = StopSignals::take()?;
        match lease::open(&control) {
            Ok(reply) => {
                let opened = Opened(Some(control.clone()));
                let missing = || KitError::Manhole("it was opened, and no password came with it".into());
                let user = reply.text(&["user"]).ok_or_else(missing)?;
                let password = reply.text(&["password"]).ok_or_else(missing)?;
                let credentials = Credentials::new(user, password)?;
                let renewal = lease::is_granted(&reply).then(|| Renewal::begin(control.clone()));
                let channel = Channel::unix(&socket(reply.text(&["manhole", "socket"])), expected)?;
                let mut client = ManholeClient::login_by(channel, &credentials, deadline)?;
                client.heed(stop);
                Ok(Self { client, opened: opened.keep(), renewal })
            }
            // Somebody else opened it, and it stays open. Its password was told once, to them.
            Err(KitError::Refused { command, reason }) => {
                let is_on = control.request("status")?.value(&["manhole", "on"]).and_then(|on| on.as_bool());
                if is_on != Some(true) {
                    return Err(KitError::Refused { command, reason });
                }
                let credentials = Credentials::required().map_err(|error| {
                    KitError::Credentials(format!(
                        "the manhole is open already, and its password was told then: {error}"
                    ))
                })?;
                let channel = Channel::unix(&socket(None), expected)?;
                let client = ManholeClient::login_by(channel, &credentials, deadline)?;
                Ok(Self { client, opened: None, renewal: None })
            }
            Err(error) => Err(error),
        }
    }

    /// The login.
    pub fn client(&mut self) -> &mut ManholeClient {
        &mut self.client
    }

    /// Logs out, and closes what was opened. Dropping does the same and tells of no failure.
    pub fn close(mut self) -> Result<(), KitError> {
        self.client.hang_up();
        drop(self.renewal.take());
        self.opened.take().map_or(Ok(()), |control| switch_off(&control))
    }
}

impl Drop for ManholeSession {
    fn drop(&mut self) {
        // First: a service that is writing to us gives up, and can listen again.
        self.client.hang_up();
        drop(self.renewal.take());
        drop(Opened(self.opened.take()));
    }
}

/// Closes the manhole when dropped, until it is somebody else's to do.
struct Opened(Option<ControlClient>);

impl Opened {
    fn keep(mut self) -> Option<ControlClient> {
        self.0.take()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(control) = self.0.take() {
            let _ = switch_off(&control);
        }
    }
}

/// While the reactor is blocked, by our own dump, the signal handler answers instead and refuses this.
fn switch_off(control: &ControlClient) -> Result<(), KitError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match control.request("manhole off") {
            Err(KitError::Refused { .. }) if tries < SWITCH_OFF_TRIES => std::thread::sleep(SWITCH_OFF_PAUSE),
            outcome => return outcome.map(|_| ()),
        }
    }
}
