use super::*;
use crate::id::ApiKeyId;

fn new_key(market: &Market, scopes: &[Scope]) -> NewApiKey {
    let expires_at = market.env().now().plus_seconds(30 * 24 * 60 * 60);
    NewApiKey { name: "订单同步".to_owned(), scopes: scopes.to_vec(), expires_at }
}

on_both! {
    async fn a_key_does_what_its_scopes_allow_and_nothing_of_accounts(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let actor = Actor::new(person.id, Party::Applicant(applicant.id));
        let made = accounts.make_key(&(&actor).into(), new_key(&market, &[Scope::Read])).await;
        let made = made.unwrap();
        assert_eq!(accounts.authenticate(&made.key, READ).await.unwrap(), actor);
        let orders = accounts.authenticate(&made.key, Need::Scope(Scope::Orders)).await;
        assert_eq!(refusal(orders), Refusal::ScopeMissing);
        for need in [Need::Oneself, Need::Person] {
            let outcome = accounts.authenticate(&made.key, need).await;
            assert_eq!(refusal(outcome), Refusal::PeopleOnly);
        }
        let listed = accounts.keys(&actor, &actor.party).await.unwrap();
        assert_eq!(listed[0].used_at, Some(market.env().now()));
        assert_eq!(accounts.keys(&Actor::system(), &actor.party).await.unwrap(), listed);
        market.env().set(made.about.expires_at);
        assert!(matches!(accounts.authenticate(&made.key, READ).await, Err(Error::Anonymous)));
    }

    async fn a_key_stops_with_its_revocation_its_person_its_membership_and_its_party(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let actor = Actor::new(person.id, Party::Applicant(applicant.id));
        let call = Call::from(&actor);
        let made = async || {
            accounts.make_key(&call, new_key(&market, &[Scope::Read])).await.unwrap()
        };
        let (one, other) = (made().await, made().await);
        let outcome = async |key: &IssuedKey| accounts.authenticate(&key.key, READ).await;
        accounts.revoke_key(&call, one.about.id).await.unwrap();
        accounts.revoke_key(&call, one.about.id).await.unwrap();
        assert!(matches!(outcome(&one).await, Err(Error::Anonymous)));
        assert!(outcome(&other).await.is_ok());

        let reason = "涉嫌冒用";
        accounts.disable_party(&system(), &actor.party, reason).await.unwrap();
        assert_eq!(refusal(outcome(&other).await), Refusal::PartyDisabled);
        assert_eq!(refusal(signed_in(&market, "wang").await), Refusal::PartyDisabled);
        let again = accounts.make_key(&call, new_key(&market, &[Scope::Read])).await;
        assert_eq!(refusal(again), Refusal::PartyDisabled);
        accounts.enable_party(&system(), &actor.party).await.unwrap();
        assert!(outcome(&other).await.is_ok());

        accounts.disable(&system(), person.id).await.unwrap();
        assert!(matches!(outcome(&other).await, Err(Error::Anonymous)));
        accounts.enable(&system(), person.id).await.unwrap();
        accounts.revoke(&system(), person.id, actor.party.clone()).await.unwrap();
        assert!(matches!(outcome(&other).await, Err(Error::Anonymous)));
        accounts.grant_as(&system(), person.id, actor.party.clone(), Role::Viewer).await.unwrap();
        assert!(outcome(&other).await.is_ok(), "a key is the party's: it waits for its person");
    }

    async fn a_new_password_shuts_out_whatever_a_stolen_session_made(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let (li, _) = signed_up(&market, "li").await;
        let (accounts, party) = (market.accounts(), Party::Applicant(applicant.id));
        accounts.grant(&system(), li.id, party.clone()).await.unwrap();
        let [mine, theirs] =
            [person.id, li.id].map(|id| Call::from(Actor::new(id, party.clone())));
        let key = async |call: &Call| {
            accounts.make_key(call, new_key(&market, &[Scope::Read])).await.unwrap()
        };
        let invite = async |call: &Call| {
            let new = NewInvitation { role: Role::Admin, name: "同伙".to_owned(), days: Some(1) };
            accounts.invite(call, &party, new).await.unwrap()
        };
        let old = invite(&mine).await;
        market.env().set(old.invitation.expires_at);
        let (stolen, gone, colleagues) = (key(&mine).await, key(&mine).await, key(&theirs).await);
        accounts.revoke_key(&mine, gone.about.id).await.unwrap();
        let (code, other) = (invite(&mine).await.code, invite(&theirs).await.code);
        let token = accounts.issue_token(&mine, person.id, &party, "own", None).await.unwrap();
        let new = Password::new("battery staple");
        accounts.change_password(&mine, Password::new("correct horse"), new).await.unwrap();
        for secret in [&stolen.key, &token.token] {
            let outcome = accounts.authenticate(secret, READ).await;
            assert!(matches!(outcome, Err(Error::Anonymous)), "{outcome:?}");
        }
        let from = Origin::default();
        let entered = accounts.join(&code, new_person("accomplice"), &from).await;
        assert_eq!(refusal(entered), Refusal::InvitationOver);
        assert!(accounts.authenticate(&colleagues.key, READ).await.is_ok());
        assert!(accounts.join(&other, new_person("zhao"), &from).await.is_ok());
        let listed = accounts.keys(&theirs.actor, &party).await.unwrap();
        let revoked: Vec<_> = listed.iter().map(|key| key.revoked_at.is_some()).collect();
        assert_eq!(revoked, [false, true, true]);
        let told = market.db.journal_of(crate::Kind::ApiKey, &stolen.about.id.to_string()).await;
        assert_eq!(told.unwrap().last().unwrap().event, "api_key_revoked");
    }

    async fn a_key_is_asked_for_properly(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let call = Call::from(Actor::new(person.id, Party::Applicant(applicant.id)));
        let places = async |new: NewApiKey| match accounts.make_key(&call, new).await {
            Err(Error::Invalid(faults)) => {
                faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
            }
            other => panic!("{other:?}"),
        };
        let good = new_key(&market, &[Scope::Read]);
        let now = market.env().now();
        let bad = NewApiKey { name: "\u{0}".to_owned(), scopes: Vec::new(), expires_at: now };
        assert_eq!(places(bad).await, ["/name", "/scopes", "/expires_at"]);
        let twice = NewApiKey { scopes: vec![Scope::Read, Scope::Read], ..good.clone() };
        assert_eq!(places(twice).await, ["/scopes/1"]);
        let expires_at = now.plus_seconds(366 * 24 * 60 * 60 + 1);
        assert_eq!(places(NewApiKey { expires_at, ..good.clone() }).await, ["/expires_at"]);
        let nobody = accounts.revoke_key(&call, ApiKeyId(market.env().id())).await;
        assert!(matches!(nobody, Err(Error::NotFound(_))));
    }

    async fn only_admins_make_keys_and_others_know_of_none(url: &str) {
        let market = market(url).await;
        let (wang, applicant) = signed_up(&market, "wang").await;
        let (li, of_li) = signed_up(&market, "li").await;
        let accounts = market.accounts();
        let party = Party::Applicant(applicant.id);
        accounts.grant_as(&system(), li.id, party.clone(), Role::Member).await.unwrap();
        let member = Actor::new(li.id, party.clone());
        let outcome = accounts.make_key(&(&member).into(), new_key(&market, &[Scope::Read])).await;
        assert_eq!(refusal(outcome), Refusal::AdminsOnly);
        assert_eq!(refusal(accounts.keys(&member, &party).await), Refusal::AdminsOnly);
        let admin = Call::from(Actor::new(wang.id, party.clone()));
        let made = accounts.make_key(&admin, new_key(&market, &[Scope::Read])).await.unwrap();
        assert_eq!(refusal(accounts.revoke_key(&(&member).into(), made.about.id).await), Refusal::AdminsOnly);
        let stranger = Actor::new(li.id, Party::Applicant(of_li.id));
        let outcome = accounts.revoke_key(&(&stranger).into(), made.about.id).await;
        assert!(matches!(outcome, Err(Error::NotFound(_))));
        assert!(matches!(accounts.keys(&stranger, &party).await, Err(Error::NotFound(_))));
    }

    async fn many_at_once_make_no_more_keys_than_a_party_may_have(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let call = Call::from(Actor::new(person.id, Party::Applicant(applicant.id)));
        for _ in 0..key::MOST_KEYS - 2 {
            market.accounts().make_key(&call, new_key(&market, &[Scope::Read])).await.unwrap();
        }
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (market, call) = (market.clone(), call.clone());
            calls.spawn(async move {
                market.accounts().make_key(&call, new_key(&market, &[Scope::Read])).await
            });
        }
        let outcomes = calls.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 2);
        for outcome in outcomes.into_iter().filter(Result::is_err) {
            assert_eq!(refusal(outcome), Refusal::TooManyKeys);
        }
    }

    async fn neither_journal_nor_tables_hold_a_key(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let call = Call::from(Actor::new(person.id, Party::Applicant(applicant.id)));
        let made = market.accounts().make_key(&call, new_key(&market, &[Scope::Read])).await.unwrap();
        let told = market.db.journal_of(crate::Kind::ApiKey, &made.about.id.to_string()).await;
        let text = serde_json::to_string(&told.unwrap()).unwrap();
        assert!(text.contains("api_key_made") && !text.contains(&made.key), "{text}");
        let shown = serde_json::to_string(&made.about).unwrap();
        assert!(!shown.contains(&made.key) && !format!("{made:?}").contains(&made.key));
    }
}
