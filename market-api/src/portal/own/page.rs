//! `/purchases/{id}/manage`: a purchase as its owner sees it.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market, Paging, Refusal,
    complaint::ComplaintFilter,
    id::PurchaseId,
    purchase::{Purchase, PurchaseFilter, PurchaseState, Question},
};

use super::{
    super::{
        Frame, Link, Page,
        doing::{Doing, Doings},
        history::{History, history},
        names::Parties,
        purchase::waits,
        said,
        signed::{Signed, private},
        words,
    },
    draft::owns,
    notice,
    steps::replies,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// The most questions that the page shows.
const QUESTIONS: u32 = 100;

#[derive(Debug, Template)]
#[template(path = "manage.html")]
struct ManagePage {
    frame: Frame,
    trail: Vec<Link>,
    id: PurchaseId,
    title: String,
    state: &'static str,
    waits: Option<String>,
    /// Why the review sent it back.
    returned: Option<String>,
    /// The purchase that this one repeats.
    repeats: Option<Link>,
    /// Those that repeat it, the newest first.
    repeated_by: Vec<Link>,
    is_public: bool,
    next: Option<Doing>,
    doings: Doings,
    facts: Vec<(&'static str, String)>,
    award: Vec<(&'static str, String)>,
    order: Option<String>,
    registrations: Registrations,
    questions: Vec<QuestionView>,
    complaints: Vec<Link>,
    has_proof: bool,
    history: Vec<History>,
}

/// Who registered, as far as an owner may know.
#[derive(Debug)]
enum Registrations {
    /// Not before the opening.
    Unknown,
    Known(Vec<(String, &'static str)>),
}

#[derive(Debug)]
struct QuestionView {
    text: String,
    at: String,
    answer: Option<String>,
    /// Where it is answered, if it may be.
    href: Option<String>,
}

/// What an owner does first, if it may.
const FIRST: [&str; 5] = ["open", "choose", "submit", "revise", "repurchase"];

pub(in crate::portal) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<PurchaseId>,
) -> Result<Response, Problem> {
    let (purchases, actor) = (market.purchases(), &signed.actor);
    let purchase = purchases.get(Some(actor), id).await?;
    if !owns(&signed, &purchase) {
        return Err(Code::NOT_FOUND.into());
    }
    let actions = purchases.actions(actor, id).await?;
    let (mode, has_number) = (purchase.notice.mode, purchase.notice.beacon.is_some());
    let named = |name: &str| {
        let is_form = match name {
            "answer" => false,
            "reply" => replies(mode),
            "beacon" => has_number,
            _ => true,
        };
        said::purchase_step(name).filter(|_| is_form).map(str::to_owned)
    };
    let at = |name: &str| match name {
        "revise" | "correct" => format!("/purchases/{id}/rewrite/{name}"),
        _ => format!("/purchases/{id}/manage/{name}"),
    };
    let mut doings = Doings::of(&actions, named, at);
    let next = FIRST.iter().find_map(|first| doings.take(&at(first)));
    let may_answer = actions.iter().any(|one| one.name == "answer" && one.allowed);
    let paging = Paging { after: None, limit: QUESTIONS };
    let questions = purchases.questions(Some(actor), id, &paging).await?.items;
    let filter = ComplaintFilter { purchase_id: Some(id), ..ComplaintFilter::default() };
    let complaints = market.complaints().list(actor, &filter, &Paging::default()).await?.items;
    let complaint = |one: &market_core::complaint::Complaint| Link {
        href: format!("/complaints/{}", one.id),
        name: format!("{}（{}）", one.number, said::complaint(one.state.name())),
    };
    let registrations = match purchases.registrations(actor, id).await {
        Ok(all) => {
            let mut known = Vec::new();
            for one in all {
                let agency = market.agencies().get(None, one.agency_id).await?.name;
                let quote = one.quotes.iter().rev().find_map(|quote| quote.quote);
                let quote = quote.map(|quote| format!("，报价 {}", words::quote(quote)));
                known.push((agency + &quote.unwrap_or_default(), said::registration(one.state)));
            }
            Registrations::Known(known)
        }
        Err(Error::Refused(Refusal::PurchaseNotOpening)) => Registrations::Unknown,
        Err(why) => return Err(why.into()),
    };
    let award = match purchase.state.award() {
        Some(award) => {
            let agency = market.agencies().get(None, award.agency_id).await?;
            let mut facts =
                vec![("中选机构", agency.name), ("中选金额", words::capital(award.amount))];
            facts.extend(award.reason.clone().map(|reason| ("选定的理由", reason)));
            facts
        }
        None => Vec::new(),
    };
    let item = market.catalog().item(&purchase.item).await?;
    let case = market.cases().get(actor, purchase.case_id).await?;
    let mut facts = vec![("中介服务", item.name), ("为哪件事", case.title.clone())];
    facts.extend(notice::facts(&purchase.notice));
    let related = |one: &Purchase| Link {
        href: format!("/purchases/{}/manage", one.id),
        name: format!("{}（{}）", one.notice.title, words::stage(one.state.name())),
    };
    let repeats = match purchase.predecessor {
        Some(before) => Some(related(&purchases.get(Some(actor), before).await?)),
        None => None,
    };
    let filter = PurchaseFilter { predecessor: Some(id), own: true, ..PurchaseFilter::default() };
    let repeated_by = purchases.list(Some(actor), &filter, &Paging::default()).await?.items;
    let repeated_by = repeated_by.iter().map(related).collect();
    let has_proof = match purchases.proof(id).await {
        Ok(_) => true,
        Err(Error::NotFound(_)) => false,
        Err(why) => return Err(why.into()),
    };
    let timeline = purchases.timeline(Some(actor), id).await?;
    let mut parties = Parties::new(&market, actor);
    let page = Page::of(&ManagePage {
        frame: Frame::signed(&market, purchase.notice.title.as_str(), &signed).await?,
        trail: vec![
            Link { href: "/purchases/mine".to_owned(), name: "我的采购".to_owned() },
            Link { href: format!("/cases/{}", case.id), name: case.title },
        ],
        id,
        title: purchase.notice.title.clone(),
        state: words::stage(purchase.state.name()),
        waits: waits(&purchase.state),
        returned: match &purchase.state {
            PurchaseState::Draft(state) => state.returned.clone(),
            _ => None,
        },
        repeats,
        repeated_by,
        is_public: purchase.state.is_public(),
        next,
        doings,
        facts,
        award,
        order: match &purchase.state {
            PurchaseState::Ordered(state) => Some(format!("/orders/{}", state.order_id)),
            _ => None,
        },
        registrations,
        questions: questions.into_iter().map(|one| QuestionView::of(one, may_answer)).collect(),
        complaints: complaints.iter().map(complaint).collect(),
        has_proof,
        history: history(&timeline, &mut parties).await?,
    })?;
    Ok(private(page.into_response()))
}

impl QuestionView {
    fn of(question: Question, may_answer: bool) -> Self {
        let (id, purchase) = (question.id, question.purchase_id);
        let href = (may_answer && question.answered.is_none())
            .then(|| format!("/purchases/{purchase}/questions/{id}/answer"));
        Self {
            text: question.text,
            at: words::instant(question.asked_at),
            answer: question.answered.map(|answer| answer.text),
            href,
        }
    }
}
