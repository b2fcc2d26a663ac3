//! What an order's states carry: the contract, returns and uses.

use serde::{Deserialize, Serialize};

use super::milestone::Milestone;
use crate::{
    ContractRules, Day, Error, Fault, Money, Party, Refusal, Timestamp, code::DepartmentCode,
    kernel::text::check_text, store::text_enum,
};

text_enum! {
    /// A side of an order.
    pub enum Side {
        /// The applicant, who buys.
        Applicant = "applicant",
        /// The agency, which sells.
        Agency = "agency",
    }
}

/// The record of a contract (合同登记).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The number that the two sides gave it, 1 to 64 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 64))]
    pub number: String,
    /// The amount, which is the order's.
    pub amount: Money,
    /// When it was signed; not after today.
    pub signed_on: Day,
    /// The first day of the service, within 20 years of today.
    pub starts_on: Day,
    /// The last day of the service, within 20 years of today.
    pub ends_on: Day,
    /// What was agreed, up to 2000 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 2000))]
    pub content: String,
    /// Within how many calendar days what is due is paid; as the policy says, if none is given.
    #[serde(default)]
    pub agreed_payment_days: Option<u32>,
    /// Interest for each day late, in ten-thousandths of what is unpaid; as the policy says, if
    /// none is given.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(maximum = 100))]
    pub agreed_interest_per_myriad_day: Option<u32>,
    /// The parts that are reached, confirmed and paid one by one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 20))]
    pub milestones: Vec<Milestone>,
}

impl Contract {
    /// What the journal tells of it, and notices of purchases to everybody: not what was agreed in
    /// words.
    pub(super) fn told(&self) -> serde_json::Value {
        let milestone = |one: &Milestone| {
            serde_json::json!({
                "key": one.key, "name": one.name, "due_on": one.due_on,
                "share_percent": one.share_percent,
            })
        };
        serde_json::json!({
            "number": self.number,
            "amount": self.amount,
            "signed_on": self.signed_on,
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
            "milestones": self.milestones.iter().map(milestone).collect::<Vec<_>>(),
        })
    }

    /// Checks what can be checked without the order, on a day.
    pub(super) fn check(&self, today: Day) -> Result<(), Error> {
        let mut faults = Vec::new();
        check_text("/number", &self.number, 1, 64, &mut faults);
        check_content("/content", &self.content, &mut faults);
        if self.agreed_interest_per_myriad_day.is_some_and(|rate| rate > 100) {
            let message = "must be 100 at most, one percent a day";
            faults.push(Fault::new("/agreed_interest_per_myriad_day", "range", message));
        }
        self.check_milestones(&mut faults);
        check_near("/signed_on", self.signed_on, today, &mut faults);
        check_near("/starts_on", self.starts_on, today, &mut faults);
        check_near("/ends_on", self.ends_on, today, &mut faults);
        if self.signed_on > today {
            faults.push(Fault::new("/signed_on", "range", "must not be after today"));
        }
        if self.ends_on < self.starts_on {
            faults.push(Fault::new("/ends_on", "order", "ends before it starts"));
        }
        Error::unless_faultless(faults)
    }
}

/// The days of a contract are so many calendar days from today at most, before or after: a service
/// of the 3650 working days that there may be takes some fifteen years, and a typing error of a
/// century would lock what is reckoned from them.
const FARTHEST: i64 = 20 * 366;

/// Finds fault with a day that is far from today.
pub(super) fn check_near(pointer: &str, day: Day, today: Day, faults: &mut Vec<Fault>) {
    if day.days_since(today).abs() > FARTHEST {
        faults.push(Fault::new(pointer, "range", "must be within 20 years of today"));
    }
}

/// Finds fault with what was agreed.
pub(super) fn check_content(pointer: &str, text: &str, faults: &mut Vec<Fault>) {
    check_text(pointer, text, 0, 2000, faults);
}

impl Contract {
    /// Fills in what the two sides did not agree of payment, and refuses what they may not agree.
    pub(super) fn agree(&mut self, rules: &ContractRules) -> Result<(), Refusal> {
        let days = *self.agreed_payment_days.get_or_insert(rules.payment_days);
        if days > rules.payment_max_days {
            return Err(Refusal::PaymentTooLate);
        }
        let usual = rules.late_interest_per_myriad_day;
        let interest = *self.agreed_interest_per_myriad_day.get_or_insert(usual);
        if interest < rules.least_interest_per_myriad_day {
            return Err(Refusal::InterestTooLow);
        }
        Ok(())
    }
}

text_enum! {
    /// Why a deliverable is returned (退回原因).
    pub enum ReturnCode {
        /// Parts are missing (内容不完整).
        Incomplete = "incomplete",
        /// It does not meet the standard (不符合标准规范).
        Substandard = "substandard",
        /// Data or conclusions are wrong (数据或结论有误).
        Wrong = "wrong",
        /// It is about another project or place (与项目不符).
        Mismatched = "mismatched",
        /// A signature, seal or qualification is missing (签章或资质缺失).
        Unsigned = "unsigned",
        /// Something else, said in the note (其他).
        Other = "other",
    }
}

/// A return of a deliverable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Returned {
    /// Who returned it.
    pub by: Party,
    /// Why.
    pub code: ReturnCode,
    /// What to mend.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Why a deliverable is returned, as its user says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewReturn {
    /// Why.
    pub code: ReturnCode,
    /// What to mend, 1 to 1000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub note: String,
}

impl NewReturn {
    pub(super) fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        check_text("/note", &self.note, 1, 1000, &mut faults);
        Error::unless_faultless(faults)
    }

    pub(super) fn by(&self, party: &Party, at: Timestamp) -> Returned {
        Returned { by: party.clone(), code: self.code, note: self.note.clone(), at }
    }
}

text_enum! {
    /// What a department has done with a deliverable.
    pub enum UseState {
        /// Nothing yet.
        Pending = "pending",
        /// It uses it for its decision (已使用).
        Used = "used",
    }
}

/// A department's use of a deliverable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Use {
    /// The department.
    pub department: DepartmentCode,
    /// What it has done.
    pub state: UseState,
    /// When it used it.
    pub at: Option<Timestamp>,
}

impl Use {
    pub(super) const fn pending(department: DepartmentCode) -> Self {
        Self { department, state: UseState::Pending, at: None }
    }
}
