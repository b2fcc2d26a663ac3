//! `market serve` as a process of its own, and a client that speaks to it over real HTTP.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{LazyLock, Mutex},
    time::{Duration, Instant},
};

use market_core::{Env, Party, agency::Listing, sealing::ServerKey, sha256_hex};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::{Place, TestApp, unique},
    patience::within,
    trade::{INSPECTION, Trade, WATER, eligible, open, trade_among},
};

/// The longest that anything here may take; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, with nothing of our environment that it would heed.
pub(crate) fn market(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
    let kept = std::env::vars_os()
        .filter(|(name, _)| name.to_str().is_none_or(|name| !name.starts_with("MARKET_")));
    command.env_clear().envs(kept.collect::<Vec<_>>());
    // Tests ask more often than people do; those of limits say so.
    command.env("MARKET_DATA", folder).env("MARKET_RATE_LIMITS", "false").current_dir(folder);
    command
}

/// The key that all servers share.
pub(crate) fn server_key() -> &'static ServerKey {
    static KEY: LazyLock<ServerKey> = LazyLock::new(|| ServerKey::new(&Env::real()));
    &KEY
}

/// A running server, ended with the test.
#[derive(Debug)]
pub(crate) struct Server {
    child: Mutex<Child>,
    pub(crate) address: String,
}

impl Server {
    /// Starts one on a free port.
    pub(crate) fn start(mut command: Command) -> Self {
        let data = command.get_envs().find(|(name, _)| *name == "MARKET_DATA").unwrap().1.unwrap();
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        if let Ok(mut file) = options.open(Path::new(data).join("server.key")) {
            file.write_all(server_key().reveal().as_bytes()).unwrap();
        }
        let command = command.args(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split("http://").nth(1).unwrap();
        let address = url.split('/').next().unwrap().to_owned();
        Self { child: Mutex::new(child), address }
    }

    /// Starts one over a database, and waits until it says that it is ready.
    pub(crate) async fn over(place: &Place, folder: &TempDir) -> Self {
        let mut command = market(folder.path());
        command.env("MARKET_DATABASE", place.url()).env("MARKET_LOG", "warn");
        Self::ready(command).await
    }

    /// Starts one as told, and waits until it says that it is ready.
    pub(crate) async fn ready(command: Command) -> Self {
        let server = Self::start(command);
        let client = Client::of(&server);
        let is_ready = async || client.is_answered_ready().await.then_some(());
        within(PATIENCE, "the server is ready", is_ready).await;
        server
    }

    /// Ends it on the spot, as a crash would.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends it a signal, as `kill` names it.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.lock().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits for its end; gives its exit code.
    pub(crate) fn code(&self) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.lock().unwrap().try_wait().unwrap() {
                return status.code();
            }
            assert!(began.elapsed() < 2 * PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What to ask of a server.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) token: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>, token: &str) -> Self {
        let (path, token) = (path.into(), token.to_owned());
        Self { method: Method::GET, path, token, key: None, body: None }
    }

    pub(crate) fn post(path: impl Into<String>, token: &str, body: Option<Value>) -> Self {
        Self { method: Method::POST, body, ..Self::get(path, token) }
    }

    /// Asks under a key that may be repeated.
    pub(crate) fn once(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }
}

/// Somebody who speaks to one server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    server: String,
}

impl Client {
    pub(crate) fn of(server: &Server) -> Self {
        market_api::tls::ready();
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { http, server: format!("http://{}", server.address) }
    }

