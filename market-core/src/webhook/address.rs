//! Where messages may be sent: which addresses belong to everybody, and which to somebody's inside.
//!
//! A webhook's address comes from outside, and the server stands inside: without rules, anybody
//! who registers one could have it speak to the database, to the metadata of the cloud, or to the
//! next room. A name is no more than what it resolves to at the moment of connecting, so these
//! rules are asked then, of the very address that is connected to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use serde::Deserialize;
use url::{Host, Url};

use crate::Fault;

/// The longest address of a webhook, in characters.
const MAX_URL: usize = 2000;

/// A network, such as `10.20.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// Why a text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a network such as 10.20.0.0/16 or fd00:20::/32")]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| NotANetwork)?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse::<u8>).map_err(|_| NotANetwork)?;
        let network = Self { base, bits };
        // Bits beside the mask are a slip: the network meant is another one.
        if bits > most || network.masked(base) != whole(base) {
            return Err(NotANetwork);
        }
        Ok(network)
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl Network {
    const fn v4(base: [u8; 4], bits: u8) -> Self {
        let [a, b, c, d] = base;
        Self { base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
    }

    const fn v6(base: [u16; 3], bits: u8) -> Self {
        let [a, b, c] = base;
        Self { base: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), bits }
    }

    fn masked(self, address: IpAddr) -> u128 {
        let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
        whole(address) & mask
    }

    /// Whether an address is in the network.
    pub fn contains(self, address: IpAddr) -> bool {
        self.base.is_ipv4() == address.is_ipv4() && self.masked(address) == self.masked(self.base)
    }
}

/// The bits of an address, the first of them on the left.
fn whole(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    }
}

/// IPv4 that is nobody's on the open internet, and what clouds answer to from inside.
const INSIDE_V4: &[Network] = &[
    Network::v4([0, 0, 0, 0], 8),
    Network::v4([10, 0, 0, 0], 8),
    Network::v4([100, 64, 0, 0], 10),
    Network::v4([127, 0, 0, 0], 8),
    // The one public address that a cloud (Azure) keeps for its inside.
    Network::v4([168, 63, 129, 16], 32),
    Network::v4([169, 254, 0, 0], 16),
    Network::v4([172, 16, 0, 0], 12),
    Network::v4([192, 0, 0, 0], 24),
    Network::v4([192, 0, 2, 0], 24),
    Network::v4([192, 88, 99, 0], 24),
    Network::v4([192, 168, 0, 0], 16),
    Network::v4([198, 18, 0, 0], 15),
    Network::v4([198, 51, 100, 0], 24),
    Network::v4([203, 0, 113, 0], 24),
    Network::v4([224, 0, 0, 0], 4),
    Network::v4([240, 0, 0, 0], 4),
];

/// All IPv6 that is routed to anybody; mapped IPv4, NAT64, unique local, link-local and multicast
/// addresses lie elsewhere.
const GLOBAL_V6: Network = Network::v6([0x2000, 0, 0], 3);

/// What lies in there and is not anybody's: protocols (with Teredo), examples, 6to4.
const INSIDE_V6: &[Network] = &[
    Network::v6([0x2001, 0, 0], 23),
    Network::v6([0x2001, 0xdb8, 0], 32),
    Network::v6([0x2002, 0, 0], 16),
    Network::v6([0x3fff, 0, 0], 20),
];

/// Where IPv4 is reached from a network that has IPv6 alone (NAT64).
const NAT64: Network = Network::v6([0x64, 0xff9b, 0], 96);

/// The address that an address leads to.
fn inner(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn is_open(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !INSIDE_V4.iter().any(|network| network.contains(address)),
        IpAddr::V6(_) => {
            GLOBAL_V6.contains(address)
                && !INSIDE_V6.iter().any(|network| network.contains(address))
        }
    }
}

/// Where messages may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRules {
    /// Networks inside that may be sent to, at any port: closed networks of authorities.
    pub allowed: Vec<Network>,
    /// Ports that may be sent to elsewhere.
    pub ports: Vec<u16>,
}

