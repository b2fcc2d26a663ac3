//! Servers over one database that are killed (kill -9) again and again while others, or they
//! themselves once they are up again, go on.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use market_core::sha256_hex;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{Mutex, RwLock};

use crate::{
    harness::Place,
    passing::make_due,
    server::{Client, Request, Server, market},
    world::World,
};

/// So many answers come between two kills on average, and twice as many at most.
const BETWEEN_KILLS: u32 = 8;

/// The longest that a step may take, with all kills.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server, until it is killed.
#[derive(Debug)]
pub(crate) struct Node {
    server: Server,
    pub(crate) client: Client,
    is_killed: AtomicBool,
}

/// Servers over one database.
#[derive(Debug)]
pub(crate) struct Nodes {
    pub(crate) place: Place,
    folders: Vec<TempDir>,
    /// What all of them keep deliverables in.
    files: TempDir,
    running: Vec<RwLock<Arc<Node>>>,
    chance: Mutex<ChaCha8Rng>,
    /// How many answers the next kill is away.
    left: Mutex<u32>,
    /// One is killed at a time.
    killing: Mutex<()>,
    pub(crate) kills: AtomicUsize,
}

impl Nodes {
    pub(crate) async fn start(place: Place, count: usize, seed: u64) -> Self {
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
    pub(crate) async fn any(&self) -> (usize, Arc<Node>) {
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

    /// Whether a document was issued once, its file is kept, and its code leads to it. Servers that
    /// were killed may not have come to it yet.
    pub(crate) async fn issued_once(&self, path: &str, token: &str) {
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

    pub(crate) async fn stop(&self) {
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
