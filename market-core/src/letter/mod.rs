//! Documents that are printed and sealed: the award letter (中选通知书) and the contract summary
//! (合同备案摘要), as PDF/A for the archive.
//!
//! Reading order: `award.rs` and `contract.rs` say what a document holds, `paper.rs` how every
//! document looks; `sheets.rs` places it on pages (`table.rs`, `wrap.rs`), `setter.rs` finds the
//! shapes in the `fonts.rs`, `pdf.rs` writes the file.
//!
//! The same document and fonts give the same file byte for byte: no time, id or chance goes in.

mod award;
mod contract;
mod fonts;
mod paper;
mod pdf;
mod qr;
mod setter;
mod sheets;
mod table;
#[cfg(test)]
mod tests;
mod words;
mod wrap;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Error, Market};

pub use award::{AwardLetter, Confirmation, Price};
pub use contract::{Bought, ContractSummary};
pub(crate) use fonts::Shelf;
pub use fonts::{Fonts, NoFonts};

/// Why a document is not printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unprintable {
    /// There is nothing to print it with.
    #[error(transparent)]
    NoFonts(#[from] NoFonts),
    /// No font has one of its characters.
    #[error(
        "no font has the character {character:?} (U+{:04X}): name one that has it with --font",
        u32::from(*.character)
    )]
    NoGlyph {
        /// The character.
        character: char,
    },
    /// The address at which it is verified does not fit into a QR code.
    #[error("the address is too long for a QR code: {0}")]
    Address(String),
    /// Ours to mend: the file cannot be written.
    #[error("cannot write the PDF: {0}")]
    Pdf(String),
}

impl From<Unprintable> for Error {
    fn from(why: Unprintable) -> Self {
        Self::Unprintable(why.to_string())
    }
}

/// How anybody can verify a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The code, in groups, to be typed.
    pub code: String,
    /// The address of the page that tells of it: a URL.
    pub url: String,
    /// Who reaches that address.
    pub reach: Reach,
}

/// Who reaches the address at which a document is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Everybody.
    Everybody,
    /// Only who sits before this machine: nobody has said how others reach it.
    ThisMachine,
}

/// Prints documents.
#[derive(Debug, Clone, Copy)]
pub struct Letters<'m>(pub(crate) &'m Market);

impl Letters<'_> {
    /// Prints an award letter, as a PDF.
    pub async fn award(&self, letter: AwardLetter) -> Result<Vec<u8>, Unprintable> {
        self.print(move |fonts| letter.render(fonts)).await
    }

    /// Prints a contract summary, as a PDF.
    pub async fn contract(&self, summary: ContractSummary) -> Result<Vec<u8>, Unprintable> {
        self.print(move |fonts| summary.render(fonts)).await
    }

    /// Whether there are fonts to print with.
    pub async fn ready(&self) -> Result<(), Unprintable> {
        let fonts = Arc::clone(&self.0.fonts);
        let loaded = tokio::task::spawn_blocking(move || fonts.fonts());
        let loaded = loaded.await.map_err(|why| Unprintable::Pdf(why.to_string()))?;
        Ok(loaded.map(drop)?)
    }

    /// Prints beside the threads that answer requests: fonts are read once, and take a while.
    async fn print(
        &self,
        render: impl FnOnce(&Fonts) -> Result<Vec<u8>, Unprintable> + Send + 'static,
    ) -> Result<Vec<u8>, Unprintable> {
        let fonts = Arc::clone(&self.0.fonts);
        let printed = tokio::task::spawn_blocking(move || render(&*fonts.fonts()?));
        printed.await.map_err(|why| Unprintable::Pdf(why.to_string()))?
    }
}
