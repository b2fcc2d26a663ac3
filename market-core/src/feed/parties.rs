//! Who takes part in what: a follower notes the parties of every entry, once, by the rules by which
//! they may read the thing itself. What a party is not noted for, no feed and no webhook tells it.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use super::{Feed, PARTIES};
use crate::{
    Error, Kind, Market, Party, Recorded,
    case::Case,
    complaint::ComplaintState,
    evaluation::{Evaluation, EvaluationState},
    followers::{self, Follower},
    id::{
        CaseId, ComplaintId, DocumentId, EvaluationId, ListingId, OrderId, PurchaseId,
        RegistrationId,
    },
    order::Order,
    purchase::Purchase,
    store::Tx,
};

/// What some entries are about, as far as it decides who takes part.
#[derive(Debug, Default)]
struct Things {
    orders: Vec<Order>,
    purchases: Vec<Purchase>,
    /// The agencies that registered and did not withdraw.
    registrants: Vec<(PurchaseId, Party)>,
    /// Who registered.
    registrations: BTreeMap<String, Party>,
    cases: Vec<(Case, BTreeSet<Party>)>,
    listings: BTreeMap<String, Party>,
    evaluations: Vec<Evaluation>,
    /// Of which case each document is, and which agency it names.
    documents: BTreeMap<String, (CaseId, Party)>,
}

impl Feed<'_> {
    /// Notes who takes part until it is dropped. What fails is tried again.
    pub async fn follow(&self) -> Infallible {
        followers::follow(self).await
    }

    /// Notes who takes part in everything that is committed until now.
    pub async fn catch_up_parties(&self) -> Result<(), Error> {
        followers::catch_up(self).await
    }

    /// The parties of each entry, each once.
    async fn parties_of(&self, entries: &[Recorded]) -> Result<Vec<(String, i64)>, Error> {
        let things = self.things(entries).await?;
        let mut found = Vec::new();
        for entry in entries {
            let parties = match entry.kind {
                Kind::Complaint => self.of_complaint(entry).await?,
                _ => things.parties_of(entry),
            };
            found.extend(parties.into_iter().map(|party| (party.to_string(), entry.pos)));
        }
        Ok(found)
    }

    async fn things(&self, entries: &[Recorded]) -> Result<Things, Error> {
        let db = &self.0.db;
        let evaluations = ids(entries, Kind::Evaluation).map(EvaluationId).collect();
        let evaluations = db.evaluations_by_id(evaluations).await?;
        let mut orders: BTreeSet<OrderId> = ids(entries, Kind::Order).map(OrderId).collect();
        orders.extend(ids(entries, Kind::EvaluationWindow).map(OrderId));
        orders.extend(evaluations.iter().map(|one| one.order_id));
        let orders = db.orders_by_id(orders.into_iter().collect()).await?;
        let purchases: Vec<PurchaseId> = ids(entries, Kind::Purchase).map(PurchaseId).collect();
        let registrants = db.registrants(&purchases).await?;
        let purchases = db.purchases_by_id(purchases).await?;
        let registrations = ids(entries, Kind::Registration).map(RegistrationId);
        let registrations = db.agencies_registered(registrations).await?;
        let documents = db.documents_naming(ids(entries, Kind::Document).map(DocumentId)).await?;
        let mut cases: BTreeSet<CaseId> = ids(entries, Kind::Case).map(CaseId).collect();
        cases.extend(orders.iter().map(|order| order.terms.case_id));
        cases.extend(purchases.iter().map(|purchase| purchase.case_id));
        cases.extend(documents.values().map(|(case, _)| *case));
        let mut with_departments = Vec::new();
        for case in db.cases(cases).await? {
            let matter = db.matter_version(&case.matter, case.matter_version).await?;
            let departments = matter.departments().map(Party::Department).collect();
            with_departments.push((case, departments));
        }
        let listings = ids(entries, Kind::Listing).map(ListingId);
        let listings = db.agencies_listing(listings).await?;
        Ok(Things {
            orders,
            purchases,
            registrants,
            registrations,
            cases: with_departments,
            listings,
            evaluations,
            documents,
        })
    }

    /// As [`crate::complaint::Complaints::get`] has it: the complainant, the handler and the
    /// operator know of every complaint, the owner of a purchase of those that were accepted.
    async fn of_complaint(&self, entry: &Recorded) -> Result<BTreeSet<Party>, Error> {
        let Ok(id) = entry.object.parse::<ComplaintId>() else { return Ok(BTreeSet::new()) };
        let complaint = self.0.db.complaint(id).await?;
        let mut parties = BTreeSet::from([Party::Operator]);
        parties.insert(Party::Department(complaint.handler));
        parties.extend(complaint.complainant);
        // As it was when the entry was written: who withdraws later has told the owner nothing more.
        let state = entry.new_state.as_deref().unwrap_or_default();
        if ComplaintState::NAMES_TOLD_TO_OWNER.contains(&state) {
            parties.insert(Party::Applicant(complaint.owner_id));
        }
        Ok(parties)
    }
}

