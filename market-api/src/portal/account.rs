//! `/sign-in`, `/sign-out` and `/account`: signing in, for whom one acts, and signing out.

use askama::Template;
use axum::{
    extract::{FromRequestParts, Query, State},
    http::{HeaderName, HeaderValue, header::SET_COOKIE, request::Parts},
    response::{IntoResponse, Response},
};
use market_core::{
    Actor, Error, Market, Party, Refusal,
    account::{Credentials, Membership, Password, Proof, Role, SessionKind},
};
use serde::Deserialize;

use super::{
    Frame, Link, Page,
    doing::Doings,
    known, names, provider,
    resuming::{self, Waiting},
    signed::{self, private},
    visitor::{Opening, Sent, Visitor},
    words,
};
use crate::{
    App,
    caller::{Client, Cookies, Holder, proof_of},
    problem::{Code, Problem},
};

/// The cookies of a request, as a handler takes them.
pub(super) struct Jar(pub(super) Cookies);

impl<S: Send + Sync> FromRequestParts<S> for Jar {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Cookies::of(parts)))
    }
}

/// Where to go once signed in.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    pub(super) next: Option<String>,
}

/// The same, of who comes back to sign in again.
#[derive(Debug, Deserialize)]
pub(super) struct Back {
    next: Option<String>,
    /// Whether they have changed their password.
    changed: Option<String>,
}

/// What is filled in to sign in.
#[derive(Deserialize)]
pub(super) struct SignIn {
    login: String,
    password: String,
    #[serde(default)]
    code: String,
    next: Option<String>,
    /// Where a form was sent to that waits for its sender to sign in …
    #[serde(default)]
    back: String,
    /// … and what was filled in.
    #[serde(default)]
    filled: String,
}

#[derive(Deserialize)]
pub(super) struct Switch {
    party: String,
}

/// A form without anything to fill in.
#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Debug, Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    frame: Frame,
    proof: String,
    login: String,
    next: String,
    wrong: Option<&'static str>,
    waiting: Option<Waiting>,
    /// The other providers by which one may sign in.
    providers: Vec<Link>,
}

impl SignInPage {
    /// Whether it is the code that is wrong, or lacks.
    fn lacks_code(&self) -> bool {
        let told = [Refusal::SecondFactorNeeded.zh(), Refusal::SecondFactorWrong.zh()];
        self.wrong.is_some_and(|wrong| told.contains(&wrong))
    }
}

/// What is said to who signed out here, and may want to sign out there.
#[derive(Debug, Template)]
#[template(path = "signed-out.html")]
struct SignedOutPage {
    frame: Frame,
    provider: String,
    farewell: String,
}

#[derive(Debug, Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    proof: String,
    name: String,
    login: String,
    now: String,
    parties: Vec<PartyView>,
    /// Since when their second factor is asked for, and how many codes are left in its place.
    factor_since: Option<String>,
    recovery_codes_left: i64,
    doings: Doings,
    must_enrol: bool,
    /// Whether somebody manages who acts for whom they act for.
    manages_members: bool,
    /// Whether somebody may make keys for the programs of whom they act for.
    manages_keys: bool,
}

/// A party that somebody may act for.
#[derive(Debug)]
struct PartyView {
    party: String,
    name: String,
    role: &'static str,
    is_now: bool,
}

/// A place on this server; anything else is the page of one's account. Browsers take "\\" for "/",
/// and leave tabs and ends of lines out.
pub(super) fn own(next: Option<&str>) -> String {
    let is_own = |next: &&str| {
        let is_bad = |c: char| c == '\\' || c.is_control();
        next.starts_with('/') && !next.starts_with("//") && !next.contains(is_bad)
    };
    next.filter(is_own).filter(|next| next.len() <= 1000).unwrap_or("/account").to_owned()
}

/// Goes on to a place on this server, perhaps with a cookie.
pub(super) fn go(to: &str, cookie: Option<HeaderValue>) -> Response {
    kept(signed::go(to), cookie)
}

/// A response for one person, perhaps with a cookie.
pub(super) fn kept(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    private(response)
}

pub(super) async fn sign_in_page(
    State(market): State<Market>,
    Jar(cookies): Jar,
    visitor: Visitor,
    Query(Back { next, changed }): Query<Back>,
) -> Result<Response, Problem> {
    let next = own(next.as_deref());
    if visitor.actor.is_some() {
        return Ok(go(&next, None));
    }
    let why = changed.map(|_| "密码已经更改，请用新密码登录。");
    let (page, cookie) = form(&market, &cookies, next, String::new(), why, None).await?;
    Ok(kept(page.into_response(), cookie))
}

