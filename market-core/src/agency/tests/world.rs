//! A market with one service item, and what a test does in it.

use serde_json::json;
use sqlx::types::Json;

use super::*;
use crate::{
    PolicyProfile,
    catalog::{
        Category, DeliverableKind, Level, Nature, PriceMode, QualificationType, Rule, ServiceItem,
    },
    department::NewDepartment,
    id::{ApplicantId, CaseId, OrderId},
    matter::Matter,
    rules::NewRegion,
    testing::{contract_rules, market, ranking, selection},
};

/// A market where `survey` may be sold for 12,000.00 at most, and nobody sells it yet.
pub(super) async fn world(url: &str) -> Market {
    let market = market(url).await;
    let mut tx = market.work().await.unwrap();
    let (root, cixi) = (region("100000"), region("330282"));
    let new =
        |code, name: &str, parent| NewRegion { code, name: name.to_owned(), parent, centre: None };
    let regions = [new(root.clone(), "全国", None), new(cixi, "慈溪市", Some(root))];
    tx.put_regions(&regions).await.unwrap();
    tx.put_policy(&policy()).await.unwrap();
    tx.put_department(&department()).await.unwrap();
    tx.put_category(&category()).await.unwrap();
    tx.put_qualification_type(&kind()).await.unwrap();
    tx.put_item(&item(false)).await.unwrap();
    tx.put_matter(&matter()).await.unwrap();
    tx.finish(()).await.unwrap();
    market
}

fn policy() -> PolicyProfile {
    PolicyProfile {
        region: region("100000"),
        version: 1,
        effective_from: "2024-01-01".parse().unwrap(),
        basis: "test".to_owned(),
        formal_check_days: 2,
        accept_days: 2,
        contract_days: 10,
        confirm_contract_days: 5,
        sign_off_days: 5,
        rework_days: 5,
        use_days: 5,
        direct_limit_fiscal: Money::from_fen(10_000_000).unwrap(),
        expiry_warning_days: 60,
        suspension_months: vec![3, 6, 12],
        deliverable_max_bytes: 1,
        contract: contract_rules(),
        ranking: ranking(),
        selection: selection(),
        evaluation: crate::EvaluationRules::default(),
    }
}

fn department() -> NewDepartment {
    NewDepartment {
        code: "planning".parse().unwrap(),
        name: "自然资源和规划局".to_owned(),
        region: region("330282"),
        phone: "0574-0000-0002".to_owned(),
    }
}

fn category() -> Category {
    Category {
        code: "surveying".parse().unwrap(),
        name: "测绘".to_owned(),
        position: 1,
        description: String::new(),
    }
}

pub(super) fn kind() -> QualificationType {
    let level =
        |level: &str, rank| Level { level: level.parse().unwrap(), name: level.to_owned(), rank };
    QualificationType {
        kind: "surveying-mapping".parse().unwrap(),
        name: "测绘资质".to_owned(),
        issuer: "省自然资源厅".to_owned(),
        majors: vec!["工程测量".to_owned(), "界线与不动产测绘".to_owned()],
        levels: vec![level("grade-a", 1), level("grade-b", 2)],
    }
}

pub(super) fn item(withdrawn: bool) -> ServiceItem {
    ServiceItem {
        code: "survey".parse().unwrap(),
        version: 0,
        name: "竣工测绘".to_owned(),
        category: "surveying".parse().unwrap(),
        department: "planning".parse().unwrap(),
        aliases: Vec::new(),
        nature: Nature::Technical,
        legal_basis: "《中华人民共和国城乡规划法》".to_owned(),
        rule: Rule::Any,
        requirements: Vec::new(),
        days: 10,
        price_mode: PriceMode::Market,
        price_cap: Money::from_fen(1_200_000),
        price_unit: "元/项".to_owned(),
        deliverable: DeliverableKind::SurveyResult,
        withdrawn,
    }
}

fn matter() -> Matter {
    Matter {
        code: "build".parse().unwrap(),
        version: 0,
        name: "建房".to_owned(),
        lead: "planning".parse().unwrap(),
        audience: "企业".to_owned(),
        statutory_days: 20,
        promised_days: 5,
        steps: Vec::new(),
        materials: Vec::new(),
        needs: Vec::new(),
        withdrawn: false,
    }
}

pub(super) fn new_qualification(number: &str) -> NewQualification {
    NewQualification {
        kind: "surveying-mapping".parse().unwrap(),
        level: "grade-b".parse().unwrap(),
        majors: vec!["工程测量".to_owned()],
        number: number.to_owned(),
        issuer: "省自然资源厅".to_owned(),
        valid_from: "2024-01-01".parse().unwrap(),
        valid_until: "2028-12-31".parse().unwrap(),
    }
}

pub(super) fn new_practitioner(certificate: &str) -> NewPractitioner {
    NewPractitioner {
        name: "张工".to_owned(),
        specialty: "surveying-mapping".parse().unwrap(),
        certificate: certificate.to_owned(),
        valid_until: "2028-12-31".parse().unwrap(),
    }
}

