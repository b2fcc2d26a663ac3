//! From text to shapes: which font has a character, and how wide it is there.

use skrifa::{
    MetadataProvider,
    charmap::{Charmap, MapVariant},
    instance::{LocationRef, Size},
    metrics::GlyphMetrics,
};

use super::{Fonts, Unprintable, wrap::Cell};

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Plain,
    Bold,
}

/// Sets texts in the fonts that there are.
pub(super) struct Setter<'f> {
    faces: Vec<Opened<'f>>,
}

struct Opened<'f> {
    /// The place among the fonts.
    face: usize,
    bold: bool,
    characters: Charmap<'f>,
    metrics: GlyphMetrics<'f>,
    units: f32,
}

impl<'f> Setter<'f> {
    pub(super) fn new(fonts: &'f Fonts) -> Self {
        let open = |(face, font): (usize, &'f super::fonts::Face)| {
            let parsed = font.parsed()?;
            Some(Opened {
                face,
                bold: font.bold,
                characters: parsed.charmap(),
                metrics: parsed.glyph_metrics(Size::unscaled(), LocationRef::default()),
                units: font.font.units_per_em(),
            })
        };
        Self { faces: fonts.faces.iter().enumerate().filter_map(open).collect() }
    }

    /// A text as shapes; refused if no font has one of its characters.
    pub(super) fn set(&self, text: &str, weight: Weight) -> Result<Vec<Cell>, Unprintable> {
        let mut cells = Vec::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let selector = characters.next_if(|next| selects(*next));
            cells.push(
                self.cell(character, selector, weight).ok_or(Unprintable::NoGlyph { character })?,
            );
        }
        Ok(cells)
    }

    fn cell(&self, text: char, selector: Option<char>, weight: Weight) -> Option<Cell> {
        let bold = weight == Weight::Bold;
        let liked = self.faces.iter().filter(|face| face.bold == bold);
        let others = self.faces.iter().filter(|face| face.bold != bold);
        liked.chain(others).find_map(|face| face.cell(text, selector))
    }
}

impl Opened<'_> {
    fn cell(&self, text: char, selector: Option<char>) -> Option<Cell> {
        let plain = self.characters.map(text);
        let chosen = selector.and_then(|selector| self.characters.map_variant(text, selector));
        let glyph = match chosen {
            Some(MapVariant::Variant(glyph)) => glyph,
            Some(MapVariant::UseDefault) | None => plain?,
        };
        if glyph.to_u32() == 0 {
            return None;
        }
        let advance = self.metrics.advance_width(glyph)? / self.units;
        Some(Cell { text, selector, face: self.face, glyph: glyph.to_u32(), advance })
    }
}

/// Whether a character only chooses among the shapes of the one before it.
const fn selects(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}
