//! Real connections, with short limits, to a server of a market in memory.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    routing::{get, post},
};
use market_core::{Market, Options};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::*;
use crate::edge;

/// The longest that anything here may take; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server with limits of its own, until the test ends.
async fn server(change: impl FnOnce(&mut Limits)) -> SocketAddr {
    server_of(Router::new(), change).await
}

/// The same, which serves something of the test's as well.
async fn server_of(own: Router, change: impl FnOnce(&mut Limits)) -> SocketAddr {
    let mut limits = Limits::without_rates();
    change(&mut limits);
    let market = Market::open(Options::new("sqlite::memory:")).await.unwrap();
    let app = App::with_limits(market, limits);
    app.searchable();
    let router = own
        .route("/hang", get(std::future::pending::<()>))
        .route("/write", post(|body: Bytes| async move { body.len().to_string() }))
        .merge(router::probes(app.clone()));
    let served = Served::other(&app, edge::around(router, app.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, served, std::future::pending()));
    address
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Everything that comes until the server ends the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is cut off may end in an error, with what came before.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("nobody ends it");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends something on a connection of its own, and gives what comes until the server ends it.
async fn send(address: SocketAddr, text: &str) -> String {
    let mut stream = connect(address).await;
    // The server may have answered, and ended the connection, before all is sent.
    let _ = stream.write_all(text.as_bytes()).await;
    rest(&mut stream).await
}

fn get_path(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: market\r\nconnection: close\r\n\r\n")
}

fn post_write(headers: &str, body: &str) -> String {
    format!(
        "POST /write HTTP/1.1\r\nhost: market\r\ncontent-type: application/json\r\n\
         connection: close\r\n{headers}\r\n\r\n{body}"
    )
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_over_many_connections_are_shed_and_writes_go_on() {
    let address = server(|limits| {
        limits.at_once.read.running = 2.try_into().unwrap();
        limits.at_once.read.waiting = 3;
        limits.at_once.wait_millis = 60_000;
    })
    .await;
    let mut reads = JoinSet::new();
    for _ in 0..50 {
        reads.spawn(async move { send(address, &get_path("/hang")).await });
    }
    // Two hang and three wait for them; all others are sent away.
    for _ in 0..45 {
        let answer = timeout(PATIENCE, reads.join_next()).await.unwrap().unwrap().unwrap();
        let head = answer.to_lowercase();
        assert_eq!(status(&answer), "503", "{answer}");
        assert!(head.contains("retry-after: 1\r\n") && answer.contains("\"busy\""), "{answer}");
    }
    for _ in 0..20 {
        let written = send(address, &post_write("content-length: 2", "{}")).await;
        assert_eq!(status(&written), "200", "{written}");
        assert_eq!(status(&send(address, &get_path("/livez")).await), "200");
        assert_eq!(status(&send(address, &get_path("/readyz")).await), "200");
    }
    assert_eq!(reads.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_a_head_byte_by_byte_is_cut_off() {
    let address = server(|limits| limits.connections.head_seconds = 1).await;
    let (mut slow, began) = (connect(address).await, Instant::now());
    let mut sent = 0;
    for byte in get_path("/livez").bytes().take(60) {
        sent += 1;
        if slow.write_all(&[byte]).await.is_err() || began.elapsed() > PATIENCE {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status(&rest(&mut slow).await), "none");
    assert!(sent < 60 && began.elapsed() < PATIENCE / 2, "{sent} bytes in {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_cut_off_later_than_who_dawdles() {
    let address = server(|limits| {
        limits.connections.head_seconds = 1;
        limits.connections.idle_seconds = 4;
    })
    .await;
    let mut idle = connect(address).await;
    for _ in 0..2 {
        sleep(Duration::from_millis(1_500)).await;
        idle.write_all(b"GET /livez HTTP/1.1\r\nhost: market\r\n\r\n").await.unwrap();
        let mut some = [0; 1_024];
        let count = idle.read(&mut some).await.unwrap();
        assert!(some[..count].starts_with(b"HTTP/1.1 200"));
    }
    let began = Instant::now();
    rest(&mut idle).await;
    let waited = began.elapsed();
    assert!((3..12).contains(&waited.as_secs()), "{waited:?}");
}

/// Tells when it is let go.
struct Held(Arc<Notify>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// An answer without end, which tells when it is given up.
async fn endless(State(gone): State<Arc<Notify>>) -> Body {
    let held = Held(gone);
    Body::from_stream(futures::stream::repeat_with(move || {
        let _held = &held;
        Ok::<_, io::Error>(Bytes::from(vec![0; 65_536]))
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_of_an_answer_is_cut_off() {
    let gone = Arc::new(Notify::new());
    let endless = Router::new().route("/endless", get(endless)).with_state(gone.clone());
    let address = server_of(endless, |limits| limits.connections.stalled_seconds = 1).await;
    let mut stalled = connect(address).await;
    stalled.write_all(get_path("/endless").as_bytes()).await.unwrap();
    timeout(PATIENCE, gone.notified()).await.expect("nobody ends it");
    // What the kernel holds is all that there is of an answer without end.
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stalled.read_to_end(&mut answer)).await.expect("nobody ends it");
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let address = server(|limits| {
        limits.requests.body_idle_seconds = 1;
        limits.at_once.write.running = 1.try_into().unwrap();
        limits.at_once.write.waiting = 0;
    })
    .await;
    let slow: Vec<_> = (0..10)
        .map(|_| {
            tokio::spawn(async move { send(address, &post_write("content-length: 99", "{")).await })
        })
        .collect();
    // None of them takes the only place, however far they have come.
    for _ in 0..20 {
        let written = send(address, &post_write("content-length: 2", "{}")).await;
        assert_eq!(status(&written), "200", "{written}");
    }
    for one in slow {
        let answer = one.await.unwrap();
        assert_eq!(status(&answer), "408", "{answer}");
        assert!(answer.contains("\"too-slow\""), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_and_named() {
    let address = server(|limits| {
        limits.requests.head_bytes = 16 << 10;
        limits.requests.headers = 20;
        limits.requests.body_bytes = 4_096;
    })
    .await;
    let long = send(address, &get_path(&format!("/livez?{}", "x".repeat(9_000)))).await;
    assert_eq!(status(&long), "414", "{long}");
    assert!(long.contains("url-too-long") && long.contains("8192"), "{long}");
    let one = format!("GET /livez HTTP/1.1\r\nhost: market\r\nx: {}\r\n\r\n", "x".repeat(20_000));
    assert_eq!(status(&send(address, &one).await), "431");
    let many = "x: y\r\n".repeat(30);
    assert_eq!(status(&send(address, &format!("GET /livez HTTP/1.1\r\n{many}\r\n")).await), "431");

    let announced = send(address, &post_write("content-length: 1073741824", "{")).await;
    assert_eq!(status(&announced), "413", "{announced}");
    assert!(announced.contains("body-too-large"), "{announced}");
    let piece = format!("400\r\n{}\r\n", "x".repeat(1_024)).repeat(5);
    let chunked = post_write("transfer-encoding: chunked", &(piece + "0\r\n\r\n"));
    assert_eq!(status(&send(address, &chunked).await), "413");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_smuggled_in() {
    let address = server(|_| {}).await;
    // A proxy that goes by Content-Length sees one request; so do we, whatever we go by.
    let body = "0\r\n\r\nGET /livez HTTP/1.1\r\nhost: market\r\n\r\n";
    let both = format!("content-length: {}\r\ntransfer-encoding: chunked", body.len());
    let smuggled = post_write(&both, body).replace("connection: close\r\n", "");
    let answer = send(address, &smuggled).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    let twice = post_write("content-length: 2\r\ncontent-length: 3", "{} ");
    assert_eq!(status(&send(address, &twice).await), "400");
    let unknown = post_write("transfer-encoding: xchunked", "{}");
    assert_eq!(status(&send(address, &unknown).await), "400");
    let preface = send(address, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(!preface.starts_with("HTTP/1.1 2"), "{preface}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_for_a_connection_it_still_tells_how_it_is() {
    let address = server(|limits| {
        limits.connections.most = 3.try_into().unwrap();
        limits.connections.per_address = 3.try_into().unwrap();
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut one = connect(address).await;
        one.write_all(b"GET /livez HTTP/1.1\r\nhost: market\r\n\r\n").await.unwrap();
        let mut some = [0; 1_024];
        assert!(one.read(&mut some).await.unwrap() > 0);
        held.push(one);
    }
    let busy = send(address, &get_path("/hang")).await;
    assert_eq!(status(&busy), "503", "{busy}");
    assert!(busy.to_lowercase().contains("retry-after: 1\r\n"), "{busy}");
    assert_eq!(status(&send(address, &get_path("/livez")).await), "200");
    assert_eq!(status(&send(address, &get_path("/readyz")).await), "200");
    held.clear();
    let began = Instant::now();
    loop {
        let written = send(address, &post_write("content-length: 2", "{}")).await;
        if status(&written) == "200" {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{written}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_idle_connections_hold_up_nobody() {
    let address = server(|limits| {
        limits.connections.most = 500.try_into().unwrap();
        limits.connections.per_address = 200.try_into().unwrap();
        limits.connections.head_seconds = 1;
        limits.connections.idle_seconds = 1;
    })
    .await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(connect(address).await);
    }
    // Those beyond the room of one address are told so, or dropped; all are cut off in the end.
    let began = Instant::now();
    for one in &mut idle {
        rest(one).await;
    }
    assert!(began.elapsed() < PATIENCE);
    let written = send(address, &post_write("content-length: 2", "{}")).await;
    assert_eq!(status(&written), "200", "{written}");
}
