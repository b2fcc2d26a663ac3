//! `/join`: whoever was given the code of an invitation sees what it is for, and accepts it: signed
//! in, after signing in, or with an account that is made for it. The code goes from form to form, and
//! stands in no address.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use form_urlencoded::Serializer;
use market_core::{
    Actor, Call, Error, Fault, Market,
    account::{Credentials, Invitation, NewPerson, Origin, Password, SessionKind},
};

use crate::{
    caller::{Client, Cookies, proof_of},
    portal::{
        Frame, Link, Page,
        account::{Jar, go, kept, opening, sign_in_waiting},
        fields::{Field, Kind},
        filling::Form,
        names,
        resuming::Waiting,
        signed::{Answers, PASSWORD, Reading, STEP, Signed, answer},
        visitor::{Opening, Visitor},
        words,
        wrong::Wrong,
    },
    problem::Problem,
};

const ACCEPT: &str = "/join/accept";

/// What is offered to somebody with the code of an invitation who is not signed in.
#[derive(Debug, Template)]
#[template(path = "join.html")]
struct JoinPage {
    frame: Frame,
    trail: Vec<Link>,
    proof: String,
    code: String,
    facts: Vec<(&'static str, String)>,
    wrong: Option<Wrong>,
    fields: Vec<Field>,
}

fn code_form() -> Form {
    let mut form = Form::new("凭邀请码加入", "/join".to_owned(), "下一步");
    form.lead =
        "邀请码由单位的管理员给您，只能用一次。加入以后，您可以代表这个单位办事。".to_owned();
    form.fields = vec![Field::line("code", "邀请码", 64).hint("以 mkti_ 开头")];
    form
}

/// The page that asks for the code; with what is wrong with the one that was given.
async fn asked(
    market: &Market,
    cookies: &Cookies,
    given: Option<(&str, Error)>,
) -> Result<Response, Problem> {
    let (secret, cookie) = opening(market, cookies);
    let mut form = code_form();
    let Some((code, why)) = given else {
        let page = form.opening(market, proof_of(&secret), None).await?;
        return Ok(kept(page.into_response(), cookie));
    };
    let why = match why {
        Error::NotFound(_) => {
            let message = "there is no such invitation / 没有这个邀请码，请核对";
            Error::Invalid(vec![Fault::new("code", "none", message)])
        }
        why => why,
    };
    form.fields[0] = form.fields[0].clone().filled(code);
    let Some(wrong) = Wrong::of(&why, &mut form.fields) else { return Err(why.into()) };
    let page = form.opening(market, proof_of(&secret), Some(wrong)).await?;
    Ok(kept(page.told(why.into()), cookie))
}

pub(in crate::portal) async fn ask(
    State(market): State<Market>,
    Jar(cookies): Jar,
) -> Result<Response, Problem> {
    asked(&market, &cookies, None).await
}

/// An invitation that awaits its answer, by its code.
async fn look(market: &Market, code: &str, from: &Origin) -> Result<Invitation, Error> {
    let invitation = market.accounts().look_at_invitation(code, from).await?;
    invitation.awaits_answer()?;
    Ok(invitation)
}

/// What whoever has the code is told of an invitation.
async fn facts(
    market: &Market,
    invitation: &Invitation,
) -> Result<Vec<(&'static str, String)>, Error> {
    let itself = Actor::new(Actor::system().person, invitation.party.clone());
    Ok(vec![
        ("单位", names::party_name(market, &itself, &invitation.party).await?),
        ("角色", words::role(invitation.role).to_owned()),
        ("邀请谁", invitation.name.clone()),
        ("有效至", words::instant(invitation.expires_at)),
    ])
}

async fn accept_form(market: &Market, invitation: &Invitation, code: &str) -> Result<Form, Error> {
    let mut form = Form::new("接受邀请", ACCEPT.to_owned(), "接受");
    form.trail = vec![Link { href: "/account".to_owned(), name: "我的账号".to_owned() }];
    form.lead = "接受以后，在“我的账号”里改为代表这个单位，就可以为它办事。不认识的单位，请谢绝。"
        .to_owned();
    form.facts = facts(market, invitation).await?;
    form.fields = vec![Field::hidden("code", code)];
    form.others = vec![("decline", "谢绝")];
    Ok(form)
}

/// What is asked of somebody who has no account yet.
fn person_fields() -> Vec<Field> {
    vec![
        Field::line("name", "您的姓名", 64).completed("name"),
        Field::line("login", "登录名", 64)
            .hint("2 至 64 位小写字母、数字，可以有“.”“_”“@”和“-”")
            .completed("username"),
        Field { max: 128, ..Field::new(PASSWORD, "密码", Kind::Password) }
            .hint("至少 8 位")
            .completed("new-password"),
    ]
}

/// The page for who is not signed in; with what is wrong with what they filled in.
async fn offered(
    market: &Market,
    cookies: &Cookies,
    code: &str,
    from: &Origin,
    mut fields: Vec<Field>,
    why: Option<Error>,
) -> Result<Response, Problem> {
    let invitation = match look(market, code, from).await {
        Ok(invitation) => invitation,
        Err(why) => return asked(market, cookies, Some((code, why))).await,
    };
    let (secret, cookie) = opening(market, cookies);
    let (wrong, why) = match why {
        None => (None, None),
        Some(why) => match Wrong::of(&why, &mut fields) {
            Some(wrong) => (Some(wrong), Some(why)),
            None => return Err(why.into()),
        },
    };
    let title = if wrong.is_some() { "需要修改：接受邀请" } else { "接受邀请" };
    let page = Page::of(&JoinPage {
        frame: Frame::new(market, title).await?,
        trail: vec![Link { href: "/join".to_owned(), name: "凭邀请码加入".to_owned() }],
        proof: proof_of(&secret),
        code: code.to_owned(),
        facts: facts(market, &invitation).await?,
        wrong,
        fields,
    })?;
    Ok(match why {
        None => kept(page.into_response(), cookie),
        Some(why) => kept(page.told(why.into()), cookie),
    })
}

/// What was filled in as the code; a code has no blanks.
fn code_of(pairs: &[(String, String)]) -> &str {
    answer(pairs, "code").unwrap_or_default().trim()
}

pub(in crate::portal) async fn looked(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Client(from): Client,
    visitor: Visitor,
    Opening(pairs): Opening<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let code = code_of(&pairs);
    let Some(signed) = Signed::seen(visitor) else {
        return offered(&market, &cookies, code, &from, person_fields(), None).await;
    };
    match look(&market, code, &from).await {
        Ok(invitation) => {
            accept_form(&market, &invitation, code).await?.show(&market, &signed).await
        }
        Err(why) => asked(&market, &cookies, Some((code, why))).await,
    }
}

/// The page to sign in for who has an account, after which the invitation waits to be accepted.
pub(in crate::portal) async fn sign_in_first(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Opening(pairs): Opening<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let filled = Serializer::new(String::new()).append_pair("code", code_of(&pairs)).finish();
    let waiting = Waiting { back: ACCEPT.to_owned(), filled };
    sign_in_waiting(&market, &cookies, waiting).await
}

pub(in crate::portal) async fn accepted(
    State(market): State<Market>,
    Client(from): Client,
    sent: Answers,
) -> Result<Response, Problem> {
    let (code, declines) =
        (sent.get("code").unwrap_or_default(), sent.get(STEP) == Some("decline"));
    let (accounts, from) = (market.accounts(), &from);
    // Also one that was answered: whether by this very form, the market knows by its key.
    let invitation = accounts.look_at_invitation(code, from).await?;
    let form = accept_form(&market, &invitation, code).await?;
    let read = sent.reading().end(Some(code.to_owned()));
    let answer = |call: Call, code: String| async move {
        if declines {
            accounts.decline_invitation(&call, &code, from).await
        } else {
            accounts.accept_invitation(&call, &code, from).await
        }
    };
    form.take(&market, &sent, read, answer, |_| "/account".to_owned()).await
}

/// Makes an account for somebody new, who acts for the party of the invitation at once.
pub(in crate::portal) async fn join(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Client(from): Client,
    Opening(pairs): Opening<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (code, accounts) = (code_of(&pairs), market.accounts());
    let password = answer(&pairs, PASSWORD).unwrap_or_default();
    let mut read = Reading::of(&pairs);
    let (name, login) = (read.text("name"), read.text("login"));
    let new = NewPerson { login: login.clone(), name, password: Some(Password::new(password)) };
    let joined = match read.end(Some(new)) {
        Ok(new) => accounts.join(code, new, &from).await,
        Err(why) => Err(why),
    };
    if let Err(why) = joined {
        let mut fields = person_fields();
        for field in fields.iter_mut().filter(|field| field.name != PASSWORD) {
            field.value = answer(&pairs, &field.name).unwrap_or_default().to_owned();
        }
        return offered(&market, &cookies, code, &from, fields, Some(why)).await;
    }
    let (password, party) = (Password::new(password), None);
    let credentials = Credentials { login, password, code: None, party };
    let signed_in = accounts.sign_in(credentials, SessionKind::Browser, &from).await?;
    Ok(go("/my", cookies.keep_session(&signed_in.token)))
}
