//! `/my`, `/inbox` and `/deadlines`: what waits for somebody, and what they are told.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Day, Error, Kind, Market, Paging, Party,
    agency::Listing,
    case::CaseFilter,
    deadline::{Deadline, DeadlineFilter, Window},
    id::{AgencyId, CaseId, ListingId, NoticeId, OrderId, PurchaseId},
    notice::{Notice, NoticeFilter},
};

use serde::Deserialize;

use super::{
    Frame, Link, Page, Pager, Place, desk,
    filling::Form,
    known,
    names::Parties,
    own::owns,
    paging, said,
    signed::{Answers, Signed, go, private},
    typed, words,
};
use crate::{
    parameters::{At, Parameters},
    problem::Problem,
};

/// So many of each are shown first.
const FIRST: u32 = 5;

#[derive(Debug, Template)]
#[template(path = "my.html")]
struct MyPage {
    frame: Frame,
    deadlines: Vec<DeadlineView>,
    cases: Vec<(Link, &'static str)>,
    unread: i64,
    /// Whether somebody acts for an agency.
    sells: bool,
}

#[derive(Debug, Template)]
#[template(path = "deadlines.html")]
struct DeadlinesPage {
    frame: Frame,
    deadlines: Vec<DeadlineView>,
    pager: Pager,
}

#[derive(Debug, Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    frame: Frame,
    notices: Vec<NoticeView>,
    pager: Pager,
    proof: String,
    /// The latest that is not read, on the first page.
    latest: Option<NoticeId>,
}

/// Something that must be done by a time.
#[derive(Debug)]
pub(super) struct DeadlineView {
    pub(super) title: String,
    pub(super) href: Option<String>,
    pub(super) kind: &'static str,
    pub(super) until: String,
    pub(super) held: String,
    pub(super) is_own: bool,
    pub(super) overdue: bool,
    pub(super) then: Option<&'static str>,
}

impl DeadlineView {
    /// A deadline in words, without the way to what has it.
    pub(super) async fn of(
        deadline: &Deadline,
        party: &Party,
        parties: &mut Parties<'_>,
    ) -> Result<Self, Error> {
        Ok(Self {
            href: None,
            kind: said::deadline(deadline.kind),
            until: words::until(deadline.until),
            held: parties.names(&deadline.holders).await?,
            is_own: deadline.holders.contains(party),
            overdue: deadline.overdue,
            then: deadline.then.map(said::consequence),
            title: deadline.title.clone(),
        })
    }

    /// For whom it waits.
    pub(super) fn holder(&self) -> String {
        match (self.is_own, self.held.as_str()) {
            (true, _) => "等您办理".to_owned(),
            (false, "") => "等时间到".to_owned(),
            (false, held) => format!("等{held}办理"),
        }
    }
}

/// Something that one is told.
#[derive(Debug)]
struct NoticeView {
    id: NoticeId,
    what: String,
    why: String,
    href: Option<String>,
    at: String,
    version: i64,
    is_read: bool,
}

pub(super) async fn view(
    market: &Market,
    signed: &Signed,
    deadline: &Deadline,
    parties: &mut Parties<'_>,
) -> Result<DeadlineView, Problem> {
    let party = &signed.actor.party;
    let href = if desk::has_desk(party) {
        Some(desk::place(market, signed, deadline).await?.0)
    } else {
        said::deadline_at(deadline, party)
    };
    Ok(DeadlineView { href, ..DeadlineView::of(deadline, party, parties).await? })
}

pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let actor = &signed.actor;
    // What waits for a department or the operator is at their desk.
    if desk::has_desk(&actor.party) {
        return Ok(go("/desk"));
    }
    let paging = Paging { after: None, limit: FIRST };
    let found = market.deadlines().list(actor, &DeadlineFilter::default(), &paging).await?;
    let mut parties = Parties::new(&market, actor);
    let mut deadlines = Vec::new();
    for deadline in found.items {
        deadlines.push(view(&market, &signed, &deadline, &mut parties).await?);
    }
    deadlines.sort_by_key(|one| !one.is_own);
    let cases = market.cases().list(actor, &CaseFilter::default(), &paging).await?.items;
    let case = |case: market_core::case::Case| {
        let state = said::case_state(case.state);
        (Link { href: format!("/cases/{}", case.id), name: case.title }, state)
    };
    let unread = market.notices().unread(actor).await?.unread;
    let page = Page::of(&MyPage {
        frame: Frame::signed(&market, "我的", &signed).await?,
        deadlines,
        cases: cases.into_iter().map(case).collect(),
        unread,
        sells: matches!(actor.party, Party::Agency(_)),
    })?;
    Ok(private(page.into_response()))
}

/// The query of the list of deadlines.
#[derive(Debug, Deserialize)]
pub(super) struct DaysAsked {
    after: Option<String>,
    /// Only those that pass on this day or later, and on this one or earlier.
    #[serde(default, deserialize_with = "typed")]
    from: Option<Day>,
    #[serde(default, deserialize_with = "typed")]
    to: Option<Day>,
}

pub(super) async fn deadlines(
    State(market): State<Market>,
    signed: Signed,
    RawQuery(address): RawQuery,
    Parameters(asked): Parameters<DaysAsked>,
) -> Result<Response, Problem> {
    let paging = paging(asked.after.as_deref());
    let window = Window::Days(asked.from, asked.to);
    let filter = DeadlineFilter { kind: None, window };
    let page = market.deadlines().list(&signed.actor, &filter, &paging).await?;
    let mut parties = Parties::new(&market, &signed.actor);
    let mut deadlines = Vec::new();
    for deadline in page.items {
        deadlines.push(view(&market, &signed, &deadline, &mut parties).await?);
    }
    let pager = Pager::of_list("/deadlines", address, &paging, page.next.as_ref());
    let frame = Frame::signed(&market, "办理期限", &signed).await?;
    let page = Page::of(&DeadlinesPage { frame, deadlines, pager })?;
    Ok(private(page.into_response()))
}

