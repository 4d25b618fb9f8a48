//! The example museum, and what its visitors hold on a day in July.

use gate::{DeviceToken, Site, read_site};
use kernel::{Language, ManualClock, Timestamp};
use otipass::Credentials;
use secutix::client::{AccessControlClient, ClientSettings};
use secutix::token::Caller;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Its site file.
pub const SITE: &str = include_str!("../../../examples/villeneuve/site.toml");
/// Its catalogue file.
pub const CATALOGUE: &str = include_str!("../../../examples/villeneuve/catalogue.toml");
/// Its mapping parameters.
pub const MAPPING: &str = include_str!("../../../examples/villeneuve/mapping.json");

/// One entry to VN_AUG; any number to VN_GEO and VN_CAS.
pub const GOOD: &str = "00029975";
/// Any number of entries to VN_AUG.
pub const UNLIMITED: &str = "00039131";
/// Starts its three days with its first use.
pub const UNUSED: &str = "00292151";
/// Was good until June.
pub const EXPIRED: &str = "01755172";

pub(crate) const PASSES: &str =
    "00029975;active;7;2026-07-31;PCUMID000FSA5CD6:1,PCUMID000FS25165:*,PCUMID000FS3031D:*
00039131;active;2;2026-07-31;PCUMID000FSA5CD6:*
00292151;inactive;3;;PCUMID000FSA5CD6:1
01755172;expired;3;2026-06-15;PCUMID000FSA5CD6:1
12345674;inactive;3;;PCUMID000FSA5CD6:2
";

/// Sells PASSVN.
pub const AUG: &str = "PDA01";
/// The same, for an agent who reads German.
pub const AUG_IN_GERMAN: &str = "PDA02";
/// Sells PASSVN2.
pub const GEO: &str = "PDA09";
/// Sells PASSVN3, which has no tariff yet.
pub const CAS: &str = "PDA11";
/// Leads to a sector that is not mapped.
pub const EXP: &str = "PDA13";

pub(crate) const DEVICES: [&str; 5] = [AUG, AUG_IN_GERMAN, GEO, CAS, EXP];

/// What the gate says to Otipass.
pub const OTIPASS_PASSWORD: &str = "otipass-secret-a7f3";
/// Where the museum's reverse proxy is.
pub const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 77));

/// What the gate says to ticketing.
pub const OPERATOR_PASSWORD: &str = "operator-secret-9c41";

/// The day and the hour.
pub fn now() -> Timestamp {
    "2026-07-14T09:00:00.000Z".parse().unwrap()
}

/// The site, in French, with a German at one device.
pub fn site() -> Site {
    let (site, findings) = read_site(SITE);
    assert!(findings.is_empty());
    let mut site = site.unwrap();
    site.language = Language::Fr;
    let german = site.devices.get_mut(&AUG_IN_GERMAN.parse().unwrap());
    german.unwrap().language = Some(Language::De);
    site
}

/// The check id with the number `n`.
pub fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// What a device sends for its scan `n`: one second after the other.
pub fn scan(n: u32, code: &str) -> Value {
    json!({"id": id(n), "code": code, "scanned_at": scanned_at(n), "offset_ms": 0})
}

/// When that was by its device's clock, which is right: some minutes before [`now`].
/// Online only the arrival counts.
pub fn scanned_at(n: u32) -> Timestamp {
    now().plus_ms(i64::from(n) * 1_000 - 600_000)
}

/// The token of a device.
pub fn token(device: &str) -> DeviceToken {
    let mut bytes = [7; 32];
    for (to, from) in bytes.iter_mut().zip(device.bytes()) {
        *to = from;
    }
    DeviceToken::from_random(bytes)
}

pub(crate) fn credentials() -> Credentials {
    Credentials::Basic {
        username: "villeneuve".to_owned(),
        password: OTIPASS_PASSWORD.into(),
    }
}

/// Whose calls the box office takes.
pub fn caller() -> Caller {
    Caller::new(
        "VILLEN".parse().unwrap(),
        "PASSERELLE".to_owned(),
        OPERATOR_PASSWORD.into(),
    )
}

/// A client of the access control service at `url`, fast enough for a test.
pub fn ticketing_client(url: String, password: &str, clock: &ManualClock) -> AccessControlClient {
    let password = password.into();
    let settings = ClientSettings {
        calls_per_minute: NonZeroU32::new(60_000).unwrap(),
        ..ClientSettings::new(
            url,
            Caller {
                password,
                ..caller()
            },
        )
    };
    AccessControlClient::new(settings, Arc::new(clock.clone())).unwrap()
}
