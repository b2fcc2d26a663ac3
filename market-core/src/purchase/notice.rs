//! What an owner publishes of a purchase (采购公告).

use serde::{Deserialize, Serialize};

use super::Purchase;
use crate::{
    Error, Fault, Mode, Money, Refusal, Timestamp,
    code::DepartmentCode,
    draw::{Beacon, MOST_DECIMALS},
    id::AgencyId,
    kernel::{
        fund::Fund,
        selection::SelectionRules,
        text::{check_lines, check_text},
    },
    selection::{Criterion, Limits, Rate, Rule, Selection},
};

/// What is paid, and what agencies may quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PurchasePrice))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Price {
    /// A fixed price; nobody quotes.
    Fixed {
        /// The price.
        amount: Money,
    },
    /// Quotes are amounts.
    Amount {
        /// The least that may be quoted.
        low: Money,
        /// The most that may be quoted: the budget.
        high: Money,
    },
    /// Quotes are discounts (下浮率) from a ceiling.
    Discount {
        /// What the discount is taken off: the budget.
        ceiling: Money,
        /// The least discount that may be quoted.
        low: Rate,
        /// The most.
        high: Rate,
    },
}

impl Price {
    /// The most that the purchase may cost.
    pub const fn budget(&self) -> Money {
        match self {
            Self::Fixed { amount } => *amount,
            Self::Amount { high, .. } => *high,
            Self::Discount { ceiling, .. } => *ceiling,
        }
    }

    /// Within which limits quotes are made; nothing at a fixed price.
    pub const fn limits(&self) -> Option<Limits> {
        match self {
            Self::Fixed { .. } => None,
            Self::Amount { low, high } => Some(Limits::Amount { low: *low, high: *high }),
            Self::Discount { low, high, .. } => Some(Limits::Discount { low: *low, high: *high }),
        }
    }
}

/// An agency that must not take part (回避).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Avoidance {
    /// Which.
    pub agency_id: AgencyId,
    /// Why, 1 to 500 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

/// Somebody who can be reached by telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The name, 1 to 50 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 50))]
    pub name: String,
    /// The telephone, 5 to 40 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 5, max_length = 40))]
    pub phone: String,
}

/// What an owner publishes of a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PurchaseNotice))]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What is bought, 1 to 100 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub title: String,
    /// What is to be done, 1 to 4000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4000))]
    pub content: String,
    /// How large it is, up to 200 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub scale: String,
    /// The code of the investment project (项目代码), up to 64 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub project_code: String,
    /// How the agency is chosen.
    pub mode: Mode,
    /// What is paid, and what may be quoted.
    pub price: Price,
    /// How long the service may take, in working days from the confirmed contract; 1 to 3650.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub service_days: u32,
    /// What is scored, in the modes in which the owner scores.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub criteria: Vec<Criterion>,
    /// How many of the best credit take part in the lottery, where credit is preferred.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub long_list: Option<u32>,
    /// How many of them are drawn, where credit is preferred.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000))]
    pub short_list: Option<u32>,
    /// How many rounds of quotes there are, in the modes that have rounds.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10))]
    pub rounds: Option<u32>,
    /// How many practitioners an agency must name, up to 100.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub practitioners: u32,
    /// What else is asked for, up to 2000 characters; nothing that keeps qualified agencies out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 2000))]
    pub other_requirements: String,
    /// When registration ends; within 366 days.
    pub closes_at: Timestamp,
    /// Whom agencies ask.
    pub contact: Contact,
    /// The telephone for complaints, 5 to 40 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 5, max_length = 40))]
    pub complaint_phone: String,
    /// Who must not take part.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 50))]
    pub avoid: Vec<Avoidance>,
    /// Who watches the draw on the spot (见证), up to three.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 3))]
    pub witnesses: Vec<Contact>,
    /// A department that adds a secret of its own to the draw.
    #[serde(default)]
    pub witness_department: Option<DepartmentCode>,
    /// A public number born after the close; it becomes part of the draw. In words alone, as
    /// purchases of before named it, it is only read.
    #[serde(default)]
    pub beacon: Option<Beacon>,
}

/// The most agencies that one purchase may avoid.
const MOST_AVOIDED: usize = 50;
/// How many secrets a draw rests on without a witnessing department: the owner's and the platform's.
const OWN_SECRETS: u32 = 2;
/// The most witnesses.
const MOST_WITNESSES: usize = 3;

/// For how many days registration may be open at most. What is published is meant to be awarded: no
/// policy keeps agencies waiting, or a case under way, for longer than a year.
const LONGEST_OPEN: i64 = 366;
/// For how many days after the close a public number may be waited for.
const LONGEST_UNKNOWN: i64 = 30;

