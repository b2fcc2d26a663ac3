//! What must not depend on a server: when a purchase closes, and that nobody reads a quote early.

use std::{fs, path::Path, process::Stdio, time::Duration};

use market_core::Env;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{
    harness::{Place, TestApp},
    passing::{bring_nearer, make_due},
    patience::within,
    purchase::{Parties, code, notice, quote, told},
    server::{Client, Request, Server, market},
    trade::{INSPECTION, open},
    world::due,
};

/// The path of a purchase that was just published.
async fn published(app: &TestApp, parties: &Parties, mode: &str) -> String {
    let for_case = open(app, &parties.applicant, "open-restaurant").await;
    let closes_at = app.market.env().now().plus_seconds(7 * 24 * 60 * 60).to_string();
    let new =
        json!({ "case_id": for_case, "item": INSPECTION, "notice": notice(mode, &closes_at) });
    let drafted = app.post("/api/v1/purchases", &new).by(&parties.applicant).gives(201).await;
    let path = drafted.headers["location"].to_str().unwrap().to_owned();
    let code = json!({ "opening_code": code(0) });
    app.post(&format!("{path}/submit"), &code).by(&parties.applicant).gives(200).await;
    path
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// One node's clock is right, the other's is an hour ahead; the database's counts.
#[tokio::test(flavor = "multi_thread")]
async fn no_clock_but_the_databases_closes_a_purchase() {
    let right = TestApp::open(Place::postgres().await, Env::real()).await;
    let parties = Parties::gather(&right, 6).await;
    let path = published(&right, &parties, "lowest_price").await;
    let place = right.leave().await;
    let Place::Database(name) = &place else { unreachable!() };
    let right = TestApp::open(Place::Database(name.clone()), Env::real()).await;
    let wrong = TestApp::open(Place::Database(name.clone()), Env::wrong_by(3600)).await;
    let none = json!({ "practitioners": [] });
    for bidder in &parties.bidders {
        let register = right.put(&format!("{path}/registration"), &none).by(&bidder.token);
        register.gives(200).await;
    }

    let half_an_hour = Env::real().now().plus_seconds(1800);
    bring_nearer(&place, id(&path), half_an_hour).await;
    assert_eq!(wrong.market.purchases().run_due().await.unwrap(), 0, "it closes nothing early");
    let ask = |app: &TestApp, bidder: usize| {
        let token = &parties.bidders[bidder].token;
        app.post(&format!("{path}/quote"), &quote("lowest_price", bidder, 0)).by(token)
    };
    ask(&wrong, 0).gives(200).await;

    bring_nearer(&place, id(&path), Env::real().now().plus_seconds(2)).await;
    let closes = due(&right.get(&path).gives(200).await.json);
    let quoting = async |app: &TestApp, bidders: std::ops::Range<usize>| {
        let (mut accepted, mut refused) = (0, 0);
        for bidder in bidders.cycle() {
            let answer = ask(app, bidder).send().await;
            if answer.status == 200 {
                assert!(answer.text_at("/at") < closes.to_string().as_str(), "{}", answer.text);
                accepted += 1;
                assert_eq!(refused, 0, "one was let in after one was refused");
            } else {
                let refusals = ["registration-closed", "purchase-not-open"];
                assert!(refusals.contains(&answer.text_at("/code")), "{}", answer.text);
                refused += 1;
                if refused == 6 {
                    break;
                }
            }
        }
        accepted
    };
    let closing = async |app: &TestApp| {
        let mut taken = 0;
        while Env::real().now() < closes.plus_seconds(1) {
            taken += app.market.purchases().run_due().await.unwrap();
            tokio::task::yield_now().await;
        }
        taken
    };
    let (one, other, by_right, by_wrong) = tokio::join!(
        quoting(&right, 0..3),
        quoting(&wrong, 3..6),
        closing(&right),
        closing(&wrong)
    );
    assert!(one > 0 && other > 0, "nobody quoted in time");
    assert_eq!(by_right + by_wrong, 1, "one node closes it, once");
    let timeline = right.get(&format!("{path}/timeline")).gives(200).await.json;
    assert_eq!(told(&timeline)["registration_closed"], 1);
    wrong.leave().await;
    right.close().await;
}

/// What nobody may find anywhere before the opening.
const PRICE: &str = "8765.43";
const PLAN: &str = "金丝雀方案";

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_nowhere_before_the_opening_on_sqlite() {
    keep_secret(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_nowhere_before_the_opening_on_postgres() {
    keep_secret(Place::postgres().await).await;
}

async fn keep_secret(place: Place) {
    let app = TestApp::open(place, Env::real()).await;
    let parties = Parties::gather(&app, 2).await;
    let path = published(&app, &parties, "inquiry").await;
    let place = app.leave().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = market(folder.path());
    command.env("MARKET_DATABASE", place.url()).env("MARKET_LOG", "trace");
    command.stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let server = Server::ready(command).await;
    let client = Client::of(&server);

    for (number, bidder) in parties.bidders.iter().enumerate() {
        let registration = Request {
            method: reqwest::Method::PUT,
            ..Request::post(
                format!("{path}/registration"),
                &bidder.token,
                Some(json!({ "practitioners": [] })),
            )
        };
        assert_eq!(client.ask(&registration).await.unwrap().0, 200);
        let mut new = quote("inquiry", number, 0);
        new["quote"]["amount"] = json!(PRICE);
        new["plan"] = json!(PLAN);
        let quote = Request::post(format!("{path}/quote"), &bidder.token, Some(new));
        let (status, receipt) = client.ask(&quote.once(format!("quote-{number}"))).await.unwrap();
        assert_eq!(status, 200, "{receipt}");
        assert_secret("receipt", &receipt.to_string());
    }
    let everybody = [&parties.applicant, &parties.operator, &parties.fire]
        .into_iter()
        .chain(parties.bidders.iter().map(|bidder| &bidder.token));
    for token in everybody {
        for what in [
            "",
            "/timeline",
            "/actions",
            "/registration",
            "/registrations",
            "/questions",
            "/replies",
            "/commitments",
            "/public-key",
            "/eligibility",
            "/deposit",
        ] {
            let ask = Request::get(format!("{path}{what}"), token);
            let (_, answer) = client.ask(&ask).await.unwrap();
            assert_secret(what, &answer.to_string());
        }
        let (_, answer) = client.ask(&Request::get("/api/v1/registrations", token)).await.unwrap();
        assert_secret("registrations", &answer.to_string());
    }
    let feed = client.feed().await;
    assert!(feed.contains("purchase_published"), "the feed tells of the purchase");
    assert_secret("feed", &feed);
    assert_secret("database", &everything(&place).await);
    let told = fs::read_to_string(&log).unwrap();
    assert!(told.contains(&path), "the log tells of requests");
    assert_secret("log", &told);

    // Once they are open, they are there: so it was worth looking.
    make_due(&place, id(&path)).await;
    let open = Request::post(
        format!("{path}/open"),
        &parties.applicant,
        Some(json!({ "opening_code": code(0) })),
    );
    let opens = async || (client.ask(&open).await.unwrap().0 == 200).then_some(());
    within(Duration::from_secs(30), "it closes, and is opened", opens).await;
    let kept = everything(&place).await;
    assert!(kept.contains(PRICE) && kept.contains(PLAN));
    let told = fs::read_to_string(&log).unwrap();
    assert!(!told.contains(&code(0)), "the log has the opening code");
    server.terminate();
    assert_eq!(server.code(), Some(0));
    place.remove().await;
}

fn assert_secret(place: &str, text: &str) {
    let nonces = [0, 1].map(|bidder| quote("inquiry", bidder, 0)["nonce"].clone());
    let nonces = nonces.iter().map(|nonce| nonce.as_str().unwrap_or_default().to_owned());
    let told = [PRICE, PLAN, &code(0)].map(str::to_owned);
    for secret in told.into_iter().chain(nonces) {
        assert!(!text.contains(&secret), "{place} tells {secret}");
    }
}

/// Everything that a database holds, as text.
async fn everything(place: &Place) -> String {
    if let Place::Folder(folder) = place {
        return ["market.db", "market.db-wal"]
            .map(|name| text_of(&folder.path().join(name)))
            .concat();
    }
    let mut conn = PgConnection::connect(&place.url()).await.unwrap();
    let tables = "select cast(table_name as text) from information_schema.tables \
        where table_schema = 'public'";
    let tables: Vec<(String,)> = sqlx::query_as(tables).fetch_all(&mut conn).await.unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let mut text = String::new();
    for (table,) in tables {
        let rows = AssertSqlSafe(format!("select cast(t as text) from {table} t"));
        let rows: Vec<(String,)> = sqlx::query_as(rows).fetch_all(&mut conn).await.unwrap();
        text.extend(rows.into_iter().map(|(row,)| row));
    }
    conn.close().await.unwrap();
    text
}

fn text_of(file: &Path) -> String {
    let bytes = fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
