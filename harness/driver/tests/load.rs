//! The load against a server of the test's own: counts, concurrency, failures, deadlines.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use bloathound_driver::{HttpError, LoadError, Trigger, TriggerState, run_round};
use bloathound_scenario::{Load, Method, Request};
use support::wait_for;

const SOON: Duration = Duration::from_secs(20);

fn load(path: &str, requests: u64, concurrency: usize) -> Load {
    let request = Request::plain(Method::Get, path);
    Load::of(request, requests, concurrency)
}

/// A server that gives each connection, with its number from 0, to the function once its request came.
/// Its threads end with the test's process.
fn server(answer: impl Fn(u64, TcpStream, String) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (answer, mut stream) = (Arc::clone(&answer), stream.unwrap());
            std::thread::spawn(move || {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                    request.push(byte[0]);
                }
                answer(number as u64, stream, String::from_utf8_lossy(&request).into_owned());
            });
        }
    });
    port
}

fn say(mut stream: TcpStream, answer: &str) {
    // A client that went away is not this side's failure.
    let _ = stream.write_all(answer.as_bytes());
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn each_request_has_its_number() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let port = server(move |_, stream, request| {
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        noted.lock().unwrap().push(path);
        say(stream, OK);
    });
    run_round(port, &load("/orders/{n}?of=x", 4, 2), SOON).unwrap();
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(seen, ["/orders/1?of=x", "/orders/2?of=x", "/orders/3?of=x", "/orders/4?of=x"]);
}

#[test]
fn as_many_requests_as_asked_for_and_each_as_written() {
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    let port = server(move |_, stream, request| {
        if request.starts_with("GET /attendees?page=2 HTTP/1.1\r\nHost: 127.0.0.1") {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        say(stream, OK);
    });
    let report = run_round(port, &load("/attendees?page=2", 37, 5), SOON).unwrap();
    assert_eq!(report.requests, 37);
    assert_eq!(seen.load(Ordering::SeqCst), 37);
    let (median, high, most) = (report.latency_ms(0.5), report.latency_ms(0.99), report.latency_max_ms());
    assert!(median > 0.0 && median <= high && high <= most, "{median} {high} {most}");
    assert!(report.throughput_per_second() > 0.0);
}

#[test]
fn exactly_so_many_are_under_way_at_once() {
    // Four requests wait for one another: with fewer at once the round would never end. A fifth at once
    // would be counted.
    let (together, under_way, most) = (Barrier::new(4), AtomicU64::new(0), Arc::new(AtomicU64::new(0)));
    let seen = Arc::clone(&most);
    let port = server(move |_, stream, _| {
        let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
        seen.fetch_max(now, Ordering::SeqCst);
        together.wait();
        under_way.fetch_sub(1, Ordering::SeqCst);
        say(stream, OK);
    });
    assert_eq!(run_round(port, &load("/", 12, 4), SOON).unwrap().requests, 12);
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[test]
fn one_failed_request_fails_the_round_with_its_reason() {
    let port = server(|number, stream, _| {
        say(stream, if number == 3 { "HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nboom" } else { OK });
    });
    let error = run_round(port, &load("/attendees", 10, 1), SOON).unwrap_err();
    assert_eq!(error.to_string(), "1 of 10 requests to /attendees failed; the first: status 500: boom");
    let LoadError::RequestsFailed { first, .. } = error else { panic!() };
    assert!(matches!(first, HttpError::Status { status: 500, .. }));
}

#[test]
fn an_answer_that_breaks_off_or_never_comes_is_a_failure() {
    let cut_off = server(|_, stream, _| say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"));
    let text = run_round(cut_off, &load("/", 1, 1), SOON).unwrap_err().to_string();
    assert!(text.contains("cut off after 2 bytes"), "{text}");
    let silent = server(|_, stream, _| {
        let _open = stream;
        std::thread::park();
    });
    let text = run_round(silent, &load("/", 1, 1), Duration::from_millis(200)).unwrap_err().to_string();
    assert!(text.contains("no whole answer in 0.2 s"), "{text}");
    let trickling = server(|_, mut stream, _| while stream.write_all(b"H").is_ok() {});
    let text = run_round(trickling, &load("/", 1, 1), Duration::from_millis(200)).unwrap_err().to_string();
    assert!(text.contains("no whole answer") || text.contains("longer than"), "{text}");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = run_round(nobody, &load("/", 1, 1), SOON).unwrap_err().to_string();
    assert!(text.contains("can't connect"), "{text}");
}

#[test]
fn a_trigger_is_sent_and_not_waited_for() {
    let (gate, arrived) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU64::new(0)));
    let (behind, seen) = (Arc::clone(&gate), Arc::clone(&arrived));
    let port = server(move |_, stream, request| {
        seen.fetch_add(u64::from(request.starts_with("GET /stuck ")), Ordering::SeqCst);
        behind.wait();
        say(stream, OK);
    });
    let request = Request::plain(Method::Get, "/stuck");
    let mut trigger = Trigger::fire(port, &request, SOON).unwrap();
    wait_for("the request's arrival", || arrived.load(Ordering::SeqCst) == 1);
    assert_eq!(trigger.state(), TriggerState::Unanswered);
    gate.wait();
    wait_for("the answer", || trigger.state() == TriggerState::Answered);
    // One that is dropped before its answer doesn't wait for it: nobody opens the gate a second time.
    drop(Trigger::fire(port, &request, SOON).unwrap());
}
