//! `/account/second-factor/…`: setting up a second factor, and giving it up. Its secret and the
//! recovery codes are each shown once, on the page that answers.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Call, Error, Fault, Intent, Market, Refusal,
    account::{Enrolment, Password},
};

use super::{
    Frame, Link, Page,
    account::{Next, own},
    doing::allowed,
    fields::{Field, Kind},
    filling::{Form, Taken},
    picture::Picture,
    signed::{Answers, PASSWORD, Signed, private},
};
use crate::problem::Problem;

const PLACE: &str = "/account/second-factor";

/// The recovery codes, shown this once.
#[derive(Debug, Template)]
#[template(path = "recovery-codes.html")]
struct CodesPage {
    frame: Frame,
    codes: Vec<String>,
    next: String,
}

fn form(title: &str, step: &str, button: &'static str) -> Form {
    let mut form = Form::new(title, format!("{PLACE}/{step}"), button);
    form.trail = vec![Link { href: "/account".to_owned(), name: "我的账号".to_owned() }];
    form.is_secret = true;
    form
}

/// The refusal of what was typed, told at its field.
fn at(name: &str, refusal: Refusal, zh: &str, why: Error) -> Error {
    match why {
        Error::Refused(one) if one == refusal => {
            Error::Invalid(vec![Fault::new(name, "refused", format!("{} / {zh}", refusal.en()))])
        }
        why => why,
    }
}

/// Refuses to rehearse what takes a code, which is good once.
fn meant(call: &Call) -> Result<(), Error> {
    match call.intent {
        Intent::Do => Ok(()),
        Intent::Rehearse => {
            let message = "this cannot be rehearsed / 不能只核对，请直接提交";
            Err(Error::invalid("", "unsupported", message))
        }
    }
}

fn begin_form(next: &str, signed: &Signed) -> Form {
    let mut form = form("启用第二重验证", "enrol", "下一步：添加到验证器");
    form.lead = "启用以后，登录时除了密码，还要填写手机上验证器显示的六位数字。\
                 请先安装一个验证器，支持 TOTP 动态码的都可以。"
        .to_owned();
    if signed.is_enrolling {
        let required = "您代表的主体要求第二重验证，启用以后才能办事。\n";
        form.lead.insert_str(0, required);
    }
    form.fields = vec![
        Field { max: 128, ..Field::new(PASSWORD, "您在本平台的密码", Kind::Password) }
            .hint("没有密码的账号，请先请运营机构设置密码")
            .completed("current-password"),
        Field::hidden("next", next),
    ];
    form
}

pub(super) async fn begin(
    State(market): State<Market>,
    Query(Next { next }): Query<Next>,
    signed: Signed,
) -> Result<Response, Problem> {
    let factor = market.accounts().second_factor(&signed.actor).await?;
    let may = allowed(&factor.actions(), "enrol")?;
    begin_form(&own(next.as_deref()), &signed).offer(may, &market, &signed).await
}

pub(super) async fn begun(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let next = own(sent.get("next"));
    let password = sent.get(PASSWORD).unwrap_or_default();
    let mut read = sent.reading();
    if password.is_empty() {
        read.fault(PASSWORD, "missing", "must be given");
    }
    let (password, accounts) = (read.end(Some(Password::new(password))), market.accounts());
    let enrol = |call, password| async move {
        let enrolled = accounts.enrol(&call, password).await;
        enrolled.map_err(|why| at(PASSWORD, Refusal::WrongPassword, "密码不正确", why))
    };
    match begin_form(&next, &sent.signed).taken(&market, &sent, password, enrol).await? {
        Taken::Shown(page) => Ok(page),
        Taken::Done(enrolment) => shown_once(&enrolment, &next).show(&market, &sent.signed).await,
    }
}

