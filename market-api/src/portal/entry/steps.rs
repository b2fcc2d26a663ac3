//! `/purchases/{id}/registration/{step}`: what an agency does in a purchase, a form for each step.

use axum::{extract::State, response::Response};
use market_core::{
    Call, Error, Market,
    agency::Practitioner,
    id::PurchaseId,
    purchase::{NewRegistration, RegistrationState},
};

use super::{
    super::{
        fields::{Field, Kind},
        filling::Form,
        said,
        signed::{Answers, Reading, Signed},
        words,
    },
    at,
    page::{check, own},
    trail,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// The most practitioners that a registration names.
const NAMED: usize = 100;

/// What is said above a step's form, and whether it cannot be taken back.
fn told(step: &str) -> (&'static str, bool) {
    match step {
        "register" => ("报名截止以前可以更改或者取消。谁报了名，开标以前不公开。", false),
        "withdraw" => ("取消以后，报价不会被打开；报名截止以前可以重新报名。", false),
        "ask" => ("提问和答复对所有人公开，不显示是谁问的。", false),
        "confirm" => ("确认以后生成订单，接着与业主签合同。", true),
        "decline" => ("放弃以后由候补机构递补，不能反悔；原因会记录。", true),
        _ => ("", false),
    }
}

/// The form of a step, as it stands now, and who may be named.
async fn asked(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
    step: &str,
) -> Result<(Form, Vec<Practitioner>), Problem> {
    let agency = signed.agency()?;
    let purchase = market.purchases().get(Some(&signed.actor), id).await?;
    let label = said::entry_step(step).filter(|_| step != "quote").ok_or(Code::NOT_FOUND)?;
    let registration = own(market, signed, id).await?;
    let mut form = Form::new(label, format!("{}/{step}", at(id)), label);
    form.trail = trail(&purchase);
    (form.lead, form.is_final) = (told(step).0.to_owned(), told(step).1);
    let award = purchase.state.award();
    form.facts = vec![("选取方式", purchase.notice.mode.zh().to_owned())];
    let mut practitioners = Vec::new();
    match step {
        "register" => {
            form.version = registration.as_ref().map(|one| one.version);
            practitioners = market.agencies().practitioners(Some(&signed.actor), agency).await?;
            practitioners.truncate(NAMED);
            let needed = purchase.notice.practitioners;
            if needed > 0 {
                form.facts.push(("要求执业人员", format!("至少 {needed} 人")));
            }
            form.facts.push(("报名截止", words::instant(purchase.notice.closes_at)));
            let before = registration.filter(|one| one.state == RegistrationState::Registered);
            let before = before.map(|one| one.practitioners).unwrap_or_default();
            let tick = |one: &Practitioner| {
                let until = words::day(one.valid_until);
                let label = format!("{}（证书 {}，有效至{until}）", one.name, one.certificate);
                let is_named = before.contains(&one.id);
                let field = Field::new(format!("practitioners/{}", one.id), label, Kind::Tick);
                field.filled(if is_named { "yes" } else { "" }).optional()
            };
            form.fields = practitioners.iter().map(tick).collect();
            if !practitioners.is_empty() {
                form.lead.push_str("\n请勾选承担这项服务的执业人员。");
            }
        }
        "withdraw" => form.version = registration.map(|one| one.version),
        "ask" => form.fields = vec![Field::lines("text", "想问什么", 1000)],
        _ => {
            form.version = Some(purchase.version);
            form.facts.extend(award.map(|one| ("中选金额", words::capital(one.amount))));
            if step == "decline" {
                let field = Field::lines("reason", "放弃的原因", 500);
                form.fields = vec![field.hint("会随采购的进展公开，请不要写个人信息")];
            }
        }
    }
    Ok((form, practitioners))
}

pub(in crate::portal) async fn step(
    State(market): State<Market>,
    signed: Signed,
    At((id, step)): At<(PurchaseId, String)>,
) -> Result<Response, Problem> {
    let (form, _) = asked(&market, &signed, id, &step).await?;
    let mut may = check(&market, &signed, id, &step).await?;
    if may.is_ok() && step == "register" {
        let fit = market.purchases().eligibility(&signed.actor, id).await?;
        may = if fit.eligible { Ok(()) } else { Err(Error::Ineligible(fit.reasons)) };
    }
    form.offer(may, &market, &signed).await
}

fn named(mut read: Reading<'_>, practitioners: &[Practitioner]) -> Result<NewRegistration, Error> {
    let ticked =
        practitioners.iter().filter(|one| read.ticked(&format!("practitioners/{}", one.id)));
    let practitioners = ticked.map(|one| one.id).collect();
    read.end(Some(NewRegistration { practitioners }))
}

pub(in crate::portal) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(PurchaseId, String)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (mut form, practitioners) = asked(&market, &sent.signed, id, &step).await?;
    // A form by which an agency registers for the first time has no version, also when it is sent
    // twice and there is a registration by then.
    if step == "register" && sent.version().is_none() {
        form.version = None;
    }
    let mut read = sent.reading();
    let (market, to) = (&market, at(id));
    macro_rules! take {
        ($new:expr, |$call:ident, $given:pat_param| $done:expr) => {
            form.take(
                market,
                &sent,
                $new,
                move |$call: Call, $given| async move { $done.await.map(drop) },
                |()| to,
            )
            .await
        };
    }
    let purchases = market.purchases();
    match step.as_str() {
        "register" => {
            take!(named(read, &practitioners), |call, new| purchases.register(&call, id, new))
        }
        "withdraw" => take!(read.end(Some(())), |call, ()| purchases.withdraw(&call, id)),
        "ask" => {
            let text = read.text("text");
            take!(read.end(Some(text)), |call, text| purchases.ask(&call, id, &text))
        }
        "confirm" => take!(read.end(Some(())), |call, ()| purchases.confirm(&call, id)),
        _ => take!(read.reason(), |call, why| purchases.decline(&call, id, &why)),
    }
}