/// The page to sign in again, for somebody whose form waits meanwhile.
pub(super) async fn sign_in_again(
    market: &Market,
    cookies: &Cookies,
    waiting: Waiting,
    why: &'static str,
) -> Result<Response, Problem> {
    let (login, next) = (String::new(), "/my".to_owned());
    let (page, cookie) = form(market, cookies, next, login, Some(why), Some(waiting)).await?;
    Ok(kept(page.told(Code::ANONYMOUS.into()), cookie))
}

/// The page to sign in, for somebody who wants to before they go on with a form.
pub(super) async fn sign_in_waiting(
    market: &Market,
    cookies: &Cookies,
    waiting: Waiting,
) -> Result<Response, Problem> {
    let (login, next) = (String::new(), "/my".to_owned());
    let (page, cookie) = form(market, cookies, next, login, None, Some(waiting)).await?;
    Ok(kept(page.into_response(), cookie))
}

/// The secret that belongs to the forms of a browser before it has a session, and the cookie that
/// keeps it, unless the browser has it.
pub(super) fn opening(market: &Market, cookies: &Cookies) -> (String, Option<HeaderValue>) {
    if let Some(secret) = cookies.form() {
        return (secret, None);
    }
    let secret = market_core::sha256_hex(&market.env().secret::<32>());
    let cookie = cookies.keep_form(&secret);
    (secret, cookie)
}

/// The page of the form, and a cookie with the secret that it belongs to, unless the browser has one.
async fn form(
    market: &Market,
    cookies: &Cookies,
    next: String,
    login: String,
    wrong: Option<&'static str>,
    waiting: Option<Waiting>,
) -> Result<(Page, Option<HeaderValue>), Problem> {
    let (secret, cookie) = opening(market, cookies);
    let (frame, proof) = (Frame::new(market, "登录").await?, proof_of(&secret));
    let providers = provider::offered(market, &next);
    let page = Page::of(&SignInPage { frame, proof, login, next, wrong, waiting, providers })?;
    Ok((page, cookie))
}

/// The page to sign in, with why another way to do so came to nothing.
pub(super) async fn sign_in_told(
    market: &Market,
    cookies: &Cookies,
    next: &str,
    why: Error,
) -> Result<Response, Problem> {
    let wrong = match &why {
        Error::Refused(refusal) => refusal.zh(),
        Error::TooOften(_) => Code::TOO_OFTEN.zh,
        Error::Busy => Code::BUSY.zh,
        _ => return Err(why.into()),
    };
    let next = own(Some(next));
    let (page, cookie) = form(market, cookies, next, String::new(), Some(wrong), None).await?;
    Ok(kept(page.told(why.into()), cookie))
}

pub(super) async fn sign_in(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Client(from): Client,
    Opening(filled): Opening<SignIn>,
) -> Result<Response, Problem> {
    let SignIn { login, password, code, next, back, filled } = filled;
    let next = own(next.as_deref());
    let is_waiting = !back.is_empty() && own(Some(&back)) == back;
    let waiting = is_waiting.then_some(Waiting { back, filled });
    let credentials = Credentials {
        login: login.clone(),
        password: Password::new(password),
        code: Some(code.trim().to_owned()).filter(|code| !code.is_empty()),
        party: None,
    };
    let signing_in = market.accounts().sign_in(credentials, SessionKind::Browser, &from).await;
    let (why, wrong) = match signing_in {
        Ok(signed_in) => {
            let cookie = cookies.keep_session(&signed_in.token);
            return match waiting {
                None => Ok(go(&next, cookie)),
                Some(waiting) => {
                    let proof = proof_of(&signed_in.token);
                    let page = resuming::resumed(&market, &proof, &waiting).await?;
                    Ok(kept(page.into_response(), cookie))
                }
            };
        }
        Err(Error::Refused(refusal)) => (Error::Refused(refusal), refusal.zh()),
        Err(why @ Error::TooOften(_)) => (why, Code::TOO_OFTEN.zh),
        Err(why @ Error::Busy) => (why, Code::BUSY.zh),
        Err(why) => return Err(why.into()),
    };
    let (page, cookie) = form(&market, &cookies, next, login, Some(wrong), waiting).await?;
    Ok(kept(page.told(why.into()), cookie))
}

