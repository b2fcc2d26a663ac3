//! Where public notices come from: the journal, and what it names.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{NoticeBody, NoticeKind, Owner, PublicNotice, PublicNoticeFilter, Winner};
use crate::{
    Day, Error, Kind, Money, Paging, Timestamp, Uscc,
    agency::Agency,
    applicant::ApplicantKind,
    code::{ItemCode, RegionCode},
    id::{AgencyId, OrderId, PurchaseId},
    kernel::fund::Fund,
    order::Milestone,
    purchase::{Failure, Notice},
    store::{Db, statements},
};

statements! {
    // The events stand here as in the index of the migration, so that it is used.
    ENTRIES = "\
        select j.pos, j.kind, j.object, j.event, j.data, j.at from journal j \
        join cases c on c.id = j.case_id where j.pos is not null \
        and j.event in ('purchase_published', 'notice_corrected', 'award_published', \
        'award_declined', 'award_lapsed', 'order_lapsed', 'purchase_failed', 'purchase_voided', \
        'contract_confirmed', 'contract_changed', 'service_extended') \
        and (j.kind = 'purchase' and j.public or j.kind = 'order' \
        and j.event in ('contract_confirmed', 'contract_changed', 'service_extended') \
        and (j.data ->> 'purchase') is not null)";
    ORDERS = "select id from orders where purchase_id = $1";
    PURCHASES = "\
        select p.id, p.item, i.name as item_name, p.region, r.name as region_name, p.fund, \
        p.predecessor, a.kind as owner_kind, a.name as owner_name, a.uscc as owner_uscc \
        from purchases p join applicants a on a.id = p.applicant_id \
        join service_items i on i.code = p.item join regions r on r.code = p.region where true";
    LISTED = "\
        select agency_id from registrations where purchase_id = $1 \
        and state in ('listed', 'won', 'runner_up', 'lost', 'abandoned')";
    NOTICES = "select purchase_id, number, body from purchase_notices where true";
}

/// An entry of the journal that a notice tells of.
#[derive(Debug, FromRow)]
pub(super) struct EntryRow {
    pub(super) pos: i64,
    kind: Kind,
    object: String,
    event: String,
    data: Json<Value>,
    at: Timestamp,
}

/// What the journal says of a step of a purchase.
#[derive(Debug, Deserialize)]
struct Told {
    notice: i64,
    agency: Option<AgencyId>,
    amount: Option<Money>,
    place: Option<u32>,
    until: Option<Day>,
    failure: Option<Failure>,
    reason: Option<String>,
}

/// What the journal says of a contract.
#[derive(Debug, Deserialize)]
struct ToldContract {
    purchase: PurchaseId,
    agency: AgencyId,
    contract: Terms,
    /// The number of a change.
    change: Option<i64>,
}

/// The contract in it.
#[derive(Debug, Deserialize)]
struct Terms {
    number: String,
    amount: Money,
    signed_on: Day,
    starts_on: Day,
    ends_on: Day,
    /// Missing in entries that are older than the notices of milestones.
    #[serde(default)]
    milestones: Vec<Milestone>,
}

/// An entry, understood.
#[derive(Debug)]
enum Fact {
    Step(PurchaseId, NoticeKind, Told),
    Contract(ToldContract),
}

#[derive(Debug, FromRow)]
struct PurchaseRow {
    id: PurchaseId,
    item: ItemCode,
    item_name: String,
    region: RegionCode,
    region_name: String,
    fund: Fund,
    predecessor: Option<PurchaseId>,
    owner_kind: ApplicantKind,
    owner_name: String,
    owner_uscc: Option<Uscc>,
}

const fn wrong() -> Error {
    Error::Inconsistent("journal")
}

impl EntryRow {
    fn fact(&self) -> Result<Fact, Error> {
        let data = self.data.0.clone();
        if self.kind == Kind::Order {
            let told = serde_json::from_value(data).map_err(|_| wrong())?;
            return Ok(Fact::Contract(told));
        }
        let purchase = self.object.parse().map_err(|_| wrong())?;
        let kind = NoticeKind::of(&self.event).ok_or_else(wrong)?;
        Ok(Fact::Step(purchase, kind, serde_json::from_value(data).map_err(|_| wrong())?))
    }
}