impl Default for AddressRules {
    fn default() -> Self {
        Self { allowed: Vec::new(), ports: vec![443, 8443] }
    }
}

/// Why nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// It is inside, and not in a network that the operator allows.
    #[error("the address is not on the open internet")]
    Inside,
    /// The port is none that may be sent to.
    #[error("the port may not be sent to")]
    Port,
}

impl AddressRules {
    /// Whether a message may be sent to an address, as it is about to be connected to.
    pub fn check(&self, to: SocketAddr) -> Result<(), Forbidden> {
        let address = inner(to.ip());
        if self.allows(address) {
            return Ok(());
        }
        if !is_open(address) {
            return Err(Forbidden::Inside);
        }
        if self.ports.contains(&to.port()) { Ok(()) } else { Err(Forbidden::Port) }
    }

    /// Whether the operator allows an address inside. What NAT64 leads to has to be allowed, or
    /// anybody's, too.
    fn allows(&self, address: IpAddr) -> bool {
        let listed = |address| self.allowed.iter().any(|network| network.contains(address));
        let IpAddr::V6(six) = address else { return listed(address) };
        if !NAT64.contains(address) {
            return listed(address);
        }
        let [.., a, b, c, d] = six.octets();
        let four = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
        listed(address) && (listed(four) || is_open(four))
    }

    /// Reads the address of a webhook, or finds fault with it: `https`, without user, password and
    /// fragment. Plain `http` is for this machine alone, where the operator allows that.
    pub fn url(&self, pointer: &str, text: &str, faults: &mut Vec<Fault>) -> Option<Url> {
        let mut fault = |code, message: &str| {
            faults.push(Fault::new(pointer, code, message));
            None
        };
        if text.chars().count() > MAX_URL {
            return fault("length", "must have 1 to 2000 characters");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return fault("url", "must hold no blanks or control characters");
        }
        let Ok(url) = Url::parse(text) else { return fault("url", "is not an absolute URL") };
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return fault("url", "must be an https URL with a host");
        };
        let address = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        let is_here = match (address, host) {
            (Some(address), _) => inner(address).is_loopback() && self.allows(inner(address)),
            (None, Host::Domain("localhost")) => {
                [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
                    .into_iter()
                    .any(|address| self.allows(address))
            }
            _ => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            return fault("scheme", "must be https");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return fault("url", "must name no user and no password");
        }
        if url.fragment().is_some() {
            return fault("url", "must have no fragment (#)");
        }
        // What is known now is told now; a name is asked for its address at every sending.
        let refused = match address {
            Some(address) => self.check(SocketAddr::new(address, port)).err(),
            None if self.allowed.is_empty() && !self.ports.contains(&port) => Some(Forbidden::Port),
            None => None,
        };
        match refused {
            Some(why) => fault("address", &why.to_string()),
            None => Some(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allowed: &[&str]) -> AddressRules {
        let allowed = allowed.iter().map(|one| one.parse().unwrap()).collect();
        AddressRules { allowed, ..AddressRules::default() }
    }

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 443)
    }

    /// Nobody's on the open internet.
    const INSIDE: &str = "\
        0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 \
        127.255.0.1 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 \
        192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 \
        224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 \
        ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 \
        64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 \
        3fff::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 5f00::1";

    /// Anybody's.
    const OPEN: &str = "\
        1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 172.15.0.1 \
        172.32.0.1 192.0.1.1 193.0.0.1 223.255.255.255 ::ffff:8.8.8.8 2400:3200::1 \
        2606:4700::1111 2a00::1";

    #[test]
    fn nothing_is_sent_inside() {
        for address in INSIDE.split_whitespace() {
            assert_eq!(rules(&[]).check(at(address)), Err(Forbidden::Inside), "{address}");
        }
    }

    #[test]
    fn whatever_is_anybodys_may_be_sent_to() {
        for address in OPEN.split_whitespace() {
            assert_eq!(rules(&[]).check(at(address)), Ok(()), "{address}");
        }
    }

