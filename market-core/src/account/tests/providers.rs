use super::{
    factors::{enrolled, shown},
    *,
};
use crate::{Env, Options, sealing::ServerKey, testing::START};

const SECRET: &str = "the secret of a browser";

/// A market in which two providers vouch for people: the second as strictly as we do.
async fn market_of_providers(url: &str) -> Market {
    let provider = |key: &str, second_factors: &[&str]| Provider {
        key: key.to_owned(),
        name: key.to_owned(),
        issuer: format!("https://{key}.example"),
        makes_accounts: false,
        second_factors: second_factors.iter().map(|&one| one.to_owned()).collect(),
    };
    let identity = Identity {
        second_factor_for: vec![PartyKind::Operator],
        server_key: Some(ServerKey::new(&Env::real())),
        providers: vec![provider("one", &[]), provider("two", &["mfa", "loa3"])],
        ..Identity::default()
    };
    let env = Env::fixed(START.parse().unwrap());
    Market::open(Options { identity, env, ..Options::new(url) }).await.unwrap()
}

fn vouched(subject: &str, acr: Option<&str>, amr: &[&str]) -> Vouched {
    Vouched {
        subject: subject.to_owned(),
        name: Some("王小明".to_owned()),
        acr: acr.map(str::to_owned),
        amr: amr.iter().map(|&one| one.to_owned()).collect(),
    }
}

/// A browser goes to a provider and comes back, for whom that one vouches.
async fn arrives(
    market: &Market,
    key: &str,
    links: Option<&Actor>,
    vouched: &Vouched,
) -> Result<Arrival, Error> {
    let (accounts, from) = (market.accounts(), Origin::default());
    let departure = accounts.depart(key, SECRET, "/my", links, &from).await.unwrap();
    let back = accounts.come_back(key, SECRET, &departure.state).await.unwrap();
    assert_eq!((back.nonce, back.verifier), (departure.nonce, departure.verifier));
    accounts.arrive(SECRET, vouched, SessionKind::Program, &from).await
}

async fn linked(market: &Market, actor: &Actor, key: &str, subject: &str) {
    let arrived = arrives(market, key, Some(actor), &vouched(subject, None, &[])).await;
    assert!(matches!(arrived, Ok(Arrival::ToLink)), "{arrived:?}");
    let password = Password::new("correct horse");
    market.accounts().link(&actor.into(), SECRET, password).await.unwrap();
}

