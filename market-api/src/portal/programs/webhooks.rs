//! `/webhooks`: where a party's programs are told what happens.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use market_core::{
    Call, Error, Market,
    id::WebhookId,
    webhook::{Disabled, NewWebhook, Webhook, WebhookScope, WebhookState},
};

use super::{
    super::{
        Frame, Page, Pager,
        doing::allowed,
        fields::{Field, Kind},
        filling::{Form, Taken},
        form::Choice,
        signed::{Answers, Reading, Signed, go, private},
        words,
    },
    IssuedPage, KEYS, ListPage, Row, WEBHOOKS, link,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

/// What is said of a new secret.
const NOTE: &str = "用它核对消息的签名；在“消息推送”里可以随时换新。";

/// How much a webhook tells.
const fn scope(of: WebhookScope) -> &'static str {
    match of {
        WebhookScope::Own => "本单位参与的事",
        WebhookScope::All => "本单位参与的事和全部公开的事",
    }
}

const fn why(of: Disabled) -> &'static str {
    match of {
        Disabled::Owner => "本单位停用",
        Disabled::Operator => "运营机构停用",
        Disabled::Gone => "对方答复地址已经取消（410）",
        Disabled::Failing => "连续 5 天没有送达",
    }
}

fn row(webhook: &Webhook) -> Row {
    let id = webhook.id;
    let (tag, tone, step) = match webhook.state {
        WebhookState::Enabled => ("推送中", "good", "disable"),
        WebhookState::Disabled => ("已停用", "", "enable"),
    };
    let mut lines = vec![format!("推送：{}", scope(webhook.scope))];
    lines.extend(Some(webhook.description.clone()).filter(|text| !text.is_empty()));
    lines.extend(webhook.why.map(|of| format!("原因：{}", why(of))));
    let failing = webhook.failing_since;
    lines.extend(failing.map(|at| format!("{}起没有送达", words::instant(at))));
    Row {
        href: Some(format!("/webhooks/{id}/{step}")),
        title: webhook.url.clone(),
        lines,
        tag: tag.to_owned(),
        tone,
    }
}

pub(in crate::portal) async fn webhooks(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    let own = market.webhooks().own(&signed.actor).await?;
    let page = Page::of(&ListPage {
        frame: Frame::signed(&market, WEBHOOKS.1, &signed).await?,
        title: WEBHOOKS.1,
        lead: "有新的进展时，把签了名的消息送到本单位的服务器。点开可以停用、启用或者换签名密钥。",
        new: link("/webhooks/new", "登记推送地址"),
        other: link(KEYS.0, KEYS.1),
        rows: own.iter().map(row).collect(),
        none: "还没有登记推送地址。",
        pager: Pager::default(),
    })?;
    Ok(private(page.into_response()))
}

fn form() -> Form {
    let mut form = Form::new("登记推送地址", "/webhooks/new".to_owned(), "登记");
    form.trail = vec![link(WEBHOOKS.0, WEBHOOKS.1)];
    form.lead = "签名密钥只显示一次。登记以后发生的事才推送。".to_owned();
    let scopes = WebhookScope::ALL.iter().map(|one| Choice::of(one.as_str(), scope(*one), None));
    form.fields = vec![
        Field::line("url", "地址", 2000).hint("https:// 开头，互联网上能访问"),
        Field::line("description", "用途", 200).optional(),
        Field::new("scope", "推送什么", Kind::Radio(scopes.collect())).filled(&WebhookScope::Own),
    ];
    form
}

fn read(mut read: Reading<'_>) -> Result<NewWebhook, Error> {
    let (url, description) = (read.text("url"), read.text("description"));
    let scope = read.value("scope");
    read.end(scope.map(|scope| NewWebhook {
        url,
        description,
        scope,
        kinds: Vec::new(),
        after: None,
    }))
}

pub(in crate::portal) async fn new_webhook(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    form().show(&market, &signed).await
}

