//! Charts, drawn by the server (`chart.html`): bars and ranges beside the figures that they show,
//! which stand next to them as text, so that a chart is for the eye alone.

/// How wide a chart is, in its own units.
const WIDTH: i64 = 1000;
/// How wide the mark of a middle is.
const MARK: i64 = 16;

/// A bar, or a range with its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chart {
    /// Where it begins.
    pub(super) x: i64,
    pub(super) width: i64,
    /// Where the mark of its middle begins.
    pub(super) middle: Option<i64>,
}

/// So much of the whole, in the units of a chart.
fn part(of: i64, whole: i64) -> i64 {
    let whole = whole.max(1);
    of.clamp(0, whole).saturating_mul(WIDTH) / whole
}

impl Chart {
    /// A bar of so much of the whole.
    pub(super) fn bar(of: i64, whole: i64) -> Self {
        Self { x: 0, width: part(of, whole), middle: None }
    }

    /// The range from the first to the last of three, with the second marked.
    pub(super) fn range(of: [i64; 3], whole: i64) -> Self {
        let [from, middle, to] = of.map(|one| part(one, whole));
        Self { x: from, width: to - from, middle: Some(middle.min(WIDTH - MARK)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_stays_within_its_width() {
        assert_eq!(Chart::bar(5, 20), Chart { x: 0, width: 250, middle: None });
        assert_eq!(Chart::bar(30, 20).width, WIDTH);
        assert_eq!(Chart::bar(-3, 0).width, 0);
        let range = Chart { x: 250, width: 750, middle: Some(500) };
        assert_eq!(Chart::range([100, 200, 400], 400), range);
        assert_eq!(Chart::range([400, 400, 400], 400).middle, Some(WIDTH - MARK));
    }
}
