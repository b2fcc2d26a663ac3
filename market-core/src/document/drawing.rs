//! How a document is drawn up from what it is about.

use super::{
    Documents, VerificationCode,
    facts::{DocumentBody, DocumentFacts, NamedAgency, PublishedContract},
    subject::{Subject, makes_contract, standing_award},
};
use crate::{
    Day, Error, Money, Recorded, Refusal, Timestamp,
    agency::Agency,
    applicant::Applicant,
    code::{ItemCode, RegionCode},
    id::{AgencyId, ApplicantId, CaseId},
    letter::{
        AwardLetter, Bought, Confirmation, ContractSummary, Price, Reach, Unprintable, Verification,
    },
    order::Order,
    publicity::Owner,
    purchase::{Award, Purchase, PurchaseState},
    selection::{Quote, Rate},
};

/// A document that is drawn up, and not yet issued.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) sheet: Sheet,
    pub(super) number: String,
    pub(super) case_id: CaseId,
    pub(super) agency_id: AgencyId,
    pub(super) facts: DocumentFacts,
}

/// What is printed.
#[derive(Debug, Clone)]
pub(super) enum Sheet {
    Award(Box<AwardLetter>),
    Contract(Box<ContractSummary>),
}

/// Whom and what a document names.
#[derive(Debug)]
pub(super) struct Names {
    owner: Applicant,
    agency: Agency,
    item: String,
    region: String,
}

impl Names {
    /// The owner, as public notices name it.
    fn published_owner(&self) -> Owner {
        Owner::of(self.owner.kind, self.owner.name.clone(), self.owner.uscc.clone())
    }

    fn facts(&self, body: DocumentBody) -> DocumentFacts {
        DocumentFacts {
            item: self.item.clone(),
            region: self.region.clone(),
            agency: NamedAgency { name: self.agency.name.clone(), uscc: self.agency.uscc.clone() },
            body,
        }
    }
}

