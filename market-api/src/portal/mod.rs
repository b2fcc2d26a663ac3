//! The portal: what people see in a browser.
//!
//! Every page is complete as HTML and works without a script; nothing comes from elsewhere. A handler
//! asks the market, turns what it gets into the words of a view, and renders the template of the
//! same name. `visitor` says who looks, and reads the forms of who acts. `words` says how things
//! are written, `said` what states and events are called, `names` what codes are called.
//!
//! What is done on a page is done by a form, and all forms are alike: `fields` is what is filled in,
//! `signed` who fills it in and what was sent, `filling` the page, its check and its doing, `wrong`
//! what is said of mistakes, `uploading` those with a file, `resuming` what becomes of a form whose
//! sender must sign in again. `doing` makes buttons, and reasons why not, of the market's own
//! actions. `desk` is where departments and the operator work.

use std::{fmt::Display, str::FromStr};

use askama::Template;
use axum::{
    http::{
        HeaderValue,
        header::{CONTENT_SECURITY_POLICY, RETRY_AFTER},
    },
    response::{Html, IntoResponse, Response},
};
use market_core::{Cursor, Error, Market, Paging};
use serde::{Deserialize, Deserializer};

pub(crate) use self::{failure::page as failure_page, reading::Reading, routes::routes};
use crate::problem::{Code, Problem};

mod account;
mod admission;
mod agency;
mod assets;
mod buy;
mod calendar;
mod case;
mod chart;
mod compare;
mod complaint;
mod desk;
mod doing;
mod draw;
mod entry;
mod failure;
mod fields;
mod filling;
mod form;
mod history;
mod home;
mod identities;
mod item;
mod listings;
mod mail;
mod matter;
mod members;
mod my;
mod names;
mod offer;
mod orders;
mod own;
mod passport;
mod password;
mod picture;
mod programs;
mod provider;
mod purchase;
mod purchases;
mod reading;
mod register;
mod resuming;
mod routes;
mod rows;
mod said;
mod search;
mod second_factor;
mod signed;
mod statistics;
mod uploading;
mod verify;
mod visitor;
mod words;
mod wrong;

/// What stands around the content of every page.
#[derive(Debug, Clone)]
struct Frame {
    /// What the page is about.
    title: String,
    /// Where the stylesheet is.
    style: &'static str,
    /// Where the script is that spares loading a whole page.
    script: &'static str,
    /// Whether the market shows agencies that are made up.
    demonstration: bool,
    /// For whom somebody acts who is signed in.
    who: Option<String>,
    /// Whether they have a desk: a department or the operator.
    has_desk: bool,
    /// How they read.
    reading: Reading,
}

impl Frame {
    /// The frame of a page for one who is signed in.
    async fn signed(
        market: &Market,
        title: impl Into<String>,
        signed: &signed::Signed,
    ) -> Result<Self, Error> {
        let who = names::party_name(market, &signed.actor, &signed.actor.party).await?;
        let has_desk = desk::has_desk(&signed.actor.party);
        Ok(Self { who: Some(who), has_desk, ..Self::new(market, title).await? })
    }

    async fn new(market: &Market, title: impl Into<String>) -> Result<Self, Error> {
        let demonstration = market.agencies().any_demonstration().await?;
        Ok(Self { demonstration, ..Self::bare(title) })
    }

    /// The frame of a page that cannot ask the market.
    fn bare(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            style: &assets::STYLE.path,
            script: &assets::SCRIPT.path,
            demonstration: false,
            who: None,
            has_desk: false,
            reading: Reading::now(),
        }
    }
}

/// A page, rendered.
#[derive(Debug)]
pub(crate) struct Page(String);

impl Page {
    fn of(template: &impl Template) -> Result<Self, Problem> {
        template.render().map(Self).map_err(|why| {
            tracing::error!(error = ?why, "a page was not rendered");
            Code::INTERNAL.into()
        })
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        );
        ([(CONTENT_SECURITY_POLICY, policy)], Html(self.0)).into_response()
    }
}

/// Marks a response whose page tells by itself why a request was not answered as asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told;

impl Page {
    /// The page for people in place of a problem, which programs get.
    fn told(self, problem: Problem) -> Response {
        let mut response = (problem.status(), self).into_response();
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(Told);
        response.extensions_mut().insert(problem);
        response
    }
}

/// What a form sends in a field, or nothing where the field was left empty.
fn typed<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// What whoever asks may know of; nothing, where they may not or there is none.
fn known<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound(_) | Error::Refused(_)) => Ok(None),
        Err(why) => Err(why),
    }
}

/// A link to another page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    href: String,
    name: String,
}

impl Link {
    fn matter(matter: &market_core::matter::Matter) -> Self {
        Self { href: format!("/matters/{}", matter.code), name: matter.name.clone() }
    }

    fn item(item: &market_core::catalog::ServiceItem) -> Self {
        Self { href: format!("/items/{}", item.code), name: item.name.clone() }
    }
}

/// The query of a page with a list.
#[derive(Debug, Deserialize)]
struct Place {
    after: Option<String>,
}

/// Where a page of a list begins, as an address has it: nothing, empty or a cursor.
fn cursor(after: Option<&str>) -> Option<Cursor> {
    after.filter(|after| !after.is_empty()).map(Cursor::given)
}

/// The page of a list that an address asks for.
fn paging(after: Option<&str>) -> Paging {
    Paging { after: cursor(after), ..Paging::default() }
}

/// The ways from one page of a list to others.
#[derive(Debug, Default)]
struct Pager {
    /// The first page, unless this is it.
    start: Option<String>,
    next: Option<String>,
}

impl Pager {
    /// The ways from a page of the list that is a page's own; what narrows it stays in the address.
    fn of_list(
        path: &str,
        address: Option<String>,
        paging: &Paging,
        next: Option<&Cursor>,
    ) -> Self {
        Self::within(&form::list(path, address), "list", paging.after.as_ref(), next)
    }

    /// The ways from the page that begins after a cursor, in a list of offers whose address goes up
    /// to its last parameter.
    fn new(list: &str, after: Option<&Cursor>, next: Option<&Cursor>) -> Self {
        Self::within(list, "offers", after, next)
    }

    /// The same, in a list that begins at a place of its page.
    fn within(list: &str, place: &str, after: Option<&Cursor>, next: Option<&Cursor>) -> Self {
        Self {
            start: after.map(|_| format!("{list}#{place}")),
            next: next.map(|next| format!("{list}after={}#{place}", next.as_str())),
        }
    }
}
