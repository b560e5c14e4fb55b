//! A reference service that `bloathound serve` started, for as long as a test lasts.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::support::{packages, python, root};

/// Ends with the test, and the service with it.
pub struct Served {
    pub child: Child,
    pub told: Vec<String>,
}

impl Served {
    /// Starts it and reads all that it tells.
    pub fn start(command: &mut Command) -> Self {
        // Ready beforehand: installing takes its time.
        packages().expect("the services' packages");
        command.current_dir(root()).env("BLOATHOUND_PYTHON27", python()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told = Vec::new();
        for line in lines {
            let is_last = line == "Ctrl-C ends it";
            told.push(line);
            if is_last {
                break;
            }
        }
        assert_eq!(told.last().map(String::as_str), Some("Ctrl-C ends it"), "{told:?}");
        Self { child, told }
    }

    pub fn field(&self, name: &str) -> String {
        let value = self.told.iter().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        value.unwrap_or_else(|| panic!("no {name} in {:?}", self.told))
    }

    pub fn pid(&self) -> u32 {
        self.field("process").parse().unwrap()
    }

    /// A request that is not waited for.
    pub fn asked(&self, path: &str) -> TcpStream {
        let address = self.field("address");
        let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        stream
    }

    pub fn answer(&self, path: &str) -> String {
        let mut stream = self.asked(path);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
