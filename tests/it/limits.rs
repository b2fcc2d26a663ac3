//! How often one may ask, and what a server does that is asked too much.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use market_api::{Limits, limits::Rate};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    harness::{Place, TestApp, on_both},
    patience::within,
    program::{get, run},
    server::{Client, Request, Server, Site, market},
};

const SHOP: &str = "/api/v1/applicants";

fn shop() -> serde_json::Value {
    json!({ "kind": "other", "name": "一号店", "phone": "0574-00000001" })
}

/// So many, and not one more for a long time.
fn only(burst: u32) -> Rate {
    Rate { per_minute: 1.try_into().unwrap(), burst: burst.try_into().unwrap() }
}

on_both! {
    async fn an_actor_asks_as_often_as_agreed_and_not_once_more(app: &TestApp) {
        let (wang, li) = (app.applicant("wang").await, app.applicant("li").await);
        let mut limits = Limits::default();
        limits.per_actor.write = only(3);
        let server = app.within(limits);
        let post = |token: &str| app.post(SHOP, &shop()).by(token).at(&server);
        for left in ["2", "1", "0"] {
            let answer = post(&wang).gives(201).await;
            assert_eq!(answer.headers["ratelimit-policy"], "\"actor-write\";q=3;w=180");
            let told = answer.headers["ratelimit"].to_str().unwrap();
            assert!(told.starts_with(&format!("\"actor-write\";r={left};t=")), "{told}");
        }
        let refused = post(&wang).meets(429, "too-many-requests").await;
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(refused.text_at("/detail").contains("actor-write"), "{}", refused.text);
        let chinese = post(&wang).header("accept-language", "zh").gives(429).await;
        assert_eq!(chinese.json["title"], "请求过于频繁，请稍后再试");

        // What was refused did not happen; others, and other work, go on.
        let me = app.get("/api/v1/me").by(&wang).at(&server).gives(200).await;
        assert_eq!(me.json["parties"].as_array().unwrap().len(), 4);
        post(&li).gives(201).await;
        // Each node counts for itself.
        post(&wang).at(&app.within(Limits::default())).gives(201).await;
    }

    async fn a_call_that_was_refused_for_asking_too_often_is_good_later(app: &TestApp) {
        let token = app.applicant("wang").await;
        let mut limits = Limits::default();
        limits.per_actor.write = only(1);
        let (server, later) = (app.within(limits.clone()), app.within(limits));
        let post = |key: &str| app.post(SHOP, &shop()).by(&token).header("idempotency-key", key);
        post("k-1").at(&server).gives(201).await;
        post("k-2").at(&server).meets(429, "too-many-requests").await;
        post("k-2").at(&later).gives(201).await;
        let me = app.get("/api/v1/me").by(&token).gives(200).await;
        assert_eq!(me.json["parties"].as_array().unwrap().len(), 3);
    }

    async fn who_has_no_token_is_known_by_the_address(app: &TestApp) {
        let mut limits = Limits::default();
        limits.per_address.search = only(2);
        let server = app.within(limits);
        let search = || app.get("/api/v1/search").at(&server);
        let first = search().gives(200).await;
        assert_eq!(first.headers["ratelimit-policy"], "\"address-search\";q=2;w=120");
        search().by("mkt_bad").gives(401).await;
        let refused = search().meets(429, "too-many-requests").await;
        assert!(refused.headers["ratelimit"].to_str().unwrap().contains("\"address-search\";r=0;t="));
        app.get("/api/v1/statistics").at(&server).gives(200).await;
        for probe in ["/livez", "/readyz", "/healthz"] {
            app.get(probe).at(&server).send().await;
            let answer = app.get(probe).at(&server).send().await;
            assert_ne!(answer.status, 429);
            assert!(!answer.headers.contains_key("ratelimit"), "{probe}");
        }
    }

    async fn deep_and_odd_json_is_refused_with_the_reason(app: &TestApp) {
        let token = app.applicant("wang").await;
        let post = |body: String| app.post(SHOP, &json!(null)).body("application/json", body);
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = open.repeat(10_000) + "1" + &close.repeat(10_000);
            let refused = post(deep).by(&token).meets(400, "malformed").await;
            assert!(refused.text_at("/detail").contains("recursion limit"), "{}", refused.text);
        }
        let long = format!("{{\"name\":\"{}\"}}", "长".repeat(500_000));
        let refused = post(long).by(&token).meets(413, "body-too-large").await;
        assert_eq!(refused.json["status"], 413);
    }

    async fn an_address_that_is_too_long_is_refused(app: &TestApp) {
        let long = format!("/api/v1/search?text={}", "x".repeat(9_000));
        let refused = app.get(&long).meets(414, "url-too-long").await;
        assert!(refused.text_at("/detail").contains("8192"), "{}", refused.text);
    }
}

