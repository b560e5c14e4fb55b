//! A request as somebody writes it on a command line: `GET http://127.0.0.1:8080/path`, `/path`, `POST /path`.

use std::net::{SocketAddr, ToSocketAddrs};

use bloathound_scenario::{NUMBER, Request};

use crate::http;

/// A request to a service of the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRequest {
    method: String,
    /// Host and port, where the request says.
    place: Option<(String, u16)>,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Its form.
    #[error("{text:?}: meant a method and an address, such as 'GET http://127.0.0.1:8080/path', or '/path' alone")]
    Form {
        /// As it was written.
        text: String,
    },
    /// Another protocol.
    #[error("{text:?}: only http:// is spoken here; for anything else there is --load-command")]
    Protocol {
        /// As it was written.
        text: String,
    },
    /// A header without a colon, or with a line break.
    #[error("{text:?}: meant a header, such as 'Accept: text/html'")]
    Header {
        /// As it was written.
        text: String,
    },
}

impl OwnRequest {
    /// Reads a request; `{port}` in place of the port is the service's own. Where there is a body, the method is POST unless it
    /// is named.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn read(text: &str, headers: &[String], body: Option<&str>) -> Result<Self, RequestError> {
        let form = || RequestError::Form { text: text.to_owned() };
        let words: Vec<&str> = text.split_whitespace().collect();
        let (method, address) = match words.as_slice() {
            [address] => (if body.is_some() { "POST" } else { "GET" }, *address),
            [method, address] => (*method, *address),
            _ => return Err(form()),
        };
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(form());
        }
        let (place, path) = match address.split_once("://") {
            Some(("http", rest)) => {
                let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let (host, port) = place.rsplit_once(':').unwrap_or((place, "80"));
                let host = host.trim_matches(['[', ']']);
                if host.is_empty() {
                    return Err(form());
                }
                let own = port == bloathound_scenario::PORT;
                let port = if own { 0 } else { port.parse().map_err(|_| form())? };
                (Some((host.to_owned(), port)), if path.is_empty() { "/" } else { path })
            }
            Some(_) => return Err(RequestError::Protocol { text: text.to_owned() }),
            None => (None, address),
        };
        if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(form());
        }
        let header = |text: &String| {
            let bad = || RequestError::Header { text: text.clone() };
            let (name, value) = text.split_once(':').ok_or_else(bad)?;
            let plain = !name.trim().is_empty() && !text.contains(['\r', '\n']);
            if plain { Ok((name.trim().to_owned(), value.trim().to_owned())) } else { Err(bad()) }
        };
        Ok(Self {
            method: method.to_owned(),
            place,
            path: path.to_owned(),
            headers: headers.iter().map(header).collect::<Result<_, _>>()?,
            body: body.unwrap_or_default().to_owned(),
        })
    }

    /// A scenario's request, to the service's own port.
    pub(super) fn of(request: &Request) -> Self {
        let Request { method, path, headers, body } = request.clone();
        Self { method: method.as_str().to_owned(), place: None, path, headers, body }
    }

    /// Where it goes; `None` where neither it nor `port` says.
    pub(super) fn address(&self, port: Option<u16>) -> Option<SocketAddr> {
        let (host, port) = match &self.place {
            Some((host, 0)) => (host.as_str(), port?),
            Some((host, port)) => (host.as_str(), *port),
            None => ("127.0.0.1", port?),
        };
        (host, port).to_socket_addrs().ok()?.next()
    }

    /// As it is sent; `{n}` in the path is the request's number.
    pub(super) fn bytes(&self, address: SocketAddr, number: u64) -> Vec<u8> {
        let path = self.path.replace(NUMBER, &number.to_string());
        http::written(&self.method, &path, address, &self.headers, &self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str, headers: &[&str], body: Option<&str>) -> Result<String, RequestError> {
        let headers: Vec<String> = headers.iter().map(|text| (*text).to_owned()).collect();
        let request = OwnRequest::read(text, &headers, body)?;
        let address = request.address(Some(81)).unwrap();
        Ok(String::from_utf8(request.bytes(address, 7)).unwrap())
    }

    #[test]
    fn what_is_written_is_what_is_sent() {
        let plain = "GET /a?b={n} HTTP/1.1\r\nHost: 127.0.0.1:81\r\nConnection: close\r\n\r\n".replace("{n}", "7");
        assert_eq!(sent("/a?b={n}", &[], None).unwrap(), plain);
        assert_eq!(sent("GET http://127.0.0.1:{port}/a?b={n}", &[], None).unwrap(), plain);
        assert_eq!(
            sent("http://127.0.0.1:9", &["Accept: x", "host: y"], Some("q=1")).unwrap(),
            "POST / HTTP/1.1\r\nConnection: close\r\nAccept: x\r\nhost: y\r\nContent-Length: 3\r\n\r\nq=1"
        );
        assert!(sent("DELETE http://[::1]:80/", &[], None).unwrap().contains("Host: [::1]:80\r\n"));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for bad in ["", "GET", "get /", "GET / x", "http://:80/", "http://a:b/", "GET relative"] {
            assert!(matches!(OwnRequest::read(bad, &[], None), Err(RequestError::Form { .. })), "{bad}");
        }
        assert!(matches!(OwnRequest::read("https://a/", &[], None), Err(RequestError::Protocol { .. })));
        for bad in ["no colon", ": x", "a: b\r\nc: d"] {
            assert!(matches!(OwnRequest::read("/", &[bad.into()], None), Err(RequestError::Header { .. })), "{bad}");
        }
        assert_eq!(OwnRequest::read("/", &[], None).unwrap().address(None), None);
    }
}