impl Notice {
    /// Checks what can be checked without the market, at a time.
    pub(super) fn check(&self, at: &str, now: Timestamp) -> Result<(), Error> {
        let mut faults = Vec::new();
        let place = |field: &str| format!("{at}/{field}");
        check_text(&place("title"), &self.title, 1, 100, &mut faults);
        check_lines(&place("content"), &self.content, 1, 4000, &mut faults);
        check_text(&place("scale"), &self.scale, 0, 200, &mut faults);
        check_text(&place("project_code"), &self.project_code, 0, 64, &mut faults);
        let other = &self.other_requirements;
        check_lines(&place("other_requirements"), other, 0, 2000, &mut faults);
        check_text(&place("contact/name"), &self.contact.name, 1, 50, &mut faults);
        check_text(&place("contact/phone"), &self.contact.phone, 5, 40, &mut faults);
        check_text(&place("complaint_phone"), &self.complaint_phone, 5, 40, &mut faults);
        if !(1..=3650).contains(&self.service_days) {
            faults.push(Fault::new(place("service_days"), "range", "must be between 1 and 3650"));
        }
        if self.practitioners > 100 {
            faults.push(Fault::new(place("practitioners"), "range", "must be between 0 and 100"));
        }
        if self.closes_at > now.day().plus(LONGEST_OPEN).end() {
            let message = format!("must be {LONGEST_OPEN} days from now at most");
            faults.push(Fault::new(place("closes_at"), "range", message));
        }
        self.check_beacon(at, &mut faults);
        self.check_people(at, &mut faults);
        self.check_price(at, &mut faults);
        self.check_mode(at, &mut faults);
        Error::unless_faultless(faults)
    }

    fn check_beacon(&self, at: &str, faults: &mut Vec<Fault>) {
        let Some(Beacon::Number(number)) = &self.beacon else { return };
        check_text(&format!("{at}/beacon/name"), &number.name, 1, 200, faults);
        if number.decimals > MOST_DECIMALS {
            let message = format!("must be between 0 and {MOST_DECIMALS}");
            faults.push(Fault::new(format!("{at}/beacon/decimals"), "range", message));
        }
        let latest = self.closes_at.day().plus(LONGEST_UNKNOWN).end();
        if number.known_at <= self.closes_at || number.known_at > latest {
            let message = format!("must be after closes_at, by {LONGEST_UNKNOWN} days at most");
            faults.push(Fault::new(format!("{at}/beacon/known_at"), "range", message));
        }
    }

    /// Whether a notice that is written now names its public number so that it can be written in
    /// one way only.
    pub(super) fn check_number(&self, at: &str) -> Result<(), Error> {
        let mut faults = Vec::new();
        if let Some(Beacon::Words(_)) = &self.beacon {
            let message = "must be given, and with how many decimals it is written";
            faults.push(Fault::new(format!("{at}/beacon/known_at"), "missing", message));
        }
        Error::unless_faultless(faults)
    }

    /// Whether its public number is still unknown when registration ends.
    pub(super) fn stays_unknown(&self, closes_at: Timestamp) -> Result<(), Refusal> {
        match &self.beacon {
            Some(Beacon::Number(number)) if number.known_at <= closes_at => {
                Err(Refusal::BeaconTooSoon)
            }
            _ => Ok(()),
        }
    }

    fn check_people(&self, at: &str, faults: &mut Vec<Fault>) {
        if self.avoid.len() > MOST_AVOIDED {
            let message = format!("must be {MOST_AVOIDED} at most");
            faults.push(Fault::new(format!("{at}/avoid"), "length", message));
        }
        for (index, avoided) in self.avoid.iter().enumerate() {
            check_text(&format!("{at}/avoid/{index}/reason"), &avoided.reason, 1, 500, faults);
        }
        if self.witnesses.len() > MOST_WITNESSES {
            let message = format!("must be {MOST_WITNESSES} at most");
            faults.push(Fault::new(format!("{at}/witnesses"), "length", message));
        }
        for (index, witness) in self.witnesses.iter().enumerate() {
            check_text(&format!("{at}/witnesses/{index}/name"), &witness.name, 1, 50, faults);
            check_text(&format!("{at}/witnesses/{index}/phone"), &witness.phone, 5, 40, faults);
        }
    }

    fn check_price(&self, at: &str, faults: &mut Vec<Fault>) {
        let is_fixed = matches!(self.price, Price::Fixed { .. });
        if is_fixed == self.mode.wants_quotes() {
            let message = if is_fixed {
                "agencies quote in this mode: give limits"
            } else {
                "nobody quotes in this mode: give a fixed price"
            };
            faults.push(Fault::new(format!("{at}/price/kind"), "mode", message));
        }
        if self.price.budget() == Money::ZERO {
            faults.push(Fault::new(format!("{at}/price"), "range", "must be above 0.00"));
        }
    }

