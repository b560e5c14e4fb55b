//! Where a manhole is, who may enter, and the connection to it.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::KitError;
use crate::peer::{self, Expected, PeerTrust, trusted};

/// Where a manhole is, as it stands behind `manhole:` on a command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ManholeAddress {
    /// A process with the kit: its manhole is opened for the time of a look.
    Process(i32),
    /// The same by the kit's control socket.
    Control(PathBuf),
    /// A manhole's own Unix socket.
    Socket(PathBuf),
    /// A manhole on this machine's loopback.
    Loopback(SocketAddr),
}

impl ManholeAddress {
    /// A process id, the path of a socket (the kit's is named `control.sock`), or `127.0.0.1:PORT`.
    pub fn parse(text: &str) -> Result<Self, KitError> {
        if let Ok(pid) = text.parse() {
            return Ok(Self::Process(pid));
        }
        let host = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        if let Ok(address) = host.as_deref().unwrap_or(text).parse::<SocketAddr>() {
            // Telnet sends the password as it is.
            return if address.ip().is_loopback() {
                Ok(Self::Loopback(address))
            } else {
                Err(KitError::Credentials(format!(
                    "{address} is another machine, and telnet would send the password there in clear; make a tunnel \
                     (ssh -L PORT:127.0.0.1:PORT HOST) and name its end, 127.0.0.1:PORT"
                )))
            };
        }
        let path = PathBuf::from(text);
        let is_control = path.file_name().is_some_and(|name| name == "control.sock");
        Ok(if is_control { Self::Control(path) } else { Self::Socket(path) })
    }
}

/// Name and password for a manhole. They come from the environment or a file, never from a command line, where every
/// user of the machine could read them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Credentials of {:?}", self.user)
    }
}

const USER: &str = "BLOATHOUND_MANHOLE_USER";
const PASSWORD: &str = "BLOATHOUND_MANHOLE_PASSWORD";
const PASSWORD_FILE: &str = "BLOATHOUND_MANHOLE_PASSWORD_FILE";
/// The kit's own user.
const DEFAULT_USER: &str = "operator";
const PASSWORD_BYTES_MAX: u64 = 4096;

impl Credentials {
    /// These two.
    pub fn new(user: &str, password: &str) -> Result<Self, KitError> {
        // What ends a line would end the answer to a prompt; telnet's escape byte is not for us to send.
        if [user, password].iter().any(|text| text.bytes().any(|byte| !(b' '..0x7f).contains(&byte))) {
            return Err(KitError::Credentials("a manhole's name and password have to be printable ASCII".into()));
        }
        Ok(Self { user: user.into(), password: password.into() })
    }

    /// From `BLOATHOUND_MANHOLE_USER` (the kit's `operator` where it is not set) and `BLOATHOUND_MANHOLE_PASSWORD`, or
    /// the first line of the file that `BLOATHOUND_MANHOLE_PASSWORD_FILE` names. `None` where neither is set.
    pub fn from_env() -> Result<Option<Self>, KitError> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let user = variable(USER).unwrap_or_else(|| DEFAULT_USER.into());
        let password = match (variable(PASSWORD), variable(PASSWORD_FILE)) {
            (Some(password), _) => password,
            (None, Some(file)) => password_in(Path::new(&file))?,
            (None, None) => return Ok(None),
        };
        Self::new(&user, &password).map(Some)
    }

    /// [`Credentials::from_env`], or what to do.
    pub(super) fn required() -> Result<Self, KitError> {
        Self::from_env()?.ok_or_else(|| {
            KitError::Credentials(format!(
                "this manhole asks for name and password: set {USER} and {PASSWORD_FILE} (a file of mode 0600), or \
                 {PASSWORD}"
            ))
        })
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }
}

