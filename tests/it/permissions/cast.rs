//! Who is there: somebody on every seat of the table, and a marketplace that they trade in.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use axum::http::Method;
use market_core::{
    Actor, Call, Env, Party,
    account::{NewPerson, Password},
    authority::{Role, Seat},
    sealing::SupervisorKey,
};
use serde_json::{Value, json};

use crate::{
    asking::Answer,
    harness::{PASSWORD, TestApp},
};

/// What everybody buys and sells: the fire department uses it.
pub(super) const ITEM: &str = "fire-facility-inspection";
/// The department whose business it is.
const FIRE: &str = "fire-rescue";
/// The department that leads the matter.
pub(super) const LEAD: &str = "market-regulation";
/// A department that takes no part in the matter.
const OTHER: &str = "civil-affairs";

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(super) struct Somebody {
    pub(super) token: String,
    pub(super) actor: Actor,
    pub(super) login: String,
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Cast<'a> {
    pub(super) app: &'a TestApp,
    pub(super) seats: BTreeMap<Seat, Somebody>,
    /// Two more agencies that register, so that there are enough, and one that is avoided.
    pub(super) more: Vec<Somebody>,
    /// A published listing of the agency.
    pub(super) listing: Value,
}

/// A number that nothing else has.
pub(super) fn fresh() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The nth of many codes with right check digits.
pub(super) fn uscc(n: u32) -> String {
    let symbols = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    let checks = symbols.chars().flat_map(|a| symbols.chars().map(move |b| (a, b)));
    let mut codes = checks.map(|(a, b)| format!("91330282{n:08}{a}{b}"));
    codes.find(|code| code.parse::<market_core::Uscc>().is_ok()).unwrap()
}

impl<'a> Cast<'a> {
    pub(super) async fn gather(app: &'a TestApp) -> Self {
        let mut cast = Self { app, seats: BTreeMap::new(), more: Vec::new(), listing: Value::Null };
        let operator = cast.person(Party::Operator, None).await;
        cast.seats.insert(Seat::Operator, operator);
        for (seat, code) in
            [(Seat::Department, FIRE), (Seat::OtherDepartment, OTHER), (Seat::Supervisor, LEAD)]
        {
            let somebody = cast.person(Party::Department(code.parse().unwrap()), None).await;
            cast.seats.insert(seat, somebody);
        }
        for seat in [Seat::Owner, Seat::OtherOwner] {
            let somebody = cast.applicant(seat == Seat::Owner).await;
            cast.seats.insert(seat, somebody);
        }
        let somebody = cast.agency().await;
        cast.seats.insert(Seat::OtherAgency, somebody);
        for _ in 0..3 {
            let somebody = cast.agency().await;
            cast.more.push(somebody);
        }
        let somebody = cast.agency().await;
        cast.seats.insert(Seat::Agency, somebody);
        let key = SupervisorKey::new(&Env::real()).public();
        let path = format!("/api/v1/departments/{LEAD}/opening-key");
        let key = json!({ "opening_key": key });
        cast.does(Method::PUT, &path, Some(key), Seat::Supervisor).await;
        cast.listing = cast.published().await;
        cast
    }

    pub(super) fn token(&self, seat: Seat) -> &str {
        self.seats.get(&seat).map_or("", |somebody| &somebody.token)
    }

    pub(super) fn party(&self, seat: Seat) -> Value {
        serde_json::to_value(&self.seats[&seat].actor.party).unwrap()
    }

    /// A new person who acts for a party.
    pub(super) async fn person(&self, party: Party, password: Option<&str>) -> Somebody {
        let (accounts, call) = (self.app.market.accounts(), Call::from(Actor::system()));
        let login = format!("person-{}", fresh());
        let new = NewPerson {
            login: login.clone(),
            name: "经办人".to_owned(),
            password: password.map(Password::new),
        };
        let person = accounts.create_person(&call, new).await.unwrap().id;
        accounts.grant(&call, person, party.clone()).await.unwrap();
        let token = accounts.issue_token(&call, person, &party, "test", None).await.unwrap().token;
        Somebody { token, actor: Actor::new(person, party), login }
    }

    /// Somebody new of the same party as somebody else, with a password.
    pub(super) async fn another(&self, seat: Seat) -> Somebody {
        let seat = if seat.role() == Role::Anonymous { Seat::Owner } else { seat };
        self.person(self.seats[&seat].actor.party.clone(), Some(PASSWORD)).await
    }

