//! A case at a glance: its steps, the services that it needs and why, what satisfies each, and who
//! holds what until when (进度查询).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Day, Error, Market, Money, Party, Recorded, Timestamp,
    case::{Case, CaseState, Fund, StepState},
    catalog::ServiceItem,
    code::{DepartmentCode, ItemCode, MatterCode, RegionCode, StepKey},
    department::Department,
    id::{AgencyId, ApplicantId, CaseId, OrderId},
    kernel::action::Action,
    matter::Matter,
    order::{Holder, Order},
};

/// A case with everything that its page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// Its id.
    pub id: CaseId,
    /// Whose it is.
    pub applicant_id: ApplicantId,
    /// The matter that it runs.
    pub matter: MatterCode,
    /// The version of the matter that it was opened under, and keeps.
    pub matter_version: i64,
    /// The name of the matter.
    pub matter_name: String,
    /// What the applicant calls it.
    pub title: String,
    /// Where the thing is done.
    pub region: RegionCode,
    /// Whose money pays.
    pub fund: Fund,
    /// Where it stands.
    pub state: CaseState,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The last day of the promised time of the whole matter.
    pub due_on: Day,
    /// Whether the official calendar of that day's year is known; if not, weekdays were counted.
    pub due_on_is_final: bool,
    /// Its steps, in the order of their keys.
    pub steps: Vec<StepProgress>,
    /// The services that it needs, in the order of their items.
    pub requirements: Vec<RequirementProgress>,
    /// What the asker may do next, and why not the rest.
    pub actions: Vec<Action>,
}

/// A step of a case, with who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepProgress {
    /// Its key.
    pub step: StepKey,
    /// What is decided.
    pub name: String,
    /// Who decides.
    pub department: DepartmentCode,
    /// The department's name.
    pub department_name: String,
    /// Where it stands.
    pub state: StepState,
    /// The steps that it still waits for.
    pub waits_for_steps: Vec<StepKey>,
    /// The services whose deliverables it still waits for.
    pub waits_for_items: Vec<ItemCode>,
    /// Who it waits for now, since when and until when.
    pub holder: Option<Holder>,
    /// Why it was returned.
    pub reason: Option<String>,
}

/// A service that a case needs: why, and what satisfies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequirementProgress {
    /// The service item.
    pub item: ItemCode,
    /// The version of it that the case requires.
    pub item_version: i64,
    /// The service item as of that version.
    pub service: ServiceItem,
    /// Which approval asks for it.
    pub why: String,
    /// The steps whose departments use the deliverable.
    pub steps: Vec<StepKey>,
    /// The departments that use the deliverable.
    pub consumers: Vec<DepartmentCode>,
    /// Those of them that have used it.
    pub used_by: Vec<DepartmentCode>,
    /// Whether every one of them has.
    pub satisfied: bool,
    /// The order that satisfies it, or is about to.
    pub order: Option<OrderSummary>,
    /// The department that linked an order of another case.
    pub linked_by: Option<DepartmentCode>,
    /// Who it waits for now, since when and until when.
    pub holder: Option<Holder>,
}

/// An order as its case shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Who sells.
    pub agency_id: AgencyId,
    /// The name of its state.
    pub state: String,
    /// The price.
    pub amount: Money,
}

/// What it takes to look at cases as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Progresses<'m>(pub(crate) &'m Market);

