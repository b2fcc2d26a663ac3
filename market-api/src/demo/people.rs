//! Who acts in the demonstration market: applicants, an agency, officers and the operator, with a
//! token for each side.

use std::collections::BTreeMap;

use market_core::{
    Actor, Call, Error, Market, Paging, Party, Uscc,
    account::{NewPerson, Password},
    agency::{AgencyNature, Leaving, ListingFilter, ListingState, NewAgency, Profile, Rejection},
    applicant::{ApplicantKind, NewApplicant},
    code::{DepartmentCode, ItemCode},
    id::{AgencyId, ApplicantId, CaseId, PersonId},
};

use super::{Tokens, story::REGION};

/// The service that the first applicant is about to buy from the agency with a token.
const ITEM: &str = "fire-facility-inspection";

/// Whose officer the demonstration's department token belongs to: the one that uses it.
const DEPARTMENT: &str = "fire-rescue";

const APPLICANTS: [(&str, ApplicantKind, Option<&str>); 6] = [
    ("陈演示", ApplicantKind::Natural, None),
    ("慈溪市古塘演示餐饮店", ApplicantKind::Other, None),
    ("慈溪演示商贸有限公司", ApplicantKind::Legal, Some("91330282MX0000019E")),
    ("林演示", ApplicantKind::Natural, None),
    ("慈溪市逍林演示印刷厂", ApplicantKind::Other, None),
    ("宁波演示智能装备有限公司", ApplicantKind::Legal, Some("91330282MX00000279")),
];

/// An account by which the first applicant signs in.
const FIRST: &str = "applicant";

fn system() -> Call {
    Actor::system().into()
}

/// A code that is written in this folder.
fn code<T: std::str::FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Inconsistent("demonstration"))
}

/// Somebody with an account; with a password, if they are to sign in by a browser.
async fn person(
    market: &Market,
    login: &str,
    name: &str,
    password: Option<&str>,
) -> Result<PersonId, Error> {
    let password = password.map(Password::new);
    let new = NewPerson { login: login.to_owned(), name: name.to_owned(), password };
    Ok(market.accounts().create_person(&system(), new).await?.id)
}

/// Makes the applicants of the story, each with a person who acts for it; the first signs in with
/// a password.
pub(super) async fn applicants(
    market: &Market,
    password: &str,
) -> Result<Vec<(PersonId, ApplicantId)>, Error> {
    let mut made = Vec::new();
    for (n, (name, kind, uscc)) in APPLICANTS.iter().enumerate() {
        let login = if n == 0 { FIRST.to_owned() } else { format!("{FIRST}-{n}") };
        let password = (n == 0).then_some(password);
        let person = person(market, &login, name, password).await?;
        let new = NewApplicant {
            kind: *kind,
            name: (*name).to_owned(),
            uscc: uscc.map(code).transpose()?,
            phone: format!("0574-0000-1{n:03}"),
        };
        let call = Actor::new(person, Party::Operator).into();
        made.push((person, market.applicants().register(&call, new).await?.id));
    }
    // Who signs in has somebody else to act for, too: the one whose purchases the story tells.
    let (person, other) = (made[0].0, Party::Applicant(made[1].1));
    market.accounts().grant(&system(), person, other).await?;
    Ok(made)
}

/// Makes the other people with tokens: of an agency, of the operator and of every department.
pub(super) async fn tokens(
    market: &Market,
    (applicant, of): (PersonId, ApplicantId),
    agency: AgencyId,
    password: &str,
) -> Result<Tokens, Error> {
    let own: DepartmentCode = code(DEPARTMENT)?;
    let mut departments = BTreeMap::new();
    for department in market.departments().list().await? {
        let login = format!("officer-{}", department.code);
        let name = format!("{}演示窗口", department.name);
        let password = (department.code == own).then_some(password);
        let officer = person(market, &login, &name, password).await?;
        let party = Party::Department(department.code.clone());
        departments.insert(department.code, token(market, officer, party).await?);
    }
    let department = departments.get(&own).cloned().ok_or(Error::NotFound("department"))?;
    let clerk = person(market, "agency", "机构演示经办人", Some(password)).await?;
    let operator = person(market, "operator", "运营演示人员", Some(password)).await?;
    Ok(Tokens {
        applicant: token(market, applicant, Party::Applicant(of)).await?,
        agency: token(market, clerk, Party::Agency(agency)).await?,
        operator: token(market, operator, Party::Operator).await?,
        department,
        departments,
    })
}

