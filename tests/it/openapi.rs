//! The description of the API, as it is reviewed.

use std::collections::BTreeSet;

use market_api::Guard;
use market_core::{
    alarm::AlarmRule,
    evaluation::Rater,
    publicity::NoticeKind,
    search::{PriceBand, Sort},
};
use serde_json::{Value, json};

use crate::harness::TestApp;

fn description() -> Value {
    serde_json::to_value(market_api::openapi()).unwrap()
}

/// Every operation, with its method and path.
fn operations(description: &Value) -> Vec<(String, &Value)> {
    let paths = description["paths"].as_object().unwrap().iter();
    let named = paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    named.collect()
}

#[test]
fn the_description_is_as_reviewed() {
    insta::assert_snapshot!(market_api::openapi().to_pretty_json().unwrap());
}

#[test]
fn every_operation_is_described_alike() {
    let description = description();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&description) {
        let problem = &operation["responses"]["default"]["$ref"];
        assert_eq!(problem, "#/components/responses/Problem", "{name}");
        assert!(operation["summary"].is_string() && operation["tags"][0].is_string(), "{name}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}: its id is taken");
        let is_write = !name.starts_with("get ");
        let is_open = operation["security"].is_null();
        let opens = name.ends_with("/sign-up") || name.ends_with("/sessions");
        // It is asked about a file, and keeps nothing.
        let asks = name == "post /api/v1/verifications";
        assert!(!is_write || !is_open || opens || asks, "{name} changes something for anybody");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["name"] == "limit" {
                let schema = &parameter["schema"];
                // Nobody reads more than a few suggestions.
                let most = if name.ends_with("/suggestions") { 20 } else { 100 };
                assert_eq!((&schema["minimum"], &schema["maximum"]), (&1.into(), &most.into()));
            }
        }
    }
}

/// Whether an operation has a parameter, and needs it.
fn takes(operation: &Value, name: &str) -> Option<bool> {
    let parameters = operation["parameters"].as_array()?;
    let found = parameters.iter().find(|one| one["name"] == name)?;
    Some(found["required"] == true)
}

/// What changes something has its guards, or a row in the table of exceptions that says why not.
#[test]
fn every_change_is_guarded_or_says_why_not() {
    let description = description();
    let mut unused: Vec<_> = market_api::EXCEPTIONS.iter().collect();
    for (name, operation) in operations(&description) {
        let id = operation["operationId"].as_str().unwrap();
        let (method, path) = name.split_once(' ').unwrap();
        let mut excepted = |guard: Guard| {
            let before = unused.len();
            unused.retain(|one| (one.operation, one.without) != (id, guard));
            before > unused.len()
        };
        let is_change = method != "get";
        // Whoever posts to a list makes something; all else changes something that there is.
        let is_of_one = method != "post" || path.contains('{');
        for (guard, is_needed) in [
            (Guard::Key, is_change),
            (Guard::Version, is_change && is_of_one),
            (Guard::Rehearsal, is_change),
        ] {
            let expected = match (is_needed && !excepted(guard), guard) {
                (false, _) => None,
                (true, Guard::Rehearsal) => Some(false),
                (true, _) => Some(true),
            };
            assert_eq!(takes(operation, guard.name()), expected, "{name}: {}", guard.name());
        }
    }
    assert!(unused.is_empty(), "no such operations: {unused:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(root: &Value, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let place = reference.trim_start_matches('#');
                    assert!(root.pointer(place).is_some(), "{reference}");
                }
                fields.values().for_each(|value| check(root, value));
            }
            Value::Array(values) => values.iter().for_each(|value| check(root, value)),
            _ => {}
        }
    }
    let description = description();
    check(&description, &description);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_and_its_page_are_served() {
    let app = TestApp::sqlite().await;
    let served = app.get("/api/v1/openapi.json").gives(200).await;
    assert_eq!(served.json, description());
    let page = app.get("/docs/").gives(200).await;
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
    app.get("/docs/swagger-ui-bundle.js").gives(200).await;
    app.close().await;
}

#[test]
fn a_choice_is_described_by_the_words_that_are_sent() {
    let description = description();
    let described = |name: &str| description["components"]["schemas"][name]["enum"].clone();
    assert_eq!(described("NoticeKind"), json!(NoticeKind::ALL));
    assert_eq!(described("PriceBand"), json!(PriceBand::ALL));
    assert_eq!(described("Sort"), json!(Sort::ALL));
    assert_eq!(described("Rater"), json!(Rater::ALL));
    assert_eq!(described("AlarmRule"), json!(AlarmRule::ALL));
}
