//! Which media types each operation answers with, held against what a caller accepts.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, header::ACCEPT},
    middleware::Next,
    response::{IntoResponse, Response},
};
use utoipa::openapi::{OpenApi, RefOr, path::Operation};

use crate::problem::{Code, Problem};

/// What an operation may answer with of any kind: files are what their owners say.
const ANY_FILE: &str = "*/*";

/// The media types of good answers, by path and method, from the description of the API.
#[derive(Debug, Clone)]
pub(crate) struct Offered(Arc<HashMap<(String, Method), Vec<String>>>);

impl Offered {
    pub(crate) fn of(description: &OpenApi) -> Self {
        let mut offered = HashMap::new();
        for (path, item) in &description.paths.paths {
            for (method, operation) in [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ] {
                if let Some(operation) = operation {
                    offered.insert((path.clone(), method), types(operation));
                }
            }
        }
        Self(Arc::new(offered))
    }
}

fn types(operation: &Operation) -> Vec<String> {
    let good = operation.responses.responses.iter().filter(|(status, _)| status.starts_with('2'));
    let contents = good.filter_map(|(_, response)| match response {
        RefOr::T(response) => Some(&response.content),
        RefOr::Ref(_) => None,
    });
    contents.flat_map(|content| content.keys().cloned()).collect()
}

/// Answers only those who accept what there is; before anything is done.
pub(crate) async fn acceptable(
    State(Offered(offered)): State<Offered>,
    matched: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let key = (matched.as_str().to_owned(), request.method().clone());
    match offered.get(&key).filter(|offered| !accepts(request.headers(), offered)) {
        Some(offered) => {
            let detail = format!("the answer is {}", offered.join(" or "));
            Problem::new(Code::NOT_ACCEPTABLE, detail).into_response()
        }
        None => next.run(request).await,
    }
}

/// Whether a caller takes one of the media types; whoever says nothing takes any.
pub(crate) fn accepts(headers: &HeaderMap, offered: &[String]) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = values.flat_map(|value| value.split(',')).map(range).collect();
    let is_open = ranges.is_empty() || offered.is_empty();
    is_open || offered.iter().any(|one| one == ANY_FILE || is_accepted(one, &ranges))
}

/// A range of media types, and how well it is liked.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (range, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

/// Which of the media types a caller likes best; the first, of those that they like as much.
pub(crate) fn liked_best(headers: &HeaderMap, offered: &[&'static str]) -> &'static str {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = values.flat_map(|value| value.split(',')).map(range).collect();
    let mut best = ("", 0.0);
    for one in offered {
        let weight = weight(one, &ranges).unwrap_or(0.0);
        if weight > best.1 {
            best = (one, weight);
        }
    }
    if best.0.is_empty() { offered.first().copied().unwrap_or_default() } else { best.0 }
}

fn is_accepted(offered: &str, ranges: &[(String, f32)]) -> bool {
    weight(offered, ranges).is_some_and(|weight| weight > 0.0)
}

/// How well a media type is liked: the range that fits best decides.
fn weight(offered: &str, ranges: &[(String, f32)]) -> Option<f32> {
    let offered = offered.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let kind = offered.split('/').next().unwrap_or_default();
    let fits = [offered.as_str(), &format!("{kind}/*"), "*/*"];
    let weight =
        |fit: &&str| ranges.iter().find(|(range, _)| range == fit).map(|(_, weight)| *weight);
    fits.iter().find_map(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_media_types_the_best_liked_is_sent() {
        let of = |accept: &str| {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            liked_best(&headers, &["application/json", "text/csv"])
        };
        assert_eq!(liked_best(&HeaderMap::new(), &["application/json"]), "application/json");
        for csv in ["text/csv", "text/csv, application/json;q=0.9", "text/*", "*/*;q=0.1,text/csv"]
        {
            assert_eq!(of(csv), "text/csv", "{csv}");
        }
        for json in ["*/*", "application/json", "text/csv, application/json", "image/png"] {
            assert_eq!(of(json), "application/json", "{json}");
        }
    }

    #[test]
    fn the_range_that_fits_best_decides() {
        let json = &["application/json".to_owned()];
        let of = |accept: &str| {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            accepts(&headers, json)
        };
        assert!(accepts(&HeaderMap::new(), json));
        for good in [
            "*/*",
            "application/json",
            "application/*; q=0.1",
            "text/html, application/xhtml+xml, */*;q=0.8",
            "Application/JSON;charset=utf-8",
        ] {
            assert!(of(good), "{good}");
        }
        for bad in ["text/csv", "application/xml;q=0.9, text/*", "application/json;q=0, */*", "x"] {
            assert!(!of(bad), "{bad}");
        }
        let headers = HeaderMap::from_iter([(ACCEPT, "image/png".parse().unwrap())]);
        assert!(accepts(&headers, &[ANY_FILE.to_owned()]) && accepts(&headers, &[]));
    }
}
