//! QR codes on paper.

use super::{Unprintable, sheets::Square};
use crate::{QrCode, QrRun};

/// Of the light margin of four modules, so many are inside the square; nothing is near outside.
const MARGIN: u16 = 2;

/// The dark parts of the QR code of an address, in a square with its light margin.
pub(super) fn modules(
    address: &str,
    (left, top): (f32, f32),
    side: f32,
) -> Result<Vec<Square>, Unprintable> {
    let code = QrCode::of(address, MARGIN);
    let code = code.ok_or_else(|| Unprintable::Address(address.to_owned()))?;
    let module = side / f32::from(code.side);
    let square = |run: &QrRun| Square {
        left: left + f32::from(run.left) * module,
        top: top + f32::from(run.top) * module,
        width: f32::from(run.length) * module,
        height: module,
    };
    Ok(code.runs.iter().map(square).collect())
}
