//! Which entries of the journal are looked into, and by which rule.

use serde_json::json;

use super::{
    AlarmRule, Alarms, Found,
    quotes::{pattern, values},
    rings::of_purchase,
};
use crate::{
    Error, Kind, Recorded,
    id::{AgencyId, OrderId, PurchaseId, RegistrationId},
    purchase::{Failure, Purchase, PurchaseState},
};

/// No agency is named.
const NOBODY: [AgencyId; 0] = [];

impl Alarms<'_> {
    /// What an entry of the journal shows.
    pub(super) async fn found_by(&self, entry: &Recorded) -> Result<Vec<Found>, Error> {
        match (entry.kind, entry.event.as_str()) {
            (Kind::Order, "order_placed") => {
                let Ok(id) = entry.object.parse::<OrderId>() else { return Ok(Vec::new()) };
                self.split_by_order(entry, &self.0.db.order(id).await?).await
            }
            (Kind::Registration, "agency_registered" | "registration_renewed") => {
                self.found_by_registration(entry).await
            }
            (Kind::Purchase, _) => self.found_by_purchase(entry).await,
            _ => Ok(Vec::new()),
        }
    }

    async fn found_by_registration(&self, entry: &Recorded) -> Result<Vec<Found>, Error> {
        let purchase = entry.data.get("purchase").and_then(serde_json::Value::as_str);
        let purchase = purchase.and_then(|id| id.parse::<PurchaseId>().ok());
        let registration = entry.object.parse::<RegistrationId>();
        let (Some(purchase), Ok(registration)) = (purchase, registration) else {
            return Ok(Vec::new());
        };
        let registrations = self.0.db.registrations(purchase).await?;
        let registration = registrations.iter().find(|one| one.id == registration);
        match registration {
            Some(registration) => {
                let purchase = self.0.db.purchase(purchase).await?;
                self.lent_certificates(&purchase, registration).await
            }
            None => Ok(Vec::new()),
        }
    }

    async fn found_by_purchase(&self, entry: &Recorded) -> Result<Vec<Found>, Error> {
        let Ok(id) = entry.object.parse::<PurchaseId>() else { return Ok(Vec::new()) };
        let (from, to) = (entry.old_state.as_deref(), entry.new_state.as_deref());
        let mut found = Vec::new();
        match (from, to) {
            (Some("draft"), Some("in_review" | "open")) => {
                let purchase = self.0.db.purchase(id).await?;
                found.extend(self.split_by_purchase(entry, &purchase).await?);
            }
            (Some("open"), Some("voided")) => {
                found.extend(self.voided(&self.0.db.purchase(id).await?).await?);
            }
            (Some("open"), Some("opening" | "failed")) => {
                found.extend(self.same_group(&self.0.db.purchase(id).await?).await?);
            }
            (Some("opening"), Some(to)) if to != "opening" => {
                let purchase = self.0.db.purchase(id).await?;
                found.extend(self.withheld(&purchase).await?);
                found.extend(self.quoted_alike(entry, &purchase).await?);
            }
            (Some("awarded"), Some("ordered")) => {
                let purchase = self.0.db.purchase(id).await?;
                found.extend(self.concentration(entry, &purchase).await?);
            }
            _ => {}
        }
        // An award, and each that passes on to the next in line.
        if to == Some("publicity") && from != Some("suspended") {
            let purchase = self.0.db.purchase(id).await?;
            found.extend(self.same_winner(entry, &purchase).await?);
        }
        Ok(found)
    }

    /// An owner gave a purchase up when it had seen that agencies come.
    async fn voided(&self, purchase: &Purchase) -> Result<Option<Found>, Error> {
        let registered = self.0.db.registrations(purchase.id).await?.len();
        let reason = match &purchase.state {
            PurchaseState::Voided(state) => state.reason.as_str(),
            _ => "",
        };
        let evidence = json!({ "registered": registered, "reason": reason });
        let key = format!("voided {}", purchase.id);
        let found = of_purchase(AlarmRule::Voided, key, purchase, NOBODY, evidence);
        Ok((registered > 0).then_some(found))
    }

    /// The opening is over, and somebody has not given what they had promised.
    async fn withheld(&self, purchase: &Purchase) -> Result<Option<Found>, Error> {
        let parties = self.0.db.withheld_by(purchase.id).await?;
        let is_closed = matches!(
            &purchase.state,
            PurchaseState::Failed(state) if state.failure == Failure::NotOpened
        );
        if is_closed {
            let evidence = json!({ "owner": purchase.applicant_id, "withheld_by": parties });
            let key = format!("code_withheld {}", purchase.id);
            let rule = AlarmRule::CodeWithheld;
            return Ok(Some(of_purchase(rule, key, purchase, NOBODY, evidence)));
        }
        if parties.is_empty() {
            return Ok(None);
        }
        let evidence = json!({ "withheld_by": parties });
        let key = format!("secret_withheld {}", purchase.id);
        Ok(Some(of_purchase(AlarmRule::SecretWithheld, key, purchase, NOBODY, evidence)))
    }

    /// The quotes that were opened follow a pattern.
    async fn quoted_alike(
        &self,
        entry: &Recorded,
        purchase: &Purchase,
    ) -> Result<Option<Found>, Error> {
        let db = &self.0.db;
        let region = db.region(&purchase.region).await?;
        let rules = db.policy(&region, entry.at.day()).await?.selection;
        let registrations = db.registrations(purchase.id).await?;
        let valued = values(&registrations);
        let numbers: Vec<_> = valued.iter().map(|(_, value)| *value).collect();
        let Some(pattern) = pattern(&numbers, rules.pattern_quotes as usize) else {
            return Ok(None);
        };
        let quotes: Vec<_> = valued
            .iter()
            .map(|(one, _)| {
                let quote = one.quotes.iter().find(|quote| quote.round == 0);
                json!({ "agency": one.agency_id, "quote": quote.and_then(|one| one.quote) })
            })
            .collect();
        let evidence = json!({ "pattern": pattern, "quotes": quotes });
        let key = format!("quote_pattern {}", purchase.id);
        let agencies = valued.iter().map(|(one, _)| one.agency_id);
        Ok(Some(of_purchase(AlarmRule::QuotePattern, key, purchase, agencies, evidence)))
    }
}
