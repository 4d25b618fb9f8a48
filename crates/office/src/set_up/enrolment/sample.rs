//! Sample data of this page.

use super::*;
use crate::tests::html;

pub(crate) fn device(code: &str) -> DeviceState {
    DeviceState {
        device: code.parse().unwrap(),
        door: "VN_AUG_D1".parse().unwrap(),
        sectors: vec!["VN_AUG".parse().unwrap()],
        seen_at: Some(Timestamp::from_millis_clamped(1_784_019_600_000)),
        reported_at: Some(Timestamp::from_millis_clamped(1_784_019_600_000)),
        clock_offset_ms: Some(0),
        unsent: Some(3),
        oldest_unsent_at: None,
        battery_percent: Some(80),
        mode: Some(Mode::Offline),
        tokens: 1,
    }
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let (site, state) = (crate::set_up::places::sample::site(), device("<b>/7"));
    let at = Timestamp::from_millis_clamped(1_784_019_600_000);
    let code = EnrolmentState {
        created_at: at,
        expires_at: at.plus_ms(CODE_VALID_MS),
        used_at: None,
    };
    let used = EnrolmentState {
        used_at: Some(at),
        ..code
    };
    let by_file = Managed::ByFile("site.toml".to_owned());
    let here = [None, Some(code), Some(used)].map(|code| (&Managed::Here, (code, at)));
    let by_file = (&by_file, (Some(code), code.expires_at));
    let all = here.into_iter().chain([by_file]);
    html(all.map(|(managed, last)| {
        let frame = frame.clone().managed_by(managed);
        One::new(frame, &site, state.clone(), last)
    }))
}

pub(crate) fn code_samples(frame: &Frame) -> Vec<String> {
    let code = EnrolmentCode::from_random([7; 16]);
    let at = Timestamp::from_millis_clamped(1_784_019_600_000);
    html(
        [
            ("https://gate.example", true),
            ("http://gate.example/", true),
            ("http://127.0.0.1:8480", false),
        ]
        .map(|(url, has_gate)| {
            let device = ("<b>".parse().unwrap(), "<b> (<b>)".to_owned());
            Shown::new(frame.clone(), url, has_gate, device, &code, at)
        }),
    )
}

pub(crate) fn revoke_samples(frame: &Frame) -> Vec<String> {
    let names = SiteNames::default();
    html([Sure::new(frame.clone(), REVOKE, &names, device("<b>"))])
}

pub(crate) fn remove_samples(frame: &Frame) -> Vec<String> {
    let names = SiteNames::default();
    html([Sure::new(frame.clone(), REMOVE, &names, device("<b>"))])
}
