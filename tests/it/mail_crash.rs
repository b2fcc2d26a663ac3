//! A server that is killed while it sends mail: the very same mail comes again.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::{
    harness::{Place, TestApp},
    server::{Client, Request, Server, market},
};

/// The longest that a mail may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn mail_survives_its_sender_on_sqlite() {
    survives(TestApp::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_survives_its_sender_on_postgres() {
    survives(TestApp::postgres().await).await;
}

async fn survives(app: TestApp) {
    let token = app.operator().await;
    let place = app.leave().await;
    let folder = tempfile::tempdir().unwrap();
    let (url, mut letters) = letterbox().await;
    let server = async || {
        let mut command = market(folder.path());
        command.env("MARKET_DATABASE", place.url()).env("MARKET_LOG", "warn");
        command.env("MARKET_MAIL", &url).env("MARKET_MAIL_FROM", "market@market.example");
        Server::ready(command).await
    };
    let mut next = async || {
        let came = tokio::time::timeout(PATIENCE, letters.recv()).await;
        came.expect("a mail comes").unwrap()
    };
    let killed = server().await;
    let wish = json!({ "address": "wang@example.com", "language": "en" });
    let asked = Request {
        method: Method::PUT,
        ..Request::post("/api/v1/me/mailbox", &token, Some(wish)).once("mailbox")
    };
    let (status, answer) = Client::of(&killed).ask(&asked).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    // The mail is out, and nothing says that it was taken.
    let first = next().await;
    killed.kill();
    place.is_quiet().await;
    two_minutes_later(&place).await;
    let again = server().await;
    let second = next().await;
    assert_eq!(undated(&first), undated(&second));
    assert!(first.contains("Message-ID: <"), "{first}");
    again.terminate();
    assert_eq!(again.code(), Some(0));
    place.remove().await;
}

/// What was leased is let go, as it is in time.
async fn two_minutes_later(place: &Place) {
    let over = "update mailboxes set leased_until = null";
    let url = place.url();
    let changed = if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(&url).await.unwrap();
        conn.execute(over).await.unwrap().rows_affected()
    } else {
        let mut conn = PgConnection::connect(&url).await.unwrap();
        conn.execute(over).await.unwrap().rows_affected()
    };
    assert_eq!(changed, 1);
}

/// A mail without when it was sent.
fn undated(mail: &str) -> Vec<&str> {
    mail.lines().filter(|line| !line.starts_with("Date: ")).collect()
}

/// A server of mail that takes no mail, but for what it hears of it; the second one it does.
async fn letterbox() -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for is_taken in [false, true] {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(hear(stream, is_taken, tell.clone()));
        }
    });
    (url, told)
}

async fn hear(stream: TcpStream, is_taken: bool, tell: mpsc::UnboundedSender<String>) {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let (mut mail, mut is_mail) = (String::new(), false);
    writing.write_all(b"220 here\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        if is_mail && line != "." {
            mail.push_str(&line);
            mail.push('\n');
            continue;
        }
        let said: &[u8] = match line.split([' ', ':']).next().unwrap_or_default() {
            "DATA" => {
                is_mail = true;
                b"354 go on\r\n"
            }
            "." => {
                tell.send(std::mem::take(&mut mail)).unwrap();
                if !is_taken {
                    continue;
                }
                is_mail = false;
                b"250 taken\r\n"
            }
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        if writing.write_all(said).await.is_err() {
            return;
        }
    }
}
