//! `/purchases/{id}/manage/{step}`: what an owner does with a purchase, a form for each step.

use axum::{extract::State, response::Response};
use market_core::{
    Call, Error, Market, Mode, Paging,
    id::{PurchaseId, QuestionId, RegistrationId},
    purchase::{Choice as Chosen, NewReply, Purchase, PurchaseState, Registration, Submission},
    sealing::OpeningCode,
    selection::Score,
};

use super::{
    super::{
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        said,
        signed::{Answers, Reading, Signed},
        words,
    },
    draft::owns,
    notice,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// The most questions that are looked through.
const QUESTIONS: u32 = 100;

fn told(step: &str) -> &'static str {
    match step {
        "submit" => {
            "提交以后，由运营机构形式审查，或者直接公告。\n开标码是打开报价的唯一钥匙：平台不保存，也找不回来。请现在抄下来或者存好，报名截止以后凭它开标；没有它，采购会流标。"
        }
        "void" => "撤销以后不能恢复；报名截止以后不能撤销。",
        "repurchase" => {
            "另起一份草稿，公告内容照旧，可以修改以后再提交。约定了公共数的，要改为报名截止以后才公布的。"
        }
        "open" => "请输入提交公告时存下的开标码。开标以后，报价才能看到，抽取也随之进行。",
        "beacon" => words::BEACON,
        "choose" => "选定以后公示，理由会一起公布。",
        "reply" => "机构看到您的答复以后可以再报一次价。",
        _ => "",
    }
}

/// The form of a step, as it stands now.
struct Asked {
    form: Form,
    purchase: Purchase,
    /// Who may be chosen or replied to, with what they are called.
    candidates: Vec<(Registration, String)>,
}

async fn asked(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
    step: &str,
) -> Result<Asked, Problem> {
    let purchase = market.purchases().get(Some(&signed.actor), id).await?;
    let label = match step {
        "submit" | "void" | "repurchase" | "open" | "beacon" | "choose" | "reply" => {
            said::purchase_step(step)
        }
        _ => None,
    };
    let label = label.filter(|_| owns(signed, &purchase)).ok_or(Code::NOT_FOUND)?;
    let at = format!("/purchases/{id}/manage");
    let mut form = Form::new(label, format!("{at}/{step}"), label);
    form.trail = super::trail(&purchase.notice.title, &at);
    told(step).clone_into(&mut form.lead);
    form.version = Some(purchase.version);
    form.is_final = !matches!(step, "reply" | "repurchase");
    form.is_secret = matches!(step, "submit" | "open");
    let candidates = match step {
        "choose" | "reply" => candidates(market, signed, &purchase).await?,
        _ => Vec::new(),
    };
    match step {
        "submit" => {
            form.facts = notice::facts(&purchase.notice);
            let code = OpeningCode::new(market.env());
            form.fields = vec![
                Field::line("opening_code", "开标码", 64)
                    .hint("系统刚为您生成，只显示这一次")
                    .filled(code.reveal().as_str()),
                Field::new("kept", "我已经存好开标码", Kind::Tick),
            ];
        }
        "void" => form.fields = vec![Field::lines("reason", "撤销的原因", 500)],
        "open" => form.fields = vec![Field::line("opening_code", "开标码", 64)],
        "beacon" => form.fields.extend(notice::number_field(&purchase.notice)),
        "choose" => {
            form.is_checked = true;
            form.fields = choosing(&purchase, &candidates);
        }
        "reply" => {
            let whom = candidates.iter();
            let whom: Vec<_> =
                whom.map(|(one, name)| Choice::of(&one.id.to_string(), name, None)).collect();
            form.fields = vec![
                Field::new("registration_id", "答复哪家机构", Kind::Radio(whom)),
                Field::lines("text", "答复", 2000),
            ];
        }
        _ => {}
    }
    Ok(Asked { form, purchase, candidates })
}

