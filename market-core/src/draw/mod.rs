//! The verifiable draw.

/// One lot: who, and with how many tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Who it is for.
    pub key: String,
    /// How many tickets it has, at least one.
    pub tickets: u64,
}

/// Draws lots, and keeps what was drawn so that anybody can draw it again.
pub trait Lottery {
    /// Draws without replacement, weighted by tickets; of fewer lots than `take` all, in drawn
    /// order.
    fn draw(&mut self, label: &str, lots: &[Lot], take: usize) -> Vec<String>;
}