pub(super) async fn inbox(
    State(market): State<Market>,
    signed: Signed,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    let paging = paging(place.after.as_deref());
    let page = market.notices().list(&signed.actor, NoticeFilter::All, &paging).await?;
    let mut notices = Vec::new();
    for notice in page.items {
        notices.push(NoticeView::read(&market, &signed, notice).await?);
    }
    let pager = Pager::of_list("/inbox", None, &paging, page.next.as_ref());
    let frame = Frame::signed(&market, "通知", &signed).await?;
    let unread = market.notices().unread(&signed.actor).await?.unread;
    let proof = signed.proof;
    // All until the newest one, on whichever page those lie that were not read.
    let newest = notices.first().map(|one| one.id);
    let latest = newest.filter(|_| unread > 0 && pager.start.is_none());
    let page = Page::of(&InboxPage { frame, notices, pager, proof, latest })?;
    Ok(private(page.into_response()))
}

/// To what a notice is of, from a mail that tells of it.
pub(super) async fn follow(
    State(market): State<Market>,
    At(id): At<NoticeId>,
    signed: Signed,
) -> Result<Response, Problem> {
    let href = match known(market.notices().get(&signed.actor, id).await)? {
        Some(notice) => NoticeView::read(&market, &signed, notice).await?.href,
        None => None,
    };
    Ok(go(href.as_deref().unwrap_or("/inbox")))
}

impl NoticeView {
    async fn read(market: &Market, signed: &Signed, notice: Notice) -> Result<Self, Problem> {
        let actor = Some(&signed.actor);
        let is_at_desk = desk::has_desk(&signed.actor.party);
        let (what, href) = match notice.kind {
            Kind::Purchase => {
                let id = PurchaseId(notice.object);
                let purchase = known(market.purchases().get(actor, id).await)?;
                let href = match &purchase {
                    Some(_) if is_at_desk => format!("/desk/purchases/{id}"),
                    Some(one) if owns(signed, one) => format!("/purchases/{id}/manage"),
                    _ => format!("/purchases/{id}"),
                };
                (purchase.map(|one| one.notice.title), Some(href))
            }
            Kind::Agency => {
                let id = AgencyId(notice.object);
                let name = known(market.agencies().get(actor, id).await)?;
                (name.map(|one| one.name), Some(format!("/agencies/{id}")))
            }
            Kind::Listing => {
                let listing = known(market.listings().get(actor, ListingId(notice.object)).await)?;
                let href = |one: &Listing| format!("/agencies/{}#offers", one.agency_id);
                let href = listing.as_ref().map(href);
                (listing.map(|one| one.terms.title), href)
            }
            Kind::Case => {
                let id = CaseId(notice.object);
                let case = known(market.cases().get(&signed.actor, id).await)?;
                let cases = if is_at_desk { "/desk/cases" } else { "/cases" };
                (case.map(|one| format!("办件：{}", one.title)), Some(format!("{cases}/{id}")))
            }
            // An evaluation window is known by the id of its order.
            Kind::Order | Kind::EvaluationWindow => {
                let (id, kind) = (OrderId(notice.object), said::thing(notice.kind));
                let order = known(market.orders().get(&signed.actor, id).await)?;
                let what = match order {
                    Some(one) => {
                        let item = market.catalog().item(&one.terms.item).await?;
                        Some(format!("{kind}：{}", item.name))
                    }
                    None => None,
                };
                let href = if is_at_desk {
                    desk::order_place(market, signed, id).await?
                } else {
                    Some(format!("/orders/{id}"))
                };
                (what, href)
            }
            kind => (Some(said::thing(kind).to_owned()), None),
        };
        Ok(Self {
            id: notice.id,
            version: notice.version(),
            what: what.unwrap_or_else(|| "（已经没有了）".to_owned()),
            href,
            why: said::notice(&notice),
            at: words::instant(notice.at),
            is_read: notice.read_at.is_some(),
        })
    }
}

/// A notice was read: the one button of the list, which needs no form of its own.
pub(super) async fn read(
    State(market): State<Market>,
    At(id): At<NoticeId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mut form = Form::new("标为已读", format!("/notices/{id}/read"), "标为已读");
    form.trail = vec![Link { href: "/inbox".to_owned(), name: "通知".to_owned() }];
    let notice = market.notices().get(&sent.signed.actor, id).await?;
    form.version = Some(notice.version());
    let (read, market) = (sent.reading().end(Some(())), &market);
    let note = |call, ()| async move { market.notices().read(&call, id).await };
    form.take(market, &sent, read, note, |_| "/inbox".to_owned()).await
}

/// All notices up to the latest that was seen were read.
pub(super) async fn read_all(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mut form = Form::new("全部标为已读", "/inbox/read".to_owned(), "全部标为已读");
    form.trail = vec![Link { href: "/inbox".to_owned(), name: "通知".to_owned() }];
    let mut read = sent.reading();
    let latest: Option<NoticeId> = read.value("notice");
    let (latest, market) = (read.end(latest), &market);
    let note = |call, id| async move { market.notices().read_up_to(&call, id).await };
    form.take(market, &sent, latest, note, |_| "/inbox".to_owned()).await
}
