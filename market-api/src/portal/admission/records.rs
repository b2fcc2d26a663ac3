//! `/agency/qualifications/new`, `/agency/practitioners/…`: an agency records its certificates, and
//! who works for it.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market,
    agency::{Agency, NewPractitioner, NewQualification},
    catalog::QualificationType,
    code::QualificationKind,
    id::PractitionerId,
};
use serde::Deserialize;

use super::{
    super::{
        Frame, Link, Page,
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        said,
        signed::{Answers, Reading, Signed, private},
        words,
    },
    own, trail,
};
use crate::{
    parameters::{At, Parameters},
    problem::{Code, Problem},
};

#[derive(Debug, Template)]
#[template(path = "kinds.html")]
struct KindsPage {
    frame: Frame,
    trail: Vec<Link>,
    kinds: Vec<Link>,
}

/// Of which kind a certificate is.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Of {
    kind: QualificationKind,
}

/// Whether an agency may do something with itself now.
fn may(signed: &Signed, agency: &Agency, name: &str) -> Result<Result<(), Error>, Problem> {
    let actions = agency.actions(&signed.actor);
    allowed(&actions, name)
}

/// Which kind of certificate it is, of all that there are.
pub(in crate::portal) async fn choose(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    own(&market, &signed).await?;
    let kinds = market.catalog().qualification_types().await?;
    let link = |one: &QualificationType| Link {
        href: format!("/agency/qualifications/add?kind={}", one.kind),
        name: one.name.clone(),
    };
    let page = Page::of(&KindsPage {
        frame: Frame::signed(&market, "登记资质证书", &signed).await?,
        trail: trail(),
        kinds: kinds.iter().map(link).collect(),
    })?;
    Ok(private(page.into_response()))
}

async fn certificate(
    market: &Market,
    signed: &Signed,
    of: &Of,
) -> Result<(Form, Agency, QualificationType), Problem> {
    let agency = own(market, signed).await?;
    let kinds = market.catalog().qualification_types().await?;
    let kind = kinds.into_iter().find(|one| one.kind == of.kind).ok_or(Code::NOT_FOUND)?;
    let label = said::agency_step("add_qualification").ok_or(Code::NOT_FOUND)?;
    let mut form = Form::new(
        format!("{label}：{}", kind.name),
        format!("/agency/qualifications/add?kind={}", kind.kind),
        "登记",
    );
    form.trail = trail();
    form.version = Some(agency.version);
    form.is_checked = true;
    let levels = kind.levels.iter();
    let levels: Vec<_> =
        levels.map(|one| Choice::of(one.level.as_str(), &one.name, None)).collect();
    let only = match levels.as_slice() {
        [only] => only.value.clone(),
        _ => String::new(),
    };
    form.fields = vec![Field::new("level", "等级", Kind::Radio(levels)).filled(&only)];
    let majors = kind.majors.iter().enumerate();
    let major = |(n, major): (usize, &String)| {
        Field::new(format!("majors/{n}"), format!("专业：{major}"), Kind::Tick).optional()
    };
    form.fields.extend(majors.map(major));
    form.fields.extend([
        Field::line("number", "证书编号", 100),
        Field::line("issuer", "颁发机关", 100).filled(&kind.issuer),
        Field::new("valid_from", "有效期从哪天起", Kind::Day),
        Field::new("valid_until", "有效期到哪天止", Kind::Day),
    ]);
    Ok((form, agency, kind))
}

pub(in crate::portal) async fn add(
    State(market): State<Market>,
    signed: Signed,
    Parameters(of): Parameters<Of>,
) -> Result<Response, Problem> {
    let (form, agency, _) = certificate(&market, &signed, &of).await?;
    form.offer(may(&signed, &agency, "add_qualification")?, &market, &signed).await
}

fn qualification(
    mut read: Reading<'_>,
    kind: &QualificationType,
) -> Result<NewQualification, Error> {
    let level = read.value("level");
    let majors = kind.majors.iter().enumerate();
    let majors = majors.filter(|(n, _)| read.ticked(&format!("majors/{n}")));
    let majors = majors.map(|(_, major)| major.clone()).collect();
    let (number, issuer) = (read.text("number"), read.text("issuer"));
    let (valid_from, valid_until) = (read.value("valid_from"), read.value("valid_until"));
    let given = level.zip(valid_from).zip(valid_until);
    let new = given.map(|((level, valid_from), valid_until)| NewQualification {
        kind: kind.kind.clone(),
        level,
        majors,
        number,
        issuer,
        valid_from,
        valid_until,
    });
    read.end(new)
}

