//! Where a story over HTTP takes place.

use market_core::{Day, Timestamp, sha256_hex};
use reqwest::Method;
use serde_json::Value;

use crate::{harness::TestApp, server::Request};

/// Where requests are answered, and time passes.
pub(crate) trait World {
    /// Asks until there is an answer, which must be a good one.
    async fn ask(&self, request: Request) -> Value;

    /// Uploads a text.
    async fn upload(&self, path: &str, token: &str, key: &str, text: &str) -> Value;

    /// Lets the time come at which the purchase moves by itself, and waits until it has moved.
    async fn time_passes(&self, purchase: &str) -> Value;
}

/// When a purchase moves by itself.
pub(crate) fn due(purchase: &Value) -> Timestamp {
    let state = &purchase["state"];
    let until = state["closes_at"].as_str().or(state["until"].as_str()).unwrap();
    until.parse().unwrap_or_else(|_| until.parse::<Day>().unwrap().end())
}

/// In one process time passes at once, and whatever may be repeated is.
impl World for TestApp {
    async fn ask(&self, request: Request) -> Value {
        let Request { method, path, token, key, body } = request;
        let send = || async {
            let mut asking = self.ask(method.clone(), &path).by(&token);
            if let Some(key) = &key {
                asking = asking.header("idempotency-key", key);
            }
            if let Some(body) = &body {
                asking = asking.json(body);
            }
            let answer = asking.send().await;
            assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
            answer.json
        };
        let answer = send().await;
        if key.is_some() {
            assert_eq!(send().await, answer, "{path} under the same key");
        }
        answer
    }

    async fn upload(&self, path: &str, token: &str, key: &str, text: &str) -> Value {
        let asking = self.ask(Method::POST, path).body("application/octet-stream", text.to_owned());
        let asking = asking.header("x-content-sha256", &sha256_hex(text.as_bytes()));
        asking.header("idempotency-key", key).by(token).gives(201).await.json
    }

    async fn time_passes(&self, purchase: &str) -> Value {
        let path = format!("/api/v1/purchases/{purchase}");
        let before = self.get(&path).gives(200).await.json;
        self.market.env().set(due(&before));
        assert_eq!(self.market.purchases().run_due().await.unwrap(), 1, "{before}");
        self.get(&path).gives(200).await.json
    }
}
