use futures::future::join_all;

use super::*;
use crate::{
    Change, Kind,
    department::NewDepartment,
    matter::Matter,
    testing::{market, on_both},
};

fn department() -> NewDepartment {
    NewDepartment {
        code: "fire".parse().unwrap(),
        name: "消防".to_owned(),
        region: "330282".parse().unwrap(),
        phone: "0574-0000-0001".to_owned(),
    }
}

fn category(position: i64) -> Category {
    Category {
        code: format!("c{position}").parse().unwrap(),
        name: "测绘".to_owned(),
        position,
        description: String::new(),
    }
}

fn item(code: &str, category: &str) -> ServiceItem {
    ServiceItem {
        code: code.parse().unwrap(),
        version: 0,
        name: "消防检测".to_owned(),
        category: category.parse().unwrap(),
        department: "fire".parse().unwrap(),
        aliases: vec!["消检".to_owned()],
        nature: Nature::Statutory,
        legal_basis: "《中华人民共和国消防法》".to_owned(),
        rule: Rule::Any,
        requirements: vec![Requirement {
            kind: "fire-testing".parse().unwrap(),
            level: "registered".parse().unwrap(),
            major: None,
        }],
        days: 10,
        price_mode: PriceMode::Market,
        price_cap: Money::from_fen(1_200_000),
        price_unit: "元/项".to_owned(),
        deliverable: DeliverableKind::TestReport,
        withdrawn: false,
    }
}

fn matter() -> Matter {
    Matter {
        code: "open-restaurant".parse().unwrap(),
        version: 0,
        name: "开办餐馆".to_owned(),
        lead: "fire".parse().unwrap(),
        audience: "个体工商户".to_owned(),
        statutory_days: 20,
        promised_days: 5,
        steps: Vec::new(),
        materials: Vec::new(),
        needs: Vec::new(),
        withdrawn: false,
    }
}

async fn with_two_categories(url: &str) -> Market {
    let market = market(url).await;
    let mut tx = market.work().await.unwrap();
    assert_eq!(tx.put_department(&department()).await.unwrap(), Change::Created);
    for position in [2, 1] {
        assert_eq!(tx.put_category(&category(position)).await.unwrap(), Change::Created);
    }
    tx.finish(()).await.unwrap();
    market
}