pub(super) async fn sign_out(
    State(app): State<App>,
    Jar(cookies): Jar,
    Sent { holder, form: Nothing {} }: Sent<Nothing>,
) -> Result<Response, Problem> {
    let (market, actor) = (app.market(), &holder.bearer.actor);
    let provider = came_by(market, &holder).await?;
    market.accounts().sign_out(actor, &holder.token).await?;
    let mut response = match farewell(&app, provider).await? {
        Some(page) => kept(page.into_response(), cookies.forget_session()),
        None => go("/", cookies.forget_session()),
    };
    // What this browser kept of pages is for whoever signed in alone.
    let clear = HeaderName::from_static("clear-site-data");
    response.headers_mut().insert(clear, HeaderValue::from_static("\"cache\""));
    Ok(response)
}

/// The provider by which a session began, if by one.
async fn came_by(market: &Market, holder: &Holder) -> Result<Option<String>, Error> {
    let Proof::Session(id, _) = holder.bearer.proof else { return Ok(None) };
    let actor = &holder.bearer.actor;
    let sessions = market.accounts().sessions(actor, actor.person).await?;
    Ok(sessions.into_iter().find(|one| one.id == id).and_then(|one| one.provider))
}

/// The page for who may want to sign out at a provider, too, where that is possible.
async fn farewell(app: &App, provider: Option<String>) -> Result<Option<Page>, Problem> {
    let Some(client) = provider.as_deref().and_then(|key| app.providers().get(key)) else {
        return Ok(None);
    };
    let Some(farewell) = client.farewell().await else { return Ok(None) };
    let frame = Frame::new(app.market(), "已退出登录").await?;
    let (provider, farewell) = (client.name().to_owned(), farewell.to_string());
    Page::of(&SignedOutPage { frame, provider, farewell }).map(Some)
}

pub(super) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Problem> {
    let market = app.market();
    let (Some(actor), Some(proof)) = (visitor.actor, visitor.proof) else {
        return Ok(go("/sign-in?next=/account", None));
    };
    let account = market.accounts().get(&actor, actor.person).await?;
    let memberships = market.accounts().memberships(&actor).await?;
    let factor = market.accounts().second_factor(&actor).await?;
    let (mut parties, mut manages_keys) = (Vec::new(), false);
    for Membership { party, role, .. } in memberships {
        let name = name(market, &party).await?;
        let is_now = party == actor.party;
        manages_keys |= is_now && role == Role::Admin;
        parties.push(PartyView { party: party.to_string(), name, role: words::role(role), is_now });
    }
    let may_manage = market.accounts().may_manage(&actor, &actor.party).await;
    let manages_members = known(may_manage)?.is_some();
    let named = |name: &str| match name {
        "enrol" => Some("启用第二重验证".to_owned()),
        "give-up" => Some("停用第二重验证".to_owned()),
        _ => None,
    };
    let at = |step: &str| format!("/account/second-factor/{step}");
    // Why not the other is plain.
    let doings = Doings { may_not: Vec::new(), ..Doings::of(&factor.actions(), named, at) };
    let page = Page::of(&AccountPage {
        frame: Frame::new(market, "我的账号").await?,
        proof,
        name: account.person.name,
        login: account.person.login,
        now: name(market, &actor.party).await?,
        parties,
        factor_since: factor.confirmed_at.map(words::instant),
        recovery_codes_left: factor.recovery_codes_left,
        doings,
        must_enrol: visitor.is_enrolling,
        manages_members,
        manages_keys,
    })?;
    Ok(private(page.into_response()))
}

pub(super) async fn switch(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Sent { holder, form }: Sent<Switch>,
) -> Result<Response, Problem> {
    let party: Party = form.party.parse().map_err(|_| Refusal::PartyNotHeld)?;
    let signed_in = market.accounts().switch(&holder.token, &party).await?;
    Ok(go("/account", cookies.keep_session(&signed_in.token)))
}

/// What a party is called, as it knows itself.
async fn name(market: &Market, party: &Party) -> Result<String, Error> {
    let itself = Actor::new(Actor::system().person, party.clone());
    names::party_name(market, &itself, party).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(own(Some("/search?q=1#x")), "/search?q=1#x");
        for bad in
            ["", "https://evil", "//evil", "/\\evil", "evil", "/a\r\nb", "/\t/evil", "/\u{b}a"]
        {
            assert_eq!(own(Some(bad)), "/account", "{bad}");
        }
        assert_eq!(own(None), "/account");
    }
}
