//! A reference service with its in-process kit.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bloathound_driver::{Launch, Service};
use bloathound_kit::{ControlClient, Dump, KitTarget, ManholeClient};

use super::{launcher, packages};

/// What reading a dump may take.
pub const MEMORY: u64 = 4 << 30;
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Subject {
    pub service: Service,
    pub control: ControlClient,
    // After the service, so that the directory is still there while it ends.
    _directory: tempfile::TempDir,
}

impl Subject {
    pub fn start(name: &str, options: &[&str]) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let private = directory.path().join("kit");
        let mut arguments = vec!["--diagnostics", private.to_str().unwrap()];
        arguments.extend(options);
        let service = start(name, &arguments)?;
        let control = ControlClient::new(KitTarget::of_process(service.pid() as i32).unwrap(), PATIENCE);
        assert_eq!(control.target().socket(), private.join("control.sock"));
        Some(Self { service, control, _directory: directory })
    }

    pub fn begin(&self, path: &str) -> TcpStream {
        let mut connection = TcpStream::connect(("127.0.0.1", self.service.port())).unwrap();
        write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        connection
    }

    /// A full collection, done openly.
    pub fn collect(&self) {
        let mut connection = TcpStream::connect(("127.0.0.1", self.service.port())).unwrap();
        write!(connection, "POST /collect HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
    }

    pub fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        self.begin(path).read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200"), "{answer}");
        answer
    }

    pub fn dump(&self) -> Dump {
        let reply = self.control.request("dump").unwrap();
        Dump::open(Path::new(reply.text(&["dump", "file"]).unwrap()), MEMORY).unwrap()
    }

    pub fn manhole(&self) -> ManholeClient {
        let reply = self.control.request("manhole on").unwrap();
        let socket = PathBuf::from(reply.text(&["manhole", "socket"]).unwrap());
        let (user, password) = (reply.text(&["user"]).unwrap(), reply.text(&["password"]).unwrap());
        ManholeClient::login(&socket, user, password, PATIENCE).unwrap()
    }
}

pub fn start(name: &str, options: &[&str]) -> Option<Service> {
    let launcher = launcher()?;
    let mut arguments: Vec<String> = ["-u", "-B", "-s", "-m", "service"].map(str::to_owned).to_vec();
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    let folder = |name: &str| launcher.services_dir.join(name);
    let launch = Launch {
        name: name.to_owned(),
        program: launcher.interpreter.executable.clone(),
        arguments,
        python_path: vec![packages(&launcher), folder("common"), folder(name)],
        seed: 1,
        ready_within: PATIENCE,
    };
    Some(Service::start(&launch).unwrap_or_else(|error| panic!("{error}")))
}
