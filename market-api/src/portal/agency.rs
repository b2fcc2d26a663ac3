//! `/agencies/{id}`: who an agency is, what it may do, and what it offers.

use askama::Template;
use axum::extract::State;
use market_core::{
    Day, Market, Paging,
    agency::{
        Agency, AgencyState, ListingFilter, ListingState, Origin, Practitioner, Qualification,
        Suspended,
    },
    catalog::{QualificationType, ServiceItem},
    code::QualificationKind,
    evaluation::{AgencyEvaluations, DimensionFigures, PublicEvaluation},
    id::AgencyId,
};

use super::{
    Frame, Link, Page, Pager, Place,
    names::{self, Regions},
    offer::Offer,
    paging, words,
};
use crate::{
    parameters::{At, Parameters},
    problem::Problem,
};

#[derive(Debug, Template)]
#[template(path = "agency.html")]
struct AgencyPage {
    frame: Frame,
    agency: Agency,
    standing: &'static str,
    notice: Option<String>,
    made_up: bool,
    nature: &'static str,
    region: String,
    established_on: String,
    capital: String,
    qualifications: Vec<QualificationView>,
    practitioners: Vec<PractitionerView>,
    evaluations: EvaluationsView,
    offers: Vec<Offer>,
    pager: Pager,
}

#[derive(Debug)]
struct QualificationView {
    name: String,
    level: String,
    majors: Vec<String>,
    number: String,
    issuer: String,
    valid_from: String,
    valid_until: String,
    /// Whether it counts today, in a word.
    validity: &'static str,
    valid: bool,
}

#[derive(Debug)]
struct PractitionerView {
    name: String,
    specialty: String,
    valid_until: String,
    expired: bool,
}

/// What those say who took part in its orders.
#[derive(Debug)]
struct EvaluationsView {
    /// How many of its orders were evaluated.
    orders: u64,
    /// How many evaluations were hidden.
    hidden: u64,
    dimensions: Vec<DimensionFigures>,
    newest: Vec<CommentView>,
}

#[derive(Debug)]
struct CommentView {
    role: &'static str,
    item: String,
    marks: String,
    comment: String,
    day: String,
    appealed: bool,
}

/// How many of the newest evaluations a page shows.
const NEWEST: u32 = 5;

pub(super) async fn show(
    State(market): State<Market>,
    At(id): At<AgencyId>,
    Parameters(place): Parameters<Place>,
) -> Result<Page, Problem> {
    let agency = market.agencies().get(None, id).await?;
    let qualifications = market.agencies().qualifications(None, id).await?;
    let practitioners = market.agencies().practitioners(None, id).await?;
    let kinds = market.catalog().qualification_types().await?;
    let today = market.env().now().day();
    let mut regions = Regions::new(&market);
    let (offers, pager) = offers(&market, id, place.after.as_deref(), &mut regions).await?;
    let newest = Paging { after: None, limit: NEWEST };
    let evaluations = market.evaluations().of_agency(None, id, &newest).await?;
    let evaluations = EvaluationsView::of(evaluations, &names::items(&market).await?);
    Page::of(&AgencyPage {
        frame: Frame::new(&market, agency.name.as_str()).await?,
        standing: words::standing(agency.state.standing()),
        notice: notice(&agency.state),
        made_up: agency.origin == Origin::Demonstration,
        nature: words::agency_nature(agency.profile.nature),
        region: regions.full_name(&agency.region).await?,
        established_on: words::day(agency.profile.established_on),
        capital: words::yuan(agency.profile.capital),
        qualifications: qualifications
            .into_iter()
            .map(|one| QualificationView::of(one, &kinds, today))
            .collect(),
        practitioners: practitioners
            .into_iter()
            .map(|one| PractitionerView::of(one, &kinds, today))
            .collect(),
        evaluations,
        offers,
        pager,
        agency,
    })
}

/// What a visitor must know of an agency's state.
fn notice(state: &AgencyState) -> Option<String> {
    match state {
        AgencyState::Suspended(Suspended { until, reason }) => Some(format!(
            "该机构已被暂停，至{}止不能承接新的委托。原因：{reason}",
            words::day(*until)
        )),
        AgencyState::Exited(exited) => {
            Some(format!("该机构已退出超市，不再承接委托。原因：{}", exited.reason))
        }
        AgencyState::Applying(_) | AgencyState::Admitted(_) | AgencyState::Rejected(_) => None,
    }
}

/// A page of what the agency offers, and the address of the next.
async fn offers(
    market: &Market,
    id: AgencyId,
    after: Option<&str>,
    regions: &mut Regions<'_>,
) -> Result<(Vec<Offer>, Pager), Problem> {
    let filter = ListingFilter {
        agency: Some(id),
        state: Some(ListingState::Published),
        ..ListingFilter::default()
    };
    let paging = paging(after);
    let page = market.listings().list(None, &filter, &paging).await?;
    let items = names::items(market).await?;
    let pager = Pager::new(&format!("/agencies/{id}?"), paging.after.as_ref(), page.next.as_ref());
    let mut offers = Vec::new();
    for listing in page.items {
        let item = items.iter().find(|item| item.code == listing.item).map(Link::item);
        offers.push(Offer { item, ..Offer::of(listing, regions).await? });
    }
    Ok((offers, pager))
}

impl QualificationView {
    fn of(of: Qualification, kinds: &[QualificationType], today: Day) -> Self {
        let kind = kinds.iter().find(|kind| kind.kind == of.kind);
        let level = kind.and_then(|kind| kind.level(&of.level));
        Self {
            validity: validity(&of, today),
            valid: of.is_valid_on(today),
            name: name(kinds, &of.kind),
            level: level.map_or_else(|| of.level.to_string(), |level| level.name.clone()),
            majors: of.majors,
            number: of.number,
            issuer: of.issuer,
            valid_from: words::day(of.valid_from),
            valid_until: words::day(of.valid_until),
        }
    }
}

impl EvaluationsView {
    fn of(all: AgencyEvaluations, items: &[ServiceItem]) -> Self {
        Self {
            orders: all.orders,
            hidden: all.hidden,
            dimensions: all.dimensions,
            newest: all.items.into_iter().map(|one| CommentView::of(one, items)).collect(),
        }
    }
}

impl CommentView {
    fn of(of: PublicEvaluation, items: &[ServiceItem]) -> Self {
        let marks: Vec<String> =
            of.marks.iter().map(|one| format!("{} {}", one.name, one.mark)).collect();
        Self {
            role: words::rater(of.role),
            item: names::item(items, &of.item),
            marks: marks.join("，"),
            comment: of.comment,
            day: words::day(of.created_at.day()),
            appealed: of.appealed,
        }
    }
}

fn validity(of: &Qualification, today: Day) -> &'static str {
    match of {
        Qualification { revoked: true, .. } => "已撤销",
        _ if of.valid_until < today => "已过期",
        _ if of.valid_from > today => "尚未生效",
        _ => "有效",
    }
}

impl PractitionerView {
    fn of(of: Practitioner, kinds: &[QualificationType], today: Day) -> Self {
        Self {
            specialty: name(kinds, &of.specialty),
            valid_until: words::day(of.valid_until),
            expired: of.valid_until < today,
            name: of.name,
        }
    }
}

fn name(kinds: &[QualificationType], kind: &QualificationKind) -> String {
    let known = kinds.iter().find(|known| known.kind == *kind);
    known.map_or_else(|| kind.to_string(), |known| known.name.clone())
}
