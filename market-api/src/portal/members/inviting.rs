//! Inviting somebody to act for a party, and taking that back. The code is shown once, on the page
//! that answers.

use axum::{extract::State, response::Response};
use market_core::{
    Call, Market,
    account::{Invitation, NewInvitation},
    id::InvitationId,
};

use super::{MEMBERS, steps::roles, trail};
use crate::{
    parameters::At,
    portal::{
        fields::{Field, Kind},
        filling::{Form, Taken},
        programs::IssuedPage,
        signed::{Answers, Signed},
        words,
    },
    problem::{Code, Problem},
};

/// For how many days an invitation is good where nothing else is said.
const DAYS: u32 = 7;

fn invite_form(signed: &Signed) -> Form {
    let mut form = Form::new("邀请经办人", "/members/invite".to_owned(), "生成邀请码");
    form.trail = trail(signed);
    form.lead = "对方凭邀请码加入，邀请码只能用一次。提交两次就有两份邀请，多的请收回。\
                 您更改密码以后，还没有答复的邀请会作废。"
        .to_owned();
    form.fields = vec![
        Field::line("name", "邀请谁", 64).hint("写姓名，方便您辨认"),
        Field::new("role", "角色", roles())
            .hint("管理员可以管理经办人；经办人可以办事；查看人只能看"),
        Field { max: 2, ..Field::new("days", "几天内有效", Kind::Number) }
            .hint("1 至 30 天")
            .filled(&DAYS),
    ];
    form
}

pub(in crate::portal) async fn invite(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    // Who may not invite is told so before they fill anything in.
    market.accounts().may_manage(&signed.actor, &signed.actor.party).await?;
    invite_form(&signed).show(&market, &signed).await
}

pub(in crate::portal) async fn invited(
    State(market): State<Market>,
    sent: Answers,
) -> Result<Response, Problem> {
    let mut read = sent.reading();
    let (name, days, role) = (read.line("name"), read.value("days"), read.value("role"));
    let new = read.end(role.map(|role| NewInvitation { role, name, days }));
    let (accounts, party) = (market.accounts(), &sent.signed.actor.party);
    let invite = |call: Call, new| async move { accounts.invite(&call, party, new).await };
    match invite_form(&sent.signed).taken(&market, &sent, new, invite).await? {
        Taken::Shown(page) => Ok(page),
        Taken::Done(invited) => {
            let note = "请用只有对方看得到的方式告诉他。对方在登录页点“凭邀请码加入”，填写邀请码：\
                        有账号的登录以后接受，没有账号的当场开立。";
            let (title, label) = ("邀请码已生成", "邀请码");
            let (signed, code) = (&sent.signed, invited.code);
            IssuedPage::show(&market, signed, MEMBERS, title, label, code, note).await
        }
    }
}

async fn found(market: &Market, signed: &Signed, id: InvitationId) -> Result<Invitation, Problem> {
    let invitations = market.accounts().invitations(&signed.actor, &signed.actor.party).await?;
    let found = invitations.into_iter().find(|one| one.id == id);
    found.ok_or_else(|| Code::NOT_FOUND.into())
}

fn revoke_form(signed: &Signed, invitation: Invitation) -> Form {
    let at = format!("/members/invitations/{}/revoke", invitation.id);
    let mut form = Form::new("收回邀请", at, "收回");
    form.trail = trail(signed);
    form.lead = "收回以后，邀请码作废。要再邀请，请另外生成。".to_owned();
    form.facts = vec![
        ("邀请谁", invitation.name),
        ("角色", words::role(invitation.role).to_owned()),
        ("有效至", words::instant(invitation.expires_at)),
    ];
    form.is_final = true;
    form
}

pub(in crate::portal) async fn take_back(
    State(market): State<Market>,
    signed: Signed,
    At(id): At<InvitationId>,
) -> Result<Response, Problem> {
    let invitation = found(&market, &signed, id).await?;
    let may = invitation.awaits_answer().map_err(Into::into);
    revoke_form(&signed, invitation).offer(may, &market, &signed).await
}

pub(in crate::portal) async fn taken_back(
    State(market): State<Market>,
    At(id): At<InvitationId>,
    sent: Answers,
) -> Result<Response, Problem> {
    let invitation = found(&market, &sent.signed, id).await?;
    let form = revoke_form(&sent.signed, invitation);
    let (accounts, read) = (market.accounts(), sent.reading().end(Some(())));
    let revoke = |call: Call, ()| async move { accounts.revoke_invitation(&call, id).await };
    form.take(&market, &sent, read, revoke, |_| MEMBERS.0.to_owned()).await
}
