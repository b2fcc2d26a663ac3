//! What a release of each notice holds.

use serde_json::{Value, json};

use super::{
    Publisher,
    words::{criteria, instant, last_instant, method, value},
};
use crate::{
    order::Milestone,
    publicity::{NoticeBody, NoticeKind, PublicNotice, Winner},
    purchase::Notice,
};

/// The one item of a purchase.
const ITEM: &str = "1";
/// The buyer's id among the parties.
const BUYER: &str = "buyer";

/// What makes releases of notices.
pub(super) struct Releases<'p> {
    pub(super) publisher: &'p Publisher,
    /// Who was on the sealed list.
    pub(super) listed: &'p [Winner],
}

impl Releases<'_> {
    /// A release for every notice of a purchase, given and told the earliest first.
    pub(super) fn of(&self, notices: &[PublicNotice]) -> Vec<Value> {
        let mut releases: Vec<Value> = Vec::with_capacity(notices.len());
        for (at, notice) in notices.iter().enumerate() {
            let release = self.release(notice, &notices[..at]);
            releases.push(release);
        }
        releases
    }

    fn id(&self, notice: &PublicNotice) -> String {
        format!("{}-{}", self.publisher.ocid(notice.purchase_id), notice.pos)
    }

    fn release(&self, notice: &PublicNotice, before: &[PublicNotice]) -> Value {
        let ocid = self.publisher.ocid(notice.purchase_id);
        let mut release = json!({
            "ocid": ocid,
            "id": self.id(notice),
            "date": notice.at,
            "initiationType": "tender",
            "language": "zh",
        });
        let last_award = before.iter().rev().find_map(|one| match &one.body {
            NoticeBody::Award { place, .. } => Some(*place),
            _ => None,
        });
        match &notice.body {
            NoticeBody::Purchase { notice: published, .. } => {
                release["tag"] = json!(["tender"]);
                release["buyer"] = json!({ "id": BUYER, "name": notice.owner.name });
                release["parties"] = json!([buyer(notice, published)]);
                release["tender"] = tender(notice, published);
                if let Some(predecessor) = notice.predecessor {
                    release["relatedProcesses"] = json!([{
                        "id": "predecessor",
                        "relationship": ["unsuccessfulProcess"],
                        "scheme": "ocid",
                        "identifier": self.publisher.ocid(predecessor),
                    }]);
                }
            }
            NoticeBody::Correction { notice: published, number } => {
                release["tag"] = json!(["tenderAmendment"]);
                let mut tender = tender(notice, published);
                let of_notice = |one: &&PublicNotice| {
                    matches!(one.kind(), NoticeKind::Purchase | NoticeKind::Correction)
                };
                let amended = before.iter().rev().find(of_notice).map(|one| self.id(one));
                tender["amendments"] = json!([{
                    "id": format!("notice-{number}"),
                    "date": notice.at,
                    "rationale": NoticeKind::Correction.zh(),
                    "amendsReleaseID": amended,
                    "releaseID": self.id(notice),
                }]);
                release["parties"] = json!([buyer(notice, published)]);
                release["tender"] = tender;
            }
            NoticeBody::Award { winner, amount, place, until, proof, .. } => {
                release["tag"] = match last_award {
                    Some(_) => json!(["award", "awardCancellation"]),
                    None => json!(["award"]),
                };
                let mut awards = Vec::new();
                awards.extend(last_award.map(cancelled));
                awards.push(json!({
                    "id": award_id(*place),
                    "title": notice.title,
                    "status": "pending",
                    "date": notice.at,
                    "value": value(*amount),
                    "suppliers": [reference(winner)],
                    "items": [item(notice)],
                    "documents": [self.document(proof, notice)],
                }));
                release["awards"] = awards.into();
                release["tender"] = self.decided(notice, until.map(last_instant));
                release["parties"] = self.parties(winner);
            }
            NoticeBody::Contract {
                winner,
                number,
                amount,
                signed_on,
                starts_on,
                ends_on,
                milestones,
            } => {
                let award = award_id(last_award.unwrap_or(0));
                release["tag"] = json!(["contract"]);
                release["awards"] = json!([{ "id": award, "status": "active" }]);
                release["contracts"] = json!([{
                    "id": number,
                    "awardID": award,
                    "title": notice.title,
                    "status": "active",
                    "value": value(*amount),
                    "dateSigned": instant(*signed_on),
                    "period": {
                        "startDate": instant(*starts_on),
                        "endDate": last_instant(*ends_on),
                    },
                    "items": [item(notice)],
                }]);
                if !milestones.is_empty() {
                    let planned: Vec<_> = milestones.iter().map(milestone).collect();
                    release["contracts"][0]["milestones"] = planned.into();
                }
                release["parties"] = json!([supplier(winner, &["tenderer", "supplier"])]);
            }
            NoticeBody::Change { number, change, amount, ends_on, .. } => {
                let of_contract = |one: &&PublicNotice| {
                    matches!(one.kind(), NoticeKind::Contract | NoticeKind::Change)
                };
                let amended = before.iter().rev().find(of_contract).map(|one| self.id(one));
                release["tag"] = json!(["contractAmendment"]);
                release["contracts"] = json!([{
                    "id": number,
                    "awardID": award_id(last_award.unwrap_or(0)),
                    "value": value(*amount),
                    "period": { "endDate": last_instant(*ends_on) },
                    "amendments": [{
                        "id": format!("change-{change}"),
                        "date": notice.at,
                        "rationale": NoticeKind::Change.zh(),
                        "amendsReleaseID": amended,
                        "releaseID": self.id(notice),
                    }],
                }]);
            }
            NoticeBody::Failure { failure, reason } => {
                let status = if failure.is_some() { "unsuccessful" } else { "cancelled" };
                release["tag"] = match last_award {
                    Some(_) => json!(["tenderCancellation", "awardCancellation"]),
                    None => json!(["tenderCancellation"]),
                };
                let why = failure.map(|failure| failure.to_string()).or_else(|| reason.clone());
                release["tender"] =
                    json!({ "id": tender_id(notice), "status": status, "statusDetails": why });
                if let Some(place) = last_award {
                    release["awards"] = json!([cancelled(place)]);
                }
            }
        }
        release
    }

    /// What an award says of the tender: who took part is known from here on.
    fn decided(&self, notice: &PublicNotice, until: Option<String>) -> Value {
        let mut tender = json!({
            "id": tender_id(notice),
            "status": "complete",
            "numberOfTenderers": self.listed.len(),
            "tenderers": self.listed.iter().map(reference).collect::<Vec<_>>(),
        });
        if let Some(until) = until {
            tender["awardPeriod"] = json!({ "startDate": notice.at, "endDate": until });
        }
        tender
    }

    fn parties(&self, winner: &Winner) -> Value {
        let tenderers = self.listed.iter().map(|one| {
            let is_winner = one.id == winner.id;
            supplier(one, if is_winner { &["tenderer", "supplier"] } else { &["tenderer"] })
        });
        tenderers.collect::<Vec<_>>().into()
    }

    fn document(&self, proof: &str, notice: &PublicNotice) -> Value {
        json!({
            "id": "proof",
            "documentType": "evaluationReports",
            "title": "选取证明",
            "description": "Sealed list, revealed secrets, opened quotes and draws: anybody can \
                repeat the selection",
            "url": format!("{}{proof}", self.publisher.url),
            "datePublished": notice.at,
            "format": "application/json",
        })
    }
}

