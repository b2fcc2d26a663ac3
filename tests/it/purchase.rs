//! The story of a purchase over HTTP, from its notice to the completed order, told in any world
//! that answers requests and lets time pass.

use std::collections::{BTreeMap, BTreeSet};

use market_core::{
    Actor, Call, Paging, Party,
    agency::{ListingFilter, ListingState},
    id::AgencyId,
    sha256_hex,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{harness::TestApp, server::Request, trade::INSPECTION, world::World};

/// Every mode, two of each family: by lot, by price, by credit, by comparison, in rounds. (Credit
/// and lot have one mode each, which is run twice.)
pub(crate) const MODES: [&str; 10] = [
    "random",
    "random",
    "lowest_price",
    "best_price",
    "credit_preferred",
    "credit_preferred",
    "plan_preferred",
    "inquiry",
    "multi_round",
    "negotiation",
];

/// How many agencies take part in a story.
const AGENCIES: usize = 3;

/// An agency, and the token of somebody who acts for it.
#[derive(Debug, Clone)]
pub(crate) struct Bidder {
    pub(crate) agency: AgencyId,
    pub(crate) token: String,
}

/// Everybody who takes part in purchases.
#[derive(Debug, Clone)]
pub(crate) struct Parties {
    pub(crate) applicant: String,
    pub(crate) operator: String,
    pub(crate) fire: String,
    pub(crate) bidders: Vec<Bidder>,
}

impl Parties {
    /// Loads the catalogue and the demonstration's agencies, and gives so many of them, which may
    /// do the inspection, somebody who acts for them. No token ends by itself.
    pub(crate) async fn gather(app: &TestApp, bidders: usize) -> Self {
        market_api::demo::load_catalogue(&app.market).await.unwrap();
        let today = app.market.env().now().day();
        market_api::demo::load_agencies(&app.market, 301, today).await.unwrap();
        let fire = Party::Department("fire-rescue".parse().unwrap());
        let mut parties = Self {
            applicant: owner(app).await,
            operator: app.operator().await,
            fire: app.person("fire", fire).await,
            bidders: Vec::new(),
        };
        for (number, agency) in able(app, bidders).await.into_iter().enumerate() {
            let token = app.person(&format!("bidder-{number}"), Party::Agency(agency)).await;
            parties.bidders.push(Bidder { agency, token });
        }
        parties
    }
}

/// The token of a new applicant; unlike a session's, it lasts.
async fn owner(app: &TestApp) -> String {
    let session = app.applicant("owner").await;
    let me = app.get("/api/v1/me").by(&session).gives(200).await;
    let party = Party::Applicant(me.text_at("/party/id").parse().unwrap());
    let (accounts, call) = (app.market.accounts(), Call::from(Actor::system()));
    let person = me.text_at("/id").parse().unwrap();
    accounts.issue_token(&call, person, &party, "test", None).await.unwrap().token
}

/// So many admitted agencies that sell inspections, with certificates that outlast the story.
async fn able(app: &TestApp, wanted: usize) -> Vec<AgencyId> {
    let filter = ListingFilter {
        item: Some(INSPECTION.parse().unwrap()),
        state: Some(ListingState::Published),
        ..ListingFilter::default()
    };
    let paging = Paging { after: None, limit: 100 };
    let listings = app.market.listings().list(None, &filter, &paging).await.unwrap().items;
    let sellers: BTreeSet<_> = listings.iter().map(|listing| listing.agency_id).collect();
    let mut able = Vec::new();
    let soon = app.market.env().now().day().plus(45).to_string();
    for agency in sellers {
        let path = format!("/api/v1/agencies/{agency}");
        let shown = app.get(&path).gives(200).await.json;
        let held = app.get(&format!("{path}/qualifications")).gives(200).await.json;
        let lasts = held["items"].as_array().unwrap().iter().any(|one| {
            one["kind"] == "fire-technical-service" && *one["valid_until"].as_str().unwrap() > *soon
        });
        if lasts && shown["state"]["state"] == "admitted" && able.len() < wanted {
            able.push(agency);
        }
    }
    assert_eq!(able.len(), wanted, "too few agencies do inspections");
    able
}

/// What an owner publishes.
pub(crate) fn notice(mode: &str, closes_at: &str) -> Value {
    let price = match mode {
        "random" | "credit_preferred" => json!({ "kind": "fixed", "amount": "8000.00" }),
        "best_price" => {
            json!({ "kind": "discount", "ceiling": "20000.00", "low": "5.00", "high": "60.00" })
        }
        _ => json!({ "kind": "amount", "low": "5000.00", "high": "20000.00" }),
    };
    let mut notice = json!({
        "title": "面馆开业前消防设施检测", "content": "检测消防设施并出具报告", "mode": mode,
        "price": price, "service_days": 10, "closes_at": closes_at,
        "contact": { "name": "王小明", "phone": "0574-00000001" },
        "complaint_phone": "0574-00000002",
    });
    match mode {
        "credit_preferred" => {
            notice["long_list"] = json!(3);
            notice["short_list"] = json!(2);
        }
        "plan_preferred" | "inquiry" => {
            notice["criteria"] = json!([
                { "key": "plan", "name": "方案", "weight": 60 },
                { "key": "price", "name": "报价", "weight": 40 },
            ]);
        }
        "multi_round" | "negotiation" => notice["rounds"] = json!(2),
        _ => {}
    }
    notice
}

/// The opening code of whoever has this number.
pub(crate) fn code(number: usize) -> String {
    sha256_hex(format!("opening code {number}").as_bytes())
}

/// What an agency quotes, and how it proves it later; every round it quotes less.
pub(crate) fn quote(mode: &str, bidder: usize, round: usize) -> Value {
    let nonce = sha256_hex(format!("nonce {bidder} {round}").as_bytes());
    let quote = if mode == "best_price" {
        json!({ "discount": format!("{}.50", 10 + 3 * bidder) })
    } else {
        json!({ "amount": format!("{}.00", 9000 + 100 * bidder - 500 * round) })
    };
    let mut new = json!({ "quote": quote, "nonce": nonce });
    if matches!(mode, "plan_preferred" | "inquiry") {
        new["plan"] = json!(format!("第{bidder}套方案：两人两天完成检测"));
    }
    new
}

pub(crate) fn wants_quotes(mode: &str) -> bool {
    !matches!(mode, "random" | "credit_preferred")
}

/// A purchase on its way.
#[derive(Debug)]
pub(crate) struct Story<'w, W> {
    world: &'w W,
    parties: &'w Parties,
    case: String,
    mode: &'static str,
    number: usize,
    steps: usize,
    /// Its path.
    at: String,
}

