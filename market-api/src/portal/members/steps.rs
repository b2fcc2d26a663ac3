//! What is done with somebody who acts for a party: another role, removal; and leaving by oneself.

use axum::{extract::State, response::Response};
use market_core::{
    Call, Error, Market,
    account::{Member, Role},
    id::PersonId,
};

use super::{MEMBERS, link, trail};
use crate::{
    parameters::At,
    portal::{
        desk::or_sent_before,
        fields::{Field, Kind},
        filling::Form,
        form::Choice,
        names,
        signed::{Answers, Signed},
        words,
    },
    problem::{Code, Problem},
};

/// The roles, as a field offers them.
pub(super) fn roles() -> Kind {
    let role = |one: &Role| Choice::of(one.as_str(), words::role(*one), None);
    Kind::Radio(Role::ALL.iter().map(role).collect())
}

async fn member(market: &Market, signed: &Signed, id: PersonId) -> Result<Member, Problem> {
    let (accounts, party) = (market.accounts(), &signed.actor.party);
    accounts.may_manage(&signed.actor, party).await?;
    let members = accounts.members(&signed.actor, party).await?;
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
    let at = format!("/members/{id}");
    let (title, lead) = match step {
        "role" => ("改角色", "管理员可以管理经办人；经办人可以办事；查看人只能看。"),
        "remove" => (
            "移出经办人",
            "移出以后，立即不能再代表本单位。\
             消息推送的地址不会随之停用，请看看有没有这个人登记的。",
        ),
        _ => return Err(Code::NOT_FOUND.into()),
    };
    let mut form = Form::new(title, format!("{at}/{step}"), title);
    form.trail = trail(signed);
    if step == "role" {
        form.links = vec![link((&format!("{at}/remove"), "移出这个人"))];
        form.fields = vec![Field::new("role", "角色", roles()).filled(&member.role)];
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

pub(in crate::portal) async fn step(
    State(market): State<Market>,
    signed: Signed,
    At((id, step)): At<(PersonId, String)>,
) -> Result<Response, Problem> {
    asked(&market, &signed, id, &step).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn done(
    State(market): State<Market>,
    At((id, step)): At<(PersonId, String)>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = asked(&market, &sent.signed, id, &step).await;
    let (accounts, party, mut read) = (market.accounts(), &sent.signed.actor.party, sent.reading());
    if step == "remove" {
        let form = or_sent_before(form.map(|form| (form, Ok(()))), &sent)?;
        let remove = |call: Call, ()| async move { accounts.remove_member(&call, party, id).await };
        let read = read.end(Some(()));
        return form.take(&market, &sent, read, remove, |()| MEMBERS.0.to_owned()).await;
    }
    let role: Option<Role> = read.value("role");
    let change = |call: Call, role| async move { accounts.set_role(&call, party, id, role).await };
    form?.take(&market, &sent, read.end(role), change, |()| MEMBERS.0.to_owned()).await
}

async fn leave_form(market: &Market, signed: &Signed) -> Result<Form, Error> {
    let party = names::party_name(market, &signed.actor, &signed.actor.party).await?;
    let mut form = Form::new("退出本单位", "/account/leave".to_owned(), "退出");
    form.trail = vec![link(("/account", "我的账号"))];
    form.lead = "退出以后，您立即不能再代表它办事；要回来，得由它的管理员再邀请。".to_owned();
    form.facts = vec![("现在代表", party)];
    form.is_checked = true;
    form.is_final = true;
    Ok(form)
}

pub(in crate::portal) async fn leave(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    leave_form(&market, &signed).await?.show(&market, &signed).await
}

pub(in crate::portal) async fn left(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let form = leave_form(&market, &sent.signed).await?;
    let (accounts, actor) = (market.accounts(), &sent.signed.actor);
    let leave = |call: Call, ()| async move {
        accounts.remove_member(&call, &actor.party, actor.person).await
    };
    let read = sent.reading().end(Some(()));
    form.take(&market, &sent, read, leave, |()| "/sign-in".to_owned()).await
}
