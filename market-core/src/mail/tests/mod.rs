//! Who is sent which mail, how often, and what becomes of mail that is not taken.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use futures::FutureExt;

use super::*;
use crate::{
    Kind, Mode, Paging, Party,
    account::Identity,
    case::Fund,
    notice::NoticeFilter,
    notice::Preference,
    purchase::{
        Notice,
        tests::world::{World, limits, notice, open_case, operator},
    },
    testing::{self, member, on_both},
};

mod sending;

/// Somebody who takes mail as they are told, and keeps it.
#[derive(Debug, Default)]
struct Letterbox {
    got: Mutex<Vec<Mail>>,
    answers: Mutex<VecDeque<Result<(), MailFailure>>>,
}

impl Letterbox {
    fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut self.got.lock().unwrap())
    }

    fn answer(&self, answers: &[Result<(), MailFailure>]) {
        self.answers.lock().unwrap().extend(answers.iter().cloned());
    }
}

impl Mailer for Letterbox {
    fn send(&self, mail: Mail) -> Mailing {
        self.got.lock().unwrap().push(mail);
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()));
        std::future::ready(answer).boxed()
    }
}

/// A market whose server has a key.
async fn market(url: &str) -> Market {
    with_key(testing::market(url).await)
}

fn with_key(market: Market) -> Market {
    let server_key = Some(ServerKey::new(&Env::real()));
    Market { identity: Arc::new(Identity { server_key, ..Identity::default() }), ..market }
}

/// An owner who is about to purchase, in such a market.
async fn world(url: &str) -> World {
    let world = World::new(url, Fund::Social, 1).await;
    World { market: with_key(world.market), ..world }
}

/// Another purchase of the owner's is published, and people are told.
async fn publish_another(world: &World) {
    let case = open_case(&world.market, &world.owner, Fund::Social).await;
    let another = World { case, ..world.clone() };
    let closes_at = world.market.env().now().plus_seconds(9 * 24 * 3600);
    let notice = Notice { closes_at, ..notice(Mode::LowestPrice, limits()) };
    another.publish(notice).await.unwrap();
    world.market.notices().catch_up().await.unwrap();
}

fn letterbox() -> (Arc<Letterbox>, Arc<dyn Mailer>) {
    let letterbox = Arc::<Letterbox>::default();
    (letterbox.clone(), letterbox)
}

fn new(address: &str, language: MailLanguage) -> NewMailbox {
    NewMailbox { address: address.to_owned(), language, wanted: true }
}

/// The eight digits of a mail.
fn code_in(mail: &Mail) -> String {
    let words = mail.body.split_whitespace();
    let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    words.into_iter().find(is_code).unwrap().to_owned()
}

async fn sent(market: &Market, mailer: &Arc<dyn Mailer>) -> u64 {
    market.mails().send_due(mailer).await.unwrap()
}

/// Has somebody read mail at an address.
async fn reads_mail(market: &Market, call: &Call, address: &str, language: MailLanguage) {
    let (letterbox, mailer) = letterbox();
    market.mails().set(call, new(address, language)).await.unwrap();
    sent(market, &mailer).await;
    let code = code_in(&letterbox.take()[0]);
    let confirmed = market.mails().confirm(call, &code).await.unwrap();
    assert!(confirmed.confirmed_at.is_some());
}

/// How long nobody is sent the next mail.
const REST: i64 = 10 * 60;

