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
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use market_core::{Env, sha256_hex};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, RwLock},
    task::JoinSet,
};

use crate::{
    harness::{Place, TestApp},
    passing::make_due,
    program::{printed, run},
    purchase::{MODES, Parties, Story, told},
    server::{Client, Request, Server, market},
    trade::open,
    world::World,
};

/// So many answers come between two kills on average, and twice as many at most.
const BETWEEN_KILLS: u32 = 8;

/// Fewer kills than this prove nothing.
const LEAST_KILLS: usize = 10;

/// The longest that a step may take, with all kills.
const PATIENCE: Duration = Duration::from_mins(2);

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

/// A server, until it is killed.
#[derive(Debug)]
struct Node {
    server: Server,
    client: Client,
    is_killed: AtomicBool,
}

/// Servers over one database.
#[derive(Debug)]
struct Nodes {
    place: Place,
    folders: Vec<TempDir>,
    /// What all of them keep deliverables in.
    files: TempDir,
    running: Vec<RwLock<Arc<Node>>>,
    chance: Mutex<ChaCha8Rng>,
    /// How many answers the next kill is away.
    left: Mutex<u32>,
    /// One is killed at a time.
    killing: Mutex<()>,
    kills: AtomicUsize,
}

impl Nodes {
    async fn start(place: Place, count: usize, seed: u64) -> Self {
        let folders: Vec<_> = (0..count).map(|_| tempfile::tempdir().unwrap()).collect();
        let files = tempfile::tempdir().unwrap();
        let mut running = Vec::new();
        for folder in &folders {
            let node = Node::start(&place, folder.path(), files.path()).await;
            running.push(RwLock::new(Arc::new(node)));
        }
        let chance = Mutex::new(ChaCha8Rng::seed_from_u64(seed));
        let (left, killing, kills) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        Self { place, folders, files, running, chance, left, killing, kills }
    }

    async fn below(&self, bound: u32) -> u32 {
        self.chance.lock().await.next_u32() % bound
    }

    /// Some node, and its number.
    async fn any(&self) -> (usize, Arc<Node>) {
        let count = u32::try_from(self.running.len()).unwrap();
        let number = usize::try_from(self.below(count).await).unwrap();
        (number, self.running[number].read().await.clone())
    }

    /// Whether it is time for a kill.
    async fn is_time(&self) -> bool {
        let mut left = self.left.lock().await;
        let is_time = *left == 0;
        *left = if is_time { self.below(2 * BETWEEN_KILLS).await } else { *left - 1 };
        is_time
    }

    /// Kills a node, if it is time, and starts it again; others go on meanwhile.
    async fn maybe_kill(&self) {
        if !self.is_time().await {
            return;
        }
        let _one_at_a_time = self.killing.lock().await;
        let (number, node) = self.any().await;
        node.is_killed.store(true, Ordering::SeqCst);
        node.server.kill();
        self.kills.fetch_add(1, Ordering::SeqCst);
        let folder = self.folders[number].path();
        let again = Node::start(&self.place, folder, self.files.path()).await;
        *self.running[number].write().await = Arc::new(again);
    }

    /// Asks one node after another until one answers.
    async fn until_answered<F>(&self, ask: impl Fn(Client) -> F) -> Value
    where
        F: Future<Output = Result<(u16, Value), reqwest::Error>>,
    {
        let began = Instant::now();
        loop {
            let (_, node) = self.any().await;
            match ask(node.client.clone()).await {
                Ok((status, answer)) if (200..300).contains(&status) => return answer,
                Ok((503, _)) => {}
                Ok((status, answer)) => panic!("{status}: {answer}"),
                Err(why) => {
                    let is_killed = node.is_killed.load(Ordering::SeqCst);
                    assert!(is_killed, "no answer from a server that runs: {why}");
                }
            }
            assert!(began.elapsed() < PATIENCE, "nobody answers");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

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

    /// Whether a document was issued once, its file is kept, and its code leads to it. Servers that
    /// were killed may not have come to it yet.
    async fn issued_once(&self, path: &str, token: &str) {
        let (_, node) = self.any().await;
        let content = node.client.file(path, token).await;
        let all = path.replace("summary", "summarie") + "s";
        let all = self.ask(Request::get(all, token)).await;
        let all = all["items"].as_array().unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(all[0]["sha256"], sha256_hex(&content));
        let code = all[0]["code"].as_str().unwrap();
        let verified = self.ask(Request::get(format!("/api/v1/verifications/{code}"), "")).await;
        assert_eq!(verified, all[0]);
        assert_eq!(verified["standing"], "valid");
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

    async fn stop(&self) {
        for node in &self.running {
            let node = node.read().await;
            node.server.terminate();
            assert_eq!(node.server.code(), Some(0));
        }
        self.place.is_quiet().await;
    }
}

impl Node {
    async fn start(place: &Place, folder: &Path, files: &Path) -> Self {
        let mut command = market(folder);
        command.env("MARKET_DATABASE", place.url()).env("MARKET_FILES", files);
        command.env("MARKET_LOG", "warn");
        let server = Server::ready(command).await;
        let client = Client::of(&server);
        Self { server, client, is_killed: AtomicBool::new(false) }
    }
}

impl World for Nodes {
    async fn ask(&self, request: Request) -> Value {
        let request = &request;
        let answer = self.until_answered(async |client: Client| client.ask(request).await).await;
        if request.key.is_some() {
            self.maybe_kill().await;
        }
        answer
    }

    async fn upload(&self, path: &str, token: &str, key: &str, text: &str) -> Value {
        let upload = async |client: Client| client.upload((path, token), key, text).await;
        let answer = self.until_answered(upload).await;
        self.maybe_kill().await;
        answer
    }

    async fn time_passes(&self, purchase: &str) -> Value {
        let path = format!("/api/v1/purchases/{purchase}");
        let read = || self.ask(Request::get(&path, ""));
        let before = read().await;
        make_due(&self.place, purchase).await;
        let began = Instant::now();
        loop {
            let now = read().await;
            if now["version"] != before["version"] {
                return now;
            }
            assert!(began.elapsed() < PATIENCE, "nobody moves what is due: {now}");
            self.maybe_kill().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