impl Documents<'_> {
    /// Draws up the document of a subject, whose facts an entry of the journal made.
    pub(super) async fn draw_up(
        &self,
        subject: &Subject,
        basis: &Recorded,
        code: VerificationCode,
        now: Timestamp,
    ) -> Result<Drawn, Error> {
        let verification = self.verification(code);
        match subject {
            Subject::Award(purchase, entries) => {
                self.draw_up_award(purchase, entries, basis, verification, now).await
            }
            Subject::Contract(order, entries) => {
                let revision = entries.iter().filter(|entry| makes_contract(entry)).count();
                self.draw_up_contract(order, revision, basis, verification).await
            }
        }
    }

    /// How a document with a code is verified.
    fn verification(self, code: VerificationCode) -> Verification {
        let publisher = self.0.publisher();
        let reach = if publisher.is_reached() { Reach::Everybody } else { Reach::ThisMachine };
        let url = format!("{}/verify/{}", publisher.url, code.plain());
        Verification { code: code.to_string(), url, reach }
    }

    pub(super) async fn print(&self, sheet: Sheet) -> Result<Vec<u8>, Unprintable> {
        match sheet {
            Sheet::Award(letter) => self.0.letters().award(*letter).await,
            Sheet::Contract(summary) => self.0.letters().contract(*summary).await,
        }
    }

    async fn draw_up_award(
        &self,
        purchase: &Purchase,
        entries: &[Recorded],
        basis: &Recorded,
        verification: Verification,
        now: Timestamp,
    ) -> Result<Drawn, Error> {
        let (names, facts) =
            self.award_as_published(purchase, standing_award(purchase)?, entries).await?;
        let DocumentBody::AwardLetter {
            amount,
            discount,
            awarded_on,
            publicity_from,
            publicity_to,
            ..
        } = facts.body.clone()
        else {
            return Err(Error::Inconsistent("award"));
        };
        let region = self.0.db.region(&purchase.region).await?;
        let clock = self.0.db.clock(&region, now).await?;
        let number = numbered("中选", basis);
        let letter = AwardLetter {
            number: number.clone(),
            title: purchase.notice.title.clone(),
            code: purchase.id.to_string(),
            owner: names.owner.name,
            agency: names.agency.name,
            uscc: names.agency.uscc,
            item: names.item,
            region: names.region,
            mode: purchase.notice.mode.zh().to_owned(),
            price: price(amount, discount),
            awarded_on,
            publicity_from,
            publicity_to,
            confirmation: confirmation(purchase, entries)?,
            contract_days: clock.policy.contract_days,
            issuer: self.0.publisher().name.clone(),
            issued_on: now.day(),
            verification,
        };
        Ok(Drawn {
            sheet: Sheet::Award(Box::new(letter)),
            number,
            case_id: purchase.case_id,
            agency_id: names.agency.id,
            facts,
        })
    }

    /// What anybody may know of an award: the same in its letter and on its page.
    pub(super) async fn award_as_published(
        &self,
        purchase: &Purchase,
        award: &Award,
        entries: &[Recorded],
    ) -> Result<(Names, DocumentFacts), Error> {
        let item = (&purchase.item, purchase.item_version);
        let names =
            self.names(purchase.applicant_id, award.agency_id, item, &purchase.region).await?;
        let discount = match award.quote {
            Some(Quote::Discount(rate)) => Some(rate),
            Some(Quote::Amount(_)) | None => None,
        };
        let (publicity_from, publicity_to) = publicity(entries)?;
        let facts = names.facts(DocumentBody::AwardLetter {
            purchase_id: purchase.id,
            title: purchase.notice.title.clone(),
            owner: names.published_owner(),
            mode: purchase.notice.mode,
            amount: award.amount,
            discount,
            awarded_on: award.decided_at.day(),
            publicity_from,
            publicity_to,
        });
        Ok((names, facts))
    }

    async fn draw_up_contract(
        &self,
        order: &Order,
        revision: usize,
        basis: &Recorded,
        verification: Verification,
    ) -> Result<Drawn, Error> {
        let terms = &order.terms;
        let contract = order.state.contract().ok_or(Refusal::NoContract)?;
        let case = self.0.db.case(terms.case_id).await?;
        let item = (&terms.item, terms.item_version);
        let names = self.names(terms.applicant_id, terms.agency_id, item, &case.region).await?;
        let purchase = match terms.purchase_id {
            Some(id) => Some(self.0.db.purchase(id).await?),
            None => None,
        };
        let number = numbered("备案", basis);
        let summary = ContractSummary {
            record: number.clone(),
            revision,
            number: contract.number.clone(),
            bought: if purchase.is_some() { Bought::Selected } else { Bought::Ordered },
            title: purchase.as_ref().map_or(case.title, |one| one.notice.title.clone()),
            code: terms.purchase_id.map_or_else(|| order.id.to_string(), |id| id.to_string()),
            owner: names.owner.name.clone(),
            agency: names.agency.name.clone(),
            uscc: names.agency.uscc.clone(),
            item: names.item.clone(),
            amount: contract.amount,
            signed_on: contract.signed_on,
            starts_on: contract.starts_on,
            ends_on: contract.ends_on,
            scope: contract.content.clone(),
            issuer: self.0.publisher().name.clone(),
            recorded_on: basis.at.day(),
            verification,
        };
        let published = purchase.map(|purchase| PublishedContract {
            purchase_id: purchase.id,
            title: purchase.notice.title,
            owner: names.published_owner(),
            number: contract.number.clone(),
            amount: contract.amount,
            signed_on: contract.signed_on,
            starts_on: contract.starts_on,
            ends_on: contract.ends_on,
        });
        Ok(Drawn {
            sheet: Sheet::Contract(Box::new(summary)),
            number,
            case_id: terms.case_id,
            agency_id: terms.agency_id,
            facts: names.facts(DocumentBody::ContractSummary { revision, contract: published }),
        })
    }

    async fn names(
        &self,
        owner: ApplicantId,
        agency: AgencyId,
        (item, version): (&ItemCode, i64),
        region: &RegionCode,
    ) -> Result<Names, Error> {
        let db = &self.0.db;
        let owner = db.applicant(owner).await?.ok_or(Error::NotFound("applicant"))?;
        let agency = db.agencies_by_id(&[agency]).await?.pop().ok_or(Error::NotFound("agency"))?;
        let item = db.service_item_version(item, version).await?.name;
        // Below the country, which needs no name: 浙江省宁波市慈溪市.
        let mut name = String::new();
        for part in db.region(region).await?.path.iter().skip(1) {
            name += &db.region(part).await?.name;
        }
        Ok(Names { owner, agency, item, region: name })
    }
}

/// A document's number: the year, and the position in the journal of the entry that made its
/// facts, which no other document has.
fn numbered(word: &str, basis: &Recorded) -> String {
    format!("{word}〔{}〕{:06}号", basis.at.day().date().year(), basis.pos)
}

fn price(amount: Money, discount: Option<Rate>) -> Price {
    match discount {
        Some(rate) => Price::Discount { rate: rate.to_string(), amount },
        None => Price::Amount(amount),
    }
}

/// The first and the last day on which the award of today was published. A complaint may have
/// stopped it in between.
fn publicity(entries: &[Recorded]) -> Result<(Day, Day), Error> {
    let published = |entry: &&Recorded| entry.new_state.as_deref() == Some("publicity");
    let begins = |entry: &&Recorded| published(entry) && entry.event != "purchase_resumed";
    let first = entries.iter().rfind(begins).map(|entry| entry.at.day());
    let last = entries.iter().rfind(published).and_then(|entry| entry.data["until"].as_str());
    let last = last.and_then(|until| until.parse().ok());
    first.zip(last).ok_or(Error::Inconsistent("journal"))
}

/// Whether the winner has confirmed, and until when it has to.
fn confirmation(purchase: &Purchase, entries: &[Recorded]) -> Result<Confirmation, Error> {
    if let PurchaseState::Awarded(state) = &purchase.state {
        return Ok(Confirmation::Until(state.until));
    }
    let given = entries.iter().rfind(|entry| entry.event == "award_confirmed");
    let given = given.ok_or(Error::Inconsistent("journal"))?;
    Ok(Confirmation::Given(given.at.day()))
}
