//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where requests come from that came through no connection.
pub(crate) const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The address at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The address that a request comes from, where it came through a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whence(pub(crate) IpAddr);

/// The address that a request comes from.
///
/// Whoever speaks to us says what he likes in `X-Forwarded-For`; only what a trusted proxy added
/// to it counts. So it is read from its end, and the first address that is no trusted proxy is the
/// client. What cannot be read ends the search: the last hop that could be read is held to account.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let named = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = named.flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
    let mut client = peer;
    for hop in hops {
        let Some(hop) = address(hop.trim()) else { break };
        client = hop;
        if !is_trusted(hop, trusted) {
            break;
        }
    }
    client
}

/// Whether an address is a trusted proxy's.
pub(crate) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|network| network.contains(&address))
}

/// An address as proxies write it, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(text);
    let read = bare.parse().ok();
    let read = read.or_else(|| text.parse().ok().map(|socket: std::net::SocketAddr| socket.ip()));
    read.map(|address: IpAddr| address.to_canonical())
}

/// The network whose addresses count as one: a household or an office has a /64 of its own in
/// IPv6. Where there are too many to keep, neighbours count as one, too.
pub(crate) fn network(address: IpAddr, crowded: Crowded) -> IpAddr {
    let bits = match (address, crowded) {
        (IpAddr::V6(_), Crowded::No) => 64,
        (IpAddr::V4(_), Crowded::No) | (IpAddr::V6(_), Crowded::Yes) => 32,
        (IpAddr::V4(_), Crowded::Yes) => 16,
    };
    IpNet::new(address, bits).map_or(address, |network| network.network())
}

/// Whether there are too many addresses to keep each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crowded {
    No,
    Yes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(of("203.0.113.5", &["198.51.100.1"]), "203.0.113.5");
        assert_eq!(of("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(of("::ffff:10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["[2001:db8::7]:80"]), "2001:db8::7");
    }

    #[test]
    fn what_a_client_made_up_does_not_count() {
        // The client wrote the first, the outer proxy the second, the inner one the third.
        assert_eq!(of("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["1.2.3.4", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &["198.51.100.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(of("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
    }

    #[test]
    fn neighbours_count_as_one() {
        let of = |address: &str, crowded| network(address.parse().unwrap(), crowded).to_string();
        assert_eq!(of("203.0.113.5", Crowded::No), "203.0.113.5");
        assert_eq!(of("203.0.113.5", Crowded::Yes), "203.0.0.0");
        assert_eq!(of("2001:db8:1:2:3::7", Crowded::No), "2001:db8:1:2::");
        assert_eq!(of("2001:db8:1:2:3::7", Crowded::Yes), "2001:db8::");
    }
}
