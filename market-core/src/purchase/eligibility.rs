//! Whether an agency may take part in a purchase, with every reason why not. Asked before it
//! registers, when it registers, and at the close, when the answer is frozen.

use super::Purchase;
use crate::{
    Reason, Refusal, Uscc,
    agency::{Agency, Practitioner, Qualification},
    catalog::{QualificationType, ServiceItem},
    id::PractitionerId,
    matter::Matter,
    order::eligibility::{conflicts, qualification_reasons},
    rules::Clock,
};

/// What an agency is held against.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) purchase: &'a Purchase,
    pub(super) item: &'a ServiceItem,
    pub(super) types: &'a [QualificationType],
    pub(super) matter: &'a Matter,
    /// The owner's unified social credit code, if it has one.
    pub(super) owner: Option<&'a Uscc>,
    pub(super) clock: &'a Clock,
}

/// An agency with what decides whether it may take part.
#[derive(Debug, Clone)]
pub(super) struct Entrant {
    pub(super) agency: Agency,
    pub(super) qualifications: Vec<Qualification>,
    pub(super) practitioners: Vec<Practitioner>,
}

fn reason(refusal: Refusal, detail: impl Into<String>) -> Reason {
    Reason { refusal, detail: detail.into() }
}

impl Asked<'_> {
    /// Every reason why an agency may not take part; none, if it may. Whom it names is asked only
    /// where it names somebody.
    pub(super) fn reasons(
        &self,
        entrant: &Entrant,
        named: Option<&[PractitionerId]>,
    ) -> Vec<Reason> {
        let today = self.clock.today();
        let agency = &entrant.agency;
        let mut reasons = Vec::new();
        if let Err(refusal) = agency.trades_on(today) {
            reasons.push(reason(refusal, agency.state.name()));
        }
        reasons.extend(conflicts(agency, self.owner, Some(self.matter)));
        let avoided = self.purchase.notice.avoid.iter().find(|one| one.agency_id == agency.id);
        if let Some(avoided) = avoided {
            reasons.push(reason(Refusal::AgencyAvoided, avoided.reason.as_str()));
        }
        if self.item.withdrawn {
            reasons.push(reason(Refusal::ItemWithdrawn, self.item.name.as_str()));
        }
        let held = &entrant.qualifications;
        reasons.extend(qualification_reasons(held, self.item, self.types, today));
        reasons.extend(named.map(|named| self.named(entrant, named)).unwrap_or_default());
        reasons
    }

    fn named(&self, entrant: &Entrant, named: &[PractitionerId]) -> Vec<Reason> {
        let today = self.clock.today();
        let wanted = &self.item.requirements;
        let is_fit = |id: &&PractitionerId| {
            let found = entrant.practitioners.iter().find(|one| one.id == **id);
            found.is_some_and(|one| {
                let has_specialty =
                    wanted.is_empty() || wanted.iter().any(|wanted| wanted.kind == one.specialty);
                one.valid_until >= today && has_specialty
            })
        };
        let mut distinct = named.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let needed = self.purchase.notice.practitioners as usize;
        let unfit = distinct.iter().filter(|id| !is_fit(id)).map(|id| {
            let found = entrant.practitioners.iter().find(|one| one.id == *id);
            let who = found.map_or_else(|| id.to_string(), |one| one.name.clone());
            reason(Refusal::PractitionerUnfit, who)
        });
        let few = (distinct.len() < needed).then(|| {
            reason(Refusal::TooFewPractitioners, format!("{} < {needed}", distinct.len()))
        });
        unfit.chain(few).collect()
    }
}