/// Who may be chosen, or is replied to.
async fn candidates(
    market: &Market,
    signed: &Signed,
    purchase: &Purchase,
) -> Result<Vec<(Registration, String)>, Problem> {
    let all = match market.purchases().registrations(&signed.actor, purchase.id).await {
        Ok(all) => all,
        Err(Error::Refused(_)) => Vec::new(),
        Err(why) => return Err(why.into()),
    };
    let chosen_from = match &purchase.state {
        PurchaseState::Choosing(state) => Some(&state.candidates),
        _ => None,
    };
    let mut named = Vec::new();
    for one in all {
        if chosen_from.is_some_and(|candidates| !candidates.contains(&one.id)) {
            continue;
        }
        let agency = market.agencies().get(None, one.agency_id).await?;
        let quote = one.quotes.iter().rev().find_map(|quote| quote.quote);
        let quote = quote.map(|quote| format!("，报价 {}", words::quote(quote)));
        let plan = one.quotes.iter().rev().find_map(|quote| quote.plan.clone());
        let plan = plan.map(|plan| format!("，方案：{plan}"));
        let rest = quote.unwrap_or_default() + &plan.unwrap_or_default();
        named.push((one, agency.name + &rest));
    }
    Ok(named)
}

/// What an owner says who chooses.
fn choosing(purchase: &Purchase, candidates: &[(Registration, String)]) -> Vec<Field> {
    let mut fields = Vec::new();
    if purchase.notice.mode.is_scored() {
        for (at, (_, name)) in candidates.iter().enumerate() {
            for (n, criterion) in purchase.notice.criteria.iter().enumerate() {
                let of = format!("scores/{at}-{n}");
                let label = format!("{name}：{}（{}%）", criterion.name, criterion.weight);
                fields.push(
                    Field::new(format!("{of}/points"), label, Kind::Number).hint("0 至 100 分"),
                );
                fields.push(Field::line(format!("{of}/reason"), "打这个分的理由", 500));
            }
        }
    } else {
        let choices = candidates.iter();
        let choices: Vec<_> =
            choices.map(|(one, name)| Choice::of(&one.id.to_string(), name, None)).collect();
        fields.push(Field::new("registration_id", "选哪一家", Kind::Radio(choices)));
    }
    fields.push(Field::lines("reason", "选定的理由", 500).hint("会公布"));
    fields
}

pub(in crate::portal) async fn step(
    State(market): State<Market>,
    signed: Signed,
    At((id, step)): At<(PurchaseId, String)>,
) -> Result<Response, Problem> {
    let Asked { form, .. } = asked(&market, &signed, id, &step).await?;
    let actions = market.purchases().actions(&signed.actor, id).await?;
    form.offer(allowed(&actions, &step)?, &market, &signed).await
}

fn choice(
    mut read: Reading<'_>,
    purchase: &Purchase,
    candidates: &[(Registration, String)],
) -> Result<Chosen, Error> {
    let reason = read.line("reason");
    if !purchase.notice.mode.is_scored() {
        let picked: Option<RegistrationId> = read.value("registration_id");
        let chosen = picked.map(|picked| Chosen {
            registration_id: Some(picked),
            scores: Vec::new(),
            reason,
        });
        return read.end(chosen);
    }
    let mut scores = Vec::new();
    for (at, (one, _)) in candidates.iter().enumerate() {
        for (n, criterion) in purchase.notice.criteria.iter().enumerate() {
            let points = read.value(&format!("scores/{at}-{n}/points"));
            let reason = read.text(&format!("scores/{at}-{n}/reason"));
            scores.extend(points.map(|points| Score {
                registration: one.id,
                criterion: criterion.key.clone(),
                points,
                reason,
            }));
        }
    }
    read.end(Some(Chosen { registration_id: None, scores, reason }))
}

fn code(read: &mut Reading<'_>) -> Option<OpeningCode> {
    read.value("opening_code")
}

