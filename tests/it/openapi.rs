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
        // Who has no token yet, and what is itself a secret.
        let open = [
            "/sign-up",
            "/v1/sessions",
            "/sessions/refresh",
            "/invitations/look",
            "/invitations/join",
        ];
        let opens = open.iter().any(|end| name.ends_with(end));
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

/// What a reference leads to, or the thing itself.
fn at<'d>(description: &'d Value, value: &'d Value) -> &'d Value {
    let reference = value["$ref"].as_str();
    let found = reference.and_then(|place| description.pointer(place.trim_start_matches('#')));
    found.unwrap_or(value)
}

/// Whether a schema says by itself what a value looks like.
fn is_told(schema: &Value) -> bool {
    ["example", "examples", "enum", "default"].iter().any(|key| schema.get(key).is_some())
        || schema["type"] == "boolean"
        || schema["format"] == "uuid"
}

/// Every example of an operation, with its place and its schema; an example that is not there is
/// nothing. Files have none.
fn examples<'d>(name: &str, operation: &'d Value) -> Vec<(String, &'d Value, Option<&'d Value>)> {
    let mut examples = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let place = format!("{name}: {}", parameter["name"].as_str().unwrap());
        examples.push((place, &parameter["schema"], parameter.get("example")));
    }
    let mut of_content = |place: &str, content: &'d Value| {
        if let Some(content) = content.get("application/json") {
            examples.push((format!("{name}: {place}"), &content["schema"], content.get("example")));
        }
    };
    of_content("body", &operation["requestBody"]["content"]);
    for (status, answer) in operation["responses"].as_object().unwrap() {
        of_content(status, &answer["content"]);
    }
    examples
}

#[test]
fn every_operation_has_examples() {
    let description = description();
    let mut without = Vec::new();
    for (name, operation) in operations(&description) {
        let all = examples(&name, operation).into_iter();
        let lacking = all
            .filter(|(_, schema, example)| example.is_none() && !is_told(at(&description, schema)));
        without.extend(lacking.map(|(place, ..)| place));
    }
    assert!(without.is_empty(), "{} without an example:\n{}", without.len(), without.join("\n"));
}

/// Something that begins like a secret of ours and is none of the x's that stand for one.
fn secret_in(text: &str) -> Option<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut secrets = words.filter(|word| {
        let (start, rest) = word.split_once('_').unwrap_or_default();
        let is_ours = start == "whsec" || start.starts_with("mkt");
        is_ours && rest.len() > 20 && rest.bytes().any(|b| b != b'x')
    });
    secrets.next()
}

#[test]
fn every_example_is_of_what_it_stands_for() {
    let description = description();
    let components = &description["components"];
    let mut wrong = Vec::new();
    for (name, operation) in operations(&description) {
        for (place, schema, example) in examples(&name, operation) {
            let Some(example) = example else { continue };
            if let Some(secret) = secret_in(&example.to_string()) {
                wrong.push(format!("{place}: shows {secret}"));
            }
            let whole = json!({ "components": components, "allOf": [schema] });
            let validator = jsonschema::validator_for(&whole).unwrap();
            let faults = validator.iter_errors(example).map(|why| format!("{place}: {why}"));
            wrong.extend(faults);
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_link_gives_what_its_operation_takes() {
    let description = description();
    let all = operations(&description);
    let mut linked = 0;
    for (name, operation) in &all {
        for answer in operation["responses"].as_object().unwrap().values() {
            for link in answer["links"].as_object().into_iter().flat_map(|links| links.values()) {
                let target = all.iter().find(|(_, one)| one["operationId"] == link["operationId"]);
                let (path, target) = target.unwrap_or_else(|| panic!("{name}: {link}"));
                let given = link["parameters"].as_object().unwrap();
                let taken = path.matches('{').count();
                assert_eq!(given.len(), taken, "{name}: {link}");
                assert!(
                    given.keys().all(|name| takes(target, name) == Some(true)),
                    "{name}: {link}"
                );
                linked += 1;
            }
        }
    }
    assert!(linked > 100, "{linked}");
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
