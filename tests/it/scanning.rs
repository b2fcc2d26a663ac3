//! Files that a scanner looks at before anybody gets them: a fake clamd says what it finds.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::http::Method;
use market_core::{Market, Options, file::Scanner, sha256_hex};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    asking::Answer,
    harness::{Place, TestApp},
    trade::{Trade, step, trade},
};

/// What the fake finds, wherever it stands in a file: the test string that every scanner knows.
const EICAR: &[u8] = br"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

/// A clamd that speaks `INSTREAM`, and nothing else.
#[derive(Debug)]
struct Clamd {
    address: SocketAddr,
    /// Whether it answers that it is out of order.
    is_broken: Arc<AtomicBool>,
    scans: Arc<AtomicUsize>,
}

impl Clamd {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_broken, scans) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (broken, count) = (is_broken.clone(), scans.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                answer(stream, broken.load(Ordering::SeqCst)).await;
            }
        });
        Self { address, is_broken, scans }
    }

    fn url(&self) -> Scanner {
        format!("clamd://{}", self.address).parse().unwrap()
    }
}

async fn answer(mut stream: TcpStream, is_broken: bool) {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await.unwrap();
    assert_eq!(&command, b"zINSTREAM\0");
    let mut content = Vec::new();
    loop {
        let length = stream.read_u32().await.unwrap();
        if length == 0 {
            break;
        }
        let mut piece = vec![0; length as usize];
        stream.read_exact(&mut piece).await.unwrap();
        content.extend(piece);
    }
    let finds = content.windows(EICAR.len()).any(|part| part == EICAR);
    let said = match (is_broken, finds) {
        (true, _) => "INSTREAM: out of memory ERROR\0",
        (false, true) => "stream: Eicar-Test-Signature FOUND\0",
        (false, false) => "stream: OK\0",
    };
    stream.write_all(said.as_bytes()).await.unwrap();
}

/// The same market on a server that has files scanned.
async fn scanned(place: Place, scanner: Option<Scanner>) -> TestApp {
    let options = Options { scanner, ..TestApp::options(&place.url()) };
    TestApp::around(place, Market::open(options).await.unwrap())
}

