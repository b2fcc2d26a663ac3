//! From where a request comes.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, HeaderName, header::USER_AGENT, request::Parts},
};
use market_core::account::Origin;

use super::Web;

/// From where a request comes: its address, and what its program calls itself.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let address = address(&parts.headers, &parts.extensions);
        Ok(Self(Origin { address, agent: agent.unwrap_or_default().to_owned() }))
    }
}

/// The client's address: as the trusted proxy says, or of the connection.
fn address(headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let connection = extensions.get::<ConnectInfo<SocketAddr>>();
    let connected = connection.map(|ConnectInfo(address)| address.ip());
    let header = extensions.get::<Web>().and_then(|web| web.address_header.as_ref());
    header.and_then(|name| named(headers, name)).or(connected)
}

/// The address that a header names last: that entry is the proxy's own, and what stands before it,
/// anybody can have sent.
fn named(headers: &HeaderMap, header: &HeaderName) -> Option<IpAddr> {
    let value = headers.get_all(header).iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_header_names_the_client() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "198.51.100.9, 192.0.2.1".parse().unwrap());
        let mut extensions = Extensions::new();
        assert_eq!(address(&headers, &extensions), None);
        let connection: SocketAddr = "127.0.0.1:4000".parse().unwrap();
        extensions.insert(ConnectInfo(connection));
        extensions.insert(Web::default());
        assert_eq!(address(&headers, &extensions), Some(connection.ip()));
        let address_header = Some("x-forwarded-for".parse().unwrap());
        extensions.insert(Web { address_header, ..Web::default() });
        let of = |headers: &HeaderMap| address(headers, &extensions).map(|ip| ip.to_string());
        assert_eq!(of(&headers).as_deref(), Some("192.0.2.1"));
        headers.append("x-forwarded-for", "2001:db8::1".parse().unwrap());
        assert_eq!(of(&headers).as_deref(), Some("2001:db8::1"));
        headers.append("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(of(&headers).as_deref(), Some("127.0.0.1"));
    }
}
