//! Where cases are kept.

use std::collections::HashMap;

use serde_json::Value;
use sqlx::{FromRow, types::Json};

use super::{Case, CaseFilter, CaseRequirement, CaseState, CaseStep, Fund, StepState};
use crate::{
    Day, Error, Kind, Paging, Party, Timestamp, Uscc,
    code::{DepartmentCode, ItemCode, MatterCode, RegionCode, StepKey},
    id::{ApplicantId, CaseId, OrderId, PurchaseId},
    matter::Matter,
    rules::Clock,
    store::{Asked, Db, Meaning, Tx, journal::Entry, statements},
};

statements! {
    INSERT = "\
        insert into cases (id, applicant_id, matter, matter_version, title, region, fund, state, \
        version, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    INSERT_STEP = "\
        insert into case_steps (case_id, step, department, state, since, due_on, reason) \
        values ($1, $2, $3, $4, $5, $6, $7)";
    INSERT_REQUIREMENT = "\
        insert into case_requirements (case_id, item, item_version, order_id, purchase_id, \
        linked_by, used_by) values ($1, $2, $3, $4, $5, $6, $7)";
    BY_ID = "\
        select id, applicant_id, matter, matter_version, title, region, fund, state, version, \
        created_at, updated_at from cases where id = $1";
    BY_IDS = "\
        select id, applicant_id, matter, matter_version, title, region, fund, state, version, \
        created_at, updated_at from cases where true";
    STEPS = "\
        select case_id, step, department, state, since, due_on, reason from case_steps where true";
    REQUIREMENTS = "\
        select case_id, item, item_version, order_id, purchase_id, linked_by, used_by \
        from case_requirements where true";
    OWNER_CODE = "\
        select a.uscc from cases c join applicants a on a.id = c.applicant_id where c.id = $1";
    REGION = "select region from cases where id = $1";
    MATTER = "select matter, matter_version from cases where id = $1";
    LINKED = "\
        select c.matter, c.matter_version from case_requirements r \
        join cases c on c.id = r.case_id where r.order_id = $1";
    IDS = "select id from cases where true";
    MOVE = "\
        update cases set state = $2, version = $3, updated_at = $4 where id = $1 \
        and version = $3 - 1";
    MOVE_STEP = "\
        update case_steps set state = $3, since = $4, due_on = $5, reason = $6 \
        where case_id = $1 and step = $2";
    MOVE_REQUIREMENT = "\
        update case_requirements set order_id = $3, purchase_id = $4, linked_by = $5, \
        used_by = $6 where case_id = $1 and item = $2";
}

#[derive(FromRow)]
struct CaseRow {
    id: CaseId,
    applicant_id: ApplicantId,
    matter: MatterCode,
    matter_version: i64,
    title: String,
    region: RegionCode,
    fund: Fund,
    state: CaseState,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(FromRow)]
struct StepRow {
    case_id: CaseId,
    step: StepKey,
    department: DepartmentCode,
    state: StepState,
    since: Timestamp,
    due_on: Option<Day>,
    reason: Option<String>,
}

#[derive(FromRow)]
struct RequirementRow {
    case_id: CaseId,
    item: ItemCode,
    item_version: i64,
    order_id: Option<OrderId>,
    purchase_id: Option<PurchaseId>,
    linked_by: Option<DepartmentCode>,
    used_by: Json<Vec<DepartmentCode>>,
}

/// A case that was asked for.
#[must_use]
pub(crate) struct AskedCase {
    row: Asked<CaseRow>,
    steps: Asked<StepRow>,
    requirements: Asked<RequirementRow>,
}

