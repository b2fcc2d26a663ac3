//! The close: who is on the list is checked once more, frozen with every reason, and sealed.

use std::collections::BTreeMap;

use super::{
    Failure, Purchase, Registration, RegistrationState, affiliation,
    eligibility::Entrant,
    proof::{SealedEntrant, SealedRule, bytes_of},
    secret_store::Promise,
    steps::Moved,
};
use crate::{
    Error, Reason, Refusal,
    draw::{ALGORITHM, Bytes32, Candidate, Excluded, Sealed},
    order::Credit,
    rules::Clock,
    sha256_hex,
    store::Tx,
};

/// A registration with what the close found.
struct Checked {
    registration: Registration,
    entrant: Entrant,
    group: Option<String>,
    reasons: Vec<Reason>,
}

impl Tx {
    /// Closes a purchase whose time has come: seals the list, or fails with too few on it.
    pub(super) async fn close_purchase(
        &mut self,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let selection = purchase.selection.clone().ok_or(Error::Inconsistent("purchase"))?;
        let mut checked = self.check_all(&purchase, clock).await?;
        exclude_groups(&mut checked);
        let mut list = Vec::new();
        let mut excluded = Vec::new();
        let mut entrants = Vec::new();
        for one in checked {
            let credit = self.credit_of(&one.entrant, clock).await?;
            let agency = one.entrant.agency.uscc.clone();
            let id = one.registration.id;
            if one.reasons.is_empty() {
                let quoted = one.registration.first();
                let commitment = quoted.map(|quote| bytes_of(&quote.commitment)).transpose()?;
                let at = quoted.map_or(one.registration.created_at, |quote| quote.at);
                entrants.push(SealedEntrant { registration: id, credit, at });
                list.push(Candidate {
                    registration: id,
                    agency,
                    tickets: 1,
                    group: one.group.clone(),
                    certificates_sha256: certificates(&one.entrant)?,
                    quote_commitment: commitment,
                });
            } else {
                let reasons = one.reasons.iter().map(|reason| reason.refusal.code().to_owned());
                excluded.push(Excluded { registration: id, agency, reasons: reasons.collect() });
            }
            self.freeze(one, credit, clock).await?;
        }
        let commitments = self.promises(purchase.id).await?;
        let commitments: Result<Vec<_>, Error> =
            commitments.iter().map(Promise::commitment).collect();
        let commitments = commitments?;
        let least_reveals = clock.policy.selection.least_reveals as usize;
        let too_few = if list.len() < selection.minimum {
            Some(Failure::TooFewRegistrants)
        } else {
            (commitments.len() < least_reveals).then_some(Failure::TooFewReveals)
        };
        let rule = SealedRule { selection, entrants };
        let sealed = Sealed {
            algorithm: ALGORITHM.to_owned(),
            purchase: purchase.id,
            notice: purchase.notice_number.to_string(),
            region: purchase.region.clone(),
            policy_version: clock.policy.version,
            mode: purchase.notice.mode.to_string(),
            rule: serde_json::to_value(rule).map_err(|_| Error::Inconsistent("rule"))?,
            commitments,
            min_reveals: least_reveals,
            beacon: purchase.notice.beacon.clone(),
            sealed_at: clock.now,
            list,
            excluded,
        };
        let sha256 = self.seal(&purchase, &sealed).await?;
        Ok(match too_few {
            Some(failure) => purchase.fail(failure, clock.now)?,
            None => purchase.close(sha256, clock)?,
        })
    }

    /// Everybody who is registered, by registration, with every reason against each.
    async fn check_all(
        &mut self,
        purchase: &Purchase,
        clock: &Clock,
    ) -> Result<Vec<Checked>, Error> {
        let mut checked = Vec::new();
        for registration in self.registrations(purchase.id).await? {
            if registration.state != RegistrationState::Registered {
                continue;
            }
            let entrant = self.entrant(registration.agency_id).await?;
            let named = Some(registration.practitioners.as_slice());
            let mut reasons = self.reasons_against(purchase, &entrant, named, clock).await?;
            if purchase.notice.mode.wants_quotes() && registration.first().is_none() {
                reasons.push(Reason { refusal: Refusal::QuoteMissing, detail: String::new() });
            }
            checked.push(Checked { registration, entrant, group: None, reasons });
        }
        Ok(checked)
    }

    /// Freezes a registration as the close found it.
    async fn freeze(&mut self, one: Checked, credit: u32, clock: &Clock) -> Result<(), Error> {
        let (to, event) = if one.reasons.is_empty() {
            (RegistrationState::Listed, "registration_listed")
        } else {
            (RegistrationState::Ineligible, "registration_excluded")
        };
        let credit = Some(credit);
        let frozen = Registration { reasons: one.reasons, credit, ..one.registration };
        self.move_registration(frozen, to, event, clock).await.map(drop)
    }

    /// An agency's points of credit, by the policy of its own region.
    async fn credit_of(&mut self, entrant: &Entrant, clock: &Clock) -> Result<u32, Error> {
        let region = self.region(&entrant.agency.region).await?;
        let policy = self.policy(&region, clock.today()).await?;
        let standing = self.outcomes_of(entrant.agency.id).await?;
        Ok(Credit::of(&standing, &policy.ranking).points)
    }
}

/// Of registrants that belong together only the one that registered first takes part.
fn exclude_groups(checked: &mut [Checked]) {
    let marks: Vec<Vec<String>> = checked.iter().map(|one| marks(&one.entrant)).collect();
    let groups = affiliation::groups(&marks);
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, group) in groups.into_iter().enumerate() {
        members.entry(group).or_default().push(at);
    }
    for mut group in members.into_values().filter(|group| group.len() > 1) {
        let order =
            |at: &usize| (checked[*at].registration.created_at, checked[*at].registration.id);
        group.sort_by_key(order);
        let name = checked[group[0]].registration.id.to_string();
        let eligible = group.iter().position(|at| checked[*at].reasons.is_empty());
        for (place, at) in group.iter().enumerate() {
            checked[*at].group = Some(name.clone());
            if eligible.is_some_and(|first| place > first) && checked[*at].reasons.is_empty() {
                let detail = name.clone();
                checked[*at].reasons.push(Reason { refusal: Refusal::SameGroup, detail });
            }
        }
    }
}

/// What would be the same of two agencies in one hand.
pub(super) fn marks(entrant: &Entrant) -> Vec<String> {
    let profile = &entrant.agency.profile;
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let staff = entrant.practitioners.iter();
    let staff = staff.map(|one| format!("certificate {}", one.certificate));
    let phone = format!("phone {}", plain(&profile.phone));
    let address = format!("address {}", plain(&profile.address));
    staff.chain([phone, address]).collect()
}

/// The digest of the certificates that an agency takes part with.
fn certificates(entrant: &Entrant) -> Result<Bytes32, Error> {
    let mut lines: Vec<String> = entrant
        .qualifications
        .iter()
        .map(|one| format!("{} {} {} {}", one.kind, one.level, one.number, one.valid_until))
        .collect();
    lines.sort_unstable();
    bytes_of(&sha256_hex(lines.join("\n").as_bytes()))
}
