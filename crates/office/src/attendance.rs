//! Attendance of a period: by day, sector, device, hour and weekday, and the
//! hours of the week as a map.

#[cfg(test)]
pub(crate) mod sample;

use super::entered::Query;
use super::figure::{Figure, Figures};
use super::form::Mistakes;
use super::format::Formats;
use super::frame::Frame;
use super::period::{Filter, Period, today};
use super::plot::{Bar, Plot};
use super::visit::{Answer, Visit};
use crate::access;
use gate::records::attendance::{HourCount, Visitors, visitors};
use kernel::BusinessDay;
use std::collections::BTreeMap;

kernel::texts!(Texts in Fr, En {
    title: "Fréquentation", "Attendance";
    not_kept: "Ce service ne tient pas les accès : regardez sur celui qui les tient.",
        "This service keeps no gates: look at the one that does.";
    nothing: "Personne n’est entré pendant cette période.", "Nobody came in during this period.";
    by_day: "Par jour", "By day";
    by_month: "Par mois", "By month";
    by_sector: "Par secteur", "By sector";
    by_device: "Par appareil", "By device";
    by_hour: "Par heure", "By hour";
    by_weekday: "Par jour de la semaine", "By day of the week";
    map: "Les heures de la semaine", "The hours of the week";
    day: "Jour", "Day";
    month: "Mois", "Month";
    sector: "Secteur", "Sector";
    device: "Appareil", "Device";
    hour: "Heure", "Hour";
    weekday: "Jour de la semaine", "Day of the week";
    entries: "Entrées", "Admitted";
    busiest: "Jour le plus fort", "Busiest day";
    mean: "Moyenne par jour d’ouverture", "Mean of the days open";
    total: "Total", "Total";
    most: "Le plus élevé : {label}, {value}.", "The highest: {label}, {value}.";
});

fn sums<K: Ord>(counts: &[HourCount], key: impl Fn(&HourCount) -> K) -> BTreeMap<K, i64> {
    let mut sums = BTreeMap::new();
    for count in counts {
        *sums.entry(key(count)).or_default() += count.admitted;
    }
    sums
}

fn hour_label(hour: i64) -> String {
    format!("{hour:02}:00")
}

