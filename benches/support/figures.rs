//! How long things took, and how that is printed.

use std::{
    fmt::Display,
    io::{self, Write},
    time::Duration,
};

/// Prints a line.
pub(crate) fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").unwrap();
}

/// How long each of many took.
pub(crate) struct Times {
    sorted: Vec<Duration>,
}

impl Times {
    pub(crate) fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        Self { sorted: took }
    }

    pub(crate) fn count(&self) -> usize {
        self.sorted.len()
    }

    pub(crate) fn mean(&self) -> Duration {
        self.sorted.iter().sum::<Duration>() / number(self.sorted.len().max(1))
    }

    /// So many of a hundred took no longer.
    pub(crate) fn at(&self, percent: usize) -> Duration {
        let place = (self.sorted.len() * percent).div_ceil(100).saturating_sub(1);
        self.sorted.get(place).copied().unwrap_or_default()
    }

    /// Mean, p50 and p99 as cells of a table.
    pub(crate) fn cells(&self) -> [String; 3] {
        [self.mean(), self.at(50), self.at(99)].map(milliseconds)
    }
}

/// A count that is no larger than a measurement can be.
pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap()
}

/// So many in a second.
pub(crate) fn rate(count: usize, took: Duration) -> f64 {
    f64::from(number(count)) / took.as_secs_f64()
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

pub(crate) fn whole(figure: f64) -> String {
    format!("{figure:.0}")
}

/// Rows under headings; all columns but the first are flush right.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|&heading| heading.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn print(&self) {
        let widths: Vec<_> = (0..self.rows[0].len())
            .map(|at| self.rows.iter().map(|row| row[at].chars().count()).max().unwrap())
            .collect();
        for row in &self.rows {
            let mut line = format!("{:<1$}", row[0], widths[0]);
            for (cell, width) in row.iter().zip(&widths).skip(1) {
                line = format!("{line}  {cell:>width$}");
            }
            say(line);
        }
    }
}

/// A figure beside what it should be.
pub(crate) fn target(what: &str, measured: &str, wanted: &str, met: bool) {
    let verdict = if met { "met" } else { "NOT met" };
    say(format_args!("target  {what}: {measured} (wanted {wanted}): {verdict}"));
}
