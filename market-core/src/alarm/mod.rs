//! Alarms for supervisors (预警): what looks like abuse, with the evidence. An alarm punishes
//! nobody; people look into it.
//!
//! Read `follower` for how the journal is watched, `watch` for which entries are looked into,
//! `bought`, `quotes` and `rings` for the rules, and `store` for where alarms are kept. The same
//! evidence raises one alarm, however many nodes watch.

mod bought;
mod follower;
mod quotes;
mod rings;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod watch;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Action, Actor, Call, Error, Kind, Market, Page, Paging, Party, Refusal, Timestamp,
    id::{AlarmId, CaseId, PersonId, PurchaseId},
    kernel::{
        authority::{Act, act},
        text::check_text,
    },
    store::{begin, retry, text_enum},
};

text_enum! {
    /// What an alarm is about (预警类型).
    pub enum AlarmRule {
        /// Purchases of one owner and item add up over a limit that each stays below (化整为零).
        Splitting = "splitting",
        /// A purchase was voided after agencies had registered (报名后撤销).
        Voided = "voided_after_registrations",
        /// The opening code was not given (逾期未开标).
        CodeWithheld = "code_withheld",
        /// A party of a draw did not reveal its secret (未揭示).
        SecretWithheld = "secret_withheld",
        /// A repeated purchase is won by who had won the failed one, or by its like (流标重采同一中选人).
        SameWinner = "same_winner_again",
        /// Agencies in one hand registered for one purchase (关联机构报名).
        SameGroup = "same_group_registered",
        /// Two agencies have one practitioner (疑似挂证).
        LentCertificate = "lent_certificate",
        /// One agency wins much of what an owner buys (中选集中).
        Concentration = "winner_concentration",
        /// The quotes of a purchase follow a pattern (报价呈规律性).
        QuotePattern = "quote_pattern",
    }
}

text_enum! {
    /// How grave an alarm is (预警级别).
    pub enum Severity {
        /// Worth knowing (提示).
        Notice = "notice",
        /// Worth asking about (警示).
        Warning = "warning",
        /// To be looked into (严重).
        Serious = "serious",
    }
}

impl AlarmRule {
    /// How grave its alarms are.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Voided | Self::SecretWithheld | Self::Concentration => Severity::Notice,
            Self::CodeWithheld | Self::SameGroup | Self::LentCertificate => Severity::Warning,
            Self::Splitting | Self::SameWinner | Self::QuotePattern => Severity::Serious,
        }
    }
}

/// A thing that an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmObject {
    /// What kind of thing.
    pub kind: Kind,
    /// Which one: its id or code.
    pub id: String,
}

impl AlarmObject {
    fn new(kind: Kind, id: &impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }
}

/// An alarm for supervisors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alarm {
    /// Its id.
    pub id: AlarmId,
    /// What it is about.
    pub rule: AlarmRule,
    /// How grave it is.
    pub severity: Severity,
    /// The purchase that raised it, if one did.
    pub purchase_id: Option<PurchaseId>,
    /// Everything that it is about.
    pub objects: Vec<AlarmObject>,
    /// What shows it, as the rule found it.
    pub evidence: Value,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who has looked into it, once somebody has.
    pub acknowledged: Option<Acknowledged>,
    /// Grows by one with every change.
    pub version: i64,
}

/// Who has looked into an alarm (处置).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlarmAcknowledged))]
pub struct Acknowledged {
    /// For whom.
    pub party: Party,
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub note: String,
}

/// Which alarms to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Only those of this rule.
    pub rule: Option<AlarmRule>,
    /// Only those that this purchase raised.
    pub purchase_id: Option<PurchaseId>,
    /// Only those that nobody has looked into.
    pub open: bool,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    rule: AlarmRule,
    /// The same for the same evidence.
    key: String,
    purchase: Option<PurchaseId>,
    /// Whose departments are told.
    cases: Vec<CaseId>,
    objects: Vec<AlarmObject>,
    evidence: Value,
}

const LIST: Act = act("alarm.list");
const SHOW: Act = act("alarm.show");
const ACKNOWLEDGE: Act = act("alarm.acknowledge");

/// The alarms of a market.
#[derive(Debug, Clone, Copy)]
pub struct Alarms<'m>(pub(crate) &'m Market);

impl Alarms<'_> {
    /// The alarms that the actor supervises, newest first: the operator all, a department those of
    /// cases that it decides in.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &AlarmFilter,
        paging: &Paging,
    ) -> Result<Page<Alarm>, Error> {
        LIST.admits(actor)?;
        let found = self.0.db.alarms(&actor.party, filter, paging).await?;
        Ok(paging.page(found, |alarm| alarm.id.to_string()))
    }

    /// Reads an alarm that the actor supervises.
    pub async fn get(&self, actor: &Actor, id: AlarmId) -> Result<Alarm, Error> {
        SHOW.admits(actor)?;
        self.0.db.alarm(&actor.party, id).await
    }

    /// Notes that the actor has looked into an alarm, and what was found: 1 to 1000 characters.
    pub async fn acknowledge(&self, call: &Call, id: AlarmId, note: &str) -> Result<Alarm, Error> {
        let mut faults = Vec::new();
        check_text("/note", note, 1, 1000, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            ACKNOWLEDGE.admits(&call.actor)?;
            let mut tx = begin!(self.0, call, "alarms.acknowledge", &(id, note));
            let before = tx.alarm_for_update(id).await?;
            if call.expected.is_some_and(|expected| expected != before.version) {
                return Err(Error::Stale("alarm"));
            }
            before.open()?;
            let acknowledged = Acknowledged {
                party: call.actor.party.clone(),
                person: call.actor.person,
                at: tx.at_after(before.raised_at),
                note: note.to_owned(),
            };
            let alarm = tx.acknowledge_alarm(before, acknowledged).await?;
            tx.finish(alarm).await
        })
        .await
    }

    /// What the actor may do with an alarm, and why not the rest.
    pub async fn actions(&self, actor: &Actor, id: AlarmId) -> Result<Vec<Action>, Error> {
        let alarm = self.get(actor, id).await?;
        Ok(vec![Action::of("acknowledge", alarm.open())])
    }
}

impl Alarm {
    /// Nobody has looked into it.
    const fn open(&self) -> Result<(), Refusal> {
        if self.acknowledged.is_none() { Ok(()) } else { Err(Refusal::AlarmAcknowledged) }
    }
}
