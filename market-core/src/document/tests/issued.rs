//! What documents say, to whom, and how they stand as their purchase or order goes on.

use super::*;

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
        let verify = async |content: Bytes| {
            let file = world.market.files().take(content, MAX_VERIFIED).await?;
            documents.verify_file(&file).await
        };
        let told = verify(content.clone()).await.unwrap();
        assert_eq!(told.document.unwrap().code, first.code);
        let mut altered = content.to_vec();
        altered[1000] ^= 1;
        let told = verify(altered.into()).await.unwrap();
        assert_eq!((told.issued, told.document), (false, None));
        assert_eq!(refusal(verify(Bytes::new()).await), Refusal::FileEmpty);
        let long = verify(vec![0; (2 << 20) + 1].into()).await;
        assert!(matches!(long, Err(Error::FileTooLarge(MAX_VERIFIED))), "{long:?}");
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
}
