//! As much of an HTTP/1.1 client as a service on 127.0.0.1 needs: one request a connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use bloathound_scenario::Request;

/// The longest answer read; a list of attendees has some 150 kB.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nobody takes connections.
    #[error("can't connect to port {port}: {source}")]
    Connect {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The deadline passed.
    #[error("no whole answer in {seconds:.1} s")]
    TimedOut {
        /// The deadline.
        seconds: f64,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[source] io::Error),
    /// The connection ended before the answer did.
    #[error("the answer is cut off after {bytes} bytes")]
    CutOff {
        /// Bytes of the body that came.
        bytes: usize,
    },
    /// The answer isn't HTTP.
    #[error("the answer is not HTTP: {0}")]
    NotHttp(&'static str),
    /// The answer is too long.
    #[error("the answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// An answer with another status than 200.
    #[error("status {status}: {body}")]
    Status {
        /// The status.
        status: u16,
        /// The start of the body.
        body: String,
    },
}

/// A request as it is sent. Where there can be a body, its length is said.
pub(crate) fn written(
    method: &str,
    path: &str,
    address: SocketAddr,
    headers: &[(String, String)],
    body: &str,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str(&format!("Host: {address}\r\n"));
    }
    text.push_str("Connection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || ["POST", "PUT", "PATCH"].contains(&method) {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// A request on its way.
pub(crate) struct Exchange {
    stream: TcpStream,
    deadline: Instant,
    within: Duration,
}

impl Exchange {
    /// Connects and writes the request; when this returns, the kernel has all of it.
    pub(crate) fn begin(port: u16, request: &Request, within: Duration) -> Result<Self, HttpError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let Request { method, path, headers, body } = request;
        Self::begin_with(address, &written(method.as_str(), path, address, headers, body), within)
    }

    /// The same with a request as it is to be sent, to any address.
    fn begin_with(address: SocketAddr, request: &[u8], within: Duration) -> Result<Self, HttpError> {
        let deadline = Instant::now() + within;
        let stream = TcpStream::connect_timeout(&address, within)
            .map_err(|source| HttpError::Connect { port: address.port(), source })?;
        let mut exchange = Self { stream, deadline, within };
        exchange.send(request)?;
        Ok(exchange)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        let left = self.left()?;
        self.stream
            .set_write_timeout(Some(left))
            .and_then(|()| self.stream.write_all(bytes))
            .map_err(|error| self.failure(error))
    }

    /// Reads the answer; an answer with another status than 200 is an error.
    pub(crate) fn finish(self) -> Result<Vec<u8>, HttpError> {
        let (status, body) = self.answer()?;
        if status == 200 {
            return Ok(body);
        }
        Err(of_status(status, &body))
    }

    /// Reads the answer, whatever its status is.
    fn answer(mut self) -> Result<(u16, Vec<u8>), HttpError> {
        let mut answer = Vec::new();
        let mut chunk = [0; 16 << 10];
        loop {
            let left = self.left()?;
            let count = self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(&mut chunk));
            match count {
                Ok(0) => break,
                Ok(count) => answer.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failure(error)),
            }
            if answer.len() as u64 > ANSWER_BYTES_MAX {
                return Err(HttpError::TooLong);
            }
        }
        parse_answer(&answer)
    }

    /// The same connection, to end it from another thread.
    pub(crate) fn connection(&self) -> io::Result<TcpStream> {
        self.stream.try_clone()
    }

    fn left(&self) -> Result<Duration, HttpError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(self.timed_out());
        }
        Ok(left)
    }

    fn timed_out(&self) -> HttpError {
        HttpError::TimedOut { seconds: self.within.as_secs_f64() }
    }

    fn failure(&self, error: io::Error) -> HttpError {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.timed_out(),
            _ => HttpError::Broken(error),
        }
    }
}

/// One request and its answer's body.
pub(crate) fn exchange(port: u16, request: &Request, within: Duration) -> Result<Vec<u8>, HttpError> {
    Exchange::begin(port, request, within)?.finish()
}

