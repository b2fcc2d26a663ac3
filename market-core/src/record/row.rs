//! Where each value of a row comes from.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use super::{
    Field, ServiceRecord,
    store::{FileRow, PurchaseRow},
};
use crate::{
    Actor, Day, Error, Market, Money, Party, Timestamp,
    agency::Agency,
    applicant::Applicant,
    case::{Case, CaseRequirement, CaseState, CaseStep},
    catalog::ServiceItem,
    code::{ItemCode, MatterCode},
    id::{AgencyId, ApplicantId, CaseId, OrderId, PurchaseId},
    kernel::{
        authority::{Act, Relation, act},
        text::plain_cell,
    },
    matter::Matter,
    order::{AnyState, Order, Use, UseState},
};

const PURCHASE: Act = act("purchase.show");
const FILE: Act = act("deliverable.read");
const LEDGER: Act = act("order.ledger");

/// All that rows of some cases are made of.
pub(super) struct Facts {
    cases: Vec<Case>,
    matters: HashMap<(MatterCode, i64), Matter>,
    items: HashMap<(ItemCode, i64), ServiceItem>,
    applicants: HashMap<ApplicantId, Applicant>,
    orders: HashMap<OrderId, Order>,
    agencies: HashMap<AgencyId, Agency>,
    purchases: HashMap<PurchaseId, PurchaseRow>,
    files: HashMap<(OrderId, i64), FileRow>,
    points: HashMap<OrderId, i64>,
    paid: HashMap<OrderId, Money>,
}

impl Facts {
    /// Reads what rows of some cases are made of.
    pub(super) async fn gather(market: &Market, ids: &[CaseId]) -> Result<Self, Error> {
        let db = &market.db;
        let cases = db.cases(ids.iter().copied()).await?;
        let (mut matters, mut items) = (HashMap::new(), HashMap::new());
        for case in &cases {
            let key = (case.matter.clone(), case.matter_version);
            if let Entry::Vacant(free) = matters.entry(key) {
                let (code, version) = free.key();
                let matter = db.matter_version(code, *version).await?;
                free.insert(matter);
            }
            for one in &case.requirements {
                let key = (one.item.clone(), one.item_version);
                if let Entry::Vacant(free) = items.entry(key) {
                    let (code, version) = free.key();
                    let item = db.service_item_version(code, *version).await?;
                    free.insert(item);
                }
            }
        }
        let applicants: BTreeSet<_> = cases.iter().map(|case| case.applicant_id).collect();
        let applicants = db.applicants_by_id(applicants).await?;
        let required = || cases.iter().flat_map(|case| &case.requirements);
        let orders: BTreeSet<_> = required().filter_map(|one| one.order_id).collect();
        let orders: Vec<_> = orders.into_iter().collect();
        let [files, points, paid] = [(); 3].map(|()| orders.clone());
        let files = db.record_files(&files).await?;
        let points = db.record_points(&points).await?;
        let paid = db.record_paid(&paid).await?;
        let orders = db.orders_by_id(orders).await?;
        let agencies: BTreeSet<_> = orders.iter().map(|order| order.terms.agency_id).collect();
        let agencies: Vec<_> = agencies.into_iter().collect();
        let agencies = db.agencies_by_id(&agencies).await?;
        let awarded = orders.iter().filter_map(|order| order.terms.purchase_id);
        let purchases: BTreeSet<_> =
            required().filter_map(|one| one.purchase_id).chain(awarded).collect();
        let purchases = db.record_purchases(purchases.into_iter().collect()).await?;
        Ok(Self {
            matters,
            items,
            applicants: applicants.into_iter().map(|one| (one.id, one)).collect(),
            orders: orders.into_iter().map(|one| (one.id, one)).collect(),
            agencies: agencies.into_iter().map(|one| (one.id, one)).collect(),
            purchases: purchases.into_iter().map(|one| (one.id, one)).collect(),
            files: files.into_iter().map(|one| ((one.order_id, one.number), one)).collect(),
            points: points.into_iter().collect(),
            paid: paid.into_iter().collect(),
            cases,
        })
    }

    /// The rows of the cases that an actor may know of.
    pub(super) fn rows(&self, actor: &Actor) -> Vec<ServiceRecord> {
        let mut rows = Vec::new();
        for case in &self.cases {
            let Some(matter) = self.matters.get(&(case.matter.clone(), case.matter_version)) else {
                continue;
            };
            if case.check_party(actor, matter).is_err() {
                continue;
            }
            for required in &case.requirements {
                let steps = matter.need(&required.item).map_or(&[][..], |need| &need.steps);
                let uses = |step: &&CaseStep| steps.contains(&step.step);
                for step in case.steps.iter().filter(uses) {
                    let service = Service { facts: self, actor, case, matter, required, step };
                    rows.push(service.row());
                }
            }
        }
        rows
    }
}

