//! A service of one's own: its command, when it is ready, and what is known of it and let be.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bloathound_vocabulary::FindingClass;
use chrono::NaiveDate;
use regex::Regex;

use crate::matcher::Matcher;

/// Stands in a command for the port that the service is to take.
pub const PORT: &str = "{port}";
/// Stands in a command for the interpreter.
pub const PYTHON: &str = "{python}";
/// Names the group of a log's pattern that is the port.
pub const PORT_GROUP: &str = "port";

/// A service of one's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    /// Program and arguments, with [`PORT`] and [`PYTHON`] where they are to stand; never empty.
    pub command: Vec<String>,
    /// Where it runs; it exists.
    pub folder: PathBuf,
    /// Variables beside those that there are.
    pub variables: BTreeMap<String, String>,
    /// What [`PYTHON`] stands for: it exists. None for the Python 2.7 that is found.
    pub python: Option<PathBuf>,
    /// The virtual environment that `python` is of; it exists.
    pub environment: Option<PathBuf>,
    /// The port that it takes by itself.
    pub port: Option<u16>,
    /// When it is ready.
    pub ready: Ready,
    /// How long that may take, where the file says.
    pub ready_within: Option<Duration>,
    /// Whether the processes that it starts are looked at, too.
    pub children: bool,
    /// Without load: how many looks there are after the first one, where the file says. Else until it is sure.
    pub looks: Option<u64>,
    /// Without load: from one look to the next, where the file says.
    pub every: Option<Duration>,
    /// A command line that makes the load of a round, in place of requests.
    pub load_command: Option<String>,
}

/// How one knows that a service is ready.
#[derive(Debug, Clone)]
pub enum Ready {
    /// It writes a handshake, which says its port.
    Handshake,
    /// It is as soon as it runs: a script that serves nobody.
    AtOnce,
    /// Its port takes connections.
    Port,
    /// A GET of this path is answered by a status below 400.
    Http(String),
    /// A line that it writes, to either output, has this in it. What [`PORT_GROUP`] matches is its port.
    Line(Regex),
}

impl Ready {
    /// Whether it tells the port by itself.
    #[must_use]
    pub fn tells_port(&self) -> bool {
        match self {
            Self::Handshake => true,
            Self::Line(pattern) => pattern.capture_names().flatten().any(|name| name == PORT_GROUP),
            Self::AtOnce | Self::Port | Self::Http(_) => false,
        }
    }
}

impl PartialEq for Ready {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Http(one), Self::Http(other)) => one == other,
            (Self::Line(one), Self::Line(other)) => one.as_str() == other.as_str(),
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
}

/// Findings of a place that are known and let be.
#[derive(Debug, Clone, PartialEq)]
pub struct Ignore {
    /// Only those of this class.
    pub class: Option<FindingClass>,
    /// Fields of `where` and what each must be; never empty.
    pub place: BTreeMap<&'static str, Matcher>,
    /// Why.
    pub reason: String,
    /// The last day on which they are let be.
    pub until: Option<NaiveDate>,
    /// The most that each figure of the evidence may be.
    pub bound: BTreeMap<String, f64>,
}
