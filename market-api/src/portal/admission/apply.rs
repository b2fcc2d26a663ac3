//! `/agencies/new`, and `/agency/{step}`: an agency asks to be admitted, corrects what it says of
//! itself, applies again, or leaves.

use axum::{extract::State, response::Response};
use market_core::{
    Market,
    agency::{Agency, AgencyNature, Details, Leaving, NewAgency, Profile},
    code::RegionCode,
};

use super::{
    super::{
        Link,
        doing::allowed,
        fields::{Field, Kind},
        filling::Form,
        form::{Choice, nearby},
        said,
        signed::{Answers, Reading, Signed},
        words,
    },
    own, trail,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// What is asked of an agency, filled in with what is known of it.
async fn fields(market: &Market, agency: Option<&Agency>) -> Result<Vec<Field>, Problem> {
    let region = agency.map(|agency| &agency.region);
    let regions = nearby(market, region).await?;
    let regions = regions.iter().map(|one| Choice::of(one.code.as_str(), &one.name, None));
    let natures = AgencyNature::ALL.iter();
    let natures = natures.map(|one| Choice::of(one.as_str(), words::agency_nature(*one), None));
    let departments = market.departments().list().await?;
    let departments = departments.iter().map(|one| Choice::of(one.code.as_str(), &one.name, None));
    let mut fields = vec![
        Field::line("name", "机构名称", 200).hint("与营业执照一致的全称"),
        Field::new("profile/nature", "机构性质", Kind::Radio(natures.collect())),
        Field::line("profile/legal_representative", "法定代表人", 100),
        Field::new("region", "注册地", Kind::Select(regions.collect())),
        Field::line("profile/address", "注册地址", 200),
        Field::new("profile/phone", "客户电话", Kind::Phone).hint("公开显示"),
        Field::new("profile/established_on", "成立日期", Kind::Day),
        Field::new("profile/capital", "注册资本（元）", Kind::Money),
        Field::lines("profile/scope", "经营范围", 4000),
        Field::new("profile/attached_to", "挂靠部门", Kind::Select(departments.collect()))
            .hint("没有的不选；挂靠部门审批的事项，本机构不能承接")
            .optional(),
    ];
    if let Some(Agency { name, region, profile, .. }) = agency {
        for field in &mut fields {
            field.value = match field.name.as_str() {
                "name" => name.clone(),
                "region" => region.to_string(),
                "profile/nature" => profile.nature.as_str().to_owned(),
                "profile/legal_representative" => profile.legal_representative.clone(),
                "profile/address" => profile.address.clone(),
                "profile/phone" => profile.phone.clone(),
                "profile/established_on" => profile.established_on.to_string(),
                "profile/capital" => profile.capital.to_string(),
                "profile/scope" => profile.scope.clone(),
                _ => profile.attached_to.as_ref().map(ToString::to_string).unwrap_or_default(),
            };
        }
    }
    Ok(fields)
}

fn details(read: &mut Reading<'_>) -> Option<Details> {
    let name = read.text("name");
    let region: Option<RegionCode> = read.value("region");
    let nature = read.value("profile/nature");
    let established_on = read.value("profile/established_on");
    let capital = read.value("profile/capital");
    let attached_to = read.optional("profile/attached_to");
    let [legal_representative, address, phone, scope] =
        ["legal_representative", "address", "phone", "scope"]
            .map(|field| read.line(&format!("profile/{field}")));
    let profile = nature.zip(established_on).zip(capital);
    let profile = profile.map(|((nature, established_on), capital)| Profile {
        nature,
        legal_representative,
        address,
        phone,
        established_on,
        capital,
        scope,
        attached_to,
    });
    region.zip(profile).map(|(region, profile)| Details { name, region, profile })
}

async fn application(market: &Market) -> Result<Form, Problem> {
    let mut form = Form::new("申请入驻", "/agencies/new".to_owned(), "提交申请");
    form.trail = vec![Link { href: "/account".to_owned(), name: "我的账号".to_owned() }];
    form.lead = "由运营机构形式核验。提交以后，在“我的账号”里改为代表这家机构，就可以看核验进度，登记资质证书和执业人员。".to_owned();
    form.is_checked = true;
    let uscc = Field::line("uscc", "统一社会信用代码", 18).hint("18 位，在营业执照上");
    form.fields = vec![uscc];
    form.fields.extend(fields(market, None).await?);
    Ok(form)
}

pub(in crate::portal) async fn begin(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    application(&market).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn applied(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mut read = sent.reading();
    let (uscc, details) = (read.value("uscc"), details(&mut read));
    let new = uscc.zip(details).map(|(uscc, details)| {
        let Details { name, region, profile } = details;
        NewAgency { uscc, name, region, profile }
    });
    let (new, form, market) = (read.end(new), application(&market).await?, &market);
    let apply = |call, new| async move { market.agencies().apply(&call, new).await };
    form.take(market, &sent, new, apply, |_| "/account".to_owned()).await
}

/// The form of a step, and why it may not be taken now.
async fn asked(market: &Market, signed: &Signed, step: &str) -> Result<(Form, Agency), Problem> {
    let agency = own(market, signed).await?;
    let label = match step {
        "change" | "reapply" | "leave" => said::agency_step(step),
        _ => None,
    };
    let label = label.ok_or(Code::NOT_FOUND)?;
    let mut form = Form::new(label, format!("/agency/{step}"), label);
    form.trail = trail();
    form.version = Some(agency.version);
    if step == "leave" {
        form.lead =
            "退出以后不再承接委托，上架的服务不再显示；还有在办订单的，不能退出。".to_owned();
        form.is_final = true;
        form.fields = vec![Field::lines("reason", "退出的原因", 500)];
    } else {
        form.is_checked = true;
        form.fields = fields(market, Some(&agency)).await?;
    }
    Ok((form, agency))
}

pub(in crate::portal) async fn step(
    State(market): State<Market>,
    signed: Signed,
    At(step): At<String>,
) -> Result<Response, Problem> {
    let (form, agency) = asked(&market, &signed, &step).await?;
    let actions = agency.actions(&signed.actor);
    form.offer(allowed(&actions, &step)?, &market, &signed).await
}

pub(in crate::portal) async fn done(
    State(market): State<Market>,
    At(step): At<String>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, agency) = asked(&market, &sent.signed, &step).await?;
    let (id, market, to) = (agency.id, &market, |_: &Agency| "/agency".to_owned());
    let mut read = sent.reading();
    if step == "leave" {
        let reason = read.line("reason");
        let leaving = read.end(Some(Leaving { reason }));
        let leave = |call, new| async move { market.agencies().leave(&call, id, new).await };
        return form.take(market, &sent, leaving, leave, to).await;
    }
    let details = details(&mut read);
    let details = read.end(details);
    if step == "reapply" {
        let again = |call, new| async move { market.agencies().reapply(&call, id, new).await };
        return form.take(market, &sent, details, again, to).await;
    }
    let change = |call, new| async move { market.agencies().change(&call, id, new).await };
    form.take(market, &sent, details, change, to).await
}
