//! Orders that are served, evaluated and documented while the servers are killed (kill -9) between
//! and during the steps: every evaluation that was acknowledged is there, once and as it was given,
//! and every contract has one summary, whose file is kept.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::{
    harness::Place,
    killed::Nodes,
    purchase::told,
    server::{Request, Site},
    trade::Trade,
    world::World,
};

/// So many orders at once.
const ORDERS: usize = 12;

/// Fewer kills than this prove nothing.
const LEAST_KILLS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn evaluations_and_documents_survive_two_servers_being_killed_on_postgres() {
    survive(Place::postgres().await, 2, 20_261_130).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn evaluations_and_documents_survive_their_server_being_killed_on_sqlite() {
    survive(Place::sqlite(), 1, 20_261_131).await;
}

async fn survive(place: Place, nodes: usize, seed: u64) {
    let Site { place, trade, cases, .. } = Site::prepare(place, ORDERS).await;
    let trade = Arc::new(trade);
    let nodes = Arc::new(Nodes::start(place, nodes, seed).await);
    let mut serving = JoinSet::new();
    for case in cases {
        let (nodes, trade) = (nodes.clone(), trade.clone());
        serving.spawn(async move { serve(&nodes, &trade, &case).await });
    }
    let served = serving.join_all().await;
    let kills = nodes.kills.load(Ordering::SeqCst);
    assert!(kills >= LEAST_KILLS, "only {kills} kills");
    for (order, given) in &served {
        check(&nodes, &trade, order, given).await;
    }
    let nodes = Arc::into_inner(nodes).unwrap();
    nodes.stop().await;
    nodes.place.remove().await;
}

/// What somebody gave, and what was answered.
type Given = (Request, Value);

/// Serves an order of a case to its end, and has all three sides evaluate it.
async fn serve(nodes: &Nodes, trade: &Trade, case: &str) -> (String, Vec<Given>) {
    let mut new = trade.order();
    new["case_id"] = json!(case);
    let step = async |path: String, token: &str, body: Option<Value>| {
        let key = format!("{case}-{path}");
        nodes.ask(Request::post(path, token, body).once(key)).await
    };
    let placed = step("/api/v1/orders".to_owned(), &trade.applicant, Some(new)).await;
    let order = placed["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/orders/{order}");
    for (word, token, body) in [
        ("accept", &trade.agency, None),
        ("record-contract", &trade.agency, Some(trade.contract())),
        ("confirm-contract", &trade.applicant, None),
    ] {
        step(format!("{path}/{word}"), token, body).await;
    }
    let files = format!("{path}/deliverables?name=report.txt&media_type=text/plain");
    let file = nodes.upload(&files, &trade.agency, &format!("{case}-file"), "检测报告").await;
    let deliver = Some(json!({ "deliverable": file["number"] }));
    for (word, token, body) in [
        ("deliver", &trade.agency, deliver),
        ("sign-off", &trade.applicant, None),
        ("use", &trade.fire, None),
    ] {
        step(format!("{path}/{word}"), token, body).await;
    }
    let mut given = Vec::new();
    for (token, marks) in [
        (&trade.applicant, json!({ "quality": 5, "timeliness": 4, "attitude": 5, "fee": 3 })),
        (&trade.agency, json!({ "cooperation": 4, "payment": 5 })),
        (&trade.fire, json!({ "quality": 5, "lawfulness": 4 })),
    ] {
        let body = Some(json!({ "marks": marks }));
        let request = Request::post(format!("{path}/evaluations"), token, body);
        let request = request.once(format!("{case}-evaluation-{}", given.len()));
        let answer = nodes.ask(request.clone()).await;
        given.push((request, answer));
    }
    (order, given)
}

/// Everything that was acknowledged is there once, and nothing else.
async fn check(nodes: &Nodes, trade: &Trade, order: &str, given: &[Given]) {
    let path = format!("/api/v1/orders/{order}");
    for (request, first) in given {
        assert_eq!(&nodes.ask(request.clone()).await, first, "the same key, the same answer");
    }
    let seen = nodes.ask(Request::get(format!("{path}/evaluations"), &trade.operator)).await;
    assert_eq!(seen["window"]["state"], "closed", "with the last of them it closed: {seen}");
    let kept = seen["evaluations"].as_array().unwrap();
    assert_eq!(kept.len(), given.len(), "{seen}");
    for (request, first) in given {
        let one = kept.iter().find(|one| one["id"] == first["id"]).unwrap();
        let marks = one["marks"].as_array().unwrap().iter();
        let marks: Map<_, _> = marks
            .map(|mark| (mark["code"].as_str().unwrap().to_owned(), mark["mark"].clone()))
            .collect();
        assert_eq!(request.body.as_ref().unwrap()["marks"], Value::Object(marks), "{one}");
        assert_eq!(one["state"]["state"], "published");
    }
    let ids: BTreeSet<_> = kept.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), kept.len());
    let timeline = nodes.ask(Request::get(format!("{path}/timeline"), &trade.operator)).await;
    let told = told(&timeline);
    for event in ["deliverable_uploaded", "order_delivered", "deliverable_signed_off"] {
        assert_eq!(told.get(event), Some(&1), "{event} in {told:?}");
    }
    nodes.issued_once(&format!("{path}/contract-summary"), &trade.operator).await;
}
