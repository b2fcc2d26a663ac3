//! Messages of JSON-RPC 2.0, as far as the protocol uses it.

use serde_json::{Value, json};

use crate::body;

/// What was read of a message.
#[derive(Debug)]
pub(super) enum Read {
    /// A request, which is answered.
    Asked(Asked),
    /// A notification, or an answer to what we never asked.
    Told,
}

/// A request.
#[derive(Debug)]
pub(super) struct Asked {
    /// What the answer is for.
    pub(super) id: Value,
    /// What is to be done.
    pub(super) method: String,
    /// With what; an object.
    pub(super) params: Value,
}

/// Why a message is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    code: i32,
    message: String,
}

impl Fault {
    fn malformed(why: &str) -> Self {
        Self { code: -32_700, message: format!("not JSON: {why}") }
    }

    fn request(why: &str) -> Self {
        Self { code: -32_600, message: why.to_owned() }
    }

    /// There is no such method.
    pub(super) fn no_method(name: &str) -> Self {
        Self { code: -32_601, message: format!("no method {name:?}") }
    }

    /// Something is wrong with the parameters.
    pub(super) fn params(why: &str) -> Self {
        Self { code: -32_602, message: why.to_owned() }
    }

    /// Ours to mend.
    pub(super) fn internal() -> Self {
        Self { code: -32_603, message: "something is wrong on our side".to_owned() }
    }

    /// The fault as it is sent.
    pub(super) fn told(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}

/// Reads a message.
pub(super) fn read(bytes: &[u8]) -> Result<Read, Fault> {
    let value = body::json(bytes).map_err(|why| Fault::malformed(&why.to_string()))?;
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Array(_) => return Err(Fault::request("one message at a time: batches are gone")),
        _ => return Err(Fault::request("a message is an object")),
    };
    if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(Fault::request("jsonrpc: must be \"2.0\""));
    }
    let Some(method) = fields.get("method") else {
        let is_answer = fields.contains_key("result") || fields.contains_key("error");
        return if is_answer { Ok(Read::Told) } else { Err(Fault::request("method: is missing")) };
    };
    let method = method.as_str().ok_or_else(|| Fault::request("method: must be a text"))?;
    let params = match fields.get("params") {
        None => json!({}),
        Some(params @ Value::Object(_)) => params.clone(),
        Some(_) => return Err(Fault::request("params: must be an object")),
    };
    match fields.get("id") {
        None => Ok(Read::Told),
        Some(id) if id.is_string() || id.is_i64() || id.is_u64() => {
            let (id, method) = (id.clone(), method.to_owned());
            Ok(Read::Asked(Asked { id, method, params }))
        }
        Some(_) => Err(Fault::request("id: must be a text or a whole number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_says_why() {
        let of = |text: &str| read(text.as_bytes()).unwrap_err();
        for (text, code, why) in [
            ("", -32_700, "not JSON"),
            ("{", -32_700, "not JSON"),
            (r#"{"jsonrpc":"2.0","jsonrpc":"2.0"}"#, -32_700, "jsonrpc"),
            ("[]", -32_600, "batches"),
            ("7", -32_600, "object"),
            (r#"{"id":1,"method":"ping"}"#, -32_600, "jsonrpc"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32_600, "jsonrpc"),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32_600, "method"),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32_600, "method"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32_600, "id"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32_600, "id"),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32_600, "id"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32_600, "params"),
        ] {
            let fault = of(text);
            assert!(fault.code == code && fault.message.contains(why), "{text}: {fault:?}");
        }
    }

    #[test]
    fn a_request_has_an_id_and_what_has_none_is_told() {
        let of = |text: &str| read(text.as_bytes()).unwrap();
        let asked = of(r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#);
        assert!(matches!(asked, Read::Asked(one) if one.id == "a" && one.params == json!({})));
        for told in [
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
        ] {
            assert!(matches!(of(told), Read::Told), "{told}");
        }
    }
}
