//! `/keys`: the keys with which a party's programs act.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use market_core::{
    Error, Market, Timestamp,
    account::{ApiKey, NewApiKey, Scope},
    id::ApiKeyId,
};

use super::{
    super::{
        Frame, Page, Pager,
        fields::{Field, Kind},
        filling::{Form, Taken},
        form::Choice,
        signed::{Answers, Reading, Signed, private},
        words,
    },
    IssuedPage, KEYS, ListPage, Row, WEBHOOKS, link,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// For how many days a key may be good.
const DAYS: [(i64, &str); 3] = [(30, "30 天"), (90, "90 天"), (365, "一年")];

fn row(key: &ApiKey, now: Timestamp) -> Row {
    let scopes: Vec<_> = key.scopes.iter().map(|one| words::scope(*one)).collect();
    let used = key
        .used_at
        .map_or_else(|| "还没有用过".to_owned(), |at| format!("最近用于{}", words::instant(at)));
    let (tag, tone) = match key.revoked_at {
        Some(_) => ("已停用", ""),
        None if key.expires_at <= now => ("已到期", ""),
        None => ("可用", "good"),
    };
    let revoke = format!("/keys/{}/revoke", key.id);
    Row {
        href: (tag == "可用").then_some(revoke),
        title: key.name.clone(),
        lines: vec![
            format!("可以：{}", scopes.join("、")),
            format!(
                "{}生成，有效至{}，{used}",
                words::instant(key.created_at),
                words::instant(key.expires_at)
            ),
        ],
        tag: tag.to_owned(),
        tone,
    }
}

pub(in crate::portal) async fn keys(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let now = market.env().now();
    let keys = market.accounts().keys(&signed.actor, &signed.actor.party).await?;
    let page = Page::of(&ListPage {
        frame: Frame::signed(&market, KEYS.1, &signed).await?,
        title: KEYS.1,
        lead: "本单位的程序凭密钥办事，只能办选定的事。不用的、可能泄露的，点开停用。\
               生成密钥的人更改密码以后，他生成的密钥随即停用，要另外生成。",
        new: link("/keys/new", "生成密钥"),
        other: link(WEBHOOKS.0, WEBHOOKS.1),
        rows: keys.iter().map(|key| row(key, now)).collect(),
        none: "还没有密钥。",
        pager: Pager::default(),
    })?;
    Ok(private(page.into_response()))
}

fn form() -> Form {
    let mut form = Form::new("生成密钥", "/keys/new".to_owned(), "生成密钥");
    form.trail = vec![link(KEYS.0, KEYS.1)];
    form.lead = "密钥只显示一次，系统不保存。提交两次就有两个，多的请停用。".to_owned();
    let days = DAYS.map(|(days, name)| Choice::of(&days.to_string(), name, None));
    form.fields = vec![
        Field::line("name", "用途", 64).hint("例如“订单同步”"),
        Field::new("expires_at", "有效期", Kind::Radio(days.to_vec())).filled(&90),
    ];
    form.fields.extend(Scope::ALL.iter().map(|scope| {
        let label = format!("可以{}", words::scope(*scope));
        Field::new(format!("scopes/{scope}"), label, Kind::Tick).optional()
    }));
    form
}

fn read(mut read: Reading<'_>, now: Timestamp) -> Result<NewApiKey, Error> {
    let name = read.text("name");
    let days: Option<i64> = read.value("expires_at");
    if days.is_some_and(|days| DAYS.iter().all(|(one, _)| *one != days)) {
        read.fault("expires_at", "format", "cannot be read");
    }
    let scopes: Vec<_> =
        Scope::ALL.iter().copied().filter(|one| read.ticked(&format!("scopes/{one}"))).collect();
    if scopes.is_empty() {
        read.fault("scopes/read", "unticked", "must be ticked");
    }
    read.end(days.map(|days| NewApiKey {
        name,
        scopes,
        expires_at: now.plus_seconds(days * 24 * 3600),
    }))
}

pub(in crate::portal) async fn new_key(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    // Who may not make one is told so before they fill anything in.
    market.accounts().keys(&signed.actor, &signed.actor.party).await?;
    form().show(&market, &signed).await
}

pub(in crate::portal) async fn made_key(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let new = read(sent.reading(), market.env().now());
    let of = &market;
    let make = |call, new| async move { of.accounts().make_key(&call, new).await };
    match form().taken(&market, &sent, new, make).await? {
        Taken::Shown(page) => Ok(page),
        Taken::Done(issued) => {
            let note = "程序在请求头里写 Authorization: Bearer 加这个密钥。";
            let (title, label) = ("密钥已生成", "密钥");
            IssuedPage::show(&market, &sent.signed, KEYS, title, label, issued.key, note).await
        }
    }
}

async fn revoking(market: &Market, signed: &Signed, id: ApiKeyId) -> Result<Form, Problem> {
    let keys = market.accounts().keys(&signed.actor, &signed.actor.party).await?;
    let key = keys.into_iter().find(|key| key.id == id).ok_or(Code::NOT_FOUND)?;
    let mut form = Form::new("停用密钥", format!("/keys/{id}/revoke"), "停用");
    form.trail = vec![link(KEYS.0, KEYS.1)];
    form.lead = "停用以后，用它的程序立即不能再办事；停用不能撤回。".to_owned();
    form.facts = vec![("用途", key.name), ("有效至", words::instant(key.expires_at))];
    form.is_final = true;
    Ok(form)
}

pub(in crate::portal) async fn revoke_key(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<ApiKeyId>,
) -> Result<Response, Problem> {
    revoking(&market, &signed, id).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn revoked_key(
    State(market): State<Market>,
    At(id): At<ApiKeyId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = revoking(&market, &sent.signed, id).await?;
    let (read, market) = (sent.reading().end(Some(())), &market);
    let revoke = |call, ()| async move { market.accounts().revoke_key(&call, id).await };
    form.take(market, &sent, read, revoke, |_| KEYS.0.to_owned()).await
}
