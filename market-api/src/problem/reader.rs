//! Who reads a problem.

use axum::http::{HeaderMap, header::ACCEPT};

/// Who reads a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A program, which gets JSON.
    Program,
    /// Somebody before a browser, who gets a page.
    Person,
}

impl Reader {
    /// A person, where HTML is accepted and the path is not the API's.
    pub(crate) fn of(path: &str, headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let html = accepted.flat_map(|value| value.split(',')).any(|range| {
            let media_type = range.split(';').next().unwrap_or_default();
            media_type.trim().eq_ignore_ascii_case("text/html")
        });
        if html && !path.starts_with("/api/") { Self::Person } else { Self::Program }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_browsers_get_pages() {
        let of = |path: &str, accepted: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accepted.parse().unwrap());
            Reader::of(path, &headers)
        };
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert_eq!(of("/nowhere", browser), Reader::Person);
        assert_eq!(of("/api/v1/nowhere", browser), Reader::Program);
        assert_eq!(of("/nowhere", "*/*"), Reader::Program);
        assert_eq!(of("/nowhere", "application/json"), Reader::Program);
        assert_eq!(Reader::of("/nowhere", &HeaderMap::new()), Reader::Program);
    }
}
