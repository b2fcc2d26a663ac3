//! Who belongs together (关联): practitioners with two employers, groups that register together,
//! winners who win again.

use serde_json::json;

use super::{AlarmObject, AlarmRule, Alarms, Found};
use crate::{
    Error, Kind, Recorded, Refusal,
    id::{AgencyId, PurchaseId},
    purchase::{Purchase, Registration, RegistrationState},
    sha256_hex,
};

/// How many failed purchases before a repeated one are looked at.
const REPEATS: usize = 20;

impl Alarms<'_> {
    /// Agencies in one hand registered: all but the first were excluded at the close.
    pub(super) async fn same_group(&self, purchase: &Purchase) -> Result<Option<Found>, Error> {
        let registrations = self.0.db.registrations(purchase.id).await?;
        let is_excluded = |one: &&Registration| {
            one.reasons.iter().any(|reason| reason.refusal == Refusal::SameGroup)
        };
        let excluded: Vec<_> = registrations.iter().filter(is_excluded).collect();
        if excluded.is_empty() {
            return Ok(None);
        }
        let registered: Vec<_> = excluded
            .iter()
            .map(|one| {
                let of_group = one.reasons.iter().find(|one| one.refusal == Refusal::SameGroup);
                let first = of_group.map(|reason| reason.detail.as_str());
                json!({ "registration": one.id, "agency": one.agency_id, "group_of": first })
            })
            .collect();
        let agencies = excluded.iter().map(|one| one.agency_id);
        let evidence = json!({ "excluded": registered });
        let key = format!("same_group {}", purchase.id);
        Ok(Some(of_purchase(AlarmRule::SameGroup, key, purchase, agencies, evidence)))
    }

    /// A named practitioner's certificate is recorded for another agency too.
    pub(super) async fn lent_certificates(
        &self,
        purchase: &Purchase,
        registration: &Registration,
    ) -> Result<Vec<Found>, Error> {
        let named = &registration.practitioners;
        let agency = registration.agency_id;
        let mut found = Vec::new();
        for (certificate, name, other) in self.0.db.elsewhere(agency, named).await? {
            let mut both = [agency, other];
            both.sort_unstable();
            let evidence = json!({ "certificate": certificate, "name": name, "agencies": both });
            let key = format!("lent {} {} {certificate}", both[0], both[1]);
            let rule = AlarmRule::LentCertificate;
            found.push(of_purchase(rule, key, purchase, both, evidence));
        }
        Ok(found)
    }

    /// Who won a purchase that failed, or belongs to who did, wins the one that repeats it.
    pub(super) async fn same_winner(
        &self,
        entry: &Recorded,
        purchase: &Purchase,
    ) -> Result<Option<Found>, Error> {
        let Some(winner) = agency_in(entry) else { return Ok(None) };
        let mut before = purchase.predecessor;
        for _ in 0..REPEATS {
            let Some(id) = before else { break };
            for other in self.winners(id).await? {
                let mut tx = self.0.work().await?;
                let is_same = tx.are_affiliated(winner, other).await?;
                drop(tx);
                if is_same {
                    let evidence = json!({ "failed": id, "winner_then": other, "winner": winner });
                    let key = format!("same_winner {id} {} {winner}", purchase.id);
                    let rule = AlarmRule::SameWinner;
                    let mut found = of_purchase(rule, key, purchase, [winner, other], evidence);
                    found.objects.push(AlarmObject::new(Kind::Purchase, &id));
                    found.objects.sort_unstable();
                    found.objects.dedup();
                    return Ok(Some(found));
                }
            }
            before = self.0.db.purchase(id).await?.predecessor;
        }
        Ok(None)
    }

    /// Who was chosen in a purchase, though nothing came of it.
    async fn winners(&self, purchase: PurchaseId) -> Result<Vec<AgencyId>, Error> {
        let won = |one: &Registration| {
            matches!(one.state, RegistrationState::Won | RegistrationState::Abandoned)
        };
        let registrations = self.0.db.registrations(purchase).await?;
        Ok(registrations.into_iter().filter(won).map(|one| one.agency_id).collect())
    }

    /// One agency won many of the owner's latest purchases.
    pub(super) async fn concentration(
        &self,
        entry: &Recorded,
        purchase: &Purchase,
    ) -> Result<Option<Found>, Error> {
        let Some(winner) = agency_in(entry) else { return Ok(None) };
        let db = &self.0.db;
        let region = db.region(&purchase.region).await?;
        let rules = db.policy(&region, entry.at.day()).await?.selection;
        let window = rules.concentration_window;
        let latest = db.ordered_purchases(purchase.applicant_id, window).await?;
        let won =
            |one: &&Purchase| one.state.award().is_some_and(|award| award.agency_id == winner);
        let wins: Vec<_> = latest.iter().filter(won).map(|one| one.id).collect();
        if wins.len() < rules.concentration_wins as usize {
            return Ok(None);
        }
        let mut ids: Vec<_> = wins.iter().map(ToString::to_string).collect();
        ids.sort_unstable();
        let digest = sha256_hex(ids.join(" ").as_bytes());
        let key = format!("concentration {winner} {digest}");
        let evidence = json!({
            "owner": purchase.applicant_id,
            "agency": winner,
            "won": ids,
            "of": latest.len(),
            "window": window,
        });
        let rule = AlarmRule::Concentration;
        let mut found = of_purchase(rule, key, purchase, [winner], evidence);
        found.cases = latest.iter().filter(won).map(|one| one.case_id).collect();
        found.objects.extend(wins.iter().map(|id| AlarmObject::new(Kind::Purchase, id)));
        found.objects.sort_unstable();
        found.objects.dedup();
        Ok(Some(found))
    }
}

/// The agency that an entry of a purchase names as chosen.
fn agency_in(entry: &Recorded) -> Option<AgencyId> {
    entry.data.get("agency")?.as_str()?.parse().ok()
}

/// What was found about a purchase and agencies in it.
pub(super) fn of_purchase(
    rule: AlarmRule,
    key: String,
    purchase: &Purchase,
    agencies: impl IntoIterator<Item = AgencyId>,
    evidence: serde_json::Value,
) -> Found {
    let mut objects = vec![AlarmObject::new(Kind::Purchase, &purchase.id)];
    objects.extend(agencies.into_iter().map(|id| AlarmObject::new(Kind::Agency, &id)));
    objects.sort_unstable();
    objects.dedup();
    let cases = vec![purchase.case_id];
    Found { rule, key, purchase: Some(purchase.id), cases, objects, evidence }
}
