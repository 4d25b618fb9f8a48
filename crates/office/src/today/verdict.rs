//! Whether all is well: pure rules over what is known of the day. The worst
//! comes first: what keeps visitors waiting, then what loses money, then what
//! will become one of these.

use crate::access::{self, Address};
use crate::day::Facts;
use gate::nodes::Node;
use gate::outbox::trouble::Trouble;
use gate::{DeviceState, Mode, PartnerFailure, WhenSilent};
use kernel::{Timestamp, Zone};
use notices::FAILING;
use std::net::IpAddr;

/// A device that was heard of today and is silent for longer is worth a word.
const SILENT_MS: i64 = 5 * 60_000;
/// A device that keeps a check to itself for longer is worth a word.
const KEPT_MS: i64 = 10 * 60_000;
/// A clock that is off by more makes checks of the wrong hour.
const CLOCK_OFF_MS: i64 = 60_000;
/// A battery with less does not see the evening.
const BATTERY_PERCENT: u32 = 15;
/// More barcodes than this on their way are worth a word.
const LATE: i64 = 200;
/// And so is one that waits for longer.
const LATE_MS: i64 = 30 * 60_000;
/// More declarations than this are worth a word.
const DECLARATIONS: i64 = 200;

/// What is not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Concern {
    /// The set-up is not complete: nobody is checked.
    NotSetUp,
    /// Otipass is not asked at present; what visitors meet meanwhile, and why the last
    /// question failed.
    PartnerSilent(WhenSilent, Option<PartnerFailure>),
    /// More than half of the questions to Otipass failed; why the last one did.
    PartnerFails(Option<PartnerFailure>),
    /// Checks without a decision.
    Unresolved(i64),
    /// A process on the same database that is not heard of and has not ended in order.
    NodeSilent { place: String, ms: i64 },
    /// A device that was at work today and is not heard of.
    Silent { device: String, ms: i64 },
    /// A device that keeps checks to itself.
    Keeps { device: String, checks: i64 },
    /// What ticketing takes none of at present.
    Stopped(Vec<Trouble>),
    /// Entries that ticketing refused.
    Refused(i64),
    /// Entries that cannot be sold.
    Held(i64),
    /// What devices brought and nobody has settled.
    Aside(i64),
    /// A proxy whose word on addresses is not believed.
    UnnamedProxy(IpAddr),
    /// Barcodes that wait for ticketing.
    Late(i64),
    /// Entries Otipass has yet to hear of.
    Undeclared(i64),
    /// A backup that should have been taken; when the last one was.
    BackupLate(Option<Timestamp>),
    /// A folder whose disk is filling, and how many megabytes are left.
    DiskFilling { folder: String, left_mb: i64 },
    /// The service's certificate, which ends or has ended then.
    CertificateEnds(Timestamp),
    /// Notices that do not get out this way.
    NoticesFail { way: String, since: Timestamp },
    /// A device that decides by itself.
    Offline { device: String },
    /// A clock that is off.
    Clock { device: String, ms: i64 },
    /// A battery that runs out.
    Battery { device: String, percent: i64 },
}

/// How grave something is, the worst first; what programs know it by, if it is told to
/// those who do not look; and the page on which something can be done about it.
type Kind = (u8, Option<&'static str>, Option<Address>);

impl Concern {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::NotSetUp => (0, Some("set_up_incomplete"), Some(access::SET_UP)),
            Self::PartnerSilent(WhenSilent::Refuse, why) => (1, Some("otipass_silent"), line(*why)),
            Self::Unresolved(_) => (2, Some("checks_unresolved"), None),
            Self::PartnerSilent(WhenSilent::Admit, why) => (3, Some("otipass_silent"), line(*why)),
            Self::PartnerFails(why) => (4, Some("otipass_failing"), line(*why)),
            Self::NodeSilent { .. } => (4, Some("node_silent"), None),
            Self::Silent { .. } => (5, Some("device_silent"), None),
            Self::Keeps { .. } => (6, Some("device_keeps"), None),
            Self::Stopped(_) => (7, Some("ticketing_stopped"), Some(access::QUEUE)),
            Self::Refused(_) => (8, Some("ticketing_refused"), Some(access::QUEUE)),
            Self::Held(_) => (9, Some("sales_held"), Some(access::QUEUE)),
            Self::Aside(_) => (10, Some("entries_aside"), Some(access::ASIDE)),
            Self::Late(_) => (11, Some("ticketing_late"), Some(access::QUEUE)),
            Self::Undeclared(_) => (12, Some("otipass_untold"), Some(access::QUEUE)),
            Self::UnnamedProxy(_) => (13, None, None),
            Self::DiskFilling { .. } => (14, Some("disk_filling"), None),
            Self::CertificateEnds(_) => (15, Some("certificate_ends"), None),
            Self::BackupLate(_) => (16, Some("backup_late"), None),
            Self::NoticesFail { .. } => (17, Some(FAILING), None),
            Self::Offline { .. } => (18, None, None),
            Self::Clock { .. } => (19, None, None),
            Self::Battery { .. } => (20, None, None),
        }
    }

    /// The device that it is about, if it is about a single one.
    pub(super) fn device(&self) -> Option<&str> {
        match self {
            Self::Silent { device, .. }
            | Self::Keeps { device, .. }
            | Self::Offline { device }
            | Self::Clock { device, .. }
            | Self::Battery { device, .. } => Some(device),
            _ => None,
        }
    }
}

