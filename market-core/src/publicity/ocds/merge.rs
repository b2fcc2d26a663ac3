//! How releases become one: the merge of OCDS 1.1.

use serde_json::{Map, Value, json};

/// The compiled release of releases in the order of their dates. Objects merge field by field,
/// lists of things with ids merge thing by thing, and anything else is replaced by what came later;
/// null takes away.
pub(super) fn merge(releases: &[Value]) -> Value {
    let mut compiled = Value::Object(Map::new());
    for release in releases {
        let mut release = release.clone();
        if let Some(fields) = release.as_object_mut() {
            for omitted in ["id", "date", "tag"] {
                fields.remove(omitted);
            }
        }
        merge_into(&mut compiled, release);
    }
    if let Some(last) = releases.last() {
        let (ocid, date) = (&last["ocid"], &last["date"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        compiled["id"] = json!(format!("{}-{}", text(ocid), text(date)));
        compiled["date"] = date.clone();
        compiled["tag"] = json!(["compiled"]);
    }
    compiled
}

fn merge_into(base: &mut Value, later: Value) {
    match (base, later) {
        (Value::Object(base), Value::Object(later)) => {
            for (name, value) in later {
                if value.is_null() {
                    base.remove(&name);
                } else {
                    merge_into(base.entry(name).or_insert(Value::Null), value);
                }
            }
        }
        (Value::Array(base), Value::Array(later)) if have_ids(base) && have_ids(&later) => {
            for value in later {
                match base.iter_mut().find(|one| one["id"] == value["id"]) {
                    Some(same) => merge_into(same, value),
                    None => base.push(value),
                }
            }
        }
        (base, later) => *base = later,
    }
}

fn have_ids(values: &[Value]) -> bool {
    values.iter().all(|value| value.get("id").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_merge_as_the_standard_says() {
        let releases = [
            json!({
                "ocid": "o-1", "id": "1", "date": "2026-01-01T00:00:00Z", "tag": ["tender"],
                "tender": { "id": "t", "status": "active", "submissionMethod": ["a", "b"] },
                "awards": [{ "id": "a0", "status": "pending", "title": "x" }],
            }),
            json!({
                "ocid": "o-1", "id": "2", "date": "2026-01-02T00:00:00Z", "tag": ["award"],
                "tender": { "id": "t", "status": "complete", "submissionMethod": ["c"] },
                "awards": [{ "id": "a0", "status": "cancelled", "title": null }, { "id": "a1" }],
            }),
        ];
        assert_eq!(
            merge(&releases),
            json!({
                "ocid": "o-1", "id": "o-1-2026-01-02T00:00:00Z", "date": "2026-01-02T00:00:00Z",
                "tag": ["compiled"],
                "tender": { "id": "t", "status": "complete", "submissionMethod": ["c"] },
                "awards": [{ "id": "a0", "status": "cancelled" }, { "id": "a1" }],
            })
        );
    }
}
