//! `/account/mail`: where somebody reads mail of what they are told, and of what. `/mail/stop/…` is
//! where a link in each mail leads: whoever has it ends mail, signed in or not.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Kind as Thing, Market,
    mail::{MailLanguage, Mailbox, NewMailbox},
    notice::Preference,
};

use super::{
    Frame, Link, Page,
    doing::{Doing, Doings},
    fields::{Field, Kind},
    filling::Form,
    form::Choice,
    known, said,
    signed::{Answers, Signed, private},
};
use crate::{parameters::At, problem::Problem};

/// Where the page is.
const PLACE: &str = "/account/mail";

#[derive(Debug, Template)]
#[template(path = "mail.html")]
struct MailPage {
    frame: Frame,
    /// Whether any mail is sent here.
    is_on: bool,
    address: Option<String>,
    standing: &'static str,
    kinds: Vec<(&'static str, &'static str)>,
    doings: Doings,
}

#[derive(Debug, Template)]
#[template(path = "mail-stop.html")]
struct StopPage {
    frame: Frame,
    /// What ends mail, until it has.
    stop: Option<String>,
}

/// How somebody is told of things of a kind.
const WAYS: [(&str, &str); 3] =
    [("none", "不通知"), ("here", "只在网站上通知"), ("mail", "在网站上通知，也发邮件")];

/// What notices of a kind are of.
const fn called(kind: Thing) -> &'static str {
    match kind {
        Thing::EvaluationWindow => "评价的开始和截止",
        Thing::Webhook => "网络钩子",
        kind => said::thing(kind),
    }
}

fn way(one: Preference) -> (&'static str, &'static str) {
    match (one.told, one.mailed) {
        (false, _) => WAYS[0],
        (true, Some(false)) => WAYS[1],
        (true, _) => WAYS[2],
    }
}

/// What of mail is done where.
fn doings(mailbox: Option<&Mailbox>) -> Doings {
    let doing = |label: &str, step: &str| Doing {
        label: label.to_owned(),
        href: Some(format!("{PLACE}/{step}")),
        why: None,
    };
    let mut may = match mailbox {
        None => vec![doing("填写邮箱", "address")],
        Some(mailbox) => {
            let confirm = mailbox.confirmed_at.is_none().then(|| doing("填写验证码", "confirm"));
            let others = [doing("更改邮箱", "address"), doing("删除邮箱", "remove")];
            confirm.into_iter().chain(others).collect()
        }
    };
    may.push(doing("选择接收哪些通知", "kinds"));
    Doings { may, may_not: Vec::new() }
}

pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let mailbox = known(market.mails().mailbox(&signed.actor).await)?;
    let standing = match &mailbox {
        None => "还没有填写邮箱，通知只在网站上显示。",
        Some(one) if one.confirmed_at.is_none() => "验证码已经发往该邮箱，填写以后才会发送通知。",
        Some(one) if !one.wanted => "已经停止发送邮件，通知只在网站上显示。",
        Some(_) => "通知会发往该邮箱，十分钟内的合为一封。",
    };
    let told = market.notices().preferences(&signed.actor).await?;
    let page = Page::of(&MailPage {
        frame: Frame::signed(&market, "邮件通知", &signed).await?,
        is_on: market.mails().is_on(),
        doings: doings(mailbox.as_ref()),
        address: mailbox.map(|one| one.address),
        standing,
        kinds: told.iter().map(|one| (called(one.kind), way(*one).1)).collect(),
    })?;
    Ok(private(page.into_response()))
}

fn form(title: &str, step: &str, button: &'static str) -> Form {
    let mut form = Form::new(title, format!("{PLACE}/{step}"), button);
    let link = |href: &str, name: &str| Link { href: href.to_owned(), name: name.to_owned() };
    form.trail = vec![link("/account", "我的账号"), link(PLACE, "邮件通知")];
    form
}

/// The form of where to read mail, as it is now.
fn address_form(mailbox: Option<Mailbox>) -> Form {
    let mut form = form("接收通知的邮箱", "address", "保存");
    "新填的邮箱会收到一封带验证码的邮件，验证码 30 分钟内有效。".clone_into(&mut form.lead);
    form.version = Some(mailbox.as_ref().map_or(0, |one| one.version));
    let languages = [(MailLanguage::Zh, "中文"), (MailLanguage::En, "English")];
    let languages = languages.map(|(one, name)| Choice::of(one.as_str(), name, None)).to_vec();
    let (address, language, wanted) = match mailbox {
        None => (String::new(), MailLanguage::Zh, true),
        Some(one) => (one.address, one.language, one.wanted),
    };
    form.fields = vec![
        Field::line("address", "邮箱", 254).filled(&address).completed("email"),
        Field::new("language", "邮件用的语言", Kind::Radio(languages)).filled(language.as_str()),
        Field::new("wanted", "把通知发到这个邮箱", Kind::Tick)
            .filled(if wanted { "yes" } else { "" })
            .optional(),
    ];
    form
}