pub(in crate::portal) async fn added(
    State(market): State<Market>,
    Parameters(of): Parameters<Of>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, agency, kind) = certificate(&market, &sent.signed, &of).await?;
    let (new, id, market) = (qualification(sent.reading(), &kind), agency.id, &market);
    let add = |call, new| async move { market.agencies().add_qualification(&call, id, new).await };
    form.take(market, &sent, new, add, |_| "/agency#qualifications".to_owned()).await
}

async fn hiring(market: &Market, signed: &Signed) -> Result<(Form, Agency), Problem> {
    let agency = own(market, signed).await?;
    let kinds = market.catalog().qualification_types().await?;
    let kinds = kinds.iter().map(|one| Choice::of(one.kind.as_str(), &one.name, None));
    let label = said::agency_step("add_practitioner").ok_or(Code::NOT_FOUND)?;
    let mut form = Form::new(label, "/agency/practitioners/new".to_owned(), "登记");
    form.trail = trail();
    form.version = Some(agency.version);
    form.fields = vec![
        Field::line("name", "姓名", 100),
        Field::new("specialty", "执业资格", Kind::Select(kinds.collect())),
        Field::line("certificate", "证书编号", 100),
        Field::new("valid_until", "有效期到哪天止", Kind::Day),
    ];
    Ok((form, agency))
}

pub(in crate::portal) async fn hire(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let (form, agency) = hiring(&market, &signed).await?;
    form.offer(may(&signed, &agency, "add_practitioner")?, &market, &signed).await
}

pub(in crate::portal) async fn hired(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, agency) = hiring(&market, &sent.signed).await?;
    let mut read = sent.reading();
    let (name, certificate) = (read.text("name"), read.text("certificate"));
    let (specialty, until) = (read.value("specialty"), read.value("valid_until"));
    let new = specialty.zip(until).map(|(specialty, valid_until)| NewPractitioner {
        name,
        specialty,
        certificate,
        valid_until,
    });
    let (new, id, market) = (read.end(new), agency.id, &market);
    let add = |call, new| async move { market.agencies().add_practitioner(&call, id, new).await };
    form.take(market, &sent, new, add, |_| "/agency#practitioners".to_owned()).await
}

/// The form that takes somebody off the record; there is none of who is not on it.
async fn removing(
    market: &Market,
    signed: &Signed,
    id: PractitionerId,
) -> Result<(Form, Agency), Problem> {
    let agency = own(market, signed).await?;
    let people = market.agencies().practitioners(Some(&signed.actor), agency.id).await?;
    let action = format!("/agency/practitioners/{id}/remove");
    let mut form = Form::new("注销执业人员", action, "注销");
    form.trail = trail();
    form.version = Some(agency.version);
    form.is_final = true;
    form.lead = "人员离开本机构的，从名册上注销；以后可以重新登记。".to_owned();
    if let Some(one) = people.into_iter().find(|one| one.id == id) {
        form.facts = vec![
            ("姓名", one.name),
            ("证书编号", one.certificate),
            ("有效期至", words::day(one.valid_until)),
        ];
    }
    Ok((form, agency))
}

pub(in crate::portal) async fn remove(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<PractitionerId>,
) -> Result<Response, Problem> {
    let (form, agency) = removing(&market, &signed, id).await?;
    if form.facts.is_empty() {
        return Err(Code::NOT_FOUND.into());
    }
    form.offer(may(&signed, &agency, "remove_practitioner")?, &market, &signed).await
}

pub(in crate::portal) async fn removed(
    State(market): State<Market>,
    At(person): At<PractitionerId>,
    sent: Answers,
) -> Result<Response, Problem> {
    // Whoever was removed is not there any more when the form is sent twice.
    let (form, agency) = removing(&market, &sent.signed, person).await?;
    let (nothing, id, market) = (sent.reading().end(Some(())), agency.id, &market);
    let remove =
        |call, ()| async move { market.agencies().remove_practitioner(&call, id, person).await };
    form.take(market, &sent, nothing, remove, |_| "/agency#practitioners".to_owned()).await
}
