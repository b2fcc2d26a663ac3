//! What breaks those who call the API: the description held against that of the last release.
//!
//! `docs/openapi/released.json` is written at a release, with `UPDATE_RELEASED=1`. Until the next
//! one, whatever takes something from a caller is named in the changelog, or undone.

mod schemas;

use std::{collections::BTreeSet, fs, path::PathBuf};

use serde_json::{Map, Value, json};

use self::schemas::Comparing;

fn in_root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

const RELEASED: &str = "docs/openapi/released.json";

/// Something that a caller could rely on, and no longer can.
#[derive(Debug, PartialEq, Eq)]
struct Broken {
    /// The operation's id.
    operation: String,
    what: String,
}

/// A description without what nobody's program relies on.
fn bare(value: Value) -> Value {
    let words = ["description", "summary", "example", "examples", "links", "tags"];
    let all = |fields: Map<String, Value>| -> Map<_, _> {
        fields.into_iter().map(|(name, value)| (name, bare(value))).collect()
    };
    match value {
        Value::Object(mut fields) => {
            // A property may be called like one of the words.
            let properties = match fields.remove("properties") {
                Some(Value::Object(properties)) => Some(all(properties).into()),
                other => other,
            };
            fields.retain(|name, _| !words.contains(&name.as_str()));
            let mut kept = all(fields);
            kept.extend(properties.map(|properties| ("properties".to_owned(), properties)));
            kept.into()
        }
        Value::Array(items) => items.into_iter().map(bare).collect(),
        other => other,
    }
}

