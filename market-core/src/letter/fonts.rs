//! The fonts that documents are printed with, from files on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use krilla::text::Font;
use skrifa::{FontRef, MetadataProvider, string::StringId};

/// Where Debian's package `fonts-noto-cjk` has its fonts; the last has rare characters that the
/// others lack.
const USUAL: [&str; 3] = [
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
];

/// From this weight on, a font is one for titles.
const BOLD: f32 = 600.0;

/// Fonts in the order in which they are asked for a character.
///
/// They are kept in memory whole, 19 to 27 MB each for Noto's; a document takes only the characters
/// that it needs.
pub struct Fonts {
    pub(super) faces: Vec<Face>,
}

/// One typeface of a font file.
pub(super) struct Face {
    pub(super) data: Arc<Vec<u8>>,
    pub(super) index: u32,
    pub(super) bold: bool,
    pub(super) font: Font,
}

/// Why there is no font to print with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFonts {
    /// None was named, and the usual one is not installed.
    #[error(
        "no Chinese font at {}: install the package fonts-noto-cjk, or name a font with --font",
        USUAL[0]
    )]
    NotInstalled,
    /// A file that was named cannot be read.
    #[error("cannot read the font {0}, which --font names: {1}")]
    Unreadable(PathBuf, String),
    /// A file that was named is no font.
    #[error("{0}, which --font names, is no OpenType font")]
    NotAFont(PathBuf),
}

impl Fonts {
    /// Reads fonts, the first of which is asked first; those of the package `fonts-noto-cjk` if
    /// none is named.
    pub fn load(paths: &[PathBuf]) -> Result<Self, NoFonts> {
        if paths.is_empty() {
            return Self::load_usual();
        }
        Ok(Self { faces: paths.iter().map(|path| Face::load(path)).collect::<Result<_, _>>()? })
    }

    fn load_usual() -> Result<Self, NoFonts> {
        let there: Vec<PathBuf> =
            USUAL.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
        if there.is_empty() { Err(NoFonts::NotInstalled) } else { Self::load(&there) }
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fonts").field("faces", &self.faces.len()).finish()
    }
}

impl Face {
    fn load(path: &Path) -> Result<Self, NoFonts> {
        let data =
            fs::read(path).map_err(|why| NoFonts::Unreadable(path.to_owned(), why.to_string()))?;
        Self::parse(data).ok_or_else(|| NoFonts::NotAFont(path.to_owned()))
    }

    fn parse(data: Vec<u8>) -> Option<Self> {
        let data = Arc::new(data);
        let index = simplified(&data);
        let parsed = FontRef::from_index(&data, index).ok()?;
        let bold = parsed.attributes().weight.value() >= BOLD;
        let font = Font::new(Arc::clone(&data).into(), index)?;
        Some(Self { data, index, bold, font })
    }

    /// The typeface, to be asked for glyphs.
    pub(super) fn parsed(&self) -> Option<FontRef<'_>> {
        FontRef::from_index(&self.data, self.index).ok()
    }
}

/// Which typeface of a collection has the shapes of simplified Chinese; else the first.
///
/// One file holds Japanese, Korean and Chinese shapes of the same characters.
fn simplified(data: &[u8]) -> u32 {
    let is_simplified = |index: &u32| {
        FontRef::from_index(data, *index).is_ok_and(|font| {
            let family = font.localized_strings(StringId::FAMILY_NAME).english_or_first();
            family.is_some_and(|name| name.chars().collect::<String>().ends_with(" SC"))
        })
    };
    let faces = (0..).take_while(|index| FontRef::from_index(data, *index).is_ok());
    faces.take(64).find(is_simplified).unwrap_or(0)
}

/// The fonts of a market, read when they are first needed.
#[derive(Debug)]
pub(crate) struct Shelf {
    paths: Vec<PathBuf>,
    loaded: OnceLock<Arc<Fonts>>,
}

impl Shelf {
    pub(crate) const fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, loaded: OnceLock::new() }
    }

    /// The fonts; what failed is tried again, so that a font can be installed meanwhile.
    pub(super) fn fonts(&self) -> Result<Arc<Fonts>, NoFonts> {
        if let Some(fonts) = self.loaded.get() {
            return Ok(Arc::clone(fonts));
        }
        let fonts = Arc::new(Fonts::load(&self.paths)?);
        Ok(Arc::clone(self.loaded.get_or_init(|| fonts)))
    }
}
