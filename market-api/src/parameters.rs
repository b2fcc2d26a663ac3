//! What stands in a request's address: the ids of its path, and its query.

use std::error::Error;

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use market_core::Fault;
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, IntoDeserializer, value},
};

use crate::{
    body::{CONTROLS, fault, has_controls, pointer},
    problem::{Code, Problem},
};

/// The parts of a path. Where one cannot be an id, there is no such thing.
#[derive(Debug)]
pub(crate) struct At<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(at)| Self(at)).map_err(|_| Code::NOT_FOUND.into())
    }
}

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = parts.uri.query().unwrap_or_default();
        query(asked).map(Self)
    }
}

/// What a form sends: as the parameters of a query, but every box that is ticked sends its own.
#[derive(Debug)]
pub(crate) struct Filled<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Filled<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let uri = format!("{}?{}", parts.uri.path(), gathered(query)).parse();
        parts.uri = uri.map_err(|_| Problem::from(Code::MALFORMED))?;
        let Parameters(filled) = Parameters::from_request_parts(parts, state).await?;
        Ok(Self(filled))
    }
}

/// A query in which each parameter stands once, with all its values, separated by commas.
pub(crate) fn gathered(query: &str) -> String {
    let mut all: Vec<(&str, String)> = Vec::new();
    for (name, value) in query.split('&').filter_map(|part| part.split_once('=')) {
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => {
                values.push_str("%2C");
                values.push_str(value);
            }
            None => all.push((name, value.to_owned())),
        }
    }
    let all: Vec<_> = all.iter().map(|(name, values)| format!("{name}={values}")).collect();
    all.join("&")
}

/// Reads a query.
pub(crate) fn query<T: DeserializeOwned>(asked: &str) -> Result<T, Problem> {
    let uri = format!("/?{asked}").parse().map_err(|_| Code::MALFORMED)?;
    let parameters = Query::<T>::try_from_uri(&uri);
    let Query(parameters) = parameters.map_err(|why| Problem::invalid(vec![parameter(&why)]))?;
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(&uri);
    let Query(pairs) = pairs.map_err(|_| Code::MALFORMED)?;
    let bad = pairs.into_iter().filter(|(name, value)| has_controls(name) || has_controls(value));
    let faults: Vec<_> = bad.map(|(name, _)| Fault::new(name, "characters", CONTROLS)).collect();
    if faults.is_empty() { Ok(parameters) } else { Err(Problem::invalid(faults)) }
}

/// Which parameter is wrong, and how.
fn parameter(why: &(dyn Error + 'static)) -> Fault {
    let mut next = Some(why);
    while let Some(why) = next {
        if let Some(why) = why.downcast_ref::<serde_path_to_error::Error<value::Error>>() {
            let found = fault(pointer(why.path()), &why.inner().to_string());
            let name = found.pointer.trim_start_matches('/').to_owned();
            return Fault { pointer: name, ..found };
        }
        next = why.source();
    }
    fault(String::new(), &why.to_string())
}

/// Several values of one parameter, separated by commas; empty parts are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Several<T>(pub(crate) Vec<T>);

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let values = parts.map(|part| T::deserialize(part.into_deserializer()));
        values.collect::<Result<_, value::Error>>().map(Self).map_err(de::Error::custom)
    }
}
