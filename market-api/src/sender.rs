//! Sends messages of webhooks over HTTP.
//!
//! Each message has a connection of its own, made to an address that was checked just before: the
//! name is asked for once, and what is connected to is what it resolved to. No redirects, no
//! proxies of the environment, no more of the answer than a kilobyte.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::{
    HeaderValue, Request,
    header::{CONNECTION, HOST, USER_AGENT},
};
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use market_core::webhook::{AddressRules, Answered, Outgoing, SendFailure, Sender, Sending};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

/// So many addresses of a name are tried,
const ADDRESSES: usize = 3;
/// each for so long.
const CONNECT: Duration = Duration::from_secs(4);
/// The most that is read of an answer's head.
const MAX_HEAD: usize = 16 * 1024;
/// The most that is kept of an answer's body.
const MAX_ANSWER: usize = 1024;
/// How long an answer's body may take once its head is there; the status is what counts.
const BODY: Duration = Duration::from_secs(2);

/// What asks for the addresses of a name.
pub trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of a name, with a port.
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The system's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) }.boxed()
    }
}

/// Sends over HTTP/1.1, with TLS but to this machine.
#[derive(Clone)]
pub struct HttpSender {
    rules: AddressRules,
    resolver: Arc<dyn Resolver>,
    tls: TlsConnector,
}

impl fmt::Debug for HttpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSender").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("not a file of certificates in PEM: {0}")]
pub struct BadCertificates(String);

impl HttpSender {
    /// Sends where the rules allow. Receivers prove who they are to the authorities of the web, and
    /// to those of a file in PEM, if there is one.
    pub fn new(rules: AddressRules, authorities: Option<&[u8]>) -> Result<Self, BadCertificates> {
        let bad = |why: &dyn fmt::Display| BadCertificates(why.to_string());
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(pem) = authorities {
            let mut found = 0;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|why| bad(&why))?;
                roots.add(certificate).map_err(|why| bad(&why))?;
                found += 1;
            }
            if found == 0 {
                return Err(bad(&"there is none in it"));
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| bad(&why))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { rules, resolver: Arc::new(SystemResolver), tls })
    }

    /// The same with another resolver.
    #[must_use]
    pub fn resolving_by(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self }
    }

    async fn exchange(&self, message: Outgoing) -> Result<(u16, String), SendFailure> {
        let url = Url::parse(&message.url).map_err(|_| SendFailure::Unresolved)?;
        let stream = self.connect(&url).await?;
        if url.scheme() == "http" {
            return post(stream, &url, message).await;
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()),
            Some(Host::Ipv4(address)) => Ok(ServerName::from(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => Ok(ServerName::from(IpAddr::V6(address))),
            None => return Err(SendFailure::Unresolved),
        };
        let name = name.map_err(|_| SendFailure::Unresolved)?;
        let stream = self.tls.connect(name, stream).await.map_err(|_| SendFailure::Untrusted)?;
        post(stream, &url, message).await
    }

    /// A connection to one of the addresses that a URL leads to now, all of which were checked: a
    /// name that leads inside as well is not to be trusted with either.
    async fn connect(&self, url: &Url) -> Result<TcpStream, SendFailure> {
        let port = url.port_or_known_default().ok_or(SendFailure::Unresolved)?;
        let addresses = match url.host().ok_or(SendFailure::Unresolved)? {
            Host::Ipv4(address) => vec![SocketAddr::new(address.into(), port)],
            Host::Ipv6(address) => vec![SocketAddr::new(address.into(), port)],
            Host::Domain(name) => {
                let found = self.resolver.resolve(name, port).await;
                found.map_err(|_| SendFailure::Unresolved)?
            }
        };
        if addresses.is_empty() {
            return Err(SendFailure::Unresolved);
        }
        for address in &addresses {
            self.rules.check(*address).map_err(|_| SendFailure::Forbidden)?;
            if url.scheme() == "http" && !address.ip().to_canonical().is_loopback() {
                return Err(SendFailure::Forbidden);
            }
        }
        for address in addresses.into_iter().take(ADDRESSES) {
            if let Ok(Ok(stream)) = timeout(CONNECT, TcpStream::connect(address)).await {
                return Ok(stream);
            }
        }
        Err(SendFailure::Unreachable)
    }
}

/// Posts a message on a connection, and reads what comes back.
async fn post(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    url: &Url,
    message: Outgoing,
) -> Result<(u16, String), SendFailure> {
    let request = request(url, message).ok_or(SendFailure::Broken)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| SendFailure::Broken)?;
    // Ends with us, whenever that is.
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let answer = sender.send_request(request).await.map_err(|_| SendFailure::Broken)?;
    let status = answer.status().as_u16();
    let mut kept = Vec::new();
    let _ = timeout(BODY, read(answer.into_body(), &mut kept)).await;
    Ok((status, shown(&kept)))
}

fn request(url: &Url, message: Outgoing) -> Option<Request<Full<Bytes>>> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    let mut request = Request::post(path).body(Full::new(Bytes::from(message.body))).ok()?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(&host).ok()?);
    let agent = HeaderValue::from_static(concat!("market/", env!("CARGO_PKG_VERSION")));
    headers.insert(USER_AGENT, agent);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in message.headers {
        headers.insert(name, HeaderValue::from_str(&value).ok()?);
    }
    Some(request)
}

/// Reads the beginning of a body.
async fn read(mut body: Incoming, kept: &mut Vec<u8>) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            let room = MAX_ANSWER - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
        }
        if kept.len() == MAX_ANSWER {
            return;
        }
    }
}

/// Bytes from outside, as text that may be kept and shown.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

impl Sender for HttpSender {
    fn send(&self, message: Outgoing) -> Sending {
        let sender = self.clone();
        async move {
            let began = Instant::now();
            let answer = sender.exchange(message).await;
            let millis = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
            match answer {
                Ok((status, text)) => Answered { status: Ok(status), text, millis },
                Err(why) => Answered { status: Err(why), text: String::new(), millis },
            }
        }
        .boxed()
    }
}
