//! What is issued when, to whom, how often, and how it stands later.

use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use object_store::{PutPayload, memory::InMemory};
use serde_json::json;

use super::{drawing::Drawn, *};
use crate::{
    Kind, Mode, Money, Options, Refusal,
    case::Fund,
    complaint::Letter,
    order::{Contract, NewChange},
    purchase::{
        Contact, Purchase, PurchaseState,
        tests::world::{World, acting, limits, notice, operator},
    },
    testing::{fonts, market, on_both},
};

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// A purchase whose award is published: to the third of three agencies, then the second.
async fn published(url: &str) -> (World, Purchase) {
    in_market(market(url).await).await
}

fn in_market(market: Market) -> BoxFuture<'static, (World, Purchase)> {
    Box::pin(async move {
        let world = World::over(market, Fund::Social, 4).await;
        let open = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(open.id, &["300", "200", "100"]).await;
        let purchase = world.open(&open).await;
        assert_eq!(world.winner(&purchase), 2);
        (world, purchase)
    })
}

async fn awarded(url: &str) -> (World, Purchase) {
    let (world, purchase) = published(url).await;
    let purchase = world.wait(&purchase).await;
    assert_eq!(purchase.state.name(), "awarded");
    (world, purchase)
}

/// An order whose contract both sides have confirmed, with the place of its agency.
async fn contracted(world: &World, purchase: &Purchase) -> OrderId {
    let at = world.winner(purchase);
    let purchases = world.market.purchases();
    let ordered = purchases.confirm(world.agency(at), purchase.id).await.unwrap();
    let PurchaseState::Ordered(state) = &ordered.state else { panic!("{ordered:?}") };
    let today = world.now().day();
    let contract = Contract {
        number: "HT-2026-1".to_owned(),
        amount: state.award.amount,
        signed_on: today,
        starts_on: today,
        ends_on: today.plus(14),
        content: "私下约定".to_owned(),
        agreed_payment_days: None,
        agreed_interest_per_myriad_day: None,
        milestones: Vec::new(),
    };
    let orders = world.market.orders();
    orders.record_contract(world.agency(at), state.order_id, contract).await.unwrap();
    orders.confirm_contract(&world.owner, state.order_id).await.unwrap();
    state.order_id
}

async fn letter(world: &World, purchase: &Purchase) -> (Document, Bytes) {
    let owner = &world.owner.actor;
    world.market.documents().award_letter(owner, purchase.id, None).await.unwrap()
}

async fn summary(world: &World, order: OrderId) -> (Document, Bytes) {
    let owner = &world.owner.actor;
    world.market.documents().contract_summary(owner, order, None).await.unwrap()
}

async fn standing(world: &World, document: &Document) -> (DocumentStanding, bool) {
    let verified = world.market.documents().verify(document.code).await.unwrap();
    assert_eq!((&verified.sha256, &verified.facts), (&document.sha256, &document.facts));
    (verified.standing, verified.latest)
}

async fn issued(world: &World, kind: DocumentKind, subject: Uuid) -> usize {
    world.market.db.documents_of(kind, subject).await.unwrap().len()
}

/// Time passes between what both sides do.
fn an_hour_passes(world: &World) {
    world.env().set(world.now().plus_seconds(3600));
}

async fn change(world: &World, order: OrderId, agency: usize, new: NewChange) {
    an_hour_passes(world);
    let orders = world.market.orders();
    let change = orders.propose_change(world.agency(agency), order, new).await.unwrap();
    an_hour_passes(world);
    orders.approve_change(&world.owner, order, change.number).await.unwrap();
}

fn changes() -> NewChange {
    let reason = "现场情况变化".to_owned();
    NewChange { amount: None, ends_on: None, service_days: None, scope: None, reason }
}

async fn complain(world: &World, purchase: &Purchase, agency: usize) -> crate::id::ComplaintId {
    let letter = Letter {
        facts: "评审标准有倾向性".to_owned(),
        demand: "重新选取".to_owned(),
        evidence: "公告截图".to_owned(),
        contact: Contact { name: "某".to_owned(), phone: "0574-3333-4444".to_owned() },
    };
    let complaints = world.market.complaints();
    let filed = complaints.file(world.agency(agency), purchase.id, letter).await.unwrap();
    complaints.accept(&handler(), filed.id).await.unwrap();
    filed.id
}

