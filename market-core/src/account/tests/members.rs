use super::*;
use crate::{Timestamp, id::ApplicantId};

fn inviting(role: Role) -> NewInvitation {
    NewInvitation { role, name: "李明".to_owned(), days: None }
}

fn of(person: &Person, applicant: ApplicantId) -> Actor {
    Actor::new(person.id, Party::Applicant(applicant))
}

async fn answers(market: &Market, actor: &Actor, code: &str) -> Result<Invitation, Error> {
    let call = Call::from(actor);
    market.accounts().accept_invitation(&call, code, &Origin::default()).await
}

on_both! {
    async fn an_admin_invites_and_a_code_is_good_once(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (li, own) = signed_up(&market, "li").await;
        let (zhao, other) = signed_up(&market, "zhao").await;
        let (accounts, admin) = (market.accounts(), of(&wang, firm.id));
        let party = admin.party.clone();
        let call = Call::from(&admin);
        let invited = accounts.invite(&call, &party, inviting(Role::Member)).await.unwrap();
        let seen = accounts.look_at_invitation(&invited.code, &Origin::default()).await.unwrap();
        assert_eq!(seen, invited.invitation);
        let accepted = answers(&market, &of(&li, own.id), &invited.code).await.unwrap();
        assert_eq!(accepted.state, InvitationState::Accepted);
        let again = answers(&market, &of(&zhao, other.id), &invited.code).await;
        assert_eq!(refusal(again), Refusal::InvitationOver);
        let members = accounts.members(&admin, &party).await.unwrap();
        let roles: Vec<_> = members.iter().map(|one| (one.login.as_str(), one.role)).collect();
        assert_eq!(roles, [("wang", Role::Admin), ("li", Role::Member)]);
        let switched = signed_in(&market, "li").await.unwrap();
        let switched = accounts.switch(&switched.token, &party).await.unwrap();
        assert_eq!(switched.actor(), of(&li, firm.id));

        let more = accounts.invite(&call, &party, inviting(Role::Viewer)).await.unwrap();
        let already = answers(&market, &of(&li, own.id), &more.code).await;
        assert_eq!(refusal(already), Refusal::AlreadyMember);
        let [member, stranger] = [of(&li, firm.id), of(&zhao, other.id)].map(Call::from);
        let by_member = accounts.invite(&member, &party, inviting(Role::Admin)).await;
        assert_eq!(refusal(by_member), Refusal::AdminsOnly);
        let by_other = accounts.invite(&stranger, &party, inviting(Role::Admin)).await;
        assert!(matches!(by_other, Err(Error::NotFound(_))));
        let may = async |actor: &Actor| accounts.may_manage(actor, &party).await;
        assert_eq!(refusal(may(&member.actor).await), Refusal::AdminsOnly);
        assert!(matches!(may(&stranger.actor).await, Err(Error::NotFound(_))));
        for entitled in [&admin, &Actor::new(wang.id, Party::Operator)] {
            may(entitled).await.unwrap();
        }
    }

    async fn an_invitation_is_declined_revoked_or_expires(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (li, own) = signed_up(&market, "li").await;
        let (accounts, admin, actor) = (market.accounts(), of(&wang, firm.id), of(&li, own.id));
        let (call, from) = (Call::from(&admin), Origin::default());
        let invite = async || {
            accounts.invite(&call, &admin.party, inviting(Role::Member)).await.unwrap()
        };
        let (declined, revoked, expired) = (invite().await, invite().await, invite().await);
        let done = accounts.decline_invitation(&(&actor).into(), &declined.code, &from).await;
        assert_eq!(done.unwrap().state, InvitationState::Declined);
        let done = accounts.revoke_invitation(&call, revoked.invitation.id).await.unwrap();
        assert_eq!(accounts.revoke_invitation(&call, revoked.invitation.id).await.unwrap(), done);
        let stranger = accounts.revoke_invitation(&(&actor).into(), expired.invitation.id).await;
        assert!(matches!(stranger, Err(Error::NotFound(_))));
        market.env().set(expired.invitation.expires_at);
        for invited in [&declined, &revoked, &expired] {
            let outcome = answers(&market, &actor, &invited.code).await;
            assert_eq!(refusal(outcome), Refusal::InvitationOver);
        }
        let late = accounts.revoke_invitation(&call, expired.invitation.id).await;
        assert_eq!(refusal(late), Refusal::InvitationOver);
        let listed = accounts.invitations(&admin, &admin.party).await.unwrap();
        let states: Vec<_> = listed.iter().map(|one| one.state).collect();
        let all = [InvitationState::Expired, InvitationState::Revoked, InvitationState::Declined];
        assert_eq!(states, all);
        for code in ["", "mkti_0", &declined.invitation.id.to_string()] {
            let outcome = answers(&market, &actor, code).await;
            assert!(matches!(outcome, Err(Error::NotFound(_))), "{code}: {outcome:?}");
        }
    }

    async fn of_many_that_accept_at_once_one_does(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let admin = of(&wang, firm.id);
        let accounts = market.accounts();
        let call = Call::from(&admin);
        let invited = accounts.invite(&call, &admin.party, inviting(Role::Member)).await;
        let code = invited.unwrap().code;
        let mut calls = tokio::task::JoinSet::new();
        for n in 0..6 {
            let (person, own) = signed_up(&market, &format!("p{n}")).await;
            let (market, actor, code) = (market.clone(), of(&person, own.id), code.clone());
            calls.spawn(async move { answers(&market, &actor, &code).await });
        }
        let outcomes = calls.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(accounts.members(&admin, &admin.party).await.unwrap().len(), 2);
    }

    async fn whoever_has_no_account_joins_with_the_code(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (accounts, admin) = (market.accounts(), of(&wang, firm.id));
        let (call, from) = (Call::from(&admin), Origin::default());
        let invited = accounts.invite(&call, &admin.party, inviting(Role::Viewer)).await.unwrap();
        let taken = accounts.join(&invited.code, new_person("wang"), &from).await;
        assert_eq!(refusal(taken), Refusal::LoginTaken);
        let silent = NewPerson { password: None, ..new_person("li") };
        assert!(matches!(accounts.join(&invited.code, silent, &from).await, Err(Error::Invalid(_))));
        accounts.join(&invited.code, new_person("li"), &from).await.unwrap();
        let again = accounts.join(&invited.code, new_person("zhao"), &from).await;
        assert_eq!(refusal(again), Refusal::InvitationOver);
        let viewer = signed_in(&market, "li").await.unwrap();
        assert_eq!(viewer.actor().party, admin.party);
        assert!(accounts.authenticate(&viewer.token, READ).await.is_ok());
        let write = accounts.authenticate(&viewer.token, Need::Scope(Scope::Orders)).await;
        assert_eq!(refusal(write), Refusal::ViewersOnlyRead);
        let manage = accounts.authenticate(&viewer.token, Need::Person).await;
        assert_eq!(refusal(manage), Refusal::ViewersOnlyRead);
    }

    async fn an_invitation_is_good_while_who_made_it_might_make_it(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (li, _) = signed_up(&market, "li").await;
        let (zhao, own) = signed_up(&market, "zhao").await;
        let (accounts, party, invited) = (market.accounts(), Party::Applicant(firm.id), of(&zhao, own.id));
        accounts.grant(&system(), li.id, party.clone()).await.unwrap();
        let [admin, leaving] = [of(&wang, firm.id), of(&li, firm.id)].map(Call::from);
        let code = accounts.invite(&leaving, &party, inviting(Role::Admin)).await.unwrap().code;
        accounts.set_role(&admin, &party, li.id, Role::Member).await.unwrap();
        assert_eq!(refusal(answers(&market, &invited, &code).await), Refusal::InvitationOver);
        accounts.remove_member(&admin, &party, li.id).await.unwrap();
        let back = accounts.join(&code, new_person("li-2"), &Origin::default()).await;
        assert_eq!(refusal(back), Refusal::InvitationOver);

        accounts.grant_as(&system(), li.id, Party::Operator, Role::Member).await.unwrap();
        let operator = Call::from(Actor::new(li.id, Party::Operator));
        let code = accounts.invite(&operator, &party, inviting(Role::Member)).await.unwrap().code;
        accounts.disable(&system(), li.id).await.unwrap();
        assert_eq!(refusal(answers(&market, &invited, &code).await), Refusal::InvitationOver);
        accounts.enable(&system(), li.id).await.unwrap();
        let accepted = answers(&market, &invited, &code).await.unwrap();
        assert_eq!(accepted.state, InvitationState::Accepted);
    }

    async fn who_is_no_admin_of_the_operator_becomes_none_by_others(url: &str) {
        let market = market(url).await;
        let (chief, firm) = signed_up(&market, "chief").await;
        let (clerk, _) = signed_up(&market, "clerk").await;
        let (li, _) = signed_up(&market, "li").await;
        let (accounts, operator) = (market.accounts(), Party::Operator);
        accounts.grant(&system(), chief.id, operator.clone()).await.unwrap();
        accounts.grant_as(&system(), clerk.id, operator.clone(), Role::Member).await.unwrap();
        let [by_clerk, by_chief] =
            [clerk.id, chief.id].map(|id| Call::from(Actor::new(id, operator.clone())));
        let new = Password::new("battery staple");
        let granted = accounts.grant(&by_clerk, li.id, operator.clone()).await;
        assert_eq!(refusal(granted), Refusal::AdminsOnly);
        let revoked = accounts.revoke(&by_clerk, chief.id, operator.clone()).await;
        assert_eq!(refusal(revoked), Refusal::AdminsOnly);
        let set = accounts.set_password(&by_clerk, chief.id, new.clone()).await;
        assert_eq!(refusal(set), Refusal::AdminsOnly);
        let reset = accounts.reset_second_factor(&by_clerk, chief.id).await;
        assert_eq!(refusal(reset), Refusal::AdminsOnly);
        assert_eq!(refusal(accounts.disable(&by_clerk, chief.id).await), Refusal::AdminsOnly);
        accounts.grant(&by_clerk, li.id, Party::Applicant(firm.id)).await.unwrap();
        accounts.set_password(&by_clerk, li.id, new).await.unwrap();
        accounts.revoke(&by_clerk, li.id, Party::Applicant(firm.id)).await.unwrap();

        let last = accounts.revoke(&by_chief, chief.id, operator.clone()).await;
        assert_eq!(refusal(last), Refusal::LastAdmin);
        accounts.grant(&by_chief, li.id, operator.clone()).await.unwrap();
        accounts.revoke(&by_chief, chief.id, operator).await.unwrap();
    }

    async fn the_last_admin_stays(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (li, _) = signed_up(&market, "li").await;
        let (accounts, admin) = (market.accounts(), of(&wang, firm.id));
        let (call, party) = (Call::from(&admin), admin.party.clone());
        accounts.grant_as(&system(), li.id, party.clone(), Role::Member).await.unwrap();
        let leaving = accounts.remove_member(&call, &party, wang.id).await;
        assert_eq!(refusal(leaving), Refusal::LastAdmin);
        let demoted = accounts.set_role(&call, &party, wang.id, Role::Viewer).await;
        assert_eq!(refusal(demoted), Refusal::LastAdmin);
        accounts.set_role(&call, &party, li.id, Role::Admin).await.unwrap();
        accounts.set_role(&call, &party, li.id, Role::Admin).await.unwrap();
        let session = signed_in(&market, "wang").await.unwrap();
        accounts.remove_member(&call, &party, wang.id).await.unwrap();
        let outcome = accounts.authenticate(&session.token, READ).await;
        assert!(matches!(outcome, Err(Error::Anonymous)));
        let gone = accounts.remove_member(&call, &party, li.id).await;
        assert_eq!(refusal(gone), Refusal::PartyNotHeld);
        let by_operator = accounts.set_role(&system(), &party, li.id, Role::Viewer).await;
        assert!(by_operator.is_ok(), "the operator may, to give it another: {by_operator:?}");
        let nobody = accounts.set_role(&system(), &party, wang.id, Role::Admin).await;
        assert!(matches!(nobody, Err(Error::NotFound(_))));
    }

    async fn of_two_admins_that_leave_at_once_one_stays(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (li, _) = signed_up(&market, "li").await;
        let party = Party::Applicant(firm.id);
        market.accounts().grant(&system(), li.id, party.clone()).await.unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for person in [&wang, &li] {
            let (market, actor) = (market.clone(), of(person, firm.id));
            calls.spawn(async move {
                let call = Call::from(&actor);
                market.accounts().remove_member(&call, &actor.party, actor.person).await
            });
        }
        let outcomes = calls.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let members = market.accounts().members(&Actor::system(), &party).await.unwrap();
        assert_eq!(members.len(), 1);
    }

    async fn a_member_leaves_and_an_outsider_sees_nobody(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (li, own) = signed_up(&market, "li").await;
        let (accounts, party) = (market.accounts(), Party::Applicant(firm.id));
        accounts.grant_as(&system(), li.id, party.clone(), Role::Viewer).await.unwrap();
        let viewer = of(&li, firm.id);
        let removing = accounts.remove_member(&(&viewer).into(), &party, wang.id).await;
        assert_eq!(refusal(removing), Refusal::AdminsOnly);
        accounts.remove_member(&(&viewer).into(), &party, li.id).await.unwrap();
        let seen = accounts.members(&of(&li, own.id), &party).await;
        assert!(matches!(seen, Err(Error::NotFound(_))));
        let told = market.db.journal_of(crate::Kind::Account, &li.id.to_string()).await.unwrap();
        let events: Vec<_> = told.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(events, ["account_created", "membership_granted", "membership_revoked"]);
    }

    async fn only_the_operator_disables_a_party_and_not_itself(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (accounts, party) = (market.accounts(), Party::Applicant(firm.id));
        let own = accounts.disable_party(&(&of(&wang, firm.id)).into(), &party, "no").await;
        assert_eq!(refusal(own), Refusal::OperatorOnly);
        let itself = accounts.disable_party(&system(), &Party::Operator, "no").await;
        assert!(matches!(itself, Err(Error::Invalid(_))));
        let silent = accounts.disable_party(&system(), &party, " ").await;
        assert!(matches!(silent, Err(Error::Invalid(_))));
        let nobody = Party::Applicant(ApplicantId(market.env().id()));
        let nobody = accounts.disable_party(&system(), &nobody, "no").await;
        assert!(matches!(nobody, Err(Error::NotFound(_))));
        let first = accounts.disable_party(&system(), &party, "冒用").await.unwrap();
        let again = accounts.disable_party(&system(), &party, "冒用").await.unwrap();
        assert_eq!((first.version, &first), (1, &again));
        assert_eq!(accounts.enable_party(&system(), &party).await.unwrap().version, 2);
    }

    async fn an_invitation_is_asked_for_properly(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (accounts, admin) = (market.accounts(), of(&wang, firm.id));
        for days in [0, 31] {
            let bad = NewInvitation { name: String::new(), days: Some(days), ..inviting(Role::Admin) };
            match accounts.invite(&(&admin).into(), &admin.party, bad).await {
                Err(Error::Invalid(faults)) => {
                    let places: Vec<_> = faults.iter().map(|one| one.pointer.as_str()).collect();
                    assert_eq!(places, ["/name", "/days"]);
                }
                other => panic!("{other:?}"),
            }
        }
        let longest = NewInvitation { days: Some(30), ..inviting(Role::Admin) };
        let longest = accounts.invite(&(&admin).into(), &admin.party, longest).await.unwrap();
        let month: Timestamp = market.env().now().plus_seconds(30 * 24 * 60 * 60);
        assert_eq!(longest.invitation.expires_at, month);
        assert!(!format!("{longest:?}").contains(&longest.code));
    }
}