pub(super) fn operator() -> Call {
    Actor::new(person(), crate::Party::Operator).into()
}

pub(super) fn of(agency: AgencyId) -> Call {
    Actor::new(person(), crate::Party::Agency(agency)).into()
}

pub(super) fn applicant() -> Call {
    let party = crate::Party::Applicant(ApplicantId(uuid::Uuid::from_u128(8)));
    Actor::new(person(), party).into()
}

/// An agency that has applied and passed its check.
pub(super) async fn admitted(market: &Market, uscc: &str) -> Agency {
    let agency = market.agencies().apply(&applicant(), new_agency(uscc)).await.unwrap();
    market.agencies().admit(&operator(), agency.id).await.unwrap()
}

/// A listing that is sold.
pub(super) async fn published(market: &Market, agency: AgencyId, code: &str) -> Listing {
    let draft = market.listings().create(&of(agency), new_listing(code, 1_000_000)).await.unwrap();
    market.listings().publish(&of(agency), draft.id).await.unwrap()
}

/// Gives a person an account.
pub(super) async fn give_account(market: &Market) {
    let mut tx = market.work().await.unwrap();
    let sql = "insert into people (id, login, name, disabled, version, created_at) \
        values ($1, 'chen', '陈某', $2, 1, $3)";
    let at = tx.at;
    tx.query(sql).bind(person()).bind(false).bind(at).execute().await.unwrap();
    tx.finish(()).await.unwrap();
}

/// The parties for which the person with the account may act.
pub(super) async fn memberships(market: &Market) -> Vec<String> {
    let found: Vec<(String,)> =
        market.db.query("select party from memberships").all().await.unwrap();
    found.into_iter().map(|(party,)| party).collect()
}

/// An open order of a listing, which an order's own rules would have had to let pass.
pub(super) async fn open_order(market: &Market, listing: &Listing) {
    let (applicant, case) =
        (ApplicantId(uuid::Uuid::from_u128(8)), CaseId(uuid::Uuid::from_u128(5)));
    let mut tx = market.work().await.unwrap();
    let at = tx.at;
    let sql = "insert into applicants (id, kind, name, phone, version, created_at) \
        values ($1, 'company', '某公司', '1', 1, $2)";
    tx.query(sql).bind(applicant).bind(at).execute().await.unwrap();
    let sql = "insert into cases (id, applicant_id, matter, matter_version, title, region, fund, \
        state, version, created_at, updated_at) \
        values ($1, $2, 'build', 1, '建房', '330282', 'social', 'open', 1, $3, $3)";
    tx.query(sql).bind(case).bind(applicant).bind(at).execute().await.unwrap();
    let sql = "insert into orders (id, case_id, item, item_version, listing_id, listing_number, \
        agency_id, applicant_id, amount_fen, service_days, policy_version, state, detail, since, \
        live, version, placed_at, updated_at) \
        values ($1, $2, 'survey', 1, $3, 1, $4, $5, 1, 1, 1, 'placed', $6, $8, $7, 1, $8, $8)";
    tx.query(sql)
        .bind(OrderId(uuid::Uuid::from_u128(6)))
        .bind(case)
        .bind(listing.id)
        .bind(listing.agency_id)
        .bind(applicant)
        .bind(Json(json!({})))
        .bind(true)
        .bind(at)
        .execute()
        .await
        .unwrap();
    tx.finish(()).await.unwrap();
}

/// Completes every order.
pub(super) async fn close_orders(market: &Market) {
    let mut tx = market.work().await.unwrap();
    tx.query("update orders set state = 'completed'").execute().await.unwrap();
    tx.finish(()).await.unwrap();
}

/// Version, event, states before and after, and whether anybody may read it.
type Row = (i64, String, Option<String>, Option<String>, bool);

/// What the journal tells of a thing: event, states, and whether anybody may read it.
pub(super) async fn story(market: &Market, kind: crate::Kind, object: &str) -> Vec<String> {
    let sql = "select version, event, old_state, new_state, public from journal \
        where kind = $1 and object = $2 order by version";
    let rows: Vec<Row> = market.db.query(sql).bind(kind).bind(object).all().await.unwrap();
    let line = |(version, event, old, new, public): (i64, _, Option<String>, Option<String>, _)| {
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        format!("{version} {event} {old}▶{new}{}", if public { " public" } else { "" })
    };
    rows.into_iter().map(line).collect()
}

/// Which refusal it is.
pub(super) fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Which faults they are.
pub(super) fn faults<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<String> {
    match outcome {
        Err(Error::Invalid(faults)) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        other => panic!("not invalid: {other:?}"),
    }
}

/// What there is no such of.
pub(super) fn missing<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    match outcome {
        Err(Error::NotFound(what)) => what,
        other => panic!("found: {other:?}"),
    }
}
