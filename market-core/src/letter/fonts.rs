//! The fonts that documents are printed with, from files on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use krilla::text::Font;
use skrifa::{FontRef, MetadataProvider, string::StringId};

/// Where systems keep the fonts of their packages: Debian, Fedora, Arch, openSUSE and Alpine, then
/// what people put there themselves, macOS and Windows.
const FOLDERS: [&str; 14] = [
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/opentype/source-han-serif",
    "/usr/share/fonts/google-noto-serif-cjk-fonts",
    "/usr/share/fonts/google-noto-sans-cjk-fonts",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/adobe-source-han-serif",
    "/usr/share/fonts/noto",
    "/usr/share/fonts/truetype",
    "/usr/share/fonts/opentype",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts/Supplemental",
    "/System/Library/Fonts",
    "C:\\Windows\\Fonts",
];

/// The files of the text, of titles, and of rare characters that the others lack; of each the first
/// that is there is taken.
const NAMES: [&[&str]; 3] = [
    &[
        "NotoSerifCJK-Regular.ttc",
        "NotoSerifCJKsc-Regular.otf",
        "NotoSerifSC-Regular.otf",
        "SourceHanSerif-Regular.ttc",
        "SourceHanSerifSC-Regular.otf",
        "SourceHanSerifCN-Regular.otf",
        "Songti.ttc",
        "simsun.ttc",
    ],
    &[
        "NotoSerifCJK-Bold.ttc",
        "NotoSerifCJKsc-Bold.otf",
        "NotoSerifSC-Bold.otf",
        "SourceHanSerif-Bold.ttc",
        "SourceHanSerifSC-Bold.otf",
        "SourceHanSerifCN-Bold.otf",
        "simhei.ttf",
    ],
    &[
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJKsc-Regular.otf",
        "NotoSansSC-Regular.otf",
        "SourceHanSans-Regular.ttc",
        "SourceHanSansSC-Regular.otf",
        "wqy-microhei.ttc",
        "STHeiti Light.ttc",
        "msyh.ttc",
    ],
];

/// The usual fonts that are in these folders: of each kind the best that is there.
fn usual(folders: &[impl AsRef<Path>]) -> Vec<PathBuf> {
    let first = |names: &&[&str]| {
        let mut places = names
            .iter()
            .flat_map(|name| folders.iter().map(move |folder| folder.as_ref().join(name)));
        places.find(|path| path.is_file())
    };
    NAMES.iter().filter_map(first).collect()
}

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
    /// None was named, and none of the usual ones is installed.
    #[error(
        "no Chinese font such as {} in {} or the other usual folders: install a package of Noto's \
         or Source Han's CJK fonts (Debian: fonts-noto-cjk), or name a font with --font",
        NAMES[0][0], FOLDERS[0]
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
    /// Reads fonts, the first of which is asked first; the usual ones of this system if none is
    /// named.
    pub fn load(paths: &[PathBuf]) -> Result<Self, NoFonts> {
        let usual = if paths.is_empty() { usual(&FOLDERS) } else { Vec::new() };
        let paths = if paths.is_empty() { &usual } else { paths };
        if paths.is_empty() {
            return Err(NoFonts::NotInstalled);
        }
        Ok(Self { faces: paths.iter().map(|path| Face::load(path)).collect::<Result<_, _>>()? })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_is_installed_is_found_wherever_it_is() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folders = [one.path(), other.path()];
        assert_eq!(usual(&folders), Vec::<PathBuf>::new());
        let put = |folder: &tempfile::TempDir, name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            path
        };
        let songti = put(&one, "simsun.ttc");
        let sans = put(&other, "NotoSansCJKsc-Regular.otf");
        put(&one, "DejaVuSans.ttf");
        assert_eq!(usual(&folders), [songti, sans.clone()]);
        let serif = put(&other, "NotoSerifCJK-Regular.ttc");
        let bold = put(&other, "SourceHanSerifSC-Bold.otf");
        assert_eq!(usual(&folders), [serif, bold, sans]);
        fs::create_dir(one.path().join("NotoSerifCJK-Bold.ttc")).unwrap();
        assert_eq!(usual(&folders).len(), 3, "a folder is no font");
        let told = NoFonts::NotInstalled.to_string();
        assert!(told.contains("--font") && told.contains(FOLDERS[0]), "{told}");
    }
}
