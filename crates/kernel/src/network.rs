use std::net::{IpAddr, Ipv6Addr};

/// Whose address it is: where it is IPv6, one subscriber has a whole /64, whose first
/// address stands for all of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    first_of(address, 64)
}

/// As [`network`], of a site, which is given a whole /48.
#[must_use]
pub fn site(address: IpAddr) -> IpAddr {
    first_of(address, 48)
}

/// Whether the host of a URL is this very machine, by its name or an address of its own.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn first_of(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(whole) => Ipv6Addr::from_bits(whole.to_bits() & !(u128::MAX >> bits)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_this_machine, network, site};

    #[test]
    fn a_subscriber_is_one() {
        for (address, whose, of) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1::"),
            ("::1", "::", "::"),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(network(address).to_string(), whose);
            assert_eq!(site(address).to_string(), of);
        }
    }

    #[test]
    fn this_machine_has_names_and_addresses() {
        for host in [
            "localhost",
            "LocalHost",
            "127.0.0.1",
            "127.8.9.10",
            "[::1]",
            "::1",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "localhost.example.org",
            "192.0.2.7",
            "0.0.0.0",
            "[2001:db8::1]",
            "",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
