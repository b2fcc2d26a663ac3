//! `/members`: who acts for a party, and as what, for whoever manages that; `/join`, where somebody
//! accepts an invitation; `/account/leave`, where they leave.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market,
    account::{Invitation, Member},
};

pub(super) use self::{
    inviting::{invite, invited, take_back, taken_back},
    joining::{accepted, ask, join, looked, sign_in_first},
    steps::{done, leave, left, step},
};
use super::{
    Frame, Link, Page,
    desk::has_desk,
    known,
    rows::Row,
    signed::{Signed, private},
    words,
};
use crate::problem::Problem;

mod inviting;
mod joining;
mod steps;

/// The list, and what it is called.
const MEMBERS: (&str, &str) = ("/members", "经办人");

#[derive(Debug, Template)]
#[template(path = "members.html")]
struct MembersPage {
    frame: Frame,
    trail: Vec<Link>,
    members: Vec<Row>,
    invitations: Vec<Row>,
}

fn link((href, name): (&str, &str)) -> Link {
    Link { href: href.to_owned(), name: name.to_owned() }
}

/// The way to the list: from where a party's people begin.
fn way(signed: &Signed) -> Link {
    let at_desk = has_desk(&signed.actor.party);
    link(if at_desk { ("/desk", "工作台") } else { ("/account", "我的账号") })
}

/// The way to a page about somebody on the list.
fn trail(signed: &Signed) -> Vec<Link> {
    vec![way(signed), link(MEMBERS)]
}

/// Whether somebody manages who acts for whom they act for, so that a page leads them there.
pub(super) async fn manages(market: &Market, signed: &Signed) -> Result<bool, Error> {
    let may = market.accounts().may_manage(&signed.actor, &signed.actor.party).await;
    Ok(known(may)?.is_some())
}

fn member(one: &Member, signed: &Signed) -> Row {
    let own = if one.person_id == signed.actor.person { "（您）" } else { "" };
    Row {
        href: Some(format!("/members/{}/role", one.person_id)),
        lines: vec![format!("账号 {}，{}起", one.login, words::day(one.since.day()))],
        tag: if one.disabled { "账号停用" } else { words::role(one.role) }.to_owned(),
        tone: if one.disabled { "bad" } else { "" },
        title: format!("{}{own}", one.name),
    }
}

fn invitation(one: Invitation) -> Row {
    let (made, until) = (words::instant(one.created_at), words::instant(one.expires_at));
    Row {
        href: Some(format!("/members/invitations/{}/revoke", one.id)),
        lines: vec![format!("{made}邀请，{until}以前可以接受")],
        tag: words::role(one.role).to_owned(),
        tone: "",
        title: one.name,
    }
}

pub(super) async fn list(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let (accounts, party) = (market.accounts(), &signed.actor.party);
    accounts.may_manage(&signed.actor, party).await?;
    let members = accounts.members(&signed.actor, party).await?;
    let invitations = accounts.invitations(&signed.actor, party).await?.into_iter();
    let open = invitations.filter(|one| one.awaits_answer().is_ok());
    let page = Page::of(&MembersPage {
        frame: Frame::signed(&market, MEMBERS.1, &signed).await?,
        trail: vec![way(&signed)],
        members: members.iter().map(|one| member(one, &signed)).collect(),
        invitations: open.map(invitation).collect(),
    })?;
    Ok(private(page.into_response()))
}
