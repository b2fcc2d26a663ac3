//! `/cases/start/{matter}`: starting to get one thing done.

use axum::{extract::State, response::Response};
use market_core::{
    Market,
    case::{Fund, NewCase},
    code::MatterCode,
};

use super::super::{
    Link,
    fields::{Field, Kind},
    filling::Form,
    form::{Choice, nearby},
    signed::{Answers, Signed},
    words,
};
use crate::{parameters::At, problem::Problem};

/// What a matter asks of whoever starts it.
async fn form(market: &Market, code: &MatterCode) -> Result<Form, Problem> {
    let matter = market.matters().get(code).await?;
    let regions = nearby(market, None).await?;
    let regions: Vec<_> =
        regions.iter().map(|one| Choice::of(one.code.as_str(), &one.name, None)).collect();
    let home = market.departments().list().await?.first().map(|one| one.region.to_string());
    let funds = [(Fund::Social, "不使用财政资金，选这一项"), (Fund::Fiscal, "由财政预算支付")];
    let funds = funds.map(|(fund, hint)| {
        Choice::of(fund.as_str(), &format!("{}（{hint}）", words::fund(fund)), None)
    });
    let mut form =
        Form::new(format!("开始办：{}", matter.name), format!("/cases/start/{code}"), "开始办理");
    form.trail = vec![Link::matter(&matter)];
    form.is_checked = true;
    form.lead = format!(
        "适用于：{}。开始以后，系统按这件事列出要办的环节和要买的中介服务，不收费。",
        matter.audience
    );
    form.facts = vec![
        ("要经过", format!("{} 个环节", matter.steps.len())),
        ("中介服务", format!("{} 项", matter.needs.len())),
        ("承诺时限", format!("{} 个工作日", matter.promised_days)),
    ];
    form.fields = vec![
        Field::line("title", "给这件事起个名字", 100)
            .hint("方便您自己认出它，例如“古塘路 8 号面馆开业”")
            .filled(&matter.name),
        Field::new("region", "在哪里办", Kind::Select(regions))
            .hint("店铺、厂房或者项目所在的地区")
            .filled(&home.unwrap_or_default()),
        Field::new("fund", "中介服务由谁出钱", Kind::Radio(funds.to_vec()))
            .hint("财政性资金达到限额的服务，必须公开选取机构")
            .filled(&Fund::Social),
    ];
    Ok(form)
}

pub(in crate::portal) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At(code): At<MatterCode>,
) -> Result<Response, Problem> {
    form(&market, &code).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn opened(
    State(market): State<Market>,
    At(code): At<MatterCode>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = form(&market, &code).await?;
    let mut read = sent.reading();
    let (title, region, fund) = (read.text("title"), read.value("region"), read.value("fund"));
    let new = region.zip(fund).map(|(region, fund)| NewCase { matter: code, title, region, fund });
    let new = read.end(new);
    let market = &market;
    let open = |call, new| async move { market.cases().open(&call, new).await };
    form.take(market, &sent, new, open, |case| format!("/cases/{}", case.id)).await
}
