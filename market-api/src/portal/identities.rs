//! `/account/identities`: what other providers vouch for, and is linked to an account.
//!
//! Going to a provider links nothing yet. A form of ours does, with one's password, once it is known
//! whose identity it would be.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market, Refusal,
    account::{LinkedIdentity, Password, Waiting},
    id::IdentityId,
};

use super::{
    Frame, Link, Page,
    account::Jar,
    fields::{Field, Kind},
    filling::Form,
    provider::{sent_away, waiting},
    signed::{Answers, Signed, private},
    words,
};
use crate::{App, caller::Client, parameters::At, problem::Problem};

const LINKED: &str = "/account/identities";

#[derive(Debug, Template)]
#[template(path = "identities.html")]
struct IdentitiesPage {
    frame: Frame,
    identities: Vec<(String, String, String)>,
    providers: Vec<Link>,
}

/// Sends the browser of who is signed in to a provider, to link an identity there.
pub(super) async fn depart_to_link(
    State(app): State<App>,
    Jar(cookies): Jar,
    Client(from): Client,
    At(key): At<String>,
    signed: Signed,
) -> Result<Response, Problem> {
    sent_away(&app, &cookies, &key, LINKED, Some(&signed), &from).await
}

/// What is linked to one's account.
pub(super) async fn show(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let accounts = market.accounts();
    let linked = accounts.identities(&signed.actor).await?;
    let view = |one: LinkedIdentity| {
        let providers = accounts.providers().iter();
        let known = providers.clone().find(|provider| provider.issuer == one.issuer);
        let by = known.map_or_else(|| one.issuer.clone(), |provider| provider.name.clone());
        let name = if one.name.is_empty() { by } else { format!("{by}（{}）", one.name) };
        (one.id.to_string(), name, words::instant(one.linked_at))
    };
    let providers = accounts
        .providers()
        .iter()
        .map(|one| Link { href: format!("{LINKED}/with/{}", one.key), name: one.name.clone() });
    let page = Page::of(&IdentitiesPage {
        frame: Frame::signed(&market, "关联的身份", &signed).await?,
        identities: linked.into_iter().map(view).collect(),
        providers: providers.collect(),
    })?;
    Ok(private(page.into_response()))
}

fn form(title: &str, action: String, button: &'static str) -> Form {
    let mut form = Form::new(title, action, button);
    let link = |href: &str, name: &str| Link { href: href.to_owned(), name: name.to_owned() };
    form.trail = vec![link("/account", "我的账号"), link(LINKED, "关联的身份")];
    form
}

fn confirm_form(waiting: &Waiting) -> Form {
    let mut form = form("关联身份", format!("{LINKED}/confirm"), "关联");
    "关联以后，可以用这个身份登录您的账号。不是您本人的身份，请不要关联。"
        .clone_into(&mut form.lead);
    form.facts = vec![("由谁确认", waiting.provider.name.clone()), ("姓名", waiting.name.clone())];
    form.facts.retain(|(_, text)| !text.is_empty());
    form.fields = vec![
        Field { max: 128, ..Field::new("password", "您在本平台的密码", Kind::Password) }
            .hint("没有密码的账号不用填")
            .completed("current-password")
            .optional(),
    ];
    form
}

pub(super) async fn confirm(
    State(market): State<Market>,
    Jar(cookies): Jar,
    signed: Signed,
) -> Result<Response, Problem> {
    let (_, waiting) = waiting(&market, &cookies).await?;
    confirm_form(&waiting).show(&market, &signed).await
}

pub(super) async fn confirmed(
    State(market): State<Market>,
    Jar(cookies): Jar,
    sent: Answers,
) -> Result<Response, Problem> {
    // Sent twice, nothing waits for the second one, and it is answered like the first.
    let secret = cookies.visit().ok_or(Refusal::SignInOver)?;
    let form = match waiting(&market, &cookies).await {
        Ok((_, waiting)) => confirm_form(&waiting),
        Err(Error::Refused(Refusal::SignInOver)) => {
            form("关联身份", format!("{LINKED}/confirm"), "关联")
        }
        Err(why) => return Err(why.into()),
    };
    let password = Password::new(sent.get("password").unwrap_or_default());
    let (password, market) = (sent.reading().end(Some(password)), &market);
    let link = |call, password: Password| async move {
        market.accounts().link(&call, &secret, password).await
    };
    form.take(market, &sent, password, link, |()| LINKED.to_owned()).await
}

fn unlink_form(id: IdentityId) -> Form {
    let mut form = form("取消关联", format!("{LINKED}/{id}/unlink"), "取消关联");
    "取消以后，不能再用这个身份登录；用它登录的会话随即结束。".clone_into(&mut form.lead);
    form
}

pub(super) async fn unlink(
    State(market): State<Market>,
    At(id): At<IdentityId>,
    signed: Signed,
) -> Result<Response, Problem> {
    unlink_form(id).show(&market, &signed).await
}

pub(super) async fn unlinked(
    State(market): State<Market>,
    At(id): At<IdentityId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (read, market) = (sent.reading().end(Some(())), &market);
    let unlink = |call, ()| async move { market.accounts().unlink(&call, id).await };
    unlink_form(id).take(market, &sent, read, unlink, |()| LINKED.to_owned()).await
}
