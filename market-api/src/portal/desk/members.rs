//! `/desk/members`: who acts for the department or the operator, and as what.

use axum::{extract::State, response::Response};
use market_core::{
    Market,
    account::{Member, Role},
    id::PersonId,
};

use super::{
    super::{
        Link,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        signed::Signed,
        words,
    },
    AtDesk, DeskAnswers, or_sent_before,
    shown::{List, Row},
    trail,
};
use crate::{
    parameters::At,
    problem::{Code, Problem},
};

pub(super) async fn list(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
) -> Result<Response, Problem> {
    let members = market.accounts().members(&signed.actor, &signed.actor.party).await?;
    let rows = members.into_iter().map(|one| Row {
        href: Some(format!("/desk/members/{}/role", one.person_id)),
        lines: vec![format!("账号 {}，{}起", one.login, words::day(one.since.day()))],
        tag: if one.disabled { "账号停用" } else { words::role(one.role) }.to_owned(),
        tone: if one.disabled { "bad" } else { "" },
        title: one.name,
    });
    List {
        title: "经办人",
        lead: "能代表本单位办事的人。由管理员改角色、移出。",
        rows: rows.collect(),
        none: "没有经办人。",
        ..List::default()
    }
    .show(&market, &signed)
    .await
}

async fn member(market: &Market, signed: &Signed, id: PersonId) -> Result<Member, Problem> {
    let members = market.accounts().members(&signed.actor, &signed.actor.party).await?;
    let found = members.into_iter().find(|one| one.person_id == id);
    found.ok_or_else(|| Code::NOT_FOUND.into())
}

/// The form of a step; its check asks the market whether it may be taken.
async fn asked(
    market: &Market,
    signed: &Signed,
    id: PersonId,
    step: &str,
) -> Result<Form, Problem> {
    let member = member(market, signed, id).await?;
    let at = format!("/desk/members/{id}");
    let (title, lead) = match step {
        "role" => ("改角色", "管理员可以管理经办人；经办人可以办事；查看人只能看。"),
        "remove" => ("移出经办人", "移出以后，立即不能再代表本单位。"),
        _ => return Err(Code::NOT_FOUND.into()),
    };
    let mut form = Form::new(title, format!("{at}/{step}"), title);
    form.trail = trail(&[("/desk/members", "经办人")]);
    if step == "role" {
        form.links.push(Link { href: format!("{at}/remove"), name: "移出这个人".to_owned() });
        let role = |one: &Role| Choice::of(one.as_str(), words::role(*one), None);
        let roles = Kind::Radio(Role::ALL.iter().map(role).collect());
        form.fields = vec![Field::new("role", "角色", roles).filled(&member.role)];
    }
    lead.clone_into(&mut form.lead);
    form.is_checked = true;
    form.is_final = step == "remove";
    form.facts = vec![
        ("姓名", member.name),
        ("账号", member.login),
        ("现在的角色", words::role(member.role).to_owned()),
    ];
    Ok(form)
}

pub(super) async fn step(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    At((id, step)): At<(PersonId, String)>,
) -> Result<Response, Problem> {
    asked(&market, &signed, id, &step).await?.show(&market, &signed).await
}

pub(super) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(PersonId, String)>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let form = asked(&market, &sent.signed, id, &step).await;
    let form = if step == "remove" {
        or_sent_before(form.map(|form| (form, Ok(()))), &sent)?
    } else {
        form?
    };
    let (to, market, mut read) = ("/desk/members".to_owned(), &market, sent.reading());
    let (accounts, party) = (market.accounts(), &sent.signed.actor.party);
    if step == "remove" {
        let read = read.end(Some(()));
        return take!(form, market, sent, to, read, |call, ()| {
            accounts.remove_member(&call, party, id)
        });
    }
    let role: Option<Role> = read.value("role");
    let role = read.end(role);
    take!(form, market, sent, to, role, |call, role| accounts.set_role(&call, party, id, role))
}
