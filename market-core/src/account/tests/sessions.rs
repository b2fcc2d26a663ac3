use super::*;

fn anonymous<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    match outcome {
        Err(Error::Anonymous) => {}
        other => panic!("not anonymous: {other:?}"),
    }
}

fn refresh_of(signed_in: &SignedIn) -> String {
    signed_in.refresh.clone().unwrap().token
}

on_both! {
    async fn an_access_token_is_short_and_a_refresh_token_gives_the_next(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let (accounts, began) = (market.accounts(), market.env().now());
        let first = signed_in(&market, "wang").await.unwrap();
        assert_eq!(first.expires_at, began.plus_seconds(15 * 60));
        market.env().set(began.plus_seconds(15 * 60));
        anonymous(accounts.authenticate(&first.token, READ).await);
        let second = accounts.refresh(&refresh_of(&first)).await.unwrap();
        assert_eq!(second.session.id, first.session.id);
        assert_eq!(accounts.authenticate(&second.token, READ).await.unwrap(), first.actor());
        let listed = accounts.sessions(&first.actor(), first.session.person_id).await.unwrap();
        assert_eq!((listed.len(), listed[0].used_at), (1, market.env().now()));
        anonymous(accounts.refresh(&second.token).await);
        anonymous(accounts.authenticate(&refresh_of(&second), READ).await);
        anonymous(accounts.refresh("mktr_nonsense").await);
    }

    async fn a_refresh_token_shown_twice_ends_the_session_for_both(url: &str) {
        let market = market(url).await;
        let (person, _) = signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let first = signed_in(&market, "wang").await.unwrap();
        let other = signed_in(&market, "wang").await.unwrap();
        let second = accounts.refresh(&refresh_of(&first)).await.unwrap();
        assert_eq!(refusal(accounts.refresh(&refresh_of(&first)).await), Refusal::SessionOver);
        anonymous(accounts.authenticate(&second.token, READ).await);
        assert_eq!(refusal(accounts.refresh(&refresh_of(&second)).await), Refusal::SessionOver);
        assert!(accounts.authenticate(&other.token, READ).await.is_ok(), "another session goes on");
        let listed = accounts.sessions(&other.actor(), person.id).await.unwrap();
        let by: Vec<_> = listed.iter().map(|session| session.ended_by.as_deref()).collect();
        assert_eq!(by, [None, Some("replay")]);
        let told = market.db.journal_of(crate::Kind::Account, &person.id.to_string()).await.unwrap();
        assert_eq!(told.last().unwrap().event, "session_replayed");
    }

    async fn of_many_that_refresh_at_once_one_does(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let token = refresh_of(&signed_in(&market, "wang").await.unwrap());
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (market, token) = (market.clone(), token.clone());
            calls.spawn(async move { market.accounts().refresh(&token).await });
        }
        let outcomes = calls.join_all().await;
        let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((done.len(), refused.len()), (1, 7));
        for outcome in refused {
            assert_eq!(refusal(outcome), Refusal::SessionOver);
        }
        let got = done.into_iter().next().unwrap().unwrap();
        anonymous(market.accounts().authenticate(&got.token, READ).await);
    }

    async fn a_session_ends_when_nobody_refreshes_it_and_in_any_case(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let (accounts, began) = (market.accounts(), market.env().now());
        let idle = signed_in(&market, "wang").await.unwrap();
        let mut used = signed_in(&market, "wang").await.unwrap();
        for hours in (11..168).step_by(11) {
            market.env().set(began.plus_seconds(hours * 60 * 60));
            used = accounts.refresh(&refresh_of(&used)).await.unwrap();
        }
        assert_eq!(refusal(accounts.refresh(&refresh_of(&idle)).await), Refusal::SessionOver);
        let end = began.plus_seconds(7 * 24 * 60 * 60);
        assert_eq!(used.refresh.as_ref().unwrap().expires_at, end);
        market.env().set(end);
        assert_eq!(refusal(accounts.refresh(&refresh_of(&used)).await), Refusal::SessionOver);
        anonymous(accounts.authenticate(&used.token, READ).await);
    }

    async fn a_session_begins_by_the_password_that_there_is_when_it_begins(url: &str) {
        let market = market(url).await;
        let (person, _) = signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let password = market.db.password_of(person.id).await.unwrap();
        let proved = session::Proved { person: person.id, password, by_code: false, by: None };
        let from = Origin::default();
        let begin = async || {
            accounts.begin_session(&proved, None, SessionKind::Program, &from).await
        };
        assert!(begin().await.is_ok());
        let new = Password::new("battery staple");
        accounts.set_password(&system(), person.id, new).await.unwrap();
        assert_eq!(refusal(begin().await), Refusal::WrongPassword);
    }

    async fn whoever_names_no_party_acts_for_one_that_is_not_disabled(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let (accounts, own) = (market.accounts(), Party::Applicant(applicant.id));
        accounts.grant(&system(), person.id, Party::Operator).await.unwrap();
        assert_eq!(signed_in(&market, "wang").await.unwrap().actor().party, own);
        accounts.disable_party(&system(), &own, "冒用").await.unwrap();
        assert_eq!(signed_in(&market, "wang").await.unwrap().actor().party, Party::Operator);
        let named = Credentials { party: Some(own), ..credentials("wang", "correct horse") };
        assert_eq!(refusal(sign_in(&market, named).await), Refusal::PartyDisabled);
    }

    async fn signing_out_ends_the_session_with_all_its_tokens(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let [one, other] = [signed_in(&market, "wang").await.unwrap(), signed_in(&market, "wang").await.unwrap()];
        accounts.sign_out(&one.actor(), &one.token).await.unwrap();
        anonymous(accounts.authenticate(&one.token, READ).await);
        assert_eq!(refusal(accounts.refresh(&refresh_of(&one)).await), Refusal::SessionOver);
        assert!(accounts.authenticate(&other.token, READ).await.is_ok());
        accounts.end_sessions(&(&other.actor()).into()).await.unwrap();
        anonymous(accounts.authenticate(&other.token, READ).await);
        let third = signed_in(&market, "wang").await.unwrap();
        let call = Call::from(&third.actor());
        accounts.end_session(&call, third.session.id).await.unwrap();
        accounts.end_session(&call, third.session.id).await.unwrap();
        anonymous(accounts.authenticate(&third.token, READ).await);
    }

    async fn a_person_switches_openly_between_parties(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let first = signed_in(&market, "wang").await.unwrap();
        let outcome = accounts.switch(&first.token, &Party::Operator).await;
        assert_eq!(refusal(outcome), Refusal::PartyNotHeld);
        accounts.grant(&system(), person.id, Party::Operator).await.unwrap();
        let second = accounts.switch(&first.token, &Party::Operator).await.unwrap();
        assert_eq!(second.actor(), Actor::new(person.id, Party::Operator));
        anonymous(accounts.authenticate(&first.token, READ).await);
        let actor = accounts.authenticate(&second.token, Need::Person).await.unwrap();
        assert_eq!(actor, second.actor());
        let third = accounts.refresh(&refresh_of(&second)).await.unwrap();
        assert_eq!(third.actor().party, Party::Operator, "a refresh stays with the party");
        let back = Party::Applicant(applicant.id);
        let fourth = accounts.switch(&third.token, &back).await.unwrap();
        assert_eq!(refusal(accounts.refresh(&refresh_of(&third)).await), Refusal::SessionOver);
        anonymous(accounts.authenticate(&fourth.token, READ).await);
        assert_eq!(refusal(accounts.switch(&fourth.token, &back).await), Refusal::SessionOver);
    }

    async fn nobody_refreshes_for_a_party_that_is_lost(url: &str) {
        let market = market(url).await;
        let (person, _) = signed_up(&market, "wang").await;
        let accounts = market.accounts();
        accounts.grant(&system(), person.id, Party::Operator).await.unwrap();
        let party = Some(Party::Operator);
        let mine = Credentials { party, ..credentials("wang", "correct horse") };
        let session = sign_in(&market, mine).await.unwrap();
        accounts.revoke(&system(), person.id, Party::Operator).await.unwrap();
        anonymous(accounts.authenticate(&session.token, READ).await);
        accounts.grant(&system(), person.id, Party::Operator).await.unwrap();
        anonymous(accounts.authenticate(&session.token, READ).await);
        assert_eq!(refusal(accounts.refresh(&refresh_of(&session)).await), Refusal::SessionOver);
        let session = signed_in(&market, "wang").await.unwrap();
        accounts.disable(&system(), person.id).await.unwrap();
        assert_eq!(refusal(accounts.refresh(&refresh_of(&session)).await), Refusal::SessionOver);
    }

    async fn a_browsers_session_ends_when_nobody_uses_it(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let (accounts, began) = (market.accounts(), market.env().now());
        let mine = credentials("wang", "correct horse");
        let session = accounts.sign_in(mine, SessionKind::Browser, &Origin::default()).await;
        let session = session.unwrap();
        assert!(session.refresh.is_none());
        for minutes in [29, 58, 87] {
            market.env().set(began.plus_seconds(minutes * 60));
            assert!(accounts.authenticate(&session.token, READ).await.is_ok(), "{minutes}");
        }
        market.env().set(began.plus_seconds((87 + 30) * 60));
        anonymous(accounts.authenticate(&session.token, READ).await);
    }

    async fn what_is_over_for_long_is_forgotten(url: &str) {
        let market = market(url).await;
        let (person, _) = signed_up(&market, "wang").await;
        let (accounts, began) = (market.accounts(), market.env().now());
        let old = signed_in(&market, "wang").await.unwrap();
        market.env().set(began.plus_seconds(36 * 24 * 60 * 60));
        accounts.tidy().await.unwrap();
        let actor = old.actor();
        assert_eq!(accounts.sessions(&actor, person.id).await.unwrap().len(), 1);
        market.env().set(began.plus_seconds(38 * 24 * 60 * 60));
        let new = signed_in(&market, "wang").await.unwrap();
        accounts.tidy().await.unwrap();
        assert_eq!(accounts.sessions(&actor, person.id).await.unwrap(), [new.session]);
        anonymous(accounts.refresh(&refresh_of(&old)).await);
    }
}