fn operations(description: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = description["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// Everything that is broken between two descriptions.
fn broken(old: &Value, new: &Value) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (name, before) in operations(old) {
        let id = before["operationId"].as_str().unwrap_or(&name).to_owned();
        let Some((_, after)) = operations(new).find(|(other, _)| *other == name) else {
            broken.push(Broken { operation: id, what: format!("{name} is gone") });
            continue;
        };
        let found = of_operation(Comparing::new(old, new), before, after);
        broken.extend(found.into_iter().map(|what| Broken { operation: id.clone(), what }));
    }
    broken
}

fn of_operation(mut compare: Comparing<'_>, old: &Value, new: &Value) -> Vec<String> {
    let list = |operation: &Value| {
        operation["parameters"].as_array().cloned().unwrap_or_default().into_iter()
    };
    let key = |one: &Value| (one["name"].clone(), one["in"].clone());
    for after in list(new) {
        let before = list(old).find(|one| key(one) == key(&after));
        let is_needed = after["required"] == true;
        if is_needed && before.is_none_or(|before| before["required"] != true) {
            compare.note(format!("parameter {} must be given now", after["name"]));
        }
    }
    for before in list(old) {
        let place = format!("parameter {}", before["name"]);
        match list(new).find(|one| key(one) == key(&before)) {
            Some(after) => compare.taken(&place, &before["schema"], &after["schema"]),
            None => compare.note(format!("{place} is gone")),
        }
    }
    let (before, after) = (&old["requestBody"], &new["requestBody"]);
    if before["required"] != true && after["required"] == true {
        compare.note("a body must be sent now".to_owned());
    }
    for (kind, content) in before["content"].as_object().into_iter().flatten() {
        match after["content"].get(kind) {
            Some(after) => compare.taken("body", &content["schema"], &after["schema"]),
            None => compare.note(format!("a body of {kind} is no longer taken")),
        }
    }
    for (status, before) in old["responses"].as_object().into_iter().flatten() {
        let Some(after) = new["responses"].get(status) else {
            compare.note(format!("it is no longer answered with {status}"));
            continue;
        };
        for (kind, content) in before["content"].as_object().into_iter().flatten() {
            match after["content"].get(kind) {
                Some(after) => {
                    compare.given(
                        &format!("answer {status}"),
                        &content["schema"],
                        &after["schema"],
                    );
                }
                None => compare.note(format!("answer {status} is no longer {kind}")),
            }
        }
    }
    compare.broken
}

/// The operations that the changelog says are broken since the last release.
fn admitted(changelog: &str) -> BTreeSet<String> {
    let unreleased = changelog.split("\n## ").find(|part| part.starts_with("Unreleased"));
    let lines = unreleased.unwrap_or_default().lines();
    let breaking = lines.filter(|line| line.starts_with("- **breaking:**"));
    breaking.flat_map(|line| line.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn nothing_is_broken_that_the_changelog_does_not_name() {
    let now = bare(serde_json::to_value(market_api::openapi()).unwrap());
    if std::env::var_os("UPDATE_RELEASED").is_some() {
        let text = serde_json::to_string_pretty(&now).unwrap() + "\n";
        fs::write(in_root(RELEASED), text).unwrap();
    }
    let released = fs::read_to_string(in_root(RELEASED)).unwrap();
    let named = admitted(&fs::read_to_string(in_root("CHANGELOG.md")).unwrap());
    let broken = broken(&serde_json::from_str(&released).unwrap(), &now);
    let unnamed = broken.iter().filter(|one| !named.contains(&one.operation));
    let told: Vec<_> = unnamed.map(|one| format!("{}: {}", one.operation, one.what)).collect();
    assert!(
        told.is_empty(),
        "{} breaking changes without a line `- **breaking:** …` of CHANGELOG.md that names the \
         operation, such as `orders_place`:\n{}",
        told.len(),
        told.join("\n"),
    );
}

/// A description of one operation that takes and gives a thing.
fn of(parameters: &Value, body: &Value, answer: &Value) -> Value {
    json!({ "paths": { "/things": { "post": {
        "operationId": "things_make",
        "parameters": parameters,
        "requestBody": { "content": { "application/json": { "schema": body } } },
        "responses": { "201": { "content": { "application/json": { "schema": answer } } } },
    } } } })
}

fn whats(old: &Value, new: &Value) -> Vec<String> {
    broken(old, new).into_iter().map(|one| one.what).collect()
}

#[test]
fn an_operation_that_is_gone_is_broken() {
    let old = of(&json!([]), &json!({}), &json!({}));
    let gone = broken(&old, &json!({ "paths": {} }));
    assert_eq!(gone.len(), 1);
    assert_eq!((&*gone[0].operation, &*gone[0].what), ("things_make", "post /things is gone"));
    assert_eq!(broken(&json!({ "paths": {} }), &old), []);
}

#[test]
fn parameters_may_come_but_not_be_needed_or_go() {
    let with = |needed: &[bool]| {
        let parameters = needed.iter().enumerate().map(|(n, needed)| {
            json!({ "name": format!("p{n}"), "in": "query", "required": needed, "schema": {} })
        });
        of(&parameters.collect(), &json!({}), &json!({}))
    };
    assert_eq!(whats(&with(&[false]), &with(&[false, false])), [""; 0]);
    assert_eq!(whats(&with(&[true]), &with(&[false])), [""; 0]);
    assert_eq!(whats(&with(&[false]), &with(&[true])), ["parameter \"p0\" must be given now"]);
    assert_eq!(whats(&with(&[]), &with(&[true])), ["parameter \"p0\" must be given now"]);
    assert_eq!(whats(&with(&[false]), &with(&[])), ["parameter \"p0\" is gone"]);
}

#[test]
fn bodies_may_take_more_but_not_less() {
    let less = |old: Value, new: Value| {
        whats(&of(&json!([]), &old, &json!({})), &of(&json!([]), &new, &json!({})))
    };
    let text = |more: Value| {
        let mut schema = json!({ "type": "string" });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    let thing = |fields: Value, needed: Value| {
        json!({
            "type": "object", "properties": fields, "required": needed,
            "additionalProperties": false,
        })
    };
    let (a, b) = (json!({ "enum": ["a"] }), json!({ "enum": ["a", "b"] }));
    assert_eq!(less(text(a.clone()), text(b.clone())), [""; 0]);
    assert_eq!(less(text(b), text(a.clone())), ["body no longer takes \"b\""]);
    assert_eq!(less(text(json!({})), text(a)), ["body takes only some values now"]);
    for (old, new, what) in [
        (json!({ "maxLength": 9 }), json!({ "maxLength": 8 }), "body has a stricter maxLength"),
        (json!({}), json!({ "minLength": 1 }), "body has a stricter minLength"),
        (json!({ "pattern": "^a" }), json!({ "pattern": "^b" }), "body has another pattern"),
        (json!({ "format": "date" }), json!({ "format": "uuid" }), "body has another format"),
    ] {
        assert_eq!(less(text(old.clone()), text(new.clone())), [what]);
        assert_eq!(less(text(new), text(json!({}))), [""; 0]);
    }
    let number = json!({ "type": "integer" });
    assert_eq!(less(text(json!({})), number.clone()), ["body is no longer a string"]);
    assert_eq!(less(number.clone(), json!({ "type": ["integer", "null"] })), [""; 0]);
    let (one, two) = (json!({ "n": number }), json!({ "n": number, "m": number }));
    assert_eq!(less(thing(one.clone(), json!([])), thing(two.clone(), json!([]))), [""; 0]);
    assert_eq!(
        less(thing(two.clone(), json!([])), thing(one.clone(), json!([]))),
        ["body/m is gone"]
    );
    let needed = less(thing(one, json!([])), thing(two, json!(["m"])));
    assert_eq!(needed, ["body/m must be given now"]);
    let list = |most: u32| json!({ "type": "array", "items": { "maximum": most } });
    assert_eq!(less(list(2), list(1)), ["body/* has a stricter maximum"]);
    let either = |kinds: &[&str]| {
        let kinds =
            kinds.iter().map(|kind| thing(json!({ "k": { "enum": [kind] } }), json!(["k"])));
        json!({ "oneOf": kinds.collect::<Vec<_>>() })
    };
    assert_eq!(less(either(&["a"]), either(&["a", "b"])), [""; 0]);
    assert_eq!(
        less(either(&["a", "b"]), either(&["b"])),
        ["body no longer takes one of its forms: a"]
    );
}

#[test]
fn answers_may_tell_more_but_not_less() {
    let less = |old: Value, new: Value| {
        whats(&of(&json!([]), &json!({}), &old), &of(&json!([]), &json!({}), &new))
    };
    let thing = |fields: Value, needed: Value| json!({ "type": "object", "properties": fields, "required": needed });
    let (one, two) = (json!({ "n": {} }), json!({ "n": {}, "m": {} }));
    assert_eq!(
        less(thing(one.clone(), json!(["n"])), thing(two.clone(), json!(["n", "m"]))),
        [""; 0]
    );
    assert_eq!(
        less(thing(two, json!([])), thing(one.clone(), json!([]))),
        ["answer 201/m is gone"]
    );
    assert_eq!(
        less(thing(one.clone(), json!(["n"])), thing(one, json!([]))),
        ["answer 201/n may be missing now"]
    );
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": ["string", "null"] });
    assert_eq!(less(maybe.clone(), text.clone()), [""; 0]);
    assert_eq!(less(text, maybe), ["answer 201 may be a null now"]);
}

#[test]
fn what_may_be_missing_is_looked_into_where_it_is_there() {
    let described = |thing: Value| {
        let maybe =
            json!({ "oneOf": [{ "$ref": "#/components/schemas/Thing" }, { "type": "null" }] });
        let mut described = of(&json!([]), &json!({}), &maybe);
        described["components"] = json!({ "schemas": { "Thing": thing } });
        described
    };
    let thing = |fields: Value, needed: Value| json!({ "type": "object", "properties": fields, "required": needed });
    let old = described(thing(json!({ "n": {}, "m": {} }), json!(["n", "m"])));
    let new = described(thing(json!({ "n": {} }), json!(["n"])));
    assert_eq!(whats(&old, &new), ["answer 201/m is gone"]);
    assert_eq!(whats(&new, &old), [""; 0]);
}

#[test]
fn references_are_followed_also_in_a_ring() {
    let with = |kind: &str| {
        let mut whole = of(&json!([]), &json!({}), &json!({ "$ref": "#/components/schemas/Tree" }));
        let tree = json!({
            "type": "object",
            "properties": {
                "leaf": { "type": kind },
                "trees": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } },
            },
        });
        whole["components"] = json!({ "schemas": { "Tree": tree } });
        whole
    };
    assert_eq!(whats(&with("string"), &with("string")), [""; 0]);
    assert_eq!(whats(&with("string"), &with("integer")), ["answer 201/leaf may be a integer now"]);
}

#[test]
fn the_changelog_admits_by_the_ids_of_operations() {
    let log = "# Changelog\n\n## Unreleased\n\n- **breaking:** `orders_place` and `cases_open` need \
        more.\n- **added:** `agencies_list`.\n\n## 1.0.0\n\n- **breaking:** `cases_show`.\n";
    let named: Vec<_> = admitted(log).into_iter().collect();
    assert_eq!(named, ["cases_open", "orders_place"]);
}
