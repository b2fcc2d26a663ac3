//! `/sign-in/with/…`: signing in by another provider, and what is left to do once a browser is back:
//! a code, an account. What is linked to an account is in `identities`.
//!
//! A browser is sent away by a link and not by a form: a page lets its forms go nowhere but here.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{
        HeaderValue, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Fault, Market, Refusal,
    account::{Arrival, NewPerson, Origin, Provider, SessionKind, Waiting},
    sha256_hex,
};
use serde::Deserialize;

use super::{
    Frame, Link, Page,
    account::{Jar, Next, go, kept, opening, own, sign_in_told},
    fields::Field,
    filling::Form,
    register,
    signed::{Reading, Signed, answer, private},
    visitor::Opening,
    wrong::Wrong,
};
use crate::{
    App,
    caller::{Client, Cookies, proof_of},
    parameters::At,
    problem::Problem,
};

/// What a provider sends a browser back with.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
    iss: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "identity-unknown.html")]
struct UnknownPage {
    frame: Frame,
    provider: String,
    name: String,
    makes_accounts: bool,
}

/// The providers that a page offers, each with where one goes to sign in by it.
pub(super) fn offered(market: &Market, next: &str) -> Vec<Link> {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let link = |one: &Provider| Link {
        href: format!("/sign-in/with/{}?{query}", one.key),
        name: one.name.clone(),
    };
    market.accounts().providers().iter().map(link).collect()
}

