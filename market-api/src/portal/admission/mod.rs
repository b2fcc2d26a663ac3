//! `/agency`: an agency as it sees itself: its admission, its records and its credit. `apply` has
//! the forms of admission, `records` those of certificates and practitioners, `credit` is what its
//! orders say of it.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Day, Market,
    agency::{Agency, AgencyState, Practitioner, Qualification},
    catalog::QualificationType,
    code::QualificationKind,
};

pub(super) use self::{
    apply::{applied, begin, done, step},
    credit::show as credit,
    records::{add, added, choose, hire, hired, remove, removed},
};
use super::{
    Frame, Link, Page,
    doing::{Doing, Doings},
    names::Regions,
    said,
    signed::{Signed, private},
    words,
};
use crate::problem::Problem;

mod apply;
mod credit;
mod records;

/// So many days before a certificate expires, the page says so.
const WARNED: i64 = 60;

#[derive(Debug, Template)]
#[template(path = "admission.html")]
struct AdmissionPage {
    frame: Frame,
    name: String,
    state: &'static str,
    /// What must be known of the state.
    notes: Vec<String>,
    next: Option<Doing>,
    doings: Doings,
    facts: Vec<(&'static str, String)>,
    public: Option<String>,
    qualifications: Vec<Record>,
    practitioners: Vec<Record>,
}

/// A certificate, of the agency or of somebody who works there.
#[derive(Debug)]
struct Record {
    name: String,
    about: String,
    until: String,
    /// That it does not count, or not much longer.
    warning: Option<String>,
    /// Where it is taken off the record, if it may be.
    remove: Option<String>,
}

/// The way to an agency's own page.
fn trail() -> Vec<Link> {
    vec![Link { href: "/agency".to_owned(), name: "本机构".to_owned() }]
}

/// The agency for which somebody acts.
async fn own(market: &Market, signed: &Signed) -> Result<Agency, Problem> {
    let id = signed.agency()?;
    Ok(market.agencies().get(Some(&signed.actor), id).await?)
}

/// Where an agency does something with itself.
fn place(step: &str) -> String {
    match step {
        "add_qualification" => "/agency/qualifications/new".to_owned(),
        "add_practitioner" => "/agency/practitioners/new".to_owned(),
        step => format!("/agency/{step}"),
    }
}

pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let agency = own(&market, &signed).await?;
    let actor = &signed.actor;
    let actions = agency.actions(actor);
    let mut doings = Doings::of(&actions, |name| said::agency_step(name).map(str::to_owned), place);
    let next = doings.take(&place("reapply"));
    let may_remove = actions.iter().any(|one| one.name == "remove_practitioner" && one.allowed);
    let kinds = market.catalog().qualification_types().await?;
    let today = market.env().now().day();
    let certificates = market.agencies().qualifications(Some(actor), agency.id).await?;
    let people = market.agencies().practitioners(Some(actor), agency.id).await?;
    let page = Page::of(&AdmissionPage {
        frame: Frame::signed(&market, "本机构", &signed).await?,
        state: words::standing(agency.state.standing()),
        notes: notes(&agency.state),
        next,
        doings,
        facts: facts(&market, &agency).await?,
        public: agency.is_visible_to(None).then(|| format!("/agencies/{}", agency.id)),
        qualifications: certificates.iter().map(|one| Record::of(one, &kinds, today)).collect(),
        practitioners: people
            .iter()
            .map(|one| Record::of_person(one, &kinds, today, may_remove))
            .collect(),
        name: agency.name,
    })?;
    Ok(private(page.into_response()))
}

/// What an agency must know of its state.
fn notes(state: &AgencyState) -> Vec<String> {
    match state {
        AgencyState::Applying(state) => {
            vec![format!("申请已经收到，运营机构须在{}前核验完。", words::day(state.due))]
        }
        AgencyState::Rejected(state) => state.reasons.clone(),
        AgencyState::Suspended(state) => vec![format!(
            "暂停到{}，期间不能承接新的委托，已经承接的要继续完成。原因：{}",
            words::day(state.until),
            state.reason
        )],
        AgencyState::Exited(state) => vec![format!("已经退出。原因：{}", state.reason)],
        AgencyState::Admitted(_) => Vec::new(),
    }
}

async fn facts(market: &Market, agency: &Agency) -> Result<Vec<(&'static str, String)>, Problem> {
    let profile = &agency.profile;
    Ok(vec![
        ("统一社会信用代码", agency.uscc.to_string()),
        ("机构性质", words::agency_nature(profile.nature).to_owned()),
        ("法定代表人", profile.legal_representative.clone()),
        ("注册地", Regions::new(market).full_name(&agency.region).await?),
        ("地址", profile.address.clone()),
        ("客户电话", profile.phone.clone()),
        ("成立日期", words::day(profile.established_on)),
        ("注册资本", words::yuan(profile.capital)),
        ("经营范围", profile.scope.clone()),
    ])
}

/// What a kind of certificate is called.
fn kind(kinds: &[QualificationType], kind: &QualificationKind) -> String {
    let known = kinds.iter().find(|known| known.kind == *kind);
    known.map_or_else(|| kind.to_string(), |known| known.name.clone())
}

/// That something does not count any more, or not much longer.
fn expiring(until: Day, today: Day) -> Option<String> {
    match until {
        until if until < today => Some("已过期".to_owned()),
        until if until <= today.plus(WARNED) => Some("快到期，请尽快延续".to_owned()),
        _ => None,
    }
}

impl Record {
    fn of(one: &Qualification, kinds: &[QualificationType], today: Day) -> Self {
        let known = kinds.iter().find(|known| known.kind == one.kind);
        let level = known.and_then(|known| known.level(&one.level));
        let level = level.map_or_else(|| one.level.to_string(), |level| level.name.clone());
        let majors = match one.majors.as_slice() {
            [] => String::new(),
            majors => format!("，专业：{}", majors.join("、")),
        };
        let warning = match one {
            Qualification { revoked: true, .. } => Some("已撤销".to_owned()),
            one if one.valid_from > today => Some("尚未生效".to_owned()),
            one => expiring(one.valid_until, today),
        };
        Self {
            name: format!("{}，{level}", kind(kinds, &one.kind)),
            about: format!("证书 {}，{}颁发{majors}", one.number, one.issuer),
            until: words::day(one.valid_until),
            warning,
            remove: None,
        }
    }

    fn of_person(
        one: &Practitioner,
        kinds: &[QualificationType],
        today: Day,
        may_remove: bool,
    ) -> Self {
        Self {
            name: one.name.clone(),
            about: format!("{}，证书 {}", kind(kinds, &one.specialty), one.certificate),
            until: words::day(one.valid_until),
            warning: expiring(one.valid_until, today),
            remove: may_remove.then(|| format!("/agency/practitioners/{}/remove", one.id)),
        }
    }
}
