//! QR codes on a page, drawn without an image from anywhere.

use std::fmt::Write;

use market_core::QrCode;

/// A QR code as an SVG draws it.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) side: u16,
    pub(super) path: String,
    /// What those hear who do not see it.
    pub(super) label: &'static str,
}

impl Picture {
    /// The picture of a text; none of one that is too long for it.
    pub(super) fn of(text: &str, label: &'static str) -> Option<Self> {
        let QrCode { side, runs } = QrCode::of(text, QrCode::MARGIN)?;
        let mut path = String::with_capacity(runs.len() * 20);
        for run in runs {
            let (x, y, width) = (run.left, run.top, run.length);
            write!(path, "M{x} {y}h{width}v1h-{width}z").ok()?;
        }
        Some(Self { side, path, label })
    }
}