impl<'w, W: World> Story<'w, W> {
    /// One that has not begun; its number tells it from others of its case.
    pub(crate) fn new(
        world: &'w W,
        parties: &'w Parties,
        case: &str,
        mode: &'static str,
        number: usize,
    ) -> Self {
        Self { world, parties, case: case.to_owned(), mode, number, steps: 0, at: String::new() }
    }

    /// Runs to the completed order, and gives the id of the purchase.
    pub(crate) async fn run(mut self, closes_at: &str) -> String {
        let id = self.publish(closes_at).await;
        self.register().await;
        let purchase = self.world.time_passes(&id).await;
        assert_eq!(purchase["state"]["state"], "opening", "{purchase}");
        let code = json!({ "opening_code": code(self.number) });
        let owner = self.parties.applicant.clone();
        let purchase = self.step("open", &owner, Some(code)).await;
        let purchase = self.choose(&id, purchase).await;
        assert_eq!(purchase["state"]["state"], "publicity", "{}: {purchase}", self.mode);
        let purchase = self.world.time_passes(&id).await;
        assert_eq!(purchase["state"]["state"], "awarded", "{purchase}");
        let award = purchase["state"]["award"].clone();
        let winner = self.token_of(&award);
        let purchase = self.step("confirm", &winner, None).await;
        assert_eq!(purchase["state"]["state"], "ordered", "{purchase}");
        let order = purchase["state"]["order_id"].as_str().unwrap().to_owned();
        self.serve(&order, &winner, &award).await;
        id
    }

    fn key(&mut self) -> String {
        self.steps += 1;
        format!("{}-{}-{}", self.case, self.number, self.steps)
    }

    async fn ask(&mut self, method: Method, path: &str, token: &str, body: Option<Value>) -> Value {
        let key = self.key();
        let request = Request { method, body, ..Request::get(path, token) };
        self.world.ask(request.once(key)).await
    }

    /// A step of the purchase.
    async fn step(&mut self, word: &str, token: &str, body: Option<Value>) -> Value {
        let path = format!("{}/{word}", self.at);
        self.ask(Method::POST, &path, token, body).await
    }

    /// The token of whom an award names.
    fn token_of(&self, award: &Value) -> String {
        let agency = &award["agency_id"];
        let won = self.parties.bidders.iter().find(|one| *agency == one.agency.to_string());
        won.unwrap().token.clone()
    }