pub(in crate::portal) async fn made_webhook(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (new, of) = (read(sent.reading()), &market);
    let register = |call, new| async move { of.webhooks().register(&call, new).await };
    match form().taken(&market, &sent, new, register).await? {
        Taken::Shown(page) => Ok(page),
        Taken::Done(made) => {
            let (title, label) = ("推送地址已登记", "签名密钥");
            IssuedPage::show(&market, &sent.signed, WEBHOOKS, title, label, made.secret, NOTE).await
        }
    }
}

/// The form of a step, and whether it may be taken now.
async fn asked(
    market: &Market,
    signed: &Signed,
    id: WebhookId,
    step: &str,
) -> Result<(Form, Result<(), Error>), Problem> {
    let (action, label, lead) = match step {
        "enable" => ("enable", "启用", "从停下的地方接着推送。"),
        "disable" => ("disable", "停用", "停用以后不再推送，可以再启用。"),
        "rotate" => ("rotate_secret", "换签名密钥", "新旧密钥同时签名 24 小时，此后只用新的。"),
        "remove" => ("remove", "删除", "删除以后不再推送，也看不到推送记录。"),
        _ => return Err(Code::NOT_FOUND.into()),
    };
    let webhook = market.webhooks().get(&signed.actor, id).await?;
    let may = allowed(&webhook.actions(&signed.actor), action)?;
    let at = format!("/webhooks/{id}");
    let mut form = Form::new(label, format!("{at}/{step}"), label);
    form.trail = vec![link(WEBHOOKS.0, WEBHOOKS.1)];
    form.lead = lead.to_owned();
    form.version = Some(webhook.version);
    form.is_final = step == "remove";
    let others = [("rotate", "换签名密钥"), ("remove", "删除")];
    let others = others.into_iter().filter(|(other, _)| *other != step);
    form.links = others.map(|(other, name)| link(&format!("{at}/{other}"), name)).collect();
    form.facts = vec![("地址", webhook.url), ("推送", scope(webhook.scope).to_owned())];
    Ok((form, may))
}

pub(in crate::portal) async fn webhook(
    State(market): State<Market>,
    signed: Signed,
    At((id, step)): At<(WebhookId, String)>,
) -> Result<Response, Problem> {
    let (form, may) = asked(&market, &signed, id, &step).await?;
    form.offer(may, &market, &signed).await
}

pub(in crate::portal) async fn changed_webhook(
    State(market): State<Market>,
    At((id, step)): At<(WebhookId, String)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let (form, _) = match asked(&market, &sent.signed, id, &step).await {
        // What was removed is not there any more when its form is sent again.
        Err(why) if step == "remove" && why.status() == StatusCode::NOT_FOUND => {
            return Ok(go(WEBHOOKS.0));
        }
        found => found?,
    };
    let (read, of) = (sent.reading().end(Some(())), &market);
    let to = |(): &()| WEBHOOKS.0.to_owned();
    let hooks = of.webhooks();
    match step.as_str() {
        "enable" => {
            let enable = |call: Call, ()| async move { hooks.enable(&call, id).await.map(drop) };
            form.take(of, &sent, read, enable, to).await
        }
        "disable" => {
            let disable = |call: Call, ()| async move { hooks.disable(&call, id).await.map(drop) };
            form.take(of, &sent, read, disable, to).await
        }
        "remove" => {
            let remove = |call: Call, ()| async move { hooks.remove(&call, id).await };
            form.take(of, &sent, read, remove, to).await
        }
        _ => {
            let rotate = |call: Call, ()| async move { hooks.rotate_secret(&call, id).await };
            match form.taken(of, &sent, read, rotate).await? {
                Taken::Shown(page) => Ok(page),
                Taken::Done(made) => {
                    let (title, label) = ("签名密钥已换", "新的签名密钥");
                    IssuedPage::show(of, &sent.signed, WEBHOOKS, title, label, made.secret, NOTE)
                        .await
                }
            }
        }
    }
}