    async fn applicant(&self, is_natural: bool) -> Somebody {
        let new = if is_natural {
            json!({ "kind": "natural", "name": "欧阳秘名", "phone": "13871450293" })
        } else {
            json!({ "kind": "other", "name": "另一家面馆", "phone": "0574-00000003" })
        };
        let made = self.post("/api/v1/applicants", new, self.token(Seat::Operator)).await;
        self.person(Party::Applicant(made["id"].as_str().unwrap().parse().unwrap()), None).await
    }

    /// Somebody who acts for a new agency that was admitted, and may do inspections.
    pub(super) async fn agency(&self) -> Somebody {
        let (id, somebody) = self.applying().await;
        let operator = self.token(Seat::Operator);
        self.post(&format!("/api/v1/agencies/{id}/admit"), json!({}), operator).await;
        let path = format!("/api/v1/agencies/{id}/qualifications");
        self.post(&path, certificate(), &somebody.token).await;
        somebody
    }

    /// An agency that has applied, and somebody who acts for it.
    pub(super) async fn applying(&self) -> (String, Somebody) {
        let made = self.post("/api/v1/agencies", new_agency(), self.token(Seat::Operator)).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let somebody = self.person(Party::Agency(id.parse().unwrap()), None).await;
        (id, somebody)
    }

    /// A draft of a listing of the agency.
    pub(super) async fn draft(&self) -> Value {
        self.post("/api/v1/listings", new_listing(), self.token(Seat::Agency)).await
    }

    pub(super) async fn published(&self) -> Value {
        let draft = self.draft().await;
        let path = format!("/api/v1/listings/{}/publish", draft["id"].as_str().unwrap());
        self.post(&path, json!({}), self.token(Seat::Agency)).await
    }

    /// Sends something.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        token: &str,
    ) -> Answer {
        self.send_if(method, path, body, token, None).await
    }

    /// Sends something for a version of its thing.
    pub(super) async fn send_if(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        token: &str,
        version: Option<&str>,
    ) -> Answer {
        let mut asking = self.app.ask(method.clone(), path);
        if !token.is_empty() {
            asking = asking.by(token);
        }
        if method != Method::GET {
            asking = asking.header("idempotency-key", &format!("key-{}", fresh()));
        }
        if let Some(version) = version {
            asking = asking.header("if-match", version);
        }
        if let Some(body) = body {
            asking = asking.json(&body);
        }
        asking.send().await
    }

    /// Sends something that must succeed.
    pub(super) async fn does(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        seat: Seat,
    ) -> Value {
        let answer = self.send(method, path, body, self.token(seat)).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
        answer.json
    }

    /// Posts something that must succeed.
    pub(super) async fn post(&self, path: &str, body: Value, token: &str) -> Value {
        let answer = self.send(Method::POST, path, Some(body), token).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
        answer.json
    }
}

/// An application for admission.
pub(super) fn new_agency() -> Value {
    let n = fresh();
    json!({ "uscc": uscc(n), "name": format!("第{n}检测有限公司"), "region": "330282",
        "profile": profile() })
}

/// What an agency says of itself; nothing of it is another one's, or they would be of one group.
pub(super) fn profile() -> Value {
    let n = fresh();
    json!({
        "nature": "enterprise", "legal_representative": format!("李{n}"),
        "address": format!("慈溪市某某路{n}号"), "phone": format!("0574-1{n:07}"), "established_on": "2015-03-01", "capital": "1000000.00",
        "scope": "消防检测",
    })
}

pub(super) fn certificate() -> Value {
    json!({
        "kind": "fire-technical-service", "level": "registered",
        "majors": ["消防设施维护保养检测"], "number": format!("证书-{}", fresh()),
        "issuer": "某某系统", "valid_from": "2026-01-01", "valid_until": "2028-12-31",
    })
}

pub(super) fn new_listing() -> Value {
    json!({ "code": format!("service-{}", fresh()), "item": ITEM, "terms": terms() })
}

pub(super) fn terms() -> Value {
    json!({
        "title": "消防设施检测", "summary": "检测并出具报告", "price": "8000.00", "unit": "元/项",
        "regions": ["330200"], "days": 10,
    })
}
