//! Where alarms are kept, and what their rules ask of other tables.

use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};

use super::{
    Acknowledged, Alarm, AlarmFilter, AlarmObject, AlarmRule, Found, Severity,
    bought::{Bought, Way, way_of},
};
use crate::{
    Error, Kind, Mode, Money, Paging, Party, Timestamp,
    code::{DepartmentCode, ItemCode},
    id::{AgencyId, AlarmId, ApplicantId, CaseId, OrderId, PersonId, PractitionerId, PurchaseId},
    purchase::{Notice, Purchase, PurchaseState},
    store::{Db, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into alarms (id, rule, severity, evidence_key, purchase_id, objects, evidence, \
        raised_at, version) values ($1, $2, $3, $4, $5, $6, $7, $8, 1) on conflict do nothing";
    TELL = "\
        insert into alarm_departments (department, alarm_id) values ($1, $2) \
        on conflict do nothing";
    LIST = "\
        select id, rule, severity, purchase_id, objects, evidence, raised_at, acknowledged_by, \
        acknowledged_person, acknowledged_at, note, version from alarms where true";
    ACKNOWLEDGE = "\
        update alarms set acknowledged_by = $2, acknowledged_person = $3, acknowledged_at = $4, \
        note = $5, version = $6 where id = $1 and version = $6 - 1";

    ORDERED = "\
        select o.id, o.case_id, o.amount_fen, o.placed_at from orders o \
        join cases c on c.id = o.case_id \
        where o.applicant_id = $1 and o.item = $2 and o.listing_id is not null \
        and c.fund = 'fiscal' and o.placed_at > $3 and o.placed_at <= $4 \
        and o.state not in ('declined', 'cancelled') order by o.id";
    PURCHASED = "\
        select id, case_id, mode, notice, detail, created_at from purchases \
        where applicant_id = $1 and item = $2 and fund = 'fiscal' and created_at > $3 \
        and created_at <= $4 and state not in ('draft', 'failed', 'voided') order by id";
    LATEST_ORDERED = "\
        select id from purchases where applicant_id = $1 and state = 'ordered' \
        order by id desc limit $2";
    WITHHELD = "\
        select party from purchase_commitments where purchase_id = $1 and value is null \
        order by party";
    ELSEWHERE = "\
        select here.certificate, there.name, there.agency_id from practitioners here \
        join practitioners there on there.certificate = here.certificate \
        and there.agency_id <> here.agency_id where here.agency_id = $1";
}

#[derive(FromRow)]
struct AlarmRow {
    id: AlarmId,
    rule: AlarmRule,
    severity: Severity,
    purchase_id: Option<PurchaseId>,
    objects: Json<Vec<AlarmObject>>,
    evidence: Json<Value>,
    raised_at: Timestamp,
    acknowledged_by: Option<String>,
    acknowledged_person: Option<PersonId>,
    acknowledged_at: Option<Timestamp>,
    note: Option<String>,
    version: i64,
}

impl From<AlarmRow> for Alarm {
    fn from(row: AlarmRow) -> Self {
        let party = row.acknowledged_by.and_then(|party| party.parse().ok());
        let acknowledged = match (party, row.acknowledged_person, row.acknowledged_at) {
            (Some(party), Some(person), Some(at)) => {
                Some(Acknowledged { party, person, at, note: row.note.unwrap_or_default() })
            }
            _ => None,
        };
        Self {
            id: row.id,
            rule: row.rule,
            severity: row.severity,
            purchase_id: row.purchase_id,
            objects: row.objects.0,
            evidence: row.evidence.0,
            raised_at: row.raised_at,
            acknowledged,
            version: row.version,
        }
    }
}

#[derive(FromRow)]
struct PurchasedRow {
    id: PurchaseId,
    case_id: CaseId,
    mode: Mode,
    notice: Json<Notice>,
    detail: Json<PurchaseState>,
    created_at: Timestamp,
}

impl From<PurchasedRow> for Bought {
    fn from(row: PurchasedRow) -> Self {
        let award = row.detail.0.award().map(|award| award.amount);
        Self {
            kind: Kind::Purchase,
            id: row.id.to_string(),
            case: row.case_id,
            way: way_of(row.mode),
            amount: award.unwrap_or(row.notice.0.price.budget()),
            at: row.created_at,
        }
    }
}

impl Db {
    /// An alarm that a party supervises.
    pub(super) async fn alarm(&self, party: &Party, id: AlarmId) -> Result<Alarm, Error> {
        let query = supervised(self.query(LIST).with(" and id = ", id), party);
        let row: Option<AlarmRow> = query.optional().await?;
        row.map(Alarm::from).ok_or(Error::NotFound("alarm"))
    }

    /// The alarms that a party supervises, newest first, one more than a page holds.
    pub(super) async fn alarms(
        &self,
        party: &Party,
        filter: &AlarmFilter,
        paging: &Paging,
    ) -> Result<Vec<Alarm>, Error> {
        let after: Option<AlarmId> = paging.key()?;
        let list = supervised(self.query(LIST), party);
        let list = if filter.open { list.push(" and acknowledged_at is null") } else { list };
        let rows: Vec<AlarmRow> = list
            .when(" and rule = ", filter.rule)
            .when(" and purchase_id = ", filter.purchase_id)
            .when(" and id < ", after)
            .with(" order by id desc limit ", paging.fetch())
            .all()
            .await?;
        Ok(rows.into_iter().map(Alarm::from).collect())
    }

    /// What an owner bought of an item with fiscal money within a time: orders of listings, and
    /// purchases that have not come to nothing.
    pub(super) async fn bought(
        &self,
        owner: ApplicantId,
        item: &ItemCode,
        after: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Bought>, Error> {
        let query = self.query(ORDERED).bind(owner).bind(item).bind(after).bind(until);
        let orders: Vec<(OrderId, CaseId, Money, Timestamp)> = query.all().await?;
        let query = self.query(PURCHASED).bind(owner).bind(item).bind(after).bind(until);
        let purchases: Vec<PurchasedRow> = query.all().await?;
        let orders = orders.into_iter().map(|(id, case, amount, at)| Bought {
            kind: Kind::Order,
            id: id.to_string(),
            case,
            way: Way::Direct,
            amount,
            at,
        });
        Ok(orders.chain(purchases.into_iter().map(Bought::from)).collect())
    }

    /// The latest purchases of an owner from which an order came.
    pub(super) async fn ordered_purchases(
        &self,
        owner: ApplicantId,
        most: u32,
    ) -> Result<Vec<Purchase>, Error> {
        let query = self.query(LATEST_ORDERED).bind(owner).bind(i64::from(most));
        let ids: Vec<(PurchaseId,)> = query.all().await?;
        let mut found = Vec::new();
        for (id,) in ids {
            found.push(self.purchase(id).await?);
        }
        Ok(found)
    }

    /// The parties that have not revealed what they promised for a draw.
    pub(super) async fn withheld_by(&self, purchase: PurchaseId) -> Result<Vec<String>, Error> {
        let parties: Vec<(String,)> = self.query(WITHHELD).bind(purchase).all().await?;
        Ok(parties.into_iter().map(|(party,)| party).collect())
    }

    /// Which certificates of an agency's practitioners are recorded for other agencies too.
    pub(super) async fn elsewhere(
        &self,
        agency: AgencyId,
        practitioners: &[PractitionerId],
    ) -> Result<Vec<(String, String, AgencyId)>, Error> {
        let query = self.query(ELSEWHERE).bind(agency);
        let query = query.within(" and here.id in", practitioners.iter().copied());
        query.push(" order by here.certificate, there.agency_id").all().await
    }
}

/// The alarms of everybody for the operator, of its cases for a department, of nobody for others.
fn supervised<'q>(query: crate::store::Query<'q>, party: &Party) -> crate::store::Query<'q> {
    match party {
        Party::Operator => query,
        Party::Department(code) => {
            let told = " and id in (select alarm_id from alarm_departments where department = ";
            query.with(told, code.clone()).push(")")
        }
        Party::Applicant(_) | Party::Agency(_) => query.push(" and false"),
    }
}