/// The cases of some rows, each with its steps and requirements.
fn assemble(
    rows: Vec<CaseRow>,
    steps: Vec<StepRow>,
    requirements: Vec<RequirementRow>,
) -> Vec<Case> {
    let mut steps_of: HashMap<CaseId, Vec<CaseStep>> = HashMap::new();
    for StepRow { case_id, step, department, state, since, due_on, reason } in steps {
        let step = CaseStep { step, department, state, since, due_on, reason };
        steps_of.entry(case_id).or_default().push(step);
    }
    let mut requirements_of: HashMap<CaseId, Vec<CaseRequirement>> = HashMap::new();
    for row in requirements {
        let RequirementRow { case_id, item, item_version, order_id, purchase_id, .. } = row;
        let (linked_by, used_by) = (row.linked_by, row.used_by.0);
        let requirement =
            CaseRequirement { item, item_version, order_id, purchase_id, linked_by, used_by };
        requirements_of.entry(case_id).or_default().push(requirement);
    }
    let case = |row: CaseRow| Case {
        steps: steps_of.remove(&row.id).unwrap_or_default(),
        requirements: requirements_of.remove(&row.id).unwrap_or_default(),
        id: row.id,
        applicant_id: row.applicant_id,
        matter: row.matter,
        matter_version: row.matter_version,
        title: row.title,
        region: row.region,
        fund: row.fund,
        state: row.state,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    rows.into_iter().map(case).collect()
}

/// Step keys end in numbers, and s10 comes after s9.
fn by_key(steps: &mut [CaseStep]) {
    steps.sort_by(|a, b| {
        let (a, b) = (a.step.as_str(), b.step.as_str());
        (a.len(), a).cmp(&(b.len(), b))
    });
}

impl Db {
    /// A case, whoever it belongs to.
    pub(crate) async fn case(&self, id: CaseId) -> Result<Case, Error> {
        self.cases([id]).await?.pop().ok_or(Error::NotFound("case"))
    }

    /// Cases by their ids, in the order of the ids, newest first.
    pub(crate) async fn cases(
        &self,
        ids: impl IntoIterator<Item = CaseId>,
    ) -> Result<Vec<Case>, Error> {
        let ids: Vec<CaseId> = ids.into_iter().collect();
        let rows = self.query(BY_IDS).within(" and id in", ids.clone()).push(" order by id desc");
        let rows = rows.all().await?;
        let steps = self.query(STEPS).within(" and case_id in", ids.clone()).all().await?;
        let requirements = self.query(REQUIREMENTS).within(" and case_id in", ids);
        let requirements = requirements.push(" order by case_id, item").all().await?;
        let mut cases = assemble(rows, steps, requirements);
        for case in &mut cases {
            by_key(&mut case.steps);
        }
        Ok(cases)
    }

    /// The matters, each as of a version, of every case that an order serves: its own, and those
    /// that it was linked to.
    pub(crate) async fn matters_served(
        &self,
        order: OrderId,
    ) -> Result<Vec<(MatterCode, i64)>, Error> {
        self.query(LINKED).bind(order).all().await
    }

    /// The ids of a party's cases, newest first.
    pub(super) async fn case_ids(
        &self,
        party: &Party,
        filter: &CaseFilter,
        paging: &Paging,
    ) -> Result<Vec<(CaseId,)>, Error> {
        let after: Option<CaseId> = paging.key()?;
        let ids = match party {
            Party::Applicant(id) => self.query(IDS).with(" and applicant_id = ", *id),
            Party::Department(code) => {
                let steps = " and id in (select case_id from case_steps where department = ";
                self.query(IDS).with(steps, code.clone()).push(")")
            }
            Party::Operator => self.query(IDS),
            Party::Agency(_) => return Ok(Vec::new()),
        };
        ids.when(" and state = ", filter.state)
            .when(" and id < ", after)
            .with(" order by id desc limit ", paging.fetch())
            .all()
            .await
    }
}

impl Tx {
    /// The matter of a case, as of the version that the case keeps.
    pub(crate) async fn matter_of_case(&mut self, case: CaseId) -> Result<Matter, Error> {
        let found: Option<(MatterCode, i64)> = self.query(MATTER).bind(case).optional().await?;
        let (matter, version) = found.ok_or(Error::NotFound("case"))?;
        self.matter_version(&matter, version).await
    }

    /// A case that nobody else changes until this unit of work is done.
    pub(crate) async fn case_for_update(&mut self, id: CaseId) -> Result<Case, Error> {
        let asked = self.ask_case_for_update(id).await?;
        self.asked_case(asked).await
    }

    /// Asks for a case that this unit of work changes.
    pub(crate) async fn ask_case_for_update(&mut self, id: CaseId) -> Result<AskedCase, Error> {
        Ok(AskedCase {
            row: self.query(BY_ID).bind(id).pg(" for update").ask().await?,
            steps: self.query(STEPS).with(" and case_id = ", id).ask().await?,
            requirements: {
                let query = self.query(REQUIREMENTS).with(" and case_id = ", id);
                query.push(" order by item").ask().await?
            },
        })
    }

    /// The case that was asked for.
    pub(crate) async fn asked_case(&mut self, asked: AskedCase) -> Result<Case, Error> {
        let AskedCase { row, steps, requirements } = asked;
        let row = self.optional(row).await?.ok_or(Error::NotFound("case"))?;
        let steps = self.all(steps).await?;
        let requirements = self.all(requirements).await?;
        let mut case = assemble(vec![row], steps, requirements).remove(0);
        by_key(&mut case.steps);
        Ok(case)
    }

    /// Asks for the credit code of whoever a case belongs to.
    pub(crate) async fn ask_owner_code(
        &mut self,
        id: CaseId,
    ) -> Result<Asked<(Option<Uscc>,)>, Error> {
        self.query(OWNER_CODE).bind(id).ask().await
    }

    /// Where a case is.
    pub(crate) async fn case_region(&mut self, id: CaseId) -> Result<RegionCode, Error> {
        self.query(REGION).bind(id).one::<(RegionCode,)>().await.map(|(region,)| region)
    }

    pub(super) async fn insert_case(&mut self, case: &Case, clock: &Clock) -> Result<(), Error> {
        self.query(INSERT)
            .bind(case.id)
            .bind(case.applicant_id)
            .bind(&case.matter)
            .bind(case.matter_version)
            .bind(&case.title)
            .bind(&case.region)
            .bind(case.fund)
            .bind(case.state)
            .bind(case.version)
            .bind(case.created_at)
            .bind(case.updated_at)
            .execute()
            .await?;
        for step in &case.steps {
            self.query(INSERT_STEP)
                .bind(case.id)
                .bind(&step.step)
                .bind(&step.department)
                .bind(step.state)
                .bind(step.since)
                .bind(step.due_on)
                .bind(step.reason.as_deref())
                .execute()
                .await?;
        }
        for requirement in &case.requirements {
            self.query(INSERT_REQUIREMENT)
                .bind(case.id)
                .bind(&requirement.item)
                .bind(requirement.item_version)
                .bind(requirement.order_id)
                .bind(requirement.purchase_id)
                .bind(requirement.linked_by.as_ref())
                .bind(Json(&requirement.used_by))
                .execute()
                .await?;
        }
        let entry = Entry::new(Kind::Case, &case.id, case.version, "case_opened")
            .case(case.id)
            .moved(None, case.state.as_str())
            .policy(clock.policy.version)
            .data(serde_json::json!({ "matter": case.matter }));
        self.record(entry, case.created_at).await
    }

    /// Saves what changed in a case, with its journal entry, unless it has changed since it was
    /// read.
    pub(crate) async fn save_case(
        &mut self,
        before: &Case,
        case: Case,
        event: &'static str,
        data: Value,
        clock: Option<&Clock>,
    ) -> Result<Case, Error> {
        let at = self.at_after(case.updated_at);
        let case = Case { version: case.version + 1, updated_at: at, ..case };
        let moved = self.query(MOVE).bind(case.id).bind(case.state).bind(case.version).bind(at);
        moved.soon(Meaning::default().unless_one(|| Error::Stale("case"))).await?;
        for step in case.steps.iter().filter(|step| !before.steps.contains(step)) {
            self.query(MOVE_STEP)
                .bind(case.id)
                .bind(&step.step)
                .bind(step.state)
                .bind(step.since)
                .bind(step.due_on)
                .bind(step.reason.as_deref())
                .soon(Meaning::default())
                .await?;
        }
        let known = &before.requirements;
        for requirement in case.requirements.iter().filter(|one| !known.contains(one)) {
            self.query(MOVE_REQUIREMENT)
                .bind(case.id)
                .bind(&requirement.item)
                .bind(requirement.order_id)
                .bind(requirement.purchase_id)
                .bind(requirement.linked_by.as_ref())
                .bind(Json(&requirement.used_by))
                .soon(Meaning::default())
                .await?;
        }
        let entry = Entry::new(Kind::Case, &case.id, case.version, event)
            .case(case.id)
            .moved(Some(before.state.as_str()), case.state.as_str())
            .data(data);
        let entry = match clock {
            Some(clock) => entry.policy(clock.policy.version),
            None => entry,
        };
        self.record(entry, at).await?;
        Ok(case)
    }
}
