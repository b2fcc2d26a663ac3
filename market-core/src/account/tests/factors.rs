use totp_rs::{Builder, Secret};

use super::*;
use crate::{Env, Options, Timestamp, sealing::ServerKey, testing::START};

/// A market that asks officers and the operator for a second factor.
async fn strict(url: &str) -> Market {
    let env = Env::fixed(START.parse().unwrap());
    let identity = Identity {
        second_factor_for: vec![PartyKind::Department, PartyKind::Operator],
        server_key: Some(ServerKey::new(&Env::real())),
        ..Identity::default()
    };
    Market::open(Options { identity, env, ..Options::new(url) }).await.unwrap()
}

fn unbase32(text: &str) -> [u8; 20] {
    let value = |c: u8| if c.is_ascii_digit() { c - b'2' + 26 } else { c - b'A' };
    let bits: Vec<_> = text.bytes().map(|c| format!("{:05b}", value(c))).collect();
    let bits = bits.concat();
    let byte = |n: usize| u8::from_str_radix(&bits[8 * n..8 * n + 8], 2).unwrap();
    std::array::from_fn(byte)
}

/// The code that an authenticator shows at a time.
pub(super) fn shown(enrolment: &Enrolment, at: Timestamp) -> String {
    let secret = Secret::new_stack(unbase32(&enrolment.secret));
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(at.micros() / 1_000_000).unwrap()).to_string()
}

fn with_code(login: &str, code: &str) -> Credentials {
    Credentials { code: Some(code.to_owned()), ..credentials(login, "correct horse") }
}

/// A person of an applicant with a second factor, whose codes until now are taken.
pub(super) async fn enrolled(market: &Market, login: &str) -> (Actor, Enrolment, Vec<String>) {
    signed_up(market, login).await;
    let actor = signed_in(market, login).await.unwrap().actor();
    let accounts = market.accounts();
    let enrolment = accounts.enrol(&(&actor).into(), Password::new("correct horse")).await.unwrap();
    let code = shown(&enrolment, market.env().now());
    let codes = accounts.confirm_second_factor(&actor, &code, None).await.unwrap();
    (actor, enrolment, codes.recovery_codes)
}

