//! `/purchases/{id}`: a purchase as everybody may know it, and `/purchases/{id}/award`: its award, to
//! be printed.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market, Paging, Party,
    document::{DocumentBody, DocumentFacts},
    id::PurchaseId,
    purchase::{GivenNumber, Notice, Purchase, PurchaseState, Question},
    selection::Criterion,
};

use super::{Frame, Link, Page, purchases::NoticeView, signed::private, visitor::Visitor, words};
use crate::{parameters::At, problem::Problem};

/// The most questions that the page shows; the API has all.
const QUESTIONS: u32 = 100;

#[derive(Debug, Template)]
#[template(path = "purchase.html")]
struct PurchasePage {
    frame: Frame,
    notice: Notice,
    facts: Vec<(&'static str, String)>,
    stage: &'static str,
    waits: Option<String>,
    notices: Vec<NoticeView>,
    questions: Vec<QuestionView>,
    /// Where the award is, to be printed, once there is one.
    award: Option<String>,
    /// Where the proof of the selection is, once there is one.
    proof: Option<String>,
    /// Where whoever looks goes on.
    ways: Vec<Link>,
    id: PurchaseId,
}

#[derive(Debug)]
struct QuestionView {
    text: String,
    asked_at: String,
    /// The answer, and when it was given.
    answer: Option<(String, String)>,
}

#[derive(Debug, Template)]
#[template(path = "award.html")]
struct AwardPage {
    frame: Frame,
    issuer: String,
    title: String,
    agency: String,
    mode: &'static str,
    code: PurchaseId,
    stage: &'static str,
    facts: Vec<(&'static str, String)>,
    href: String,
}

pub(super) async fn show(
    State(market): State<Market>,
    visitor: Visitor,
    At(id): At<PurchaseId>,
) -> Result<Response, Problem> {
    let purchases = market.purchases();
    let purchase = purchases.get(None, id).await?;
    let told = market.publicity().notices_of(id).await?;
    let paging = Paging { after: None, limit: QUESTIONS };
    let questions = purchases.questions(None, id, &paging).await?;
    let proof = match purchases.proof(id).await {
        Ok(_) => Some(format!("/api/v1/draws/{id}/proof")),
        Err(Error::NotFound(_)) => None,
        Err(why) => return Err(why.into()),
    };
    let first = told.first().ok_or(Error::NotFound("purchase"))?;
    let may_complain = match &visitor.actor {
        Some(actor) => market.complaints().may_file(actor, id).await.is_ok(),
        None => true,
    };
    let party = visitor.actor.map(|actor| actor.party);
    let mut ways = ways(party.as_ref(), &purchase);
    if may_complain {
        let href = format!("/purchases/{id}/complain");
        ways.push(Link { href, name: "投诉".to_owned() });
    }
    let notice = purchase.notice;
    let mut facts = vec![
        ("项目业主", first.owner.name.clone()),
        ("中介服务事项", first.item_name.clone()),
        ("项目所在地", first.region_name.clone()),
        ("资金来源", words::fund(purchase.fund).to_owned()),
        ("选取方式", notice.mode.zh().to_owned()),
        ("价格", words::purchase_price(&notice.price)),
        ("服务时限", format!("{} 个工作日", notice.service_days)),
        ("报名截止", words::instant(notice.closes_at)),
        ("咨询", format!("{} {}", notice.contact.name, notice.contact.phone)),
        ("投诉电话", notice.complaint_phone.clone()),
    ];
    let practitioners = Some(notice.practitioners).filter(|count| *count > 0);
    let more = [
        ("项目代码", Some(notice.project_code.clone())),
        ("规模", Some(notice.scale.clone())),
        ("执业人员", practitioners.map(|count| format!("至少 {count} 人"))),
        ("报价轮次", notice.rounds.map(|rounds| format!("{rounds} 轮"))),
        ("评分标准", Some(criteria(&notice.criteria))),
        ("公共数", notice.beacon.as_ref().map(words::beacon)),
    ];
    let given = |(name, text): (_, Option<String>)| {
        text.filter(|text| !text.is_empty()).map(|text| (name, text))
    };
    facts.extend(more.into_iter().filter_map(given));
    let page = Page::of(&PurchasePage {
        frame: Frame::new(&market, notice.title.as_str()).await?,
        facts,
        stage: words::stage(purchase.state.name()),
        waits: waits(&purchase.state),
        notices: told.iter().rev().map(NoticeView::of).collect(),
        questions: questions.items.into_iter().map(QuestionView::of).collect(),
        award: purchase.state.award().map(|_| format!("/purchases/{id}/award")),
        proof,
        ways,
        id,
        notice,
    })?;
    let response = page.into_response();
    Ok(if party.is_some() { private(response) } else { response })
}

/// Where a party goes on from a purchase; whoever is not signed in chooses as what they come.
fn ways(party: Option<&Party>, purchase: &Purchase) -> Vec<Link> {
    let at = format!("/purchases/{}", purchase.id);
    let way = |to: &str, name: &str| Link { href: format!("{at}/{to}"), name: name.to_owned() };
    let manage = way("manage", "我是项目业主");
    let register = way("registration", "我是中介机构：报名和报价");
    match party {
        None => vec![manage, register],
        Some(Party::Applicant(id)) if *id == purchase.applicant_id => vec![manage],
        Some(Party::Applicant(_)) => Vec::new(),
        Some(Party::Agency(_)) => vec![register],
        Some(Party::Department(_) | Party::Operator) => {
            vec![Link { href: format!("/desk{at}"), name: "在工作台查看".to_owned() }]
        }
    }
}

fn criteria(criteria: &[Criterion]) -> String {
    let one = |criterion: &Criterion| format!("{} {}%", criterion.name, criterion.weight);
    criteria.iter().map(one).collect::<Vec<_>>().join("，")
}

/// What a purchase waits for, and until when.
pub(super) fn waits(state: &PurchaseState) -> Option<String> {
    let text = match state {
        PurchaseState::Open(state) => format!("{}前报名", words::instant(state.closes_at)),
        PurchaseState::Opening(state) => {
            let text = format!("报名已截止，业主须在{}前交出开标码", words::instant(state.until));
            match given(&state.numbers) {
                Some(given) => format!("{text}；公共数须两方登记一致，已登记：{given}"),
                None => text,
            }
        }
        PurchaseState::Rounds(state) => format!(
            "共 {} 轮，第 {} 轮在{}结束",
            state.of,
            state.round,
            words::instant(state.until)
        ),
        PurchaseState::Choosing(state) => {
            format!("业主须在{}前从候选机构中选定", words::day(state.until))
        }
        PurchaseState::Publicity(state) => {
            format!("公示至{}，有异议的请在此前投诉", words::day(state.until))
        }
        PurchaseState::Suspended(_) => "投诉正在调查处理，公示暂停".to_owned(),
        PurchaseState::Awarded(state) => {
            format!("中选机构须在{}前确认", words::instant(state.until))
        }
        PurchaseState::Failed(state) => format!("原因：{}", state.failure.zh()),
        PurchaseState::Voided(state) => format!("原因：{}", state.reason),
        PurchaseState::Draft(_) | PurchaseState::InReview(_) | PurchaseState::Ordered(_) => {
            return None;
        }
    };
    Some(text)
}

/// A party that gives the public number, in words.
fn who(by: &str) -> &str {
    match by {
        "owner" => "项目业主",
        "platform" => "平台",
        _ => "审批部门",
    }
}

/// What parties say that the public number is.
fn given(numbers: &[GivenNumber]) -> Option<String> {
    let one = |one: &GivenNumber| format!("{} {}", who(&one.by), one.value);
    let all = numbers.iter().map(one).collect::<Vec<_>>();
    (!all.is_empty()).then(|| all.join("，"))
}

impl QuestionView {
    fn of(question: Question) -> Self {
        Self {
            text: question.text,
            asked_at: words::instant(question.asked_at),
            answer: question.answered.map(|answer| (answer.text, words::instant(answer.at))),
        }
    }
}

pub(super) async fn award(
    State(market): State<Market>,
    At(id): At<PurchaseId>,
) -> Result<Page, Problem> {
    let purchase = market.purchases().get(None, id).await?;
    let facts = market.documents().award(id).await?;
    let DocumentBody::AwardLetter { title, mode, .. } = facts.body.clone() else {
        return Err(Error::Inconsistent("award").into());
    };
    Page::of(&AwardPage {
        frame: Frame::new(&market, format!("中选结果 {title}")).await?,
        issuer: market.publisher().name.clone(),
        agency: facts.agency.name.clone(),
        mode: mode.zh(),
        code: id,
        stage: words::stage(purchase.state.name()),
        facts: rows(&facts),
        href: format!("/purchases/{id}"),
        title,
    })
}

/// What a document states, row by row, in the order and words of the paper.
pub(super) fn rows(facts: &DocumentFacts) -> Vec<(&'static str, String)> {
    let agency = &facts.agency;
    match &facts.body {
        DocumentBody::AwardLetter {
            purchase_id,
            title,
            owner,
            mode,
            amount,
            discount,
            awarded_on,
            publicity_from,
            publicity_to,
        } => {
            let mut rows = vec![
                ("采购项目名称", title.clone()),
                ("采购项目编号", purchase_id.to_string()),
                ("项目业主", owner.name.clone()),
                ("中选机构", agency.name.clone()),
                ("统一社会信用代码", agency.uscc.to_string()),
                ("中介服务事项", facts.item.clone()),
                ("选取方式", mode.zh().to_owned()),
                ("项目所在地", facts.region.clone()),
            ];
            rows.extend(discount.map(|rate| ("中选下浮率", format!("{rate}%"))));
            rows.extend([
                ("中选金额", words::capital(*amount)),
                ("中选日期", words::day(*awarded_on)),
                (
                    "中选公示期",
                    format!("{}至{}", words::day(*publicity_from), words::day(*publicity_to)),
                ),
            ]);
            rows
        }
        DocumentBody::ContractSummary { revision, contract } => {
            let mut rows = vec![("备案版本", format!("第{revision}版"))];
            if let Some(contract) = contract {
                rows.extend([
                    ("合同编号", contract.number.clone()),
                    ("采购项目名称", contract.title.clone()),
                    ("采购项目编号", contract.purchase_id.to_string()),
                    ("甲方（项目业主）", contract.owner.name.clone()),
                ]);
            }
            rows.extend([
                ("乙方（中介机构）", agency.name.clone()),
                ("统一社会信用代码", agency.uscc.to_string()),
                ("中介服务事项", facts.item.clone()),
                ("项目所在地", facts.region.clone()),
            ]);
            if let Some(contract) = contract {
                rows.extend([
                    ("合同金额", words::capital(contract.amount)),
                    ("签订日期", words::day(contract.signed_on)),
                    (
                        "服务期限",
                        format!(
                            "{}至{}",
                            words::day(contract.starts_on),
                            words::day(contract.ends_on)
                        ),
                    ),
                ]);
            }
            rows
        }
    }
}