impl Fact {
    fn purchase(&self) -> PurchaseId {
        match self {
            Self::Step(purchase, ..) => *purchase,
            Self::Contract(told) => told.purchase,
        }
    }

    fn agency(&self) -> Option<AgencyId> {
        match self {
            Self::Step(_, kind, told) => told.agency.filter(|_| *kind == NoticeKind::Award),
            Self::Contract(told) => Some(told.agency),
        }
    }
}

/// The notices of purchases, by number.
type Notices = BTreeMap<PurchaseId, BTreeMap<i64, Notice>>;

impl Db {
    /// The codes of a region and of everything in it.
    pub(crate) async fn regions_within(
        &self,
        region: &RegionCode,
    ) -> Result<Vec<RegionCode>, Error> {
        let all = self.regions().await?;
        let inside = all.into_iter().filter(|one| one.path.contains(region));
        Ok(inside.map(|one| one.code).collect())
    }

    /// The entries that public notices tell of, the latest first.
    pub(super) async fn notice_entries(
        &self,
        filter: &PublicNoticeFilter,
        regions: Option<&[RegionCode]>,
        paging: &Paging,
    ) -> Result<Vec<EntryRow>, Error> {
        let after: Option<i64> = paging.key()?;
        let mut query = self.query(ENTRIES);
        if let Some(kind) = filter.kind {
            query = query.within(" and j.event in", kind.events().iter().copied());
        }
        if let Some(regions) = regions {
            query = query.within(" and c.region in", regions);
        }
        query
            .when(" and (j.data ->> 'item') = ", filter.item.as_ref())
            .when(" and j.at >= ", filter.since.map(|day| day.plus(-1).end()))
            .when(" and j.pos < ", after)
            .with(" order by j.pos desc limit ", paging.fetch())
            .all()
            .await
    }

    /// The entry at a position, if a public notice tells of it.
    pub(super) async fn notice_entry(&self, pos: i64) -> Result<Option<EntryRow>, Error> {
        self.query(ENTRIES).with(" and j.pos = ", pos).optional().await
    }

    /// The entries that the public notices of a purchase tell of, the earliest first.
    pub(super) async fn notice_entries_of(&self, id: PurchaseId) -> Result<Vec<EntryRow>, Error> {
        let orders: Vec<(OrderId,)> = self.query(ORDERS).bind(id).all().await?;
        let orders = orders.into_iter().map(|(id,)| id.to_string());
        let objects = std::iter::once(id.to_string()).chain(orders);
        let query = self.query(ENTRIES).push(" and j.kind in ('purchase', 'order')");
        query.within(" and j.object in", objects).push(" order by j.pos").all().await
    }

    /// Tells in full what entries of the journal say.
    pub(super) async fn tell(&self, entries: Vec<EntryRow>) -> Result<Vec<PublicNotice>, Error> {
        let facts: Vec<Fact> = entries.iter().map(EntryRow::fact).collect::<Result<_, _>>()?;
        let ids: BTreeSet<PurchaseId> = facts.iter().map(Fact::purchase).collect();
        let query = self.query(PURCHASES).within(" and p.id in", ids.iter().copied());
        let purchases: Vec<PurchaseRow> = query.all().await?;
        let purchases: BTreeMap<_, _> = purchases.into_iter().map(|row| (row.id, row)).collect();
        let notices = self.notices_of(ids).await?;
        let winners = self.winners(facts.iter().filter_map(Fact::agency).collect()).await?;
        let winners = winners.into_iter().map(|winner| (winner.id, winner)).collect();
        let told = entries.into_iter().zip(facts).map(|(entry, fact)| {
            let purchase = purchases.get(&fact.purchase()).ok_or_else(wrong)?;
            let notices = notices.get(&fact.purchase()).ok_or_else(wrong)?;
            told(&entry, fact, purchase, notices, &winners)
        });
        told.collect()
    }

