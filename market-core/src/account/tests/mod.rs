//! Accounts, sessions, keys, members, second factors and throttles, on both databases.

use super::*;
use crate::{
    Refusal,
    applicant::{Applicant, ApplicantKind, NewApplicant},
    kernel::secret::hash_password,
    testing::{market, on_both},
};

mod factors;
mod keys;
mod members;
mod providers;
mod sessions;
mod throttles;

/// What a call asks of a token when it reads.
const READ: Need = Need::Scope(Scope::Read);

fn system() -> Call {
    Actor::system().into()
}

fn new_person(login: &str) -> NewPerson {
    NewPerson {
        login: login.to_owned(),
        name: "王小明".to_owned(),
        password: Some(Password::new("correct horse")),
    }
}

fn restaurant() -> NewApplicant {
    NewApplicant {
        kind: ApplicantKind::Natural,
        name: "慈溪某某餐饮店".to_owned(),
        uscc: None,
        phone: "13800000000".to_owned(),
    }
}

async fn signed_up(market: &Market, login: &str) -> (Person, Applicant) {
    let from = Origin::default();
    market.applicants().sign_up(new_person(login), restaurant(), &from).await.unwrap()
}

fn credentials(login: &str, password: &str) -> Credentials {
    let (login, password) = (login.to_owned(), Password::new(password));
    Credentials { login, password, code: None, party: None }
}

async fn sign_in(market: &Market, credentials: Credentials) -> Result<SignedIn, Error> {
    let accounts = market.accounts();
    accounts.sign_in(credentials, SessionKind::Program, &Origin::default()).await
}