on_both! {
    async fn a_second_factor_is_asked_for_once_it_is_confirmed(url: &str) {
        let market = strict(url).await;
        signed_up(&market, "wang").await;
        let (accounts, now) = (market.accounts(), market.env().now());
        let (mine, other) = (signed_in(&market, "wang").await.unwrap(), signed_in(&market, "wang").await.unwrap());
        let actor = mine.actor();
        let wrong = accounts.enrol(&(&actor).into(), Password::new("battery staple")).await;
        assert_eq!(refusal(wrong), Refusal::WrongPassword);
        let enrolment = accounts.enrol(&(&actor).into(), Password::new("correct horse")).await.unwrap();
        assert!(enrolment.uri.ends_with(&format!("secret={}&issuer=Market", enrolment.secret)));
        assert!(signed_in(&market, "wang").await.is_ok(), "not confirmed yet");
        let call = Call::from(&actor);
        let made = accounts.issue_token(&call, actor.person, &actor.party, "own", None).await;
        let made = made.unwrap().token;
        assert!(accounts.authenticate(&made, READ).await.is_ok());
        let wrong = accounts.confirm_second_factor(&actor, "000000", None).await;
        assert_eq!(refusal(wrong), Refusal::SecondFactorWrong);
        let code = shown(&enrolment, now);
        let confirmed = accounts.confirm_second_factor(&actor, &code, Some(mine.session.id)).await;
        assert_eq!(confirmed.unwrap().recovery_codes.len(), 10);
        assert!(accounts.authenticate(&mine.token, READ).await.is_ok());
        for lost in [&other.token, &made] {
            assert!(matches!(accounts.authenticate(lost, READ).await, Err(Error::Anonymous)));
        }
        assert_eq!(refusal(signed_in(&market, "wang").await), Refusal::SecondFactorNeeded);
        let unknown = sign_in(&market, credentials("wang", "battery staple")).await;
        assert_eq!(refusal(unknown), Refusal::WrongPassword, "the password is asked first");

        let replayed = sign_in(&market, with_code("wang", &code)).await;
        assert_eq!(refusal(replayed), Refusal::SecondFactorWrong);
        market.env().set(now.plus_seconds(30));
        let next = shown(&enrolment, market.env().now());
        sign_in(&market, with_code("wang", &next)).await.unwrap();
        let replayed = sign_in(&market, with_code("wang", &next)).await;
        assert_eq!(refusal(replayed), Refusal::SecondFactorWrong);
        let again = accounts.enrol(&(&actor).into(), Password::new("correct horse")).await;
        assert_eq!(refusal(again), Refusal::SecondFactorExists);
        let state = accounts.second_factor(&actor).await.unwrap();
        assert_eq!((state.confirmed_at, state.recovery_codes_left), (Some(now), 10));
    }

    async fn no_session_begins_without_the_code_that_is_asked_for_since(url: &str) {
        let market = strict(url).await;
        let (actor, _, _) = enrolled(&market, "wang").await;
        let password = market.db.password_of(actor.person).await.unwrap();
        let proved = session::Proved { person: actor.person, password, by_code: false, by: None };
        let (accounts, from) = (market.accounts(), Origin::default());
        let begun = accounts.begin_session(&proved, None, SessionKind::Program, &from).await;
        assert_eq!(refusal(begun), Refusal::SecondFactorNeeded);
    }

    async fn a_code_is_good_a_step_before_and_after_its_time(url: &str) {
        let market = strict(url).await;
        let (_, enrolment, _) = enrolled(&market, "wang").await;
        let now = market.env().now();
        let code = shown(&enrolment, now.plus_seconds(300));
        for (seconds, is_good) in [(300 - 31, false), (300 + 60, false), (300 + 30, true)] {
            market.env().set(now.plus_seconds(seconds));
            assert_eq!(sign_in(&market, with_code("wang", &code)).await.is_ok(), is_good, "{seconds}");
        }
        market.env().set(now.plus_seconds(600));
        for bad in ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"] {
            let outcome = sign_in(&market, with_code("wang", bad)).await;
            assert!(matches!(outcome, Err(Error::Refused(Refusal::SecondFactorWrong) | Error::TooOften(_))), "{bad}");
        }
    }

    async fn of_many_with_one_code_at_once_one_gets_in(url: &str) {
        let market = strict(url).await;
        let (_, enrolment, _) = enrolled(&market, "wang").await;
        market.env().set(market.env().now().plus_seconds(60));
        let code = shown(&enrolment, market.env().now());
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (market, code) = (market.clone(), code.clone());
            calls.spawn(async move { sign_in(&market, with_code("wang", &code)).await.is_ok() });
        }
        assert_eq!(calls.join_all().await.into_iter().filter(|done| *done).count(), 1);
    }

    async fn a_recovery_code_is_good_once(url: &str) {
        let market = strict(url).await;
        let (actor, _, codes) = enrolled(&market, "wang").await;
        let typed = codes[3].to_lowercase().replace('-', " ");
        sign_in(&market, with_code("wang", &typed)).await.unwrap();
        let again = sign_in(&market, with_code("wang", &codes[3])).await;
        assert_eq!(refusal(again), Refusal::SecondFactorWrong);
        let accounts = market.accounts();
        assert_eq!(accounts.second_factor(&actor).await.unwrap().recovery_codes_left, 9);
        let wrong = accounts.drop_second_factor(&actor, &codes[3]).await;
        assert_eq!(refusal(wrong), Refusal::SecondFactorWrong);
        accounts.drop_second_factor(&actor, &codes[4]).await.unwrap();
        signed_in(&market, "wang").await.unwrap();
        let none = accounts.drop_second_factor(&actor, &codes[5]).await;
        assert_eq!(refusal(none), Refusal::NoSecondFactor);
        let told = market.db.journal_of(crate::Kind::Account, &actor.person.to_string()).await.unwrap();
        let text = serde_json::to_string(&told).unwrap();
        assert!(text.contains("recovery_code_used") && text.contains("second_factor_dropped"));
        assert!(codes.iter().all(|code| !text.contains(code)));
    }

    async fn officers_without_one_may_only_set_one_up(url: &str) {
        let market = strict(url).await;
        let accounts = market.accounts();
        let person = accounts.create_person(&system(), new_person("li")).await.unwrap();
        accounts.grant(&system(), person.id, Party::Operator).await.unwrap();
        let session = signed_in(&market, "li").await.unwrap();
        for need in [READ, Need::Person, Need::Scope(Scope::Orders)] {
            let outcome = accounts.authenticate(&session.token, need).await;
            assert_eq!(refusal(outcome), Refusal::SecondFactorRequired);
        }
        let actor = accounts.authenticate(&session.token, Need::Oneself).await.unwrap();
        let enrolment = accounts.enrol(&(&actor).into(), Password::new("correct horse")).await.unwrap();
        let code = shown(&enrolment, market.env().now());
        let kept = Some(session.session.id);
        accounts.confirm_second_factor(&actor, &code, kept).await.unwrap();
        assert!(accounts.authenticate(&session.token, Need::Person).await.is_ok());
        accounts.reset_second_factor(&system(), person.id).await.unwrap();
        assert!(matches!(accounts.authenticate(&session.token, READ).await, Err(Error::Anonymous)));
        let session = signed_in(&market, "li").await.unwrap();
        let outcome = accounts.authenticate(&session.token, READ).await;
        assert_eq!(refusal(outcome), Refusal::SecondFactorRequired);
        let by_others = accounts.reset_second_factor(&(&signed_up_actor(&market).await).into(), person.id).await;
        assert_eq!(refusal(by_others), Refusal::OperatorOnly);
    }

    async fn nobody_takes_their_own_away_without_a_code_of_it(url: &str) {
        let market = strict(url).await;
        let (actor, _, codes) = enrolled(&market, "wang").await;
        let accounts = market.accounts();
        accounts.grant(&system(), actor.person, Party::Operator).await.unwrap();
        let operator = Call::from(Actor::new(actor.person, Party::Operator));
        let reset = accounts.reset_second_factor(&operator, actor.person).await;
        assert_eq!(refusal(reset), Refusal::OwnAccount);
        let new = Password::new("battery staple");
        let set = accounts.set_password(&operator, actor.person, new).await;
        assert_eq!(refusal(set), Refusal::OwnAccount);
        let person = accounts.get(&operator.actor, actor.person).await.unwrap().person;
        let actions = person.actions(&operator.actor);
        let told = actions.iter().find(|action| action.name == "set_password").unwrap();
        assert_eq!(told.refusal, Some(Refusal::OwnAccount));
        assert!(sign_in(&market, with_code("wang", &codes[0])).await.is_ok());
        accounts.drop_second_factor(&operator.actor, &codes[1]).await.unwrap();
    }

    async fn without_a_key_of_the_server_nobody_sets_one_up(url: &str) {
        let market = market(url).await;
        let actor = signed_up_actor(&market).await;
        let outcome = market.accounts().enrol(&(&actor).into(), Password::new("correct horse")).await;
        assert_eq!(refusal(outcome), Refusal::SecondFactorUnavailable);
        let outcome = market.accounts().confirm_second_factor(&actor, "123456", None).await;
        assert_eq!(refusal(outcome), Refusal::NoSecondFactor);
    }

    async fn codes_cannot_be_guessed(url: &str) {
        let market = strict(url).await;
        let (actor, enrolment, _) = enrolled(&market, "wang").await;
        market.env().set(market.env().now().plus_seconds(3600));
        for _ in 0..5 {
            let outcome = market.accounts().drop_second_factor(&actor, "000000").await;
            assert_eq!(refusal(outcome), Refusal::SecondFactorWrong);
        }
        let right = shown(&enrolment, market.env().now());
        let outcome = market.accounts().drop_second_factor(&actor, &right).await;
        assert!(matches!(outcome, Err(Error::TooOften(60))), "{outcome:?}");
        market.env().set(market.env().now().plus_seconds(60));
        let right = shown(&enrolment, market.env().now());
        market.accounts().drop_second_factor(&actor, &right).await.unwrap();
    }
}

async fn signed_up_actor(market: &Market) -> Actor {
    let (person, applicant) = signed_up(market, "sun").await;
    Actor::new(person.id, Party::Applicant(applicant.id))
}

#[test]
fn what_is_shown_once_is_never_printed() {
    let enrolment = Enrolment { secret: "GEZD".to_owned(), uri: "otpauth://GEZD".to_owned() };
    let codes = RecoveryCodes { recovery_codes: vec!["ABCD".to_owned()] };
    assert_eq!(format!("{enrolment:?} {codes:?}"), "Enrolment(…) RecoveryCodes(…)");
    let key = ServerKey::new(&Env::real());
    assert_eq!(format!("{key:?}"), "ServerKey(…)");
    assert_eq!(*key.reveal().parse::<ServerKey>().unwrap().reveal(), *key.reveal());
    assert!("market-server:short".parse::<ServerKey>().is_err());
}
