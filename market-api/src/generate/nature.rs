//! What kind of body an agency is.

use super::draw::Draw;

/// The nature (机构性质) of an agency, which decides the head of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    Enterprise,
    Institution,
    Social,
    SoleTrader,
}

impl Nature {
    /// Mostly enterprises. Public bodies keep to some trades, sole traders to work that needs no
    /// qualification.
    pub(crate) fn draw(public: bool, licensed: bool, draw: &mut Draw) -> Self {
        match draw.below(100) {
            0..=4 if public => Self::Institution,
            5..=6 if public => Self::Social,
            7..=14 if !licensed => Self::SoleTrader,
            _ => Self::Enterprise,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Institution => "institution",
            Self::Social => "social",
            Self::SoleTrader => "sole_trader",
        }
    }

    /// The registering authority and the class of body, as a unified social credit code begins.
    pub(crate) fn authority(self) -> &'static str {
        match self {
            Self::Enterprise => "91",
            Self::Institution => "12",
            Self::Social => "51",
            Self::SoleTrader => "92",
        }
    }

    /// A registered capital (or opening fund) in yuan.
    pub(crate) fn capital(self, draw: &mut Draw) -> i64 {
        const ENTERPRISE: [(u64, i64); 12] = [
            (6, 500_000),
            (16, 1_000_000),
            (16, 2_000_000),
            (14, 3_000_000),
            (16, 5_000_000),
            (6, 6_000_000),
            (5, 8_000_000),
            (14, 10_000_000),
            (4, 20_000_000),
            (3, 30_000_000),
            (2, 50_000_000),
            (2, 10_080_000),
        ];
        match self {
            Self::Enterprise => draw.weighted(&ENTERPRISE),
            Self::Institution => draw.between(50, 2000) * 10_000,
            Self::Social => draw.between(3, 50) * 10_000,
            Self::SoleTrader => draw.between(1, 20) * 10_000,
        }
    }
}
