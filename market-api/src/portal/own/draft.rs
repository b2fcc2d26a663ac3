//! Writing the notice of a purchase: choosing how the agency is chosen, then what that asks for.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market, Mode, Party, Timestamp,
    code::ItemCode,
    id::{CaseId, PurchaseId},
    purchase::{Contact, NewPurchase},
};
use serde::Deserialize;

use super::{
    super::{
        Frame, Link, Page,
        filling::Form,
        said,
        signed::{Answers, Signed, private},
        typed,
    },
    notice::{self, Beginning},
};
use crate::{
    parameters::{At, Parameters},
    problem::{Code, Problem},
};

/// For what a purchase is, and how its agency is chosen.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct For {
    case: CaseId,
    item: ItemCode,
    #[serde(default, deserialize_with = "typed")]
    mode: Option<Mode>,
}

#[derive(Debug, Template)]
#[template(path = "modes.html")]
struct ModesPage {
    frame: Frame,
    trail: Vec<Link>,
    name: String,
    modes: Vec<ModeView>,
}

/// A mode that may be used.
#[derive(Debug)]
struct ModeView {
    name: &'static str,
    told: &'static str,
    href: String,
}

/// The form of a new notice.
async fn form(market: &Market, signed: &Signed, of: &For, mode: Mode) -> Result<Form, Problem> {
    let progress = market.progress().of_case(&signed.actor, of.case).await?;
    let need = progress.requirements.iter().find(|one| one.item == of.item);
    let need = need.ok_or(Code::NOT_FOUND)?;
    let policy = market.rules().policy(&progress.region, market.env().now().day()).await?;
    let today = market.env().now().day();
    let calendar = market.rules().calendar().await?;
    // Some days more than the rules ask, since writing takes its time.
    let close = calendar.after(today, policy.selection.registration_days + 2);
    let closes_at: Timestamp =
        format!("{close}T17:00:00+08:00").parse().map_err(|_| Error::Inconsistent("day"))?;
    let contact = match &signed.actor.party {
        Party::Applicant(id) => {
            let own = market.applicants().get(&signed.actor, *id).await?;
            Contact { name: own.name, phone: own.phone }
        }
        _ => Contact { name: String::new(), phone: String::new() },
    };
    let begin = Beginning {
        title: format!("{}：{}", progress.title, need.service.name).chars().take(100).collect(),
        service_days: need.service.days,
        closes_at,
        contact,
    };
    let action = format!("/purchases/new?case={}&item={}&mode={mode}", of.case, of.item);
    let mut form = Form::new(format!("采购公告：{}", mode.zh()), action, "保存草稿");
    form.trail = vec![Link { href: format!("/cases/{}", of.case), name: progress.title }];
    form.lead = format!(
        "{}\n先存成草稿，提交以后才公告。报名时间不少于 {} 个工作日。",
        notice::explained(mode),
        policy.selection.registration_days
    );
    form.is_checked = true;
    form.facts = vec![("中介服务", need.service.name.clone())];
    form.fields = notice::fields(mode, &begin);
    Ok(form)
}

pub(in crate::portal) async fn begin(
    State(market): State<Market>,
    signed: Signed,
    Parameters(of): Parameters<For>,
) -> Result<Response, Problem> {
    if let Some(mode) = of.mode {
        return form(&market, &signed, &of, mode).await?.show(&market, &signed).await;
    }
    let progress = market.progress().of_case(&signed.actor, of.case).await?;
    let need = progress.requirements.iter().find(|one| one.item == of.item);
    let need = need.ok_or(Code::NOT_FOUND)?;
    let policy = market.rules().policy(&progress.region, market.env().now().day()).await?;
    let view = |mode: &Mode| ModeView {
        name: mode.zh(),
        told: notice::explained(*mode),
        href: format!("/purchases/new?case={}&item={}&mode={mode}", of.case, of.item),
    };
    let page = Page::of(&ModesPage {
        frame: Frame::signed(&market, "选取方式", &signed).await?,
        trail: vec![Link { href: format!("/cases/{}", of.case), name: progress.title.clone() }],
        name: need.service.name.clone(),
        modes: policy.selection.modes(progress.fund).iter().map(view).collect(),
    })?;
    Ok(private(page.into_response()))
}

pub(in crate::portal) async fn begun(
    State(market): State<Market>,
    Parameters(of): Parameters<For>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mode = of.mode.ok_or(Code::NOT_FOUND)?;
    let form = form(&market, &sent.signed, &of, mode).await?;
    let For { case: case_id, item, .. } = of;
    let new = notice::notice(sent.reading(), None);
    let new = new.map(|notice| NewPurchase { case_id, item, notice, predecessor: None });
    let market = &market;
    let create = |call, new| async move { market.purchases().create(&call, new).await };
    form.take(market, &sent, new, create, |made| format!("/purchases/{}/manage", made.id)).await
}

/// The form that rewrites a draft, or corrects a notice.
async fn rewriting(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
    step: &str,
) -> Result<(Form, market_core::purchase::Notice), Problem> {
    let label = match step {
        "revise" | "correct" => said::purchase_step(step).ok_or(Code::NOT_FOUND)?,
        _ => return Err(Code::NOT_FOUND.into()),
    };
    // Whose it is not, finds nothing to rewrite.
    let actions = market.purchases().actions(&signed.actor, id).await?;
    let purchase = market.purchases().get(Some(&signed.actor), id).await?;
    if !actions.iter().any(|one| one.name == step) || !owns(signed, &purchase) {
        return Err(Code::NOT_FOUND.into());
    }
    let mut form = Form::new(label, format!("/purchases/{id}/rewrite/{step}"), label);
    let at = format!("/purchases/{id}/manage");
    form.trail = super::trail(&purchase.notice.title, &at);
    form.version = Some(purchase.version);
    form.is_checked = true;
    form.lead = if step == "correct" {
        "公告以后，选取方式、价格、评分标准等不能更正；要改这些，请撤销后重新采购。".to_owned()
    } else {
        "选取方式不同，要填的也不同；想换选取方式，请另写一份。".to_owned()
    };
    form.fields = notice::filled(&purchase.notice);
    Ok((form, purchase.notice))
}

/// Whether a purchase is the actor's own; what it may do, the market decides.
pub(in crate::portal) fn owns(signed: &Signed, purchase: &market_core::purchase::Purchase) -> bool {
    signed.actor.party == Party::Applicant(purchase.applicant_id)
}

pub(in crate::portal) async fn revise(
    State(market): State<Market>,
    signed: Signed,
    At((id, step)): At<(PurchaseId, String)>,
) -> Result<Response, Problem> {
    let (form, _) = rewriting(&market, &signed, id, &step).await?;
    form.show(&market, &signed).await
}

pub(in crate::portal) async fn revised(
    State(market): State<Market>,
    At((id, step)): At<(PurchaseId, String)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, before) = rewriting(&market, &sent.signed, id, &step).await?;
    let (new, market) = (notice::notice(sent.reading(), Some(&before)), &market);
    let is_draft = step == "revise";
    let rewrite = |call, new| async move {
        if is_draft {
            market.purchases().revise(&call, id, new).await
        } else {
            market.purchases().correct(&call, id, new).await
        }
    };
    form.take(market, &sent, new, rewrite, |_| format!("/purchases/{id}/manage")).await
}