#[test]
fn a_bad_limit_in_the_file_is_named_and_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    for (text, named) in [
        ("[limits.per_actor.write]\nburst = 0", "limits.per_actor.write.burst"),
        ("[limits]\ntrusted_proxies = ['somewhere']", "limits.trusted_proxies[0]"),
        ("[limits.requests]\nsecond = 3", "limits.requests.second"),
        ("[limits.connections]\nmost = 1", "limits.connections.per_address"),
        ("otlp_endpoint = 'https://collector'", "otlp_endpoint"),
        ("metrics_listen = 'everywhere'", "metrics_listen"),
        ("rate_limits = 'no'", "rate_limits"),
    ] {
        fs::write(folder.path().join("market.toml"), text).unwrap();
        let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(named), "{text}: {complaint}");
    }
}

#[test]
fn a_proxy_that_is_trusted_tells_who_asks() {
    let ask = |address: &str, client: &str| {
        get(address, "/api/v1/statistics", &format!("x\r\nx-forwarded-for: {client}"))
    };
    let limited = "[limits.per_address.read]\nper_minute = 1\nburst = 2\n";
    let serve = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("market.toml"), text).unwrap();
        let mut command = market(folder.path());
        command.env_remove("MARKET_RATE_LIMITS");
        (Server::start(command), folder)
    };
    let is_refused = |answer: &str| answer.starts_with("HTTP/1.1 429");

    let (behind, _folder) =
        serve(&format!("[limits]\ntrusted_proxies = ['127.0.0.0/8']\n{limited}"));
    for client in ["192.0.2.1", "192.0.2.2", "9.9.9.9, 192.0.2.3"] {
        assert!(!is_refused(&ask(&behind.address, client)));
        assert!(!is_refused(&ask(&behind.address, client)));
        assert!(is_refused(&ask(&behind.address, client)), "{client}");
    }
    let (open, _folder) = serve(limited);
    let refused = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        .map(|client| is_refused(&ask(&open.address, client)));
    assert_eq!(refused, [false, false, true], "nobody else is believed");
}

/// So many at once read what they like …
const READERS: usize = 40;
/// … so often each, …
const READS: usize = 25;
/// … while so many orders are placed.
const ORDERS: usize = 40;

/// Ten times what there is room for: whoever is let in is answered, whoever is not is told when to
/// come back, orders go on, and none that was acknowledged is lost.
async fn overload(place: Place) {
    let site = Arc::new(Site::prepare(place, ORDERS).await);
    let folder = tempfile::tempdir().unwrap();
    let text = "[limits.at_once]\nread = { running = 2, waiting = 2 }\n\
        write = { running = 2, waiting = 2 }\nwait_millis = 50\n";
    fs::write(folder.path().join("market.toml"), text).unwrap();
    let server = Server::over(&site.place, &folder).await;
    let client = Client::of(&server);
    let (read, shed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));

    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        // Connections of its own for each: what is shared must be shared by all of them.
        let client = Client::of(&server);
        let (site, read, shed) = (site.clone(), read.clone(), shed.clone());
        readers.spawn(async move {
            let asked = Request::get("/api/v1/orders?limit=100", &site.trade.applicant);
            for _ in 0..READS {
                let (status, answer) = client.ask(&asked).await.unwrap();
                match status {
                    200 => read.fetch_add(1, Ordering::Relaxed),
                    503 if answer["code"] == "busy" => shed.fetch_add(1, Ordering::Relaxed),
                    _ => panic!("{status} {answer}"),
                };
            }
        });
    }
    let mut buyers = JoinSet::new();
    for case in site.cases.clone() {
        let (client, site) = (client.clone(), site.clone());
        buyers.spawn(async move {
            let mut order = site.trade.order();
            order["case_id"] = json!(case);
            let request = Request::post("/api/v1/orders", &site.trade.applicant, Some(order));
            let request = request.once(format!("order-{case}"));
            let answer = within(Duration::from_mins(1), "a place for an order", async || {
                let (status, answer) = client.ask(&request).await.unwrap();
                match status {
                    201 => Some(answer),
                    503 if answer["code"] == "busy" => None,
                    _ => panic!("{status} {answer}"),
                }
            });
            let answer = answer.await;
            (case, answer)
        });
    }
    for _ in 0..20 {
        client.text("/livez").await;
    }
    let placed = buyers.join_all().await;
    readers.join_all().await;
    let (read, shed) = (read.load(Ordering::Relaxed), shed.load(Ordering::Relaxed));
    assert_eq!(read + shed, READERS * READS, "everybody is answered");
    assert!(read > 0 && shed > 0, "{read} read, {shed} sent away");
    for (case, order) in &placed {
        let path = format!("/api/v1/orders?case_id={case}");
        let kept = client.list(&path, &site.trade.applicant).await;
        assert_eq!(&kept[..], std::slice::from_ref(order));
    }
    server.terminate();
    assert_eq!(server.code(), Some(0));
    Arc::into_inner(site).unwrap().place.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_too_much_loses_no_order_on_sqlite() {
    overload(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_too_much_loses_no_order_on_postgres() {
    overload(Place::postgres().await).await;
}
