//! QR codes, as runs of dark modules that stay sharp at any size.

use qrcode::{Color, EcLevel, QrCode as Code};

/// A QR code, in a square with its light margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrCode {
    /// How many modules a side has, with the margin.
    pub side: u16,
    /// The dark modules, row by row.
    pub runs: Vec<QrRun>,
}

/// Dark modules beside each other in one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QrRun {
    /// How many modules lie before them.
    pub left: u16,
    /// How many rows lie above them.
    pub top: u16,
    /// How many they are.
    pub length: u16,
}

impl QrCode {
    /// The light margin that readers need, in modules.
    pub const MARGIN: u16 = 4;

    /// The code of a text, with a margin of so many modules; none of a text that is too long.
    pub fn of(text: &str, margin: u16) -> Option<Self> {
        let code = Code::with_error_correction_level(text, EcLevel::M).ok()?;
        let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let mut runs = Vec::new();
        for (row, modules) in code.to_colors().chunks(code.width()).enumerate() {
            let mut x = 0;
            for run in modules.chunk_by(|one, next| one == next) {
                if run[0] == Color::Dark {
                    let (left, top) = (number(x) + margin, number(row) + margin);
                    runs.push(QrRun { left, top, length: number(run.len()) });
                }
                x += run.len();
            }
        }
        Some(Self { side: number(code.width()) + 2 * margin, runs })
    }
}
