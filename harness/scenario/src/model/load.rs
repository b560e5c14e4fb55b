//! The requests of one round.

use super::{NUMBER, Request};

/// The requests of one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The request, the same every time but for its number where the path has [`NUMBER`]; of several the first.
    pub request: Request,
    /// How often it comes beside the others; at least 1.
    pub weight: u64,
    /// The others, made in turn with the first.
    pub others: Vec<Mixed>,
    /// Requests in a round of steady traffic; at least 1.
    pub requests: u64,
    /// Requests under way at once; 1 to `requests`.
    pub concurrency: usize,
}

/// A request among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mixed {
    /// The request.
    pub request: Request,
    /// How often it comes beside the others; at least 1.
    pub weight: u64,
}

impl Load {
    /// The same request every time.
    #[must_use]
    pub fn of(request: Request, requests: u64, concurrency: usize) -> Self {
        Self { request, weight: 1, others: Vec::new(), requests, concurrency }
    }

    /// The request that has this place, from 0 on: each comes as often in turn as its weight says.
    #[must_use]
    pub fn at(&self, place: u64) -> &Request {
        let others = || self.others.iter().map(|mixed| (&mixed.request, mixed.weight));
        let sum = others().fold(self.weight, |sum, (_, weight)| sum.saturating_add(weight));
        let mut left = place.checked_rem(sum).unwrap_or(0);
        for (request, weight) in std::iter::once((&self.request, self.weight)).chain(others()) {
            if left < weight {
                return request;
            }
            left -= weight;
        }
        &self.request
    }

    /// Whether a path has a place for numbers.
    #[must_use]
    pub fn is_numbered(&self) -> bool {
        let mut requests = std::iter::once(&self.request).chain(self.others.iter().map(|mixed| &mixed.request));
        requests.any(|request| request.path.contains(NUMBER))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Method;
    use super::*;

    #[test]
    fn each_request_comes_as_often_as_its_weight_says() {
        let get = |path: &str| Request::plain(Method::Get, path);
        let mut load = Load::of(get("/a"), 10, 1);
        assert!((0..10).all(|place| load.at(place).path == "/a") && !load.is_numbered());
        load.weight = 2;
        load.others = vec![Mixed { request: get("/b"), weight: 1 }, Mixed { request: get("/c/{n}"), weight: 2 }];
        let made: String = (0..10).map(|place| &load.at(place).path[1..2]).collect();
        assert_eq!(made, "aabccaabcc");
        assert!(load.is_numbered());
    }
}