/// Sends a browser to a provider, for somebody to sign in there.
pub(super) async fn depart(
    State(app): State<App>,
    Jar(cookies): Jar,
    Client(from): Client,
    At(key): At<String>,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Problem> {
    let next = own(next.as_deref());
    sent_away(&app, &cookies, &key, &next, None, &from).await
}

pub(super) async fn sent_away(
    app: &App,
    cookies: &Cookies,
    key: &str,
    next: &str,
    signed: Option<&Signed>,
    from: &Origin,
) -> Result<Response, Problem> {
    let market = app.market();
    let secret = sha256_hex(&market.env().secret::<32>());
    let links = signed.map(|signed| &signed.actor);
    let departing = market.accounts().depart(key, &secret, next, links, from).await;
    let address = match departing {
        Ok(departure) => match app.providers().get(key) {
            Some(client) => client.address(&departure).await.map_err(Error::from),
            None => Err(Error::NotFound("provider")),
        },
        Err(why) => Err(why),
    };
    match address {
        Ok(address) => {
            let to = HeaderValue::from_str(address.as_str())
                .map_err(|_| Refusal::ProviderUnreachable)?;
            let response = (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response();
            Ok(kept(response, cookies.keep_visit(&secret)))
        }
        Err(why) => sign_in_told(market, cookies, next, why).await,
    }
}

/// Takes a browser back.
pub(super) async fn come_back(
    State(app): State<App>,
    Jar(cookies): Jar,
    Client(from): Client,
    At(key): At<String>,
    Query(back): Query<Back>,
) -> Result<Response, Problem> {
    let market = app.market();
    match arrived(&app, &cookies, &key, back, &from).await {
        Ok(Arrival::SignedIn(signed_in, next)) => {
            let mut response = go(&next, cookies.keep_session(&signed_in.token));
            if let Some(forget) = cookies.forget_visit() {
                response.headers_mut().append(SET_COOKIE, forget);
            }
            Ok(response)
        }
        Ok(Arrival::CodeNeeded) => Ok(go("/sign-in/code", None)),
        Ok(Arrival::Unknown) => Ok(go("/sign-in/new", None)),
        Ok(Arrival::ToLink) => Ok(go("/account/identities/confirm", None)),
        Err(why) => sign_in_told(market, &cookies, "/account", why).await,
    }
}

async fn arrived(
    app: &App,
    cookies: &Cookies,
    key: &str,
    back: Back,
    from: &Origin,
) -> Result<Arrival, Error> {
    let accounts = app.market().accounts();
    let client = app.providers().get(key).ok_or(Error::NotFound("provider"))?;
    let secret = cookies.visit().ok_or(Refusal::SignInOver)?;
    let departure = accounts.come_back(key, &secret, &back.state).await?;
    if !back.error.is_empty() || back.code.is_empty() {
        return Err(Refusal::ProviderRefused.into());
    }
    let vouched = client.vouched(&departure, back.code, back.iss.as_deref()).await?;
    accounts.arrive(&secret, &vouched, SessionKind::Browser, from).await
}

/// The secret of a browser that is back, and what it waits for; or the page to begin again.
pub(super) async fn waiting(
    market: &Market,
    cookies: &Cookies,
) -> Result<(String, Waiting), Error> {
    let secret = cookies.visit().ok_or(Refusal::SignInOver)?;
    let waiting = market.accounts().waiting(&secret).await?;
    Ok((secret, waiting))
}

/// A form for who is back from a provider, and is nobody here yet.
async fn shown(
    market: &Market,
    cookies: &Cookies,
    form: Form,
    wrong: Option<(Wrong, Error)>,
) -> Result<Response, Problem> {
    if let Err(why) = waiting(market, cookies).await {
        return sign_in_told(market, cookies, "/account", why).await;
    }
    let (secret, cookie) = opening(market, cookies);
    let (wrong, why) = wrong.unzip();
    let page = form.opening(market, proof_of(&secret), wrong).await?;
    Ok(match why {
        None => kept(page.into_response(), cookie),
        Some(why) => kept(page.told(why.into()), cookie),
    })
}

/// Signs in who is back, now that nothing is left to do; or shows the form again.
async fn entered(
    market: &Market,
    cookies: &Cookies,
    from: &Origin,
    done: Result<Option<String>, Error>,
    mut form: Form,
    pairs: &[(String, String)],
) -> Result<Response, Problem> {
    let secret = cookies.visit().unwrap_or_default();
    let entering = match done {
        Ok(code) => {
            let (accounts, kind) = (market.accounts(), SessionKind::Browser);
            accounts.enter_identified(&secret, code.as_deref(), kind, from).await
        }
        Err(why) => Err(why),
    };
    let why = match entering {
        Ok((signed_in, next)) => return Ok(go(&next, cookies.keep_session(&signed_in.token))),
        Err(why) => why,
    };
    for field in &mut form.fields {
        field.value = answer(pairs, &field.name).unwrap_or_default().to_owned();
    }
    match Wrong::of(&why, &mut form.fields) {
        Some(wrong) => shown(market, cookies, form, Some((wrong, why))).await,
        None => Err(why.into()),
    }
}

fn code_form() -> Form {
    let mut form = Form::new("动态验证码", "/sign-in/code".to_owned(), "登录");
    "您的账号启用了第二重验证，请再填写动态验证码或者恢复码。".clone_into(&mut form.lead);
    let code = Field::line("code", "动态验证码或者恢复码", 64).completed("one-time-code");
    form.fields = vec![code];
    form
}

pub(super) async fn code(
    State(market): State<Market>,
    Jar(cookies): Jar,
) -> Result<Response, Problem> {
    shown(&market, &cookies, code_form(), None).await
}

pub(super) async fn coded(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Client(from): Client,
    Opening(pairs): Opening<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let mut read = Reading::of(&pairs);
    let code = read.text("code");
    let code = read.end(Some(Some(code)));
    entered(&market, &cookies, &from, code, code_form(), &pairs).await
}

/// What somebody may do whom nobody knows here.
pub(super) async fn unknown(
    State(market): State<Market>,
    Jar(cookies): Jar,
) -> Result<Response, Problem> {
    let waiting = match waiting(&market, &cookies).await {
        Ok((_, waiting)) => waiting,
        Err(why) => return sign_in_told(&market, &cookies, "/account", why).await,
    };
    let page = Page::of(&UnknownPage {
        frame: Frame::new(&market, "还没有账号").await?,
        provider: waiting.provider.name,
        name: waiting.name,
        makes_accounts: waiting.provider.makes_accounts,
    })?;
    Ok(private(page.into_response()))
}

/// What is asked of the person of a new account.
fn person_fields() -> Vec<Field> {
    vec![
        Field::line("name", "您的姓名", 64).completed("name"),
        Field::line("login", "登录名", 64)
            .hint("2 至 64 位小写字母、数字，可以有“.”“_”“@”和“-”")
            .completed("username"),
    ]
}

fn person(read: &mut Reading<'_>) -> NewPerson {
    NewPerson { name: read.text("name"), login: read.text("login"), password: None }
}

fn join_form() -> Form {
    let mut form = Form::new("凭邀请码开立账号", "/sign-in/join".to_owned(), "开立账号");
    "邀请码由本单位管理员给您，只能用一次。".clone_into(&mut form.lead);
    form.fields = vec![Field::line("code", "邀请码", 64)];
    form.fields.extend(person_fields());
    form
}

pub(super) async fn join(
    State(market): State<Market>,
    Jar(cookies): Jar,
) -> Result<Response, Problem> {
    shown(&market, &cookies, join_form(), None).await
}

pub(super) async fn joined(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Client(from): Client,
    Opening(pairs): Opening<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let mut read = Reading::of(&pairs);
    let (code, new) = (read.text("code"), person(&mut read));
    let secret = cookies.visit().unwrap_or_default();
    let done = match read.end(Some(new)) {
        Ok(new) => market.accounts().join_identified(&secret, &code, new, &from).await,
        Err(why) => Err(why),
    };
    let done = done.map(|_| None).map_err(|why| match why {
        Error::NotFound(_) => Error::Invalid(vec![Fault::new("code", "unknown", "is none")]),
        why => why,
    });
    entered(&market, &cookies, &from, done, join_form(), &pairs).await
}

fn sign_up_form() -> Form {
    let mut form = Form::new("开立账号", "/sign-in/sign-up".to_owned(), "开立账号并登录");
    form.fields = register::applicant_fields("applicant/");
    form.fields.extend(person_fields());
    form
}

pub(super) async fn sign_up(
    State(market): State<Market>,
    Jar(cookies): Jar,
) -> Result<Response, Problem> {
    shown(&market, &cookies, sign_up_form(), None).await
}

pub(super) async fn signed_up(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Client(from): Client,
    Opening(pairs): Opening<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let mut read = Reading::of(&pairs);
    let (new, applicant) = (person(&mut read), register::applicant(&mut read, "applicant/"));
    let secret = cookies.visit().unwrap_or_default();
    let done = match read.end(applicant) {
        Ok(applicant) => {
            market.applicants().sign_up_identified(&secret, new, applicant, &from).await
        }
        Err(why) => Err(why),
    };
    entered(&market, &cookies, &from, done.map(|_| None), sign_up_form(), &pairs).await
}
