//! A connection that asks one thing after another: as little of a client as there can be, so that
//! the server has the processors.

use std::net::SocketAddr;

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
    pub(crate) async fn ask(&mut self, request: &str) -> &[u8] {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
        let is_success = self.read_line().await.starts_with("http/1.1 2");
        let status = self.line.clone();
        let mut length = None;
        while !self.read_line().await.is_empty() {
            if let Some(value) = self.line.strip_prefix("content-length:") {
                length = Some(value.trim().parse().unwrap());
            }
        }
        self.body.resize(length.unwrap(), 0);
        self.stream.read_exact(&mut self.body).await.unwrap();
        assert!(is_success, "{status}: {}", String::from_utf8_lossy(&self.body));
        &self.body
    }

    async fn read_line(&mut self) -> &str {
        self.line.clear();
        self.stream.read_line(&mut self.line).await.unwrap();
        self.line = self.line.trim_end().to_ascii_lowercase();
        &self.line
    }
}
