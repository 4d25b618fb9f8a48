//! Sample data of this page.

use super::*;
use crate::frame::Frame;
use crate::tests::html;
use kernel::BusinessDay;

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
    let came = visitors(Asked::month(frame).period.from);
    html([
        page(Asked::month(frame), Some(&came)),
        page(Asked::year(frame), Some(&came)),
        page(Asked::month(frame), Some(&Visitors::default())),
        page(Asked::month(frame), None),
    ])
}
