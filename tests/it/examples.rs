//! Examples of the description: what tests send, and what they are answered.
//!
//! With `UPDATE_EXAMPLES` set, every first good answer of an operation is kept, and written to
//! `market-api/src/description/examples.json` where there is none yet, or none like it:
//! `UPDATE_EXAMPLES=1 ./check test --test it sqlite`.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

use axum::{
    extract::Query,
    http::{Method, request::Parts},
};
use serde_json::{Map, Value, json};

use crate::asking::Answer;

/// A path of the description, for each method.
struct Place {
    method: String,
    parts: Vec<String>,
    id: String,
    /// The types of its parameters, where they are not texts.
    types: BTreeMap<String, Value>,
}

static PLACES: LazyLock<Option<Vec<Place>>> = LazyLock::new(|| {
    std::env::var_os("UPDATE_EXAMPLES")?;
    let description = serde_json::to_value(market_api::openapi()).unwrap();
    let mut places = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let parts = path.split('/').map(str::to_owned).collect();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let types = parameters.map(|one| {
                (one["name"].as_str().unwrap().to_owned(), one["schema"]["type"].clone())
            });
            let types = types.collect();
            places.push(Place { method: method.to_uppercase(), parts, id, types });
        }
    }
    // What is written out in a path goes before what is a parameter of one.
    places.sort_by_key(|place| place.parts.iter().filter(|part| part.starts_with('{')).count());
    Some(places)
});

static KEPT: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/description/examples.json")
}

/// Keeps a request with its answer, if it is a good one and the first.
pub(crate) fn keep(head: &Parts, body: &[u8], answer: &Answer) {
    let Some(places) = &*PLACES else { return };
    let uri = &head.uri;
    let is_rehearsal = uri.query().is_some_and(|query| query.contains("validate_only"));
    if !(200..300).contains(&answer.status) || is_rehearsal {
        return;
    }
    let asked = places.iter().find_map(|place| {
        let parameters = place.of(&head.method, uri.path())?;
        Some((place, parameters))
    });
    let Some((place, mut parameters)) = asked else { return };
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).unwrap();
    parameters.extend(pairs.into_iter().filter(|(name, _)| place.types.contains_key(name)));
    let parameters = parameters.into_iter().map(|(name, text)| {
        let is_text = place.types.get(&name).is_none_or(|kind| kind == "string" || kind.is_null());
        let value = serde_json::from_str(&text).ok().filter(|_| !is_text);
        (name, value.unwrap_or(json!(text)))
    });
    let parameters: Map<_, _> = parameters.collect();
    let mut exchange = Map::new();
    if !parameters.is_empty() {
        exchange.insert("parameters".to_owned(), parameters.into());
    }
    if let Ok(body) = serde_json::from_slice(body) {
        exchange.insert("body".to_owned(), plain(body));
    }
    if !answer.json.is_null() {
        exchange.insert("answer".to_owned(), plain(answer.json.clone()));
    }
    write(&place.id, exchange.into());
}

impl Place {
    /// The parameters of a path, if it is one of the operation.
    fn of(&self, method: &Method, path: &str) -> Option<Vec<(String, String)>> {
        let asked: Vec<_> = path.split('/').collect();
        if self.method != method.as_str() || asked.len() != self.parts.len() {
            return None;
        }
        let mut parameters = Vec::new();
        for (part, asked) in self.parts.iter().zip(asked) {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) => {
                    let uri = format!("/?{name}={asked}").parse().unwrap();
                    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri).unwrap();
                    parameters.extend(pairs);
                }
                None if part == asked => {}
                None => return None,
            }
        }
        Some(parameters)
    }
}

/// An example without secrets, and of each list no more than its first.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().take(1).map(plain).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::String(text) => {
            let start = text.split_inclusive('_').next().unwrap_or_default();
            let is_secret = start == "whsec_" || (start.starts_with("mkt") && start.ends_with('_'));
            if is_secret && text.len() > 20 {
                json!(format!("{start}{}", "x".repeat(39)))
            } else {
                Value::String(text)
            }
        }
        other => other,
    }
}

/// What a value is made of, whatever it says.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!(0),
        other => other.clone(),
    }
}

/// How much an example tells.
fn told(exchange: &Value) -> usize {
    shape(exchange).to_string().len()
}

fn write(id: &str, exchange: Value) {
    let mut kept = KEPT.lock().unwrap();
    let known = kept.get(id);
    // The fullest one is shown; as many as there are of it, the first.
    if known.is_some_and(|known| told(known) >= told(&exchange)) {
        return;
    }
    kept.insert(id.to_owned(), exchange);
    let mut whole: Value = serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap();
    for (id, exchange) in kept.iter() {
        let old = &whole["operations"][id];
        if shape(old) != shape(exchange) || plain(old.clone()) != *old {
            whole["operations"][id] = exchange.clone();
        }
    }
    let fresh = file().with_extension("new");
    fs::write(&fresh, serde_json::to_string_pretty(&whole).unwrap() + "\n").unwrap();
    fs::rename(fresh, file()).unwrap();
}
