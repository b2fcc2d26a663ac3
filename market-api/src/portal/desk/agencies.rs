//! `/desk/agencies`: admitting agencies, and suspending them.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use market_core::{
    Error, Market,
    agency::{Agency, AgencyFilter, AgencyState, Rejection, Standing, Suspension},
    id::AgencyId,
};
use serde::Deserialize;

use super::{
    super::{
        Link, Pager,
        doing::{Doings, allowed},
        fields::{Field, Kind},
        form::{Choice, Select},
        names::Regions,
        paging,
        rows::Row,
        signed::{Reading, Signed},
        typed, words,
    },
    AtDesk, DeskAnswers, Offered, called, form_of,
    shown::{List, Part, Thing},
    trail,
};
use crate::{
    parameters::{At, Parameters},
    problem::{Code, Problem},
};

/// The list of agencies.
const LIST: (&str, &str) = ("/desk/agencies", "中介机构");

/// Which page of which agencies.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default, deserialize_with = "typed")]
    state: Option<Standing>,
    after: Option<String>,
}

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let filter = AgencyFilter { state: asked.state };
    let page = market.agencies().list(Some(&signed.actor), &filter, &paging).await?;
    let mut regions = Regions::new(&market);
    let mut rows = Vec::new();
    for agency in page.items {
        let region = regions.name(&agency.region).await?;
        let mut lines = vec![format!(
            "{region}，{}，统一社会信用代码 {}",
            words::agency_nature(agency.profile.nature),
            agency.uscc
        )];
        lines.extend(said(&agency.state));
        rows.push(Row {
            href: Some(format!("/desk/agencies/{}", agency.id)),
            title: agency.name,
            lines,
            tag: words::standing(agency.state.standing()).to_owned(),
            tone: tone(&agency.state),
        });
    }
    let chosen = asked.state.map(Standing::as_str);
    let option = |one: &Standing| Choice::of(one.as_str(), words::standing(*one), chosen);
    let options = Standing::ALL.iter().map(option).collect();
    List {
        title: LIST.1,
        lead: "入驻申请的形式核验，暂停和恢复。",
        selects: vec![Select { name: "state", label: "状态", options }],
        rows,
        none: "没有这样的机构。",
        pager: Pager::of_list(LIST.0, address, &paging, page.next.as_ref()),
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

const fn tone(state: &AgencyState) -> &'static str {
    match state {
        AgencyState::Applying(_) => "warn",
        AgencyState::Admitted(_) => "good",
        AgencyState::Rejected(_) | AgencyState::Suspended(_) => "bad",
        AgencyState::Exited(_) => "",
    }
}

/// What there is to say of an agency's state.
fn said(state: &AgencyState) -> Option<String> {
    match state {
        AgencyState::Applying(state) => Some(format!("{}前核验", words::day(state.due))),
        AgencyState::Rejected(state) => Some(format!("退回原因：{}", state.reasons.join("；"))),
        AgencyState::Suspended(state) => {
            Some(format!("暂停至{}，原因：{}", words::day(state.until), state.reason))
        }
        AgencyState::Exited(state) => Some(format!("退出原因：{}", state.reason)),
        AgencyState::Admitted(_) => None,
    }
}

/// What an agency says of itself.
async fn facts(market: &Market, agency: &Agency) -> Result<Vec<(&'static str, String)>, Problem> {
    let profile = &agency.profile;
    Ok(vec![
        ("机构", agency.name.clone()),
        ("统一社会信用代码", agency.uscc.to_string()),
        ("机构性质", words::agency_nature(profile.nature).to_owned()),
        ("法定代表人", profile.legal_representative.clone()),
        ("成立日期", words::day(profile.established_on)),
        ("注册资本", words::yuan(profile.capital)),
        ("登记地区", Regions::new(market).full_name(&agency.region).await?),
        ("地址", profile.address.clone()),
        ("电话", profile.phone.clone()),
        ("经营范围", profile.scope.clone()),
    ])
}

/// What an agency has recorded of its certificates and people.
async fn records(market: &Market, signed: &Signed, id: AgencyId) -> Result<Vec<Part>, Problem> {
    let (actor, today) = (Some(&signed.actor), market.env().now().day());
    let kinds = market.catalog().qualification_types().await?;
    let name = |kind: &market_core::code::QualificationKind| {
        let known = kinds.iter().find(|known| known.kind == *kind);
        known.map_or_else(|| kind.to_string(), |known| known.name.clone())
    };
    let certificates = market.agencies().qualifications(actor, id).await?;
    let certificates = certificates.into_iter().map(|one| {
        let is_valid = one.is_valid_on(today);
        Row {
            title: format!("{}（{}）", name(&one.kind), one.level),
            lines: vec![
                format!("证书编号 {}，{}发证", one.number, one.issuer),
                format!("有效期 {}至{}", words::day(one.valid_from), words::day(one.valid_until)),
            ],
            tag: if is_valid { "有效" } else { "现在无效" }.to_owned(),
            tone: if is_valid { "good" } else { "bad" },
            ..Row::default()
        }
    });
    let people = market.agencies().practitioners(actor, id).await?;
    let people = people.into_iter().map(|one| {
        let is_over = one.valid_until < today;
        Row {
            title: one.name.clone(),
            lines: vec![format!(
                "{}，证书有效至{}",
                name(&one.specialty),
                words::day(one.valid_until)
            )],
            tag: if is_over { "已过期" } else { "" }.to_owned(),
            tone: if is_over { "bad" } else { "" },
            ..Row::default()
        }
    });
    let none = "没有登记。";
    Ok(vec![
        Part {
            id: "qualifications",
            name: "资质证书",
            rows: certificates.collect(),
            none,
            ..Part::default()
        },
        Part {
            id: "practitioners",
            name: "执业人员",
            rows: people.collect(),
            none,
            ..Part::default()
        },
    ])
}