pub(super) async fn address(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let mailbox = known(market.mails().mailbox(&signed.actor).await)?;
    address_form(mailbox).show(&market, &signed).await
}

pub(super) async fn addressed(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mailbox = known(market.mails().mailbox(&sent.signed.actor).await)?;
    let mut read = sent.reading();
    let (address, wanted) = (read.text("address"), read.ticked("wanted"));
    let language = read.value("language");
    let new = read.end(language.map(|language| NewMailbox { address, language, wanted }));
    let market = &market;
    let keep = |call, new| async move { market.mails().set(&call, new).await };
    let to = |kept: &Mailbox| match kept.confirmed_at {
        None => format!("{PLACE}/confirm"),
        Some(_) => PLACE.to_owned(),
    };
    address_form(mailbox).take(market, &sent, new, keep, to).await
}

fn confirm_form() -> Form {
    let mut form = form("填写验证码", "confirm", "确认");
    "验证码是邮件里的八位数字。没有收到的，请再保存一次邮箱。".clone_into(&mut form.lead);
    form.fields = vec![Field { max: 8, ..Field::new("code", "验证码", Kind::Number) }];
    form
}

pub(super) async fn confirm(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    confirm_form().show(&market, &signed).await
}

pub(super) async fn confirmed(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mut read = sent.reading();
    let code = read.text("code");
    let (code, market) = (read.end(Some(code)), &market);
    let confirm = |call, code: String| async move { market.mails().confirm(&call, &code).await };
    confirm_form().take(market, &sent, code, confirm, |_| PLACE.to_owned()).await
}

fn remove_form(mailbox: &Mailbox) -> Form {
    let mut form = form("删除邮箱", "remove", "删除");
    "删除以后，通知只在网站上显示。".clone_into(&mut form.lead);
    form.facts = vec![("邮箱", mailbox.address.clone())];
    form.version = Some(mailbox.version);
    form
}

pub(super) async fn remove(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let mailbox = market.mails().mailbox(&signed.actor).await?;
    remove_form(&mailbox).show(&market, &signed).await
}

pub(super) async fn removed(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    // Sent twice, the second one finds nothing here, and is answered like the first.
    let form = match known(market.mails().mailbox(&sent.signed.actor).await)? {
        Some(mailbox) => remove_form(&mailbox),
        None => Form { version: sent.version(), ..form("删除邮箱", "remove", "删除") },
    };
    let (read, market) = (sent.reading().end(Some(())), &market);
    let remove = |call, ()| async move { market.mails().remove(&call).await };
    form.take(market, &sent, read, remove, |()| PLACE.to_owned()).await
}

/// The form of how one is told of what.
fn kinds_form(told: &[Preference]) -> Form {
    let mut form = form("选择接收哪些通知", "kinds", "保存");
    let ways = WAYS.map(|(value, name)| Choice::of(value, name, None)).to_vec();
    let field = |one: &Preference| {
        Field::new(one.kind.as_str(), called(one.kind), Kind::Select(ways.clone()))
            .filled(way(*one).0)
    };
    form.fields = told.iter().map(field).collect();
    form
}

pub(super) async fn kinds(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let told = market.notices().preferences(&signed.actor).await?;
    kinds_form(&told).show(&market, &signed).await
}

pub(super) async fn chosen(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let told = market.notices().preferences(&sent.signed.actor).await?;
    let mut read = sent.reading();
    let mut preferences = Vec::new();
    for Preference { kind, .. } in &told {
        let chosen = read.text(kind.as_str());
        let (told, mailed) = match chosen.as_str() {
            "none" => (false, None),
            "here" => (true, Some(false)),
            "mail" => (true, Some(true)),
            _ => {
                read.fault(kind.as_str(), "choice", "there is no such way");
                continue;
            }
        };
        preferences.push(Preference { kind: *kind, told, mailed });
    }
    let (preferences, market) = (read.end(Some(preferences)), &market);
    let prefer = |call, preferences: Vec<Preference>| async move {
        market.notices().prefer(&call, &preferences).await
    };
    kinds_form(&told).take(market, &sent, preferences, prefer, |_| PLACE.to_owned()).await
}

/// The page that a link in a mail leads to. Looking at it ends nothing: programs look at links, too.
pub(super) async fn stopping(
    State(market): State<Market>,
    At(stop): At<String>,
) -> Result<Response, Problem> {
    let frame = Frame::new(&market, "停止发送邮件").await?;
    Ok(private(Page::of(&StopPage { frame, stop: Some(stop) })?.into_response()))
}

/// Ends mail, for a person at that page or a program of theirs (RFC 8058). The link is what proves
/// that they may; an address that is gone gets no mail either.
pub(super) async fn stopped(
    State(market): State<Market>,
    At(stop): At<String>,
) -> Result<Response, Problem> {
    match market.mails().stop(&stop).await {
        Ok(()) | Err(Error::NotFound(_)) => {}
        Err(why) => return Err(why.into()),
    }
    let frame = Frame::new(&market, "已停止发送邮件").await?;
    Ok(private(Page::of(&StopPage { frame, stop: None })?.into_response()))
}
