//! Webhooks and feeds over HTTP, and a server that is killed while it delivers.

use std::{
    collections::BTreeSet,
    io::Write,
    num::NonZeroU32,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use market_api::Limits;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    asking::{Answer, Asking},
    harness::{Place, TestApp, on_both},
    patience::within,
    receiver::{Doing, Message, Receiver},
    server::{Client, Request, Server, Site, market},
    trade::trade,
};

const HOOKS: &str = "/api/v1/webhooks";

fn new() -> Value {
    json!({ "url": "https://receiver.example/hooks", "kinds": ["order"] })
}

on_both! {
    async fn a_webhook_is_registered_and_kept_to_its_party(app: &TestApp) {
        let (operator, owner) = (app.operator().await, app.applicant("wang").await);
        app.get(HOOKS).meets(401, "anonymous").await;
        app.post(HOOKS, &new()).meets(401, "anonymous").await;
        let made = app.post(HOOKS, &new()).by(&owner).gives(201).await;
        assert_eq!(made.headers["cache-control"], "no-store");
        assert!(made.text_at("/secret").starts_with("whsec_"));
        let path = made.headers["location"].to_str().unwrap().to_owned();
        let read = app.get(&path).by(&owner).gives(200).await;
        assert_eq!(read.headers["etag"], "\"1\"");
        assert!(!read.text.contains("\"secret\"") && !read.text.contains("whsec_"), "{}", read.text);
        assert_eq!(read.json["state"], "enabled");

        let other = app.applicant("li").await;
        app.get(&path).by(&other).meets(404, "not-found").await;
        app.delete(&path).by(&other).meets(404, "not-found").await;
        let rotate = format!("{path}/rotate-secret");
        app.post(&rotate, &json!({})).by(&other).meets(404, "not-found").await;
        app.post(&rotate, &json!({})).by(&operator).meets(403, "party-not-held").await;
        app.post(&rotate, &json!({})).by(&owner).bare().meets(428, "if-match-missing").await;
        let listed = app.get(HOOKS).by(&operator).gives(200).await;
        assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(app.get(HOOKS).by(&other).gives(200).await.json["items"], json!([]));

        let changed = app.ask(axum::http::Method::PATCH, &path).json(&json!({ "scope": "all" }));
        let changed = changed.by(&owner).header("if-match", "\"1\"").gives(200).await;
        assert_eq!((&changed.json["scope"], &changed.json["version"]), (&json!("all"), &json!(2)));
        let rotated = app.post(&format!("{path}/rotate-secret"), &json!({})).by(&owner);
        let rotated = rotated.gives(200).await;
        assert_ne!(rotated.json["secret"], made.json["secret"]);
        assert_eq!(rotated.headers["cache-control"], "no-store");
        let pinged = app.post(&format!("{path}/ping"), &json!({})).by(&owner).gives(202).await;
        assert!(pinged.text_at("/message").starts_with("ping_"));
        let tries = app.get(&format!("{path}/tries")).by(&owner).gives(200).await;
        assert_eq!(tries.json["items"], json!([]));
        app.get(&format!("{path}/tries?limit=0")).by(&owner).meets(422, "invalid").await;
        let disabled = app.post(&format!("{path}/disable"), &json!({})).by(&operator).gives(200).await;
        assert_eq!(disabled.json["why"], "operator");
        app.post(&format!("{path}/ping"), &json!({})).by(&owner).meets(409, "webhook-disabled").await;
        app.post(&format!("{path}/enable"), &json!({})).by(&owner).gives(200).await;
        app.post(&format!("{path}/enable"), &json!({})).by(&owner).meets(409, "webhook-enabled").await;
        let replayed = app.post(&format!("{path}/replay"), &json!({ "after": 0 })).by(&owner);
        assert_eq!(replayed.gives(200).await.json["cursor"], 0);
        app.post(&format!("{path}/replay"), &json!({ "after": -1 })).by(&owner).meets(422, "invalid").await;
        app.delete(&path).by(&owner).gives(204).await;
        app.get(&path).by(&owner).meets(404, "not-found").await;
    }

    async fn a_wrong_webhook_says_what_is_wrong(app: &TestApp) {
        let owner = app.applicant("wang").await;
        for (field, value, pointer) in [
            ("url", json!("http://receiver.example/"), "/url"),
            ("url", json!("https://127.0.0.1/"), "/url"),
            ("url", json!("https://169.254.169.254/latest/meta-data"), "/url"),
            ("url", json!("https://[::ffff:10.0.0.1]/"), "/url"),
            ("url", json!("https://a:b@receiver.example/"), "/url"),
            ("url", json!("https://receiver.example:5432/"), "/url"),
            ("url", json!("hooks"), "/url"),
            ("url", json!(null), "/url"),
            ("description", json!("说".repeat(201)), "/description"),
            ("scope", json!("everything"), "/scope"),
            ("kinds", json!(["order", "person"]), "/kinds/1"),
            ("kinds", json!(["account"]), "/kinds/0"),
            ("kinds", json!(["order", "order"]), "/kinds/1"),
            ("after", json!(99_999), "/after"),
            ("secret", json!("whsec_AAAA"), "/secret"),
        ] {
            let mut wrong = new();
            wrong[field] = value;
            let answer = app.post(HOOKS, &wrong).by(&owner).meets(422, "invalid").await;
            assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{wrong}: {}", answer.text);
        }
        assert_eq!(app.get(HOOKS).by(&owner).gives(200).await.json["items"], json!([]));
    }

    async fn the_public_key_is_published(app: &TestApp) {
        let operator = app.operator().await;
        let keys = app.get("/.well-known/webhook-keys.json").gives(200).await;
        assert_eq!(keys.json["items"].as_array().unwrap().len(), 1);
        assert!(keys.text_at("/items/0/public_key").starts_with("whpk_"));
        assert_eq!(app.get("/api/v1/webhook-keys").gives(200).await.json, keys.json);
        let rotate = "/api/v1/webhook-keys/rotate";
        let owner = app.applicant("wang").await;
        app.post(rotate, &json!({})).by(&owner).meets(403, "operator-only").await;
        let rotated = app.post(rotate, &json!({})).by(&operator).gives(200).await;
        assert_eq!(rotated.json["items"][1]["public_key"], keys.json["items"][0]["public_key"]);
    }

    async fn feeds_wait_for_what_comes_next(app: &TestApp) {
        let trade = trade(app).await;
        let own = app.get("/api/v1/me/feed?limit=100").by(&trade.applicant).gives(200).await;
        let (next, last) = (own.json["next"].clone(), own.json["last"].clone());
        assert_eq!(next, last);
        app.get("/api/v1/me/feed").meets(401, "anonymous").await;
        for (path, name) in [
            ("/api/v1/feed?wait=26", "wait"), ("/api/v1/feed?kind=person", "kind"),
            ("/api/v1/me/feed?wait=x", "wait"), ("/api/v1/me/feed?limit=101", "limit"),
            ("/api/v1/feed/stream?after=x", "after"),
        ] {
            let wrong = app.get(path).by(&trade.applicant).meets(422, "invalid").await;
            assert_eq!(wrong.json["errors"][0]["pointer"], name, "{path}");
        }
        let path = format!("/api/v1/me/feed?after={next}&wait=20");
        let mut limits = Limits::without_rates();
        limits.waiting.per_address = NonZeroU32::MIN;
        let server = app.within(limits);
        let began = Instant::now();
        let (waited, order) = tokio::join!(
            let_in(|| app.get(&path).by(&trade.applicant).at(&server)),
            async {
                // Another is not let in: the one place is taken.
                let other = || app.get("/api/v1/feed?after=4000000000&wait=1").at(&server);
                let is_not = async || (other().send_at_once().await.status == 503).then_some(());
                within(Duration::from_mins(1), "the place is taken", is_not).await;
                trade.place(app).await
            }
        );
        assert!(began.elapsed() < Duration::from_secs(15), "nobody was woken");
        let items = waited.json["items"].as_array().unwrap();
        let placed = items.iter().find(|entry| entry["event"] == "order_placed").unwrap();
        assert_eq!((&placed["object"], &placed["data"]), (&json!(order), &Value::Null));
        // The agency hears of its order, not of the case.
        let own = app.get("/api/v1/me/feed?limit=100").by(&trade.agency).gives(200).await;
        assert!(own.text.contains(&order) && !own.text.contains("case_opened"), "{}", own.text);
        let public = app.get("/api/v1/feed?kind=order").gives(200).await;
        assert_eq!(public.json["items"], json!([]));
        // Nothing comes: the answer does, when its time is over.
        let last = app.get("/api/v1/feed?after=4000000000&wait=1").gives(200).await;
        assert_eq!(last.json["items"], json!([]));
    }
}

