//! Examples of every operation: what was sent in a test of it, and what was answered.
//!
//! `examples.json` is written by the tests (`tests/it/examples.rs`); what stands beside a parameter
//! or a field in the code goes before it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::{
    OpenApi, RefOr,
    content::Content,
    path::{Operation, ParameterBuilder},
};

use super::operations;

/// The examples that there are.
#[derive(Debug, Default, Deserialize)]
struct Examples {
    /// Of parameters that mean the same everywhere.
    parameters: BTreeMap<String, Value>,
    /// Of operations, by id.
    operations: BTreeMap<String, Exchange>,
}

/// A request, and its answer.
#[derive(Debug, Default, Deserialize)]
struct Exchange {
    #[serde(default)]
    parameters: BTreeMap<String, Value>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    answer: Option<Value>,
}

/// Gives every operation its examples.
pub(super) fn add(description: &mut OpenApi) {
    let read = serde_json::from_str::<Examples>(include_str!("examples.json"));
    let Ok(examples) = read else { return };
    let none = Exchange::default();
    for item in description.paths.paths.values_mut() {
        for operation in operations(item) {
            let id = operation.operation_id.clone().unwrap_or_default();
            let exchange = examples.operations.get(&id).unwrap_or(&none);
            exemplify(operation, exchange, &examples.parameters);
        }
    }
}

fn exemplify(operation: &mut Operation, exchange: &Exchange, shared: &BTreeMap<String, Value>) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let has_own = serde_json::to_value(&*parameter).is_ok_and(|it| it.get("example").is_some());
        let name = &parameter.name;
        let example = exchange.parameters.get(name).or_else(|| shared.get(name));
        if let Some(example) = example.filter(|_| !has_own) {
            let built = ParameterBuilder::from(parameter.clone());
            *parameter = built.example(Some(example.clone())).build();
        }
    }
    if let (Some(RefOr::T(body)), Some(example)) = (&mut operation.request_body, &exchange.body)
        && let Some(content) = body.content.get_mut("application/json")
    {
        set(content, example);
    }
    let Some(example) = &exchange.answer else { return };
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer
            && status.starts_with('2')
            && let Some(content) = answer.content.get_mut("application/json")
        {
            set(content, example);
        }
    }
}

fn set(content: &mut RefOr<Content>, example: &Value) {
    if let RefOr::T(content) = content {
        content.example = Some(example.clone());
    }
}
