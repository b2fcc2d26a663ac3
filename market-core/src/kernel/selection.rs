//! The numbers of open selection.

use serde::{Deserialize, Serialize};

use super::{fund::Fund, mode::Mode, money::Money};

/// The numbers of open selection (公开选取参数). Days are working days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectionRules {
    /// Whose purchases are formally reviewed before they are published.
    pub reviewed: Vec<Fund>,
    /// How long that review takes.
    pub review_days: u32,
    /// The modes allowed with fiscal money.
    pub modes_fiscal: Vec<Mode>,
    /// The modes allowed with other money.
    pub modes_social: Vec<Mode>,
    /// The price below which a winner may be drawn at random, with fiscal money; yuan.
    pub random_limit: Money,
    /// The fewest agencies of a draw, with fiscal money.
    pub minimum_drawn_fiscal: u32,
    /// The fewest agencies of a draw, with other money.
    pub minimum_drawn_social: u32,
    /// The fewest quotes where the price decides, with fiscal money.
    pub minimum_priced_fiscal: u32,
    /// The fewest quotes where the price decides, with other money.
    pub minimum_priced_social: u32,
    /// The fewest agencies where credit or the owner's comparison decides.
    pub minimum_compared: u32,
    /// For how long a purchase is open for registration, at least.
    pub registration_days: u32,
    /// Within how many hours of the close the opening code is given.
    pub opening_hours: u32,
    /// How long the owner has to choose.
    pub choosing_days: u32,
    /// How long an award is published before it stands.
    pub publicity_days: u32,
    /// Within how many hours the winner confirms.
    pub confirm_hours: u32,
    /// How many rounds of quotes there are, at most.
    pub rounds: u32,
    /// How many minutes a round of falling quotes takes.
    pub round_minutes: u32,
    /// How many hours a round of negotiation takes.
    pub negotiation_hours: u32,
    /// The shares of the mean, in percent, of which one is drawn for the best price.
    pub best_price_bases: Vec<u32>,
    /// From how many quotes on the highest and the lowest are left out of the mean.
    pub trim_from: u32,
    /// How many are drawn beside the winner, to be next in line.
    pub alternates: u32,
    /// For how many points of credit an agency has one ticket.
    pub points_per_ticket: u32,
    /// The most that a short list has. A profile from before there was a limit has none.
    #[serde(default = "unlimited")]
    pub short_list: u32,
    /// The fewest parties whose secrets make a draw, the platform included.
    pub least_reveals: u32,
    /// How long the handler of a complaint has to accept it.
    pub complaint_acceptance_days: u32,
    /// How long the handler of an accepted complaint has to decide.
    pub complaint_decision_days: u32,
    /// Within how many calendar days purchases of one owner for one item are added up.
    pub splitting_days: u32,
    /// The fewest orders that a figure is made of.
    pub k_anonymity: u32,
    /// How many of an owner's latest purchases are looked at for who wins them.
    pub concentration_window: u32,
    /// How many of those one agency wins before supervisors are told.
    pub concentration_wins: u32,
    /// From how many quotes on a pattern in them tells of more than chance.
    pub pattern_quotes: u32,
}

/// The limit of rules that know of none.
const fn unlimited() -> u32 {
    u32::MAX
}

impl SelectionRules {
    /// The modes that may be used with money of a kind.
    pub fn modes(&self, fund: Fund) -> &[Mode] {
        match fund {
            Fund::Fiscal => &self.modes_fiscal,
            Fund::Social => &self.modes_social,
        }
    }

    /// The fewest valid registrations with which a purchase comes to a winner.
    pub const fn minimum(&self, mode: Mode, fund: Fund) -> u32 {
        match (mode, fund) {
            (Mode::Random, Fund::Fiscal) => self.minimum_drawn_fiscal,
            (Mode::Random, Fund::Social) => self.minimum_drawn_social,
            (Mode::LowestPrice | Mode::BestPrice | Mode::MultiRound, Fund::Fiscal) => {
                self.minimum_priced_fiscal
            }
            (Mode::LowestPrice | Mode::BestPrice | Mode::MultiRound, Fund::Social) => {
                self.minimum_priced_social
            }
            (
                Mode::CreditPreferred | Mode::PlanPreferred | Mode::Inquiry | Mode::Negotiation,
                _,
            ) => self.minimum_compared,
        }
    }
}
