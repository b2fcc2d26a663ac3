//! `/matters/{code}`: what it takes to get one thing done.

use askama::Template;
use axum::extract::State;
use market_core::{
    Error, Market,
    code::{MatterCode, StepKey},
    matter::{Matter, Need, Source, Step},
};

use super::{Frame, Page, names::Departments, words};
use crate::{parameters::At, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "matter.html")]
struct MatterPage {
    frame: Frame,
    matter: Matter,
    lead: String,
    stages: Vec<Vec<StepView>>,
    materials: Vec<MaterialView>,
    needs: Vec<NeedView>,
}

/// A step, with what must be done before.
#[derive(Debug, PartialEq, Eq)]
struct StepView {
    name: String,
    department: String,
    statutory_days: u32,
    promised_days: u32,
    after: Vec<String>,
    note: String,
}

#[derive(Debug)]
struct MaterialView {
    name: String,
    source: &'static str,
    from_market: bool,
    steps: Vec<String>,
    note: String,
}

#[derive(Debug)]
struct NeedView {
    name: String,
    href: String,
    why: String,
    nature: &'static str,
    days: u32,
    pricing: String,
    /// The departments that use the deliverable, each with its step.
    uses: Vec<(String, String)>,
}

pub(super) async fn show(
    State(market): State<Market>,
    At(code): At<MatterCode>,
) -> Result<Page, Problem> {
    let matter = market.matters().get(&code).await?;
    let departments = Departments::read(&market).await?;
    let mut needs = Vec::new();
    for need in &matter.needs {
        needs.push(NeedView::read(&market, &matter, need, &departments).await?);
    }
    Page::of(&MatterPage {
        frame: Frame::new(&market, matter.name.as_str()).await?,
        lead: departments.name(&matter.lead),
        stages: stages(&matter, &departments),
        materials: materials(&matter),
        needs,
        matter,
    })
}

/// The steps in the order of doing: what stands together in a stage can be done at once.
fn stages(matter: &Matter, departments: &Departments) -> Vec<Vec<StepView>> {
    let mut stages = Vec::new();
    let mut done: Vec<&StepKey> = Vec::new();
    let mut left: Vec<&Step> = matter.steps.iter().collect();
    while !left.is_empty() {
        let (mut ready, mut later): (Vec<&Step>, Vec<&Step>) =
            left.iter().partition(|step| step.after.iter().all(|key| done.contains(&key)));
        if ready.is_empty() {
            // Steps that wait for each other: show them rather than nothing.
            ready = std::mem::take(&mut later);
        }
        done.extend(ready.iter().map(|step| &step.key));
        stages.push(ready.iter().map(|step| StepView::of(step, matter, departments)).collect());
        left = later;
    }
    stages
}

impl StepView {
    fn of(step: &Step, matter: &Matter, departments: &Departments) -> Self {
        Self {
            name: step.name.clone(),
            department: departments.name(&step.department),
            statutory_days: step.statutory_days,
            promised_days: step.promised_days,
            after: step_names(matter, &step.after),
            note: step.note.clone(),
        }
    }
}

fn materials(matter: &Matter) -> Vec<MaterialView> {
    let view = |material: &market_core::matter::Material| MaterialView {
        name: material.name.clone(),
        source: words::source(material.source),
        from_market: material.source == Source::Market,
        steps: if material.steps.len() == matter.steps.len() {
            vec!["全部环节".to_owned()]
        } else {
            step_names(matter, &material.steps)
        },
        note: material.note.clone(),
    };
    matter.materials.iter().map(view).collect()
}

impl NeedView {
    async fn read(
        market: &Market,
        matter: &Matter,
        need: &Need,
        departments: &Departments,
    ) -> Result<Self, Error> {
        let item = market.catalog().item(&need.item).await?;
        let uses = need.steps.iter().filter_map(|key| matter.step(key));
        Ok(Self {
            href: format!("/items/{}", item.code),
            why: need.why.clone(),
            nature: words::nature(item.nature),
            days: item.days,
            pricing: words::pricing(&item),
            uses: uses
                .map(|step| (departments.name(&step.department), step.name.clone()))
                .collect(),
            name: item.name,
        })
    }
}

fn step_names(matter: &Matter, keys: &[StepKey]) -> Vec<String> {
    keys.iter().filter_map(|key| matter.step(key)).map(|step| step.name.clone()).collect()
}
