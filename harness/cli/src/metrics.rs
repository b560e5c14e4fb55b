//! Figures of a watch for a monitoring server: in a file, or over HTTP to whoever asks on this machine.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bloathound_report::export;
use bloathound_vocabulary::WatchReport;
use clap::Args;

use crate::error::CliError;
use crate::output::{self, Unwritten};

/// What is sent with the figures, so that a server knows how to read them.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Longest time that somebody may take to ask, and to take the answer, however slowly; meanwhile nobody else is answered.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of a question; one that is longer is no question for us.
const QUESTION_MAX: usize = 8192;

/// Where figures go after each look.
#[derive(Args, Debug)]
pub(crate) struct MetricsArguments {
    /// After each look write its figures to FILE as OpenMetrics text
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Answer http://ADDRESS/metrics with the figures of the last look. A port alone is one of this machine's own, which
    /// nobody else can reach; 0 lets the kernel choose, and the address is told
    #[arg(long, value_name = "[ADDRESS:]PORT", value_parser = parse_address)]
    listen: Option<SocketAddr>,
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let own = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.parse().map(own);
    port.or_else(|_| text.parse()).map_err(|_| "meant a port, or an address and a port such as 127.0.0.1:9464".into())
}

impl MetricsArguments {
    /// The file that will be written.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.metrics.as_ref()
    }

    /// True where figures are wanted at all.
    pub(crate) fn given(&self) -> bool {
        self.metrics.is_some() || self.listen.is_some()
    }

    /// Begins to answer, where that is wanted. To be called after signals are taken: it starts a thread, which ends with
    /// the process.
    pub(crate) fn begin(&self) -> Result<Metrics<'_>, CliError> {
        let served = Arc::new(Mutex::new("# EOF\n".to_owned()));
        if let Some(address) = self.listen {
            let cant = |error: std::io::Error| CliError::Usage(format!("--listen {address}: {error}"));
            let listener = TcpListener::bind(address).map_err(cant)?;
            let at = listener.local_addr().map_err(cant)?;
            let text = Arc::clone(&served);
            let serve = move || listener.incoming().flatten().for_each(|caller| drop(answer(caller, &text)));
            std::thread::Builder::new().name("metrics".into()).spawn(serve).map_err(cant)?;
            output::message(&format!("figures at http://{at}/metrics"));
        }
        Ok(Metrics { file: self.metrics.as_ref(), served })
    }
}

/// The figures as they are told.
pub(crate) struct Metrics<'m> {
    file: Option<&'m PathBuf>,
    served: Arc<Mutex<String>>,
}

impl Metrics<'_> {
    /// After a look. What can't be written is said once it is known, and the watch goes on.
    pub(crate) fn tell(&self, report: &WatchReport, unwritten: &mut Unwritten) {
        let text = export::open_metrics(report);
        if let Some(path) = self.file {
            unwritten.note(output::file(path, text.as_bytes()));
        }
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// One question and its answer. There is nothing to change here: whatever is no GET is refused.
fn answer(mut caller: TcpStream, text: &Mutex<String>) -> std::io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let left = || deadline.checked_duration_since(Instant::now()).ok_or(ErrorKind::TimedOut);
    let mut question = Vec::new();
    let mut piece = [0; 1024];
    while !question.windows(4).any(|end| end == b"\r\n\r\n") && question.len() < QUESTION_MAX {
        caller.set_read_timeout(Some(left()?))?;
        match caller.read(&mut piece)? {
            0 => break,
            length => question.extend_from_slice(&piece[..length]),
        }
    }
    let line = String::from_utf8_lossy(question.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let mut words = line.split(' ');
    let (status, body) = match (words.next(), words.next()) {
        (Some("GET"), Some("/metrics" | "/")) => {
            ("200 OK", text.lock().unwrap_or_else(PoisonError::into_inner).clone())
        }
        (Some("GET"), _) => ("404 Not Found", String::new()),
        _ => ("405 Method Not Allowed", String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let answer = [head.as_bytes(), body.as_bytes()].concat();
    let mut rest = answer.as_slice();
    while !rest.is_empty() {
        caller.set_write_timeout(Some(left()?))?;
        let taken = caller.write(rest)?;
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_byte_by_byte_is_not_waited_for() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut asking = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (asked, _) = listener.accept().unwrap();
        let text = Mutex::new(String::new());
        std::thread::scope(|scope| {
            let answering = scope.spawn(|| answer(asked, &text));
            // Each byte comes well within the time for one; all of them never do. It has hung up when one is refused.
            while asking.write_all(b"G").is_ok() && !answering.is_finished() {
                std::thread::park_timeout(PATIENCE / 20);
            }
            assert!(answering.join().unwrap().is_err());
        });
    }

    #[test]
    fn a_port_alone_is_of_this_machine() {
        assert_eq!(parse_address("9464"), Ok(SocketAddr::from(([127, 0, 0, 1], 9464))));
        assert_eq!(parse_address("[::1]:1").map(|address| address.ip().is_loopback()), Ok(true));
        assert!(parse_address("localhost").is_err() && parse_address("70000").is_err());
    }
}
