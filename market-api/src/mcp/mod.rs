//! `/mcp`: read-only tools for assistants, by the Model Context Protocol over HTTP
//! (docs/mcp.md).
//!
//! Each request stands for itself: no session, no stream. `message` is what is read and answered,
//! `tools` says what tools there are, `calls` what each of them does, `said` how answers are told.
//! A tool calls the same functions of the core as the API, as whoever sends the request.

mod calls;
mod message;
mod said;
mod tools;

use axum::{
    Router,
    body::Bytes,
    extract::{FromRequest, OptionalFromRequestParts, Request, State},
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{CONTENT_TYPE, ORIGIN},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::post,
};
use market_core::Actor;
use serde_json::{Value, json};

use self::{
    message::{Asked, Fault, Read},
    tools::Tool,
};
use crate::{
    App,
    body::{is_json, unread},
    caller::Caller,
    edge::RequestId,
    offered::accepts,
    problem::{AsItIs, Code, Language, Problem},
};

/// The revisions of the protocol that are spoken, the latest first.
pub(crate) const VERSIONS: &[&str] = &["2025-11-25", "2025-06-18"];

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// The names of all tools.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Tool::ALL.iter().map(|tool| tool.name())
}

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/mcp", post(receive))
}

/// Whoever asks, and how they want to be answered.
pub(crate) struct Asker<'a> {
    pub(crate) app: &'a App,
    pub(crate) actor: Option<Actor>,
    pub(crate) language: Language,
    /// The id of the request.
    pub(crate) request: String,
}

async fn receive(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    admitted(&app, &parts)?;
    let caller =
        <Caller as OptionalFromRequestParts<App>>::from_request_parts(&mut parts, &app).await?;
    let language = Language::of(&parts.headers);
    let request = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let whole = Bytes::from_request(Request::from_parts(parts, body), &app).await;
    let whole = whole.map_err(|why| unread(why.status(), &why))?;
    let actor = caller.map(|Caller(actor)| actor);
    let asker = Asker { app: &app, actor, language, request };
    Ok(match message::read(&whole) {
        Ok(Read::Asked(question)) => {
            let id = question.id.clone();
            answered(StatusCode::OK, &id, asker.answer(question).await)
        }
        // Nothing is told to us that we would have to heed.
        Ok(Read::Told) => StatusCode::ACCEPTED.into_response(),
        Err(fault) => answered(StatusCode::BAD_REQUEST, &Value::Null, Err(fault)),
    })
}

/// Whether a request may be looked into, as far as its head says.
fn admitted(app: &App, parts: &Parts) -> Result<(), Problem> {
    let headers = &parts.headers;
    if !is_from_here(headers, &app.market().publisher().url) {
        return Err(Code::OTHER_ORIGIN.into());
    }
    if !accepts(headers, &["application/json".to_owned()]) {
        return Err(Problem::new(Code::NOT_ACCEPTABLE, "the answer is application/json"));
    }
    if !is_json(headers) {
        return Err(Code::MEDIA_TYPE.into());
    }
    let version = headers.get(VERSION).map(|version| version.to_str().unwrap_or_default());
    if version.is_some_and(|version| !VERSIONS.contains(&version)) {
        let detail = format!("MCP-Protocol-Version must be {}", VERSIONS.join(" or "));
        return Err(Problem::new(Code::MALFORMED, detail));
    }
    Ok(())
}

/// Whether a request comes from no page at all or from one of this server. A page of another site
/// that has a browser ask for it says so in `Origin`, whatever name it has had resolved to us.
fn is_from_here(headers: &HeaderMap, url: &str) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let own = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    origins.next().is_none()
        && origin.to_str().is_ok_and(|origin| origin.eq_ignore_ascii_case(&own))
}

fn answered(status: StatusCode, id: &Value, outcome: Result<Value, Fault>) -> Response {
    let body = match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(fault) => json!({ "jsonrpc": "2.0", "id": id, "error": fault.told() }),
    };
    let kind = [(CONTENT_TYPE, "application/json")];
    let mut response = (status, kind, body.to_string()).into_response();
    response.extensions_mut().insert(AsItIs);
    response
}

