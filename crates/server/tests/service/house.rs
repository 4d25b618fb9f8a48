//! What is done to a museum besides asking it.

use db::Tx;
use gate::{DeviceSettings, EnrolmentCode, Gate};
use kernel::Clock;
use serde_json::{Value, json};
use stage::Museum;
use stage::villeneuve::id;

/// Changes what `device` may do.
pub async fn set(house: &Museum, device: &str, settings: DeviceSettings) {
    let mut site = (*house.gate().site()).clone();
    let device = device.parse().unwrap();
    site.devices.get_mut(&device).unwrap().settings = settings;
    Gate::apply_site(&house.test.db, site).await.unwrap();
    house.gate().reload().await.unwrap();
}

/// Saves a code that enrols `device`.
pub async fn save_code(house: &Museum, device: &str, code: EnrolmentCode) {
    let (device, now) = (device.parse().unwrap(), house.clock.now());
    let save = move |tx: &mut Tx<'_>| {
        gate::save_enrolment_code(tx, &device, &code, now, gate::CODE_VALID_MS)
    };
    house.test.db.write("save code", save).await.unwrap();
}

/// Takes the tokens of `device` back, as another process would.
pub async fn revoke(house: &Museum, device: &str) -> u64 {
    let (device, now) = (device.parse().unwrap(), house.clock.now());
    let revoke = move |tx: &mut Tx<'_>| gate::revoke_tokens(tx, &device, now);
    house.test.db.write("revoke", revoke).await.unwrap()
}

/// What a device sends to cancel its check `check`, a minute after the scan.
pub fn cancellation(n: u32, check: u32) -> Value {
    json!({
        "id": format!("00000000-0000-4000-9000-{n:012}"),
        "check_id": id(check),
        "cancelled_at": stage::villeneuve::scanned_at(check).plus_ms(60_000),
        "offset_ms": 0,
    })
}
