//! A connection that asks one thing after another: as little of a client as there can be, so that
//! the server has the processors.

use std::{fmt::Write, net::SocketAddr};

use market_core::search::SearchQuery;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream},
    net::TcpStream,
};

/// A connection that is kept.
pub(crate) struct Connection {
    stream: BufStream<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(at: SocketAddr) -> Self {
        let stream = TcpStream::connect(at).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufStream::new(stream), line: String::new(), body: Vec::new() }
    }

    /// The body of the answer to a request, which must be a success.
    pub(crate) async fn get(&mut self, path: &str) -> &[u8] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
        assert!(self.read_line().await.starts_with("http/1.1 200 "), "{path}: {}", self.line);
        let mut length = None;
        while !self.read_line().await.is_empty() {
            if let Some(value) = self.line.strip_prefix("content-length:") {
                length = Some(value.trim().parse().unwrap());
            }
        }
        self.body.resize(length.unwrap(), 0);
        self.stream.read_exact(&mut self.body).await.unwrap();
        &self.body
    }

    async fn read_line(&mut self) -> &str {
        self.line.clear();
        self.stream.read_line(&mut self.line).await.unwrap();
        self.line = self.line.trim_end().to_ascii_lowercase();
        &self.line
    }
}

/// The path that asks a query: its text, regions and lowest price, with all facets.
pub(crate) fn path(query: &SearchQuery) -> String {
    let mut path = "/api/v1/search?facets=true".to_owned();
    let mut add = |name: &str, value: &str| {
        write!(path, "&{name}=").unwrap();
        value.bytes().for_each(|byte| write!(path, "%{byte:02X}").unwrap());
    };
    if let Some(text) = &query.text {
        add("text", text);
    }
    for region in &query.regions {
        add("region", region.as_str());
    }
    if let Some(price) = query.min_price {
        add("min_price", &price.to_string());
    }
    path
}