async fn signed_in(market: &Market, login: &str) -> Result<SignedIn, Error> {
    sign_in(market, credentials(login, "correct horse")).await
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

on_both! {
    async fn who_signs_up_acts_for_the_applicant(url: &str) {
        let market = market(url).await;
        let (person, applicant) = signed_up(&market, "wang").await;
        let issued = signed_in(&market, "wang").await.unwrap();
        let actor = issued.actor();
        assert_eq!(actor, Actor::new(person.id, Party::Applicant(applicant.id)));
        assert_eq!(market.accounts().authenticate(&issued.token, READ).await.unwrap(), actor);
        let seen = market.applicants().get(&actor, applicant.id).await.unwrap();
        assert_eq!(seen.phone, "13800000000");
        let seen = market.applicants().get(&Actor::system(), applicant.id).await.unwrap();
        assert_eq!(seen.phone, "138****0000");
    }

    async fn a_login_is_taken_once(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let from = Origin::default();
        let again = market.applicants().sign_up(new_person("wang"), restaurant(), &from).await;
        assert_eq!(refusal(again), Refusal::LoginTaken);
        let again = market.accounts().create_person(&system(), new_person("wang")).await;
        assert_eq!(refusal(again), Refusal::LoginTaken);
    }

    async fn a_wrong_login_says_not_what_is_wrong(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let accounts = market.accounts();
        let right = "correct horse";
        for (login, password) in
            [("wang", "battery staple"), ("li", right), ("", ""), ("wang\0", right), ("Wang", right)]
        {
            let outcome = sign_in(&market, credentials(login, password)).await;
            assert_eq!(refusal(outcome), Refusal::WrongPassword, "{login}");
        }
        let of_nobody = NewPerson { password: None, ..new_person("zhao") };
        accounts.create_person(&system(), of_nobody).await.unwrap();
        assert_eq!(refusal(signed_in(&market, "zhao").await), Refusal::WrongPassword);
    }

    async fn a_person_without_parties_has_nobody_to_act_for(url: &str) {
        let market = market(url).await;
        let accounts = market.accounts();
        let person = accounts.create_person(&system(), new_person("li")).await.unwrap();
        assert_eq!(refusal(signed_in(&market, "li").await), Refusal::PartyNotHeld);
        let nowhere = Party::Department("nowhere".parse().unwrap());
        let granted = accounts.grant(&system(), person.id, nowhere).await;
        assert!(matches!(granted, Err(Error::Invalid(_))), "{granted:?}");
        accounts.grant(&system(), person.id, Party::Operator).await.unwrap();
        accounts.grant(&system(), person.id, Party::Operator).await.unwrap();
        let actor = signed_in(&market, "li").await.unwrap().actor();
        assert_eq!(actor.party, Party::Operator);
        let account = accounts.get(&actor, person.id).await.unwrap();
        assert_eq!((account.parties, account.person.version), (vec![Party::Operator], 3));
    }

    async fn a_token_ends_with_its_time_its_revocation_or_its_membership(url: &str) {
        let market = market(url).await;
        let accounts = market.accounts();
        let person = accounts.create_person(&system(), new_person("li")).await.unwrap().id;
        accounts.grant(&system(), person, Party::Operator).await.unwrap();
        let end = market.env().now().plus_seconds(60);
        let issue = async |label: &str, end| {
            accounts.issue_token(&system(), person, &Party::Operator, label, end).await.unwrap()
        };
        let (short, long) = (issue("short", Some(end)).await, issue("long", None).await);
        let other = issue("other", None).await;
        let opens = async |issued: &Issued| accounts.authenticate(&issued.token, READ).await.is_ok();
        assert!(opens(&short).await && opens(&long).await && opens(&other).await);

        market.env().set(end);
        assert!(!opens(&short).await && opens(&long).await);
        accounts.revoke_token(&system(), &long.about.id).await.unwrap();
        accounts.revoke_token(&system(), &long.about.id).await.unwrap();
        assert!(!opens(&long).await && opens(&other).await);
        accounts.revoke(&system(), person, Party::Operator).await.unwrap();
        assert!(!opens(&other).await);
        accounts.grant(&system(), person, Party::Operator).await.unwrap();
        assert!(!opens(&other).await, "a grant revives no old token");
        assert_eq!(accounts.tokens(&Actor::system(), person).await.unwrap().len(), 3);
    }

    async fn nobody_acts_for_a_disabled_person(url: &str) {
        let market = market(url).await;
        let (person, _) = signed_up(&market, "wang").await;
        let issued = signed_in(&market, "wang").await.unwrap();
        let accounts = market.accounts();
        accounts.disable(&system(), person.id).await.unwrap();
        assert!(matches!(accounts.authenticate(&issued.token, READ).await, Err(Error::Anonymous)));
        assert_eq!(refusal(signed_in(&market, "wang").await), Refusal::WrongPassword);
        accounts.enable(&system(), person.id).await.unwrap();
        assert!(signed_in(&market, "wang").await.is_ok());
    }

    async fn a_new_password_ends_every_session(url: &str) {
        let market = market(url).await;
        signed_up(&market, "wang").await;
        let issued = signed_in(&market, "wang").await.unwrap();
        let actor = issued.actor();
        let accounts = market.accounts();
        let (new, call) = (Password::new("battery staple"), Call::from(&actor));
        let wrong = accounts.change_password(&call, Password::new("wrong"), new.clone()).await;
        assert_eq!(refusal(wrong), Refusal::WrongPassword);
        let old = Password::new("correct horse");
        accounts.change_password(&call, old, new.clone()).await.unwrap();
        assert!(matches!(accounts.authenticate(&issued.token, READ).await, Err(Error::Anonymous)));
        assert_eq!(refusal(signed_in(&market, "wang").await), Refusal::WrongPassword);
        assert!(sign_in(&market, credentials("wang", "battery staple")).await.is_ok());
    }

    async fn people_manage_only_themselves(url: &str) {
        let market = market(url).await;
        let (wang, _) = signed_up(&market, "wang").await;
        let (li, of_li) = signed_up(&market, "li").await;
        let actor = signed_in(&market, "wang").await.unwrap().actor();
        let (accounts, call) = (market.accounts(), Call::from(&actor));
        assert!(matches!(accounts.get(&actor, li.id).await, Err(Error::NotFound(_))));
        assert!(matches!(accounts.tokens(&actor, li.id).await, Err(Error::NotFound(_))));
        let party = Party::Applicant(of_li.id);
        let granted = accounts.grant(&call, wang.id, party.clone()).await;
        assert_eq!(refusal(granted), Refusal::OperatorOnly);
        let issued = accounts.issue_token(&call, li.id, &party, "mine now", None).await;
        assert_eq!(refusal(issued), Refusal::TokensForOneself);
        let theirs = Actor::new(li.id, party.clone());
        let token = accounts.issue_token(&(&theirs).into(), li.id, &party, "own", None).await;
        let revoked = accounts.revoke_token(&call, &token.unwrap().about.id).await;
        assert!(matches!(revoked, Err(Error::NotFound(_))));
        let session = signed_in(&market, "li").await.unwrap().session.id;
        let ended = accounts.end_session(&call, session).await;
        assert!(matches!(ended, Err(Error::NotFound(_))));
        assert!(matches!(accounts.sessions(&actor, li.id).await, Err(Error::NotFound(_))));

        accounts.grant(&system(), wang.id, Party::Operator).await.unwrap();
        let issued = accounts.issue_token(&call, wang.id, &Party::Operator, "more", None).await;
        assert_eq!(refusal(issued), Refusal::TokensForOneself);
        assert!(accounts.issue_token(&call, wang.id, &actor.party, "as now", None).await.is_ok());
    }

    async fn the_operators_people_become_nobody_else(url: &str) {
        let market = market(url).await;
        let (wang, firm) = signed_up(&market, "wang").await;
        let (chief, _) = signed_up(&market, "chief").await;
        let (accounts, party) = (market.accounts(), Party::Applicant(firm.id));
        accounts.grant(&system(), chief.id, Party::Operator).await.unwrap();
        let actor = Actor::new(chief.id, Party::Operator);
        let call = Call::from(&actor);
        for (person, party) in [(wang.id, &party), (chief.id, &party)] {
            let issued = accounts.issue_token(&call, person, party, "mine now", None).await;
            assert_eq!(refusal(issued), Refusal::TokensForOneself);
        }
        assert!(accounts.issue_token(&call, chief.id, &Party::Operator, "own", None).await.is_ok());
        let granted = accounts.grant(&call, chief.id, party.clone()).await;
        assert_eq!(refusal(granted), Refusal::NotForOneself);
        let new = NewInvitation { role: Role::Admin, name: "本人".to_owned(), days: None };
        let code = accounts.invite(&call, &party, new).await.unwrap().code;
        let entered = accounts.accept_invitation(&call, &code, &Origin::default()).await;
        assert_eq!(refusal(entered), Refusal::NotForOneself);
        accounts.grant_as(&system(), chief.id, party.clone(), Role::Viewer).await.unwrap();
        let risen = accounts.set_role(&call, &party, chief.id, Role::Admin).await;
        assert_eq!(refusal(risen), Refusal::NotForOneself);
        let held = accounts.memberships(&actor).await.unwrap();
        let own = held.iter().find(|one| one.party == party).unwrap();
        assert_eq!(own.role, Role::Viewer);

        let may = |person: &Person, name| {
            person.actions(&actor).iter().any(|action| action.allowed && action.name == name)
        };
        assert!(!may(&wang, "issue_token") && may(&wang, "grant"));
        assert!(may(&chief, "issue_token") && !may(&chief, "grant"));
    }

    async fn a_second_applicant_is_registered_once_under_a_key(url: &str) {
        let market = market(url).await;
        let (person, _) = signed_up(&market, "wang").await;
        let actor = signed_in(&market, "wang").await.unwrap().actor();
        let call = Call::from(&actor).once("k1");
        let uscc = Some("91350100M000100Y43".parse().unwrap());
        let company = NewApplicant { kind: ApplicantKind::Legal, uscc, ..restaurant() };
        let first = market.applicants().register(&call, company.clone()).await.unwrap();
        let again = market.applicants().register(&call, company.clone()).await.unwrap();
        assert_eq!(first, again);
        let other = market.applicants().register(&call, restaurant()).await;
        assert_eq!(refusal(other), Refusal::KeyReused);
        let twice = market.applicants().register(&(&actor).into(), company).await;
        assert_eq!(refusal(twice), Refusal::ApplicantExists);
        let account = market.accounts().get(&actor, person.id).await.unwrap();
        assert_eq!(account.parties.last(), Some(&Party::Applicant(first.id)));
    }

    async fn the_journal_tells_what_happened_but_no_secret(url: &str) {
        let market = market(url).await;
        let (person, _) = signed_up(&market, "wang").await;
        let issued = signed_in(&market, "wang").await.unwrap();
        let actor = issued.actor();
        market.accounts().sign_out(&actor, &issued.token).await.unwrap();
        let told = market.db.journal_of(crate::Kind::Account, &person.id.to_string()).await;
        let told = told.unwrap();
        let events: Vec<_> = told.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(events, ["account_created", "signed_in", "session_ended"]);
        let text = serde_json::to_string(&told).unwrap();
        let refresh = issued.refresh.unwrap().token;
        for secret in ["correct horse", "argon2", &issued.token, &refresh] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn nobodys_password_takes_as_long_as_anybodys() {
    let real = hash_password(&crate::Env::real(), "x").unwrap();
    let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cost(&real), cost(token::NOBODYS));
    assert_eq!(real.len(), token::NOBODYS.len());
}

#[test]
fn a_password_is_never_printed() {
    assert_eq!(format!("{:?}", Password::new("correct horse")), "Password(…)");
}
