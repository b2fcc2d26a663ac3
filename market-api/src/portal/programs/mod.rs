//! `/keys` and `/webhooks`: how a party's own programs take part: the keys with which they act, and
//! where they are told what happens. What is secret is shown once, on the page that answers.

use askama::Template;
use axum::response::{IntoResponse, Response};
use market_core::Market;

pub(super) use self::{
    keys::{keys, made_key, new_key, revoke_key, revoked_key},
    webhooks::{changed_webhook, made_webhook, new_webhook, webhook, webhooks},
};
use super::{
    Frame, Link, Page, Pager,
    rows::Row,
    signed::{Signed, private},
};
use crate::problem::Problem;

mod keys;
mod webhooks;

/// A list of what a party has for its programs.
#[derive(Debug, Template)]
#[template(path = "programs.html")]
struct ListPage {
    frame: Frame,
    title: &'static str,
    lead: &'static str,
    new: Link,
    other: Link,
    rows: Vec<Row>,
    none: &'static str,
    pager: Pager,
}

/// A secret, shown this once.
#[derive(Debug, Template)]
#[template(path = "issued.html")]
pub(super) struct IssuedPage {
    frame: Frame,
    trail: Vec<Link>,
    title: &'static str,
    label: &'static str,
    secret: String,
    note: &'static str,
    back: String,
}

fn link(href: &str, name: &str) -> Link {
    Link { href: href.to_owned(), name: name.to_owned() }
}

/// The list of keys, and that of webhooks.
const KEYS: (&str, &str) = ("/keys", "接口密钥");
const WEBHOOKS: (&str, &str) = ("/webhooks", "消息推送");

impl IssuedPage {
    /// Shows a secret of a thing that stands on a list.
    pub(super) async fn show(
        market: &Market,
        signed: &Signed,
        (at, list): (&str, &str),
        title: &'static str,
        label: &'static str,
        secret: String,
        note: &'static str,
    ) -> Result<Response, Problem> {
        let frame = Frame::signed(market, title, signed).await?;
        let (trail, back) = (vec![link(at, list)], at.to_owned());
        let page = Page::of(&Self { frame, trail, title, label, secret, note, back })?;
        Ok(private(page.into_response()))
    }
}