pub(super) async fn show(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At(id): At<AgencyId>,
) -> Result<Response, Problem> {
    let agency = market.agencies().get(Some(&signed.actor), id).await?;
    let actions = agency.actions(&signed.actor);
    let at = |name: &str| format!("/desk/agencies/{id}/{name}");
    let doings = Doings::of(&actions, |name| called::agency_step(name).map(str::to_owned), at);
    let mut links = Vec::new();
    if agency.state.standing().is_public() {
        links.push(Link { href: format!("/agencies/{id}"), name: "公开的机构页".to_owned() });
    }
    Thing {
        trail: trail(&[LIST]),
        state: words::standing(agency.state.standing()).to_owned(),
        tone: tone(&agency.state),
        said: said(&agency.state),
        doings,
        facts: facts(&market, &agency).await?,
        parts: records(&market, &signed, id).await?,
        links,
        title: agency.name,
        ..Thing::default()
    }
    .first(&["admit", "reinstate"], at)
    .show(&market, &signed)
    .await
}

async fn asked(
    market: &Market,
    signed: &Signed,
    id: AgencyId,
    step: &str,
) -> Result<Offered, Problem> {
    let label = called::agency_step(step).ok_or(Code::NOT_FOUND)?;
    let agency = market.agencies().get(Some(&signed.actor), id).await?;
    let at = format!("/desk/agencies/{id}");
    let mut form = form_of(LIST, (&at, &agency.name), step, label, agency.version);
    form.is_checked = true;
    form.is_final = step != "reinstate";
    form.facts = facts(market, &agency).await?;
    for part in records(market, signed, id).await? {
        let tell = |row: &Row| format!("{} {}", row.title, row.tag);
        let rows: Vec<_> = part.rows.iter().map(tell).collect();
        let told = if rows.is_empty() { part.none.to_owned() } else { rows.join("\n") };
        form.facts.push((part.name, told));
    }
    let (lead, fields) = match step {
        "admit" => ("核验证照信息以后入驻，机构就可以上架服务、报名采购。", Vec::new()),
        "reject" => (
            "退回以后，机构按您写的原因改好，可以重新申请。",
            vec![Field::lines("reasons", "退回的原因", 4000).hint("一行一条")],
        ),
        "suspend" => {
            let today = market.env().now().day();
            let months = market.rules().policy(&agency.region, today).await?.suspension_months;
            let month = |one: &u32| Choice::of(&one.to_string(), &format!("{one} 个月"), None);
            let months = Kind::Radio(months.iter().map(month).collect());
            (
                "暂停期间不能承接新的委托，在办的订单照常办理；期满自动恢复。",
                vec![
                    Field::new("months", "暂停多久", months),
                    Field::lines("reason", "暂停的原因", 500).hint("会公布"),
                ],
            )
        }
        _ => ("恢复以后，机构可以承接新的委托。", Vec::new()),
    };
    lead.clone_into(&mut form.lead);
    form.fields = fields;
    let may = allowed(&agency.actions(&signed.actor), step)?;
    Ok((form, may))
}

pub(super) async fn step(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((id, step)): At<(AgencyId, String)>,
) -> Result<Response, Problem> {
    let (form, may) = asked(&market, &signed, id, &step).await?;
    form.offer(may, &market, &signed).await
}

fn rejection(mut read: Reading<'_>) -> Result<Rejection, Error> {
    let text = read.text("reasons");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let reasons = lines.map(str::to_owned).collect();
    read.end(Some(Rejection { reasons }))
}

fn suspension(mut read: Reading<'_>) -> Result<Suspension, Error> {
    let (months, reason) = (read.value("months"), read.line("reason"));
    read.end(months.map(|months| Suspension { months, reason }))
}

pub(super) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(AgencyId, String)>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let (form, _) = asked(&market, &sent.signed, id, &step).await?;
    let (to, market, read) = (format!("/desk/agencies/{id}"), &market, sent.reading());
    let all = market.agencies();
    match step.as_str() {
        "admit" => {
            let read = read.end(Some(()));
            take!(form, market, sent, to, read, |call, ()| all.admit(&call, id))
        }
        "reject" => {
            take!(form, market, sent, to, rejection(read), |call, why| all.reject(&call, id, why))
        }
        "suspend" => {
            take!(form, market, sent, to, suspension(read), |call, why| all.suspend(&call, id, why))
        }
        _ => {
            let read = read.end(Some(()));
            take!(form, market, sent, to, read, |call, ()| all.reinstate(&call, id))
        }
    }
}
