//! QR codes, as rectangles or outlines that stay sharp at any size.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

use super::{Unprintable, sheets::Square};

/// The dark parts of the QR code of an address, in a square with its light margin.
pub(super) fn modules(
    address: &str,
    (left, top): (f32, f32),
    side: f32,
) -> Result<Vec<Square>, Unprintable> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M)
        .map_err(|_| Unprintable::Address(address.to_owned()))?;
    let width = code.width();
    let number = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    // Of the light margin of four modules, two are inside the square; nothing is near outside.
    let module = side / number(width + 4);
    let mut squares = Vec::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                squares.push(Square {
                    left: left + number(x + 2) * module,
                    top: top + number(y + 2) * module,
                    width: number(run.len()) * module,
                    height: module,
                });
            }
            x += run.len();
        }
    }
    Ok(squares)
}

/// A QR code as an outline, for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    /// How many modules a side has, with the light margin.
    pub side: usize,
    /// The dark modules, as a path of SVG in modules.
    pub path: String,
}

/// The light margin that a code needs around it, in modules.
const MARGIN: usize = 4;

impl Qr {
    /// The code of an address.
    pub fn of(address: &str) -> Result<Self, Unprintable> {
        let code = QrCode::with_error_correction_level(address, EcLevel::M)
            .map_err(|_| Unprintable::Address(address.to_owned()))?;
        let width = code.width();
        let mut path = String::new();
        for (y, row) in code.to_colors().chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                if run[0] == Color::Dark {
                    let (left, top, length) = (x + MARGIN, y + MARGIN, run.len());
                    // A text takes whatever is written to it.
                    let _ = write!(path, "M{left} {top}h{length}v1h-{length}z");
                }
                x += run.len();
            }
        }
        Ok(Self { side: width + 2 * MARGIN, path })
    }
}