impl Asker<'_> {
    /// Answers a request.
    async fn answer(&self, asked: Asked) -> Result<Value, Fault> {
        let Asked { method, params, .. } = asked;
        match method.as_str() {
            "initialize" => self.initialize(&params),
            "ping" => Ok(json!({})),
            "tools/list" => self.list(&params),
            "tools/call" => self.call(&params).await,
            _ => Err(Fault::no_method(&method)),
        }
    }

    fn initialize(&self, params: &Value) -> Result<Value, Fault> {
        let wanted = params.get("protocolVersion").and_then(Value::as_str);
        let wanted = wanted.ok_or_else(|| {
            Fault::params("params.protocolVersion: must be a text, such as 2025-11-25")
        })?;
        // Whoever asks for another revision is told ours, and may go.
        let spoken = VERSIONS.iter().find(|one| **one == wanted).or(VERSIONS.first());
        let name = &self.app.market().publisher().name;
        Ok(json!({
            "protocolVersion": spoken,
            "capabilities": { "tools": {} },
            "serverInfo": {
                "name": "market",
                "title": name,
                "version": env!("CARGO_PKG_VERSION"),
            },
            "instructions": self.language.pick(INSTRUCTIONS_ZH, INSTRUCTIONS_EN),
        }))
    }

    fn list(&self, params: &Value) -> Result<Value, Fault> {
        if params.get("cursor").is_some_and(|cursor| !cursor.is_null()) {
            return Err(Fault::params("params.cursor: the list has one page"));
        }
        let tools = Tool::ALL.iter().filter(|tool| tool.is_public() || self.actor.is_some());
        Ok(json!({ "tools": tools.map(|tool| tool.described(self.language)).collect::<Vec<_>>() }))
    }

    async fn call(&self, params: &Value) -> Result<Value, Fault> {
        let name = params.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| Fault::params("params.name: must be the name of a tool"))?;
        let tool = Tool::ALL.iter().find(|tool| tool.name() == name);
        let tool = *tool.ok_or_else(|| Fault::params(&format!("params.name: no tool {name:?}")))?;
        let arguments = match params.get("arguments") {
            None | Some(Value::Null) => json!({}),
            Some(arguments) => arguments.clone(),
        };
        metrics::counter!("market_mcp_calls_total", "tool" => tool.name()).increment(1);
        self.told(self.run(tool, arguments).await)
    }
}

const INSTRUCTIONS_ZH: &str = "网上中介服务超市的只读工具：查找中介机构和“一件事”，查看一件事需要哪些中介服务、\
    某个审批环节的要求；登录后还可查看本人办件和订单的进度。回答中的编号和代码可在本站查证；\
    工具不会下单、付款或更改任何内容。";
const INSTRUCTIONS_EN: &str = "Read-only tools of a marketplace of intermediary services \
    (网上中介服务超市): find agencies and matters (一件事), the services that a matter needs, what a \
    step of an approval asks for; with a token, how one's own cases and orders stand. Codes and ids \
    in answers can be looked up here. No tool orders, pays or changes anything.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_server_may_ask() {
        let of = |origins: &[&str]| {
            let mut headers = HeaderMap::new();
            for origin in origins {
                headers.append(ORIGIN, origin.parse().unwrap());
            }
            is_from_here(&headers, "https://market.example.cn/service")
        };
        assert!(
            of(&[]) && of(&["https://market.example.cn"]) && of(&["HTTPS://Market.example.cn"])
        );
        for bad in [
            "https://market.example.cn.evil.cn",
            "http://market.example.cn",
            "https://market.example.cn:8443",
            "https://evil.cn",
            "null",
            "",
        ] {
            assert!(!of(&[bad]), "{bad}");
        }
        assert!(!of(&["https://market.example.cn", "https://evil.cn"]));
    }
}