/// Lets a person act for a party, and gives them a token for it.
async fn token(market: &Market, person: PersonId, party: Party) -> Result<String, Error> {
    market.accounts().grant(&system(), person, party.clone()).await?;
    let issued = market.accounts().issue_token(&system(), person, &party, "demo", None).await?;
    Ok(issued.token)
}

/// The agency with a token: of those from which a case's applicant can buy the first service now,
/// the one with the most listings.
pub(super) async fn agency(
    market: &Market,
    applicant: ApplicantId,
    case: CaseId,
) -> Result<AgencyId, Error> {
    let asker = Actor::new(Actor::system().person, Party::Applicant(applicant));
    let published = ListingFilter { state: Some(ListingState::Published), ..Default::default() };
    let of_item = ListingFilter { item: Some(code::<ItemCode>(ITEM)?), ..published.clone() };
    let paging = Paging { after: None, limit: 100 };
    let mut best: Option<(usize, AgencyId)> = None;
    for listing in market.listings().list(None, &of_item, &paging).await?.items {
        if !market.orders().eligibility(&asker, case, listing.id).await?.eligible {
            continue;
        }
        let agency = Some(listing.agency_id);
        let all = ListingFilter { agency, ..published.clone() };
        let count = market.listings().list(None, &all, &paging).await?.items.len();
        if best.is_none_or(|(most, _)| count > most) {
            best = Some((count, listing.agency_id));
        }
    }
    best.map(|(_, id)| id).ok_or(Error::NotFound("agency"))
}

/// Agencies outside the market, for the operator to see: one that waits for its check, one that
/// was rejected, one that has left.
pub(super) async fn applications(market: &Market) -> Result<(), Error> {
    let (operator, agencies) = (system(), market.agencies());
    let waiting = new_agency("91330282MX00000354", "慈溪演示环境咨询有限公司")?;
    agencies.apply(&operator, waiting).await?;
    let rejected = new_agency("91330282MX0000043Y", "慈溪演示测绘有限公司")?;
    let rejected = agencies.apply(&operator, rejected).await?;
    let reasons = vec!["承诺书未加盖公章".to_owned(), "资质证书扫描件不清晰".to_owned()];
    agencies.reject(&operator, rejected.id, Rejection { reasons }).await?;
    let left = new_agency("91330282MX0000051R", "慈溪演示会计师事务所（普通合伙）")?;
    let left = agencies.apply(&operator, left).await?;
    agencies.admit(&operator, left.id).await?;
    let reason = "机构申请退出".to_owned();
    agencies.leave(&operator, left.id, Leaving { reason }).await?;
    Ok(())
}

fn new_agency(uscc: &str, name: &str) -> Result<NewAgency, Error> {
    let profile = Profile {
        nature: AgencyNature::Enterprise,
        legal_representative: "周演示".to_owned(),
        address: "浙江省慈溪市浒山街道演示路1号".to_owned(),
        phone: "0574-0000-2000".to_owned(),
        established_on: code("2020-05-06")?,
        capital: code("1000000.00")?,
        scope: "演示经营范围".to_owned(),
        attached_to: None,
    };
    let uscc: Uscc = code(uscc)?;
    Ok(NewAgency { uscc, name: name.to_owned(), region: code(REGION)?, profile })
}
