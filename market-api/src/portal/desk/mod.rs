//! `/desk`: where approval departments and the operator work.
//!
//! `inbox` is what waits for whoever asks, `case` a case with what each service that it needs has
//! come to, `deciding` and `using` the forms of its steps and orders. `purchases`, `complaints`,
//! `alarms` (with what `evidence` tells), `appeals` and `audit` are what is supervised, `board` what
//! it adds up to; `agencies`, `phrases`, `policies` and `jobs` are the operator's. `shown` has the
//! two pages that most of them are, `called` what things are called here.
//!
//! These pages are for departments and the operator; to everybody else they are not there. What
//! may be done on them is the market's to say, as everywhere.

use axum::{
    Router,
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    http::{StatusCode, request::Parts},
    routing::{get, post},
};
use market_core::{Error, Market, Party};

use super::{
    Link,
    filling::Form,
    signed::{Answers, Instead, Signed, Stage},
};
use crate::{
    App,
    problem::{Code, Problem},
};

/// Takes what a form sent, does it, and goes on.
macro_rules! take {
    ($form:expr, $market:expr, $sent:expr, $to:expr, $new:expr, |$call:ident, $given:pat_param| $done:expr) => {{
        let to: String = $to;
        $form
            .take(
                $market,
                &$sent,
                $new,
                move |$call, $given| async move { $done.await.map(drop) },
                move |()| to,
            )
            .await
    }};
}

pub(super) use self::inbox::{order_place, place};

mod agencies;
mod alarms;
mod appeals;
mod audit;
mod board;
mod called;
mod case;
mod complaints;
mod deciding;
mod evidence;
mod inbox;
mod jobs;
mod phrases;
mod policies;
mod purchases;
mod shown;
mod using;

/// The pages of departments and the operator.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/desk", get(inbox::show))
        .route("/desk/cases", get(case::list))
        .route("/desk/cases/{id}", get(case::show))
        .route("/desk/cases/{id}/steps/{step}/{act}", get(deciding::step).post(deciding::decided))
        .route("/desk/cases/{id}/needs/{item}/link", get(deciding::link).post(deciding::linked))
        .route("/desk/orders/{id}/{step}", get(using::step).post(using::done))
        .route("/desk/evaluations/{id}", get(appeals::show).post(appeals::decided))
        .route("/desk/purchases", get(purchases::list))
        .route("/desk/purchases/{id}", get(purchases::show))
        .route("/desk/purchases/{id}/{step}", get(purchases::step).post(purchases::done))
        .route("/desk/complaints", get(complaints::list))
        .route("/desk/complaints/{id}", get(complaints::show))
        .route("/desk/complaints/{id}/{step}", get(complaints::step).post(complaints::done))
        .route("/desk/alarms", get(alarms::list))
        .route("/desk/alarms/{id}", get(alarms::show))
        .route("/desk/alarms/{id}/acknowledge", get(alarms::acknowledge).post(alarms::done))
        .route("/desk/board", get(board::show))
        .route("/desk/agencies", get(agencies::list))
        .route("/desk/agencies/{id}", get(agencies::show))
        .route("/desk/agencies/{id}/{step}", get(agencies::step).post(agencies::done))
        .route("/desk/phrases", get(phrases::list))
        .route("/desk/phrases/edit", get(phrases::edit).post(phrases::edited))
        .route("/desk/phrases/remove", get(phrases::remove).post(phrases::removed))
        .merge(running())
}

/// What the operator runs the market by.
fn running() -> Router<App> {
    Router::new()
        .route("/desk/audit", get(audit::show))
        .route("/desk/audit.csv", get(audit::file))
        .route("/desk/jobs", get(jobs::show))
        .route("/desk/policies", get(policies::list))
        .route("/desk/policies/{region}/{version}", get(policies::show))
        .route("/desk/policies/{region}/{version}/file", get(policies::file))
        .route("/desk/policies/simulate", get(policies::try_page).post(policies::tried))
        .route("/desk/policies/simulate/file", post(policies::tried_file))
        .route("/desk/policies/put", get(policies::put_page).post(policies::put))
}

/// Whether a party works at a desk.
pub(super) const fn has_desk(party: &Party) -> bool {
    matches!(party, Party::Department(_) | Party::Operator)
}

/// Somebody who is signed in for a department or the operator.
#[derive(Debug)]
struct AtDesk(Signed);

impl<S: Send + Sync> FromRequestParts<S> for AtDesk
where
    Market: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Instead> {
        let signed = Signed::from_request_parts(parts, state).await?;
        if has_desk(&signed.actor.party) { Ok(Self(signed)) } else { Err(Code::NOT_FOUND.into()) }
    }
}

/// A form that such a one filled in.
#[derive(Debug)]
struct DeskAnswers(Answers);

impl<S: Send + Sync> FromRequest<S> for DeskAnswers
where
    Market: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request(request: Request, state: &S) -> Result<Self, Instead> {
        let sent = Answers::from_request(request, state).await?;
        let is_at_desk = has_desk(&sent.signed.actor.party);
        if is_at_desk { Ok(Self(sent)) } else { Err(Code::NOT_FOUND.into()) }
    }
}

/// The way to a page of the desk.
fn trail(of: &[(&str, &str)]) -> Vec<Link> {
    let first = [("/desk", "工作台")];
    let all = first.iter().chain(of);
    all.map(|(href, name)| Link { href: (*href).to_owned(), name: (*name).to_owned() }).collect()
}

/// A form, and whether what it does may be done now.
pub(super) type Offered = (Form, Result<(), Error>);

/// The form of a thing that is not there any more once it was sent: whether it was sent before, the
/// market knows by its key.
pub(super) fn or_sent_before(
    found: Result<Offered, Problem>,
    sent: &Answers,
) -> Result<Form, Problem> {
    match found {
        Err(why) if why.status() == StatusCode::NOT_FOUND && sent.stage(false) == Stage::Do => {
            let mut form = Form::new("不能再提交", sent.path.clone(), "提交");
            form.version = sent.version();
            Ok(form)
        }
        found => found.map(|(form, _)| form),
    }
}

/// The form of a step of a thing that stands on a list, as of a version.
fn form_of(
    list: (&str, &str),
    thing: (&str, &str),
    step: &str,
    label: &'static str,
    version: i64,
) -> Form {
    let (at, _) = thing;
    let mut form = Form::new(label, format!("{at}/{step}"), label);
    form.trail = trail(&[list, thing]);
    form.version = Some(version);
    form
}
