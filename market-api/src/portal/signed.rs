//! Who is signed in before a page, and the forms that they send.
//!
//! Nothing that somebody typed is lost: whose session is over signs in and finds the form again as
//! it was, and so does who signed in anew in another window.

use std::str::FromStr;

use axum::{
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, LOCATION},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use form_urlencoded::Serializer;
use market_core::{
    Actor, Call, Error, Fault, Market, Outcome, Party, Refusal,
    account::{Proof, Reach},
    id::{AgencyId, SessionId},
    is_same_secret,
};

use super::{
    resuming,
    visitor::{Visitor, form_sent},
};
use crate::{
    body::{CONTROLS, has_controls},
    caller::{Cookies, Holder, proof_of},
    problem::{Code, Problem},
};

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    /// Who acts, and for whom.
    pub(super) actor: Actor,
    /// What the page's forms carry, so that no other page can send them.
    pub(super) proof: String,
    /// By which session.
    pub(super) session: Option<SessionId>,
    /// Whether they must set up a second factor before anything else.
    pub(super) is_enrolling: bool,
}

/// An answer in place of the page that was asked for.
#[derive(Debug)]
pub(super) struct Instead(Box<Response>);

impl From<Response> for Instead {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl From<Problem> for Instead {
    fn from(problem: Problem) -> Self {
        problem.into_response().into()
    }
}

impl From<Code> for Instead {
    fn from(code: Code) -> Self {
        Problem::from(code).into()
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Goes on to a page of ours.
pub(super) fn go(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/account"));
    private((StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response())
}

/// Has nobody keep a page that is for one person.
pub(super) fn private(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Has nobody but the browser of whom it is for keep a page that answers a form, so that they can go
/// back to it; browsers ask no such page anew. Signing out has it forgotten.
pub(super) fn returnable(mut response: Response) -> Response {
    let kept = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(CACHE_CONTROL, kept);
    response
}

/// Where somebody signs in, to come back to a page.
fn sign_in(back: &str) -> Instead {
    let query = Serializer::new(String::new()).append_pair("next", back).finish();
    go(&format!("/sign-in?{query}")).into()
}

/// Where somebody sets up the second factor without which they may do nothing else, to come back to
/// a page.
fn enrol(back: &str) -> Instead {
    let query = Serializer::new(String::new()).append_pair("next", back).finish();
    go(&format!("/account/second-factor/enrol?{query}")).into()
}

impl<S: Send + Sync> FromRequestParts<S> for Signed
where
    Market: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Instead> {
        let back = parts.uri.path_and_query().map_or("/", |place| place.as_str()).to_owned();
        let Some(token) = Cookies::of(parts).session() else { return Err(sign_in(&back)) };
        match Holder::identify(&Market::from_ref(state), parts, token).await {
            Ok(holder) => Ok(Self::of(holder)),
            Err(why) if why.status() == StatusCode::UNAUTHORIZED => Err(sign_in(&back)),
            Err(why) if why.is(Refusal::SecondFactorRequired) => Err(enrol(&back)),
            Err(why) => Err(why.into()),
        }
    }
}

impl Signed {
    fn of(holder: Holder) -> Self {
        let session = match holder.bearer.proof {
            Proof::Session(id, _) => Some(id),
            Proof::Token | Proof::Key(_) => None,
        };
        let is_enrolling = holder.bearer.reach == Reach::Enrolling;
        let proof = proof_of(&holder.token);
        Self { actor: holder.bearer.actor, proof, session, is_enrolling }
    }

    /// Whoever looks at a page, if they are signed in.
    pub(super) fn seen(visitor: Visitor) -> Option<Self> {
        let Visitor { actor, proof, is_enrolling } = visitor;
        Some(Self { actor: actor?, proof: proof?, session: None, is_enrolling })
    }

    /// The agency for which they act, on pages that others have no use for.
    pub(super) fn agency(&self) -> Result<AgencyId, Refusal> {
        match self.actor.party {
            Party::Agency(id) => Ok(id),
            _ => Err(Refusal::AgenciesOnly),
        }
    }
}

/// How far a form has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is shown again as it was filled in.
    Edit,
    /// Its answers are to be looked over.
    Check,
    /// It is meant.
    Do,
}

/// A form that somebody who is signed in filled in on one of our own pages.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) signed: Signed,
    /// The path that it was sent to.
    pub(super) path: String,
    pairs: Vec<(String, String)>,
    outcome: Outcome,
}

/// The names of what every form carries beside its fields.
pub(super) const PROOF: &str = "proof";
pub(super) const STEP: &str = "step";
pub(super) const KEY: &str = "key";
pub(super) const VERSION: &str = "version";
/// All of them: no field is named like one.
pub(super) const CARRIED: [&str; 4] = [PROOF, STEP, KEY, VERSION];

/// The name of the field in which somebody proves who they are once more.
pub(super) const PASSWORD: &str = "password";
/// Those of what will prove it from then on.
pub(super) const PASSWORD_NEW: &str = "password-new";
pub(super) const PASSWORD_AGAIN: &str = "password-again";

/// What was filled in, without what proves from where it comes, how far it has come, and who they
/// are.
pub(super) fn carried(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let own = [PROOF, STEP, PASSWORD, PASSWORD_NEW, PASSWORD_AGAIN];
    let is_own = |name: &str| own.contains(&name);
    pairs.into_iter().filter(|(name, _)| !is_own(name)).collect()
}

impl<S: Send + Sync> FromRequest<S> for Answers
where
    Market: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request(request: Request, state: &S) -> Result<Self, Instead> {
        let (parts, body) = request.into_parts();
        let bytes = form_sent(Request::from_parts(parts.clone(), body)).await?;
        let pairs: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
        Self::of(Market::from_ref(state), &parts, pairs).await
    }
}

impl Answers {
    /// What was filled in, of whoever sent it by one of our own pages.
    pub(super) async fn of(
        market: Market,
        parts: &Parts,
        pairs: Vec<(String, String)>,
    ) -> Result<Self, Instead> {
        let cookies = Cookies::of(parts);
        let path = parts.uri.path().to_owned();
        let back = parts.uri.path_and_query().map_or("/", |place| place.as_str()).to_owned();
        let over =
            async |pairs| match resuming::over(&market, &cookies, &back, carried(pairs)).await {
                Ok(page) => Instead::from(page),
                Err(why) => why.into(),
            };
        let Some(token) = cookies.session() else { return Err(over(pairs).await) };
        let holder = match Holder::identify(&market, parts, token).await {
            Ok(holder) => holder,
            Err(why) if why.status() == StatusCode::UNAUTHORIZED => return Err(over(pairs).await),
            Err(why) if why.is(Refusal::SecondFactorRequired) => return Err(enrol(&back)),
            Err(why) => return Err(why.into()),
        };
        let signed = Signed::of(holder);
        let given = pairs.iter().find(|(name, _)| name == PROOF);
        if !given.is_some_and(|(_, given)| is_same_secret(given, &signed.proof)) {
            let page = resuming::resume(&market, &signed.proof, &back, carried(pairs)).await?;
            return Err(private(page.told(Code::FORGED.into())).into());
        }
        let outcome = parts.extensions.get::<Outcome>().cloned().unwrap_or_default();
        Ok(Self { signed, path, pairs, outcome })
    }