    #[test]
    fn ports_are_few() {
        let to = |port| rules(&[]).check(SocketAddr::new("8.8.8.8".parse().unwrap(), port));
        assert_eq!((to(443), to(8443)), (Ok(()), Ok(())));
        for port in [0, 22, 25, 80, 5432, 6379, 65535] {
            assert_eq!(to(port), Err(Forbidden::Port), "{port}");
        }
    }

    #[test]
    fn an_operator_opens_networks_of_its_own() {
        let rules = rules(&["10.20.0.0/16", "fd00:20::/32"]);
        let to = |address: &str| rules.check(SocketAddr::new(address.parse().unwrap(), 5000));
        for address in ["10.20.0.1", "::ffff:10.20.255.1", "fd00:20::1"] {
            assert_eq!(to(address), Ok(()), "{address}");
        }
        for address in ["10.21.0.1", "127.0.0.1", "fd00:21::1", "64:ff9b::a14:1"] {
            assert_eq!(to(address), Err(Forbidden::Inside), "{address}");
        }
    }

    #[test]
    fn what_nat64_leads_to_counts() {
        let rules = rules(&["64:ff9b::/96", "10.20.0.0/16"]);
        assert_eq!(rules.check(at("64:ff9b::808:808")), Ok(()));
        assert_eq!(rules.check(at("64:ff9b::a14:1")), Ok(()));
        assert_eq!(rules.check(at("64:ff9b::7f00:1")), Err(Forbidden::Inside));
    }

    #[test]
    fn networks_are_strict() {
        for good in ["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "fd00::/8", "::1"] {
            assert!(good.parse::<Network>().is_ok(), "{good}");
        }
        for bad in ["", "10.0.0.1/8", "10.0.0.0/33", "fd00::/129", "10.0.0.0/x", "localhost"] {
            assert_eq!(bad.parse::<Network>(), Err(NotANetwork), "{bad}");
        }
    }

    fn fault(rules: &AddressRules, url: &str) -> Option<(String, String)> {
        let mut faults = Vec::new();
        let read = rules.url("/url", url, &mut faults);
        assert_eq!(read.is_some(), faults.is_empty(), "{url}");
        faults.pop().map(|fault| (fault.pointer, fault.code.into_owned()))
    }

    #[test]
    fn an_address_says_what_is_wrong_with_it() {
        let rules = rules(&[]);
        for good in ["https://a.example/hooks?x=1", "https://a.example:8443/", "https://8.8.8.8/"] {
            assert_eq!(fault(&rules, good), None, "{good}");
        }
        let long = format!("https://a.example/{}", "x".repeat(MAX_URL));
        for (bad, code) in [
            ("", "url"),
            ("a.example", "url"),
            ("https://", "url"),
            ("data:text/plain,x", "url"),
            ("https://a.example/ x", "url"),
            ("https://a.example/\u{0}", "url"),
            ("https://u:p@a.example/", "url"),
            ("https://a.example/#x", "url"),
            ("http://a.example/", "scheme"),
            ("ftp://a.example/", "scheme"),
            ("file://a/etc/passwd", "url"),
            ("http://127.0.0.1/", "scheme"),
            ("https://127.0.0.1/", "address"),
            ("https://0x7f.1/", "address"),
            ("https://2130706433/", "address"),
            ("https://017700000001/", "address"),
            ("https://[::1]/", "address"),
            ("https://[::ffff:127.0.0.1]/", "address"),
            ("https://169.254.169.254/latest", "address"),
            ("https://a.example:22/", "address"),
            (long.as_str(), "length"),
        ] {
            let expected = ("/url".to_owned(), code.to_owned());
            assert_eq!(fault(&rules, bad), Some(expected), "{bad}");
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let rules = rules(&["127.0.0.0/8", "10.0.0.0/8"]);
        for good in ["http://127.0.0.1:9000/", "http://localhost:9000/", "https://10.0.0.1:9000/"] {
            assert_eq!(fault(&rules, good), None, "{good}");
        }
        assert!(fault(&rules, "http://10.0.0.1:9000/").is_some());
        assert!(fault(&rules, "http://a.example/").is_some());
    }
}
