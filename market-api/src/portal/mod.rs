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
    Router,
    http::{
        HeaderValue,
        header::{CONTENT_SECURITY_POLICY, RETRY_AFTER},
    },
    middleware::from_fn,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use market_core::{Cursor, Error, Market, Paging};
use serde::{Deserialize, Deserializer};

pub(crate) use self::{failure::page as failure_page, reading::Reading};
use crate::{
    App,
    problem::{Code, Problem},
};

mod account;
mod admission;
mod agency;
mod assets;
mod buy;
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
mod my;
mod names;
mod offer;
mod orders;
mod own;
mod passport;
mod programs;
mod provider;
mod purchase;
mod purchases;
mod reading;
mod register;
mod resuming;
mod said;
mod search;
mod signed;
mod statistics;
mod uploading;
mod verify;
mod visitor;
mod words;
mod wrong;

/// The pages of the portal.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home::show))
        .route("/matters/{code}", get(matter::show))
        .route("/items/{code}", get(item::show))
        .route("/agencies/{id}", get(agency::show))
        .route("/search", get(search::show))
        .route("/compare", get(compare::show))
        .route("/suggested", get(search::suggest))
        .route("/sign-in", get(account::sign_in_page).post(account::sign_in))
        .route("/sign-out", post(account::sign_out))
        .route("/account", get(account::show))
        .route("/account/switch", post(account::switch))
        .route("/purchases", get(purchases::show))
        .route("/purchases/{id}", get(purchase::show))
        .route("/purchases/{id}/award", get(purchase::award))
        .route("/purchases/{id}/draw", get(draw::show))
        .route("/verify", get(verify::ask).post(verify::upload))
        .route("/verify/{code}", get(verify::show))
        .route("/statistics", get(statistics::show))
        .route("/statistics.csv", get(statistics::file))
        .route("/reading", post(reading::choose))
        .merge(own_pages())
        .merge(purchase_pages())
        .merge(agency_pages())
        .merge(desk::routes())
        .layer(from_fn(reading::told))
        .merge(assets::routes())
}

/// The pages of who is signed in: cases, orders, and what waits for them.
fn own_pages() -> Router<App> {
    Router::new()
        .route("/register", get(register::begin).post(register::sign_up))
        .route("/applicants/new", get(register::another).post(register::registered))
        .route("/my", get(my::show))
        .route("/inbox", get(my::inbox))
        .route("/notices/{id}", get(my::follow))
        .route("/inbox/read", post(my::read_all))
        .route("/notices/{id}/read", post(my::read))
        .merge(mail_pages())
        .merge(provider_pages())
        .route("/deadlines", get(my::deadlines))
        .route("/cases", get(case::list))
        .route("/cases/start/{matter}", get(case::start).post(case::open))
        .route("/cases/{id}", get(case::show))
        .route("/cases/{id}/withdraw", get(case::withdraw).post(case::withdrawn))
        .route("/cases/{id}/steps/{step}/resubmit", get(case::resubmit).post(case::resubmitted))
        .route("/cases/{id}/needs/{item}", get(case::need))
        .route("/cases/{id}/buy/{listing}", get(buy::show).post(buy::placed))
        .route("/orders", get(orders::list))
        .route("/orders/{id}", get(orders::show))
        .route("/orders/{id}/{step}", get(orders::step).post(orders::done))
        .route("/orders/{id}/deliverables/{number}/passport", get(passport::show))
        .route("/orders/{id}/upload", get(orders::upload).post(orders::uploaded_file))
        .route("/evaluations/{id}/appeal", get(orders::appeal).post(orders::appealed))
}

/// Signing in by another provider.
fn provider_pages() -> Router<App> {
    Router::new()
        .route("/sign-in/with/{provider}", get(provider::depart))
        .route("/sign-in/with/{provider}/callback", get(provider::come_back))
        .route("/sign-in/code", get(provider::code).post(provider::coded))
        .route("/sign-in/new", get(provider::unknown))
        .route("/sign-in/join", get(provider::join).post(provider::joined))
        .route("/sign-in/sign-up", get(provider::sign_up).post(provider::signed_up))
        .route("/account/identities", get(identities::show))
        .route("/account/identities/with/{provider}", get(identities::depart_to_link))
        .route("/account/identities/confirm", get(identities::confirm).post(identities::confirmed))
        .route(
            "/account/identities/{id}/unlink",
            get(identities::unlink).post(identities::unlinked),
        )
}

/// The pages of mail.
fn mail_pages() -> Router<App> {
    Router::new()
        .route("/account/mail", get(mail::show))
        .route("/account/mail/address", get(mail::address).post(mail::addressed))
        .route("/account/mail/confirm", get(mail::confirm).post(mail::confirmed))
        .route("/account/mail/remove", get(mail::remove).post(mail::removed))
        .route("/account/mail/kinds", get(mail::kinds).post(mail::chosen))
        .route("/mail/stop/{stop}", get(mail::stopping).post(mail::stopped))
}

/// The pages of purchases and complaints for those who take part.
fn purchase_pages() -> Router<App> {
    Router::new()
        .route("/purchases/mine", get(own::list))
        .route("/purchases/new", get(own::begin).post(own::begun))
        .route("/purchases/{id}/manage", get(own::show))
        .route("/purchases/{id}/manage/{step}", get(own::step).post(own::done))
        .route("/purchases/{id}/rewrite/{step}", get(own::revise).post(own::revised))
        .route("/purchases/{id}/questions/{question}/answer", get(own::answer).post(own::answered))
        .route("/purchases/{id}/complain", get(complaint::complain).post(complaint::filed))
        .route("/complaints", get(complaint::list))
        .route("/complaints/{id}", get(complaint::show))
        .route("/complaints/{id}/withdraw", get(complaint::withdraw).post(complaint::withdrawn))
}

/// The pages of agencies, and of what any party has for its programs.
fn agency_pages() -> Router<App> {
    Router::new()
        .route("/keys", get(programs::keys))
        .route("/keys/new", get(programs::new_key).post(programs::made_key))
        .route("/keys/{id}/revoke", get(programs::revoke_key).post(programs::revoked_key))
        .route("/webhooks", get(programs::webhooks))
        .route("/webhooks/new", get(programs::new_webhook).post(programs::made_webhook))
        .route("/webhooks/{id}/{step}", get(programs::webhook).post(programs::changed_webhook))
        .route("/purchases/open", get(entry::open))
        .route("/registrations", get(entry::list))
        .route("/purchases/{id}/registration", get(entry::show))
        .route("/purchases/{id}/registration/quote", get(entry::quote).post(entry::quoted))
        .route("/purchases/{id}/registration/{step}", get(entry::step).post(entry::done))
        .route("/agencies/new", get(admission::begin).post(admission::applied))
        .route("/agency", get(admission::show))
        .route("/agency/credit", get(admission::credit))
        .route("/agency/{step}", get(admission::step).post(admission::done))
        .route("/agency/qualifications/new", get(admission::choose))
        .route("/agency/qualifications/add", get(admission::add).post(admission::added))
        .route("/agency/practitioners/new", get(admission::hire).post(admission::hired))
        .route("/agency/practitioners/{id}/remove", get(admission::remove).post(admission::removed))
        .route("/listings", get(listings::list))
        .route("/listings/new", get(listings::begin).post(listings::begun))
        .route("/listings/import", get(listings::import).post(listings::imported))
        .route("/listings/{id}/{step}", get(listings::step).post(listings::done))
}

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
