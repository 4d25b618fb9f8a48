//! Plots as SVG, drawn here: a title and a description for those who don't see
//! them, and every shape with its number. A table with the same numbers stands
//! below each.

use askama::Template;
use askama::filters::HtmlSafe;
use kernel::text::fill;

/// One value with what people read of it.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: i64,
    pub(crate) shown: String,
}

#[derive(Debug, Clone)]
struct Shape {
    class: &'static str,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
    tip: String,
}

#[derive(Debug, Clone)]
struct Word {
    anchor: &'static str,
    x: i64,
    y: i64,
    text: String,
}

/// A plot; a template shows it by `{{ plot }}`.
#[derive(Debug, Clone, Template)]
#[template(path = "plot.html")]
pub(crate) struct Plot {
    id: &'static str,
    title: String,
    desc: String,
    width: i64,
    height: i64,
    lines: Vec<(i64, i64, i64)>,
    shapes: Vec<Shape>,
    words: Vec<Word>,
}

impl HtmlSafe for Plot {}

/// Of a plot that has the page for itself, and of one beside another: about as many
/// points as a desk gives them, so that all texts are of one size.
pub(crate) const WIDE: i64 = 880;
pub(crate) const HALF: i64 = 420;
/// How many words have room below the whole page's width, on a phone too.
const WORDS: usize = 10;
/// About how wide a character is.
const CHARACTER: i64 = 9;
/// The classes of a heat map's cells, from nothing to the most.
const HEAT: [&str; 6] = ["h0", "heat h1", "heat h2", "heat h3", "heat h4", "heat"];

/// `part` of `whole`, on a scale of `length`; below zero there is nothing to
/// draw.
fn scaled(part: i64, whole: i64, length: i64) -> i64 {
    let scaled = i128::from(part.max(0)) * i128::from(length) / i128::from(whole.max(1));
    i64::try_from(scaled).unwrap_or(length).min(length)
}

/// How many of them fit beside each other: every n-th gets its word.
fn every(count: usize, fit: usize) -> usize {
    count.div_ceil(fit.max(1)).max(1)
}

/// Where columns end, and where they stand.
const TOP: i64 = 24;
const FLOOR: i64 = 200;

/// A number that people read at a glance, and that is no smaller; half of it is one too.
fn round_up(number: i64) -> i64 {
    let mut unit = 1;
    while number > 40 * unit {
        unit *= 10;
    }
    (number.max(1) + 2 * unit - 1) / (2 * unit) * (2 * unit)
}

/// How much room the longest of these texts takes.
fn room<'t>(texts: impl IntoIterator<Item = &'t str>) -> i64 {
    let longest = texts.into_iter().map(|text| text.chars().count()).max();
    at(longest.unwrap_or(0)) * CHARACTER
}

fn at(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(0)
}

/// The description: the largest value. `text` has places for `label` and `value`.
fn largest(text: &str, bars: &[Bar]) -> String {
    bars.iter()
        .max_by_key(|bar| bar.value)
        .map(|bar| fill(text, &[("label", &bar.label), ("value", &bar.shown)]))
        .unwrap_or_default()
}

impl Plot {
    fn new(id: &'static str, title: &str, desc: String, (width, height): (i64, i64)) -> Self {
        Self {
            id,
            title: title.to_owned(),
            desc,
            width,
            height,
            lines: Vec::new(),
            shapes: Vec::new(),
            words: Vec::new(),
        }
    }

    fn word(&mut self, anchor: &'static str, x: i64, y: i64, text: &str) {
        self.words.push(Word {
            anchor,
            x,
            y,
            text: text.to_owned(),
        });
    }

    fn shape(&mut self, class: &'static str, (x, y): (i64, i64), size: (i64, i64), bar: &Bar) {
        self.shapes.push(Shape {
            class,
            x,
            y,
            width: size.0,
            height: size.1,
            tip: format!("{} – {}", bar.label, bar.shown),
        });
    }

