//! JSON bodies, read strictly.

use std::error::Error;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use market_core::Fault;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use tower_http::timeout::TimeoutError;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use self::strict::Strict;
use crate::problem::{Code, Problem};

pub(crate) mod received;
mod strict;

/// A JSON body of the API's own, which has passed its own checks.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

/// A JSON body that the core takes as it is, and checks itself.
#[derive(Debug)]
pub(crate) struct Input<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Input(body) = Input::<T>::from_request(request, state).await?;
        match body.validate() {
            Ok(()) => Ok(Self(body)),
            Err(why) => Err(Problem::invalid(faults("", &why))),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Code::MEDIA_TYPE.into());
        }
        let bytes = Bytes::from_request(request, state).await;
        read(&bytes.map_err(|why| unread(why.status(), &why))?).map(Self)
    }
}

/// Why a body could not be read to its end.
pub(crate) fn unread(status: StatusCode, why: &(dyn Error + 'static)) -> Problem {
    let mut next = Some(why);
    while let Some(why) = next {
        if why.is::<TimeoutError>() {
            return Code::TOO_SLOW.into();
        }
        next = why.source();
    }
    match Code::of_status(status) {
        Code::MALFORMED => Problem::new(Code::MALFORMED, "the body broke off"),
        known => known.into(),
    }
}

/// Whether a body says that it is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Reads JSON: syntax first, then texts, then what is asked for.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value = json(bytes).map_err(|why| Problem::new(Code::MALFORMED, why.to_string()))?;
    typed(value).map_err(Problem::invalid)
}

/// A JSON value whose objects name every key once.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(bytes).map(|Strict(value)| value)
}

/// What is asked for in a JSON value, or what is wrong with it.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Vec<Fault>> {
    let mut found = Vec::new();
    find_controls(String::new(), &value, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    serde_path_to_error::deserialize(value).map_err(|why| {
        let place = pointer(why.path());
        vec![fault(place, &why.inner().to_string())]
    })
}

/// Whether a text holds a control character. The ends of lines and tabs are none here: whether a
/// text has lines, its own check says.
pub(crate) fn has_controls(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// What is wrong with a text that holds a control character.
pub(crate) const CONTROLS: &str = "must hold no control characters";

fn find_controls(at: String, value: &Value, found: &mut Vec<Fault>) {
    let is_bad = match value {
        Value::String(text) => has_controls(text),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                find_controls(format!("{at}/{index}"), value, found);
            }
            false
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                find_controls(format!("{at}/{}", escape(key)), value, found);
            }
            fields.keys().any(|key| has_controls(key))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    };
    if is_bad {
        found.push(Fault::new(at, "characters", CONTROLS));
    }
}

/// A key as part of a JSON pointer (RFC 6901).
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A path as a JSON pointer.
pub(crate) fn pointer(path: &Path) -> String {
    let parts = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escape(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    });
    parts.collect()
}

/// What is wrong at a place, from the sentence of whoever tried to read it.
pub(crate) fn fault(place: String, message: &str) -> Fault {
    let named = || message.split('`').nth(1).map(escape).unwrap_or_default();
    let (place, code) = match message {
        m if m.starts_with("missing field") => (format!("{place}/{}", named()), "missing"),
        m if m.starts_with("unknown field") => (at_end(place, &named()), "unknown"),
        m if m.starts_with("duplicate field") => (at_end(place, &named()), "duplicate"),
        m if m.starts_with("unknown variant") => (place, "choice"),
        m if m.starts_with("invalid type") => (place, "type"),
        _ => (place, "format"),
    };
    Fault::new(place, code, message)
}

/// A place with a name at its end.
fn at_end(place: String, name: &str) -> String {
    let end = format!("/{name}");
    if place.ends_with(&end) { place } else { place + &end }
}

/// What a body's own checks found.
fn faults(at: &str, errors: &ValidationErrors) -> Vec<Fault> {
    let mut fields: Vec<_> = errors.errors().iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    let found = fields.into_iter().flat_map(|(name, kind)| {
        let at = format!("{at}/{}", escape(name));
        match kind {
            ValidationErrorsKind::Struct(inner) => faults(&at, inner),
            ValidationErrorsKind::List(items) => {
                items.iter().flat_map(|(n, inner)| faults(&format!("{at}/{n}"), inner)).collect()
            }
            ValidationErrorsKind::Field(errors) => errors
                .iter()
                .map(|error| Fault {
                    pointer: at.clone(),
                    code: error.code.clone(),
                    message: error.to_string(),
                })
                .collect(),
        }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        n: u32,
    }

    fn problem(json: &str) -> String {
        format!("{:?}", read::<Outer>(json.as_bytes()).unwrap_err())
    }

    #[test]
    fn a_fault_says_its_place() {
        for (json, place, code) in [
            (r#"{"list":[{"n":1},{"n":"x"}]}"#, "/list/1/n", "type"),
            (r#"{"list":[{}]}"#, "/list/0/n", "missing"),
            (r#"{"list":[{"n":1,"m":2}]}"#, "/list/0/m", "unknown"),
            ("{}", "/list", "missing"),
            (r#"{"list":[{"n":-1}]}"#, "/list/0/n", "format"),
            (r#"{"list":["a\u0000"]}"#, "/list/0", "characters"),
            (r#"{"list":[{"n":"\u001b[2J"}]}"#, "/list/0/n", "characters"),
            (r#"{"list":[{"a\u007f":1}]}"#, "/list/0", "characters"),
            (r#"{"list":[{"n":1.5}]}"#, "/list/0/n", "type"),
            (r#"{"list":[{"n":1e20}]}"#, "/list/0/n", "type"),
            (r#"{"list":[{"n":4294967296.0}]}"#, "/list/0/n", "format"),
        ] {
            let shown = problem(json);
            assert!(shown.contains(&format!("pointer: {place:?}, code: {code:?}")), "{shown}");
        }
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer_however_it_is_written() {
        for n in ["1000001", "1000001.0", "1.000001e6", "0.1000001E+7"] {
            let json = format!(r#"{{"list":[{{"n":{n}}}]}}"#);
            let outer = read::<Outer>(json.as_bytes()).unwrap();
            assert_eq!(outer.list[0].n, 1_000_001, "{n}");
        }
    }

    #[test]
    fn what_is_not_plain_json_is_malformed() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for json in ["", "{", "{\"list\":[],\"list\":[]}", "{\"list\":1e309}", "\"\\ud800\"", &deep]
        {
            assert!(problem(json).contains("malformed"), "{json:.40}");
        }
    }
}