/// One figure: `parts` are the short name for the plot, the whole one, and how
/// many came.
fn figure(
    formats: &Formats,
    (id, title, label): (&'static str, &'static str, &'static str),
    parts: &[(String, String, i64)],
    in_order: bool,
) -> Figure {
    let t = Texts::of(formats.language);
    let bars: Vec<Bar> = parts
        .iter()
        .map(|(short, _, admitted)| Bar {
            label: short.clone(),
            value: *admitted,
            shown: formats.number(*admitted),
        })
        .collect();
    let plot = if in_order { Plot::columns } else { Plot::rows };
    let total = parts.iter().map(|(_, _, admitted)| admitted).sum();
    Figure {
        note: String::new(),
        id,
        title,
        plot: Some(plot(id, title, t.most, &bars)),
        head: [label, t.entries].map(str::to_owned).into(),
        rows: parts
            .iter()
            .map(|(_, name, admitted)| vec![name.clone(), formats.number(*admitted)])
            .collect(),
        total: vec![t.total.to_owned(), formats.number(total)],
    }
}

fn by_day(formats: &Formats, period: Period, counts: &[HourCount]) -> Figure {
    let t = Texts::of(formats.language);
    let days = sums(counts, |count| count.business_day);
    let mut parts = Vec::new();
    if period.is_long() {
        for (month, admitted) in sums(counts, |c| c.business_day.first_of_month()) {
            parts.push((formats.month(month), formats.month(month), admitted));
        }
    } else {
        let mut day = period.from;
        while day <= period.to && parts.len() < 64 {
            let admitted = days.get(&day).copied().unwrap_or_default();
            parts.push((formats.short_day(day), formats.day(day), admitted));
            day = day.plus_days(1);
        }
    }
    let (title, label) = if period.is_long() {
        (t.by_month, t.month)
    } else {
        (t.by_day, t.day)
    };
    figure(formats, ("by-day", title, label), &parts, true)
}

/// Weekdays × hours, from the first to the last hour in which anybody came.
fn map(formats: &Formats, counts: &[HourCount], hours: &[i64]) -> Figure {
    let t = Texts::of(formats.language);
    let cells = sums(counts, |count| (count.business_day.weekday(), count.hour));
    let names: Vec<String> = (0..7).map(|day| formats.weekday(day).to_owned()).collect();
    let rows: Vec<Vec<Bar>> = (0_u8..7)
        .map(|weekday| {
            let cell = |hour: &i64| {
                let value = cells.get(&(weekday, *hour)).copied().unwrap_or_default();
                Bar {
                    label: format!("{} {}", names[usize::from(weekday)], hour_label(*hour)),
                    value,
                    shown: formats.number(value),
                }
            };
            hours.iter().map(cell).collect()
        })
        .collect();
    let columns: Vec<String> = hours.iter().map(|hour| format!("{hour:02}")).collect();
    let mut head = vec![t.weekday.to_owned()];
    head.extend(hours.iter().map(|hour| hour_label(*hour)));
    Figure {
        note: String::new(),
        id: "map",
        title: t.map,
        plot: Some(Plot::heat("map", t.map, t.most, &names, &columns, &rows)),
        head,
        rows: rows
            .iter()
            .zip(&names)
            .map(|(row, name)| {
                let mut cells = vec![name.clone()];
                cells.extend(row.iter().map(|bar| bar.shown.clone()));
                cells
            })
            .collect(),
        total: Vec::new(),
    }
}

fn figures(formats: &Formats, period: Period, came: &Visitors) -> Vec<Figure> {
    let t = Texts::of(formats.language);
    let counts = &came.hours[..];
    let of_hour = sums(counts, |count| count.hour);
    let (Some((&first, _)), Some((&last, _))) = (of_hour.iter().next(), of_hour.iter().next_back())
    else {
        return Vec::new();
    };
    let hours: Vec<i64> = (first..=last).collect();
    let ranked = |parts: &BTreeMap<String, i64>| {
        let mut parts: Vec<_> = parts
            .iter()
            .map(|(name, admitted)| (name.clone(), name.clone(), *admitted))
            .collect();
        parts.sort_by_key(|(_, _, admitted)| std::cmp::Reverse(*admitted));
        parts
    };
    let by_hours: Vec<_> = hours
        .iter()
        .map(|hour| {
            let admitted = of_hour.get(hour).copied().unwrap_or_default();
            (format!("{hour:02}"), hour_label(*hour), admitted)
        })
        .collect();
    let of_weekday = sums(counts, |count| usize::from(count.business_day.weekday()));
    let weekdays: Vec<_> = (0..7)
        .map(|day| {
            let name = formats.weekday(day).to_owned();
            let admitted = of_weekday.get(&day).copied().unwrap_or_default();
            (name.clone(), name, admitted)
        })
        .collect();
    vec![
        by_day(formats, period, counts),
        figure(
            formats,
            ("by-sector", t.by_sector, t.sector),
            &ranked(&came.by_sector),
            false,
        ),
        figure(
            formats,
            ("by-device", t.by_device, t.device),
            &ranked(&came.by_device),
            false,
        ),
        figure(formats, ("by-hour", t.by_hour, t.hour), &by_hours, true),
        figure(
            formats,
            ("by-weekday", t.by_weekday, t.weekday),
            &weekdays,
            true,
        ),
        map(formats, counts, &hours),
    ]
}

fn tiles(formats: &Formats, counts: &[HourCount]) -> Vec<(&'static str, String)> {
    let t = Texts::of(formats.language);
    let days = sums(counts, |count| count.business_day);
    let total: i64 = days.values().sum();
    let open = i64::try_from(days.len()).unwrap_or(i64::MAX);
    let mut tiles = vec![(t.entries, formats.number(total))];
    if let Some((day, _)) = days.iter().max_by_key(|(_, admitted)| **admitted) {
        tiles.push((t.mean, formats.number((total + open / 2) / open)));
        tiles.push((t.busiest, formats.short_day(*day)));
    }
    tiles
}

fn page(
    frame: Frame,
    period: Period,
    today: BusinessDay,
    mistakes: Mistakes,
    came: Option<&Visitors>,
) -> Figures {
    let formats = &frame.formats;
    let t = Texts::of(formats.language);
    Figures {
        title: t.title,
        period: period.words(formats),
        filter: Filter::new(&frame, access::ATTENDANCE, period, today, mistakes),
        kept: came.is_some(),
        not_kept: t.not_kept,
        nothing: t.nothing,
        parts: Vec::new(),
        warning: String::new(),
        downloads: Vec::new(),
        tiles: came
            .map(|came| tiles(formats, &came.hours))
            .unwrap_or_default(),
        figures: came
            .map(|came| figures(formats, period, came))
            .unwrap_or_default(),
        frame,
    }
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let frame = visit.frame();
    let today = today(&visit);
    let (period, mistakes) = Period::read(&query, today, &frame.formats);
    let mut came = None;
    if visit.office.gate.is_some() {
        came = Some(visitors(&visit.office.db, period.from, period.to).await?);
    }
    visit.page(&page(frame, period, today, mistakes, came.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;

    #[test]
    fn every_figure_counts_the_same_visitors() {
        let formats = Frame::sample(Language::En, None).formats;
        let period = Period::month_of("2026-07-14".parse().unwrap());
        let came = sample::visitors(period.from);
        let total: i64 = came.hours.iter().map(|count| count.admitted).sum();
        let figures = figures(&formats, period, &came);
        assert_eq!(figures.len(), 6);
        for figure in figures {
            let sum: i64 = figure
                .rows
                .iter()
                .flat_map(|row| &row[1..])
                .map(|cell| cell.parse::<i64>().unwrap())
                .sum();
            assert_eq!(sum, total, "{}", figure.id);
        }
    }

    #[test]
    fn a_week_begins_with_monday() {
        let tuesday: BusinessDay = "2026-07-14".parse().unwrap();
        assert_eq!(tuesday.weekday(), 1);
        assert_eq!(tuesday.plus_days(5).weekday(), 6);
    }
}
