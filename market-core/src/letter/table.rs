//! Tables of facts: a name and what it is, in rows that may go on over pages.

use super::{
    Unprintable,
    setter::Weight,
    sheets::{Ink, LEFT, Mark, RIGHT, Sheets},
    wrap::{Cell, width, wrap},
};

/// The text of tables, in points.
const TEXT: f32 = 10.5;
/// From line to line.
const LEAD: f32 = 15.0;
/// Around the text of a field.
const PADDING: (f32, f32) = (6.0, 4.0);
/// How far the first line's baseline is below the top of its field, without padding.
const ASCENT: f32 = 11.2;
/// Where the columns of a row with two facts begin, from the left edge.
const COLUMNS: [f32; 4] = [0.0, 106.0, 232.0, 306.0];
/// A row of so many lines is not cut, but moved to the next page.
const WHOLE: usize = 12;
/// A longer row begins with at least so many lines on a page.
const LEAST: usize = 2;

/// A row: one fact, or two beside each other.
pub(super) struct Row(Vec<(&'static str, String)>);

impl Row {
    /// A row of one fact.
    pub(super) fn one(name: &'static str, value: &str) -> Self {
        Self(vec![(name, value.to_owned())])
    }

    /// A row of two facts.
    pub(super) fn two(first: (&'static str, &str), second: (&'static str, &str)) -> Self {
        Self(vec![(first.0, first.1.to_owned()), (second.0, second.1.to_owned())])
    }
}

/// A field of a row: where it is, and what is to be placed in it.
struct Field {
    left: f32,
    right: f32,
    text: Text,
}

/// What a field holds, line by line.
enum Text {
    /// A name, which every part of its row shows.
    Name(Vec<Vec<Cell>>),
    /// A value, of which this is not on a page yet.
    Value(std::vec::IntoIter<Vec<Cell>>),
}

impl Sheets<'_> {
    /// Places a row.
    pub(super) fn row(&mut self, row: &Row) -> Result<(), Unprintable> {
        let mut fields = self.fields(row)?;
        let lines = lines_of(&fields);
        let least = if lines <= WHOLE { lines } else { LEAST };
        let mut left = lines;
        while left > 0 {
            let fit = lines_in(self.room() - 2.0 * PADDING.1);
            if fit < left.min(least) && !self.is_fresh() {
                self.turn();
                continue;
            }
            let now = left.min(fit.max(1));
            self.part(&mut fields, now);
            left -= now;
        }
        Ok(())
    }

    /// Places so many lines of a row, in a box.
    fn part(&mut self, fields: &mut [Field], lines: usize) {
        let tall = 2.0 * PADDING.1 + height(lines);
        let (top, bottom) = (self.y, self.y + tall);
        for field in fields {
            let (text, is_name) = match &mut field.text {
                Text::Name(text) => (text.iter().take(lines).cloned().collect(), true),
                Text::Value(left) => (left.by_ref().take(lines).collect::<Vec<_>>(), false),
            };
            // Names stand in the middle of their field, in both directions.
            let slack = if is_name { (height(lines) - height(text.len())) / 2.0 } else { 0.0 };
            self.y = top + PADDING.1 + ASCENT + slack;
            for line in text {
                let inner = field.right - field.left;
                let x = if is_name { (inner - width(&line) * TEXT) / 2.0 } else { PADDING.0 };
                self.text(&line, field.left + x, TEXT, Ink::Black, 0.0);
                self.skip(LEAD);
            }
            self.frame((field.left, top), (field.right, bottom));
        }
        self.y = bottom;
    }

    fn frame(&mut self, (left, top): (f32, f32), (right, bottom): (f32, f32)) {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
        for side in corners.windows(2) {
            let (from, to) = (side[0], side[1]);
            self.mark(Mark::Line { from, to, thick: 0.6, ink: Ink::Black });
        }
    }

    fn fields(&self, row: &Row) -> Result<Vec<Field>, Unprintable> {
        let mut fields = Vec::new();
        let last = row.0.len() * 2 - 1;
        for (at, (name, value)) in row.0.iter().enumerate() {
            for (column, text) in [(at * 2, *name), (at * 2 + 1, value.as_str())] {
                let left = LEFT + COLUMNS[column];
                let right = if column == last { RIGHT } else { LEFT + COLUMNS[column + 1] };
                let lines = self.lines(text, right - left - 2.0 * PADDING.0)?;
                let is_name = column % 2 == 0;
                let text = if is_name { Text::Name(lines) } else { Text::Value(lines.into_iter()) };
                fields.push(Field { left, right, text });
            }
        }
        Ok(fields)
    }

    /// The lines of a text, of which each line break of its own begins a new one.
    fn lines(&self, text: &str, points: f32) -> Result<Vec<Vec<Cell>>, Unprintable> {
        let mut lines = Vec::new();
        for piece in text.lines() {
            let cells = self.set(piece, Weight::Plain)?;
            let ems = points / TEXT;
            lines.extend(wrap(&cells, ems, ems).into_iter().map(|line| cells[line].to_vec()));
        }
        Ok(lines)
    }
}

fn height(lines: usize) -> f32 {
    f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * LEAD
}

/// How many lines a row has.
fn lines_of(fields: &[Field]) -> usize {
    let lines = fields.iter().map(|field| match &field.text {
        Text::Name(lines) => lines.len(),
        Text::Value(lines) => lines.len(),
    });
    lines.max().unwrap_or(0)
}

/// How many lines go into a height.
fn lines_in(room: f32) -> usize {
    (1..=PAGEFUL).take_while(|lines| height(*lines) <= room).count()
}

/// More lines than a page has.
const PAGEFUL: usize = 100;
