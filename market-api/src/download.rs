//! Files as they go out: never as a page of this server, never kept by others, in parts if asked.

use std::ops::Range;

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
            CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
};
use market_core::file::served_type;

use crate::problem::{Code, Problem};

/// The digest that an uploaded file must have, and that a downloaded one has.
pub(crate) const DIGEST: HeaderName = HeaderName::from_static("x-content-sha256");

/// A file that is given out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Download<'f> {
    pub(crate) name: &'f str,
    pub(crate) media_type: &'f str,
    pub(crate) sha256: &'f str,
    pub(crate) size: u64,
}

/// How much of a file is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Whole,
    Part(Range<u64>),
}

impl Download<'_> {
    /// How much of it a request asks for. Of several parts at once, the whole file is given, as of
    /// a range that cannot be read; one that lies outside of the file is refused.
    pub(crate) fn asked(&self, headers: &HeaderMap) -> Result<Asked, Problem> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let is_same = text(IF_RANGE).is_none_or(|tag| tag == self.tag());
        let range = text(RANGE).filter(|_| is_same).and_then(|range| range.strip_prefix("bytes="));
        let Some((from, to)) = range.and_then(|range| range.trim().split_once('-')) else {
            return Ok(Asked::Whole);
        };
        let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
        let (from, to) = match (from, to) {
            ("", last) => match number(last) {
                Some(last) => (self.size.saturating_sub(last), self.size),
                None => return Ok(Asked::Whole),
            },
            (from, "") => match number(from) {
                Some(from) => (from, self.size),
                None => return Ok(Asked::Whole),
            },
            (from, to) => match (number(from), number(to)) {
                (Some(from), Some(to)) if from <= to => (from, to.saturating_add(1)),
                _ => return Ok(Asked::Whole),
            },
        };
        if from >= self.size || from >= to {
            let detail = format!("the file has {} bytes", self.size);
            return Err(Problem::new(Code::RANGE, detail));
        }
        Ok(Asked::Part(from..to.min(self.size)))
    }

    /// The response with the content that was asked for.
    pub(crate) fn response(&self, asked: &Asked, content: Body) -> Response {
        let mut response = content.into_response();
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(CONTENT_TYPE, served_type(self.media_type));
        set(CONTENT_DISPOSITION, &disposition(self.name));
        set(DIGEST, self.sha256);
        set(ETAG, &self.tag());
        set(ACCEPT_RANGES, "bytes");
        set(CACHE_CONTROL, "private, no-store");
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; frame-ancestors 'none'");
        let length = match asked {
            Asked::Whole => self.size,
            Asked::Part(part) => {
                let Range { start, end } = part;
                set(CONTENT_RANGE, &format!("bytes {start}-{}/{}", end - 1, self.size));
                end - start
            }
        };
        set(CONTENT_LENGTH, &length.to_string());
        if matches!(asked, Asked::Part(_)) {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        response
    }

    fn tag(&self) -> String {
        format!("\"{}\"", self.sha256)
    }
}

/// RFC 6266 with RFC 8187: the name in percent-encoded UTF-8.
fn disposition(name: &str) -> String {
    use std::fmt::Write;
    name.bytes().fold("attachment; filename*=UTF-8''".to_owned(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(disposition("报告.pdf"), "attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf");
        assert_eq!(disposition("a\"\r\n;b"), "attachment; filename*=UTF-8''a%22%0D%0A%3Bb");
    }

    #[test]
    fn a_part_is_what_was_asked_for() {
        let file = Download { name: "a", media_type: "", sha256: "ab", size: 10 };
        let asked = |range: &str, if_range: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, range.parse().unwrap());
            if !if_range.is_empty() {
                headers.insert(IF_RANGE, if_range.parse().unwrap());
            }
            file.asked(&headers).ok()
        };
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=3-", 3..10),
            ("bytes=-4", 6..10),
            ("bytes=-40", 0..10),
            ("bytes=8-99", 8..10),
        ] {
            assert_eq!(asked(range, ""), Some(Asked::Part(part.clone())), "{range}");
            assert_eq!(asked(range, "\"ab\""), Some(Asked::Part(part)), "{range}");
            assert_eq!(asked(range, "\"cd\""), Some(Asked::Whole), "{range}");
        }
        for range in ["bytes=1-2,4-5", "bytes=5-2", "bytes=a-", "bytes=", "lines=1-2", "bytes=+1-2"]
        {
            assert_eq!(asked(range, ""), Some(Asked::Whole), "{range}");
        }
        for range in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
            assert_eq!(asked(range, ""), None, "{range}");
        }
    }
}
