//! The states that things are tried in, each made anew.

use std::collections::BTreeMap;

use axum::http::Method;
use market_core::{Party, authority::Seat, sha256_hex};
use serde_json::{Value, json};

use super::cast::{Cast, ITEM, Somebody, certificate, fresh, new_agency};
use crate::{asking::Answer, harness::NOW};

/// What a scene left: the thing's state, as the table names it, what paths and bodies name, and who
/// plays another part than in the cast.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub(super) state: String,
    pub(super) names: BTreeMap<&'static str, String>,
    pub(super) players: BTreeMap<Seat, Somebody>,
    pub(super) thing: Value,
}

pub(super) fn code() -> String {
    sha256_hex(b"an opening code of tests")
}

/// The code of what is never opened.
pub(super) fn kept_code() -> String {
    sha256_hex(b"an opening code that is never given")
}

pub(super) fn nonce() -> String {
    sha256_hex(format!("nonce {}", fresh()).as_bytes())
}

pub(super) fn contract() -> Value {
    json!({
        "number": "HT-2026-001", "amount": "8000.00", "signed_on": "2026-11-24",
        "starts_on": "2026-11-25", "ends_on": "2026-12-31", "content": "按服务内容执行",
        "milestones": [
            { "key": "first", "name": "进场", "due_on": "2026-12-10", "share_percent": 40 },
            { "key": "rest", "name": "出报告", "due_on": "2026-12-31", "share_percent": 60 },
        ],
    })
}

pub(super) fn letter() -> Value {
    json!({
        "facts": format!("事实密{}甲：评审标准有倾向性", fresh()), "demand": "重新选取",
        "contact": { "name": "诸葛密乙", "phone": "0574-33334444" },
    })
}

/// What an owner publishes; random ones have a witness, and perhaps a public number.
pub(super) fn notice(cast: &Cast<'_>, mode: &str) -> Value {
    let (mode, has_beacon) = if mode == "beacon" { ("random", true) } else { (mode, false) };
    let now = cast.app.market.env().now();
    let closes_at = now.plus_seconds(9 * 24 * 60 * 60).to_string();
    let mut notice = crate::purchase::notice(mode, &closes_at);
    let Party::Agency(avoided) = &cast.more[2].actor.party else { panic!() };
    notice["avoid"] =
        json!([{ "agency_id": avoided, "reason": format!("回避缘由密{}丙", fresh()) }]);
    if mode == "random" {
        notice["witness_department"] = json!("fire-rescue");
        notice["avoid"] = json!([]);
    }
    if has_beacon {
        let known_at = now.plus_seconds(9 * 24 * 60 * 60 + 3600);
        notice["beacon"] = json!({
            "name": "上证指数 2026-12-02 收盘", "known_at": known_at, "decimals": 2,
        });
    }
    notice
}

