//! How an agency is chosen for a purchase.

use crate::store::text_enum;

text_enum! {
    /// How an agency is chosen for a purchase (选取方式).
    pub enum Mode {
        /// One is drawn of all who registered, at a fixed price (随机选取).
        Random = "random",
        /// The lowest quote wins (竞价选取, 最低价).
        LowestPrice = "lowest_price",
        /// The quote nearest to a drawn share of the mean wins (竞价选取, 最优价).
        BestPrice = "best_price",
        /// A short list is drawn by credit, the owner picks of it (信用择优).
        CreditPreferred = "credit_preferred",
        /// The owner scores plans and quotes (方案择优).
        PlanPreferred = "plan_preferred",
        /// The owner compares quotes and answers to an inquiry (询比选取).
        Inquiry = "inquiry",
        /// Quotes fall in rounds, the lowest at the end wins (多轮竞价).
        MultiRound = "multi_round",
        /// The owner replies, agencies quote again, the lowest at the end wins (线上谈判).
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

    /// Whether agencies quote; otherwise the price is fixed.
    pub const fn wants_quotes(self) -> bool {
        !matches!(self, Self::Random | Self::CreditPreferred)
    }

    /// Whether a quote comes with a plan, which the owner scores.
    pub const fn is_scored(self) -> bool {
        matches!(self, Self::PlanPreferred | Self::Inquiry)
    }

    /// Whether quotes follow one another in rounds.
    pub const fn has_rounds(self) -> bool {
        matches!(self, Self::MultiRound | Self::Negotiation)
    }

    /// Whether the owner has the last word, with a reason.
    pub const fn owner_chooses(self) -> bool {
        self.is_scored() || matches!(self, Self::CreditPreferred)
    }
}