    /// The whole answer, if there is one: its status and its JSON.
    pub(crate) async fn ask(&self, request: &Request) -> Result<(u16, Value), reqwest::Error> {
        let Request { method, path, token, key, body } = request;
        let url = format!("{}{path}", self.server);
        let mut asking = self.http.request(method.clone(), url);
        if !token.is_empty() {
            asking = asking.bearer_auth(token);
        }
        if !method.is_safe() {
            let key = key.clone().unwrap_or_else(|| unique("key"));
            asking = asking.header("idempotency-key", key).header("if-match", "*");
        }
        if let Some(body) = body {
            asking = asking.json(body);
        }
        let answer = asking.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// Buys for a case, and has both sides settle the contract; gives the path of the order.
    pub(crate) async fn in_service(&self, trade: &Trade, case: &str) -> String {
        let ask = async |path: &str, token: &str, body: Option<Value>| {
            let (status, answer) = self.ask(&Request::post(path, token, body)).await.unwrap();
            assert!((200..300).contains(&status), "{answer}");
            answer
        };
        let mut new = trade.order();
        new["case_id"] = json!(case);
        let placed = ask("/api/v1/orders", &trade.applicant, Some(new)).await;
        let path = format!("/api/v1/orders/{}", placed["id"].as_str().unwrap());
        for (step, token, body) in [
            ("accept", &trade.agency, None),
            ("record-contract", &trade.agency, Some(trade.contract())),
            ("confirm-contract", &trade.applicant, None),
        ] {
            ask(&format!("{path}/{step}"), token, body).await;
        }
        path
    }

    /// The whole answer to an upload, if there is one.
    pub(crate) async fn upload(
        &self,
        (path, token): (&str, &str),
        key: &str,
        text: &str,
    ) -> Result<(u16, Value), reqwest::Error> {
        let asking = self.http.post(format!("{}{path}", self.server)).bearer_auth(token);
        let asking = asking.header("idempotency-key", key).header("if-match", "*");
        let asking = asking.header("x-content-sha256", sha256_hex(text.as_bytes()));
        let answer = asking.body(text.to_owned()).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// What anybody may read at a path, letter by letter.
    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.server)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// A file that somebody may read.
    pub(crate) async fn file(&self, path: &str, token: &str) -> Vec<u8> {
        let asking = self.http.get(format!("{}{path}", self.server)).bearer_auth(token);
        let answer = asking.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    }

    /// The whole feed as this node tells it, page after page, once it tells of everything.
    pub(crate) async fn feed(&self) -> String {
        let (began, mut text, mut after) = (Instant::now(), String::new(), 0);
        loop {
            let page = self.text(&format!("/api/v1/feed?limit=100&after={after}")).await;
            let json: Value = serde_json::from_str(&page).unwrap();
            let last = json["items"].as_array().unwrap().last();
            match last.map(|last| last["pos"].as_i64().unwrap()) {
                Some(pos) => after = pos,
                None => return text,
            }
            assert!(began.elapsed() < PATIENCE, "the feed does not end");
            text.push_str(&page);
        }
    }

    /// What an answer that must come says.
    pub(crate) async fn read(&self, path: &str, token: &str) -> Value {
        let (status, json) = self.ask(&Request::get(path, token)).await.unwrap();
        assert_eq!(status, 200, "{path}: {json}");
        json
    }

    /// Everything of a list that fits on a page.
    pub(crate) async fn list(&self, path: &str, token: &str) -> Vec<Value> {
        let page = self.read(path, token).await;
        assert!(page["next"].is_null(), "{path} has more than a page");
        page["items"].as_array().unwrap().clone()
    }

    /// Whether a search shows a listing.
    pub(crate) async fn finds(&self, listing: &Listing) -> bool {
        let path = format!("/api/v1/search?item={}&limit=100", listing.item);
        let id = listing.id.to_string();
        self.list(&path, "").await.iter().any(|hit| hit["id"] == id)
    }

    async fn is_answered_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.server)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }
}

/// A database that servers are started over, with what a trade needs and some open cases.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) place: Place,
    pub(crate) trade: Trade,
    pub(crate) cases: Vec<String>,
    /// A listing that goes on and off the shelf …
    pub(crate) shelf: Listing,
    /// … by this token.
    pub(crate) seller: String,
}

impl Site {
    pub(crate) async fn prepare(place: Place, cases: usize) -> Self {
        let app = TestApp::open(place, Env::real()).await;
        let trade = trade_among(&app, 60, INSPECTION).await;
        let shelf = eligible(&app, &trade.applicant, &trade.case, WATER).await;
        let seller = app.person("seller", Party::Agency(shelf.agency_id)).await;
        let mut opened = Vec::new();
        for _ in 0..cases {
            opened.push(open(&app, &trade.applicant, "open-restaurant").await);
        }
        Self { place: app.leave().await, trade, cases: opened, shelf, seller }
    }
}