impl Cast<'_> {
    /// Makes a scene for somebody who sits somewhere.
    pub(super) async fn scene(&self, name: &str, seat: Seat) -> Scene {
        self.app.market.env().set(NOW.parse().unwrap());
        let (noun, rest) = name.split_once(' ').unwrap_or((name, ""));
        match noun {
            "nothing" => self.nothing().await,
            "agency" => self.agency_in(rest).await,
            "listing" => self.listing_in(rest).await,
            "case" => self.case_in(rest).await,
            "order" => self.order_in(rest, seat).await,
            "purchase" => self.purchase_in(rest, seat).await,
            "complaint" => self.complaint_in(rest).await,
            "alarm" => self.alarm().await,
            "applicant" => self.served(seat).await,
            "account" => self.account(rest, seat).await,
            "party" => self.party_of(rest, seat).await,
            "invitation" => self.invitation(seat).await,
            "throttle" => {
                Scene { names: [("name", "sign_up_address".to_owned())].into(), ..Scene::default() }
            }
            "saved" => self.saved(rest, seat).await,
            "webhook" => self.webhook(rest, seat).await,
            "mailbox" => self.mailbox(seat).await,
            "identity" => self.identity(seat).await,
            other => panic!("no scene {other}"),
        }
    }

    async fn nothing(&self) -> Scene {
        let mut scene = Scene::default();
        let n = fresh();
        let phrase = format!("syn{n}");
        let synonym = json!({ "kind": "saying", "names": ["消防检测"] });
        let path = format!("/api/v1/synonyms/{phrase}");
        self.does(Method::PUT, &path, Some(synonym), Seat::Operator).await;
        let Party::Applicant(owner) = &self.seats[&Seat::Owner].actor.party else { panic!() };
        let names = [
            ("version", "1".to_owned()),
            ("phrase", phrase),
            ("login", format!("new-{n}")),
            ("id", owner.to_string()),
        ];
        scene.names.extend(names);
        scene
    }

    /// The owner, whom the agency serves.
    async fn served(&self, seat: Seat) -> Scene {
        self.order_in("accepted", seat).await;
        let Party::Applicant(owner) = &self.seats[&Seat::Owner].actor.party else { panic!() };
        Scene { names: [("id", owner.to_string())].into(), ..Scene::default() }
    }

    async fn agency_in(&self, state: &str) -> Scene {
        let operator = self.token(Seat::Operator);
        let (id, player) = self.applying().await;
        let path = format!("/api/v1/agencies/{id}");
        let mut scene = Scene { state: state.to_owned(), ..Scene::default() };
        match state {
            "applying" => {}
            "rejected" => {
                let why = json!({ "reasons": ["材料不齐"] });
                self.post(&format!("{path}/reject"), why, operator).await;
            }
            _ => {
                self.post(&format!("{path}/admit"), json!({}), operator).await;
            }
        }
        if state == "suspended" {
            let why = json!({ "months": 3, "reason": "投诉属实" });
            self.post(&format!("{path}/suspend"), why, operator).await;
        }
        if state == "admitted" {
            let made = format!("{path}/qualifications");
            let made = self.post(&made, certificate(), operator).await;
            scene.names.insert("qualification", text(&made, "/id"));
            let practitioner = json!({
                "name": "百里密丁", "specialty": "fire-technical-service",
                "certificate": format!("执业-{}", fresh()), "valid_until": "2028-12-31",
            });
            let made = self.post(&format!("{path}/practitioners"), practitioner, operator).await;
            scene.names.insert("practitioner", text(&made, "/id"));
        }
        scene.names.insert("id", id);
        scene.names.insert("uscc", new_agency()["uscc"].as_str().unwrap().to_owned());
        scene.players.insert(Seat::Agency, player);
        scene
    }

    async fn listing_in(&self, state: &str) -> Scene {
        let made = match state {
            "draft" => self.draft().await,
            _ => self.published().await,
        };
        let names = [("id", text(&made, "/id")), ("number", "1".to_owned())];
        Scene { state: state.to_owned(), names: names.into(), ..Scene::default() }
    }

    pub(super) async fn open_case(&self, fund: &str) -> String {
        let new = json!({
            "matter": "open-restaurant", "title": "开一家面馆", "region": "330282", "fund": fund,
        });
        text(&self.post("/api/v1/cases", new, self.token(Seat::Owner)).await, "/id")
    }

    async fn case_in(&self, state: &str) -> Scene {
        let mut scene = Scene::default();
        let mut id = self.open_case("social").await;
        if matches!(state, "reviewed" | "returned" | "linkable") {
            let order = self.order_in("completed", Seat::Owner).await;
            if state == "linkable" {
                scene.names.insert("order", order.names["id"].clone());
            } else {
                id.clone_from(&order.names["case"]);
            }
        }
        if state == "returned" {
            let path = format!("/api/v1/cases/{id}/steps/s3/return");
            let why = json!({ "reason": "材料不齐" });
            self.post(&path, why, self.token(Seat::Department)).await;
        }
        let names = [("step", "s3".to_owned()), ("item", ITEM.to_owned()), ("id", id)];
        scene.names.extend(names);
        scene.names.insert("listing", text(&self.listing, "/id"));
        scene
    }

    pub(super) fn new_order(&self, case: &str) -> Value {
        json!({
            "case_id": case, "item": ITEM, "listing_id": self.listing["id"],
            "listing_number": self.listing["number"], "price": self.listing["terms"]["price"],
        })
    }

    /// An order in a state, or with something that awaits an answer of whoever sits there.
    pub(super) async fn order_in(&self, wanted: &str, seat: Seat) -> Scene {
        let case = self.open_case("social").await;
        let (owner, agency) = (self.token(Seat::Owner), self.token(Seat::Agency));
        let made = self.post("/api/v1/orders", self.new_order(&case), owner).await;
        let id = text(&made, "/id");
        let path = format!("/api/v1/orders/{id}");
        let names = [
            ("case", case),
            ("id", id),
            ("number", "1".to_owned()),
            ("key", "first".to_owned()),
            ("payment", uuid()),
        ];
        let mut scene = Scene { names: names.into(), ..Scene::default() };
        let (mine, theirs) = if seat == Seat::Agency { (agency, owner) } else { (owner, agency) };
        let none = || json!({});
        let steps: [(&str, &str, Value, &str); 6] = [
            ("placed", "accept", none(), agency),
            ("accepted", "record-contract", contract(), theirs),
            ("contracted", "confirm-contract", none(), mine),
            ("in_service", "deliver", json!({ "deliverable": 1 }), agency),
            ("delivered", "sign-off", none(), owner),
            ("signed_off", "use", none(), self.token(Seat::Department)),
        ];
        let until = match wanted {
            "changing" | "own-change" | "reached" | "paid" | "uploaded" => "in_service",
            wanted => wanted,
        };
        for (state, step, body, token) in steps {
            if state == until {
                break;
            }
            if step == "deliver" {
                let content = self.upload(&path).await;
                scene.names.insert("content", content);
            }
            self.post(&format!("{path}/{step}"), body, token).await;
        }
        let change = json!({ "reason": "延期", "ends_on": "2027-01-15" });
        match wanted {
            "changing" => drop(self.post(&format!("{path}/changes"), change, theirs).await),
            "own-change" => drop(self.post(&format!("{path}/changes"), change, mine).await),
            "reached" => {
                let reach = format!("{path}/milestones/first/reach");
                self.post(&reach, json!({ "note": "已进场" }), agency).await;
            }
            "paid" => {
                let paid = self.post(&format!("{path}/payments"), payment(), owner).await;
                scene.names.insert("payment", text(&paid, "/id"));
            }
            "uploaded" => drop(scene.names.insert("content", self.upload(&path).await)),
            _ => {}
        }
        // Of an order the state changes nothing; of its files it does.
        let state = match wanted {
            "uploaded" | "in_service" => "uploaded",
            "delivered" => "handed_over",
            "signed_off" | "completed" => "accepted",
            _ => "",
        };
        state.clone_into(&mut scene.state);
        scene
    }

    /// Uploads a file, and gives what it says.
    async fn upload(&self, order: &str) -> String {
        let path = format!("{order}/deliverables?name=report.txt&media_type=text/plain");
        let content = format!("成果内容密{}戊", fresh());
        let answer = self.file(&path, self.token(Seat::Agency), &content).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        content
    }

    pub(super) async fn file(&self, path: &str, token: &str, content: &str) -> Answer {
        let mut asking = self.app.ask(Method::POST, path);
        asking = asking.body("application/octet-stream", content.to_owned());
        asking = asking.header("x-content-sha256", &sha256_hex(content.as_bytes()));
        asking = asking.header("idempotency-key", &format!("key-{}", fresh()));
        if token.is_empty() { asking.send().await } else { asking.by(token).send().await }
    }

    async fn alarm(&self) -> Scene {
        let mut scene = self.purchase_in("voided", Seat::Owner).await;
        self.app.market.alarms().catch_up().await.unwrap();
        let path = format!("/api/v1/alarms?purchase_id={}", scene.names["id"]);
        let found = self.does(Method::GET, &path, None, Seat::Operator).await;
        scene.names.insert("id", text(&found, "/items/0/id"));
        scene.state = String::new();
        scene
    }

    async fn complaint_in(&self, wanted: &str) -> Scene {
        let purchase = self.purchase_in("open", Seat::Owner).await;
        let path = format!("/api/v1/purchases/{}/complaints", purchase.names["id"]);
        let by = if wanted == "of_owner" { Seat::Owner } else { Seat::Agency };
        let letter = letter();
        let facts = text(&letter, "/facts");
        let made = self.post(&path, letter, self.token(by)).await;
        let id = text(&made, "/id");
        if wanted == "investigating" {
            let path = format!("/api/v1/complaints/{id}/accept");
            self.post(&path, json!({}), self.token(Seat::Supervisor)).await;
        }
        let names = [("id", id), ("facts", facts)];
        Scene { state: wanted.to_owned(), names: names.into(), ..Scene::default() }
    }
}

pub(super) fn payment() -> Value {
    json!({ "amount": "1000.00", "paid_on": "2026-11-24", "reference": "转账-1" })
}

pub(super) fn uuid() -> String {
    format!("019ac000-0000-7000-8000-{:012}", fresh())
}

pub(super) fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer} in {value}")).to_owned()
}