fn confirm_form(next: &str) -> Form {
    let mut form = form("填写验证码", "confirm", "启用");
    form.lead =
        "填写验证器现在显示的六位数字，填对了才算启用。其他地方的登录、以前签发的个人令牌会随即失效。".to_owned();
    form.fields = vec![
        Field { max: 6, ..Field::new("code", "验证器显示的六位数字", Kind::Number) }
            .completed("one-time-code"),
        Field::hidden("next", next),
    ];
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    let again = format!("{PLACE}/enrol?{query}");
    form.links =
        vec![Link { href: again, name: "还没有添加，或者要重新添加".to_owned() }];
    form
}

/// The form with what the authenticator is told: the only time that it is shown.
fn shown_once(enrolment: &Enrolment, next: &str) -> Form {
    let mut form = confirm_form(next);
    form.title = "添加到验证器".to_owned();
    form.lead = "用验证器扫描二维码；不能扫描的，在验证器里选“手动输入”，填写下面的密钥。\
                 密钥只显示这一次，请不要给别人看。"
        .to_owned();
    let groups: Vec<_> =
        enrolment.secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    form.facts = vec![
        ("密钥", groups.join(" ")),
        ("类型", "基于时间（TOTP），六位数字，每 30 秒更换".to_owned()),
    ];
    form.picture = Picture::of(&enrolment.uri, "验证器扫描的二维码，内容是下面的密钥");
    form.links.clear();
    form
}

pub(super) async fn confirm(
    State(market): State<Market>,
    Query(Next { next }): Query<Next>,
    signed: Signed,
) -> Result<Response, Problem> {
    let factor = market.accounts().second_factor(&signed.actor).await?;
    let may = allowed(&factor.actions(), "enrol")?;
    confirm_form(&own(next.as_deref())).offer(may, &market, &signed).await
}

pub(super) async fn confirmed(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let next = own(sent.get("next"));
    let (mut read, session) = (sent.reading(), sent.signed.session);
    let (code, accounts) = (read.value::<String>("code"), market.accounts());
    let confirm = |call: Call, code: String| async move {
        meant(&call)?;
        let confirmed = accounts.confirm_second_factor(&call.actor, &code, session).await;
        let wrong = Refusal::SecondFactorWrong;
        confirmed.map_err(|why| at("code", wrong, wrong.zh(), why))
    };
    match confirm_form(&next).taken(&market, &sent, read.end(code), confirm).await? {
        Taken::Shown(page) => Ok(page),
        Taken::Done(codes) => {
            let frame = Frame::signed(&market, "第二重验证已启用", &sent.signed).await?;
            let page = Page::of(&CodesPage { frame, codes: codes.recovery_codes, next })?;
            Ok(private(page.into_response()))
        }
    }
}

fn end_form() -> Form {
    let mut form = form("停用第二重验证", "give-up", "停用");
    form.lead = "停用以后，凭密码就能登录；恢复码全部作废。您代表的主体要求第二重验证的，\
                 停用以后不能办事，要重新启用。"
        .to_owned();
    form.fields = vec![
        Field::line("code", "动态验证码或者恢复码", 64)
            .hint("登录时用过的验证码不能再用，请等下一个")
            .completed("one-time-code"),
    ];
    form.is_final = true;
    form
}

pub(super) async fn end(State(market): State<Market>, signed: Signed) -> Result<Response, Problem> {
    let factor = market.accounts().second_factor(&signed.actor).await?;
    let may = allowed(&factor.actions(), "give-up")?;
    end_form().offer(may, &market, &signed).await
}

pub(super) async fn ended(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mut read = sent.reading();
    let (code, accounts) = (read.value::<String>("code"), market.accounts());
    let give_up = |call: Call, code: String| async move {
        meant(&call)?;
        let given_up = accounts.drop_second_factor(&call.actor, &code).await;
        let wrong = Refusal::SecondFactorWrong;
        given_up.map_err(|why| at("code", wrong, wrong.zh(), why))
    };
    end_form().take(&market, &sent, read.end(code), give_up, |()| "/account".to_owned()).await
}
