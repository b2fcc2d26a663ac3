//! Canonical JSON (RFC 8785) of what has no fractions and only plain keys: the same thing is always
//! the same bytes, in every language.

use serde::Serialize;
use serde_json::Value;

/// The largest whole number that every reader of JSON keeps exactly.
pub(super) const LARGEST: u64 = (1 << 53) - 1;

/// Why something has no canonical form here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct NotCanonical {
    /// Where it stands, as a JSON pointer.
    pub place: String,
    /// What cannot be written so that everybody reads the same.
    pub why: &'static str,
}

/// The canonical bytes of a thing.
pub(crate) fn canonical(thing: &impl Serialize) -> Result<Vec<u8>, NotCanonical> {
    let value = serde_json::to_value(thing)
        .map_err(|_| NotCanonical { place: String::new(), why: "not JSON" })?;
    let mut out = String::new();
    write(&value, &mut String::new(), &mut out)?;
    Ok(out.into_bytes())
}

fn write(value: &Value, place: &mut String, out: &mut String) -> Result<(), NotCanonical> {
    let refuse = |place: &str, why| Err(NotCanonical { place: place.to_owned(), why });
    let depth = place.len();
    match value {
        Value::Number(number) => {
            let size = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            match size {
                None => return refuse(place, "a number with a fraction; write it as a text"),
                Some(size) if size > LARGEST => return refuse(place, "a number above 2^53 - 1"),
                Some(_) => out.push_str(&number.to_string()),
            }
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                place.extend(["/", &index.to_string()]);
                write(item, place, out)?;
                place.truncate(depth);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            // Sorted here, because another crate of the program may have maps keep their order.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                place.extend(["/", key]);
                if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
                    return refuse(place, "a key of other than letters, digits, _, - and .");
                }
                out.extend(["\"", key, "\":"]);
                write(value, place, out)?;
                place.truncate(depth);
            }
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(canonical(value).unwrap()).unwrap()
    }

    #[test]
    fn the_same_thing_is_the_same_bytes() {
        // The strings of RFC 8785, 3.2.2.2, and its order of keys.
        let value = json!({
            "b": [1, -2, 0, LARGEST, true, false, null, {}, []],
            "a_": "\u{20ac}$\u{f}\nA'B\"\\\\\"/\u{8}\u{c}\r\t\u{7f}\u{2028}环𠮷",
            "A": "",
            "a": 1,
        });
        assert_eq!(
            text(&value),
            "{\"A\":\"\",\"a\":1,\"a_\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\r\\t\u{7f}\u{2028}环𠮷\",\
             \"b\":[1,-2,0,9007199254740991,true,false,null,{},[]]}"
        );
    }

    #[test]
    fn what_readers_read_differently_is_refused_with_its_place() {
        for (value, place) in [
            (json!({"rule": {"weights": [1, 0.5]}}), "/rule/weights/1"),
            (json!([1.0]), "/0"),
            (json!(-0.0), ""),
            (json!({"x": LARGEST + 1}), "/x"),
            (json!({"x": -9_007_199_254_740_992_i64}), "/x"),
            (json!({"x": u64::MAX}), "/x"),
            (json!({"权重": 1}), "/权重"),
            (json!({"a\"b": 1}), "/a\"b"),
        ] {
            assert_eq!(canonical(&value).unwrap_err().place, place, "{value}");
        }
    }
}