/// Where the line to Otipass is set up, if it is not only silent.
const fn line(why: Option<PartnerFailure>) -> Option<Address> {
    match why {
        None | Some(PartnerFailure::Silent) => None,
        Some(_) => Some(access::CONNECTION),
    }
}

/// What is not well, the worst first. Empty if all is.
pub(super) fn concerns(facts: &Facts, zone: &Zone) -> Vec<Concern> {
    let mut concerns = Vec::new();
    if facts.set_up_lacks {
        concerns.push(Concern::NotSetUp);
    }
    concerns.extend(facts.unnamed_proxy.map(Concern::UnnamedProxy));
    let silent = |node: &Node| {
        let (place, ms) = (node.place(), node.silent_ms(facts.at)?);
        Some(Concern::NodeSilent { place, ms })
    };
    concerns.extend(facts.nodes.iter().filter_map(silent));
    if let Some(gate) = &facts.gate {
        let partner = &gate.partner;
        if partner.spared {
            concerns.push(Concern::PartnerSilent(gate.when_silent, partner.why));
        } else if partner.failed > partner.answered {
            concerns.push(Concern::PartnerFails(partner.why));
        }
        let waiting = &gate.waiting;
        let mut many = |n: i64, limit: i64, concern: fn(i64) -> Concern| {
            if n > limit {
                concerns.push(concern(n));
            }
        };
        many(waiting.unresolved, 0, Concern::Unresolved);
        many(gate.refused, 0, Concern::Refused);
        many(gate.aside, 0, Concern::Aside);
        let is_old = |at: Timestamp| facts.at.ms_since(at) > LATE_MS;
        let limit = match gate.waiting_since.is_some_and(is_old) {
            true => 0,
            false => LATE,
        };
        many(waiting.deliveries, limit, Concern::Late);
        many(waiting.declarations, DECLARATIONS, Concern::Undeclared);
        if !gate.stopped.is_empty() {
            concerns.push(Concern::Stopped(gate.stopped.clone()));
        }
        for device in &gate.devices {
            of_device(device, facts.at, zone, &mut concerns);
        }
    }
    if let Some(sales) = &facts.sales
        && sales.held > 0
    {
        concerns.push(Concern::Held(sales.held));
    }
    of_machine(facts, &mut concerns);
    // The order within a kind, such as of the devices, stays.
    concerns.sort_by_key(|concern| concern.kind().0);
    concerns
}

fn of_machine(facts: &Facts, concerns: &mut Vec<Concern>) {
    let ailments = &facts.ailments;
    concerns.extend(ailments.backup_late.map(Concern::BackupLate));
    concerns.extend(ailments.certificate_ends.map(Concern::CertificateEnds));
    if let Some((folder, left)) = &ailments.disk_filling {
        concerns.push(Concern::DiskFilling {
            folder: folder.display().to_string(),
            left_mb: i64::try_from(left >> 20).unwrap_or(i64::MAX),
        });
    }
    let failing = facts.failing.iter();
    concerns.extend(failing.map(|failing| Concern::NoticesFail {
        way: failing.way.clone(),
        since: failing.since,
    }));
}

/// Whether the device was heard of on the day of `now`.
pub(super) fn is_at_work(device: &DeviceState, now: Timestamp, zone: &Zone) -> bool {
    device
        .seen_at
        .is_some_and(|at| zone.business_day(at) == zone.business_day(now))
}