impl Tx {
    /// Raises an alarm, unless the same evidence has raised one before.
    pub(super) async fn raise_alarm(&mut self, id: AlarmId, found: &Found) -> Result<(), Error> {
        let at = self.at;
        let raised = self
            .query(INSERT)
            .bind(id)
            .bind(found.rule)
            .bind(found.rule.severity())
            .bind(&found.key)
            .bind(found.purchase)
            .bind(Json(&found.objects))
            .bind(Json(&found.evidence))
            .bind(at)
            .execute()
            .await?;
        if raised == 0 {
            return Ok(());
        }
        for case in &found.cases {
            let matter = self.matter_of_case(*case).await?;
            let steps = matter.steps.iter().map(|step| &step.department);
            for department in std::iter::once(&matter.lead).chain(steps) {
                self.tell_department(department, id).await?;
            }
        }
        self.record_alarm(id, 1, "alarm_raised", found.rule, at).await
    }

    async fn tell_department(&mut self, to: &DepartmentCode, of: AlarmId) -> Result<(), Error> {
        self.query(TELL).bind(to).bind(of).execute().await.map(drop)
    }

    /// An alarm that the actor supervises, held until the change is done.
    pub(super) async fn alarm_for_update(&mut self, id: AlarmId) -> Result<Alarm, Error> {
        let party = self.actor.party.clone();
        let query = supervised(self.query(LIST).with(" and id = ", id), &party);
        let row: Option<AlarmRow> = query.pg(" for update").optional().await?;
        row.map(Alarm::from).ok_or(Error::NotFound("alarm"))
    }

    /// Writes down who has looked into an alarm.
    pub(super) async fn acknowledge_alarm(
        &mut self,
        before: Alarm,
        by: Acknowledged,
    ) -> Result<Alarm, Error> {
        let version = before.version + 1;
        let saved = self
            .query(ACKNOWLEDGE)
            .bind(before.id)
            .bind(by.party.to_string())
            .bind(by.person)
            .bind(by.at)
            .bind(&by.note)
            .bind(version)
            .execute()
            .await?;
        if saved != 1 {
            return Err(Error::Stale("alarm"));
        }
        self.record_alarm(before.id, version, "alarm_acknowledged", before.rule, by.at).await?;
        Ok(Alarm { acknowledged: Some(by), version, ..before })
    }

    async fn record_alarm(
        &mut self,
        id: AlarmId,
        version: i64,
        event: &'static str,
        rule: AlarmRule,
        at: Timestamp,
    ) -> Result<(), Error> {
        let entry = Entry::new(Kind::Alarm, &id, version, event).data(json!({ "rule": rule }));
        self.record(entry, at).await
    }
}
