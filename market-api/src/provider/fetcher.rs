//! Asks providers, over TLS, and reads no more than it must.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Certificate, redirect::Policy};
use url::{Host, Url};

use crate::tls;

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest that a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The most that is read of an answer.
const MAX_ANSWER: usize = 256 * 1024;

/// Why nothing was fetched. What was asked, and what came, is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotFetched {
    #[error("the address is neither https nor on this machine")]
    Unsafe,
    #[error("nobody answers in time")]
    Silent,
    #[error("the connection or its TLS fails")]
    Broken,
    #[error("the answer is too long")]
    TooLong,
}

/// Whether an address may be asked, or a browser be sent there: over TLS, but for this machine.
pub(super) fn is_safe(address: &Url) -> bool {
    match (address.scheme(), address.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Domain(name))) => name == "localhost",
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

/// Asks providers. It follows no redirects and takes no proxy of the environment.
#[derive(Debug, Clone)]
pub(super) struct Fetcher(reqwest::Client);

impl Fetcher {
    pub(super) fn new(authorities: Option<&[u8]>) -> Result<Self, NoCertificates> {
        tls::ready();
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .user_agent(concat!("market/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = authorities {
            let found = Certificate::from_pem_bundle(pem).map_err(|_| NoCertificates)?;
            if found.is_empty() {
                return Err(NoCertificates);
            }
            builder = builder.tls_certs_merge(found);
        }
        builder.build().map(Self).map_err(|_| NoCertificates)
    }

    async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, NotFetched> {
        let (parts, body) = request.into_parts();
        let address = Url::parse(&parts.uri.to_string()).map_err(|_| NotFetched::Unsafe)?;
        if !is_safe(&address) {
            return Err(NotFetched::Unsafe);
        }
        let asked = self.0.request(parts.method, address).headers(parts.headers).body(body);
        let mut answer = asked.send().await.map_err(|why| failed(&why))?;
        let mut head = axum::http::Response::builder().status(answer.status());
        if let Some(headers) = head.headers_mut() {
            headers.clone_from(answer.headers());
        }
        let mut content = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|why| failed(&why))? {
            if content.len() + part.len() > MAX_ANSWER {
                return Err(NotFetched::TooLong);
            }
            content.extend_from_slice(&part);
        }
        head.body(content).map_err(|_| NotFetched::Broken)
    }
}

/// Why certificates cannot be used.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not a file of certificates in PEM")]
pub(super) struct NoCertificates;

fn failed(why: &reqwest::Error) -> NotFetched {
    if why.is_timeout() { NotFetched::Silent } else { NotFetched::Broken }
}

impl<'c> AsyncHttpClient<'c> for Fetcher {
    type Error = NotFetched;
    type Future = BoxFuture<'c, Result<HttpResponse, NotFetched>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.fetch(request).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_this_machine_only_over_tls() {
        let of = |text: &str| is_safe(&Url::parse(text).unwrap());
        for good in
            ["https://id.example", "http://127.0.0.1:9", "http://localhost/a", "http://[::1]"]
        {
            assert!(of(good), "{good}");
        }
        for bad in ["http://id.example", "http://10.0.0.1", "ftp://localhost", "file:///etc/passwd"]
        {
            assert!(!of(bad), "{bad}");
        }
    }
}