/// A GET of a path, and the body of its answer.
///
/// # Errors
/// It is not answered in time, or by another status than 200.
pub fn ask(port: u16, path: &str, within: Duration) -> Result<Vec<u8>, HttpError> {
    let request = Request::plain(bloathound_scenario::Method::Get, path.to_owned());
    exchange(port, &request, within)
}

/// A request as it is to be sent, and its answer's status; one from 400 on is an error.
pub(crate) fn exchange_with(address: SocketAddr, request: &[u8], within: Duration) -> Result<u16, HttpError> {
    let (status, body) = Exchange::begin_with(address, request, within)?.answer()?;
    if status < 400 { Ok(status) } else { Err(of_status(status, &body)) }
}

fn of_status(status: u16, body: &[u8]) -> HttpError {
    let start: String = String::from_utf8_lossy(body).chars().take(200).collect();
    HttpError::Status { status, body: start.trim().to_owned() }
}

/// Status and body of a whole answer.
fn parse_answer(answer: &[u8]) -> Result<(u16, Vec<u8>), HttpError> {
    if answer.is_empty() {
        return Err(HttpError::CutOff { bytes: 0 });
    }
    let head_end = find(answer, b"\r\n\r\n").ok_or(HttpError::NotHttp("its head has no end"))?;
    let (head, rest) = answer.split_at(head_end);
    let body = rest.get(4..).unwrap_or_default();
    let head = std::str::from_utf8(head).map_err(|_| HttpError::NotHttp("its head is no text"))?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .filter(|line| line.starts_with("HTTP/1."))
        .and_then(|line| line.split(' ').nth(1)?.parse().ok())
        .ok_or(HttpError::NotHttp("it has no status line"))?;
    let header = |name: &str| {
        head.split("\r\n").skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return Ok((status, join_chunks(body)?));
    }
    if let Some(length) = header("content-length") {
        let length: usize = length.parse().map_err(|_| HttpError::NotHttp("its length is no number"))?;
        let body = body.get(..length).ok_or(HttpError::CutOff { bytes: body.len() })?;
        return Ok((status, body.to_vec()));
    }
    Ok((status, body.to_vec()))
}

/// The body of an answer with `Transfer-Encoding: chunked`; the chunk of no bytes ends it.
fn join_chunks(mut rest: &[u8]) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    loop {
        let cut_off = HttpError::CutOff { bytes: body.len() };
        let Some(line_end) = find(rest, b"\r\n") else {
            return Err(cut_off);
        };
        let (line, after) = rest.split_at(line_end);
        let size = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split(';').next())
            .and_then(|size| usize::from_str_radix(size.trim(), 16).ok())
            .ok_or(HttpError::NotHttp("a chunk has no size"))?;
        let after = after.get(2..).unwrap_or_default();
        if size == 0 {
            return Ok(body);
        }
        let Some(chunk) = after.get(..size) else {
            return Err(cut_off);
        };
        body.extend_from_slice(chunk);
        let Some(next) = after.get(size..).and_then(|rest| rest.strip_prefix(b"\r\n")) else {
            return Err(HttpError::CutOff { bytes: body.len() });
        };
        rest = next;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(answer: &str) -> Result<(u16, String), String> {
        parse_answer(answer.as_bytes())
            .map(|(status, body)| (status, String::from_utf8(body).unwrap()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_body_is_read_by_length_by_chunks_or_to_the_end() {
        let ok = |text: &str| Ok((200, text.to_owned()));
        assert_eq!(body("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"), ok("hi"));
        assert_eq!(
            body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n"),
            ok("hi0123456789")
        );
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nhi"), ok("hi"));
        assert_eq!(body("HTTP/1.1 404 No\r\n\r\n"), Ok((404, String::new())));
    }

    #[test]
    fn an_answer_that_is_cut_off_is_no_answer() {
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi",
        ] {
            let error = body(answer).unwrap_err();
            assert!(error.contains("cut off"), "{answer:?}: {error}");
        }
        assert!(body("HTTP/1.1 200 OK\r\nContent").unwrap_err().contains("not HTTP"));
        assert!(body("SSH-2.0-x\r\n\r\n").unwrap_err().contains("no status line"));
    }
}
