//! Which address a request comes from.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::HeaderMap;

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// The text is no [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an IP address, or a network as in 10.0.0.0/8 or fd00::/8")]
pub struct NetworkError;

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (first, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
        let first: IpAddr = first.parse().map_err(|_| NetworkError)?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| NetworkError)?;
        if bits > most { Err(NetworkError) } else { Ok(Self { first, bits }) }
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// The address that a request of `peer` comes from: the last that is none of the trusted proxies'. Each proxy adds the
/// address that it was asked by at the end of `X-Forwarded-For`; what stands before that may be made up.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(*address));
    let mut client = peer.to_canonical();
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let forwarded: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for said in forwarded.into_iter().rev() {
        match said.parse::<IpAddr>() {
            Ok(address) if is_trusted(&client) => client = address.to_canonical(),
            _ => break,
        }
    }
    client
}

/// What is counted as one address: whoever has one of version 6 has a whole network of them.
pub(super) fn subnet(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|it| it.parse().unwrap()).collect();
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        assert_eq!(from("192.0.2.1", &["203.0.113.9"], &[]), "192.0.2.1");
        assert_eq!(from("192.0.2.1", &["203.0.113.9"], &["127.0.0.0/8"]), "192.0.2.1");
        assert_eq!(from("127.0.0.1", &["203.0.113.9, 192.0.2.1"], &["127.0.0.0/8"]), "192.0.2.1");
        assert_eq!(from("::ffff:127.0.0.1", &["203.0.113.9", "192.0.2.1"], &["127.0.0.1"]), "192.0.2.1");
    }

    #[test]
    fn trusted_proxies_are_believed_one_after_the_other() {
        let trusted = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"];
        assert_eq!(from("127.0.0.1", &["192.0.2.1, 10.1.2.3"], &trusted), "192.0.2.1");
        assert_eq!(from("fd00::1", &["2001:db8::7,fd12::3", "10.1.2.3"], &trusted), "2001:db8::7");
        assert_eq!(from("127.0.0.1", &["10.1.2.3"], &trusted), "10.1.2.3");
        assert_eq!(from("127.0.0.1", &["192.0.2.1, nonsense"], &trusted), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &[], &trusted), "127.0.0.1");
    }

    #[test]
    fn networks_are_read_with_their_bits() {
        let contains = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(contains("0.0.0.0/0", "192.0.2.1") && contains("::/0", "2001:db8::1"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(contains("192.0.2.128/25", "192.0.2.200") && !contains("192.0.2.128/25", "192.0.2.1"));
        assert!(contains("::1", "::1") && !contains("::1", "::2"));
        for text in ["", "10.0.0.0/33", "::/129", "10/8", "example.org", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text}");
        }
    }

    #[test]
    fn a_whole_network_of_version_6_is_one() {
        let same = |a: &str, b: &str| subnet(a.parse().unwrap()) == subnet(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:1"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