on_both! {
    async fn a_changed_item_gets_a_new_version_and_keeps_the_old_one(url: &str) {
        let market = with_two_categories(url).await;
        let mut tx = market.work().await.unwrap();
        let first = item("fire-testing", "c1");
        let dearer = ServiceItem { price_cap: Money::from_fen(1), ..first.clone() };
        assert_eq!(tx.put_item(&first).await.unwrap(), Change::Created);
        assert_eq!(tx.put_item(&first).await.unwrap(), Change::Unchanged);
        assert_eq!(tx.put_item(&dearer).await.unwrap(), Change::Changed);
        assert_eq!(tx.put_item(&dearer).await.unwrap(), Change::Unchanged);
        let kept = tx.service_item_version(&first.code, 1).await.unwrap();
        assert_eq!(kept, ServiceItem { version: 1, ..first.clone() });
        let current = tx.service_item(&first.code).await.unwrap();
        assert_eq!(current, ServiceItem { version: 2, ..dearer.clone() });
        tx.finish(()).await.unwrap();

        assert_eq!(market.catalog().item(&first.code).await.unwrap(), current);
        assert_eq!(market.catalog().item_version(&first.code, 1).await.unwrap(), kept);
        let missing = market.catalog().item_version(&first.code, 3).await;
        assert!(matches!(missing, Err(Error::NotFound("service item"))));
        let entries = market.db.journal_of(Kind::ServiceItem, "fire-testing").await.unwrap();
        let events: Vec<_> = entries.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(events, ["service_item_created", "service_item_changed"]);
    }

    async fn a_withdrawn_item_is_still_known_to_whoever_refers_to_it(url: &str) {
        let market = with_two_categories(url).await;
        let code = "fire-testing".parse().unwrap();
        for withdrawn in [true, false, true] {
            let mut tx = market.work().await.unwrap();
            tx.put_item(&ServiceItem { withdrawn, ..item("fire-testing", "c1") }).await.unwrap();
            tx.finish(()).await.unwrap();
            // Whoever asks first, a read or a unit of work, has the process keep it for both.
            if withdrawn {
                assert!(market.catalog().item(&code).await.unwrap().withdrawn);
            }
            let mut tx = market.work().await.unwrap();
            assert_eq!(tx.service_item(&code).await.unwrap().withdrawn, withdrawn);
            tx.finish(()).await.unwrap();
            assert_eq!(market.catalog().item(&code).await.unwrap().withdrawn, withdrawn);
        }
    }

    async fn items_are_listed_by_code_page_by_page(url: &str) {
        let market = with_two_categories(url).await;
        let mut tx = market.work().await.unwrap();
        for (code, category) in [("b", "c1"), ("a", "c1"), ("c", "c2"), ("d", "c1")] {
            tx.put_item(&item(code, category)).await.unwrap();
        }
        tx.put_item(&ServiceItem { withdrawn: true, ..item("d", "c1") }).await.unwrap();
        tx.finish(()).await.unwrap();
        let codes = |page: &Page<ServiceItem>| {
            page.items.iter().map(|item| item.code.to_string()).collect::<Vec<_>>()
        };
        let catalog = market.catalog();
        let first = Paging { limit: 2, ..Paging::default() };
        let page = catalog.items(&ItemFilter::default(), &first).await.unwrap();
        assert_eq!(codes(&page), ["a", "b"]);
        let rest = Paging { after: page.next, ..first };
        let page = catalog.items(&ItemFilter::default(), &rest).await.unwrap();
        assert_eq!((codes(&page), page.next), (vec!["c".to_owned()], None));
        let of_c2 = ItemFilter { category: "c2".parse().ok(), department: "fire".parse().ok() };
        let page = catalog.items(&of_c2, &Paging::default()).await.unwrap();
        assert_eq!(codes(&page), ["c"]);
        let positions: Vec<_> = catalog.categories().await.unwrap().into_iter()
            .map(|category| category.position).collect();
        assert_eq!(positions, [1, 2]);
    }

    async fn a_kind_of_qualification_keeps_its_levels_in_order(url: &str) {
        let market = market(url).await;
        let mut tx = market.work().await.unwrap();
        let level = |level: &str, rank| Level {
            level: level.parse().unwrap(), name: level.to_owned(), rank,
        };
        let kind = QualificationType {
            kind: "surveying".parse().unwrap(),
            name: "测绘资质".to_owned(),
            issuer: "自然资源部门".to_owned(),
            majors: vec!["工程测量".to_owned()],
            levels: vec![level("b", 1), level("a", 2)],
        };
        assert_eq!(tx.put_qualification_type(&kind).await.unwrap(), Change::Created);
        assert_eq!(tx.put_qualification_type(&kind).await.unwrap(), Change::Unchanged);
        let fewer = QualificationType { levels: vec![level("a", 1)], ..kind };
        assert_eq!(tx.put_qualification_type(&fewer).await.unwrap(), Change::Changed);
        assert_eq!(tx.qualification_type(&fewer.kind).await.unwrap(), fewer);
        tx.finish(()).await.unwrap();
        assert_eq!(market.catalog().qualification_types().await.unwrap(), [fewer]);
    }

    async fn a_changed_matter_or_department_is_told_in_the_journal(url: &str) {
        let market = with_two_categories(url).await;
        let mut tx = market.work().await.unwrap();
        assert_eq!(tx.put_matter(&matter()).await.unwrap(), Change::Created);
        assert_eq!(tx.put_matter(&matter()).await.unwrap(), Change::Unchanged);
        let faster = Matter { promised_days: 3, ..matter() };
        assert_eq!(tx.put_matter(&faster).await.unwrap(), Change::Changed);
        assert_eq!(tx.matter_version(&faster.code, 1).await.unwrap().promised_days, 5);
        let renamed = NewDepartment { name: "消防救援".to_owned(), ..department() };
        assert_eq!(tx.put_department(&renamed).await.unwrap(), Change::Changed);
        assert_eq!(tx.put_department(&renamed).await.unwrap(), Change::Unchanged);
        tx.finish(()).await.unwrap();
        let current = market.matters().get(&faster.code).await.unwrap();
        assert_eq!((current.version, current.promised_days), (2, 3));
        let page = market.matters().list(&Paging::default()).await.unwrap();
        assert_eq!(page.items, [current]);
        let entries = market.db.journal_of(Kind::Matter, "open-restaurant").await.unwrap();
        assert_eq!(entries.len(), 2);
        let entries = market.db.journal_of(Kind::Department, "fire").await.unwrap();
        assert_eq!(entries.len(), 2);
        let departments = market.departments().list().await.unwrap();
        let now: Vec<_> = departments.iter().map(|one| (&one.name, one.version)).collect();
        assert_eq!(now, [(&renamed.name, 2)]);
    }

    async fn every_statement_is_understood(url: &str) {
        let market = market(url).await;
        let all = [crate::catalog::store::STATEMENTS, crate::department::store::STATEMENTS,
            crate::matter::store::STATEMENTS, crate::rules::store::STATEMENTS];
        for (name, sql) in all.concat() {
            market.db.prepare(sql).await.unwrap_or_else(|why| panic!("{name}: {why}"));
        }
    }

    async fn of_many_who_change_a_thing_at_once_each_does(url: &str) {
        let market = with_two_categories(url).await;
        let mut tx = market.work().await.unwrap();
        tx.put_item(&item("fire", "c1")).await.unwrap();
        tx.put_matter(&matter()).await.unwrap();
        tx.finish(()).await.unwrap();
        let code = matter().code;
        let change = async |n: usize| {
            let mut tx = market.work().await?;
            let mut held = tx.service_item_for_update(&"fire".parse().unwrap()).await?;
            held.aliases.push(format!("消检{n}"));
            tx.put_item(&held).await?;
            let mut held = tx.matter_for_update(&code).await?;
            held.audience.push_str("、企业");
            tx.put_matter(&held).await?;
            tx.finish(()).await
        };
        let changed: Vec<Result<(), Error>> = join_all((0..8).map(change)).await;
        assert!(changed.iter().all(Result::is_ok), "{changed:?}");
        let item = market.db.service_item(&"fire".parse().unwrap()).await.unwrap();
        assert_eq!((item.version, item.aliases.len()), (9, 9));
        let matter = market.db.matter(&code).await.unwrap();
        assert_eq!((matter.version, matter.audience.matches("企业").count()), (9, 8));
        // Whoever does not read it before may be the second, too.
        let put = async |n: i64| {
            let mut tx = market.work().await?;
            let change = tx.put_item(&ServiceItem { days: 20 + u32::try_from(n).unwrap(), ..item.clone() }).await?;
            tx.finish(change).await
        };
        let put: Vec<Result<Change, Error>> = join_all((0..8).map(put)).await;
        assert!(put.iter().all(|one| matches!(one, Ok(Change::Changed))), "{put:?}");
    }
}
