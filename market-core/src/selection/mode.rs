//! The ways to choose an agency.

use crate::store::text_enum;

text_enum! {
    /// How an agency is chosen (选取方式) when a purchase is open to all.
    pub enum Mode {
        /// By lot, at a fixed price (随机选取).
        Random = "random",
        /// The lowest quote (竞价选取，最低价).
        LowestPrice = "lowest_price",
        /// The quote nearest to a share of the mean, drawn after the close (竞价选取，最优价).
        BestPrice = "best_price",
        /// A short list by a lottery weighted with credit, then the owner's pick (信用择优).
        CreditPreferred = "credit_preferred",
        /// The owner's scores of plans and quotes (方案择优).
        PlanPreferred = "plan_preferred",
        /// The owner's scores of quotes and answers to an inquiry (询比选取).
        Inquiry = "inquiry",
        /// The lowest quote after several rounds (多轮竞价).
        MultiRound = "multi_round",
        /// The lowest quote after the owner's replies (三次交互、线上谈判).
        Negotiation = "negotiation",
    }
}

impl Mode {
    /// The name for people, in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Random => "随机选取",
            Self::LowestPrice => "竞价选取（最低价）",
            Self::BestPrice => "竞价选取（最优价）",
            Self::CreditPreferred => "信用择优",
            Self::PlanPreferred => "方案择优",
            Self::Inquiry => "询比选取",
            Self::MultiRound => "多轮竞价",
            Self::Negotiation => "线上谈判",
        }
    }

    /// Whether agencies quote; where they do not, the notice fixes the price.
    pub const fn wants_quotes(self) -> bool {
        !matches!(self, Self::Random | Self::CreditPreferred)
    }

    /// Whether the owner has the last word, with a reason.
    pub const fn owner_chooses(self) -> bool {
        matches!(self, Self::CreditPreferred | Self::PlanPreferred | Self::Inquiry)
    }
}
