//! How every document looks: issuer in red, number, title, body, seal space, QR code, foot.

use super::{
    Fonts, Reach, Unprintable, Verification, pdf,
    qr::modules,
    setter::Weight,
    sheets::{Ink, LEFT, Mark, RIGHT, Sheets, WIDTH},
    table::Row,
    words,
    wrap::{width, wrap},
};
use crate::Day;

/// The text of paragraphs, in points.
const TEXT: f32 = 12.5;
/// From line to line of paragraphs.
const LEAD: f32 = 22.0;
/// Largest and smallest size of the issuer's name in the head.
const HEAD: (f32, f32) = (25.0, 14.0);
/// The side of the QR code.
const QR: f32 = 84.0;
/// How much of that is its light margin, which hangs out so that the dark parts are in line.
const QR_MARGIN: f32 = 4.0;
/// What QR code, issuer, seal and day need together.
const SIGNED: f32 = 164.0;
/// The radius of a seal: 40 mm across.
const SEAL: f32 = 56.7;
/// How wide the issuer's name at the end may be.
const ISSUER: f32 = 190.0;

/// A document before it is placed on pages.
pub(super) struct Paper<'p> {
    pub(super) title: &'static str,
    pub(super) number: &'p str,
    pub(super) issuer: &'p str,
    pub(super) issued_on: Day,
    pub(super) verification: &'p Verification,
    pub(super) digest: String,
    pub(super) parts: Vec<Part>,
}

/// A part of the body.
pub(super) enum Part {
    /// Who is addressed.
    Salutation(String),
    /// A paragraph, its first line indented by two characters.
    Paragraph(String),
    /// Facts.
    Table(Vec<Row>),
}

