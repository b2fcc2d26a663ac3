//! Purchases in every state in which somebody may do something.

use axum::http::Method;
use market_core::{authority::Seat, draw::Commitment, sha256_hex};
use serde_json::{Value, json};

use super::{
    cast::{Cast, ITEM},
    scenes::{Scene, code, kept_code, nonce, notice, text, uuid},
};
use crate::world::due;

const PURCHASES: &str = "/api/v1/purchases";

/// What the department reveals as the witness.
pub(super) fn secret() -> String {
    sha256_hex(b"the witness's value")
}

/// What it promises first.
pub(super) fn promise(purchase: &str) -> String {
    let value = secret().parse().unwrap();
    let party = "department:fire-rescue";
    Commitment::to(purchase.parse().unwrap(), party, &value).sha256.to_string()
}

/// What an agency asks: it tells whether the purchase stays open for registration.
pub(super) fn asked(place: usize, stays: bool) -> String {
    format!("9{place}37.{}", if stays { 53 } else { 71 })
}

/// By which mode a scene comes to be.
fn mode(wanted: &str) -> &'static str {
    match wanted {
        "witness" | "revealing" => "random",
        "beacon" => "beacon",
        "choosing" => "plan_preferred",
        "rounds" | "replied" => "negotiation",
        _ => "lowest_price",
    }
}

impl Cast<'_> {
    /// A purchase in a state.
    pub(super) async fn purchase_in(&self, wanted: &str, _: Seat) -> Scene {
        let (owner, mode) = (self.token(Seat::Owner).to_owned(), mode(wanted));
        let case = self.open_case(if wanted == "in_review" { "fiscal" } else { "social" }).await;
        let new = json!({ "case_id": case, "item": ITEM, "notice": notice(self, mode) });
        let mut purchase = self.post(PURCHASES, new, &owner).await;
        let id = text(&purchase, "/id");
        let path = format!("{PURCHASES}/{id}");
        let mut scene = Scene::default();
        let names = [
            ("purchase", id.clone()),
            ("purchase_id", id.clone()),
            ("id", id.clone()),
            ("number", "1".to_owned()),
            ("question", uuid()),
            ("registration", uuid()),
            ("pos", "1".to_owned()),
            ("mode", mode.to_owned()),
        ];
        scene.names.extend(names);
        if !matches!(wanted, "draft" | "given-up") {
            let code = if wanted == "open" { kept_code() } else { code() };
            let code = json!({ "opening_code": code });
            purchase = self.post(&format!("{path}/submit"), code, &owner).await;
        }
        if !matches!(wanted, "draft" | "given-up" | "in_review") {
            self.enter(&path, mode, wanted == "open", &mut scene).await;
        }
        if wanted == "revealing" {
            let promise = json!({ "sha256": promise(&id) });
            self.post(&format!("{path}/commitments"), promise, self.token(Seat::Department)).await;
        }
        match wanted {
            "draft" | "in_review" | "open" | "witness" => {}
            "voided" | "given-up" => {
                let why = json!({ "reason": "计划调整" });
                purchase = self.post(&format!("{path}/void"), why, &owner).await;
            }
            _ => purchase = self.close(&path, wanted, &mut scene).await,
        }
        scene.state = text(&purchase, "/state/state");
        if wanted == "given-up" {
            // What nobody could read stays as unknown as it was.
            "in_review".clone_into(&mut scene.state);
        }
        scene.thing = purchase;
        scene
    }

    /// Three agencies register and quote, and the first asks something.
    async fn enter(&self, path: &str, mode: &str, stays: bool, scene: &mut Scene) {
        let agency = self.token(Seat::Agency);
        let tokens = [agency, &self.more[0].token, &self.more[1].token];
        for (place, token) in tokens.into_iter().enumerate() {
            let none = json!({ "practitioners": [] });
            let register = format!("{path}/registration");
            let registered = self.send(Method::PUT, &register, Some(none), token).await;
            assert_eq!(registered.status, 200, "{}", registered.text);
            if place == 0 {
                scene.names.insert("registration", text(&registered.json, "/id"));
            }
            if crate::purchase::wants_quotes(mode) && mode != "beacon" {
                let mut quote = crate::purchase::quote(mode, place, 0);
                quote["quote"] = json!({ "amount": asked(place, stays) });
                self.post(&format!("{path}/quote"), quote, token).await;
            }
        }
        let question = json!({ "text": "工期可否延长？" });
        let question = self.post(&format!("{path}/questions"), question, agency).await;
        scene.names.insert("question", text(&question, "/id"));
    }

    /// Registration ends, and the purchase goes on as far as it is wanted.
    async fn close(&self, path: &str, wanted: &str, scene: &mut Scene) -> Value {
        let purchase = self.time_passes(path).await;
        if matches!(wanted, "opening" | "beacon" | "revealing") {
            if let Some(known_at) = purchase["notice"]["beacon"]["known_at"].as_str() {
                self.app.market.env().set(known_at.parse().unwrap());
            }
            return purchase;
        }
        let open = json!({ "opening_code": code() });
        let purchase = self.post(&format!("{path}/open"), open, self.token(Seat::Owner)).await;
        if wanted == "replied" {
            let reply = json!({ "registration_id": scene.names["registration"], "text": "请优惠" });
            self.post(&format!("{path}/reply"), reply, self.token(Seat::Owner)).await;
        }
        if matches!(wanted, "choosing" | "rounds" | "replied" | "publicity") {
            self.app.market.number().await.unwrap();
            let notices = self.does(Method::GET, "/api/v1/public-notices", None, Seat::Owner).await;
            scene.names.insert("pos", notices["items"][0]["pos"].to_string());
            return purchase;
        }
        self.time_passes(path).await
    }

    /// Lets the time come at which a purchase moves by itself.
    async fn time_passes(&self, path: &str) -> Value {
        let before = self.does(Method::GET, path, None, Seat::Owner).await;
        self.app.market.env().set(due(&before));
        self.app.market.purchases().run_due().await.unwrap();
        self.does(Method::GET, path, None, Seat::Owner).await
    }
}

/// What an agency quotes in a scene: less than before, where there are rounds.
pub(super) fn quote(scene: &Scene) -> Value {
    let mode = scene.names.get("mode").map_or("lowest_price", String::as_str);
    let mut quote = crate::purchase::quote(mode, 0, 2);
    quote["nonce"] = json!(nonce());
    quote
}

/// How an owner chooses among plans.
pub(super) fn choice(scene: &Scene) -> Value {
    let candidates = scene.thing.pointer("/state/candidates").and_then(Value::as_array);
    let mut scores = Vec::new();
    for (place, candidate) in candidates.into_iter().flatten().enumerate() {
        for criterion in ["plan", "price"] {
            scores.push(json!({
                "registration": candidate, "criterion": criterion, "points": 90 - 10 * place,
                "reason": "见评审记录",
            }));
        }
    }
    json!({ "scores": scores, "reason": "方案最周全" })
}
