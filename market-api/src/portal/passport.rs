//! The passport of a deliverable: `/orders/{id}/deliverables/{number}/passport` for whoever may read
//! the deliverable, and what `/verify` shows of one that was uploaded.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Market, catalog::QualificationType, id::OrderId, order::CertificateThen, passport::Passport,
};

use super::{
    Frame, Link, Page, desk,
    names::Regions,
    picture::Picture,
    said,
    signed::{Signed, private},
    words,
};
use crate::{parameters::At, problem::Problem};

#[derive(Debug, Template)]
#[template(path = "passport.html")]
struct PassportPage {
    frame: Frame,
    trail: Vec<Link>,
    /// Whether it was uploaded, and holds.
    is_verified: bool,
    /// Where its file is; nowhere, of one that was uploaded.
    file: Option<String>,
    passport: Told,
    qr: Option<Picture>,
    /// Where it is verified.
    verification: String,
}

/// What a passport says, in words.
#[derive(Debug)]
pub(super) struct Told {
    market: String,
    file: Vec<(&'static str, String)>,
    sha256: String,
    versions: Vec<Version>,
    handed_over: Vec<(&'static str, String)>,
    certificates: Vec<Certificate>,
    order: Vec<(&'static str, String)>,
    uses: Vec<(String, String)>,
    as_of: String,
    key: String,
    signature: String,
}

#[derive(Debug)]
struct Version {
    number: i64,
    uploaded: String,
    handed_over: String,
    sha256: String,
}

#[derive(Debug)]
struct Certificate {
    kind: String,
    number: String,
    issuer: String,
    valid: String,
}

fn certificate(of: &CertificateThen, kinds: &[QualificationType]) -> Certificate {
    let known = kinds.iter().find(|one| one.kind == of.kind);
    let level = known.and_then(|one| one.level(&of.level)).map(|level| level.name.clone());
    let mut kind = known.map_or_else(|| of.kind.to_string(), |one| one.name.clone());
    if known.is_none_or(|one| one.levels.len() > 1) {
        kind.push_str(&level.unwrap_or_else(|| of.level.to_string()));
    }
    if !of.majors.is_empty() {
        kind = format!("{kind}（专业：{}）", of.majors.join("、"));
    }
    Certificate {
        kind,
        number: of.number.clone(),
        issuer: of.issuer.clone(),
        valid: format!("{}至{}", words::day(of.valid_from), words::day(of.valid_until)),
    }
}

impl Told {
    async fn of(market: &Market, of: &Passport) -> Result<Self, Problem> {
        let kinds = market.catalog().qualification_types().await?;
        let name = |kind: &dyn std::fmt::Display| {
            let found = kinds.iter().find(|one| one.kind.to_string() == kind.to_string());
            found.map_or_else(|| kind.to_string(), |one| one.name.clone())
        };
        let instant =
            |at: Option<market_core::Timestamp>| at.map_or_else(|| "—".to_owned(), words::instant);
        let mut handed_over = Vec::new();
        let mut certificates = Vec::new();
        if let Some(by) = &of.handed_over {
            handed_over.push(("交付时间", words::instant(by.at)));
            handed_over.push(("机构", by.agency.clone()));
            handed_over.push(("统一社会信用代码", by.uscc.to_string()));
            if let Some(one) = &by.practitioner {
                handed_over.push(("签署的执业人员", one.name.clone()));
                let about = format!("{}，证书 {}", name(&one.specialty), one.certificate);
                handed_over.push(("执业资格", about));
            }
            certificates.extend(by.certificates.iter().map(|one| certificate(one, &kinds)));
        }
        let (file, order) = (&of.deliverable, &of.order);
        let mut facts = vec![
            ("订单编号", order.id.to_string()),
            ("订单状态", said::order_state(&order.state).to_owned()),
            (
                "服务事项",
                format!("{}（{}，第 {} 版）", order.item_name, order.item, order.item_version),
            ),
            ("用于", format!("{}（第 {} 版）", order.matter, order.matter_version)),
            ("地区", Regions::new(market).name(&order.region).await?),
            ("下单时间", words::instant(order.placed_at)),
        ];
        facts.extend(order.contract.clone().map(|number| ("合同编号", number)));
        facts.extend(order.purchase_id.map(|id| ("采购项目", id.to_string())));
        facts
            .push(("验收日期", of.accepted_on.map_or_else(|| "还没有验收".to_owned(), words::day)));
        Ok(Self {
            market: of.market.clone(),
            file: vec![
                ("文件名", file.name.clone()),
                ("类型", file.media_type.clone()),
                ("大小", format!("{} 字节", words::number(file.size))),
            ],
            sha256: file.sha256.clone(),
            versions: of
                .versions
                .iter()
                .map(|one| Version {
                    number: one.number,
                    uploaded: words::instant(one.uploaded_at),
                    handed_over: instant(one.handed_over_at),
                    sha256: one.sha256.clone(),
                })
                .collect(),
            handed_over,
            certificates,
            order: facts,
            uses: of
                .uses
                .iter()
                .map(|one| {
                    let used = one.used_at.map(words::instant);
                    (one.name.clone(), used.unwrap_or_else(|| "还没有使用".to_owned()))
                })
                .collect(),
            as_of: words::instant(of.as_of),
            key: of.key.clone(),
            signature: of.signature.clone(),
        })
    }
}

/// Where passports are verified, on whichever address others reach the market by.
fn verification(market: &Market) -> String {
    format!("{}/verify#by-passport", market.publisher().url)
}

async fn page(
    market: &Market,
    frame: Frame,
    trail: Vec<Link>,
    passport: &Passport,
    file: Option<String>,
) -> Result<Page, Problem> {
    let verification = verification(market);
    let qr = Picture::of(&verification, "二维码：打开核验页");
    Page::of(&PassportPage {
        frame,
        trail,
        is_verified: file.is_none(),
        file,
        passport: Told::of(market, passport).await?,
        qr,
        verification,
    })
}

pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
    At((id, number)): At<(OrderId, i64)>,
) -> Result<Response, Problem> {
    let passport = market.passports().of(&signed.actor, id, number).await?;
    let link = |href: String, name: &str| Link { href, name: name.to_owned() };
    let trail = if desk::has_desk(&signed.actor.party) {
        let order = desk::order_place(&market, &signed, id).await?;
        let own = order.map(|href| link(href, &passport.order.item_name));
        std::iter::once(link("/desk".to_owned(), "工作台")).chain(own).collect()
    } else {
        vec![
            link("/orders".to_owned(), "我的订单"),
            link(format!("/orders/{id}"), &passport.order.item_name),
        ]
    };
    let frame = Frame::signed(&market, "成果护照", &signed).await?;
    let file = format!("/api/v1/orders/{id}/deliverables/{number}/passport");
    let page = page(&market, frame, trail, &passport, Some(file)).await?;
    Ok(private(page.into_response()))
}

/// The page of a passport that was uploaded, and holds.
pub(super) async fn verified(market: &Market, passport: &Passport) -> Result<Page, Problem> {
    let frame = Frame::new(market, "成果护照核验结果").await?;
    let trail = vec![Link { href: "/verify".to_owned(), name: "文书核验".to_owned() }];
    page(market, frame, trail, passport, None).await
}
