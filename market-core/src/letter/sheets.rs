//! Pages, and what is placed on them from above to below.

use super::{
    Fonts, Unprintable,
    setter::{Setter, Weight},
    wrap::{Cell, width},
};

/// A4, in points.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// The left edge of what is printed: 28 mm, as for official documents (GB/T 9704).
pub(super) const LEFT: f32 = 79.4;
/// The right edge: 26 mm from the paper's.
pub(super) const RIGHT: f32 = 521.6;
/// From edge to edge.
pub(super) const WIDTH: f32 = RIGHT - LEFT;
/// The upper edge.
const TOP: f32 = 54.0;
/// The lower edge, above the foot.
const BOTTOM: f32 = 782.0;

/// What something is printed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Black,
    Grey,
    Faint,
    Red,
}

/// A filled rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Square {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

/// One thing on a page; places are points from the upper left corner.
#[derive(Debug)]
pub(super) enum Mark {
    /// A line of text, from its baseline; `spread` is added after each character.
    Text { at: (f32, f32), size: f32, ink: Ink, spread: f32, cells: Vec<Cell> },
    /// A straight line.
    Line { from: (f32, f32), to: (f32, f32), thick: f32, ink: Ink },
    /// Rectangles in black.
    Squares(Vec<Square>),
    /// Where the seal goes.
    Seal { middle: (f32, f32), radius: f32 },
    /// A place that leads to an address: left, top, width, height.
    Link { at: (f32, f32, f32, f32), address: String },
}

/// Pages that fill up.
pub(super) struct Sheets<'f> {
    setter: Setter<'f>,
    pub(super) pages: Vec<Vec<Mark>>,
    /// How far down the last page is filled.
    pub(super) y: f32,
}

impl<'f> Sheets<'f> {
    pub(super) fn new(fonts: &'f Fonts) -> Self {
        Self { setter: Setter::new(fonts), pages: vec![Vec::new()], y: TOP }
    }

    /// A text as shapes.
    pub(super) fn set(&self, text: &str, weight: Weight) -> Result<Vec<Cell>, Unprintable> {
        self.setter.set(text, weight)
    }

    /// How much of the page is left.
    pub(super) fn room(&self) -> f32 {
        BOTTOM - self.y
    }

    /// Goes down.
    pub(super) fn skip(&mut self, by: f32) {
        self.y += by;
    }

    /// Whether nothing is on the page yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.y <= TOP
    }

    /// Begins a page if this one has not so much left.
    pub(super) fn need(&mut self, height: f32) {
        if self.room() < height && !self.is_fresh() {
            self.turn();
        }
    }

    /// Begins a page.
    pub(super) fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// A text at the present height.
    pub(super) fn text(&mut self, cells: &[Cell], x: f32, size: f32, ink: Ink, spread: f32) {
        let at = (x, self.y);
        self.mark(Mark::Text { at, size, ink, spread, cells: cells.to_vec() });
    }

    /// A text around a middle.
    pub(super) fn centred(&mut self, cells: &[Cell], middle: f32, size: f32, ink: Ink) {
        self.text(cells, middle - width(cells) * size / 2.0, size, ink, 0.0);
    }

    /// A title around a middle, its characters a little apart.
    pub(super) fn spread(&mut self, cells: &[Cell], middle: f32, size: f32, apart: f32) {
        let gaps = f32::from(u16::try_from(cells.len().saturating_sub(1)).unwrap_or(u16::MAX));
        let half = f32::midpoint(width(cells) * size, gaps * apart);
        self.text(cells, middle - half, size, Ink::Black, apart);
    }

    /// A line from edge to edge.
    pub(super) fn rule(&mut self, ink: Ink, thick: f32) {
        let y = self.y;
        self.mark(Mark::Line { from: (LEFT, y), to: (RIGHT, y), thick, ink });
    }

    /// The foot of a page: one text at each side.
    pub(super) fn foot(&mut self, page: usize, left: &[Cell], right: &[Cell], size: f32) {
        let Some(page) = self.pages.get_mut(page) else { return };
        let (line, text) = (PAGE.1 - 50.0, PAGE.1 - 38.0);
        let (ink, spread) = (Ink::Grey, 0.0);
        page.push(Mark::Line { from: (LEFT, line), to: (RIGHT, line), thick: 0.4, ink });
        let mut put = |x, cells: &[Cell]| {
            page.push(Mark::Text { at: (x, text), size, ink, spread, cells: cells.to_vec() });
        };
        put(LEFT, left);
        put(RIGHT - width(right) * size, right);
    }
}
