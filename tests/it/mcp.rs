//! Tools for assistants, by a scripted client.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    asking::{Answer, Asking},
    harness::{TestApp, on_both},
    trade::{Trade, step, trade},
};

/// An assistant that speaks for somebody, or for nobody.
struct Assistant<'a> {
    app: &'a TestApp,
    token: Option<&'a str>,
}

impl Assistant<'_> {
    fn sends(&self, message: &Value) -> Asking {
        let asking = self.app.ask(Method::POST, "/mcp").json(message).bare();
        let asking = asking.header("accept", "application/json, text/event-stream");
        match self.token {
            Some(token) => asking.by(token),
            None => asking,
        }
    }

    async fn asks(&self, method: &str, params: Value) -> Value {
        let message = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        let answer = self.sends(&message).gives(200).await;
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!((&answer.json["jsonrpc"], &answer.json["id"]), (&json!("2.0"), &json!(7)));
        answer.json
    }

    async fn tools(&self) -> Vec<Value> {
        let listed = self.asks("tools/list", json!({})).await;
        listed["result"]["tools"].as_array().unwrap().clone()
    }

    async fn names(&self) -> Vec<String> {
        let tools = self.tools().await.into_iter();
        tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// What a call comes to, which is no error of the protocol.
    async fn calls(&self, tool: &str, arguments: Value) -> Value {
        let called = self.asks("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        let result = called["result"].clone();
        assert!(result.is_object(), "{called}");
        assert_eq!(result["content"][0]["type"], "text");
        result
    }

    async fn learns(&self, tool: &str, arguments: Value) -> (Value, String) {
        let result = self.calls(tool, arguments).await;
        assert_eq!(result["isError"], false, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap().to_owned();
        (result["structuredContent"].clone(), text)
    }

    /// The code of what a call met, and its text.
    async fn meets(&self, tool: &str, arguments: Value) -> (String, String) {
        let result = self.calls(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        let text = result["content"][0]["text"].as_str().unwrap().to_owned();
        let code = result["structuredContent"]["code"].as_str().unwrap().to_owned();
        assert!(text.contains(&code), "{text}");
        (code, text)
    }

    /// The code and message of an error of the protocol.
    async fn errs(&self, method: &str, params: Value) -> (i64, String) {
        let error = self.asks(method, params).await["error"].clone();
        (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }
}

fn nobody(app: &TestApp) -> Assistant<'_> {
    Assistant { app, token: None }
}

fn code(answer: &Answer) -> i64 {
    answer.json["error"]["code"].as_i64().unwrap()
}

const PUBLIC: [&str; 4] = ["find_agencies", "find_matters", "services_of_matter", "explain_step"];

on_both! {
    async fn a_client_says_hello_and_learns_what_there_is(app: &TestApp) {
        let client = nobody(app);
        for (wanted, spoken) in
            [("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")]
        {
            let hello = json!({
                "protocolVersion": wanted, "capabilities": {},
                "clientInfo": { "name": "test", "version": "1" },
            });
            let result = client.asks("initialize", hello).await["result"].clone();
            assert_eq!(result["protocolVersion"], spoken);
            assert_eq!(result["serverInfo"]["name"], "market");
            assert_eq!(result["capabilities"], json!({ "tools": {} }));
        }
        let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(client.sends(&told).gives(202).await.text, "");
        assert_eq!(client.asks("ping", json!({})).await["result"], json!({}));
        for tool in client.tools().await {
            assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
            assert!(tool["description"].as_str().unwrap().len() > 20, "{tool}");
            let schema = &tool["inputSchema"];
            assert!(jsonschema::meta::is_valid(schema), "{schema}");
            let takes = jsonschema::validator_for(schema).unwrap();
            assert!(!takes.is_valid(&json!({ "nothing": 1 })), "{schema}");
        }
        assert_eq!(client.names().await, PUBLIC);
        let operator = app.operator().await;
        let names = Assistant { app, token: Some(&operator) }.names().await;
        assert_eq!(names[..4], PUBLIC);
        assert_eq!(names[4..], ["case_progress", "order_progress"]);
    }

    async fn what_is_no_message_is_refused_with_its_reason(app: &TestApp) {
        let client = nobody(app);
        let send = |text: &str| {
            let asking = app.ask(Method::POST, "/mcp").bare();
            asking.body("application/json", text.to_owned())
        };
        for (text, number) in [("{", -32_700), ("[]", -32_600), ("{}", -32_600), ("\"x\"", -32_600)] {
            let answer = send(text).gives(400).await;
            assert_eq!((code(&answer), &answer.json["id"]), (number, &Value::Null), "{text}");
        }
        for (method, params, number, why) in [
            ("tools/hammer", json!({}), -32_601, "tools/hammer"),
            ("resources/list", json!({}), -32_601, "resources/list"),
            ("initialize", json!({}), -32_602, "protocolVersion"),
            ("tools/list", json!({ "cursor": "x" }), -32_602, "cursor"),
            ("tools/call", json!({}), -32_602, "name"),
            ("tools/call", json!({ "name": "place_order" }), -32_602, "place_order"),
        ] {
            let (code, message) = client.errs(method, params).await;
            assert!(code == number && message.contains(why), "{method}: {code} {message}");
        }
        let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
        let ask = || client.sends(&ping);
        ask().header("mcp-protocol-version", "2025-06-18").gives(200).await;
        ask().header("mcp-protocol-version", "2024-11-05").meets(400, "malformed").await;
        ask().header("accept", "text/event-stream").meets(406, "not-acceptable").await;
        ask().header("content-type", "text/plain").meets(415, "unsupported-media-type").await;
        ask().header("origin", "https://evil.example").meets(403, "other-origin").await;
        ask().header("origin", "null").meets(403, "other-origin").await;
        let own = app.market.publisher().url.clone();
        ask().header("origin", &own).gives(200).await;
        ask().by("mkt_nobody").meets(401, "anonymous").await;
        let streams = app.get("/mcp").header("accept", "text/event-stream");
        streams.meets(405, "method-not-allowed").await;
        app.delete("/mcp").meets(405, "method-not-allowed").await;
        let long = json!({ "jsonrpc": "2.0", "id": 1, "method": "x".repeat(2 << 20) });
        client.sends(&long).meets(413, "body-too-large").await;
    }
}

on_both! { loaded:
    async fn anybody_asks_what_a_matter_needs(app: &TestApp) {
        app.market.search().catch_up().await.unwrap();
        let client = nobody(app);
        let (found, text) = client.learns("find_matters", json!({ "text": "开饭店" })).await;
        let codes: Vec<_> =
            found["matters"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
        assert!(codes.contains(&json!("open-restaurant")) && text.contains("开办餐馆"), "{text}");
        let of = json!({ "matter": "open-restaurant" });
        let (needed, text) = client.learns("services_of_matter", of).await;
        let services = needed["services"].as_array().unwrap();
        assert_eq!(services.len(), 4);
        let fire = services.iter().find(|one| one["service"]["code"] == "fire-facility-inspection").unwrap();
        assert_eq!(fire["steps"][0]["department"], "fire-rescue");
        assert!(text.contains("消防设施检测 (fire-facility-inspection)"), "{text}");
        let asked = json!({ "matter": "open-restaurant", "step": "s2" });
        let (told, text) = client.learns("explain_step", asked).await;
        assert_eq!(told["step"]["name"], "食品经营许可");
        assert_eq!((&told["after"][0]["key"], &told["in_case"]), (&json!("s1"), &Value::Null));
        for told in ["市场监督管理局", "法定 10，承诺 5", "营业执照登记", "食品安全管理制度", "房屋安全鉴定"] {
            assert!(text.contains(told), "{told}: {text}");
        }
        let english = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "explain_step",
                "arguments": { "matter": "open-restaurant", "step": "s2" } },
        });
        let answer = client.sends(&english).header("accept-language", "en").gives(200).await;
        assert!(answer.text.contains("10 by law, 5 promised"), "{}", answer.text);
    }

    async fn what_is_asked_wrongly_says_where(app: &TestApp) {
        let client = nobody(app);
        let matter = "open-restaurant";
        for (tool, arguments, place) in [
            ("find_agencies", json!({ "txet": "环评" }), "/txet"),
            ("find_agencies", json!({ "limit": 0 }), "/limit"),
            ("find_agencies", json!({ "limit": 21 }), "/limit"),
            ("find_agencies", json!({ "limit": "all" }), "/limit"),
            ("find_agencies", json!({ "item": "Not A Code" }), "/item"),
            ("find_agencies", json!({ "text": "\u{1b}[2J" }), "/text"),
            ("find_agencies", json!({ "text": "字".repeat(201) }), "/text"),
            ("find_agencies", json!([]), ""),
            ("find_matters", json!({}), "/text"),
            ("find_matters", json!({ "text": "  " }), "/text"),
            ("services_of_matter", json!({}), "/matter"),
            ("explain_step", json!({ "matter": matter }), "/step"),
            ("explain_step", json!({ "matter": matter, "step": "s99" }), "/step"),
            ("explain_step", json!({ "step": "s1" }), "/matter"),
            ("explain_step", json!({ "matter": matter, "step": "s1", "case_id": "x" }), "/case_id"),
        ] {
            let result = client.calls(tool, arguments.clone()).await;
            let said = &result["structuredContent"];
            assert_eq!(said["code"], "invalid", "{tool} {arguments}: {result}");
            assert_eq!(said["errors"][0]["pointer"], place, "{tool} {arguments}: {said}");
        }
        let (code, _) = client.meets("services_of_matter", json!({ "matter": "no-such" })).await;
        assert_eq!(code, "not-found");
        let call = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "services_of_matter", "arguments": {} },
        });
        let answer = client.sends(&call).gives(200).await;
        let instance = &answer.json["result"]["structuredContent"]["instance"];
        assert_eq!(instance, answer.headers["x-request-id"].to_str().unwrap());
    }
}

