//! Attendance of a period: by day, sector, device, hour and weekday, and the
//! hours of the week as a map.

#[cfg(test)]
pub(crate) mod sample;

use super::breakdown::{Breakdown, Order, Part, sums};
use super::figure::{Asked, Figure, Figures, Known};
use super::format::hour;
use super::period::Period;
use super::plot::{Bar, Plot};
use super::table_file::{self, Column, Form, Stems, number, text};
use crate::page::*;
use gate::records::attendance::{HourCount, Visitors, visitors};
use std::collections::BTreeMap;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    not_kept: "Ce service ne tient pas les accès : regardez sur celui qui les tient.",
        "This service keeps no gates: look at the one that does.";
    nothing: "Personne n’est entré pendant cette période.", "Nobody came in during this period.";
    by_device: "Par appareil", "By device";
    by_hour: "Par heure", "By hour";
    by_weekday: "Par jour de la semaine", "By day of the week";
    map: "Les heures de la semaine", "The hours of the week";
    hour: "Heure", "Hour";
    weekday: "Jour de la semaine", "Day of the week";
    busiest: "Jour le plus fort", "Busiest day";
    mean: "Moyenne par jour d’ouverture", "Average per open day";
});

fn by<K: Ord>(counts: &[HourCount], key: impl Fn(&HourCount) -> K) -> BTreeMap<K, i64> {
    sums(counts.iter().map(|count| (key(count), count.admitted)))
}

/// Weekdays × hours, from the first to the last hour in which anybody came.
fn map(breakdown: &Breakdown<'_>, counts: &[HourCount], hours: &[i64]) -> Figure {
    let formats = breakdown.formats;
    let t = Texts::of(formats.language);
    let cells = by(counts, |count| (count.business_day.weekday(), count.hour));
    let names: Vec<String> = (0..7).map(|day| formats.weekday(day).to_owned()).collect();
    let cell = |weekday: u8, hour: i64| {
        let value = cells.get(&(weekday, hour)).copied().unwrap_or_default();
        Bar {
            label: format!("{} {}", names[usize::from(weekday)], self::hour(hour)),
            value,
            shown: formats.number(value),
        }
    };
    let row = |weekday| hours.iter().map(|hour| cell(weekday, *hour)).collect();
    let rows: Vec<Vec<Bar>> = (0..7).map(row).collect();
    let columns: Vec<String> = hours.iter().map(|hour| self::hour(*hour)).collect();
    let shown = |(row, name): (&Vec<Bar>, &String)| {
        let cells = row.iter().map(|bar| bar.shown.clone());
        std::iter::once(name.clone()).chain(cells).collect()
    };
    let head = columns.iter().cloned();
    Figure {
        id: "map",
        title: t.map,
        plot: Some(Plot::heat(
            "map",
            t.map,
            breakdown.most(),
            &names,
            &columns,
            &rows,
        )),
        as_table: t.as_table,
        head: std::iter::once(t.weekday.to_owned()).chain(head).collect(),
        rows: rows.iter().zip(&names).map(shown).collect(),
        ..Figure::default()
    }
}

fn figures(formats: &Formats, period: Period, came: &Visitors) -> Vec<Figure> {
    let t = Texts::of(formats.language);
    let counts = &came.hours[..];
    let of_hour = by(counts, |count| count.hour);
    let (Some((&first, _)), Some((&last, _))) = (of_hour.iter().next(), of_hour.iter().next_back())
    else {
        return Vec::new();
    };
    let hours: Vec<i64> = (first..=last).collect();
    let breakdown = Breakdown {
        formats,
        columns: &[t.admitted],
    };
    let days = counts
        .iter()
        .map(|count| (count.business_day, count.admitted));
    let of = |sums: &BTreeMap<i64, i64>, key: i64| sums.get(&key).copied().unwrap_or_default();
    let by_hour = |hour: &i64| (self::hour(*hour), self::hour(*hour), of(&of_hour, *hour));
    let by_hour: Vec<Part<i64>> = hours.iter().map(by_hour).collect();
    let of_weekday = by(counts, |count| i64::from(count.business_day.weekday()));
    let by_weekday = (0..7).zip(0..).map(|(day, key)| {
        let name = formats.weekday(day).to_owned();
        let short = name.chars().take(3).collect();
        (short, name, of(&of_weekday, key))
    });
    let by_weekday: Vec<Part<i64>> = by_weekday.collect();
    vec![
        breakdown.by_day(period, days),
        breakdown.by(("by-sector", t.by_sector, t.sector), came.by_sector.clone()),
        breakdown.by(("by-device", t.by_device, t.device), came.by_device.clone()),
        breakdown.figure(("by-hour", t.by_hour, t.hour), &by_hour, Order::Given),
        breakdown.figure(
            ("by-weekday", t.by_weekday, t.weekday),
            &by_weekday,
            Order::Given,
        ),
        map(&breakdown, counts, &hours),
    ]
}

