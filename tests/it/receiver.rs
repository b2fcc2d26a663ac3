//! Somebody who is sent messages: a real socket that answers as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use crate::patience::within;

/// What to do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Answer with a status.
    Answer(u16),
    /// Answer with a redirect.
    Redirect(String),
    /// Answer with a body without end.
    Endless,
    /// Never answer.
    Hang,
    /// Let go of the connection.
    Reset,
    /// Answer with something else than HTTP.
    Garbage,
}

/// A message that came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Debug, Default)]
struct Inside {
    got: Vec<Message>,
    connections: usize,
    doing: VecDeque<Doing>,
    /// What to do once that is done.
    then: Option<Doing>,
}

/// A receiver on this machine, until it is dropped.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    inside: Arc<Mutex<Inside>>,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    /// One that does what it is told, message by message, and then answers well.
    pub(crate) async fn doing(doing: &[Doing]) -> Self {
        Self::start(doing, None).await
    }

    /// The same behind TLS.
    pub(crate) async fn behind(tls: tokio_rustls::TlsAcceptor) -> Self {
        Self::start(&[], Some(tls)).await
    }

    async fn start(doing: &[Doing], tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Inside { doing: doing.iter().cloned().collect(), ..Inside::default() };
        let inside = Arc::new(Mutex::new(inside));
        let serving = tokio::spawn({
            let inside = inside.clone();
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    inside.lock().unwrap().connections += 1;
                    let (inside, tls) = (inside.clone(), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            None => drop(serve(stream, inside).await),
                            Some(tls) => {
                                let Ok(stream) = tls.accept(stream).await else { return };
                                drop(serve(stream, inside).await);
                            }
                        }
                    });
                }
            }
        });
        Self { address, inside, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks?of=market", self.address)
    }

    /// From now on does so with everything.
    pub(crate) fn always(&self, doing: Doing) {
        self.inside.lock().unwrap().then = Some(doing);
    }

    pub(crate) fn connections(&self) -> usize {
        self.inside.lock().unwrap().connections
    }

    pub(crate) fn got(&self) -> Vec<Message> {
        self.inside.lock().unwrap().got.clone()
    }

    /// Waits for something among what came.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&[Message]) -> bool) {
        let came = async || is_so(&self.got()).then_some(());
        within(Duration::from_secs(90), what, came).await;
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    inside: Arc<Mutex<Inside>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let headers: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head + length {
        stream.read_buf(&mut bytes).await?;
    }
    let body = String::from_utf8(bytes[head..].to_vec()).unwrap();
    let doing = {
        let mut inside = inside.lock().unwrap();
        inside.got.push(Message { headers, body });
        let then = inside.then.clone().unwrap_or(Doing::Answer(204));
        inside.doing.pop_front().unwrap_or(then)
    };
    let answer = match doing {
        Doing::Answer(status) => format!("HTTP/1.1 {status} So\r\ncontent-length: 2\r\n\r\nok"),
        Doing::Redirect(to) => {
            format!("HTTP/1.1 307 Elsewhere\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Doing::Endless => {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(b"4\r\n\x00\xffab\r\n").await?;
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
        }
        Doing::Hang => return std::future::pending().await,
        Doing::Reset => return Ok(()),
        Doing::Garbage => "SSH-2.0-OpenSSH\r\n".to_owned(),
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