    /// Whether what the mode needs is given, and nothing else.
    fn check_mode(&self, at: &str, faults: &mut Vec<Fault>) {
        let mut only = |field: &str, is_given: bool, is_needed: bool| {
            if is_given != is_needed {
                let message =
                    if is_needed { "this mode needs it" } else { "this mode has no use for it" };
                faults.push(Fault::new(format!("{at}/{field}"), "mode", message));
            }
        };
        let by_credit = self.mode == Mode::CreditPreferred;
        only("criteria", !self.criteria.is_empty(), self.mode.is_scored());
        only("long_list", self.long_list.is_some(), by_credit);
        only("short_list", self.short_list.is_some(), by_credit);
        only("rounds", self.rounds.is_some(), self.mode.has_rounds());
    }

    /// The rule of selection: what the owner fixes, with the numbers of the policy.
    pub(crate) fn selection(
        &self,
        at: &str,
        rules: &SelectionRules,
        fund: Fund,
    ) -> Result<Selection, Error> {
        let count = |number: Option<u32>| number.unwrap_or(0) as usize;
        let rule = match self.mode {
            Mode::Random => Rule::Random { alternates: rules.alternates as usize },
            Mode::LowestPrice => Rule::LowestPrice {},
            Mode::BestPrice => Rule::BestPrice {
                bases: rules.best_price_bases.clone(),
                trim_from: rules.trim_from as usize,
            },
            Mode::CreditPreferred => Rule::CreditPreferred {
                long_list: count(self.long_list),
                short_list: count(self.short_list),
                points_per_ticket: rules.points_per_ticket,
            },
            Mode::PlanPreferred => Rule::PlanPreferred { criteria: self.criteria.clone() },
            Mode::Inquiry => Rule::Inquiry { criteria: self.criteria.clone() },
            Mode::MultiRound => Rule::MultiRound { rounds: self.rounds.unwrap_or(0) },
            Mode::Negotiation => Rule::Negotiation { rounds: self.rounds.unwrap_or(0) },
        };
        let minimum = rules.minimum(self.mode, fund) as usize;
        let selection = Selection { rule, minimum, limits: self.price.limits() };
        let mut faults = selection.validate(at);
        if self.rounds.is_some_and(|rounds| rounds > rules.rounds) {
            let message = format!("must be {} at most here", rules.rounds);
            faults.push(Fault::new(format!("{at}/rounds"), "range", message));
        }
        if self.short_list.is_some_and(|number| number > rules.short_list) {
            let message = format!("must be {} at most here", rules.short_list);
            faults.push(Fault::new(format!("{at}/short_list"), "range", message));
        }
        if rules.least_reveals > OWN_SECRETS + u32::from(self.witness_department.is_some()) {
            let message = "is needed here: a draw rests on more secrets than two";
            faults.push(Fault::new(format!("{at}/witness_department"), "required", message));
        }
        Error::unless_faultless(faults)?;
        Ok(selection)
    }

    /// Whether its mode may be used with this money, where these rules are in force.
    pub(crate) fn admitted_by(&self, rules: &SelectionRules, fund: Fund) -> Result<(), Refusal> {
        if !rules.modes(fund).contains(&self.mode) {
            return Err(Refusal::ModeNotAllowed);
        }
        let is_over = self.price.budget() >= rules.random_limit;
        if self.mode == Mode::Random && fund == Fund::Fiscal && is_over {
            return Err(Refusal::RandomOverLimit);
        }
        Ok(())
    }

    /// Whether a correction leaves alone what registrations rest on.
    pub(super) fn corrects(&self, before: &Self) -> Result<(), Refusal> {
        let fixed = |notice: &Self| {
            let Self { mode, price, criteria, long_list, short_list, rounds, avoid, .. } =
                notice.clone();
            let Self { witness_department, beacon, practitioners, .. } = notice.clone();
            (
                (mode, price, criteria, long_list, short_list, rounds, avoid),
                (witness_department, beacon, practitioners),
            )
        };
        if fixed(self) == fixed(before) { Ok(()) } else { Err(Refusal::NoticeFixed) }
    }

    /// What anybody may read: who is avoided and who watches is nobody's business.
    pub(crate) fn published(mut self) -> Self {
        self.avoid.clear();
        self.witnesses.clear();
        self
    }
}

/// How often a notice is written before it is published, and as often it is corrected afterwards:
/// every one is kept, and everybody may read what was published.
const MOST_NOTICES: i64 = 100;

impl Purchase {
    /// Whether its owner may still rewrite the draft.
    pub(super) fn check_revisable(&self) -> Result<(), Refusal> {
        self.draft()?;
        self.check_number(MOST_NOTICES)
    }

    /// Whether its owner may still correct what is published.
    pub(super) fn check_correctable(&self, now: Timestamp) -> Result<(), Refusal> {
        self.open_at(now)?;
        self.check_number(2 * MOST_NOTICES)
    }

    const fn check_number(&self, most: i64) -> Result<(), Refusal> {
        if self.notice_number < most { Ok(()) } else { Err(Refusal::TooManyNotices) }
    }
}
