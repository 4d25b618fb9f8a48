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

fn first_of(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(whole) => Ipv6Addr::from_bits(whole.to_bits() & !(u128::MAX >> bits)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::{network, site};

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
}
