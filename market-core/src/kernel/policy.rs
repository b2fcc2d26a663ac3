//! The numbers that differ from region to region and from year to year.

use serde::{Deserialize, Serialize};

use super::{
    code::RegionCode, evaluation::EvaluationRules, money::Money, selection::SelectionRules,
    time::Day,
};

/// The rules' numbers for one region from one day on (政策参数). Days are working days unless said
/// otherwise; every decision that uses one stores the profile's version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyProfile {
    /// Where it applies: the region and what is below it, unless that has a profile of its own.
    pub region: RegionCode,
    /// Grows with every change for the region.
    pub version: i64,
    /// The first day it applies.
    pub effective_from: Day,
    /// Where the numbers come from.
    pub basis: String,
    /// The operator's formal check of an application (形式核验).
    pub formal_check_days: u32,
    /// An agency's answer to a placed order.
    pub accept_days: u32,
    /// The record of the contract after acceptance.
    pub contract_days: u32,
    /// The other side's confirmation of the contract.
    pub confirm_contract_days: u32,
    /// The applicant's check of a deliverable (验收).
    pub sign_off_days: u32,
    /// The agency's rework of a returned deliverable.
    pub rework_days: u32,
    /// A department's use or return of a deliverable.
    pub use_days: u32,
    /// The amount in yuan from which fiscal money needs an open selection.
    pub direct_limit_fiscal: Money,
    /// Calendar days before its end from which a certificate is shown as expiring.
    pub expiry_warning_days: u32,
    /// The graded lengths of a suspension, in months.
    pub suspension_months: Vec<u32>,
    /// The largest deliverable, in bytes.
    pub deliverable_max_bytes: u64,
    /// By what contracts are changed, paid and accepted.
    pub contract: ContractRules,
    /// By what agencies are graded, and their offers ranked.
    pub ranking: Ranking,
    /// How purchases are run.
    pub selection: SelectionRules,
    /// How orders are evaluated.
    #[serde(default)]
    pub evaluation: EvaluationRules,
}

/// By what contracts are changed, paid, and deemed to be fulfilled (合同与付款参数). Days are
/// calendar days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractRules {
    /// By how many percent all changes together may raise the amount that was agreed at first.
    pub change_limit_percent: u32,
    /// From acceptance to the last day for payment, unless the contract agrees others …
    pub payment_days: u32,
    /// … of which there may be no more than this.
    pub payment_max_days: u32,
    /// Interest for each day late, in ten-thousandths of what is unpaid, unless the contract
    /// agrees another …
    pub late_interest_per_myriad_day: u32,
    /// … which may be no less than this.
    pub least_interest_per_myriad_day: u32,
    /// Whether a deliverable that the applicant does not check in time is deemed accepted
    /// (逾期视为验收合格).
    pub deemed_sign_off: bool,
}

/// By what an agency's credit is reckoned from its orders, and what it weighs in a search
/// (信用与排序参数). Points and weights are thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ranking {
    /// The points of an agency of which nothing is known yet (信用基准分), 0 to 1000.
    pub credit_prior: u32,
    /// For how many orders those points count, beside the orders that are known; at least 1.
    pub credit_confidence: u32,
    /// What each return of a deliverable takes from its order's 1000 points.
    pub return_penalty: u32,
    /// What each late hand-over takes from its order's 1000 points.
    pub late_penalty: u32,
    /// What each declined order takes from the sum of all orders' points; it is no graded order.
    pub decline_penalty: u32,
    /// For how much of an order an evaluation of it counts, beside the order itself, in
    /// thousandths.
    #[serde(default = "usual_evaluation_weight")]
    pub evaluation_weight: u32,
    /// The fewest points of grades A, B, C and D, the most first; below the last it is E.
    pub credit_grades: [u32; 4],
    /// For how many calendar days from its admission an agency is a newcomer …
    pub newcomer_days: u32,
    /// … unless it has completed so many orders before.
    pub newcomer_orders: u32,
    /// What full credit adds to the rank of an offer.
    pub credit_weight: u32,
    /// What being a newcomer adds to the rank of an offer.
    pub newcomer_weight: u32,
}

/// What rankings have that were written before there were evaluations.
const fn usual_evaluation_weight() -> u32 {
    500
}

/// The profiles of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyFile {
    /// One for each region and version.
    #[serde(default, rename = "profile")]
    pub profiles: Vec<PolicyProfile>,
}