    /// What was filled in at a name; nothing, where there is no such field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        answer(&self.pairs, name)
    }

    /// How far it has come: a form that is looked over is not done before that.
    pub(super) fn stage(&self, is_checked: bool) -> Stage {
        match self.get(STEP) {
            Some("edit") => Stage::Edit,
            Some("do") => Stage::Do,
            Some("check") => Stage::Check,
            _ if is_checked => Stage::Check,
            _ => Stage::Do,
        }
    }

    /// The key under which the form is done once, however often it is sent.
    pub(super) fn key(&self) -> Option<&str> {
        let is_key = |key: &&str| {
            (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        };
        self.get(KEY).filter(is_key)
    }

    /// The version of the thing that was seen.
    pub(super) fn version(&self) -> Option<i64> {
        self.get(VERSION)?.parse().ok()
    }

    /// The call that it makes, without its guards.
    pub(super) fn call(&self) -> Call {
        let (place, outcome) = (format!("POST {}", self.path), self.outcome.clone());
        Call { place, outcome, ..Call::from(&self.signed.actor) }
    }

    /// Begins to read what was filled in.
    pub(super) fn reading(&self) -> Reading<'_> {
        Reading::of(&self.pairs)
    }
}

/// Reads what was filled in, and finds fault with it.
#[derive(Debug)]
pub(super) struct Reading<'p> {
    pairs: &'p [(String, String)],
    faults: Vec<Fault>,
}

/// What was filled in at a name; nothing, where there is no such field.
pub(super) fn answer<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    let found = pairs.iter().find(|(one, _)| one == name);
    found.map(|(_, value)| value.as_str())
}

impl<'p> Reading<'p> {
    pub(super) fn of(pairs: &'p [(String, String)]) -> Self {
        let bad = pairs.iter().filter(|(name, value)| has_controls(name) || has_controls(value));
        let faults = bad.map(|(name, _)| Fault::new(name.as_str(), "characters", CONTROLS));
        Self { pairs, faults: faults.collect() }
    }

    /// A text, without the blanks around it; browsers send the ends of lines as CR LF.
    pub(super) fn text(&mut self, name: &str) -> String {
        answer(self.pairs, name).unwrap_or_default().trim().replace("\r\n", "\n")
    }

    /// A text that is kept in one line, however many it was typed in.
    pub(super) fn line(&mut self, name: &str) -> String {
        self.text(name).replace('\n', " ")
    }

    /// A text that may be left empty.
    pub(super) fn given(&mut self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A value that must be given.
    pub(super) fn value<T: FromStr>(&mut self, name: &str) -> Option<T> {
        if self.text(name).is_empty() {
            self.fault(name, "missing", "must be given");
            return None;
        }
        self.optional(name)
    }

    /// A value that may be left out.
    pub(super) fn optional<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = self.given(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.fault(name, "format", "cannot be read");
        }
        value
    }

    /// Whether a box was ticked.
    pub(super) fn ticked(&mut self, name: &str) -> bool {
        answer(self.pairs, name).is_some_and(|value| !value.is_empty())
    }

    /// Finds fault with a field.
    pub(super) fn fault(&mut self, name: &str, code: &'static str, message: &str) {
        self.faults.push(Fault::new(name, code, message));
    }

    /// Whether fault was found.
    pub(super) fn is_faulty(&self) -> bool {
        !self.faults.is_empty()
    }

    /// A reason, where nothing else is asked for.
    pub(super) fn reason(mut self) -> Result<String, Error> {
        let reason = self.line("reason");
        self.end(Some(reason))
    }

    /// What was read, unless something is wrong with it.
    pub(super) fn end<T>(self, read: Option<T>) -> Result<T, Error> {
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(Error::Invalid(self.faults)),
        }
    }
}
