//! Whose money pays.

use crate::store::text_enum;

text_enum! {
    /// Whose money pays for a case's services (资金来源).
    pub enum Fund {
        /// Fiscal money (财政性资金): thresholds apply.
        Fiscal = "fiscal",
        /// Other money (社会资金).
        Social = "social",
    }
}