impl Progresses<'_> {
    /// A case that the actor takes part in, at a glance.
    pub async fn of_case(&self, actor: &Actor, id: CaseId) -> Result<Progress, Error> {
        let case = self.0.cases().get(actor, id).await?;
        let db = &self.0.db;
        let matter = db.matter_version(&case.matter, case.matter_version).await?;
        let ids = case.requirements.iter().filter_map(|one| one.order_id).collect();
        let orders = db.orders_by_id(ids).await?;
        let orders: HashMap<OrderId, Order> =
            orders.into_iter().map(|order| (order.id, order)).collect();
        let mut requirements = Vec::new();
        for required in &case.requirements {
            let item = db.service_item_version(&required.item, required.item_version).await?;
            let order = required.order_id.and_then(|id| orders.get(&id));
            requirements.push(requirement(&case, &matter, item, order));
        }
        let names = db.departments().await?;
        let steps = case.steps.iter().map(|one| step(&case, &matter, &names, &one.step)).collect();
        let opened = case.created_at.day();
        let calendar = db.calendar().await?;
        let due_on = calendar.after(opened, matter.promised_days);
        let actions = case.actions(actor, &matter);
        Ok(Progress {
            id: case.id,
            applicant_id: case.applicant_id,
            matter_name: matter.name.clone(),
            title: case.title.clone(),
            region: case.region.clone(),
            fund: case.fund,
            state: case.state,
            version: case.version,
            created_at: case.created_at,
            updated_at: case.updated_at,
            due_on,
            due_on_is_final: calendar.covers(due_on),
            steps,
            requirements,
            actions,
            matter: case.matter,
            matter_version: case.matter_version,
        })
    }

    /// What happened in a case that the actor takes part in, oldest first.
    pub async fn timeline(&self, actor: &Actor, id: CaseId) -> Result<Vec<Recorded>, Error> {
        self.0.cases().get(actor, id).await?;
        self.0.db.journal_of_case(id).await
    }
}

fn requirement(
    case: &Case,
    matter: &Matter,
    item: ServiceItem,
    order: Option<&Order>,
) -> RequirementProgress {
    let need = matter.need(&item.code);
    let required = case.requirements.iter().find(|one| one.item == item.code);
    let consumers = matter.consumers(&item.code);
    let used_by = required.map_or_else(Vec::new, |one| one.used_by.clone());
    let satisfied = order.is_some() && consumers.iter().all(|code| used_by.contains(code));
    let holder = match order {
        _ if satisfied || case.state != CaseState::Open => None,
        Some(order) => order.holder().or_else(|| linked_holder(&consumers, &used_by, order)),
        None => Some(applicant(case, case.created_at)),
    };
    RequirementProgress {
        why: need.map_or_else(String::new, |need| need.why.clone()),
        steps: need.map_or_else(Vec::new, |need| need.steps.clone()),
        consumers,
        used_by,
        satisfied,
        order: order.map(|order| OrderSummary {
            id: order.id,
            agency_id: order.terms.agency_id,
            state: order.state.name().to_owned(),
            amount: order.terms.amount,
        }),
        linked_by: required.and_then(|one| one.linked_by.clone()),
        holder,
        item: item.code.clone(),
        item_version: item.version,
        service: item,
    }
}

/// An order linked from another case waits for the departments that have not used it here.
fn linked_holder(
    consumers: &[DepartmentCode],
    used_by: &[DepartmentCode],
    order: &Order,
) -> Option<Holder> {
    let waiting = consumers.iter().filter(|code| !used_by.contains(code));
    let parties: Vec<_> = waiting.map(|code| Party::Department(code.clone())).collect();
    if parties.is_empty() {
        return None;
    }
    Some(Holder { parties, since: order.since, until: None })
}

fn applicant(case: &Case, since: Timestamp) -> Holder {
    Holder { parties: vec![Party::Applicant(case.applicant_id)], since, until: None }
}

fn step(case: &Case, matter: &Matter, names: &[Department], key: &StepKey) -> StepProgress {
    let of_matter = matter.step(key);
    let of_case = case.steps.iter().find(|one| one.step == *key);
    let state = of_case.map_or(StepState::Waiting, |one| one.state);
    let department = of_case.map(|one| one.department.clone());
    let name = names.iter().find(|one| Some(&one.code) == department.as_ref());
    let holder =
        of_case.filter(|_| case.state == CaseState::Open).and_then(|one| match one.state {
            StepState::InReview => Some(Holder {
                parties: vec![Party::Department(one.department.clone())],
                since: one.since,
                until: one.due_on,
            }),
            StepState::Returned => Some(applicant(case, one.since)),
            StepState::Waiting | StepState::Approved => None,
        });
    let (waits_for_steps, waits_for_items) = case.waits_for(key, matter);
    StepProgress {
        step: key.clone(),
        name: of_matter.map_or_else(String::new, |one| one.name.clone()),
        department_name: name.map_or_else(String::new, |one| one.name.clone()),
        department: department.unwrap_or_else(|| matter.lead.clone()),
        state,
        waits_for_steps,
        waits_for_items,
        holder,
        reason: of_case.and_then(|one| one.reason.clone()),
    }
}