    /// Whether it leaves room for another beside it.
    pub(crate) const fn is_half(&self) -> bool {
        self.width == HALF
    }

    /// The scale at the left, from nothing to a round number: that number, and where
    /// the scale ends.
    fn scale(&mut self, max: i64, say: &dyn Fn(i64) -> String) -> (i64, i64) {
        let max = round_up(max);
        let marks: Vec<String> = (0..=2).map(|part| say(max * part / 2)).collect();
        let left = room(marks.iter().map(String::as_str)) + 16;
        for (part, mark) in (0..).zip(&marks) {
            let y = FLOOR - (FLOOR - TOP) * part / 2;
            self.lines.push((left, self.width, y));
            self.word("end", left - 8, y + 4, mark);
        }
        (max, left)
    }

    /// Columns in order, such as days over the whole page, or hours over half of it;
    /// `say` says what a number of the scale is.
    pub(crate) fn columns(
        whole: i64,
        (id, title, most): (&'static str, &str, &str),
        bars: &[Bar],
        say: &dyn Fn(i64) -> String,
    ) -> Self {
        let mut plot = Self::new(id, title, largest(most, bars), (whole, FLOOR + 28));
        let max = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
        let (max, start) = plot.scale(max, say);
        let (count, room_left) = (at(bars.len()).max(1), whole - start);
        let worded = every(bars.len(), if whole == WIDE { WORDS } else { 8 });
        for (index, bar) in bars.iter().enumerate() {
            let left = start + at(index) * room_left / count;
            let right = start + (at(index) + 1) * room_left / count;
            let height = scaled(bar.value, max, FLOOR - TOP);
            let middle = i64::midpoint(left, right);
            let width = ((right - left) * 2 / 3).clamp(1, 64);
            let corner = (middle - width / 2, FLOOR - height);
            plot.shape("value", corner, (width, height), bar);
            if index.is_multiple_of(worded) {
                plot.word("middle", middle, FLOOR + 18, &bar.label);
            }
        }
        plot
    }

    /// Columns in order, each beside what it is compared with.
    pub(crate) fn pairs(
        id: &'static str,
        title: &str,
        most: &str,
        bars: &[(Bar, Bar)],
        say: &dyn Fn(i64) -> String,
    ) -> Self {
        let now: Vec<Bar> = bars.iter().map(|(now, _)| now.clone()).collect();
        let mut plot = Self::new(id, title, largest(most, &now), (WIDE, FLOOR + 28));
        let max = bars.iter().map(|(now, past)| now.value.max(past.value));
        let (max, start) = plot.scale(max.max().unwrap_or(0), say);
        let step = (WIDE - start) / at(bars.len()).max(1);
        let width = (step * 2 / 5).clamp(1, 28);
        let worded = every(bars.len(), WORDS);
        for (index, (now, past)) in bars.iter().enumerate() {
            let middle = start + at(index) * step + step / 2;
            for (class, bar, left) in [("past", past, middle - width), ("value", now, middle)] {
                let height = scaled(bar.value, max, FLOOR - TOP);
                plot.shape(class, (left, FLOOR - height), (width, height), bar);
            }
            if index.is_multiple_of(worded) {
                plot.word("middle", middle, FLOOR + 18, &now.label);
            }
        }
        plot
    }

    /// Rows without an order of their own, such as products.
    pub(crate) fn rows(id: &'static str, title: &str, most: &str, bars: &[Bar]) -> Self {
        const STEP: i64 = 28;
        let size = (HALF, at(bars.len()) * STEP);
        let mut plot = Self::new(id, title, largest(most, bars), size);
        let short = |bar: &Bar| -> String { bar.label.chars().take(26).collect() };
        let names: Vec<String> = bars.iter().map(short).collect();
        let left = room(names.iter().map(String::as_str)) + 10;
        let right = room(bars.iter().map(|bar| bar.shown.as_str())) + 8;
        let max = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
        for (index, (bar, name)) in bars.iter().zip(&names).enumerate() {
            let top = at(index) * STEP;
            let width = scaled(bar.value, max, HALF - left - right);
            plot.shape("value", (left, top + 4), (width, STEP - 8), bar);
            plot.word("end", left - 10, top + 18, name);
            plot.word("start", left + width + 8, top + 18, &bar.shown);
        }
        plot
    }

    /// A map of `rows` × `columns`; `cells` are by row, each with its number.
    pub(crate) fn heat(
        id: &'static str,
        title: &str,
        most: &str,
        rows: &[String],
        columns: &[String],
        cells: &[Vec<Bar>],
    ) -> Self {
        const STEP: i64 = 28;
        const LEFT: i64 = 100;
        let flat: Vec<Bar> = cells.iter().flatten().cloned().collect();
        let height = at(rows.len()) * STEP + 24;
        let mut plot = Self::new(id, title, largest(most, &flat), (WIDE, height));
        let max = flat.iter().map(|bar| bar.value).max().unwrap_or(0);
        let step = (WIDE - LEFT) / at(columns.len()).max(1);
        for (row, label) in rows.iter().enumerate() {
            plot.word("end", LEFT - 10, at(row) * STEP + 18, label);
            for (column, bar) in cells.get(row).into_iter().flatten().enumerate() {
                let level = match bar.value {
                    ..=0 => 0,
                    value => 1 + scaled(value, max, 4),
                };
                let class = HEAT[usize::try_from(level).unwrap_or(0).min(5)];
                let at = (LEFT + at(column) * step + 1, at(row) * STEP + 1);
                plot.shape(class, at, (step - 2, STEP - 2), bar);
            }
        }
        let worded = every(columns.len(), WORDS);
        for (column, label) in columns.iter().enumerate().step_by(worded) {
            let middle = LEFT + at(column) * step + step / 2;
            plot.word("middle", middle, height - 6, label);
        }
        plot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: i64) -> Bar {
        Bar {
            label: label.to_owned(),
            value,
            shown: value.to_string(),
        }
    }

    #[test]
    fn shapes_are_to_scale_and_text_stays_text() {
        let bars = [bar("<script>", 50), bar("b", 100), bar("c", -3)];
        let say = |number: i64| number.to_string();
        let plot = Plot::columns(WIDE, ("x", "t", "Most: {label}, {value}"), &bars, &say);
        let heights: Vec<i64> = plot.shapes.iter().map(|shape| shape.height).collect();
        assert_eq!(heights, [88, 176, 0]);
        let marks: Vec<&str> = plot.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(marks[..3], ["0", "50", "100"]);
        assert_eq!(plot.desc, "Most: b, 100");
        assert!(!plot.render().unwrap().contains("<script>"));
        let plot = Plot::rows("x", "t", "{label} {value}", &bars);
        assert_eq!(plot.shapes[0].width, plot.shapes[1].width / 2);
    }

    #[test]
    fn a_heat_map_goes_from_nothing_to_the_most() {
        let cells = [vec![bar("a", 0), bar("b", 1), bar("c", 100)]];
        let columns = ["9", "10", "11"].map(str::to_owned);
        let plot = Plot::heat(
            "x",
            "t",
            "{label} {value}",
            &["Mon".into()],
            &columns,
            &cells,
        );
        let classes: Vec<&str> = plot.shapes.iter().map(|shape| shape.class).collect();
        assert_eq!(classes, ["h0", "heat h1", "heat"]);
    }

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (number, round) in [(0, 2), (1, 2), (7, 8), (21, 22), (265, 280), (1_230, 1_400)] {
            assert_eq!(round_up(number), round, "{number}");
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(
            Plot::columns(WIDE, ("x", "t", "{label} {value}"), &[], &|_| String::new())
                .shapes
                .is_empty()
        );
        assert_eq!(scaled(i64::MAX, i64::MAX, 100), 100);
    }
}