/// A service that a step of a case needs.
struct Service<'f> {
    facts: &'f Facts,
    actor: &'f Actor,
    case: &'f Case,
    matter: &'f Matter,
    required: &'f CaseRequirement,
    step: &'f CaseStep,
}

/// A row that is being filled.
#[derive(Default)]
struct Draft {
    values: BTreeMap<Field, String>,
    missing: Vec<Field>,
    masked: Vec<Field>,
}

impl Draft {
    /// A field that is known.
    fn put(&mut self, field: Field, value: &(impl ToString + ?Sized)) {
        self.values.insert(field, value.to_string());
    }

    /// A field that should be known.
    fn should(&mut self, field: Field, value: Option<impl ToString>) {
        match value.map(|value| value.to_string()).filter(|value| !value.is_empty()) {
            Some(value) => self.put(field, &value),
            None => self.missing.push(field),
        }
    }

    /// A field that not everybody may know.
    fn shown_if(&mut self, is_shown: bool, field: Field, value: Option<impl ToString>) {
        if is_shown {
            self.should(field, value);
        } else {
            self.masked.push(field);
        }
    }
}

impl Service<'_> {
    fn row(&self) -> ServiceRecord {
        let Self { facts, case, required, step, .. } = self;
        let key = format!("{}.{}.{}", case.id, step.step, required.item);
        let order = required.order_id.and_then(|id| facts.orders.get(&id));
        let mut draft = Draft::default();
        draft.put(Field::LocalKey, &key);
        self.of_case(&mut draft);
        self.of_service(&mut draft, order);
        if let Some(order) = order {
            self.of_order(&mut draft, order);
        }
        draft.missing.sort_unstable();
        draft.masked.sort_unstable();
        ServiceRecord {
            key,
            case_id: case.id,
            step: step.step.clone(),
            item: required.item.clone(),
            values: draft.values,
            missing: draft.missing,
            masked: draft.masked,
        }
    }

    fn of_case(&self, draft: &mut Draft) {
        let Self { facts, case, matter, step, .. } = self;
        draft.put(Field::Region, &case.region);
        draft.put(Field::Approval, &format_args!("{}.{}", case.id, step.step));
        draft.put(Field::Matter, &case.matter);
        draft.put(Field::MatterName, &matter.name);
        let name = matter.step(&step.step).map(|one| &one.name);
        draft.should(Field::StepName, name);
        draft.put(Field::Department, &step.department);
        draft.put(Field::StepState, &step.state);
        let client = facts.applicants.get(&case.applicant_id);
        draft.should(Field::Client, client.map(|one| &one.name));
        draft.should(Field::ClientCode, client.and_then(|one| one.uscc.as_ref()));
        let is_valid = case.state != CaseState::Withdrawn;
        draft.put(Field::Valid, if is_valid { "valid" } else { "invalid" });
        if !is_valid {
            draft.put(Field::InvalidReason, "case_withdrawn");
        }
    }

    fn of_service(&self, draft: &mut Draft, order: Option<&Order>) {
        let Self { facts, case, required, step, .. } = self;
        let item = facts.items.get(&(required.item.clone(), required.item_version));
        draft.should(Field::ItemName, item.map(|one| &one.name));
        draft.put(Field::Item, &required.item);
        draft.should(Field::DeliverableKind, item.map(|one| one.deliverable));
        // Nothing here maps local items to standard ones.
        draft.should(Field::StandardItem, None::<String>);
        let purchase = required.purchase_id.or(order.and_then(|one| one.terms.purchase_id));
        let purchase = purchase.and_then(|id| facts.purchases.get(&id));
        // What is hidden of purchases that are not published is hidden here as well.
        let may_know = |one: &&PurchaseRow| {
            PURCHASE.permits(self.actor, Relation::Stranger, &one.state).is_ok()
        };
        let purchase = purchase.filter(may_know);
        draft.should(Field::ProjectCode, purchase.and_then(|one| one.project_code.as_ref()));
        if let Some(purchase) = purchase {
            draft.put(Field::Purchase, &purchase.id);
        }
        if let Some(department) = &required.linked_by {
            draft.put(Field::LinkedBy, department);
        }
        if let Some(reason) = order.and_then(|one| returned(&one.state)).or(step.reason.as_deref())
        {
            draft.put(Field::Opinion, reason);
        }
        let Some(order) = order else {
            draft.put(Field::State, if purchase.is_some() { "purchasing" } else { "unbought" });
            draft.put(Field::HandledAt, &case.updated_at);
            if case.state == CaseState::Open {
                draft.put(Field::Handler, &Party::Applicant(case.applicant_id));
            }
            return;
        };
        draft.put(Field::State, order.state.name());
        draft.put(Field::HandledAt, &order.since);
        if let Some(holder) = order.holder() {
            let parties: Vec<_> = holder.parties.iter().map(Party::to_string).collect();
            draft.put(Field::Handler, &parties.join(" "));
        }
        match order.terms.purchase_id {
            None => draft.put(Field::Mode, "direct"),
            Some(_) => draft.should(Field::Mode, purchase.map(|one| one.mode)),
        }
    }

    fn of_order(&self, draft: &mut Draft, order: &Order) {
        let Self { facts, actor, .. } = self;
        draft.put(Field::Instance, &order.id);
        draft.put(Field::Limit, &order.terms.service_days);
        draft.put(Field::LimitType, "working_days");
        let agency = facts.agencies.get(&order.terms.agency_id);
        draft.should(Field::AgencyCode, agency.map(|one| &one.uscc));
        draft.should(Field::AgencyName, agency.map(|one| &one.name));
        draft.put(Field::PlacedOn, &order.placed_at.day());
        draft.put(Field::Amount, &order.terms.amount);
        let relation = self.relation();
        if let Some(contract) = order.state.contract() {
            draft.should(Field::ContractNumber, Some(&contract.number));
            draft.put(Field::ContractAmount, &contract.amount);
            draft.put(Field::SignedOn, &contract.signed_on);
            draft.put(Field::StartsOn, &contract.starts_on);
            draft.put(Field::EndsOn, &contract.ends_on);
            let paid = facts.paid.get(&order.id).copied().unwrap_or_default();
            let is_shown = LEDGER.shows(*actor, relation, order.state.name());
            draft.shown_if(is_shown, Field::Paid, Some(paid));
        }
        if let Some(number) = order.state.handed_over() {
            let file = facts.files.get(&(order.id, number));
            let is_accepted = accepted(&order.state).is_some();
            let state = if is_accepted { "accepted" } else { "handed_over" };
            let is_shown = FILE.shows(*actor, relation, state);
            draft.shown_if(is_shown, Field::AttachmentName, file.map(|one| &one.name));
            draft.shown_if(is_shown, Field::AttachmentId, file.map(|one| one.id));
            draft.shown_if(is_shown, Field::Sha256, file.map(|one| &one.sha256));
            draft.should(Field::DeliveredOn, file.map(|one| one.uploaded_at.day()));
        }
        if let Some((accepted_on, uses)) = accepted(&order.state) {
            draft.put(Field::AcceptedOn, &accepted_on);
            self.of_use(draft, uses);
        }
        if let Some(points) = facts.points.get(&order.id) {
            draft.put(Field::Points, points);
        }
    }

    /// What the step's department has done with the deliverable. Of one that was linked it is known
    /// that it was used, and not when.
    fn of_use(&self, draft: &mut Draft, uses: &[Use]) {
        let department = &self.step.department;
        let is_linked = self.required.linked_by.is_some();
        let own = uses.iter().find(|one| one.department == *department && !is_linked);
        let is_used = self.required.used_by.contains(department)
            || own.is_some_and(|one| one.state == UseState::Used);
        let state = if is_used { UseState::Used } else { UseState::Pending };
        draft.put(Field::Use, &state);
        if is_used {
            draft.should(Field::UsedOn, own.and_then(|one| one.at).map(Timestamp::day));
        }
    }

    /// How whoever asks stands to the service.
    fn relation(&self) -> Relation {
        match &self.actor.party {
            Party::Department(code) => {
                let is_user = self.matter.consumers(&self.required.item).contains(code);
                Relation::of_department(is_user, self.matter.involves(code))
            }
            _ => Relation::Stranger,
        }
    }
}

