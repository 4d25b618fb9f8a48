//! The back office of a real service: what goes on while somebody watches, and what
//! texts of others cannot do.

mod live;
mod markup;

use crate::{BIN, welcome};
use browser::Tab;
use kernel::{Clock, SystemClock};
use serde_json::Value;
use stage::villeneuve::{GOOD, UNLIMITED};
use stage::{Program, SOLD_SOON, pass, wait};

/// A museum at work on this configuration, and the secret of its first account.
fn open(configuration: &str) -> (Program, String) {
    let passes = pass(GOOD, "active", "*") + &pass(UNLIMITED, "active", "*");
    let mut house = Program::new(BIN, &passes, &format!("{configuration}{SOLD_SOON}"));
    house.replace("site.toml", "Europe/Paris", &zone_at_noon());
    house.start();
    let secret = house.service().secret();
    (house, secret)
}

/// Makes the first account, an administrator of this name.
fn begin((house, secret): (&Program, &str), tab: &Tab<'_>, name: &str) {
    tab.open(&house.url("/office/welcome"));
    welcome(tab, secret, name);
}

/// What the service answers to a device.
fn device_posts(house: &Program, token: &str, path: &str, body: &Value) -> Value {
    wait(house.send(token, path, body)).json()
}

/// Checks this code now.
fn check(house: &Program, token: &str, code: &str) -> Value {
    let id = uuid::Uuid::new_v4().to_string();
    wait(house.check(token, &id, code))
}

/// A time zone where no day ends while a test runs.
fn zone_at_noon() -> String {
    let now = SystemClock.now().to_string();
    let hour: i32 = now[11..13].parse().unwrap();
    // Their signs are the other way round than elsewhere.
    format!("Etc/GMT{:+}", hour - 12)
}