impl Paper<'_> {
    /// The document as a PDF.
    pub(super) fn print(&self, fonts: &Fonts) -> Result<Vec<u8>, Unprintable> {
        let mut sheets = Sheets::new(fonts);
        self.head(&mut sheets)?;
        for (at, part) in self.parts.iter().enumerate() {
            // No page holds the signature alone.
            if at > 0 && at + 1 == self.parts.len() && matches!(part, Part::Paragraph(_)) {
                sheets.need(LEAD + SIGNED);
            }
            match part {
                Part::Salutation(text) => paragraph(&mut sheets, text, 0.0)?,
                Part::Paragraph(text) => paragraph(&mut sheets, text, 2.0)?,
                Part::Table(rows) => {
                    sheets.skip(11.0);
                    for row in rows {
                        sheets.row(row)?;
                    }
                    sheets.skip(7.0);
                }
            }
        }
        self.sign(&mut sheets)?;
        self.foot(&mut sheets)?;
        let about = pdf::About {
            title: format!("{} {}", self.title, self.number),
            issuer: self.issuer.to_owned(),
            issued_on: self.issued_on,
        };
        pdf::write(sheets.pages, fonts, about)
    }

    fn head(&self, sheets: &mut Sheets<'_>) -> Result<(), Unprintable> {
        let issuer = sheets.set(self.issuer, Weight::Bold)?;
        let size = (WIDTH / width(&issuer).max(1.0)).clamp(HEAD.1, HEAD.0);
        for line in wrap(&issuer, WIDTH / size, WIDTH / size) {
            sheets.skip(size * 1.35);
            sheets.centred(&issuer[line], LEFT + WIDTH / 2.0, size, Ink::Red);
        }
        sheets.skip(12.0);
        sheets.rule(Ink::Red, 1.8);
        let number = sheets.set(&format!("编号：{}", self.number), Weight::Plain)?;
        for line in wrap(&number, WIDTH / 10.5, WIDTH / 10.5) {
            sheets.skip(17.0);
            let line = &number[line];
            let x = RIGHT - width(line) * 10.5;
            sheets.text(line, x, 10.5, Ink::Black, 0.0);
        }
        sheets.skip(38.0);
        let title = sheets.set(self.title, Weight::Bold)?;
        sheets.spread(&title, LEFT + WIDTH / 2.0, 24.0, 4.0);
        sheets.skip(14.0);
        Ok(())
    }

    /// Issuer and day at the right, with space for the seal over them; the QR code at the left.
    fn sign(&self, sheets: &mut Sheets<'_>) -> Result<(), Unprintable> {
        let issuer = sheets.set(self.issuer, Weight::Plain)?;
        let day = sheets.set(&words::day(self.issued_on), Weight::Plain)?;
        let lines = wrap(&issuer, ISSUER / TEXT, ISSUER / TEXT);
        let widest = lines.iter().map(|line| width(&issuer[line.clone()])).fold(0.0, f32::max);
        let middle = RIGHT - (widest.max(width(&day)) * TEXT / 2.0).max(SEAL);
        let more = f32::from(u16::try_from(lines.len().saturating_sub(1)).unwrap_or(u16::MAX));
        sheets.need(SIGNED + more * LEAD);
        let top = sheets.y + 18.0;
        self.qr(sheets, top)?;
        sheets.y = top + 46.0;
        for line in lines {
            sheets.centred(&issuer[line], middle, TEXT, Ink::Black);
            sheets.skip(LEAD);
        }
        sheets.centred(&day, middle, TEXT, Ink::Black);
        sheets.mark(Mark::Seal { middle: (middle, sheets.y - LEAD / 2.0 - 4.0), radius: SEAL });
        Ok(())
    }

    fn qr(&self, sheets: &mut Sheets<'_>, top: f32) -> Result<(), Unprintable> {
        let Verification { code, url, reach } = self.verification;
        sheets.mark(Mark::Squares(modules(url, (LEFT - QR_MARGIN, top), QR)?));
        sheets.mark(Mark::Link { at: (LEFT, top, QR, QR), address: url.clone() });
        let (size, ems) = (7.5, 230.0 / 7.5);
        sheets.y = top + QR + 1.0;
        let code = format!("核验码：{code}");
        let advice = match reach {
            Reach::Everybody => "扫描二维码，或访问以下网址核验：",
            Reach::ThisMachine => {
                "本平台尚未设置公开网址，二维码只能在平台所在的计算机上打开；请在本平台的“文书核验”页输入核验码。"
            }
        };
        for text in [code.as_str(), advice, url] {
            let text = sheets.set(text, Weight::Plain)?;
            for line in wrap(&text, ems, ems) {
                sheets.skip(10.0);
                sheets.text(&text[line], LEFT, size, Ink::Grey, 0.0);
            }
        }
        Ok(())
    }

    /// The digest and the page number, at the foot of every page.
    fn foot(&self, sheets: &mut Sheets<'_>) -> Result<(), Unprintable> {
        let size = 7.5;
        let digest = sheets.set(&format!("内容摘要（SHA-256）：{}", self.digest), Weight::Plain)?;
        let pages = sheets.pages.len();
        for page in 0..pages {
            let number = format!("第{}页，共{pages}页", page + 1);
            let number = sheets.set(&number, Weight::Plain)?;
            sheets.foot(page, &digest, &number, size);
        }
        Ok(())
    }
}

/// Places a paragraph, line by line, each but the last spread to full width.
fn paragraph(sheets: &mut Sheets<'_>, text: &str, indent: f32) -> Result<(), Unprintable> {
    for piece in text.lines() {
        let cells = sheets.set(piece, Weight::Plain)?;
        let full = WIDTH / TEXT;
        let lines = wrap(&cells, full - indent, full);
        for (at, line) in lines.iter().enumerate() {
            let (indent, cells) = (if at == 0 { indent } else { 0.0 }, &cells[line.clone()]);
            let left_over = (full - indent - width(cells)) * TEXT;
            let is_last = at + 1 == lines.len();
            sheets.need(LEAD);
            sheets.skip(LEAD);
            let spread = if is_last { 0.0 } else { spread(left_over, cells.len()) };
            sheets.text(cells, LEFT + indent * TEXT, TEXT, Ink::Black, spread);
        }
    }
    Ok(())
}

/// What each gap of a line takes of what is left over; nothing if that were seen.
fn spread(left_over: f32, characters: usize) -> f32 {
    let gaps = f32::from(u16::try_from(characters.saturating_sub(1)).unwrap_or(u16::MAX));
    if gaps > 0.0 && left_over < TEXT * 2.5 { left_over.max(0.0) / gaps } else { 0.0 }
}