/// The answer to a request that is made again while there is no place for it.
async fn let_in(asking: impl Fn() -> Asking) -> Answer {
    loop {
        let answer = asking().send_at_once().await;
        if answer.status != 503 {
            assert_eq!(answer.status, 200, "{}", answer.text);
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

/// `market serve` that may send to this machine.
async fn serving(place: &Place, folder: &TempDir) -> Server {
    let mut command = market(folder.path());
    command.env("MARKET_DATABASE", place.url()).env("MARKET_LOG", "warn");
    command.env("MARKET_WEBHOOK_ALLOW", "127.0.0.0/8");
    Server::ready(command).await
}

async fn ask(client: &Client, status: u16, request: Request) -> Value {
    let (found, answer) = client.ask(&request).await.unwrap();
    assert_eq!(found, status, "{answer}");
    answer
}

/// What the verifier of the documentation says of a message.
fn verified(secret: &str, message: &Message, body: &str) -> bool {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let program = "import sys, json; sys.path.insert(0, sys.argv[1])\n\
        from verify_webhook import verify\n\
        given = json.load(sys.stdin)\n\
        print(verify(given['secret'], given['headers'], given['body'].encode()))";
    let mut python = Command::new("python3");
    python.args(["-B", "-c", program]).arg(docs);
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let given = json!({ "secret": secret, "headers": message.headers, "body": body });
    python.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let said = python.wait_with_output().unwrap();
    assert!(said.status.success());
    String::from_utf8(said.stdout).unwrap().trim() == "True"
}

#[test]
fn the_documentation_shows_the_verifier() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = std::fs::read_to_string(docs.join("webhooks.md")).unwrap();
    let verifier = std::fs::read_to_string(docs.join("verify_webhook.py")).unwrap();
    assert!(page.contains(&format!("```python\n{verifier}```")));
    assert!(verifier.lines().filter(|line| !line.is_empty()).count() <= 15);
}

/// Every order is told of, at least once, under one id, in the order of each thing, and by a good
/// signature, though the server is killed while a message is under way.
async fn survives(place: Place) {
    let site = Site::prepare(place, 4).await;
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::doing(&[]).await;
    let server = serving(&site.place, &folder).await;
    let client = Client::of(&server);
    let buyer = &site.trade.applicant;
    let new = json!({ "url": receiver.url(), "kinds": ["order"] });
    let made = ask(&client, 201, Request::post(HOOKS, buyer, Some(new))).await;
    let secret = made["secret"].as_str().unwrap();
    let place_order = |case: &str| {
        let mut order = site.trade.order();
        order["case_id"] = json!(case);
        Request::post("/api/v1/orders", buyer, Some(order))
    };
    let first = ask(&client, 201, place_order(&site.cases[0])).await["id"].clone();
    receiver.until("the first order", |got| got.len() == 1).await;
    let message = &receiver.got()[0];
    let told = message.json();
    assert_eq!((&told["type"], &told["data"]["id"]), (&json!("order.order_placed"), &first));
    assert_eq!(message.headers["content-type"], "application/json");
    assert!(verified(secret, message, &message.body));
    assert!(!verified(secret, message, "{}"));
    assert!(!verified("whsec_AAAA", message, &message.body));

    // Killed while a message is under way, with more behind it.
    receiver.always(Doing::Hang);
    let mut orders = vec![first.as_str().unwrap().to_owned()];
    for case in &site.cases[1..3] {
        let order = ask(&client, 201, place_order(case)).await;
        orders.push(order["id"].as_str().unwrap().to_owned());
        let accept = format!("/api/v1/orders/{}/accept", orders[orders.len() - 1]);
        ask(&client, 200, Request::post(accept, &site.trade.agency, None)).await;
    }
    receiver.until("a message that hangs", |got| got.len() == 2).await;
    server.kill();
    site.place.is_quiet().await;
    receiver.always(Doing::Answer(200));
    let server = serving(&site.place, &folder).await;
    let client = Client::of(&server);
    let order = ask(&client, 201, place_order(&site.cases[3])).await;
    orders.push(order["id"].as_str().unwrap().to_owned());
    let ids = |got: &[Message]| got.iter().map(|one| one.id().to_owned()).collect::<BTreeSet<_>>();
    receiver.until("the rest", |got| ids(got).len() == 6).await;
    let got = receiver.got();
    assert_eq!(got[1].id(), got[2].id(), "what was under way comes again, first");
    assert_eq!(got.len(), 7, "and nothing else does");
    for message in &got {
        assert!(verified(secret, message, &message.body));
    }
    for id in &orders {
        let of_order = got[2..].iter().map(Message::json).filter(|one| one["data"]["id"] == **id);
        let versions: Vec<_> = of_order.map(|one| one["data"]["version"].as_i64()).collect();
        assert!(versions.is_sorted(), "{versions:?}");
    }
    let path = format!("{HOOKS}/{}/tries", made["id"].as_str().unwrap());
    let tries = client.list(&path, buyer).await;
    assert_eq!(tries.len(), 6);
    // The newest first; of an answer without content there is nothing to keep.
    let came = |one: &Value| (one["status"].clone(), one["answer"].clone());
    assert!(tries[..5].iter().all(|one| came(one) == (json!(200), json!("ok"))), "{tries:?}");
    assert_eq!(came(&tries[5]), (json!(204), json!("")));

    streams(&server, &client, &site, &orders).await;
    server.terminate();
    let began = Instant::now();
    assert_eq!(server.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(20), "a stream held the server up");
    site.place.remove().await;
}

/// A stream has what the pages have, goes on where it was, and ends when the server does.
async fn streams(server: &Server, client: &Client, site: &Site, orders: &[String]) {
    let url = |path: &str| format!("http://{}{path}", server.address);
    market_api::tls::ready();
    let http = reqwest::Client::new();
    let buyer = &site.trade.applicant;
    let page = client.read("/api/v1/me/feed?limit=100", buyer).await;
    let pages = page["items"].as_array().unwrap();
    let denied = http.get(url("/api/v1/me/feed/stream")).send().await.unwrap();
    assert_eq!(denied.status(), 401);
    let wrong = http.get(url("/api/v1/feed/stream")).header("last-event-id", "x").send();
    assert_eq!(wrong.await.unwrap().status(), 422);
    let asked = http.get(url("/api/v1/me/feed/stream?after=0")).bearer_auth(buyer);
    let mut stream = asked.send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    let last = pages[pages.len() - 1]["pos"].to_string();
    while !text.contains(&format!("id: {last}\n")) {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    let ids: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    let expected: Vec<_> = pages.iter().map(|entry| entry["pos"].to_string()).collect();
    assert_eq!(ids, expected);
    assert!(text.contains("event: order.order_accepted"));
    // From the middle, and what happens while it is open.
    let asked = http.get(url("/api/v1/me/feed/stream")).bearer_auth(buyer);
    let mut stream = asked.header("last-event-id", &last).send().await.unwrap();
    let cancel = format!("/api/v1/orders/{}/cancel", orders[orders.len() - 1]);
    let why = json!({ "reason": "改期" });
    ask(client, 200, Request::post(cancel, buyer, Some(why))).await;
    let cancelled = format!("\"object\":\"{}\"", orders[orders.len() - 1]);
    let mut text = String::new();
    while !text.contains(&cancelled) {
        text.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    // Left open, so that the server ends it.
    tokio::spawn(async move { while let Ok(Some(_)) = stream.chunk().await {} });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_delivers_after_all_on_sqlite() {
    survives(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_delivers_after_all_on_postgres() {
    survives(Place::postgres().await).await;
}