/// When a deliverable was accepted, and what has been done with it since.
fn accepted(state: &AnyState) -> Option<(Day, &[Use])> {
    match state {
        AnyState::SignedOff(state) => Some((state.accepted_on, &state.uses)),
        AnyState::Completed(state) => Some((state.accepted_on, &state.uses)),
        _ => None,
    }
}

/// Why a deliverable was returned.
fn returned(state: &AnyState) -> Option<&str> {
    match state {
        AnyState::Reworking(state) => Some(&state.returned.note),
        _ => None,
    }
}

/// Rows as a sheet: a column for each field, under its Chinese name, and what is missing or masked
/// at the end. What a spreadsheet would reckon with is shown as it is.
pub fn csv(rows: &[ServiceRecord]) -> Result<String, Error> {
    let wrong = |_| Error::Inconsistent("record");
    let mut sheet = csv::Writer::from_writer(Vec::new());
    let names = Field::ALL.iter().map(|field| field.zh());
    sheet.write_record(names.chain(["缺失字段", "隐去字段"])).map_err(wrong)?;
    for row in rows {
        let value = |field: &Field| plain_cell(row.values.get(field).map_or("", String::as_str));
        let listed = |fields: &[Field]| {
            let names: Vec<_> = fields.iter().map(|field| field.zh()).collect();
            names.join("|")
        };
        let lists = [listed(&row.missing), listed(&row.masked)];
        sheet.write_record(Field::ALL.iter().map(value).chain(lists)).map_err(wrong)?;
    }
    let bytes = sheet.into_inner().map_err(|_| Error::Inconsistent("record"))?;
    String::from_utf8(bytes).map_err(|_| Error::Inconsistent("record"))
}
