//! The command line against a server, as somebody uses it who has no more than its address and a
//! token.

use std::{
    path::Path,
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use market_core::{Env, id::PurchaseId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    harness::{Place, TestApp},
    program::{printed, run},
    server::{Client, Request, Server, Site, market},
    town::Town,
};

/// A server, and a place of one's own to ask it from.
struct Away {
    site: Site,
    server: Server,
    folder: TempDir,
}

impl Away {
    async fn from(place: Place) -> Self {
        let (site, folder) = (Site::prepare(place, 1).await, tempfile::tempdir().unwrap());
        let server = Server::over(&site.place, &tempfile::tempdir().unwrap()).await;
        Self { site, server, folder }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Runs a command as somebody, by the environment.
    async fn run_at(&self, url: &str, token: &str, arguments: &[&str]) -> Output {
        let mut command = market(self.folder.path());
        command.args(arguments).env("MARKET_SERVER", url).env("LANG", "zh_CN.UTF-8");
        command.env_remove("LC_ALL").env_remove("LC_MESSAGES");
        if !token.is_empty() {
            command.env("MARKET_TOKEN", token);
        }
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn run(&self, token: &str, arguments: &[&str]) -> Output {
        self.run_at(&self.url(), token, arguments).await
    }

    async fn prints(&self, token: &str, arguments: &[&str]) -> String {
        printed(&self.run(token, arguments).await)
    }

    /// Runs a command that fails so, and gives what it says of it.
    async fn fails(&self, token: &str, code: i32, arguments: &[&str]) -> String {
        let output = self.run(token, arguments).await;
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        said
    }

    /// Buys the listing for the other case.
    async fn place(&self) -> String {
        let mut order = self.site.trade.order();
        order["case_id"] = json!(self.site.cases[0]);
        let place = Request::post("/api/v1/orders", &self.site.trade.applicant, Some(order));
        let (status, placed) = Client::of(&self.server).ask(&place).await.unwrap();
        assert_eq!(status, 201, "{placed}");
        placed["id"].as_str().unwrap().to_owned()
    }

    async fn order(&self, id: &str) -> Value {
        let path = format!("/api/v1/orders/{id}");
        Client::of(&self.server).read(&path, &self.site.trade.agency).await
    }

    async fn end(self) {
        self.server.kill();
        self.site.place.remove().await;
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

async fn everything_that_is_read(place: Place) {
    let away = Away::from(place).await;
    let trade = &away.site.trade;
    let item = away.prints("", &["item", "show", "fire-facility-inspection"]).await;
    assert!(item.contains("name          建筑消防设施检测"), "{item}");
    let items = away.prints("", &["item", "list", "--limit", "3"]).await;
    assert_eq!(items.lines().count(), 3);
    let whole: Value =
        serde_json::from_str(&away.prints("", &["item", "list", "--json"]).await).unwrap();
    assert!(whole["items"].is_array() && whole["next"].is_string());
    let matter = away.prints("", &["matter", "show", "open-restaurant"]).await;
    assert!(
        matter.contains("step  s2    食品经营许可  market-regulation, 5 days, after s1"),
        "{matter}"
    );
    assert!(matter.contains("needs fire-facility-inspection  for s3: "), "{matter}");
    assert!(away.prints("", &["matter", "list"]).await.lines().count() == 20);
    let found = away.prints("", &["search", "消防", "--limit", "2"]).await;
    assert!(found.contains(" found"), "{found}");
    let found: Value =
        serde_json::from_str(&away.prints("", &["search", "消防", "--json"]).await).unwrap();
    assert!(found["total"].as_u64().unwrap() > 0);
    let feed = away.prints("", &["feed", "--limit", "150"]).await;
    let positions: Vec<i64> =
        feed.lines().map(|line| line.split('\t').next().unwrap().parse().unwrap()).collect();
    assert!(positions.len() == 150 && positions.is_sorted(), "more than a page");
    let last = positions.last().unwrap().to_string();
    let later = away.prints("", &["feed", "--after", &last, "--limit", "1", "--json"]).await;
    let later: Value = serde_json::from_str(&later).unwrap();
    assert!(later["pos"].as_i64().unwrap() > positions[149]);
    let beyond = (1_i64 << 40).to_string();
    assert_eq!(away.prints("", &["feed", "--after", &beyond]).await, "", "a position is an i64");

    let cases = away.prints(&trade.applicant, &["case", "list"]).await;
    assert_eq!(cases.lines().count(), 2);
    assert!(cases.contains(&trade.case) && cases.contains("开一家面馆"), "{cases}");
    let case = away.prints(&trade.applicant, &["case", "show", &trade.case]).await;
    assert!(
        case.contains("needs fire-facility-inspection") && case.contains("can   withdraw"),
        "{case}"
    );
    let order = away.place().await;
    let orders = away.prints(&trade.agency, &["order", "list", "--state", "placed"]).await;
    assert!(
        orders.starts_with(&format!("{order}\tplaced\tfire-facility-inspection\t")),
        "{orders}"
    );
    let shown = away.prints(&trade.agency, &["order", "show", &order]).await;
    assert!(shown.contains("can   accept"), "{shown}");
    assert!(shown.contains("not   sign-off: 应由对方办理 (other-side)"), "{shown}");
    assert_eq!(away.prints("", &["purchase", "list"]).await, "");
    assert!(is_empty(away.folder.path()), "nothing is kept here");
    away.end().await;
}

async fn steps_are_taken_once(place: Place) {
    let away = Away::from(place).await;
    let trade = &away.site.trade;
    let order = away.place().await;
    let take = async |token: &str, rest: &[&str]| {
        let all = [&["order", "act", order.as_str()], rest].concat();
        away.run(token, &all).await
    };
    let rehearsed = take(&trade.agency, &["accept", "--validate-only"]).await;
    assert!(printed(&rehearsed).contains("state         accepted"));
    assert_eq!(away.order(&order).await["version"], 1);

    let stale = take(&trade.agency, &["accept", "--version", "7"]).await;
    assert_eq!(stale.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stale.stderr).contains("(stale)"));
    let key = ["accept", "--version", "1", "--key", "k-1"];
    assert!(printed(&take(&trade.agency, &key).await).contains("version       2"));
    let again = take(&trade.agency, &key).await;
    assert!(String::from_utf8_lossy(&again.stderr).contains("此前已办理"));
    assert!(printed(&again).contains("version       2"));
    assert_eq!(away.order(&order).await["version"], 2, "once");

    let wrong =
        take(&trade.agency, &["record-contract", "--body", r#"{"number":"","amount":"x"}"#]).await;
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(said.contains("(invalid)") && said.contains("/amount: "), "{said}");
    let refused = take(&trade.agency, &["sign-off"]).await;
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("应由对方办理 (other-side)"), "{said}");
    let today = Env::real().now().day();
    let mut contract = trade.contract();
    for (field, days) in [("signed_on", 0), ("starts_on", 0), ("ends_on", 30)] {
        contract[field] = json!(today.plus(days));
    }
    std::fs::write(away.folder.path().join("contract.json"), contract.to_string()).unwrap();
    let recorded = take(&trade.agency, &["record-contract", "--body", "@contract.json"]).await;
    assert!(printed(&recorded).contains("state         contracted"));
    let reason = ["reject-contract", "--reason", "条款不符", "--json"];
    let rejected: Value =
        serde_json::from_str(&printed(&take(&trade.applicant, &reason).await)).unwrap();
    assert_eq!(rejected["state"]["state"], "accepted");
    away.end().await;
}

async fn what_cannot_be_is_said(place: Place) {
    let away = Away::from(place).await;
    let trade = &away.site.trade;
    for (token, code, arguments, why) in [
        ("", 1, &["order", "list"][..], "(anonymous)"),
        ("mkt_nobody", 1, &["case", "list"], "(anonymous)"),
        ("", 1, &["item", "show", "no-such-item"], "(not-found)"),
        (&trade.applicant, 2, &["order", "list", "--state", "frozen"], "state: "),
        (&trade.applicant, 2, &["order", "list", "--after", "x"], "after: "),
        (&trade.applicant, 2, &["order", "list", "--limit", "101"], "101"),
        ("", 2, &["order", "show", "x"], "x"),
        ("", 2, &["item", "show", "Bad Code"], "Bad Code"),
        ("", 2, &["search", "x", "--sort", "distance"], "near"),
        ("a b\u{7f}", 2, &["feed"], "token"),
        ("", 2, &["feed", "--token-file", "no-such-file"], "no-such-file"),
        ("", 1, &["draw", "verify", "--id", &trade.case], "(not-found)"),
    ] {
        let said = away.fails(token, code, arguments).await;
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
    let nowhere = away.run_at("http://127.0.0.1:1", "", &["item", "list"]).await;
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("127.0.0.1:1"));
    for (url, why) in
        [("127.0.0.1", "--server"), ("ftp://a.cn", "http://"), ("http://a:b@c.cn", "--token")]
    {
        let bad = away.run_at(url, "", &["item", "list"]).await;
        assert_eq!(bad.status.code(), Some(2), "{url}");
        assert!(String::from_utf8_lossy(&bad.stderr).contains(why), "{url}");
    }
    let mut lost = market(away.folder.path());
    let lost = lost.args(["item", "list"]).output().unwrap();
    assert_eq!(lost.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&lost.stderr).contains("MARKET_SERVER"));
    let mut local = market(away.folder.path());
    let local =
        local.args(["import", "items", "x.csv", "--server", "http://a.cn"]).output().unwrap();
    assert_eq!(local.status.code(), Some(2), "what works on a folder takes no server");
    std::fs::write(away.folder.path().join("token.txt"), format!("{}\n", trade.applicant)).unwrap();
    assert_ne!(away.prints("", &["item", "list", "--token", ""]).await, "", "no token is none");
    let by_file = away.prints("", &["case", "list", "--token-file", "token.txt"]).await;
    assert_eq!(by_file.lines().count(), 2);
    away.end().await;
}

/// Passes connections on to a server, but of the first so many gives no answer back.
async fn lossy(server: String, losses: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, lost) =
        (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let counted = lost.clone();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut upstream = TcpStream::connect(&server).await.unwrap();
            if counted.load(Ordering::SeqCst) >= losses {
                tokio::spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut upstream).await;
                });
                continue;
            }
            let mut request = vec![0; 64 << 10];
            let read = client.read(&mut request).await.unwrap();
            upstream.write_all(&request[..read]).await.unwrap();
            // It is done by the time that its answer comes, which nobody hears of.
            let mut answer = [0; 12];
            upstream.read_exact(&mut answer).await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (url, lost)
}

async fn a_lost_answer_is_asked_for_again(place: Place) {
    let away = Away::from(place).await;
    let trade = &away.site.trade;
    let order = away.place().await;
    let (url, lost) = lossy(away.server.address.clone(), 2).await;
    let arguments = ["order", "act", &order, "accept"];
    let taken = away.run_at(&url, &trade.agency, &arguments).await;
    assert!(printed(&taken).contains("state         accepted"));
    assert!(String::from_utf8_lossy(&taken.stderr).contains("此前已办理"));
    assert_eq!(lost.load(Ordering::SeqCst), 2);
    assert_eq!(away.order(&order).await["version"], 2, "once");

    let (url, _) = lossy(away.server.address.clone(), usize::MAX).await;
    let arguments = ["order", "act", &order, "cancel", "--reason", "不开了"];
    let unheard = away.run_at(&url, &trade.applicant, &arguments).await;
    let said = String::from_utf8(unheard.stderr).unwrap();
    assert_eq!(unheard.status.code(), Some(1), "{said}");
    let key = said.split("--key ").nth(1).unwrap().split_whitespace().next().unwrap();
    let again = [&arguments[..], &["--key", key]].concat();
    let heard = away.run(&trade.applicant, &again).await;
    assert!(printed(&heard).contains("state         cancelled"));
    assert!(String::from_utf8_lossy(&heard.stderr).contains("此前已办理"));
    away.end().await;
}

/// A purchase whose proof is published.
async fn proved(app: &TestApp) -> PurchaseId {
    let town = Town::new(app).await;
    let id = town.publish("油烟噪声检测").await;
    town.quote(id).await;
    town.award(id).await;
    id
}

async fn proofs_are_verified_by_their_ids(app: TestApp) {
    let id = proved(&app).await.to_string();
    let place = app.leave().await;
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::over(&place, &data).await;
    let url = format!("http://{}", server.address);
    let verify = ["draw", "verify", "--id", &id, "--server", &url];
    let said = tokio::task::block_in_place(|| printed(&run(folder.path(), &verify)));
    assert!(said.contains(&format!("{id}: 成立 holds")), "{said}");
    let show = ["purchase", "show", &id, "--server", &url];
    let said = tokio::task::block_in_place(|| printed(&run(folder.path(), &show)));
    assert!(said.contains("title         油烟噪声检测"), "{said}");
    for wrong in [&verify[..4], &["draw", "verify"], &["draw", "verify", "--id", &id, "x.json"]] {
        let output = tokio::task::block_in_place(|| run(folder.path(), wrong));
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    server.kill();
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_are_verified_by_their_ids_on_sqlite() {
    Box::pin(proofs_are_verified_by_their_ids(TestApp::loaded_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_are_verified_by_their_ids_on_postgres() {
    Box::pin(proofs_are_verified_by_their_ids(TestApp::loaded_postgres().await)).await;
}

macro_rules! on_both_servers {
    ($($name:ident)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                super::$name(super::Place::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                super::$name(super::Place::postgres().await).await;
            }
        }
    )*};
}

on_both_servers! {
    everything_that_is_read steps_are_taken_once what_cannot_be_is_said
    a_lost_answer_is_asked_for_again
}
