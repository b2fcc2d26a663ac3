//! A server that is killed in the middle of its work, again and again: what it acknowledged is
//! there, nothing is half done, and whoever heard nothing may ask again.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{
    harness::Place,
    server::{Client, Request, Server, Site, market},
};

/// After so many acknowledged writes the server is killed; together they leave something to do.
const KILLS: &[usize] = &[11, 23, 17, 31, 13, 29];

const CLIENTS: usize = 8;

const CASES: usize = 40;

/// What happens to a case, request by request; cases take turns.
const STORIES: &[&[&str]] = &[
    &["place", "accept", "record-contract", "confirm-contract"],
    &["place", "cancel", "place", "accept"],
    &["place", "decline", "place"],
    &["place", "accept", "record-contract", "reject-contract"],
];

/// What happens to the listing on the shelf.
const SHELF: &[&str] = &["take-off-shelf", "publish"];

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_its_word_on_sqlite() {
    survive(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_keeps_its_word_on_postgres() {
    survive(Place::postgres().await).await;
}

async fn survive(place: Place) {
    let site = Arc::new(Site::prepare(place, CASES).await);
    let folder = tempfile::tempdir().unwrap();
    let mut works = works(&site);
    for limit in KILLS {
        let round = Round::begin(&site, &folder, *limit, &works).await;
        works = round.run(works).await;
        assert!(round.is_killed() && works.iter().flatten().any(|work| !work.is_done()));
        site.place.is_quiet().await;
    }
    let round = Round::begin(&site, &folder, usize::MAX, &works).await;
    works = round.run(works).await;
    assert!(works.iter().flatten().all(Work::is_done));
    check(&site, &round.client, &works).await;
    repeat(&site, &round.client, &works).await;
    check(&site, &round.client, &works).await;
    round.server.terminate();
    assert_eq!(round.server.code(), Some(0));

    let mut verify = market(folder.path());
    verify.args(["verify", "index", "--database", &site.place.url()]);
    let verified = verify.output().unwrap();
    let report = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.status.success() && report.contains(" 0 differences, 0 "), "{report}");
    drop(round);
    Arc::into_inner(site).unwrap().place.remove().await;
}

/// The works of each client: cases in turn, and the listing for one client more.
fn works(site: &Site) -> Vec<Vec<Work>> {
    let mut works: Vec<Vec<Work>> = (0..CLIENTS).map(|_| Vec::new()).collect();
    for (n, case) in site.cases.iter().enumerate() {
        works[n % CLIENTS].push(Work::new(case, STORIES[n / CLIENTS % STORIES.len()].to_vec()));
    }
    works.push(vec![Work::new(&site.shelf.id.to_string(), SHELF.repeat(20))]);
    works
}

/// What one client does to one thing, in order.
#[derive(Debug)]
struct Work {
    /// The case, or the listing.
    thing: String,
    story: Vec<&'static str>,
    /// What was answered so far.
    answers: Vec<Value>,
}

impl Work {
    fn new(thing: &str, story: Vec<&'static str>) -> Self {
        Self { thing: thing.to_owned(), story, answers: Vec::new() }
    }

    fn is_done(&self) -> bool {
        self.answers.len() == self.story.len()
    }

    fn is_of_case(&self) -> bool {
        self.story[0] == "place"
    }

    /// The request of a step: the same, under the same key, however often it is asked for.
    fn request(&self, site: &Site, step: usize) -> Request {
        let (word, trade) = (self.story[step], &site.trade);
        let why = || Some(json!({ "reason": "改期" }));
        let (path, token, body) = match word {
            "place" => {
                let mut order = trade.order();
                order["case_id"] = json!(self.thing);
                ("/api/v1/orders".to_owned(), &trade.applicant, Some(order))
            }
            "take-off-shelf" | "publish" => {
                (format!("/api/v1/listings/{}/{word}", self.thing), &site.seller, None)
            }
            _ => {
                let order = self.answers[step - 1]["id"].as_str().unwrap();
                let (token, body) = match word {
                    "accept" => (&trade.agency, None),
                    "decline" => (&trade.agency, why()),
                    "record-contract" => (&trade.agency, Some(trade.contract())),
                    "confirm-contract" => (&trade.applicant, None),
                    _ => (&trade.applicant, why()),
                };
                (format!("/api/v1/orders/{order}/{word}"), token, body)
            }
        };
        Request::post(path, token, body).once(format!("{}-{step}", self.thing))
    }

    /// The version that a step must make.
    fn version(&self, site: &Site, step: usize) -> i64 {
        let before = match (self.story[step], step) {
            ("place", _) => 0,
            (_, 0) => site.shelf.version,
            _ => self.answers[step - 1]["version"].as_i64().unwrap(),
        };
        before + 1
    }

    /// The last that was answered of each order, or of the listing.
    fn acknowledged(&self) -> BTreeMap<&str, &Value> {
        self.answers.iter().map(|answer| (answer["id"].as_str().unwrap(), answer)).collect()
    }
}

/// Clients that work until their server is killed under them.
#[derive(Debug)]
struct Round {
    site: Arc<Site>,
    server: Server,
    client: Client,
    acknowledged: AtomicUsize,
    limit: usize,
}

impl Round {
    /// Starts the server, which must have kept everything from the rounds before.
    async fn begin(
        site: &Arc<Site>,
        folder: &TempDir,
        limit: usize,
        works: &[Vec<Work>],
    ) -> Arc<Self> {
        let server = Server::over(&site.place, folder).await;
        let client = Client::of(&server);
        check(site, &client, works).await;
        let listing =
            client.read(&format!("/api/v1/listings/{}", site.shelf.id), &site.seller).await;
        assert_eq!(client.finds(&site.shelf).await, listing["state"] == "published", "{listing}");
        let site = site.clone();
        Arc::new(Self { site, server, client, acknowledged: AtomicUsize::new(0), limit })
    }

    async fn run(self: &Arc<Self>, works: Vec<Vec<Work>>) -> Vec<Vec<Work>> {
        let mut clients = JoinSet::new();
        for mut works in works {
            let round = self.clone();
            clients.spawn(async move {
                for work in &mut works {
                    while !work.is_done() && round.step(work).await {}
                }
                works
            });
        }
        clients.join_all().await
    }

    fn is_killed(&self) -> bool {
        self.acknowledged.load(Ordering::SeqCst) >= self.limit
    }

    /// Takes the next step; false if the server was killed before it answered.
    async fn step(&self, work: &mut Work) -> bool {
        let step = work.answers.len();
        let (status, answer) = match self.client.ask(&work.request(&self.site, step)).await {
            Ok(answered) => answered,
            Err(why) => {
                assert!(self.is_killed(), "no answer from a server that runs: {why}");
                return false;
            }
        };
        assert!(status == 200 || status == 201, "{} {step}: {answer}", work.thing);
        assert_eq!(answer["version"], work.version(&self.site, step), "{answer}");
        work.answers.push(answer);
        if self.acknowledged.fetch_add(1, Ordering::SeqCst) + 1 == self.limit {
            self.server.kill();
        }
        true
    }
}

/// Asks everything again: the answers are the first ones.
async fn repeat(site: &Site, client: &Client, works: &[Vec<Work>]) {
    for work in works.iter().flatten() {
        for (step, first) in work.answers.iter().enumerate() {
            let (_, again) = client.ask(&work.request(site, step)).await.unwrap();
            assert_eq!(&again, first, "{} {step}", work.thing);
        }
    }
}

/// Everything that was acknowledged is there, and nothing is half done.
async fn check(site: &Site, client: &Client, works: &[Vec<Work>]) {
    for work in works.iter().flatten() {
        if work.is_of_case() {
            check_case(site, client, work).await;
        } else {
            let path = format!("/api/v1/listings/{}", work.thing);
            let listing = client.read(&path, &site.seller).await;
            work.acknowledged().values().for_each(|answer| check_kept(work, answer, &listing));
        }
    }
}

/// A thing is as it was answered, or one step further: whose answer was lost.
fn check_kept(work: &Work, answer: &Value, thing: &Value) {
    let version = |of: &Value| of["version"].as_i64().unwrap();
    let is_last = work.answers.last().is_some_and(|last| last == answer);
    if is_last && !work.is_done() && version(thing) == version(answer) + 1 {
        return;
    }
    for (name, value) in answer.as_object().unwrap() {
        assert_eq!(&thing[name], value, "{name} of {thing}");
    }
}

async fn check_case(site: &Site, client: &Client, work: &Work) {
    let (case, token) = (&work.thing, &site.trade.applicant);
    let orders = client.list(&format!("/api/v1/orders?case_id={case}"), token).await;
    let orders: BTreeMap<_, _> =
        orders.iter().map(|order| (order["id"].as_str().unwrap(), order)).collect();
    for (id, answer) in work.acknowledged() {
        check_kept(work, answer, orders[id]);
    }
    let placed = work.story[..work.answers.len()].iter().filter(|word| **word == "place").count();
    let may_be_placed = work.story.get(work.answers.len()) == Some(&"place");
    assert!(orders.len() == placed || orders.len() == placed + 1 && may_be_placed, "{case}");

    let over = |order: &Value| {
        ["declined", "cancelled", "terminated"].iter().any(|one| order["state"]["state"] == *one)
    };
    let live: Vec<_> = orders.iter().filter(|(_, order)| !over(order)).map(|(id, _)| *id).collect();
    let progress = client.read(&format!("/api/v1/cases/{case}"), token).await;
    let needs = progress["requirements"].as_array().unwrap();
    let held = needs.iter().filter_map(|need| need["order"]["id"].as_str());
    assert_eq!(held.collect::<Vec<_>>(), live, "what case {case} holds, and what lives");

    let timeline = client.list(&format!("/api/v1/cases/{case}/timeline"), token).await;
    let mut versions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    // Documents are issued beside the story, sooner or later.
    for entry in timeline.iter().filter(|entry| entry["kind"] != "document") {
        let object = entry["object"].as_str().unwrap();
        versions.entry(object).or_default().push(entry["version"].as_i64().unwrap());
    }
    let things = orders.iter().map(|(id, order)| (*id, &order["version"]));
    let things = things.chain([(case.as_str(), &progress["version"])]);
    let every: BTreeMap<_, _> =
        things.map(|(id, version)| (id, (1..=version.as_i64().unwrap()).collect())).collect();
    assert_eq!(versions, every, "one entry for each version");
}