async fn send(app: &TestApp, trade: &Trade, order: &str, content: &[u8]) -> Answer {
    let path = format!("/api/v1/orders/{order}/deliverables?name=report.txt");
    let asking = app.ask(Method::POST, &path).body("application/octet-stream", content.to_vec());
    asking.header("x-content-sha256", &sha256_hex(content)).by(&trade.agency).gives(201).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_out_before_it_was_scanned_on_sqlite() {
    scan(TestApp::loaded_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_out_before_it_was_scanned_on_postgres() {
    scan(TestApp::loaded_postgres().await).await;
}

async fn scan(app: TestApp) {
    let clamd = Clamd::start().await;
    let trade = trade(&app).await;
    let order = trade.in_service(&app).await;
    let at = app.market.env().now();
    let app = scanned(app.leave().await, Some(clamd.url())).await;
    app.market.env().set(at);
    let clean = send(&app, &trade, &order, "检测报告".as_bytes()).await.json;
    assert_eq!(clean["scan"], "waiting");
    let path = format!("/api/v1/orders/{order}");
    let content = |number: i64| format!("{path}/deliverables/{number}/content");
    let deliver = |number: i64| {
        app.post(&format!("{path}/deliver"), &json!({ "deliverable": number })).by(&trade.agency)
    };
    app.get(&content(1)).by(&trade.agency).meets(409, "file-not-scanned").await;
    deliver(1).meets(409, "file-not-scanned").await;

    // While the scanner is away, files wait; they are tried again when their time has come.
    clamd.is_broken.store(true, Ordering::SeqCst);
    assert_eq!(app.market.deliverables().scan_due().await.unwrap(), 1);
    assert_eq!(app.market.deliverables().scan_due().await.unwrap(), 0, "not yet");
    app.get(&content(1)).by(&trade.agency).meets(409, "file-not-scanned").await;
    let queues = app.market.vitals().heaps().await.unwrap().queues;
    assert!(queues.contains(&("scans", 1)), "{queues:?}");
    clamd.is_broken.store(false, Ordering::SeqCst);
    app.market.env().set(app.market.env().now().plus_seconds(5));
    assert_eq!(app.market.deliverables().scan_due().await.unwrap(), 1);
    assert_eq!(
        app.get(&content(1)).by(&trade.agency).gives(200).await.bytes,
        "检测报告".as_bytes()
    );

    let bad = [b"report\n".as_slice(), EICAR, b"\n"].concat();
    send(&app, &trade, &order, &bad).await;
    assert_eq!(app.market.deliverables().scan_due().await.unwrap(), 1);
    app.get(&content(2)).by(&trade.agency).meets(409, "file-infected").await;
    deliver(2).meets(409, "file-infected").await;
    let listed = app.get(&format!("{path}/deliverables")).by(&trade.agency).gives(200).await.json;
    let states: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|one| &one["scan"]).collect();
    assert_eq!(states, ["clean", "infected"]);
    let timeline = app.get(&format!("{path}/timeline")).by(&trade.agency).gives(200).await.json;
    let entries = timeline["items"].as_array().unwrap();
    let entry = entries.iter().find(|one| one["event"] == "deliverable_withheld").unwrap();
    assert_eq!(entry["data"]["found"], "Eicar-Test-Signature");
    assert_eq!(entry["data"]["number"], 2);

    // The same content again needs no scan: what is known of it counts.
    let scans = clamd.scans.load(Ordering::SeqCst);
    assert_eq!(send(&app, &trade, &order, &bad).await.json["scan"], "infected");
    assert_eq!(send(&app, &trade, &order, "检测报告".as_bytes()).await.json["scan"], "clean");
    assert_eq!(app.market.deliverables().scan_due().await.unwrap(), 0);
    assert_eq!(clamd.scans.load(Ordering::SeqCst), scans);
    step(&app, &order, "deliver", &trade.agency, Some(json!({ "deliverable": 1 }))).await;
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_scanner_nothing_waits_but_what_was_found_stays_withheld() {
    let clamd = Clamd::start().await;
    let app = TestApp::loaded_sqlite().await;
    let trade = trade(&app).await;
    let order = trade.in_service(&app).await;
    assert_eq!(send(&app, &trade, &order, b"before").await.json["scan"], json!(null));
    let content = |number: i64| format!("/api/v1/orders/{order}/deliverables/{number}/content");
    app.get(&content(1)).by(&trade.agency).gives(200).await;
    let now = app.market.env().now();
    let app = scanned(app.leave().await, Some(clamd.url())).await;
    app.market.env().set(now);
    app.get(&content(1)).by(&trade.agency).meets(409, "file-not-scanned").await;
    send(&app, &trade, &order, EICAR).await;
    app.market.deliverables().scan_due().await.unwrap();
    let app = scanned(app.leave().await, None).await;
    app.market.env().set(now);
    app.get(&content(2)).by(&trade.agency).meets(409, "file-infected").await;
    app.close().await;
}

#[tokio::test]
async fn a_scanner_that_is_away_keeps_files_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("clamd://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let app = scanned(TestApp::loaded_sqlite().await.leave().await, Some(gone)).await;
    let trade = trade(&app).await;
    let order = trade.in_service(&app).await;
    send(&app, &trade, &order, b"report").await;
    assert_eq!(app.market.deliverables().scan_due().await.unwrap(), 1);
    let path = format!("/api/v1/orders/{order}/deliverables/1/content");
    app.get(&path).by(&trade.agency).meets(409, "file-not-scanned").await;
    app.close().await;
}

#[test]
fn a_scanner_is_named_by_its_address() {
    for good in ["clamd://127.0.0.1:3310", "clamd://[::1]:3310", "clamd:///run/clamav/clamd.ctl"] {
        assert_eq!(good.parse::<Scanner>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "127.0.0.1:3310",
        "http://a:1",
        "clamd://a",
        "clamd://a:0",
        "clamd://a/b:1",
        "clamd:///",
    ] {
        assert!(bad.parse::<Scanner>().is_err(), "{bad}");
    }
}