    /// The agencies on the sealed list of a purchase. Nobody may know of them before the award.
    pub(super) async fn listed(&self, purchase: PurchaseId) -> Result<Vec<Winner>, Error> {
        let listed: Vec<(AgencyId,)> = self.query(LISTED).bind(purchase).all().await?;
        self.winners(listed.into_iter().map(|(id,)| id).collect()).await
    }

    async fn winners(&self, agencies: BTreeSet<AgencyId>) -> Result<Vec<Winner>, Error> {
        let ids: Vec<AgencyId> = agencies.into_iter().collect();
        let found = self.agencies_by_id(&ids).await?.into_iter();
        let winner = |one: Agency| Winner {
            id: one.id,
            name: one.name,
            uscc: one.uscc,
            address: one.profile.address,
        };
        Ok(found.map(winner).collect())
    }

    async fn notices_of(&self, purchases: BTreeSet<PurchaseId>) -> Result<Notices, Error> {
        let query = self.query(NOTICES).within(" and purchase_id in", purchases);
        let rows: Vec<(PurchaseId, i64, Json<Notice>)> = query.all().await?;
        let mut notices = Notices::new();
        for (purchase, number, body) in rows {
            notices.entry(purchase).or_default().insert(number, body.0);
        }
        Ok(notices)
    }
}

/// A notice of an entry.
fn told(
    entry: &EntryRow,
    fact: Fact,
    purchase: &PurchaseRow,
    notices: &BTreeMap<i64, Notice>,
    winners: &BTreeMap<AgencyId, Winner>,
) -> Result<PublicNotice, Error> {
    let winner = |id: Option<AgencyId>| {
        let winner = id.and_then(|id| winners.get(&id)).cloned();
        winner.ok_or_else(wrong)
    };
    let number = match &fact {
        Fact::Step(_, _, told) => Some(told.notice),
        Fact::Contract(_) => notices.keys().last().copied(),
    };
    let notice = number.and_then(|number| notices.get(&number)).cloned().ok_or_else(wrong)?;
    let (title, mode) = (notice.title.clone(), notice.mode);
    let body = match fact {
        Fact::Step(_, NoticeKind::Purchase, told) => {
            NoticeBody::Purchase { number: told.notice, notice: Box::new(notice.published()) }
        }
        Fact::Step(_, NoticeKind::Correction, told) => {
            NoticeBody::Correction { number: told.notice, notice: Box::new(notice.published()) }
        }
        Fact::Step(id, NoticeKind::Award, told) => NoticeBody::Award {
            winner: winner(told.agency)?,
            amount: told.amount.ok_or_else(wrong)?,
            place: told.place.unwrap_or(0),
            until: told.until,
            complaint_phone: notice.complaint_phone,
            proof: format!("/api/v1/draws/{id}/proof"),
        },
        Fact::Step(_, NoticeKind::Failure, told) => {
            NoticeBody::Failure { failure: told.failure, reason: told.reason }
        }
        Fact::Step(_, NoticeKind::Contract | NoticeKind::Change, _) => return Err(wrong()),
        Fact::Contract(ToldContract { agency, contract, change: Some(change), .. }) => {
            NoticeBody::Change {
                winner: winner(Some(agency))?,
                number: contract.number,
                change,
                amount: contract.amount,
                ends_on: contract.ends_on,
            }
        }
        Fact::Contract(told) => NoticeBody::Contract {
            winner: winner(Some(told.agency))?,
            number: told.contract.number,
            amount: told.contract.amount,
            signed_on: told.contract.signed_on,
            starts_on: told.contract.starts_on,
            ends_on: told.contract.ends_on,
            milestones: told.contract.milestones,
        },
    };
    Ok(PublicNotice {
        pos: entry.pos,
        at: entry.at,
        purchase_id: purchase.id,
        predecessor: purchase.predecessor,
        title,
        item: purchase.item.clone(),
        item_name: purchase.item_name.clone(),
        region: purchase.region.clone(),
        region_name: purchase.region_name.clone(),
        mode,
        fund: purchase.fund,
        owner: Owner::of(
            purchase.owner_kind,
            purchase.owner_name.clone(),
            purchase.owner_uscc.clone(),
        ),
        body,
    })
}