fn tiles(formats: &Formats, counts: &[HourCount]) -> Vec<(&'static str, String)> {
    let t = Texts::of(formats.language);
    let days = by(counts, |count| count.business_day);
    let total: i64 = days.values().sum();
    let open = i64::try_from(days.len()).unwrap_or(i64::MAX);
    let mut tiles = vec![(t.admitted, formats.number(total))];
    if let Some((day, _)) = days.iter().max_by_key(|(_, admitted)| **admitted) {
        tiles.push((t.mean, formats.number((total + open / 2) / open)));
        tiles.push((t.busiest, formats.short_day(*day)));
    }
    tiles
}

fn page(asked: Asked, came: Option<&Visitors>) -> Figures {
    let formats = &asked.frame.formats;
    let t = Texts::of(formats.language);
    let known = came.map(|came| Known {
        tiles: tiles(formats, &came.hours),
        figures: figures(formats, asked.period, came),
        downloads: asked.downloads(&access::ATTENDANCE_TABLE),
        ..Known::default()
    });
    let words = (t.attendance, t.not_kept, t.nothing);
    Figures::new(asked, access::ATTENDANCE, words, known)
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let asked = Asked::of(&visit, &query);
    let mut came = None;
    if visit.office.gate.is_some() {
        let Period { from, to } = asked.period;
        let names = SiteNames::read(&visit.office.db).await?;
        let mut found = visitors(&visit.office.db, from, to).await?;
        for (sums, names) in [
            (&mut found.by_sector, &names.sectors),
            (&mut found.by_device, &names.devices),
        ] {
            for (code, n) in std::mem::take(sums) {
                let mut label = names.short(&code);
                // A name may be the code of one that is no more.
                if sums.contains_key(&label) {
                    label = names.of(&code);
                }
                *sums.entry(label).or_default() += n;
            }
        }
        came = Some(found);
    }
    visit.page(&page(asked, came.as_ref()))
}

pub(crate) async fn table(visit: Visit, Path(form): Path<Form>, Query(query): Query) -> Answer {
    let Period { from, to } = Asked::of(&visit, &query).whole()?;
    visit.gate()?;
    let came = visitors(visit.db(), from, to).await?;
    let columns: [Column<'_, HourCount>; 3] = [
        ("business_day", &|count| text(count.business_day)),
        // That of the organisation's clocks.
        ("hour", &|count| number(count.hour)),
        ("admitted", &|count| number(count.admitted)),
    ];
    let table = table_file::table(&columns, &came.hours);
    let stem = Stems::of(visit.language).attendance;
    table_file::send(form, &format!("{stem}-{from}-{to}"), &table)
}

#[cfg(test)]
mod tests {
    use super::super::frame::Frame;
    use super::*;
    use kernel::{BusinessDay, Language};

    #[test]
    fn every_figure_counts_the_same_visitors() {
        let formats = Frame::sample(Language::En, None).formats;
        let period = Period::month_of("2026-07-14".parse().unwrap());
        let came = sample::visitors(period.from);
        let total: i64 = came.hours.iter().map(|count| count.admitted).sum();
        let figures = figures(&formats, period, &came);
        assert_eq!(figures.len(), 6);
        for figure in figures {
            let cells = figure.rows.iter().flat_map(|row| &row[1..]);
            let sum: i64 = cells.map(|cell| cell.parse::<i64>().unwrap()).sum();
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