/// Whether the device was heard of today, and is not any more.
pub(super) fn is_silent(device: &DeviceState, now: Timestamp, zone: &Zone) -> bool {
    is_at_work(device, now, zone)
        && device
            .seen_at
            .is_some_and(|at| now.ms_since(at) > SILENT_MS)
}

/// The devices that were heard of on an earlier day, and are not any more.
pub(super) fn silent_since_before(facts: &Facts, zone: &Zone) -> impl Iterator<Item = Concern> {
    let devices = facts.gate.iter().flat_map(|gate| &gate.devices);
    let away = devices.filter(|device| !is_at_work(device, facts.at, zone));
    away.filter_map(|device| {
        Some(Concern::Silent {
            device: device.device.to_string(),
            ms: facts.at.ms_since(device.seen_at?),
        })
    })
}

/// Whether the device's clock is off by more than a minute.
pub(super) fn is_clock_off(device: &DeviceState) -> bool {
    device
        .clock_offset_ms
        .is_some_and(|ms| ms.abs() > CLOCK_OFF_MS)
}

/// Whether the device's battery runs out.
pub(super) fn is_battery_low(device: &DeviceState) -> bool {
    device.battery_percent.is_some_and(|p| p < BATTERY_PERCENT)
}

/// Whether there is any concern of the device.
pub(super) fn is_troubled(device: &DeviceState, now: Timestamp, zone: &Zone) -> bool {
    let mut concerns = Vec::new();
    of_device(device, now, zone, &mut concerns);
    !concerns.is_empty()
}

