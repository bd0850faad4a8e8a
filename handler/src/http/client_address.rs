//! Who is asking, as far as an address can say it.
//!
//! The front end appends the address it saw as the last entry of the last `X-Forwarded-For` header. Everything further
//! left is the client's own claim, so it is never read: not even to find out whether it is text.

use axum::http::HeaderMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The network part of an IPv6 address, by which providers hand out addresses (RFC 6177 calls /64 the least that a
/// customer gets). Anyone can have 2^64 addresses in it, so it counts as one client.
const NETWORK_OF_A_CLIENT: u128 = !0 << 64;

/// A client's address, reduced to what one client can't change at will. Its text is the key to count requests by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientAddress {
    /// An IPv4 address, also when it came as an IPv4-mapped IPv6 one.
    V4(Ipv4Addr),
    /// The first address of an IPv6 /64 network.
    V6(Ipv6Addr),
    /// No front end named an address. All such clients count as one: without a front end the peer is always the host
    /// on this machine.
    Unknown,
}

impl ClientAddress {
    /// Reads the address that the front end appended.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()
            .and_then(|claims| claims.as_bytes().rsplit(|&byte| byte == b',').next())
            .and_then(|appended| std::str::from_utf8(appended).ok())
            .and_then(|appended| address_without_port(appended.trim()))
            .map_or(Self::Unknown, Self::from)
    }

    /// The part of it that may go to the log: the first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
    #[must_use]
    pub fn neighbourhood(&self) -> String {
        match self {
            Self::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            Self::V6(network) => format!("{}/48", Ipv6Addr::from_bits(network.to_bits() & (!0 << 80))),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK_OF_A_CLIENT)),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(network) => write!(f, "{network}/64"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Reads `1.2.3.4`, `1.2.3.4:5`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5`.
fn address_without_port(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn seen_as(entries: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for entry in entries {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(entry).unwrap());
        }
        ClientAddress::of(&headers).to_string()
    }

    #[test]
    fn every_form_of_an_address_is_read_without_its_port() {
        for (written, seen) in [
            ("1.2.3.4", "1.2.3.4"),
            ("1.2.3.4:49828", "1.2.3.4"),
            (" 1.2.3.4:49828 ", "1.2.3.4"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("[::ffff:1.2.3.4]:5", "1.2.3.4"),
        ] {
            assert_eq!(seen_as(&[written.as_bytes()]), seen, "{written}");
        }
    }

    #[test]
    fn what_is_no_address_is_unknown() {
        for written in
            ["", "localhost", "1.2.3", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:99999", "[::1", "[1.2.3.4]", "fe80::1%eth0"]
        {
            assert_eq!(seen_as(&[written.as_bytes()]), "unknown", "{written}");
        }
        assert_eq!(seen_as(&[]), "unknown");
        assert_eq!(
            seen_as(&[b"1.2.3.4,"]),
            "unknown",
            "the front end's entry is empty; the claim beside it is not read"
        );
        assert_eq!(seen_as(&[b"1.2.3.4, \xff"]), "unknown");
    }

    #[test]
    fn security_22_the_last_header_and_in_it_the_last_entry_counts() {
        assert_eq!(seen_as(&[b"9.9.9.9", b"8.8.8.8, 1.2.3.4:5"]), "1.2.3.4");
    }

    #[test]
    fn security_22_the_log_tells_the_neighbourhood_and_not_the_address() {
        for (whole, told) in [
            ("203.0.113.7", "203.0.113.0/24"),
            ("255.255.255.255", "255.255.255.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ] {
            assert_eq!(ClientAddress::from(whole.parse::<IpAddr>().unwrap()).neighbourhood(), told);
        }
        assert_eq!(ClientAddress::Unknown.neighbourhood(), "unknown");
    }

    proptest! {
        #[test]
        fn security_22_a_clients_own_claims_never_change_its_address(
            headers_before in vec(vec(0x20_u8..=0x7e, 0..40), 0..3),
            claim in vec(prop_oneof![0x20_u8..=0x7e, 0x80_u8..=0xff, Just(b','), Just(b'[')], 0..40),
            address: u32,
            port: u16,
        ) {
            let address = Ipv4Addr::from_bits(address);
            let mut last = claim;
            last.extend_from_slice(format!(", {address}:{port}").as_bytes());
            let entries: Vec<&[u8]> = headers_before.iter().map(Vec::as_slice).chain([last.as_slice()]).collect();
            prop_assert_eq!(seen_as(&entries), address.to_string());
        }

        #[test]
        fn security_22_all_addresses_of_one_network_count_as_one(network: u64, one: u64, other: u64) {
            let seen = |host: u64| {
                let address = Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(host));
                ClientAddress::from(IpAddr::V6(address))
            };
            // ::ffff:0:0/96 holds the IPv4 addresses, which are clients of their own.
            prop_assume!(network != 0);
            prop_assert_eq!(seen(one), seen(other));
        }

        #[test]
        fn every_address_is_read_in_each_of_its_forms_and_with_nothing_around(
            bits: u128,
            port: u16,
            junk in "[g-zG-Z_/@;\"'()-]{1,3}",
        ) {
            let (v4, v6) = (Ipv4Addr::from_bits(u32::try_from(bits >> 96).unwrap()), Ipv6Addr::from_bits(bits));
            for (address, forms) in [
                (IpAddr::V4(v4), vec![format!("{v4}"), format!("{v4}:{port}"), format!("::ffff:{v4}")]),
                (IpAddr::V6(v6), vec![format!("{v6}"), format!("[{v6}]"), format!("[{v6}]:{port}")]),
                (IpAddr::V6(v6), vec![v6.to_string().to_uppercase()]),
            ] {
                for form in forms {
                    prop_assert_eq!(seen_as(&[form.as_bytes()]), ClientAddress::from(address).to_string(), "{}", form);
                    prop_assert_eq!(seen_as(&[format!("{form}{junk}").as_bytes()]), "unknown");
                    prop_assert_eq!(seen_as(&[format!("{junk}{form}").as_bytes()]), "unknown");
                }
            }
        }

        #[test]
        fn what_is_no_address_to_the_standard_library_is_none_here(text in "[0-9a-f.:\\[\\]]{0,20}|[ -+.-~]{0,20}") {
            let host = text.trim().trim_start_matches('[').split(']').next().unwrap_or_default();
            let without_port = host.split(':').next().unwrap_or_default();
            let is_address = host.parse::<IpAddr>().is_ok() || without_port.parse::<Ipv4Addr>().is_ok();
            prop_assert!(is_address || seen_as(&[text.as_bytes()]) == "unknown", "{}", text);
        }
    }
}
