//! What can be asked next: from an answer that names a thing to every operation on that thing.

use serde_json::{Value, json};
use utoipa::openapi::{OpenApi, RefOr, link::LinkBuilder, path::PathItem};

/// An operation whose last parameter in the path an answer may give.
struct Target {
    id: String,
    /// The path before that parameter.
    parent: String,
    /// The parameter.
    name: String,
}

/// A link of an answer.
struct Found {
    path: String,
    method: &'static str,
    status: String,
    target: String,
    parameters: Vec<(String, Value)>,
}

/// Links every answer that gives an id or a code to the operations whose path takes it.
pub(super) fn add(description: &mut OpenApi) {
    let Ok(whole) = serde_json::to_value(&*description) else { return };
    for Found { path, method, status, target, parameters } in found(&whole) {
        let item = description.paths.paths.get_mut(&path);
        let operation = item.and_then(|item| of_method(item, method));
        let answer = operation.and_then(|one| one.responses.responses.get_mut(&status));
        let Some(RefOr::T(answer)) = answer else { continue };
        let mut link = LinkBuilder::new().operation_id(&target);
        for (name, expression) in parameters {
            link = link.parameter(name, expression);
        }
        answer.links.insert(target, RefOr::T(link.build()));
    }
}

fn of_method<'i>(
    item: &'i mut PathItem,
    method: &str,
) -> Option<&'i mut utoipa::openapi::path::Operation> {
    match method {
        "get" => item.get.as_mut(),
        _ => item.post.as_mut(),
    }
}

fn found(whole: &Value) -> Vec<Found> {
    let targets = targets(whole);
    let mut found = Vec::new();
    for (path, item) in whole["paths"].as_object().into_iter().flatten() {
        for (method, at) in [("post", ""), ("get", "/items/0")] {
            let answers = item[method]["responses"].as_object().into_iter().flatten();
            for (status, answer) in answers.filter(|(status, _)| status.starts_with('2')) {
                let schema = &answer["content"]["application/json"]["schema"];
                let Some(schema) = (if at.is_empty() {
                    Some(schema)
                } else {
                    property(whole, schema, "items").map(|items| &items["items"])
                }) else {
                    continue;
                };
                for target in targets.iter().filter(|target| target.parent == *path) {
                    let own = [target.name.as_str(), "id"];
                    let Some(key) =
                        own.into_iter().find(|key| property(whole, schema, key).is_some())
                    else {
                        continue;
                    };
                    let above = names(path)
                        .map(|name| (name.to_owned(), json!(format!("$request.path.{name}"))));
                    let own = (target.name.clone(), json!(format!("$response.body#{at}/{key}")));
                    let (path, status) = (path.clone(), status.clone());
                    let parameters = above.chain([own]).collect();
                    let target = target.id.clone();
                    found.push(Found { path, method, status, target, parameters });
                }
            }
        }
    }
    found
}

fn targets(whole: &Value) -> Vec<Target> {
    let mut targets = Vec::new();
    for (path, item) in whole["paths"].as_object().into_iter().flatten() {
        let Some((parent, rest)) = path.rsplit_once("/{") else { continue };
        let Some((name, _)) = rest.split_once('}') else { continue };
        for operation in item.as_object().into_iter().flatten().map(|(_, operation)| operation) {
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            targets.push(Target { id, parent: parent.to_owned(), name: name.to_owned() });
        }
    }
    targets
}

/// The parameters of a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// A property that a schema describes, itself or by others that it is made of.
fn property<'w>(whole: &'w Value, schema: &'w Value, name: &str) -> Option<&'w Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return property(whole, whole.pointer(reference.trim_start_matches('#'))?, name);
    }
    let own = schema["properties"].get(name);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    own.or_else(|| parts.into_iter().find_map(|part| property(whole, part, name)))
}