fn of_device(device: &DeviceState, now: Timestamp, zone: &Zone, concerns: &mut Vec<Concern>) {
    let code = || device.device.to_string();
    let (unsent, oldest) = (device.unsent.unwrap_or(0), device.oldest_unsent_at);
    // Whatever the day: these checks are missing from the books.
    if unsent > 0 && oldest.is_some_and(|at| now.ms_since(at) > KEPT_MS) {
        concerns.push(Concern::Keeps {
            device: code(),
            checks: unsent.into(),
        });
    }
    if !is_at_work(device, now, zone) {
        return;
    }
    if let Some(at) = device.seen_at
        && is_silent(device, now, zone)
    {
        concerns.push(Concern::Silent {
            device: code(),
            ms: now.ms_since(at),
        });
        return;
    }
    // What it said of itself holds for a while only: a device that sends checks and
    // no reports may have been put right since.
    if device
        .reported_at
        .is_none_or(|at| now.ms_since(at) > SILENT_MS)
    {
        return;
    }
    if device.mode == Some(Mode::Offline) {
        concerns.push(Concern::Offline { device: code() });
    }
    if let Some(ms) = device.clock_offset_ms
        && is_clock_off(device)
    {
        concerns.push(Concern::Clock { device: code(), ms });
    }
    if let Some(percent) = device.battery_percent
        && is_battery_low(device)
    {
        concerns.push(Concern::Battery {
            device: code(),
            percent: percent.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const PROXY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    type Change = fn(&mut Facts);

    fn first(facts: &mut Facts) -> &mut DeviceState {
        &mut facts.gate.as_mut().unwrap().devices[0]
    }

    fn ago(facts: &Facts, ms: i64) -> Option<Timestamp> {
        Some(facts.at.plus_ms(-ms))
    }

    #[test]
    fn a_device_that_died_is_silent_over_midnight() {
        let zone = "Europe/Paris".parse().unwrap();
        // It is five past two there.
        for (hours, silent) in [(1, 0), (14, 0), (15, 1), (40, 1)] {
            let mut facts = sample::calm();
            first(&mut facts).seen_at = ago(&facts, hours * 3_600_000);
            assert_eq!(
                silent_since_before(&facts, &zone).count(),
                silent,
                "{hours}"
            );
        }
    }

    #[test]
    fn each_concern_is_seen_and_no_other() {
        let device = || "PDA01".to_owned();
        let cases: [(Change, Vec<Concern>); 26] = [
            (|_| (), vec![]),
            (|f| f.set_up_lacks = true, vec![Concern::NotSetUp]),
            (|f| f.gate = None, vec![]),
            (
                |f| f.unnamed_proxy = Some(PROXY),
                vec![Concern::UnnamedProxy(PROXY)],
            ),
            (
                |f| f.gate.as_mut().unwrap().partner.spared = true,
                vec![Concern::PartnerSilent(WhenSilent::Admit, None)],
            ),
            (
                |f| {
                    let partner = &mut f.gate.as_mut().unwrap().partner;
                    partner.failed = 1_000;
                    partner.why = Some(PartnerFailure::Unreachable);
                },
                vec![Concern::PartnerFails(Some(PartnerFailure::Unreachable))],
            ),
            (
                |f| {
                    let said = |ms| sample::node(f.at.plus_ms(ms));
                    f.nodes = vec![said(-20_000), said(-20_001)];
                },
                vec![Concern::NodeSilent {
                    place: "gate2 (10.0.0.12:8480)".to_owned(),
                    ms: 20_001,
                }],
            ),
            (
                |f| f.gate.as_mut().unwrap().waiting.unresolved = 1,
                vec![Concern::Unresolved(1)],
            ),
            (
                |f| f.gate.as_mut().unwrap().waiting.deliveries = 200,
                vec![],
            ),
            (
                |f| f.gate.as_mut().unwrap().waiting.deliveries = 201,
                vec![Concern::Late(201)],
            ),
            (
                |f| f.gate.as_mut().unwrap().waiting.declarations = 201,
                vec![Concern::Undeclared(201)],
            ),
            (
                |f| f.gate.as_mut().unwrap().stopped = sample::stopped(f.at),
                vec![Concern::Stopped(sample::stopped(sample::calm().at))],
            ),
            (
                |f| f.gate.as_mut().unwrap().refused = 6,
                vec![Concern::Refused(6)],
            ),
            (
                |f| f.sales.as_mut().unwrap().held = 3,
                vec![Concern::Held(3)],
            ),
            (
                |f| first(f).seen_at = ago(f, SILENT_MS + 1),
                vec![Concern::Silent {
                    device: device(),
                    ms: SILENT_MS + 1,
                }],
            ),
            // Not at work today: switched off, as it should be, or told before.
            (|f| first(f).seen_at = ago(f, 86_400_000), vec![]),
            (
                |f| {
                    first(f).unsent = Some(4);
                    first(f).oldest_unsent_at = ago(f, KEPT_MS + 1);
                },
                vec![Concern::Keeps {
                    device: device(),
                    checks: 4,
                }],
            ),
            (
                |f| first(f).mode = Some(Mode::Offline),
                vec![Concern::Offline { device: device() }],
            ),
            (
                |f| first(f).clock_offset_ms = Some(-61_000),
                vec![Concern::Clock {
                    device: device(),
                    ms: -61_000,
                }],
            ),
            (
                |f| first(f).battery_percent = Some(14),
                vec![Concern::Battery {
                    device: device(),
                    percent: 14,
                }],
            ),
            // Few, and for long.
            (
                |f| f.gate.as_mut().unwrap().waiting_since = ago(f, LATE_MS + 1),
                vec![Concern::Late(3)],
            ),
            (
                |f| f.ailments.backup_late = Some(None),
                vec![Concern::BackupLate(None)],
            ),
            (
                |f| f.ailments.disk_filling = Some(("/srv".into(), 5 << 20)),
                vec![Concern::DiskFilling {
                    folder: "/srv".to_owned(),
                    left_mb: 5,
                }],
            ),
            (
                |f| f.ailments.certificate_ends = Some(f.at),
                vec![Concern::CertificateEnds(sample::calm().at)],
            ),
            // Said long ago, and checks have come since.
            (
                |f| {
                    first(f).battery_percent = Some(14);
                    first(f).reported_at = ago(f, SILENT_MS + 1);
                },
                vec![],
            ),
            // The worst first.
            (
                |f| {
                    first(f).battery_percent = Some(14);
                    f.sales.as_mut().unwrap().held = 3;
                    let gate = f.gate.as_mut().unwrap();
                    gate.waiting.unresolved = 2;
                    gate.partner.spared = true;
                    gate.when_silent = WhenSilent::Refuse;
                },
                vec![
                    Concern::PartnerSilent(WhenSilent::Refuse, None),
                    Concern::Unresolved(2),
                    Concern::Held(3),
                    Concern::Battery {
                        device: device(),
                        percent: 14,
                    },
                ],
            ),
        ];
        let zone = "Europe/Paris".parse().unwrap();
        for (number, (change, expected)) in cases.into_iter().enumerate() {
            let mut facts = sample::calm();
            change(&mut facts);
            assert_eq!(concerns(&facts, &zone), expected, "case {number}");
        }
    }
}