fn tender(notice: &PublicNotice, published: &Notice) -> Value {
    let opened = if notice.kind() == NoticeKind::Purchase { Some(notice.at) } else { None };
    let least = match &published.price {
        crate::purchase::Price::Amount { low, .. } => Some(value(*low)),
        _ => None,
    };
    let mut period = json!({ "endDate": published.closes_at });
    if let Some(opened) = opened {
        period["startDate"] = json!(opened);
    }
    let mut tender = json!({
        "id": tender_id(notice),
        "title": published.title,
        "description": published.content,
        "status": "active",
        "procuringEntity": { "id": BUYER, "name": notice.owner.name },
        "items": [item(notice)],
        "value": value(published.price.budget()),
        "procurementMethod": method(notice.mode),
        "procurementMethodDetails": notice.mode.zh(),
        "mainProcurementCategory": "services",
        "awardCriteriaDetails": notice.mode.zh(),
        "submissionMethod": ["electronicSubmission"],
        "tenderPeriod": period,
        "contractPeriod": { "durationInDays": published.service_days },
    });
    if let Some(least) = least {
        tender["minValue"] = least;
    }
    if let Some(criteria) = criteria(notice.mode) {
        tender["awardCriteria"] = criteria.into();
    }
    if !published.other_requirements.is_empty() {
        tender["eligibilityCriteria"] = published.other_requirements.clone().into();
    }
    tender
}

/// A milestone as it was agreed. Whether it was reached is the two sides' business.
fn milestone(of: &Milestone) -> Value {
    json!({
        "id": of.key,
        "title": of.name,
        "type": "delivery",
        "description": format!("{}%", of.share_percent),
        "dueDate": last_instant(of.due_on),
        "status": "scheduled",
    })
}

fn tender_id(notice: &PublicNotice) -> String {
    notice.purchase_id.to_string()
}

fn award_id(place: u32) -> String {
    format!("award-{place}")
}

fn cancelled(place: u32) -> Value {
    json!({ "id": award_id(place), "status": "cancelled" })
}

fn item(notice: &PublicNotice) -> Value {
    json!({
        "id": ITEM,
        "description": notice.item_name,
        "classification": {
            "scheme": "x_service_item",
            "id": notice.item,
            "description": notice.item_name,
        },
        "quantity": 1,
    })
}

/// The owner. Its telephone is the one that the notice names for questions.
fn buyer(notice: &PublicNotice, published: &Notice) -> Value {
    let mut buyer = json!({
        "id": BUYER,
        "name": notice.owner.name,
        "roles": ["buyer", "procuringEntity"],
        "address": { "region": notice.region_name, "countryName": "中国" },
        "contactPoint": {
            "name": published.contact.name,
            "telephone": published.contact.phone,
        },
    });
    if let Some(uscc) = &notice.owner.uscc {
        buyer["identifier"] =
            json!({ "scheme": "CN-USCC", "id": uscc, "legalName": notice.owner.name });
    }
    buyer
}

fn supplier(winner: &Winner, roles: &[&str]) -> Value {
    json!({
        "id": format!("CN-USCC-{}", winner.uscc.as_str()),
        "name": winner.name,
        "identifier": { "scheme": "CN-USCC", "id": winner.uscc, "legalName": winner.name },
        "address": { "streetAddress": winner.address, "countryName": "中国" },
        "roles": roles,
    })
}

fn reference(winner: &Winner) -> Value {
    json!({ "id": format!("CN-USCC-{}", winner.uscc.as_str()), "name": winner.name })
}
