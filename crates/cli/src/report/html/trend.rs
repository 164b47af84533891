//! How many answered version 1 over time, as a line that is drawn, and as the same numbers in words.

use std::fmt::Write as _;

use super::earlier::Earlier;
use super::words::day;
use crate::report::headline::grouped;

/// Height and width of the drawing, which is stretched to its place.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 240.0;
/// What dots need at the edges.
const MARGIN: f64 = 12.0;

/// A trend of two runs or more.
pub(super) struct Trend {
    /// In one sentence.
    pub(super) words: String,
    /// The highest number.
    pub(super) highest: String,
    pub(super) first_day: String,
    pub(super) last_day: String,
    /// The line, as the path of an SVG.
    pub(super) line: String,
    /// What lies under it.
    pub(super) area: String,
    /// Runs that read everything.
    pub(super) dots: String,
    /// Runs that did not.
    pub(super) hollow: String,
    /// One row for each run.
    pub(super) rows: Vec<TrendRow>,
}

/// One run.
pub(super) struct TrendRow {
    pub(super) day: String,
    pub(super) version_1: String,
    pub(super) violations: String,
    pub(super) places: String,
    pub(super) read: &'static str,
}

/// The trend of earlier runs and this one.
pub(super) fn trend(earlier: &[Earlier], now: Earlier) -> Option<Trend> {
    let mut runs = earlier.to_vec();
    runs.push(now);
    runs.sort_by_key(|it| it.time);
    let (first, last) = (*runs.first()?, *runs.last()?);
    if runs.len() < 2 {
        return None;
    }
    let highest = runs.iter().map(|it| it.version_1).max().unwrap_or(0);
    let (begin, end) = (first.time.as_second(), last.time.as_second());
    let point = |run: &Earlier| {
        let along = ratio(run.time.as_second() - begin, end - begin);
        let up = if highest == 0 { 0.0 } else { ratio(run.version_1, highest) };
        (MARGIN + along * (WIDTH - 2.0 * MARGIN), HEIGHT - MARGIN - up * (HEIGHT - 2.0 * MARGIN))
    };
    let points: Vec<(f64, f64)> = runs.iter().map(point).collect();
    let line = path(&points);
    let (left, right) = (points.first()?.0, points.last()?.0);
    let area = format!("{line}L{right:.1} {HEIGHT:.1}L{left:.1} {HEIGHT:.1}Z");
    let dots = |whole: bool| {
        let wanted = runs.iter().zip(&points).filter(|(run, _)| run.whole == whole);
        wanted.fold(String::new(), |mut text, (_, (x, y))| {
            let _infallible = write!(text, "M{x:.1} {y:.1}h0");
            text
        })
    };
    let change = match last.version_1.cmp(&first.version_1) {
        std::cmp::Ordering::Less => format!("down from {}", grouped(first.version_1)),
        std::cmp::Ordering::Equal => "as many as then".to_owned(),
        std::cmp::Ordering::Greater => format!("up from {}", grouped(first.version_1)),
    };
    let same = runs.iter().all(|it| it.places == last.places);
    let mut words =
        format!("{} still answer IMDSv1, {change} on {}.", grouped(last.version_1), day(first.time));
    if !same {
        words.push_str(" The runs did not look in the same number of places, so compare them with care.");
    }
    if runs.iter().any(|it| !it.whole) {
        words.push_str(" Hollow points are runs that could not read everything: there may have been more.");
    }
    Some(Trend {
        words,
        highest: grouped(highest),
        first_day: day(first.time),
        last_day: day(last.time),
        line,
        area,
        dots: dots(true),
        hollow: dots(false),
        rows: runs.iter().rev().map(row).collect(),
    })
}

fn row(it: &Earlier) -> TrendRow {
    TrendRow {
        day: day(it.time),
        version_1: grouped(it.version_1),
        violations: grouped(it.violations),
        places: grouped(it.places),
        read: if it.whole { "everything" } else { "incomplete" },
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let _infallible = write!(text, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "a place on a drawing")]
fn ratio<T: TryInto<i64>>(part: T, whole: T) -> f64 {
    let (part, whole) = (part.try_into().unwrap_or(0), whole.try_into().unwrap_or(0));
    if whole <= 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(time: &str, version_1: usize, whole: bool) -> Earlier {
        Earlier { time: time.parse().unwrap(), version_1, violations: version_1 + 1, places: 2, whole }
    }

    #[test]
    fn a_single_run_is_no_trend() {
        assert!(trend(&[], run("2026-11-20T00:00:00Z", 3, true)).is_none());
    }

    #[test]
    fn the_line_goes_from_the_first_run_to_the_last() {
        let earlier = [run("2026-10-01T00:00:00Z", 40, true), run("2026-11-01T00:00:00Z", 30, false)];
        let trend = trend(&earlier, run("2026-12-01T00:00:00Z", 10, true)).unwrap();
        assert!(
            trend.words.starts_with("10 still answer IMDSv1, down from 40 on 1 October 2026."),
            "{}",
            trend.words
        );
        assert!(trend.words.contains("Hollow points"), "{}", trend.words);
        assert!(trend.line.starts_with("M12.0 12.0L"), "{}", trend.line);
        assert!(trend.line.ends_with("L988.0 174.0"), "{}", trend.line);
        assert_eq!((trend.dots.matches('M').count(), trend.hollow.matches('M').count()), (2, 1));
        assert_eq!(trend.rows.first().map(|it| it.version_1.as_str()), Some("10"));
    }

    #[test]
    fn runs_without_any_and_runs_of_one_moment_draw_a_line_all_the_same() {
        let flat =
            trend(&[run("2026-10-01T00:00:00Z", 0, true)], run("2026-10-01T00:00:00Z", 0, true)).unwrap();
        assert_eq!(flat.line, "M988.0 228.0L988.0 228.0");
    }
}
