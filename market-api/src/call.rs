//! Calls that change something, with what guards them.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, header::IF_MATCH, request::Parts},
};
use market_core::{Call, Market};
use utoipa::IntoParams;

use crate::{
    caller::Caller,
    problem::{Code, Problem},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The headers that guard a call which changes something.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described; Guarded reads them")]
pub(crate) struct Guards {
    /// Repeating the call with the same key gives the first answer again and changes nothing.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    key: Option<String>,
    /// The `ETag` that was seen; the call is refused (412) if the thing has changed since.
    #[param(rename = "If-Match", pattern = r#"^("[0-9]+"|\*)$"#, example = "\"3\"")]
    expected: Option<String>,
}

/// A caller's call, guarded by its `Idempotency-Key` and `If-Match` headers.
#[derive(Debug)]
pub(crate) struct Guarded(pub(crate) Call);

impl<S: Send + Sync> FromRequestParts<S> for Guarded
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = key(&parts.headers)?;
        let expected = expected(&parts.headers)?;
        let Caller(actor) =
            <Caller as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(Self(Call { actor, key, expected }))
    }
}

fn malformed(detail: &str) -> Problem {
    Problem::new(Code::MALFORMED, detail)
}

/// The only value of a header that may be given once.
fn once<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (only, None) => Ok(only),
        _ => Err(malformed(&format!("{name} is given more than once"))),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = once(headers, &IDEMPOTENCY_KEY)? else { return Ok(None) };
    let key = value.as_bytes();
    if !(1..=255).contains(&key.len()) || !key.iter().all(u8::is_ascii_graphic) {
        return Err(malformed("Idempotency-Key must have 1 to 255 visible ASCII characters"));
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}

fn expected(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = once(headers, &IF_MATCH)? else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let version = tag.filter(|tag| tag.bytes().all(|b| b.is_ascii_digit()));
    version
        .and_then(|version| version.parse().ok())
        .map(Some)
        .ok_or_else(|| malformed("If-Match must be one entity tag of ours, such as \"3\", or *"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.clone(), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn if_match_is_a_version_or_anything() {
        let of = |value| expected(&headers(&IF_MATCH, value)).ok();
        assert_eq!(of("\"3\""), Some(Some(3)));
        assert_eq!(of("*"), Some(None));
        for bad in ["3", "\"x\"", "W/\"3\"", "\"3\", \"4\"", "\"\"", "\"-1\"", ""] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_key_is_short_and_visible() {
        let of = |value: &str| key(&headers(&IDEMPOTENCY_KEY, value)).ok();
        assert_eq!(of("a-1"), Some(Some("a-1".to_owned())));
        for bad in ["", "a b", &"x".repeat(256)] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(key(&HeaderMap::new()).unwrap(), None);
    }
}
