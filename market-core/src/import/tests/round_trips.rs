//! What goes in comes out, byte for byte; what goes in twice changes nothing.

use super::*;

/// How many things each pack of `data/` holds.
const HELD: [(Kind, u64); 9] = [
    (Kind::Regions, 3213),
    (Kind::Calendar, 108),
    (Kind::Policy, 2),
    (Kind::Departments, 18),
    (Kind::Categories, 17),
    (Kind::Qualifications, 20),
    (Kind::Items, 41),
    (Kind::Matters, 50),
    (Kind::Synonyms, 5931),
];

async fn journal_entries(market: &Market) -> i64 {
    let counted = market.db.query("select cast(count(*) as bigint) from journal");
    counted.one::<(i64,)>().await.unwrap().0
}

/// Reverses the rows of a file, but for its header.
fn reversed(text: &str) -> String {
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().rev().collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

on_both! {
    async fn every_file_comes_back_byte_for_byte(url: &str) {
        let market = market(url).await;
        for (kind, held) in HELD {
            let text = data(&kind.file());
            let report = load(&market, kind, &text).await;
            assert_eq!(wrong(&report), [], "{kind}");
            assert_eq!(counts(&report), (held, 0, 0), "{kind}");
            assert!(market.export(kind).await.unwrap() == text, "{kind} came back changed");
        }
        let entries = journal_entries(&market).await;
        for (kind, held) in HELD {
            let report = load(&market, kind, &data(&kind.file())).await;
            assert_eq!(counts(&report), (0, 0, held), "{kind}");
            assert!(market.export(kind).await.unwrap() == data(&kind.file()), "{kind}");
        }
        assert_eq!(journal_entries(&market).await, entries);
    }

    async fn the_order_of_rows_makes_no_difference(url: &str) {
        let market = market(url).await;
        for (kind, held) in HELD {
            let text = data(&kind.file());
            let given = if kind == Kind::Policy { text.clone() } else { reversed(&text) };
            let report = load(&market, kind, &given).await;
            assert_eq!(wrong(&report), [], "{kind}");
            assert_eq!(counts(&report), (held, 0, 0), "{kind}");
            assert!(market.export(kind).await.unwrap() == text, "{kind} came back changed");
        }
    }

    async fn agencies_come_back_byte_for_byte(url: &str) {
        let market = loaded(url).await;
        let files = agency_files(301, 4);
        for (kind, text) in &files {
            let report = load(&market, *kind, text).await;
            assert_eq!(wrong(&report), [], "{kind}");
            let rows = text.lines().count() as u64 - 1;
            assert_eq!(counts(&report), (rows, 0, 0), "{kind}");
        }
        let entries = journal_entries(&market).await;
        for (kind, text) in &files {
            assert!(market.export(*kind).await.unwrap() == *text, "{kind} came back changed");
            let report = load(&market, *kind, text).await;
            let rows = text.lines().count() as u64 - 1;
            assert_eq!(counts(&report), (0, 0, rows), "{kind}");
        }
        assert_eq!(journal_entries(&market).await, entries);
    }

    async fn a_changed_row_changes_one_thing(url: &str) {
        let market = loaded(url).await;
        let text = data("items.csv").replace("竣工验收消防检测", "消防设施竣工检测");
        let report = load(&market, Kind::Items, &text).await;
        assert_eq!(counts(&report), (0, 1, 40), "{:?}", report.bad);
        let code = "fire-acceptance-testing".parse().unwrap();
        let item = market.catalog().item(&code).await.unwrap();
        assert_eq!(item.version, 2);
        assert!(market.export(Kind::Items).await.unwrap() == text);

        let text = data("matters.csv").replace("build-charging-station,matter,,电动汽车",
            "build-charging-station,matter,,新能源汽车");
        let report = load(&market, Kind::Matters, &text).await;
        assert_eq!(counts(&report), (0, 1, 49));
    }

    async fn progress_is_told_in_rows(url: &str) {
        let market = loaded(url).await;
        let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
        let telling = heard.clone();
        let progress = Progress::telling(move |rows| telling.lock().unwrap().push(rows));
        let options = ImportOptions { progress, ..ImportOptions::default() };
        let matters = sheet("matters.csv", &data("matters.csv"));
        market.import(&operator(), Kind::Matters, &matters, &options).await.unwrap();
        let heard = heard.lock().unwrap();
        assert_eq!((heard.len(), heard.last()), (50, Some(&(matters.rows.len() as u64))));
    }

    async fn imports_at_once_end_well(url: &str) {
        let market = market(url).await;
        for (kind, held) in HELD {
            let text = data(&kind.file());
            let load = || {
                let (market, text) = (market.clone(), text.clone());
                tokio::spawn(async move { super::super::load(&market, kind, &text).await })
            };
            let (one, other) = tokio::join!(load(), load());
            let (one, other) = (one.unwrap(), other.unwrap());
            assert_eq!(one.created + other.created, held, "{kind}");
            assert_eq!(one.unchanged + other.unchanged, held, "{kind}");
            assert!(market.export(kind).await.unwrap() == text, "{kind}");
        }
    }

    async fn only_the_operator_imports(url: &str) {
        let market = market(url).await;
        let party = crate::Party::Department("fire".parse().unwrap());
        let call = Actor::new(crate::id::PersonId(uuid::Uuid::nil()), party).into();
        let regions = sheet("regions.csv", &data("regions.csv"));
        let refused =
            market.import(&call, Kind::Regions, &regions, &ImportOptions::default()).await;
        assert!(matches!(refused, Err(Error::Refused(crate::Refusal::OperatorOnly))));
    }

    async fn the_same_call_is_answered_once(url: &str) {
        let market = market(url).await;
        let regions = sheet("regions.csv", "code,name,parent\n100000,全国,\n");
        let call = operator().once("k1");
        let options = ImportOptions::default();
        let first = market.import(&call, Kind::Regions, &regions, &options).await.unwrap();
        let again = market.import(&call, Kind::Regions, &regions, &options).await.unwrap();
        assert_eq!(counts(&first), (1, 0, 0));
        assert_eq!(first, again);
    }

    async fn what_is_withdrawn_or_revoked_comes_back_so(url: &str) {
        let market = loaded(url).await;
        let withdrawals = market.withdrawals();
        let code = "fire-acceptance-testing".parse().unwrap();
        let mut withdrawn = Vec::new();
        for matter in market.db.all_matters().await.unwrap() {
            if matter.need(&code).is_some() {
                withdrawals.withdraw_matter(&operator(), &matter.code, "停办").await.unwrap();
                withdrawn.push(matter.code);
            }
        }
        withdrawals.withdraw_item(&operator(), &code, "取消").await.unwrap();
        for (kind, text) in &agency_files(3, 1) {
            assert_eq!(wrong(&load(&market, *kind, text).await), []);
        }
        let held = market.db.all_qualifications().await.unwrap();
        let (agency, certificate) = (held[0].agency_id, held[0].id);
        market.agencies().revoke_qualification(&operator(), agency, certificate).await.unwrap();

        let with_marks = [Kind::Items, Kind::Matters, Kind::AgencyQualifications];
        let fresh = super::market("sqlite::memory:").await;
        let mut kept = Vec::new();
        for kind in with_marks {
            let text = market.export(kind).await.unwrap();
            assert!(text.lines().any(|line| line.ends_with(",yes")), "{kind}: {text}");
            let unchanged = load(&market, kind, &text).await;
            assert_eq!((wrong(&unchanged), unchanged.changed), (vec![], 0), "{kind}");
            kept.push((kind, text));
        }
        // Files that know nothing of it leave it alone.
        for kind in [Kind::Items, Kind::Matters] {
            let report = load(&market, kind, &data(&kind.file())).await;
            assert_eq!((wrong(&report), report.changed), (vec![], 0), "{kind}");
        }
        let [_, (_, certificates), ..] = agency_files(3, 1);
        let report = load(&market, Kind::AgencyQualifications, &certificates).await;
        assert_eq!((wrong(&report), report.changed), (vec![], 0));

        for kind in &Kind::ALL[..6] {
            load(&fresh, *kind, &data(&kind.file())).await;
        }
        for (kind, text) in kept {
            if kind == Kind::AgencyQualifications {
                load(&fresh, Kind::Agencies, &agency_files(3, 1)[0].1).await;
            }
            assert_eq!(wrong(&load(&fresh, kind, &text).await), [], "{kind}");
            assert_eq!(fresh.export(kind).await.unwrap(), text, "{kind}");
        }
        assert!(fresh.catalog().item(&code).await.unwrap().withdrawn);
        assert!(fresh.matters().get(&withdrawn[0]).await.unwrap().withdrawn);
        assert!(fresh.db.all_qualifications().await.unwrap().iter().any(|one| one.revoked));
    }

    async fn a_mark_that_does_not_fit_is_told_with_its_row(url: &str) {
        let market = loaded(url).await;
        let items = |mark: &str| {
            let lines: Vec<String> = data("items.csv").lines().enumerate().map(|(at, line)| {
                let cell = match at {
                    0 => "withdrawn",
                    _ if line.starts_with("fire-acceptance-testing,") => mark,
                    _ => "",
                };
                format!("{line},{cell}")
            }).collect();
            lines.join("\n")
        };
        for (mark, code) in [("maybe", "word"), ("yes", "needed")] {
            let report = load(&market, Kind::Items, &items(mark)).await;
            let told: Vec<_> = report.bad.iter().map(|bad| (&*bad.column, &*bad.code)).collect();
            assert_eq!(told, [("withdrawn", code)], "{mark}");
        }
    }
}