impl Follower for Feed<'_> {
    const NAME: &'static str = PARTIES;
    type Made = Vec<(String, i64)>;

    fn market(&self) -> &Market {
        self.0
    }

    /// Even of entries in which nobody takes part: feeds and webhooks go as far as is noted.
    async fn make(&self, entries: &[Recorded]) -> Result<Option<Vec<(String, i64)>>, Error> {
        self.parties_of(entries).await.map(Some)
    }

    /// Writes who takes part, and wakes their webhooks.
    async fn write(&self, tx: &mut Tx, found: &Vec<(String, i64)>) -> Result<(), Error> {
        tx.insert_parties(found).await?;
        let parties: BTreeSet<&String> = found.iter().map(|(party, _)| party).collect();
        tx.wake_webhooks_of(parties.into_iter().cloned().collect()).await
    }
}

/// The ids of what entries of a kind are about, each once.
fn ids(entries: &[Recorded], kind: Kind) -> impl Iterator<Item = uuid::Uuid> {
    let of_kind = entries.iter().filter(|entry| entry.kind == kind);
    let ids: BTreeSet<_> = of_kind.filter_map(|entry| entry.object.parse().ok()).collect();
    ids.into_iter()
}

impl Things {
    fn parties_of(&self, entry: &Recorded) -> BTreeSet<Party> {
        match entry.kind {
            // A window goes by the id of its order.
            Kind::Order | Kind::EvaluationWindow => self.of_order(&entry.object),
            Kind::Evaluation => self.of_evaluation(entry),
            Kind::Document => self.of_document(entry),
            Kind::Case => match entry.object.parse() {
                Ok(id) => self.of_case(id).collect(),
                Err(_) => BTreeSet::new(),
            },
            Kind::Purchase => self.of_purchase(entry),
            // Others hear of who registered once the quotes are open, and read it then.
            Kind::Registration => {
                self.registrations.get(&entry.object).cloned().into_iter().collect()
            }
            Kind::Listing => self.listings.get(&entry.object).cloned().into_iter().collect(),
            Kind::Agency => {
                let agency = entry.object.parse().map(Party::Agency);
                agency.into_iter().chain([Party::Operator]).collect()
            }
            Kind::Webhook => {
                let party = entry.data["party"].as_str().and_then(|party| party.parse().ok());
                party.into_iter().collect()
            }
            // Public in any case, or nobody's business.
            _ => BTreeSet::new(),
        }
    }

    /// The applicant of a case, the departments of its matter, and the operator.
    fn of_case(&self, id: CaseId) -> impl Iterator<Item = Party> {
        self.cases.iter().filter(move |(case, _)| case.id == id).flat_map(|(case, departments)| {
            let owner = [Party::Applicant(case.applicant_id), Party::Operator];
            departments.iter().cloned().chain(owner)
        })
    }

    fn of_order(&self, id: &str) -> BTreeSet<Party> {
        let Some(order) = self.orders.iter().find(|one| one.id.to_string() == id) else {
            return BTreeSet::new();
        };
        let sides =
            [Party::Applicant(order.terms.applicant_id), Party::Agency(order.terms.agency_id)];
        self.of_case(order.terms.case_id).chain(sides).collect()
    }

    /// Whoever evaluates knows of it at once, the other parties to the order once its window is
    /// closed.
    fn of_evaluation(&self, entry: &Recorded) -> BTreeSet<Party> {
        let found = self.evaluations.iter().find(|one| one.id.to_string() == entry.object);
        let Some(evaluation) = found else { return BTreeSet::new() };
        if entry.new_state.as_deref() == Some(EvaluationState::SEALED) {
            return BTreeSet::from([evaluation.rater.clone()]);
        }
        self.of_order(&evaluation.order_id.to_string())
    }

    /// Everybody who takes part in its case, and the agency that it names.
    fn of_document(&self, entry: &Recorded) -> BTreeSet<Party> {
        let Some((case, agency)) = self.documents.get(&entry.object) else {
            return BTreeSet::new();
        };
        self.of_case(*case).chain([agency.clone()]).collect()
    }

    /// Before it is published a purchase is its owner's alone, and the reviewer's once it was
    /// submitted.
    fn of_purchase(&self, entry: &Recorded) -> BTreeSet<Party> {
        let found = self.purchases.iter().find(|one| one.id.to_string() == entry.object);
        let Some(purchase) = found else { return BTreeSet::new() };
        let mut parties = BTreeSet::from([Party::Applicant(purchase.applicant_id)]);
        let state = entry.new_state.as_deref().unwrap_or_default();
        if state != "draft" {
            parties.insert(Party::Operator);
        }
        let is_public = match state {
            "draft" | "in_review" => false,
            // For ever; whether it had been published before, it says itself.
            "voided" => purchase.state.is_public(),
            _ => true,
        };
        if is_public {
            parties.extend(self.of_case(purchase.case_id));
            let registrants = self.registrants.iter().filter(|(of, _)| *of == purchase.id);
            parties.extend(registrants.map(|(_, agency)| agency.clone()));
        }
        parties
    }
}