fn later(market: &Market, seconds: i64) {
    market.env().set(market.env().now().plus_seconds(seconds));
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

on_both! {
    async fn an_address_is_proved_by_a_code(url: &str) {
        let market = market(url).await;
        let call = member(&market, "wang", &Party::Operator).await;
        let (letterbox, mailer) = letterbox();
        let mails = market.mails();
        assert!(matches!(mails.mailbox(&call.actor).await, Err(Error::NotFound("mailbox"))));
        let wrong = mails.set(&call, new("wang", MailLanguage::Zh)).await;
        let Err(Error::Invalid(faults)) = wrong else { panic!("{wrong:?}") };
        assert_eq!(faults[0].pointer, "/address");
        let set = mails.set(&call, new("wang@example.com", MailLanguage::Zh)).await.unwrap();
        assert_eq!((set.confirmed_at, set.version), (None, 1));
        assert_eq!(sent(&market, &mailer).await, 1);
        let got = letterbox.take();
        assert_eq!((got.len(), got[0].to.as_str()), (1, "wang@example.com"));
        let first = code_in(&got[0]);
        let kept = market.db.mailbox(call.actor.person).await.unwrap().unwrap();
        assert!(kept.code.is_some_and(|code| code.starts_with("hpke1.")), "it is kept sealed");
        let never = if first == "00000000" { "11111111" } else { "00000000" };
        for _ in 0..5 {
            assert_eq!(refusal(mails.confirm(&call, never).await), Refusal::MailCodeWrong);
        }
        let tried = mails.confirm(&call, &first).await;
        assert!(matches!(tried, Err(Error::TooOften(_))), "{tried:?}");
        later(&market, 60);
        // Another code; the one before is good no more.
        mails.set(&call, new("wang@example.com", MailLanguage::En)).await.unwrap();
        sent(&market, &mailer).await;
        let second = code_in(&letterbox.take()[0]);
        assert_ne!(second, first);
        assert_eq!(refusal(mails.confirm(&call, &first).await), Refusal::MailCodeWrong);
        later(&market, CODE_SECONDS);
        assert_eq!(refusal(mails.confirm(&call, &second).await), Refusal::MailCodeExpired);
        let set = mails.set(&call, new("wang@example.com", MailLanguage::En)).await.unwrap();
        sent(&market, &mailer).await;
        let third = code_in(&letterbox.take()[0]);
        let stale = call.clone().expecting(set.version + 1);
        assert!(matches!(mails.confirm(&stale, &third).await, Err(Error::Stale("mailbox"))));
        let confirmed = mails.confirm(&call, &third).await.unwrap();
        assert_eq!((confirmed.confirmed_at, confirmed.version), (Some(market.env().now()), 4));
        assert_eq!(refusal(mails.confirm(&call, &third).await), Refusal::MailConfirmed);
        // Another language needs no code, another address does.
        let said = mails.set(&call, new("wang@example.com", MailLanguage::Zh)).await.unwrap();
        assert!(said.confirmed_at.is_some());
        let moved = mails.set(&call, new("wang@example.org", MailLanguage::Zh)).await.unwrap();
        assert_eq!(moved.confirmed_at, None);
        mails.remove(&call).await.unwrap();
        assert!(matches!(mails.remove(&call).await, Err(Error::NotFound("mailbox"))));
        sent(&market, &mailer).await;
        assert_eq!(letterbox.take(), []);
    }

    async fn nobody_is_flooded_with_codes(url: &str) {
        let market = market(url).await;
        let mails = market.mails();
        let call = member(&market, "wang", &Party::Operator).await;
        let most = 5;
        for n in 0..most {
            mails.set(&call, new(&format!("w{n}@example.com"), MailLanguage::Zh)).await.unwrap();
            mails.remove(&call).await.unwrap();
        }
        let once_more = mails.set(&call, new("w@example.com", MailLanguage::Zh)).await;
        assert!(matches!(once_more, Err(Error::TooOften(_))), "{once_more:?}");
        // What sends nothing counts for nothing.
        let victim = new("victim@example.com", MailLanguage::Zh);
        let rival = member(&market, "rival", &Party::Operator).await;
        for _ in 0..2 * most {
            let stale = mails.set(&rival.clone().expecting(7), victim.clone()).await;
            assert!(!matches!(stale, Ok(_) | Err(Error::TooOften(_))), "{stale:?}");
        }
        // One account cannot keep an address from its owner, and many send it no flood.
        let sends = async |call: &Call| mails.set(call, victim.clone()).await;
        for _ in 0..most {
            sends(&rival).await.unwrap();
        }
        assert!(matches!(sends(&rival).await, Err(Error::TooOften(_))));
        let owner = member(&market, "owner", &Party::Operator).await;
        sends(&owner).await.unwrap();
        for n in 1..12 {
            let other = member(&market, &format!("other{n}"), &Party::Operator).await;
            // The owner's own was one of all.
            for _ in i32::from(n == 1)..most {
                sends(&other).await.unwrap();
            }
        }
        let last = member(&market, "last", &Party::Operator).await;
        let flood = mails.set(&last, new("Victim@example.com", MailLanguage::Zh)).await;
        assert!(matches!(flood, Err(Error::TooOften(_))), "{flood:?}");
        later(&market, 24 * 3600);
        mails.set(&call, new("w@example.com", MailLanguage::Zh)).await.unwrap();
        mails.set(&last, new("victim@example.com", MailLanguage::Zh)).await.unwrap();
    }

    async fn where_no_mail_is_sent_nobody_waits_for_a_code(url: &str) {
        let market = Market { sends_mail: false, ..market(url).await };
        let call = member(&market, "wang", &Party::Operator).await;
        let refused = market.mails().set(&call, new("w@example.com", MailLanguage::Zh)).await;
        assert_eq!(refusal(refused), Refusal::MailOff);
        assert!(!market.mails().is_on());
    }

    async fn a_link_in_each_mail_ends_it(url: &str) {
        let world = world(url).await;
        let market = &world.market;
        let call = member(market, "wang", &world.owner.actor.party).await;
        let stop_in = |mail: &Mail| {
            let (_, stop) = mail.stop.split_once("/mail/stop/").unwrap();
            assert!(mail.body.contains(&mail.stop), "{}", mail.body);
            stop.to_owned()
        };
        let mails = market.mails();
        let (letterbox, mailer) = letterbox();
        // Whoever never wanted a code is sent no more, and nothing is kept of them.
        mails.set(&call, new("other@example.com", MailLanguage::Zh)).await.unwrap();
        sent(market, &mailer).await;
        mails.stop(&stop_in(&letterbox.take()[0])).await.unwrap();
        assert!(matches!(mails.mailbox(&call.actor).await, Err(Error::NotFound("mailbox"))));
        reads_mail(market, &call, "wang@example.com", MailLanguage::Zh).await;
        publish_another(&world).await;
        sent(market, &mailer).await;
        let stop = stop_in(&letterbox.take()[0]);
        for wrong in ["", "mkts_", &stop.replace("mkts_", "mkti_"), &stop[..40]] {
            let unknown = mails.stop(wrong).await;
            assert!(matches!(unknown, Err(Error::NotFound("mailbox"))), "{wrong}");
        }
        publish_another(&world).await;
        for _ in 0..2 {
            mails.stop(&stop).await.unwrap();
        }
        let ended = mails.mailbox(&call.actor).await.unwrap();
        assert!(!ended.wanted && ended.confirmed_at.is_some() && ended.version == 3, "{ended:?}");
        publish_another(&world).await;
        later(market, REST);
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), []);
        // Wanted again, it needs no code; what was told meanwhile is not mailed.
        mails.set(&call, new("wang@example.com", MailLanguage::Zh)).await.unwrap();
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), []);
        publish_another(&world).await;
        sent(market, &mailer).await;
        assert_eq!(stop_in(&letterbox.take()[0]), stop, "links in earlier mail stay good");
    }

    async fn what_people_are_told_is_mailed_together(url: &str) {
        let world = world(url).await;
        let market = &world.market;
        let party = &world.owner.actor.party;
        let zh = member(market, "zh", party).await;
        let en = member(market, "en", party).await;
        let none = member(market, "none", party).await;
        let seller = member(market, "seller", &world.agency(0).actor.party).await;
        market.notices().catch_up().await.unwrap();
        reads_mail(market, &zh, "zh@example.com", MailLanguage::Zh).await;
        reads_mail(market, &en, "en@example.com", MailLanguage::En).await;
        reads_mail(market, &seller, "seller@example.com", MailLanguage::Zh).await;
        let not_mailed = Preference { kind: Kind::Purchase, told: true, mailed: Some(false) };
        market.notices().prefer(&seller, &[not_mailed]).await.unwrap();
        let (letterbox, mailer) = letterbox();
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), [], "what was told before is not mailed");
        let title = "不宜外传的项目名称";
        let mut purchase = notice(Mode::LowestPrice, limits());
        purchase.title = title.to_owned();
        world.publish(purchase).await.unwrap();
        market.notices().catch_up().await.unwrap();
        sent(market, &mailer).await;
        let mut got = letterbox.take();
        got.sort_by(|a, b| a.to.cmp(&b.to));
        let to: Vec<_> = got.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["en@example.com", "zh@example.com"], "{got:#?}");
        assert!(got[0].body.contains("Purchase: The notice is published"), "{}", got[0].body);
        assert!(got[1].body.contains("采购项目：采购公告已发布"), "{}", got[1].body);
        for mail in &got {
            assert!(!format!("{mail:?}").contains(title));
        }
        assert!(market.notices().unread(&none.actor).await.unwrap().unread > 0);
        let (_, after) = got[0].body.split_once("/notices/").unwrap();
        let id = after.lines().next().unwrap().parse().unwrap();
        assert!(market.notices().get(&en.actor, id).await.is_ok(), "a link to the notice");
        // Nobody is told twice, nor of what they have read meanwhile, nor too often.
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), []);
        publish_another(&world).await;
        let all = Paging { after: None, limit: 1 };
        let newest = market.notices().list(&en.actor, NoticeFilter::All, &all).await.unwrap();
        market.notices().read_up_to(&en, newest.items[0].id).await.unwrap();
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), [], "within ten minutes");
        // Nor of what is no business of theirs any more.
        market.accounts().revoke(&operator(), zh.actor.person, party.clone()).await.unwrap();
        later(market, REST);
        sent(market, &mailer).await;
        assert_eq!(letterbox.take(), []);
    }
}
