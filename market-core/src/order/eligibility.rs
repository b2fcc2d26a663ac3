//! Whether a listing may be bought for a case, with every reason why not.

use crate::{
    Day, Money, Reason, Refusal, Uscc,
    agency::{Agency, ListingState, Offer, Qualification},
    case::Fund,
    catalog::{QualificationType, Requirement, Rule, ServiceItem},
    kernel::policy::PolicyProfile,
    matter::Matter,
    rules::{Clock, Region},
};

type Reasons = Vec<Reason>;

/// What a listing is held against.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// The service item, as of the version that the case requires.
    pub(crate) item: &'a ServiceItem,
    /// The kinds of qualification that the item names.
    pub(crate) types: &'a [QualificationType],
    /// Where the case is.
    pub(crate) region: &'a Region,
    /// Whose money pays.
    pub(crate) fund: Fund,
    /// Today and the policy in force.
    pub(crate) clock: &'a Clock,
}

/// Every reason why the offer may not be bought; none, if it may.
pub(crate) fn reasons(offer: &Offer, wanted: &Wanted<'_>) -> Reasons {
    let today = wanted.clock.today();
    let mut reasons = Vec::new();
    if offer.listing.state != ListingState::Published {
        reasons.push(reason(Refusal::ListingNotPublished, offer.listing.state.as_str()));
    }
    if let Err(refusal) = offer.agency.trades_on(today) {
        reasons.push(reason(refusal, offer.agency.state.name()));
    }
    if offer.listing.item != wanted.item.code {
        reasons.push(reason(Refusal::OtherItem, offer.listing.item.as_str()));
    }
    if wanted.item.withdrawn {
        reasons.push(reason(Refusal::ItemWithdrawn, wanted.item.name.as_str()));
    }
    if !offer.listing.terms.regions.iter().any(|served| wanted.region.path.contains(served)) {
        reasons.push(reason(Refusal::RegionNotServed, wanted.region.name.as_str()));
    }
    reasons.extend(price_reasons(offer.listing.terms.price, wanted));
    reasons.extend(qualification_reasons(&offer.qualifications, wanted.item, wanted.types, today));
    reasons
}

/// Why an agency may not serve a case whoever asks it to: it is the owner itself, or attached to a
/// department that decides in the case's matter.
///
/// Source: domain.md 1.5, "direct: conflict check"; the same holds for purchases.
/// The matter is needed only of an agency that is attached to a department.
pub(crate) fn conflicts(agency: &Agency, owner: Option<&Uscc>, matter: Option<&Matter>) -> Reasons {
    let own =
        (owner == Some(&agency.uscc)).then(|| reason(Refusal::OwnPurchase, agency.name.as_str()));
    let department = agency.profile.attached_to.as_ref();
    let attached =
        department.filter(|department| matter.is_some_and(|matter| matter.involves(department)));
    let attached = attached.map(|one| reason(Refusal::ConflictOfInterest, one.as_str()));
    own.into_iter().chain(attached).collect()
}

fn reason(refusal: Refusal, detail: impl Into<String>) -> Reason {
    Reason { refusal, detail: detail.into() }
}

/// The item's cap, and the limit of direct purchase with fiscal money.
fn price_reasons(price: Money, wanted: &Wanted<'_>) -> Reasons {
    let cap = wanted.item.price_cap.filter(|cap| price > *cap);
    let PolicyProfile { direct_limit_fiscal: limit, .. } = wanted.clock.policy;
    let over_limit = wanted.fund == Fund::Fiscal && price >= limit;
    let cap = cap.map(|cap| reason(Refusal::PriceOverCap, format!("{price} > {cap}")));
    let limit = over_limit.then(|| reason(Refusal::DirectOverLimit, format!("{price} >= {limit}")));
    cap.into_iter().chain(limit).collect()
}

/// What the certificates lack of what the item requires on a day.
pub(crate) fn qualification_reasons(
    held: &[Qualification],
    item: &ServiceItem,
    types: &[QualificationType],
    today: Day,
) -> Reasons {
    let lacking: Vec<_> = item
        .requirements
        .iter()
        .map(|requirement| lacks(held, requirement, types, today))
        .collect();
    let enough = match item.rule {
        Rule::Any => lacking.is_empty() || lacking.iter().any(Option::is_none),
        Rule::All => lacking.iter().all(Option::is_none),
    };
    if enough { Vec::new() } else { lacking.into_iter().flatten().collect() }
}

/// Why no certificate meets a requirement: of the one that comes nearest.
fn lacks(
    held: &[Qualification],
    requirement: &Requirement,
    types: &[QualificationType],
    today: Day,
) -> Option<Reason> {
    let kind = types.iter().find(|one| one.kind == requirement.kind);
    let name = kind.map_or(requirement.kind.as_str(), |kind| kind.name.as_str());
    let mut nearest = (0, reason(Refusal::QualificationMissing, name));
    for certificate in held.iter().filter(|one| one.kind == requirement.kind) {
        let (nearness, refusal) = misses(certificate, requirement, kind, today)?;
        if nearness > nearest.0 {
            let until = certificate.valid_until;
            nearest = (nearness, reason(refusal, format!("{name} {} {until}", certificate.number)));
        }
    }
    Some(nearest.1)
}

/// The first thing that a certificate misses, and how near it comes; nothing, if it will do.
fn misses(
    certificate: &Qualification,
    requirement: &Requirement,
    kind: Option<&QualificationType>,
    today: Day,
) -> Option<(u8, Refusal)> {
    let rank = |level| kind.and_then(|kind| kind.level(level)).map_or(i64::MAX, |level| level.rank);
    if rank(&certificate.level) > rank(&requirement.level) {
        return Some((1, Refusal::LevelTooLow));
    }
    if requirement.major.as_ref().is_some_and(|major| !certificate.majors.contains(major)) {
        return Some((2, Refusal::MajorMissing));
    }
    if certificate.revoked {
        return Some((3, Refusal::QualificationRevoked));
    }
    if certificate.valid_until < today {
        return Some((4, Refusal::QualificationExpired));
    }
    if today < certificate.valid_from {
        return Some((5, Refusal::QualificationNotYetValid));
    }
    None
}
