//! A server that is asked to end while it has much to do.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    harness::{Place, unique},
    server::{Client, Server, Site},
};

/// So many place an order …
const CLIENTS: usize = 32;

/// … while so many more read: all that fit in the queue of a sleeping server.
const READERS: usize = 100;

/// A connection on which something is asked.
struct Line(TcpStream);

impl Line {
    fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        Self(stream)
    }

    /// Sends a request, whole.
    fn send(&mut self, method: &str, path: &str, token: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: market\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nidempotency-key: {}\r\ncontent-length: {}\r\n\r\n\
             {body}",
            unique("key"),
            body.len()
        );
        self.0.write_all(request.as_bytes()).unwrap();
    }

    /// Hears the answer: its status and its body.
    fn hear(&mut self) -> (u16, Value) {
        let mut got = Vec::new();
        let head = loop {
            let mut some = [0; 4096];
            let count = self.0.read(&mut some).unwrap();
            assert!(count > 0, "cut off after {:?}", String::from_utf8_lossy(&got));
            got.extend(&some[..count]);
            if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&got[..head]).to_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let rest = (head + length.parse::<usize>().unwrap()).saturating_sub(got.len());
        let start = got.len();
        got.resize(start + rest, 0);
        self.0.read_exact(&mut got[start..]).unwrap();
        let status = text.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_slice(&got[head..]).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_sent_before_is_answered() {
    let site = Site::prepare(Place::sqlite(), CLIENTS).await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::over(&site.place, &folder).await;
    let (fresh, known) = site.cases.split_at(CLIENTS / 2);
    let mut lines = Vec::new();
    for case in known {
        let mut line = Line::open(&server);
        line.send("GET", &format!("/api/v1/cases/{case}"), &site.trade.applicant, "");
        assert_eq!(line.hear().0, 200);
        lines.push((case, line));
    }
    // It sleeps while all is sent, and wakes up to everything at once.
    server.signal("-STOP");
    let mut readers: Vec<_> = (0..READERS).map(|_| Line::open(&server)).collect();
    for reader in &mut readers {
        reader.send("GET", "/api/v1/me", &site.trade.applicant, "");
    }
    lines.extend(fresh.iter().map(|case| (case, Line::open(&server))));
    for (case, line) in &mut lines {
        let mut order = site.trade.order();
        order["case_id"] = json!(case);
        line.send("POST", "/api/v1/orders", &site.trade.applicant, &order.to_string());
    }
    server.terminate();
    server.signal("-CONT");
    let answers: Vec<_> = lines.iter_mut().map(|(_, line)| line.hear()).collect();
    assert!(readers.iter_mut().all(|reader| reader.hear().0 == 200));
    assert_eq!(server.code(), Some(0));
    assert!(answers.iter().all(|(status, _)| *status == 201), "{answers:?}");

    let server = Server::over(&site.place, &folder).await;
    let client = Client::of(&server);
    for ((case, _), (_, answer)) in lines.iter().zip(&answers) {
        let path = format!("/api/v1/orders?case_id={case}");
        let orders = client.list(&path, &site.trade.applicant).await;
        assert_eq!(&orders[..], std::slice::from_ref(answer));
    }
}