fn handler() -> crate::Call {
    acting(Party::Department("market-regulation".parse().unwrap()))
}

on_both! {
    async fn an_award_letter_is_issued_once_and_never_changes(url: &str) {
        let (world, purchase) = published(url).await;
        let documents = world.market.documents();
        let [loser, winner] = [1, 2].map(|at| world.agency(at).actor.clone());
        for reader in [&world.owner.actor, &winner, &operator().actor, &handler().actor] {
            let early = documents.award_letter(reader, purchase.id, None).await;
            assert_eq!(refusal(early), Refusal::AwardNotStanding);
        }
        let facts = documents.award(purchase.id).await.unwrap();
        let purchase = world.wait(&purchase).await;
        let (first, content) = letter(&world, &purchase).await;
        assert_eq!(first.facts, facts, "the letter states what was published");
        an_hour_passes(&world);
        for reader in [&world.owner.actor, &winner, &operator().actor, &handler().actor] {
            let again = documents.award_letter(reader, purchase.id, None).await.unwrap();
            assert_eq!(again, (first.clone(), content.clone()));
        }
        let stranger = acting(Party::Applicant(crate::id::ApplicantId(Uuid::from_u128(9)))).actor;
        let elsewhere = acting(Party::Department("meteorology".parse().unwrap())).actor;
        for outsider in [&loser, &stranger, &elsewhere] {
            for version in [None, Some(first.version)] {
                let none = documents.award_letter(outsider, purchase.id, version).await;
                assert!(matches!(none, Err(Error::NotFound("document"))), "{none:?}");
            }
            let none = documents.award_letters_of(outsider, purchase.id).await;
            assert!(matches!(none, Err(Error::NotFound("document"))), "{none:?}");
        }
        let unknown = documents.award_letter(&winner, PurchaseId(Uuid::nil()), None).await;
        assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");

        assert_eq!(sha256_hex(&content), first.sha256);
        assert_eq!(standing(&world, &first).await, (DocumentStanding::Valid, true));
        let told = documents.verify_file(&content).await.unwrap();
        assert_eq!(told.document.unwrap().code, first.code);
        let mut altered = content.to_vec();
        altered[1000] ^= 1;
        let told = documents.verify_file(&altered).await.unwrap();
        assert_eq!((told.issued, told.document), (false, None));
        assert_eq!(refusal(documents.verify_file(&[]).await), Refusal::FileEmpty);
        let long = vec![0; MAX_VERIFIED + 1];
        assert_eq!(refusal(documents.verify_file(&long).await), Refusal::FileTooLarge);
        let other: VerificationCode = "0000-0000-0000-0000-0000-0000-0000".parse().unwrap();
        assert_eq!(refusal(documents.verify(other).await), Refusal::NoSuchDocument);

        // Confirming is no reason for another.
        world.market.purchases().confirm(&winner.into(), purchase.id).await.unwrap();
        assert_eq!(letter(&world, &purchase).await.0, first);
        let entries = world.market.db.journal_of(Kind::Document, &first.id.to_string()).await;
        let entries = entries.unwrap();
        assert_eq!((entries.len(), entries[0].event.as_str()), (1, "document_issued"));
        let told = format!("{:?}", world.market.db.journal_of_case(world.case.id).await.unwrap());
        assert!(told.contains(&first.sha256) && !told.contains(&first.code.plain()));
        let feed = world.market.db.journal_after(0, true, 1000).await.unwrap();
        assert!(feed.iter().all(|entry| entry.kind != Kind::Document));
    }

    async fn what_anybody_may_know_is_what_notices_tell(url: &str) {
        let (world, purchase) = awarded(url).await;
        let (award, _) = letter(&world, &purchase).await;
        let facts = serde_json::to_value(&award.facts).unwrap();
        assert_eq!(facts["kind"], "award_letter");
        assert_eq!((&facts["amount"], &facts["owner"]["name"]), (&json!("100.00"), &json!("李**")));
        assert_eq!(facts["agency"]["name"], "第2检测有限公司");
        assert_eq!(facts["region"], "浙江省宁波市慈溪市");
        let order = contracted(&world, &purchase).await;
        let (summary, _) = summary(&world, order).await;
        let facts = serde_json::to_value(&summary.facts).unwrap();
        assert_eq!((&facts["kind"], &facts["revision"]), (&json!("contract_summary"), &json!(1)));
        assert_eq!(facts["contract"]["number"], "HT-2026-1");
        for document in [award, summary] {
            let verified = world.market.documents().verify(document.code).await.unwrap();
            let text = serde_json::to_string(&verified).unwrap();
            for private in ["李明", "13800000000", "0574", "私下约定", "某路"] {
                assert!(!text.contains(private), "{private}: {text}");
            }
        }
    }

    async fn whoever_is_next_in_line_has_a_letter_of_its_own(url: &str) {
        let (world, purchase) = awarded(url).await;
        let documents = world.market.documents();
        let (first, content) = letter(&world, &purchase).await;
        let purchases = world.market.purchases();
        let passed = purchases.decline(world.agency(2), purchase.id, "人手不足").await.unwrap();
        assert_eq!(standing(&world, &first).await, (DocumentStanding::PassedOn, true));
        let gone = &world.agency(2).actor;
        let none = documents.award_letter(gone, purchase.id, None).await;
        assert!(matches!(none, Err(Error::NotFound("document"))), "{none:?}");
        let purchase = world.wait(&passed).await;
        let (second, _) = letter(&world, &purchase).await;
        assert_eq!((second.agency_id, second.version > first.version), (world.agencies[1].0, true));
        assert_eq!(standing(&world, &first).await, (DocumentStanding::PassedOn, false));
        assert_eq!(standing(&world, &second).await, (DocumentStanding::Valid, true));
        // Who dropped out keeps the letter, and sees no other.
        let kept = documents.award_letter(gone, purchase.id, Some(first.version)).await.unwrap();
        assert_eq!(kept, (first.clone(), content));
        let other = documents.award_letter(gone, purchase.id, Some(second.version)).await;
        assert!(matches!(other, Err(Error::NotFound("document"))), "{other:?}");
        let kept = documents.award_letters_of(gone, purchase.id).await.unwrap();
        assert_eq!(kept.iter().map(|one| one.code).collect::<Vec<_>>(), [first.code]);
        let all = documents.award_letters_of(&world.owner.actor, purchase.id).await.unwrap();
        assert_eq!(all.iter().map(|one| one.code).collect::<Vec<_>>(), [first.code, second.code]);
    }

    async fn a_complaint_stops_a_letter_and_an_upheld_one_annuls_it(url: &str) {
        let (world, purchase) = published(url).await;
        let filed = complain(&world, &purchase, 1).await;
        let complaints = world.market.complaints();
        complaints.dismiss(&handler(), filed, "不属实").await.unwrap();
        let purchase = world.wait(&world.get(purchase.id).await).await;
        let (first, _) = letter(&world, &purchase).await;
        let DocumentBody::AwardLetter { publicity_from, publicity_to, .. } = first.facts.body
        else { panic!() };
        assert!(publicity_from < publicity_to);
        // One that was filed in time is accepted after the award stands.
        let mut tx = world.market.work().await.unwrap();
        let (held, clock) = tx.hold_purchase_and_case(purchase.id).await.unwrap();
        let department = "market-regulation".parse().unwrap();
        tx.stop_purchase(held, filed, &department, &clock).await.unwrap();
        tx.finish(()).await.unwrap();
        assert_eq!(standing(&world, &first).await, (DocumentStanding::Suspended, true));
        let owner = &world.owner.actor;
        let documents = world.market.documents();
        let stopped = documents.award_letter(owner, purchase.id, None).await;
        assert_eq!(refusal(stopped), Refusal::AwardNotStanding);

        let mut tx = world.market.work().await.unwrap();
        let (held, clock) = tx.hold_purchase_and_case(purchase.id).await.unwrap();
        tx.let_purchase_go_on(held, &clock).await.unwrap();
        tx.finish(()).await.unwrap();
        assert_eq!(standing(&world, &first).await, (DocumentStanding::Suspended, true));
        let purchase = world.wait(&world.get(purchase.id).await).await;
        assert_eq!(standing(&world, &first).await, (DocumentStanding::Superseded, false));
        let (second, _) = letter(&world, &purchase).await;
        assert_eq!(standing(&world, &second).await, (DocumentStanding::Valid, true));

        let mut tx = world.market.work().await.unwrap();
        let (held, clock) = tx.hold_purchase_and_case(purchase.id).await.unwrap();
        tx.fail_purchase_complained_of(held, &clock).await.unwrap();
        tx.finish(()).await.unwrap();
        for one in [&first, &second] {
            assert_eq!(standing(&world, one).await.0, DocumentStanding::Annulled);
        }
        let gone = documents.award(purchase.id).await;
        assert!(matches!(gone, Err(Error::NotFound("award"))), "{gone:?}");
    }

    async fn an_approved_change_makes_another_summary(url: &str) {
        let (world, purchase) = awarded(url).await;
        let documents = world.market.documents();
        let owner = &world.owner.actor;
        let order = contracted(&world, &purchase).await;
        let (first, content) = summary(&world, order).await;
        let later = NewChange { service_days: Some(30), ..changes() };
        change(&world, order, 2, later).await;
        assert_eq!(summary(&world, order).await.0, first, "it states nothing of the turnaround");
        assert_eq!(standing(&world, &first).await, (DocumentStanding::Valid, true));

        let amount: Money = "105".parse().unwrap();
        change(&world, order, 2, NewChange { amount: Some(amount), ..changes() }).await;
        assert_eq!(standing(&world, &first).await, (DocumentStanding::Superseded, false));
        let (second, _) = summary(&world, order).await;
        let DocumentBody::ContractSummary { revision: 2, contract: Some(told) } = &second.facts.body
        else { panic!("{second:?}") };
        assert_eq!(told.amount, amount);
        let ends_on = Some(world.now().day().plus(30));
        change(&world, order, 2, NewChange { ends_on, ..changes() }).await;
        let (third, _) = summary(&world, order).await;
        assert_eq!(standing(&world, &second).await, (DocumentStanding::Superseded, false));
        assert_eq!(standing(&world, &third).await, (DocumentStanding::Valid, true));
        let kept = documents.contract_summary(owner, order, Some(first.version)).await.unwrap();
        assert_eq!(kept, (first.clone(), content));
        let all = documents.contract_summaries_of(owner, order).await.unwrap();
        assert_eq!(all.len(), 3);
        let none = documents.contract_summary(owner, order, Some(1)).await;
        assert!(matches!(none, Err(Error::NotFound("document"))), "{none:?}");
        let loser = &world.agency(1).actor;
        let none = documents.contract_summary(loser, order, None).await;
        assert!(matches!(none, Err(Error::NotFound("order"))), "{none:?}");

        an_hour_passes(&world);
        world.market.orders().terminate(&world.owner, order, "不再需要").await.unwrap();
        assert_eq!(standing(&world, &first).await, (DocumentStanding::Terminated, false));
        assert_eq!(standing(&world, &third).await, (DocumentStanding::Terminated, true));
        assert_eq!(summary(&world, order).await.0, third);
    }

    async fn a_contract_that_nobody_confirmed_has_no_summary(url: &str) {
        let (world, purchase) = awarded(url).await;
        let purchases = world.market.purchases();
        let ordered = purchases.confirm(world.agency(2), purchase.id).await.unwrap();
        let PurchaseState::Ordered(state) = &ordered.state else { panic!() };
        let owner = &world.owner.actor;
        let none = world.market.documents().contract_summary(owner, state.order_id, None).await;
        assert_eq!(refusal(none), Refusal::NoContract);
        let (late, _) = letter(&world, &ordered).await;
        assert_eq!(standing(&world, &late).await, (DocumentStanding::Valid, true));
    }

    async fn of_many_who_issue_at_once_one_does(url: &str) {
        let folder = tempfile::tempdir().unwrap();
        let open = async |market: &Market| {
            let options = Options {
                env: market.env().clone(),
                files: Some(folder.path().to_owned()),
                fonts: fonts(),
                ..Options::new(url)
            };
            Market::open(options).await.unwrap()
        };
        let first = open(&market("sqlite::memory:").await).await;
        let (world, purchase) = in_market(first.clone()).await;
        let purchase = world.wait(&purchase).await;
        // Two nodes, where the database takes two.
        let second = if url.starts_with("postgres") { open(&first).await } else { first.clone() };
        let owner = &world.owner.actor;
        let asks = (0..8).map(async |at| {
            let node = if at % 2 == 0 { &first } else { &second };
            node.documents().award_letter(owner, purchase.id, None).await.unwrap()
        });
        let answers = join_all(asks).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 1);
        let order = contracted(&world, &purchase).await;
        let follow = (0..4).map(async |at| {
            let node = if at % 2 == 0 { &first } else { &second };
            node.documents().catch_up().await.unwrap();
        });
        join_all(follow).await;
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 1);
        assert_eq!(issued(&world, DocumentKind::ContractSummary, order.0).await, 1);
    }

    async fn what_stops_between_file_and_row_leaves_nothing_wrong(url: &str) {
        let (world, purchase) = awarded(url).await;
        let documents = world.market.documents();
        let about = About::Award(purchase.id);
        let draw = async || {
            let subject = documents.subject(about).await.unwrap();
            let basis = subject.basis().unwrap().clone();
            let code = VerificationCode::fresh(world.env());
            let drawn = documents.draw_up(&subject, &basis, code, world.now()).await.unwrap();
            let Drawn { sheet, number, case_id, agency_id, facts } = drawn;
            let content = documents.print(sheet).await.unwrap();
            let document = Document {
                id: DocumentId(world.env().id()),
                code,
                subject: purchase.id.0,
                version: basis.version,
                number,
                case_id,
                agency_id,
                sha256: sha256_hex(&content),
                size: 1,
                facts,
                issued_at: world.now(),
            };
            let file = PutPayload::from(content.clone());
            world.market.files.put(&place(&document.sha256), file).await.unwrap();
            (subject, document, content)
        };
        // Killed before the row was written.
        let (_, lost, content) = draw().await;
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 0);
        assert!(!documents.verify_file(&content).await.unwrap().issued);
        assert_eq!(refusal(documents.verify(lost.code).await), Refusal::NoSuchDocument);
        // The subject moved on before the row was written.
        let (subject, stale, _) = draw().await;
        let winner = world.agency(2);
        world.market.purchases().confirm(winner, purchase.id).await.unwrap();
        assert_eq!(documents.record(about, &subject, &stale).await.unwrap(), None);
        let (stands, _) = letter(&world, &purchase).await;
        // Somebody else was faster.
        let (subject, late, _) = draw().await;
        let found = documents.record(about, &subject, &late).await.unwrap();
        assert_eq!(found, Some(stands.clone()));
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 1);
        assert_eq!(letter(&world, &purchase).await.0, stands);
    }

    async fn documents_are_issued_by_themselves_once_there_is_a_font(url: &str) {
        let folder = tempfile::tempdir().unwrap();
        let font = folder.path().join("font.ttc");
        let env = market("sqlite::memory:").await.env().clone();
        let options = Options { env, fonts: vec![font.clone()], ..Options::new(url) };
        let (world, purchase) = in_market(Market::open(options).await.unwrap()).await;
        let documents = world.market.documents();
        documents.catch_up().await.unwrap();
        let purchase = world.wait(&purchase).await;
        let order = contracted(&world, &purchase).await;
        let owner = &world.owner.actor;
        let asked = documents.award_letter(owner, purchase.id, None).await.unwrap_err();
        assert!(matches!(&asked, Error::Unprintable(why) if why.contains("font.ttc")), "{asked}");
        let waits = documents.catch_up().await.unwrap_err();
        assert!(matches!(waits, Error::Unprintable(_)), "{waits}");
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 0);

        let noto = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc";
        let installed = fonts().into_iter().next().unwrap_or_else(|| noto.into());
        std::fs::copy(installed, &font).unwrap();
        documents.catch_up().await.unwrap();
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 1);
        assert_eq!(issued(&world, DocumentKind::ContractSummary, order.0).await, 1);
        let position = world.market.db.documents_position().await.unwrap();
        documents.catch_up().await.unwrap();
        assert!(world.market.db.documents_position().await.unwrap() >= position);
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 1);
    }

    async fn a_file_that_is_lost_is_not_made_up(url: &str) {
        let (mut world, purchase) = awarded(url).await;
        letter(&world, &purchase).await;
        world.market.files = Arc::new(InMemory::new());
        let owner = &world.owner.actor;
        let lost = world.market.documents().award_letter(owner, purchase.id, None).await;
        assert!(matches!(lost, Err(Error::Files(_))), "{lost:?}");
    }
}
