use super::*;

fn from(address: &str) -> Origin {
    Origin { address: Some(address.parse().unwrap()), agent: "test".to_owned() }
}

async fn tries(market: &Market, login: &str, password: &str, at: &str) -> Result<SignedIn, Error> {
    let mine = credentials(login, password);
    market.accounts().sign_in(mine, SessionKind::Program, &from(at)).await
}

fn seconds(outcome: Result<SignedIn, Error>) -> u32 {
    match outcome {
        Err(Error::TooOften(seconds)) => seconds,
        other => panic!("not too often: {other:?}"),
    }
}

on_both! {
    async fn who_guesses_waits_and_locks_nobody_else_out(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let began = market.env().now();
        for _ in 0..5 {
            let outcome = tries(&market, "wang", "battery staple", "192.0.2.1").await;
            assert_eq!(refusal(outcome), Refusal::WrongPassword);
        }
        assert_eq!(seconds(tries(&market, "wang", "correct horse", "192.0.2.1").await), 60);
        assert!(tries(&market, "wang", "correct horse", "192.0.2.2").await.is_ok());
        let mapped = tries(&market, "wang", "correct horse", "::ffff:192.0.2.1").await;
        assert_eq!(seconds(mapped), 60, "the same address, written otherwise");
        market.env().set(began.plus_seconds(59));
        assert_eq!(seconds(tries(&market, "wang", "correct horse", "192.0.2.1").await), 1);
        market.env().set(began.plus_seconds(60));
        assert!(tries(&market, "wang", "correct horse", "192.0.2.1").await.is_ok());
        for _ in 0..5 {
            let outcome = tries(&market, "wang", "battery staple", "192.0.2.1").await;
            assert_eq!(refusal(outcome), Refusal::WrongPassword, "the right one forgot the wrong");
        }
    }

    async fn an_unknown_login_is_throttled_alike(url: &str) {
        let market = market(url).await;
        for _ in 0..5 {
            let outcome = tries(&market, "nobody", "battery staple", "192.0.2.1").await;
            assert_eq!(refusal(outcome), Refusal::WrongPassword);
        }
        assert_eq!(seconds(tries(&market, "nobody", "battery staple", "192.0.2.1").await), 60);
    }

    async fn an_address_has_only_so_many_tries_for_all_logins(url: &str) {
        let market = market(url).await;
        let name = Throttle::SignInAddress;
        let rule = market.accounts().set_throttle(&system(), name, 3, 20).await.unwrap();
        assert_eq!(rule, ThrottleRule { name, burst: 3, seconds: 20, version: 2 });
        assert!(market.accounts().throttles(&Actor::system()).await.unwrap().contains(&rule));
        for login in ["a1", "a2", "a3"] {
            let outcome = tries(&market, login, "battery staple", "2001:db8::1").await;
            assert_eq!(refusal(outcome), Refusal::WrongPassword);
        }
        assert_eq!(seconds(tries(&market, "a4", "battery staple", "2001:db8::ffff").await), 20);
        let elsewhere = tries(&market, "a4", "battery staple", "2001:db8:0:1::1").await;
        assert_eq!(refusal(elsewhere), Refusal::WrongPassword);
    }

    async fn an_office_that_signs_in_is_not_throttled(url: &str) {
        let market = market(url).await;
        let name = Throttle::SignInAddress;
        market.accounts().set_throttle(&system(), name, 3, 20).await.unwrap();
        signed_up(&market, "wang").await;
        for _ in 0..6 {
            assert!(tries(&market, "wang", "correct horse", "192.0.2.1").await.is_ok());
        }
    }

    async fn of_many_at_once_no_more_try_than_may(url: &str) {
        let market = market(url).await;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let market = market.clone();
            calls.spawn(async move { tries(&market, "wang", "battery staple", "192.0.2.1").await });
        }
        let outcomes = calls.join_all().await;
        let tried = |outcome: &&Result<_, _>| matches!(outcome, Err(Error::Refused(Refusal::WrongPassword)));
        assert_eq!(outcomes.iter().filter(tried).count(), 5, "{outcomes:?}");
    }

    async fn ones_own_password_cannot_be_guessed(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let call = Call::from(&signed_in(&market, "wang").await.unwrap().actor());
        let (accounts, new) = (market.accounts(), Password::new("battery staple"));
        for _ in 0..5 {
            let wrong = accounts.change_password(&call, Password::new("wrong"), new.clone()).await;
            assert_eq!(refusal(wrong), Refusal::WrongPassword);
        }
        let outcome = accounts.change_password(&call, Password::new("correct horse"), new).await;
        assert!(matches!(outcome, Err(Error::TooOften(60))), "{outcome:?}");
    }

    async fn rules_have_limits_and_only_the_operator_sets_them(url: &str) {
        let market = market(url).await;
        let accounts = market.accounts();
        let rules = accounts.throttles(&Actor::system()).await.unwrap();
        assert_eq!(rules.len(), Throttle::ALL.len());
        for (burst, seconds) in [(0, 1), (1, 0), (1_000_001, 1)] {
            let outcome = accounts.set_throttle(&system(), rules[0].name, burst, seconds).await;
            assert!(matches!(outcome, Err(Error::Invalid(_))), "{burst} {seconds}");
        }
        let stale = system().expecting(2);
        let outcome = accounts.set_throttle(&stale, rules[0].name, 1, 1).await;
        assert!(matches!(outcome, Err(Error::Stale(_))), "{outcome:?}");
        let rehearsed = accounts.set_throttle(&system().rehearsed(), rules[0].name, 1, 1).await;
        assert_eq!(rehearsed.unwrap().version, 2);
        assert_eq!(accounts.throttles(&Actor::system()).await.unwrap(), rules);
        signed_up(&market, "wang").await;
        let actor = signed_in(&market, "wang").await.unwrap().actor();
        assert_eq!(refusal(accounts.throttles(&actor).await), Refusal::OperatorOnly);
        let outcome = accounts.set_throttle(&(&actor).into(), rules[0].name, 1, 1).await;
        assert_eq!(refusal(outcome), Refusal::OperatorOnly);
    }

    async fn counts_are_let_go_when_they_count_nothing(url: &str) {
        let market = market(url).await;
        let began = market.env().now();
        let outcome = tries(&market, "wang", "battery staple", "192.0.2.1").await;
        assert_eq!(refusal(outcome), Refusal::WrongPassword);
        let forgotten = async |seconds| {
            market.env().set(began.plus_seconds(seconds));
            let mut tx = market.work().await.unwrap();
            let count = tx.forget_throttles().await.unwrap();
            tx.finish(count).await.unwrap()
        };
        assert_eq!((forgotten(1).await, forgotten(20).await, forgotten(60).await), (0, 2, 1));
    }
}