on_both! {
    async fn a_session_by_a_provider_is_one_like_others(url: &str) {
        let market = market_of_providers(url).await;
        let accounts = market.accounts();
        signed_up(&market, "wang").await;
        let actor = signed_in(&market, "wang").await.unwrap().actor();
        linked(&market, &actor, "one", "s-1").await;
        let arrived = arrives(&market, "one", None, &vouched("s-1", None, &[])).await.unwrap();
        let Arrival::SignedIn(signed_in, next) = arrived else { panic!("{arrived:?}") };
        assert_eq!((next.as_str(), signed_in.session.provider.as_deref()), ("/my", Some("one")));
        assert_eq!(accounts.authenticate(&signed_in.token, READ).await.unwrap(), actor);
        let refreshed = accounts.refresh(&signed_in.refresh.unwrap().token).await.unwrap();
        assert_eq!(refreshed.session.provider.as_deref(), Some("one"));
        accounts.end_session(&(&actor).into(), refreshed.session.id).await.unwrap();
        assert!(accounts.authenticate(&refreshed.token, READ).await.is_err());
        let from = Origin::default();
        let over = accounts.enter_identified(SECRET, None, SessionKind::Program, &from).await;
        assert_eq!(refusal(over), Refusal::SignInOver, "a visit leads to one session");
        accounts.disable(&system(), actor.person).await.unwrap();
        let disabled = arrives(&market, "one", None, &vouched("s-1", None, &[])).await;
        assert_eq!(refusal(disabled), Refusal::AccountDisabled);
    }

    async fn ours_is_asked_unless_the_provider_asked_for_as_much(url: &str) {
        let market = market_of_providers(url).await;
        let (accounts, from) = (market.accounts(), Origin::default());
        let (actor, enrolment, _) = enrolled(&market, "wang").await;
        linked(&market, &actor, "one", "s-1").await;
        linked(&market, &actor, "two", "s-1").await;
        for (key, acr, amr, is_asked) in [
            ("one", Some("loa3"), ["mfa"], true),
            ("two", Some("loa1"), ["pwd"], true),
            ("two", Some("loa3"), ["pwd"], false),
            ("two", None, ["mfa"], false),
        ] {
            let arrived = arrives(&market, key, None, &vouched("s-1", acr, &amr)).await.unwrap();
            let was_asked = matches!(arrived, Arrival::CodeNeeded);
            assert_eq!(was_asked, is_asked, "{key} {acr:?} {amr:?}");
        }
        arrives(&market, "one", None, &vouched("s-1", None, &[])).await.unwrap();
        let enter = async |code: Option<&str>| {
            accounts.enter_identified(SECRET, code, SessionKind::Browser, &from).await
        };
        assert_eq!(refusal(enter(None).await), Refusal::SecondFactorNeeded);
        assert_eq!(refusal(enter(Some("000000")).await), Refusal::SecondFactorWrong);
        market.env().set(market.env().now().plus_seconds(60));
        let code = shown(&enrolment, market.env().now());
        enter(Some(&code)).await.unwrap();
    }

    async fn a_party_that_asks_for_a_second_factor_takes_that_of_a_provider(url: &str) {
        let market = market_of_providers(url).await;
        let accounts = market.accounts();
        let person = accounts.create_person(&system(), new_person("li")).await.unwrap().id;
        accounts.grant(&system(), person, Party::Operator).await.unwrap();
        let actor = Actor::new(person, Party::Operator);
        linked(&market, &actor, "two", "s-1").await;
        for (acr, allowed) in [(None, Err(Refusal::SecondFactorRequired)), (Some("loa3"), Ok(()))] {
            let arrived = arrives(&market, "two", None, &vouched("s-1", acr, &[])).await.unwrap();
            let Arrival::SignedIn(signed_in, _) = arrived else { panic!("{arrived:?}") };
            let bearer = accounts.bearer(&signed_in.token).await.unwrap();
            assert_eq!(bearer.reach.allows(READ), allowed);
        }
    }

    async fn an_identity_is_one_persons(url: &str) {
        let market = market_of_providers(url).await;
        let accounts = market.accounts();
        for login in ["wang", "li"] {
            signed_up(&market, login).await;
        }
        let wang = signed_in(&market, "wang").await.unwrap().actor();
        let li = signed_in(&market, "li").await.unwrap().actor();
        let unknown = arrives(&market, "one", None, &vouched("s-1", None, &[])).await;
        assert!(matches!(unknown, Ok(Arrival::Unknown)), "{unknown:?}");
        // What somebody else began cannot be finished, nor without the password.
        arrives(&market, "one", Some(&wang), &vouched("s-1", None, &[])).await.unwrap();
        let link = async |actor: &Actor, password: &str| {
            accounts.link(&actor.into(), SECRET, Password::new(password)).await
        };
        assert_eq!(refusal(link(&li, "correct horse").await), Refusal::SignInOver);
        assert_eq!(refusal(link(&wang, "battery staple").await), Refusal::WrongPassword);
        link(&wang, "correct horse").await.unwrap();
        assert_eq!(refusal(link(&wang, "correct horse").await), Refusal::SignInOver);
        arrives(&market, "one", Some(&li), &vouched("s-1", None, &[])).await.unwrap();
        assert_eq!(refusal(link(&li, "correct horse").await), Refusal::IdentityTaken);
        let own = accounts.identities(&wang).await.unwrap();
        assert_eq!((own.len(), own[0].name.as_str()), (1, "王小明"));
        let hidden = accounts.unlink(&(&li).into(), own[0].id).await;
        assert!(matches!(hidden, Err(Error::NotFound("identity"))), "{hidden:?}");
        accounts.unlink(&(&wang).into(), own[0].id).await.unwrap();
        let other = arrives(&market, "two", None, &vouched("s-1", None, &[])).await;
        assert!(matches!(other, Ok(Arrival::Unknown)), "of another issuer: {other:?}");
        // Whoever has another password keeps nothing that was linked by the one before, whether
        // the operator gave it or they changed it themselves.
        let thief = async |password: &str| {
            arrives(&market, "one", Some(&wang), &vouched("thief", None, &[])).await.unwrap();
            link(&wang, password).await.unwrap();
        };
        let enters = async || {
            let outcome = arrives(&market, "one", None, &vouched("thief", None, &[])).await;
            !matches!(outcome, Ok(Arrival::Unknown))
        };
        thief("correct horse").await;
        assert!(enters().await);
        let (system, password) = (Call::from(Actor::system()), Password::new("staple battery"));
        accounts.set_password(&system, wang.person, password.clone()).await.unwrap();
        assert!(!enters().await);
        thief("staple battery").await;
        let new = Password::new("battery staple");
        accounts.change_password(&(&wang).into(), password, new).await.unwrap();
        assert!(!enters().await);
    }

    async fn a_visit_comes_back_once_from_where_it_went_and_in_time(url: &str) {
        let market = market_of_providers(url).await;
        let (accounts, from) = (market.accounts(), Origin::default());
        let missing = accounts.depart("three", SECRET, "/", None, &from).await;
        assert!(matches!(missing, Err(Error::NotFound("provider"))), "{missing:?}");
        let state = accounts.depart("one", SECRET, "/", None, &from).await.unwrap().state;
        for (key, secret, state) in
            [("two", SECRET, &*state), ("one", "another", &*state), ("one", SECRET, "another")]
        {
            let refused = accounts.come_back(key, secret, state).await;
            assert_eq!(refusal(refused), Refusal::SignInOver, "{key} {secret} {state}");
        }
        let early = vouched("s", None, &[]);
        let early = accounts.arrive(SECRET, &early, SessionKind::Browser, &from).await;
        assert_eq!(refusal(early), Refusal::SignInOver, "it has not come back");
        accounts.come_back("one", SECRET, &state).await.unwrap();
        assert_eq!(refusal(accounts.come_back("one", SECRET, &state).await), Refusal::SignInOver);
        let late = accounts.depart("one", "late", "/", None, &from).await.unwrap().state;
        market.env().set(market.env().now().plus_seconds(10 * 60));
        assert_eq!(refusal(accounts.come_back("one", "late", &late).await), Refusal::SignInOver);
        accounts.tidy().await.unwrap();
    }
}
