//! Ten purchases, two of each family of modes, from their notices to completed orders, over HTTP
//! with servers that are killed (kill -9) again and again between any two steps and in the middle
//! of them. Every step is asked for under its key until it is answered, by whichever server is up.
//! At the end every order is completed, nothing happened twice, and every proof holds from its file
//! alone, by the program and by `docs/verify_draw.py`.
//!
//! The servers are the real program with the real clock. How time passes is said in `passing`.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Arc, atomic::Ordering},
};

use market_core::Env;
use tokio::task::JoinSet;

use crate::{
    harness::{Place, TestApp},
    killed::Nodes,
    program::{printed, run},
    purchase::{MODES, Parties, Story, told},
    server::Request,
    trade::open,
    world::World,
};

/// Fewer kills than this prove nothing.
const LEAST_KILLS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_purchases_survive_two_servers_being_killed_on_postgres() {
    survive(Place::postgres().await, 2, 20_261_124).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_purchases_survive_their_server_being_killed_on_sqlite() {
    survive(Place::sqlite(), 1, 20_261_125).await;
}

async fn survive(place: Place, nodes: usize, seed: u64) {
    let app = TestApp::open(place, Env::real()).await;
    let parties = Arc::new(Parties::gather(&app, 3).await);
    let closes_at = app.market.env().now().plus_seconds(7 * 24 * 60 * 60).to_string();
    let mut cases = Vec::new();
    for _ in MODES {
        cases.push(open(&app, &parties.applicant, "open-restaurant").await);
    }
    let nodes = Arc::new(Nodes::start(app.leave().await, nodes, seed).await);

    let mut purchases = JoinSet::new();
    for (number, (mode, case)) in MODES.into_iter().zip(cases).enumerate() {
        let (nodes, parties, closes_at) = (nodes.clone(), parties.clone(), closes_at.clone());
        purchases.spawn(async move {
            let story = Story::new(&*nodes, &parties, &case, mode, number);
            (mode, story.run(&closes_at).await)
        });
    }
    let purchases = purchases.join_all().await;
    let kills = nodes.kills.load(Ordering::SeqCst);
    assert!(kills >= LEAST_KILLS, "only {kills} kills");
    for (mode, id) in &purchases {
        nodes.happened_once(mode, id, &parties.operator).await;
        nodes.prove(mode, id).await;
    }
    let nodes = Arc::into_inner(nodes).unwrap();
    nodes.stop().await;
    nodes.place.remove().await;
}

impl Nodes {
    /// Whether everything that may happen once happened once, and every version has its entry.
    async fn happened_once(&self, mode: &str, id: &str, token: &str) {
        let path = format!("/api/v1/purchases/{id}");
        let timeline = self.ask(Request::get(format!("{path}/timeline"), token)).await;
        let told = told(&timeline);
        for event in ["registration_closed", "award_published", "award_stands", "award_confirmed"] {
            assert_eq!(told.get(event), Some(&1), "{mode}: {event} in {told:?}");
        }
        let versions = timeline["items"].as_array().unwrap().iter();
        let versions: Vec<_> = versions.map(|entry| entry["version"].as_u64().unwrap()).collect();
        let last = u64::try_from(versions.len()).unwrap();
        assert_eq!(versions, (1..=last).collect::<Vec<_>>(), "{mode}");
        let purchase = self.ask(Request::get(&path, token)).await;
        assert_eq!(purchase["version"], last, "{mode}");
        let order = purchase["state"]["order_id"].as_str().unwrap();
        let order = format!("/api/v1/orders/{order}");
        for documents in [format!("{path}/award-letter"), format!("{order}/contract-summary")] {
            self.issued_once(&documents, token).await;
        }
    }

    /// Whether a proof holds by two verifiers, in a folder that has nothing else.
    async fn prove(&self, mode: &str, id: &str) {
        let (_, node) = self.any().await;
        let proof = node.client.text(&format!("/api/v1/draws/{id}/proof")).await;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("proof.json"), proof).unwrap();
        let text = printed(&run(folder.path(), &["draw", "verify", "proof.json"]));
        assert!(
            text.contains("成立 holds") && text.contains("followed anew, to"),
            "{mode}: {text}"
        );
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verify_draw.py");
        let mut command = Command::new("python3");
        let command = command.arg("-B").arg(python).arg("proof.json").current_dir(folder.path());
        printed(&command.output().unwrap());
    }
}
