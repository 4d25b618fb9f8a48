//! Sample data of this page.

use super::*;
use crate::tests::html;

/// Two weeks in two sectors.
pub(crate) fn visitors(from: BusinessDay) -> Visitors {
    let mut came = Visitors::default();
    for day in 0..14 {
        for (device, sector, hour, admitted) in [
            ("PDA01", "VN_AUG", 9, 12),
            ("PDA02", "VN_AUG", 14, 40),
            ("PDA09", "VN_GEO", 17, 7),
        ] {
            let admitted = admitted + day;
            came.hours.push(HourCount {
                business_day: from.plus_days(day),
                hour,
                admitted,
            });
            *came.by_sector.entry(sector.to_owned()).or_default() += admitted;
            *came.by_device.entry(device.to_owned()).or_default() += admitted;
        }
    }
    came
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let today = "2026-07-14".parse().unwrap();
    let january = "2026-01-01".parse().unwrap();
    let month = Period::month_of(today);
    let year = Period {
        from: january,
        to: today,
    };
    let (came, nobody) = (visitors(month.from), Visitors::default());
    let pages = [
        (month, Some(&came)),
        (year, Some(&came)),
        (month, Some(&nobody)),
        (month, None),
    ]
    .map(|(period, came)| page(frame.clone(), period, today, Mistakes::default(), came));
    html(pages)
}
