//! Pages as a PDF/A-2u: for archives, with text that can be searched and copied.

use krilla::{
    Document, SerializeSettings,
    action::{Action, LinkAction},
    annotation::{Annotation, LinkAnnotation, Target},
    color::rgb,
    configure::{Archival, ConfigurationBuilder},
    geom::{Path, PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    page::PageSettings,
    paint::{Fill, Stroke, StrokeDash},
    surface::Surface,
    text::{GlyphId, KrillaGlyph},
};

use super::{
    Fonts, Unprintable,
    fonts::Face,
    sheets::{Ink, Mark, PAGE, Square},
    wrap::{Cell, width},
};
use crate::Day;

/// How far a circle's control points are from its quarters, by its radius.
const ROUND: f32 = 0.552_285;

/// What the file says of itself.
pub(super) struct About {
    pub(super) title: String,
    pub(super) issuer: String,
    pub(super) issued_on: Day,
}

/// Writes pages as a file.
pub(super) fn write(
    pages: Vec<Vec<Mark>>,
    fonts: &Fonts,
    about: About,
) -> Result<Vec<u8>, Unprintable> {
    let wrong = |why: &dyn std::fmt::Debug| Unprintable::Pdf(format!("{why:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|why| wrong(&why))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    document.set_metadata(about.metadata());
    for marks in pages {
        let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| wrong(&PAGE))?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        let links: Vec<_> =
            marks.into_iter().filter_map(|mark| put(&mut surface, mark, fonts)).collect();
        surface.finish();
        for link in links {
            page.add_annotation(link);
        }
        page.finish();
    }
    document.finish().map_err(|why| wrong(&why))
}

impl About {
    fn metadata(self) -> Metadata {
        let date = self.issued_on.date();
        let created = DateTime::new(u16::try_from(date.year()).unwrap_or_default())
            .month(u8::from(date.month()))
            .day(date.day())
            .hour(0)
            .minute(0)
            .second(0)
            .utc_offset_hour(8)
            .utc_offset_minute(0);
        Metadata::new()
            .title(self.title)
            .authors(vec![self.issuer])
            .language("zh-CN".to_owned())
            .creation_date(created)
    }
}

/// Draws a mark; a link is none that is drawn.
fn put(surface: &mut Surface<'_>, mark: Mark, fonts: &Fonts) -> Option<Annotation> {
    match mark {
        Mark::Text { at, size, ink, spread, cells } => {
            surface.set_fill(Some(fill(ink)));
            text(surface, at, size, spread, &cells, &fonts.faces);
        }
        Mark::Line { from, to, thick, ink } => {
            let mut line = PathBuilder::new();
            line.move_to(from.0, from.1);
            line.line_to(to.0, to.1);
            draw(surface, line.finish(), None, Some(stroke(ink, thick)));
        }
        Mark::Squares(squares) => draw(surface, together(&squares), Some(fill(Ink::Black)), None),
        Mark::Seal { middle, radius } => {
            let dash = StrokeDash { array: vec![3.0, 3.0], offset: 0.0 };
            let stroke = Stroke { dash: Some(dash), ..stroke(Ink::Faint, 0.5) };
            draw(surface, circle(middle, radius), None, Some(stroke));
        }
        Mark::Link { at: (left, top, width, height), address } => {
            let place = Rect::from_xywh(left, top, width, height)?;
            let action = Action::Link(LinkAction::new(address.clone()));
            let link = LinkAnnotation::new(place, Target::Action(action));
            return Some(Annotation::new_link(link, Some(address)));
        }
    }
    None
}

fn draw(surface: &mut Surface<'_>, path: Option<Path>, fill: Option<Fill>, stroke: Option<Stroke>) {
    if let Some(path) = path {
        surface.set_fill(fill);
        surface.set_stroke(stroke);
        surface.draw_path(&path);
        surface.set_stroke(None);
    }
}

/// Draws a line of text, font by font.
fn text(
    surface: &mut Surface<'_>,
    (mut x, y): (f32, f32),
    size: f32,
    spread: f32,
    cells: &[Cell],
    faces: &[Face],
) {
    for run in cells.chunk_by(|one, next| one.face == next.face) {
        let mut text = String::new();
        let mut glyphs = Vec::with_capacity(run.len());
        for cell in run {
            let begin = text.len();
            text.push(cell.text);
            text.extend(cell.selector);
            let (glyph, advance) = (GlyphId::new(cell.glyph), cell.advance + spread / size);
            glyphs.push(KrillaGlyph::new(glyph, advance, 0.0, 0.0, 0.0, begin..text.len(), None));
        }
        let Some(face) = run.first().and_then(|cell| faces.get(cell.face)) else { continue };
        surface.draw_glyphs(Point::from_xy(x, y), &glyphs, face.font.clone(), &text, size, false);
        let gaps = f32::from(u16::try_from(run.len()).unwrap_or(u16::MAX));
        x += width(run) * size + gaps * spread;
    }
}

fn together(squares: &[Square]) -> Option<Path> {
    let mut path = PathBuilder::new();
    for square in squares {
        if let Some(rect) = Rect::from_xywh(square.left, square.top, square.width, square.height) {
            path.push_rect(rect);
        }
    }
    path.finish()
}

fn circle((x, y): (f32, f32), r: f32) -> Option<Path> {
    let c = r * ROUND;
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.cubic_to(x + r, y + c, x + c, y + r, x, y + r);
    path.cubic_to(x - c, y + r, x - r, y + c, x - r, y);
    path.cubic_to(x - r, y - c, x - c, y - r, x, y - r);
    path.cubic_to(x + c, y - r, x + r, y - c, x + r, y);
    path.close();
    path.finish()
}

fn color(ink: Ink) -> rgb::Color {
    match ink {
        Ink::Black => rgb::Color::black(),
        Ink::Grey => rgb::Color::new(90, 90, 90),
        Ink::Faint => rgb::Color::new(205, 205, 205),
        Ink::Red => rgb::Color::new(200, 16, 16),
    }
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: color(ink).into(), ..Fill::default() }
}

fn stroke(ink: Ink, width: f32) -> Stroke {
    Stroke { paint: color(ink).into(), width, ..Stroke::default() }
}