fn password_in(path: &Path) -> Result<String, KitError> {
    let failed = |source| KitError::io(format!("reading the password in {}", path.display()), source);
    let file = std::fs::File::open(path).map_err(failed)?;
    let state = file.metadata().map_err(failed)?;
    if !state.is_file() || state.mode() & 0o077 != 0 || !trusted(state.uid()) {
        return Err(KitError::unsafe_path(path, "not a file that only you can read (chmod 600 it)"));
    }
    let mut text = String::new();
    file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A connection to a manhole.
#[derive(Debug)]
pub(super) enum Channel {
    Unix(UnixStream),
    Tcp(TcpStream, PeerTrust),
}

impl Channel {
    /// Connects to a Unix socket; `None`: whoever listens there will do.
    pub(super) fn unix(path: &Path, expected: Option<Expected>) -> Result<Self, KitError> {
        let failed = |source| KitError::NoAnswerer { path: path.to_owned(), source };
        let channel = UnixStream::connect(path).map_err(failed)?;
        if let Some(expected) = expected {
            peer::check_unix(&channel, path, expected)?;
        }
        Ok(Self::Unix(channel))
    }

    pub(super) fn loopback(address: SocketAddr, trust: PeerTrust, deadline: Duration) -> Result<Self, KitError> {
        let failed = |source| KitError::io(format!("connecting to {address}"), source);
        if trust == PeerTrust::Checked {
            peer::check_listener(address)?;
        }
        Ok(Self::Tcp(TcpStream::connect_timeout(&address, deadline).map_err(failed)?, trust))
    }

    /// An error where the far end of a connection on the loopback is nobody's that may hear a password. A connection to
    /// a Unix socket was judged when it was made. To be asked once the far end has spoken.
    pub(super) fn check_far_end(&self) -> Result<(), KitError> {
        let Self::Tcp(channel, PeerTrust::Checked) = self else { return Ok(()) };
        let failed = |source| KitError::io("asking who is at the other end", source);
        peer::check_connection(channel.peer_addr().map_err(failed)?, channel.local_addr().map_err(failed)?)
    }

    /// Bounds each read and each write.
    pub(super) fn set_timeout(&self, wait: Duration) -> io::Result<()> {
        let wait = Some(wait.max(Duration::from_millis(1)));
        match self {
            Self::Unix(channel) => channel.set_read_timeout(wait).and_then(|()| channel.set_write_timeout(wait)),
            Self::Tcp(channel, _) => channel.set_read_timeout(wait).and_then(|()| channel.set_write_timeout(wait)),
        }
    }

    /// Ends the connection for both sides.
    pub(super) fn shut(&self) {
        let _ = match self {
            Self::Unix(channel) => channel.shutdown(Shutdown::Both),
            Self::Tcp(channel, _) => channel.shutdown(Shutdown::Both),
        };
    }

    /// The process at the other end, as the kernel says; `None` over TCP, and for one in another world of process ids.
    pub(super) fn peer(&self) -> Option<i32> {
        let Self::Unix(channel) = self else { return None };
        peer::of_unix(channel).ok().map(|(pid, _)| pid).filter(|pid| *pid > 0)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(channel) => channel.as_fd(),
            Self::Tcp(channel, _) => channel.as_fd(),
        }
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(channel) => channel.read(buffer),
            Self::Tcp(channel, _) => channel.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(channel) => channel.write(data),
            Self::Tcp(channel, _) => channel.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_address_is_a_process_a_socket_or_the_loopback() {
        let parse = |text| ManholeAddress::parse(text).unwrap();
        assert_eq!(parse("17"), ManholeAddress::Process(17));
        assert_eq!(parse("/run/a/control.sock"), ManholeAddress::Control("/run/a/control.sock".into()));
        assert_eq!(parse("/run/a/manhole.sock"), ManholeAddress::Socket("/run/a/manhole.sock".into()));
        assert_eq!(parse("localhost:6023"), ManholeAddress::Loopback(([127, 0, 0, 1], 6023).into()));
        assert_eq!(parse("[::1]:6023"), ManholeAddress::Loopback("[::1]:6023".parse().unwrap()));
        let far = ManholeAddress::parse("192.0.2.1:6023");
        assert!(matches!(&far, Err(KitError::Credentials(text)) if text.contains("ssh -L")), "{far:?}");
    }

    #[test]
    fn a_password_stands_in_a_private_file_on_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        std::fs::write(&path, "secret\nmore\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(password_in(&path).unwrap(), "secret");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(password_in(&path), Err(KitError::Unsafe { .. })));
        assert!(Credentials::new("operator", "a\r\nimport os").is_err());
        assert!(!format!("{:?}", Credentials::new("me", "secret").unwrap()).contains("secret"));
    }
}
