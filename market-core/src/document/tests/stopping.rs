//! Many at once, stops in the middle, no font, and files that are lost.

use super::*;
use crate::{Timestamp, store::journal::Entry};

on_both! {
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
        let file = world.market.files().take(content.into(), MAX_VERIFIED).await.unwrap();
        assert!(!documents.verify_file(&file).await.unwrap().issued);
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

    async fn a_long_history_hides_no_award(url: &str) {
        let (world, purchase) = published(url).await;
        let mut tx = world.market.work().await.unwrap();
        // Before all that happened, so much that a list of it ends before the award.
        for before in 1..=1_000 {
            let entry = Entry::new(Kind::Purchase, &purchase.id, -before, "purchase_revised");
            tx.record(entry, world.now()).await.unwrap();
        }
        tx.finish(()).await.unwrap();
        let purchase = world.wait(&purchase).await;
        let order = contracted(&world, &purchase).await;
        world.market.documents().catch_up().await.unwrap();
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 1);
        assert_eq!(issued(&world, DocumentKind::ContractSummary, order.0).await, 1);
    }

    async fn what_cannot_be_issued_stops_no_other(url: &str) {
        let (world, purchase) = published(url).await;
        let stands = async |id: PurchaseId, version: i64, at: Timestamp| {
            let mut tx = world.market.work().await.unwrap();
            let entry = Entry::new(Kind::Purchase, &id, version, "award_stands");
            tx.record(entry, at).await.unwrap();
            tx.finish(()).await.unwrap();
        };
        // One of which nothing is there, before another.
        stands(PurchaseId(Uuid::from_u128(1)), 1, Timestamp::from_micros(0)).await;
        let purchase = world.wait(&purchase).await;
        let documents = world.market.documents();
        documents.catch_up().await.unwrap();
        assert_eq!(issued(&world, DocumentKind::AwardLetter, purchase.id.0).await, 1);
        // One that cannot be read.
        let seen = world.market.db.documents_position().await.unwrap();
        let mut tx = world.market.work().await.unwrap();
        let spoil = "update purchases set detail = '{}' where id = $1";
        assert_eq!(tx.query(spoil).bind(purchase.id).execute().await.unwrap(), 1);
        tx.finish(()).await.unwrap();
        stands(purchase.id, 1_000, world.now()).await;
        documents.catch_up().await.unwrap();
        assert!(world.market.db.documents_position().await.unwrap() > seen);
    }
}