pub(in crate::portal) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(PurchaseId, String)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let Asked { form, purchase, candidates } = asked(&market, &sent.signed, id, &step).await?;
    let mut read = sent.reading();
    let (market, to) = (&market, format!("/purchases/{id}/manage"));
    macro_rules! take {
        ($new:expr, |$call:ident, $given:ident: $type:ty| $done:expr) => {{
            let act = move |$call: Call, $given: $type| async move { $done.await.map(drop) };
            form.take(market, &sent, $new, act, |()| to).await
        }};
    }
    match step.as_str() {
        "submit" => {
            let code = code(&mut read);
            if !read.ticked("kept") {
                read.fault("kept", "unticked", "must be ticked");
            }
            let new = read.end(code.map(|opening_code| Submission { opening_code }));
            take!(new, |call, new: Submission| market.purchases().submit(&call, id, new))
        }
        "void" => {
            take!(read.reason(), |call, why: String| market.purchases().void(&call, id, &why))
        }
        "repurchase" => {
            let again = |call, ()| async move { market.purchases().repurchase(&call, id).await };
            let to = |made: &Purchase| format!("/purchases/{}/manage", made.id);
            form.take(market, &sent, read.end(Some(())), again, to).await
        }
        "open" => {
            let code = code(&mut read);
            let code = read.end(code);
            take!(code, |call, code: OpeningCode| market.purchases().open(&call, id, &code))
        }
        "beacon" => {
            let value = notice::number(read);
            take!(value, |call, value: String| market.purchases().give_beacon(&call, id, &value))
        }
        "choose" => {
            let choice = choice(read, &purchase, &candidates);
            take!(choice, |call, choice: Chosen| market.purchases().choose(&call, id, choice))
        }
        _ => {
            let (to_whom, text) = (read.value("registration_id"), read.text("text"));
            let new = to_whom.map(|registration_id| NewReply { registration_id, text });
            let new = read.end(new);
            take!(new, |call, new: NewReply| market.purchases().reply(&call, id, new))
        }
    }
}

/// Whether the owner replies in a mode.
pub(super) const fn replies(mode: Mode) -> bool {
    matches!(mode, Mode::Negotiation)
}

/// The form that answers a question.
async fn answering(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
    question: QuestionId,
) -> Result<Form, Problem> {
    let purchase = market.purchases().get(Some(&signed.actor), id).await?;
    if !owns(signed, &purchase) {
        return Err(Code::NOT_FOUND.into());
    }
    let paging = Paging { after: None, limit: QUESTIONS };
    let questions = market.purchases().questions(Some(&signed.actor), id, &paging).await?;
    let found = questions.items.into_iter().find(|one| one.id == question);
    let found = found.ok_or(Code::NOT_FOUND)?;
    let at = format!("/purchases/{id}/manage");
    let mut form =
        Form::new("答复提问", format!("/purchases/{id}/questions/{question}/answer"), "公布答复");
    form.trail = super::trail(&purchase.notice.title, &at);
    form.version = Some(purchase.version);
    "答复对所有人公开，只能答复一次。".clone_into(&mut form.lead);
    form.facts = vec![("提问", found.text)];
    form.fields = vec![Field::lines("text", "答复", 2000)];
    Ok(form)
}

pub(in crate::portal) async fn answer(
    State(market): State<Market>,
    signed: Signed,
    At((id, question)): At<(PurchaseId, QuestionId)>,
) -> Result<Response, Problem> {
    answering(&market, &signed, id, question).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn answered(
    State(market): State<Market>,
    At((id, question)): At<(PurchaseId, QuestionId)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = answering(&market, &sent.signed, id, question).await?;
    let mut read = sent.reading();
    let text = read.text("text");
    let (text, market) = (read.end(Some(text)), &market);
    let answer = |call, text: String| async move {
        market.purchases().answer(&call, id, question, &text).await
    };
    form.take(market, &sent, text, answer, |_| format!("/purchases/{id}/manage#questions")).await
}
