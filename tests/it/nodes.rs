//! Two servers over one database: they are one market.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{
    harness::Place,
    patience::within,
    server::{Client, Request, Server, Site},
};

/// How soon a change through one node must be seen by searches on the other.
const SOON: Duration = Duration::from_secs(5);

/// Two servers, each with a folder of its own.
#[derive(Debug)]
struct Nodes {
    site: Site,
    servers: [Server; 2],
    clients: [Client; 2],
    _folders: [TempDir; 2],
}

impl Nodes {
    async fn start() -> Self {
        let site = Site::prepare(Place::postgres().await, 8).await;
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [one, other] = &folders;
        let start = |folder| Server::over(&site.place, folder);
        let servers: [Server; 2] = tokio::join!(start(one), start(other)).into();
        let clients = [Client::of(&servers[0]), Client::of(&servers[1])];
        Self { site, servers, clients, _folders: folders }
    }

    /// Asks both nodes at once, so many times each.
    async fn ask_both(&self, times: usize, request: &Request) -> Vec<(u16, Value)> {
        let mut asking = JoinSet::new();
        for client in self.clients.iter().cycle().take(2 * times) {
            let (client, request) = (client.clone(), request.clone());
            asking.spawn(async move { client.ask(&request).await.unwrap() });
        }
        asking.join_all().await
    }

    fn order(&self, case: &str) -> Request {
        let mut order = self.site.trade.order();
        order["case_id"] = json!(case);
        Request::post("/api/v1/orders", &self.site.trade.applicant, Some(order))
    }

    async fn orders(&self, case: &str) -> usize {
        let path = format!("/api/v1/orders?case_id={case}");
        self.clients[0].list(&path, &self.site.trade.applicant).await.len()
    }

    async fn stop(self) {
        self.servers.iter().for_each(Server::terminate);
        assert!(self.servers.iter().all(|server| server.code() == Some(0)));
        self.site.place.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_are_one_market() {
    let nodes = Nodes::start().await;
    one_need_is_ordered_once(&nodes).await;
    one_key_has_one_effect(&nodes).await;
    a_listing_leaves_every_search(&nodes).await;
    both_feeds_tell_the_same(&nodes).await;
    nodes.stop().await;
}

async fn one_need_is_ordered_once(nodes: &Nodes) {
    let case = &nodes.site.cases[0];
    let answers = nodes.ask_both(10, &nodes.order(case)).await;
    let (placed, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|(status, _)| *status == 201);
    assert_eq!(placed.len(), 1);
    for (status, problem) in refused {
        assert_eq!((*status, &problem["code"]), (409, &json!("already-ordered")), "{problem}");
    }
    assert_eq!(nodes.orders(case).await, 1);
}

async fn one_key_has_one_effect(nodes: &Nodes) {
    for case in &nodes.site.cases[1..] {
        let answers = nodes.ask_both(2, &nodes.order(case).once(format!("order-{case}"))).await;
        assert_eq!(answers[0].0, 201, "{}", answers[0].1);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(nodes.orders(case).await, 1);
    }
}

async fn a_listing_leaves_every_search(nodes: &Nodes) {
    let Nodes { site, clients: [one, other], .. } = nodes;
    for (word, shown) in [("take-off-shelf", false), ("publish", true), ("take-off-shelf", false)] {
        assert_eq!(other.finds(&site.shelf).await, !shown);
        let path = format!("/api/v1/listings/{}/{word}", site.shelf.id);
        let (status, answer) = one.ask(&Request::post(path, &site.seller, None)).await.unwrap();
        assert_eq!(status, 200, "{answer}");
        let sees = async || (other.finds(&site.shelf).await == shown).then_some(());
        within(SOON, &format!("the other node sees {word}"), sees).await;
    }
}

/// Whoever follows either node while both are written through misses nothing.
async fn both_feeds_tell_the_same(nodes: &Nodes) {
    let Nodes { site, clients: [one, other], .. } = nodes;
    let shelf = format!("/api/v1/listings/{}", site.shelf.id);
    let version = one.read(&shelf, &site.seller).await["version"].as_i64().unwrap();
    let words = ["publish", "take-off-shelf"].repeat(10);
    let last = (site.shelf.id.to_string(), version + i64::try_from(words.len()).unwrap());
    let selling = async {
        for (word, client) in words.iter().zip(nodes.clients.iter().cycle()) {
            let request = Request::post(format!("{shelf}/{word}"), &site.seller, None);
            let (status, answer) = client.ask(&request).await.unwrap();
            assert_eq!(status, 200, "{answer}");
        }
    };
    // What is not public lies between.
    let case = json!({ "matter": "open-restaurant", "title": "面馆", "region": "330282",
        "fund": "social" });
    let case = Request::post("/api/v1/cases", &site.trade.applicant, Some(case));
    let (.., opened, one, other) =
        tokio::join!(selling, nodes.ask_both(10, &case), follow(one, &last), follow(other, &last));
    assert!(opened.iter().all(|(status, _)| *status == 201), "{opened:?}");
    let journal = journal(&site.place).await;
    let positions: Vec<_> = journal.iter().map(|(entry, _)| entry.0).collect();
    assert!(positions.iter().copied().eq((1..).take(positions.len())), "{positions:?}");
    let public: Vec<_> =
        journal.into_iter().filter(|(_, public)| *public).map(|(entry, _)| entry).collect();
    assert_eq!(one, other);
    assert_eq!(one, public[..one.len()], "the feed is what is public of the journal");
    assert_eq!(one.len(), public.len());
}

/// An entry: its position, its object and the object's version.
type Entry = (i64, String, i64);

/// Follows a node from the beginning to an entry.
async fn follow(client: &Client, last: &(String, i64)) -> Vec<Entry> {
    let (began, mut next, mut seen) = (Instant::now(), 0, Vec::<Entry>::new());
    while seen.last().is_none_or(|(_, object, version)| (object, version) != (&last.0, &last.1)) {
        assert!(began.elapsed() < 4 * SOON, "the feed does not tell of {last:?}");
        let page = client.read(&format!("/api/v1/feed?after={next}&limit=100"), "").await;
        for entry in page["items"].as_array().unwrap() {
            let number = |name: &str| entry[name].as_i64().unwrap();
            let object = entry["object"].as_str().unwrap().to_owned();
            seen.push((number("pos"), object, number("version")));
        }
        next = page["next"].as_i64().unwrap();
    }
    seen
}

/// The whole journal, and of each entry whether it is public.
async fn journal(place: &Place) -> Vec<(Entry, bool)> {
    let mut conn = PgConnection::connect(&place.url()).await.unwrap();
    let numbered = "select pos, object, version, public from journal \
        where pos is not null order by pos";
    let rows: Vec<(i64, String, i64, bool)> =
        sqlx::query_as(numbered).fetch_all(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    rows.into_iter()
        .map(|(pos, object, version, public)| ((pos, object, version), public))
        .collect()
}