/// What somebody learns of an order and its case, or meets.
async fn all_private(
    app: &TestApp,
    trade: &Trade,
    order: &str,
    token: Option<&str>,
) -> Vec<String> {
    let client = Assistant { app, token };
    let mut codes = Vec::new();
    for (tool, arguments) in [
        ("case_progress", json!({ "case_id": trade.case })),
        ("order_progress", json!({ "order_id": order })),
        ("explain_step", json!({ "case_id": trade.case, "step": "s3" })),
    ] {
        let result = client.calls(tool, arguments).await;
        let met = result["structuredContent"]["code"].as_str().unwrap_or("told");
        codes.push(met.to_owned());
    }
    codes
}

on_both! {
    async fn progress_is_told_to_whoever_may_read_it(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.in_service(app).await;
        let client = Assistant { app, token: Some(&trade.applicant) };
        let (case, text) = client.learns("case_progress", json!({ "case_id": trade.case })).await;
        assert_eq!((&case["id"], &case["actions"]), (&json!(trade.case), &Value::Null));
        assert!(text.contains("开一家面馆") && text.contains(&order), "{text}");
        let (told, text) = client.learns("order_progress", json!({ "order_id": order })).await;
        assert_eq!(told["order"]["state"]["state"], "in_service");
        assert_eq!(told["holder"]["parties"][0]["kind"], "agency");
        let events = told["events"].as_array().unwrap();
        assert_eq!(events.last().unwrap()["event"], "contract_confirmed");
        assert!(text.contains("in_service") && text.contains("contract_confirmed"), "{text}");
        let asked = json!({ "case_id": trade.case, "step": "s3" });
        let (told, text) = client.learns("explain_step", asked).await;
        assert_eq!(told["in_case"]["waits_for_items"], json!(["fire-facility-inspection"]));
        assert!(text.contains("等待: fire-facility-inspection"), "{text}");

        let stranger = app.applicant("stranger").await;
        let hidden = ["not-found"; 3].map(str::to_owned);
        assert_eq!(all_private(app, &trade, &order, Some(&stranger)).await, hidden);
        assert_eq!(all_private(app, &trade, &order, None).await, ["anonymous"; 3]);
        assert_eq!(all_private(app, &trade, &order, Some(&trade.fire)).await, ["told"; 3]);
        let agency = all_private(app, &trade, &order, Some(&trade.agency)).await;
        assert_eq!(agency, ["not-found", "told", "not-found"]);
        step(app, &order, "terminate", &trade.applicant, Some(json!({ "reason": "不开了" }))).await;
        let (told, _) = client.learns("order_progress", json!({ "order_id": order })).await;
        assert_eq!(told["holder"], Value::Null);
    }

    async fn agencies_are_found_with_their_ids(app: &TestApp) {
        let trade = trade(app).await;
        app.market.search().catch_up().await.unwrap();
        let client = nobody(app);
        let item = trade.listing.item.as_str();
        let asked = json!({ "item": item, "region": "330282", "limit": 20 });
        let (found, text) = client.learns("find_agencies", asked).await;
        let agencies = found["agencies"].as_array().unwrap();
        assert!(!agencies.is_empty() && agencies.len() <= 20);
        for one in agencies {
            assert!(one["offers"].as_array().unwrap().contains(&json!(item)), "{one}");
            assert!(text.contains(one["id"].as_str().unwrap()), "{text}");
            let path = format!("/api/v1/agencies/{}", one["id"].as_str().unwrap());
            assert_eq!(app.get(&path).gives(200).await.json["name"], one["name"]);
        }
        let (code, text) = client.meets("find_agencies", json!({ "item": "no-such-item" })).await;
        assert!(code == "invalid" && text.contains("/item: no such service item"), "{text}");
    }
}
