//! Days for pages with sample data, and for the rules' tests.

use super::*;
use crate::day::SalesFacts;
use crate::tests::html;
use ::doctor::Ailments;
use gate::nodes::Node;
use gate::outbox::trouble::{Cause, Stopped, Trouble};
use gate::{PartnerState, Waiting};
use kernel::Money;
use notices::Failing;
use std::collections::BTreeMap;
use std::sync::Arc;

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn admitted(factor: i64, until: u8) -> Admitted {
    ["VN_AUG", "VN_GEO"]
        .into_iter()
        .zip([30, 11])
        .map(|(sector, size)| {
            let hours = (9..=until).map(|h| (h, factor * size * i64::from(19 - h)));
            (sector.parse().unwrap(), hours.collect())
        })
        .collect()
}

fn device(code: &str, at: Timestamp) -> DeviceState {
    DeviceState {
        device: code.parse().unwrap(),
        door: "AUG_MAIN".parse().unwrap(),
        sectors: Vec::new(),
        seen_at: Some(at.plus_ms(-20_000)),
        reported_at: Some(at.plus_ms(-20_000)),
        clock_offset_ms: Some(-400),
        unsent: Some(0),
        oldest_unsent_at: None,
        battery_percent: Some(82),
        mode: Some(Mode::Online),
        tokens: 1,
    }
}

/// Another process, as it said so then.
pub(super) fn node(said_at: Timestamp) -> Node {
    Node {
        node: "gate2 0123 10.0.0.12:8480".to_owned(),
        version: "0.1.0".to_owned(),
        said_at,
        partner: "{}".to_owned(),
    }
}

/// All is well.
pub(super) fn calm() -> Facts {
    let at = moment("2026-07-14T12:05:09.000Z");
    let zone: kernel::Zone = "Europe/Paris".parse().unwrap();
    Facts {
        at,
        day: zone.business_day(at),
        set_up_lacks: false,
        unnamed_proxy: None,
        nodes: Vec::new(),
        ailments: Ailments::default(),
        failing: Vec::new(),
        names: SiteNames::from(&crate::set_up::places::sample::site()),
        gate: Some(GateFacts {
            admitted: admitted(3, 14),
            last_week: Arc::new(admitted(2, 18)),
            outcomes: [("accepted", 5_540), ("already_used", 61), ("exit", 12)]
                .map(|(outcome, n)| (outcome.to_owned(), n))
                .into(),
            devices: ["PDA01", "PDA02", "PDA03"]
                .into_iter()
                .map(|code| device(code, at))
                .collect(),
            waiting: Waiting {
                deliveries: 3,
                declarations: 1,
                cancellations: 0,
                give_backs: 0,
                unresolved: 0,
            },
            waiting_since: Some(at.plus_ms(-40_000)),
            stopped: Vec::new(),
            refused: 0,
            aside: 0,
            partner: PartnerState {
                spared: false,
                answered: 311,
                why: None,
                failed: 2,
                median_ms: Some(112),
                p95_ms: Some(384),
            },
            when_silent: WhenSilent::Admit,
        }),
        sales: Some(SalesFacts {
            ready: 12,
            held: 0,
            sold: Money::from_minor(4_821_350),
        }),
    }
}

/// Ticketing does not take our token.
pub(crate) fn stopped(since: Timestamp) -> Vec<Trouble> {
    vec![Trouble {
        of: Stopped::Line,
        since,
        latest: since,
        cause: Cause::TokenRefused,
        reason: "HTTP 401".to_owned(),
    }]
}

/// Nothing is.
pub(super) fn troubled() -> Facts {
    let mut facts = calm();
    let at = facts.at;
    facts.nodes = vec![node(at.plus_ms(-95_000))];
    if let Some(gate) = &mut facts.gate {
        gate.partner.spared = true;
        gate.waiting.unresolved = 2;
        gate.stopped = stopped(at);
        gate.refused = 6;
        gate.waiting.deliveries = 1_201;
        gate.waiting.declarations = 340;
        for (number, device) in (0_i64..).zip(&mut gate.devices) {
            device.seen_at = Some(at.plus_ms(-200_000 * number));
            device.reported_at = device.seen_at;
            device.clock_offset_ms = Some(75_000);
            device.battery_percent = Some(9);
            device.mode = Some(Mode::Offline);
            device.unsent = Some(41);
            device.oldest_unsent_at = Some(at.plus_ms(-3_600_000));
        }
        if let Some(last) = gate.devices.last_mut() {
            last.tokens = 0;
            last.seen_at = None;
        }
    }
    if let Some(sales) = &mut facts.sales {
        sales.held = 7;
    }
    facts.ailments = Ailments {
        backup_late: Some(Some(at.plus_ms(-90_000_000))),
        disk_filling: Some(("/var/lib/passerelle".into(), 300 << 20)),
        certificate_ends: Some(at.plus_ms(400_000_000)),
    };
    facts.failing = vec![Failing {
        way: "mail".to_owned(),
        since: at.plus_ms(-4_000_000),
    }];
    facts
}

/// A city with many devices, all of which run out of battery.
pub(super) fn crowded() -> Facts {
    let mut facts = calm();
    let at = facts.at;
    if let Some(gate) = &mut facts.gate {
        gate.devices = (0..120)
            .map(|n| device(&format!("PDA{n:03}"), at))
            .map(|device| DeviceState {
                battery_percent: Some(9),
                ..device
            })
            .collect();
    }
    facts
}

/// Nothing has happened yet.
pub(super) fn empty() -> Facts {
    let mut facts = calm();
    if let Some(gate) = &mut facts.gate {
        gate.admitted = Admitted::new();
        gate.last_week = Arc::default();
        gate.outcomes = BTreeMap::new();
        gate.devices = Vec::new();
    }
    facts.sales = None;
    facts.set_up_lacks = true;
    facts
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let days = [calm(), troubled(), crowded(), empty()];
    html(days.iter().map(|facts| Page::new(frame.clone(), facts)))
}
