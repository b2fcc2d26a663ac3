//! `/account/password`: changing one's own password.

use axum::{extract::State, response::Response};
use market_core::{Error, Fault, Market, Refusal, account::Password};

use super::{
    Link,
    fields::{Field, Kind},
    filling::Form,
    signed::{Answers, PASSWORD, PASSWORD_AGAIN, PASSWORD_NEW, Signed},
};
use crate::problem::Problem;

const PLACE: &str = "/account/password";

fn form(version: i64) -> Form {
    let mut form = Form::new("更改密码", PLACE.to_owned(), "更改密码");
    form.trail = vec![Link { href: "/account".to_owned(), name: "我的账号".to_owned() }];
    form.lead =
        "更改以后，您在各处的登录都会退出，要用新密码重新登录；个人令牌、您生成的接口密钥、\
                 还没有答复的邀请、关联的其他身份随即失效，要另外办理。"
            .to_owned();
    let field = |name, label| Field { max: 128, ..Field::new(name, label, Kind::Password) };
    form.fields = vec![
        field(PASSWORD, "现在的密码")
            .hint("没有密码的账号，请先请运营机构设置密码")
            .completed("current-password"),
        field(PASSWORD_NEW, "新密码").hint("8 至 128 个字").completed("new-password"),
        field(PASSWORD_AGAIN, "再填一次新密码").completed("new-password"),
    ];
    form.version = Some(version);
    form.is_secret = true;
    form
}

async fn asked(market: &Market, signed: &Signed) -> Result<Form, Problem> {
    let account = market.accounts().get(&signed.actor, signed.actor.person).await?;
    Ok(form(account.person.version))
}

pub(super) async fn change(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    asked(&market, &signed).await?.show(&market, &signed).await
}

pub(super) async fn changed(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = asked(&market, &sent.signed).await?;
    let typed = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let (current, new) = (typed(PASSWORD), typed(PASSWORD_NEW));
    let mut read = sent.reading();
    for (name, typed) in [(PASSWORD, &current), (PASSWORD_NEW, &new)] {
        if typed.is_empty() {
            read.fault(name, "missing", "must be given");
        }
    }
    if typed(PASSWORD_AGAIN) != new {
        read.fault(PASSWORD_AGAIN, "differs", "not the same as above / 与上面填的不一样");
    }
    let accounts = market.accounts();
    let change = |call, (current, new)| async move {
        accounts.change_password(&call, current, new).await.map_err(at_its_field)
    };
    let passwords = (Password::new(current), Password::new(new));
    let to = |_: &_| "/sign-in?next=/account&changed=yes".to_owned();
    form.take(&market, &sent, read.end(Some(passwords)), change, to).await
}

/// What is wrong with either password, told at its field.
fn at_its_field(why: Error) -> Error {
    match why {
        Error::Refused(Refusal::WrongPassword) => {
            Error::invalid(PASSWORD, "refused", "the password is wrong / 密码不正确")
        }
        Error::Invalid(faults) => {
            let of_new = |fault: Fault| Fault { pointer: PASSWORD_NEW.to_owned(), ..fault };
            Error::Invalid(faults.into_iter().map(of_new).collect())
        }
        why => why,
    }
}
