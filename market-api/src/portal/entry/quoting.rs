//! `/purchases/{id}/registration/quote`: a quote on its way into its envelope, and the receipt with
//! which its agency can prove it later.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market,
    draw::Bytes32,
    id::PurchaseId,
    purchase::{NewQuote, Price, Purchase, QuoteReceipt},
    selection::Quote,
};
use serde_json::json;

use super::{
    super::{
        Frame, Link, Page,
        fields::{Field, Kind},
        filling::{Form, Taken},
        signed::{Answers, Reading, Signed, private},
        words,
    },
    at,
    page::{check, own},
    trail,
};
use crate::{parameters::At, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    frame: Frame,
    trail: Vec<Link>,
    facts: Vec<(&'static str, String)>,
    /// The receipt as a file holds it.
    receipt: String,
    back: String,
}

/// What is quoted, in which field.
fn field(price: &Price) -> Field {
    let limits = words::purchase_price(price);
    match price {
        Price::Discount { .. } => Field::new("quote", "报价（下浮率，%）", Kind::Line).hint(limits),
        _ => Field::new("quote", "报价（元）", Kind::Money).hint(limits),
    }
}

async fn asked(
    market: &Market,
    signed: &Signed,
    id: PurchaseId,
) -> Result<(Form, Purchase), Problem> {
    signed.agency()?;
    let purchase = market.purchases().get(Some(&signed.actor), id).await?;
    let registration = own(market, signed, id).await?;
    let mut form = Form::new("报价", format!("{}/quote", at(id)), "密封报价");
    form.trail = trail(&purchase);
    form.lead = "报价送到以后立即密封，开标以前谁也看不到，平台也看不到。截止以前可以再报，以最后一次为准。\n提交以后显示回执，请保存：凭它可以证明自己报了多少、什么时候报的。".to_owned();
    form.version = Some(registration.as_ref().map_or(0, |one| one.version));
    form.is_checked = true;
    form.is_secret = true;
    form.facts = vec![
        ("选取方式", purchase.notice.mode.zh().to_owned()),
        ("服务时限", format!("{} 个工作日", purchase.notice.service_days)),
    ];
    let last = registration.as_ref().and_then(|one| one.quotes.last());
    if let Some(last) = last {
        let says = last.quote.map_or_else(|| "已密封".to_owned(), words::quote);
        form.facts.push(("上一次报价", format!("{says}（{}）", words::instant(last.at))));
    }
    form.fields = vec![field(&purchase.notice.price)];
    if purchase.notice.mode.is_scored() {
        form.fields.push(Field::lines("plan", "服务方案", 4000).hint("评审时与报价一起比较"));
    }
    let nonce = Bytes32(market.env().secret());
    form.fields.push(
        Field::line("nonce", "随机数", 64)
            .hint("系统刚为您生成，也可以换成自己的；它在回执里，别人没有它就猜不出报价")
            .filled(&nonce),
    );
    Ok((form, purchase))
}

pub(in crate::portal) async fn quote(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<PurchaseId>,
) -> Result<Response, Problem> {
    let (form, _) = asked(&market, &signed, id).await?;
    form.offer(check(&market, &signed, id, "quote").await?, &market, &signed).await
}

fn read(mut read: Reading<'_>, purchase: &Purchase) -> Result<NewQuote, Error> {
    let quote = match &purchase.notice.price {
        Price::Discount { .. } => read.value("quote").map(Quote::Discount),
        _ => read.value("quote").map(Quote::Amount),
    };
    let plan = purchase.notice.mode.is_scored().then(|| read.text("plan"));
    let nonce = read.value("nonce");
    read.end(quote.zip(nonce).map(|(quote, nonce)| NewQuote { quote, plan, nonce }))
}

pub(in crate::portal) async fn quoted(
    State(market): State<Market>,
    At(id): At<PurchaseId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, purchase) = asked(&market, &sent.signed, id).await?;
    let new = read(sent.reading(), &purchase);
    let kept = new.as_ref().ok().cloned();
    let of = &market;
    let seal = |call, new: NewQuote| async move { of.purchases().quote(&call, id, new).await };
    match form.taken(&market, &sent, new, seal).await? {
        Taken::Shown(page) => Ok(page),
        // The market keeps neither quote nor nonce: only this answer has the receipt whole.
        Taken::Done(receipt) => show(&market, &sent.signed, &purchase, &receipt, kept).await,
    }
}

async fn show(
    market: &Market,
    signed: &Signed,
    purchase: &Purchase,
    receipt: &QuoteReceipt,
    new: Option<NewQuote>,
) -> Result<Response, Problem> {
    let NewQuote { quote, plan, nonce } = new.ok_or(Error::Inconsistent("quote"))?;
    let mut file = json!({
        "purchase_id": receipt.purchase_id,
        "registration_id": receipt.registration_id,
        "round": receipt.round,
        "commitment": receipt.commitment,
        "at": receipt.at,
        "quote": quote,
        "nonce": nonce.to_string(),
    });
    if let Some(plan) = plan {
        file["plan"] = json!(plan);
    }
    let page = Page::of(&ReceiptPage {
        frame: Frame::signed(market, "报价回执", signed).await?,
        trail: trail(purchase),
        facts: vec![
            ("报价", words::quote(quote)),
            ("收到时间", words::instant(receipt.at)),
            ("报价承诺值", receipt.commitment.clone()),
        ],
        receipt: serde_json::to_string_pretty(&file).map_err(|_| Error::Inconsistent("receipt"))?,
        back: at(purchase.id),
    })?;
    Ok(private(page.into_response()))
}
