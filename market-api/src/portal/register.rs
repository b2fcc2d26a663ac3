//! `/register` and `/applicants/new`: an account for somebody new, and another applicant for
//! somebody who has one.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market,
    account::{Credentials, NewPerson, Password, SessionKind},
    applicant::{ApplicantKind, NewApplicant},
};

use super::{
    Link,
    account::{Jar, Next, go, kept, opening, own},
    fields::{Field, Kind},
    filling::Form,
    form::Choice,
    signed::{Answers, Reading, Signed, answer},
    visitor::Opening,
    wrong::Wrong,
};
use crate::{
    caller::{Client, proof_of},
    problem::Problem,
};

/// What an applicant is, as it is asked.
fn kinds() -> Kind {
    let kinds = [
        (ApplicantKind::Natural, "我本人（自然人）"),
        (ApplicantKind::Legal, "企业、事业单位、社会组织（法人）"),
        (ApplicantKind::Other, "个体工商户、合伙企业等（非法人组织）"),
    ];
    Kind::Radio(kinds.map(|(kind, name)| Choice::of(kind.as_str(), name, None)).to_vec())
}

/// What is asked of an applicant; each name begins so.
pub(super) fn applicant_fields(at: &str) -> Vec<Field> {
    let phone = Field::new(format!("{at}phone"), "联系电话", Kind::Phone);
    vec![
        Field::new(format!("{at}kind"), "为谁办事", kinds()),
        Field::line(format!("{at}name"), "名称", 128).hint("单位写全称；为本人办的写姓名"),
        Field::line(format!("{at}uscc"), "统一社会信用代码", 18)
            .hint("18 位，在营业执照上；法人必填，为本人办的不填")
            .optional(),
        phone.hint("区号和号码之间可以有“-”").completed("tel"),
    ]
}

pub(super) fn applicant(read: &mut Reading<'_>, at: &str) -> Option<NewApplicant> {
    let name = |field: &str| format!("{at}{field}");
    let kind = read.value(&name("kind"));
    let uscc = read.optional(&name("uscc"));
    let (called, phone) = (read.text(&name("name")), read.text(&name("phone")));
    kind.map(|kind| NewApplicant { kind, name: called, uscc, phone })
}

/// What is asked of somebody new.
fn person_fields(next: &str) -> Vec<Field> {
    let mut fields = applicant_fields("applicant/");
    fields.extend([
        Field::line("name", "您的姓名", 64).hint("经办人").completed("name"),
        Field::line("login", "登录名", 64)
            .hint("2 至 64 位小写字母、数字，可以有“.”“_”“@”和“-”")
            .completed("username"),
        Field { max: 128, ..Field::new("password", "密码", Kind::Password) }
            .hint("至少 8 位")
            .completed("new-password"),
        Field::hidden("next", next),
    ]);
    fields
}

fn person(mut read: Reading<'_>, password: &str) -> Result<(NewPerson, NewApplicant), Error> {
    let applicant = applicant(&mut read, "applicant/");
    let (name, login) = (read.text("name"), read.text("login"));
    let password = Some(Password::new(password));
    read.end(applicant.map(|applicant| (NewPerson { login, name, password }, applicant)))
}

/// The form by which somebody new registers, to go on to a page.
fn registration(next: &str) -> Form {
    let mut form = Form::new("注册", "/register".to_owned(), "注册并登录");
    "注册以后就可以办事。机构入驻、部门办理的账号，请向本单位管理员要邀请。"
        .clone_into(&mut form.lead);
    form.fields = person_fields(next);
    form
}

pub(super) async fn begin(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Query(next): Query<Next>,
) -> Result<Response, Problem> {
    let (secret, cookie) = opening(&market, &cookies);
    let form = registration(&own(next.next.as_deref()));
    let page = form.opening(&market, proof_of(&secret), None).await?;
    Ok(kept(page.into_response(), cookie))
}

pub(super) async fn sign_up(
    State(market): State<Market>,
    Jar(cookies): Jar,
    Client(from): Client,
    Opening(pairs): Opening<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let next = own(answer(&pairs, "next"));
    let password = answer(&pairs, "password").unwrap_or_default();
    let made = match person(Reading::of(&pairs), password) {
        Ok((person, applicant)) => {
            let login = person.login.clone();
            let made = market.applicants().sign_up(person, applicant, &from).await;
            made.map(|_| login)
        }
        Err(why) => Err(why),
    };
    let why = match made {
        Ok(login) => {
            let (password, party) = (Password::new(password), None);
            let credentials = Credentials { login, password, code: None, party };
            let accounts = market.accounts();
            let signed_in = accounts.sign_in(credentials, SessionKind::Browser, &from).await?;
            return Ok(go(&next, cookies.keep_session(&signed_in.token)));
        }
        Err(why) => why,
    };
    let mut form = registration(&next);
    for field in form.fields.iter_mut().filter(|field| field.name != "next") {
        field.value = answer(&pairs, &field.name).unwrap_or_default().to_owned();
    }
    let Some(wrong) = Wrong::of(&why, &mut form.fields) else { return Err(why.into()) };
    let (secret, cookie) = opening(&market, &cookies);
    let page = form.opening(&market, proof_of(&secret), Some(wrong)).await?;
    Ok(kept(page.told(why.into()), cookie))
}

fn form() -> Form {
    let mut form = Form::new("登记另一个申请人", "/applicants/new".to_owned(), "登记");
    form.trail = vec![Link { href: "/account".to_owned(), name: "我的账号".to_owned() }];
    "登记以后，在“我的账号”里改为代表它，就可以为它办事。".clone_into(&mut form.lead);
    form.is_checked = true;
    form.fields = applicant_fields("");
    form
}

pub(super) async fn another(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    form().show(&market, &signed).await
}

pub(super) async fn registered(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mut read = sent.reading();
    let applicant = applicant(&mut read, "");
    let (new, market) = (read.end(applicant), &market);
    let register = |call, new| async move { market.applicants().register(&call, new).await };
    form().take(market, &sent, new, register, |_| "/account".to_owned()).await
}