    async fn publish(&mut self, closes_at: &str) -> String {
        let owner = self.parties.applicant.clone();
        let new = json!({
            "case_id": self.case, "item": INSPECTION, "notice": notice(self.mode, closes_at),
        });
        let drafted = self.ask(Method::POST, "/api/v1/purchases", &owner, Some(new)).await;
        let id = drafted["id"].as_str().unwrap().to_owned();
        self.at = format!("/api/v1/purchases/{id}");
        let code = json!({ "opening_code": code(self.number) });
        let open = self.step("submit", &owner, Some(code)).await;
        assert_eq!(open["state"]["state"], "open", "{open}");
        id
    }

    /// All agencies register, and quote where the mode wants quotes.
    async fn register(&mut self) {
        for (number, bidder) in self.parties.bidders.iter().take(AGENCIES).enumerate() {
            let path = format!("{}/registration", self.at);
            let none = Some(json!({ "practitioners": [] }));
            let registered = self.ask(Method::PUT, &path, &bidder.token, none).await;
            assert_eq!(registered["state"], "registered", "{registered}");
            if wants_quotes(self.mode) {
                self.step("quote", &bidder.token, Some(quote(self.mode, number, 0))).await;
            }
        }
    }

    /// What the owner and the agencies do between opening and award.
    async fn choose(&mut self, id: &str, mut purchase: Value) -> Value {
        let owner = self.parties.applicant.clone();
        if purchase["state"]["state"] == "choosing" {
            let candidates = purchase["state"]["candidates"].as_array().unwrap();
            let choice = if self.mode == "credit_preferred" {
                json!({ "registration_id": candidates[1], "reason": "熟悉本地餐饮场所" })
            } else {
                json!({ "scores": scores(candidates), "reason": "方案最周全" })
            };
            return self.step("choose", &owner, Some(choice)).await;
        }
        while purchase["state"]["state"] == "rounds" {
            let round = usize::try_from(purchase["state"]["round"].as_u64().unwrap()).unwrap();
            self.quote_again(round).await;
            purchase = self.world.time_passes(id).await;
        }
        purchase
    }

    /// A round: in a negotiation the owner replies first.
    async fn quote_again(&mut self, round: usize) {
        let owner = self.parties.applicant.clone();
        if self.mode == "negotiation" {
            let path = format!("{}/registrations", self.at);
            let listed = self.world.ask(Request::get(path, &owner)).await;
            for registration in listed["items"].as_array().unwrap() {
                let reply = json!({ "registration_id": registration["id"], "text": "请再优惠" });
                self.step("reply", &owner, Some(reply)).await;
            }
        }
        for (number, bidder) in self.parties.bidders.iter().take(AGENCIES).enumerate() {
            self.step("quote", &bidder.token, Some(quote(self.mode, number, round))).await;
        }
    }

    /// The order of the award, from its contract to the use of the report.
    async fn serve(&mut self, order: &str, winner: &str, award: &Value) {
        let (owner, fire) = (self.parties.applicant.clone(), self.parties.fire.clone());
        let path = format!("/api/v1/orders/{order}");
        let contract = json!({
            "number": "HT-2026-001", "amount": award["amount"], "signed_on": "2026-11-24",
            "starts_on": "2026-11-25", "ends_on": "2026-12-08", "content": "按公告执行",
        });
        for (word, token, body) in [
            ("record-contract", winner, Some(contract)),
            ("confirm-contract", owner.as_str(), None),
        ] {
            self.ask(Method::POST, &format!("{path}/{word}"), token, body).await;
        }
        let key = self.key();
        let files = format!("{path}/deliverables?name=report.txt&media_type=text/plain");
        let report = self.world.upload(&files, winner, &key, "检测报告").await;
        let deliver = Some(json!({ "deliverable": report["number"] }));
        for (word, token, body) in
            [("deliver", winner, deliver), ("sign-off", &owner, None), ("use", &fire, None)]
        {
            self.ask(Method::POST, &format!("{path}/{word}"), token, body).await;
        }
        let order = self.world.ask(Request::get(path, &owner)).await;
        assert_eq!(order["state"]["state"], "completed", "{order}");
    }
}

/// The owner's scores: whoever comes first in the list gets the most.
fn scores(candidates: &[Value]) -> Vec<Value> {
    let mut scores = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        for criterion in ["plan", "price"] {
            scores.push(json!({
                "registration": candidate, "criterion": criterion, "points": 90 - 10 * place,
                "reason": "见评审记录",
            }));
        }
    }
    scores
}

/// How often each event came in a timeline.
pub(crate) fn told(timeline: &Value) -> BTreeMap<&str, usize> {
    let mut told = BTreeMap::new();
    for entry in timeline["items"].as_array().unwrap() {
        *told.entry(entry["event"].as_str().unwrap()).or_default() += 1;
    }
    told
}
