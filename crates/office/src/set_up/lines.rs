//! A text with what is wrong in it, each under its line. The rules are those of
//! whoever reads the text; here stand only the places.

/// The lines that have remarks: number, text, remarks.
pub(super) fn remarked<R: Clone>(
    text: &str,
    remarks: &[R],
    line_of: impl Fn(&R) -> usize,
) -> Vec<(usize, String, Vec<R>)> {
    let of = |number: usize| -> Vec<R> {
        let mine = remarks.iter().filter(|remark| line_of(remark) == number);
        mine.cloned().collect()
    };
    let last = text.lines().count().max(1);
    let lines = text.lines().chain(text.is_empty().then_some(""));
    let mut lines: Vec<_> = lines
        .zip(1..)
        .map(|(line, number)| (number, line.to_owned(), of(number)))
        .filter(|(_, _, remarks)| !remarks.is_empty())
        .collect();
    // What stands behind the end belongs to it.
    let behind = remarks.iter().filter(|remark| line_of(remark) > last);
    for remark in behind {
        lines.push((line_of(remark), String::new(), vec![remark.clone()]));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_stand_under_their_lines_and_behind_the_end() {
        let remark = |line| (line, "what");
        let lines = remarked("one\ntwo\n", &[remark(2), remark(3)], |(line, _)| *line);
        let expected = [
            (2, "two".to_owned(), vec![remark(2)]),
            (3, String::new(), vec![remark(3)]),
        ];
        assert_eq!(lines, expected);
        assert_eq!(remarked("", &[remark(1)], |(line, _)| *line)[0].0, 1);
        assert_eq!(remarked("one", &[], |(line, _): &(usize, &str)| *line), []);
    }
}
