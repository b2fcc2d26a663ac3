//! What the record tells of services from the opening of a case to the evaluation of its orders,
//! and to whom.

use std::collections::BTreeSet;

use super::{field::When, *};
use crate::{
    Call, Party, Refusal,
    agency::Details,
    case::{Case, Fund, NewCase},
    evaluation::NewEvaluation,
    kernel::text::plain_cell,
    matter::Matter,
    order::{
        NewPayment, NewReturn, ReturnCode,
        tests::world::{ITEM, World, acting},
    },
    testing::on_both,
};

/// The steps that the restaurant's services are for, with their items.
const ROWS: [&str; 5] = [
    "s4.drainage-water-testing",
    "s5.environmental-monitoring",
    "s3.fire-facility-inspection",
    "s2.house-safety-appraisal",
    "s6.house-safety-appraisal",
];

fn department(code: &str) -> Call {
    acting(Party::Department(code.parse().unwrap()))
}

fn from(after: Option<Cursor>, limit: u32) -> Paging {
    Paging { after, limit }
}

impl World {
    async fn changed(&self, call: &Call, after: Option<Cursor>) -> ServiceRecords {
        self.market.records().changed(&call.actor, &from(after, 100)).await.unwrap()
    }

    /// What somebody reads of the inspection.
    async fn inspection(&self, call: &Call) -> ServiceRecord {
        let all = self.changed(call, None).await.items;
        let case = self.case.id;
        let mut of_case = all.into_iter().filter(|row| row.case_id == case);
        of_case.find(|row| row.item.as_str() == ITEM).unwrap()
    }

    async fn another_case(&self) -> Case {
        let new = NewCase {
            matter: "open-restaurant".parse().unwrap(),
            title: "又开一家面馆".to_owned(),
            region: "330282".parse().unwrap(),
            fund: Fund::Social,
        };
        self.market.cases().open(&self.applicant, new).await.unwrap()
    }

    /// Has a department lead the matter from its next version on.
    async fn led_by(&self, lead: &str) {
        let mut tx = self.market.work().await.unwrap();
        let matter = tx.matter(&self.case.matter).await.unwrap();
        tx.put_matter(&Matter { lead: lead.parse().unwrap(), ..matter }).await.unwrap();
        tx.finish(()).await.unwrap();
    }

    async fn rename(&self, name: &str) {
        let (agencies, id) = (self.market.agencies(), self.listing.agency_id);
        let now = agencies.get(Some(&self.agency.actor), id).await.unwrap();
        let details = Details { name: name.to_owned(), region: now.region, profile: now.profile };
        agencies.change(&self.agency, id, details).await.unwrap();
    }
}

impl ServiceRecord {
    fn says(&self, field: Field) -> &str {
        self.values.get(&field).map_or("", String::as_str)
    }
}

fn tails(rows: &[ServiceRecord]) -> Vec<String> {
    rows.iter().map(|row| row.key.split_once('.').unwrap().1.to_owned()).collect()
}

on_both! {
    async fn what_is_not_known_is_missing_and_not_made_up(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let all = world.changed(&acting(Party::Operator), None).await;
        assert_eq!(tails(&all.items), ROWS);
        assert!(!all.more);
        let row = &all.items[2];
        assert_eq!(row.says(Field::State), "unbought");
        assert_eq!(row.says(Field::ItemName), "建筑消防设施检测");
        assert_eq!(row.says(Field::Client), "李明");
        assert_eq!(row.says(Field::Valid), "valid");
        assert_eq!(row.says(Field::Handler), world.applicant.actor.party.to_string());
        assert_eq!(row.missing, [Field::ProjectCode, Field::StandardItem, Field::ClientCode]);
        for field in [Field::Instance, Field::AgencyName, Field::Purchase, Field::InvalidReason] {
            assert_eq!(row.says(field), "", "{field}: a draft is nobody's business");
        }
        let names: BTreeSet<_> = Field::ALL.iter().map(|field| field.zh()).collect();
        assert_eq!(names.len(), Field::ALL.len(), "a column has one name");
    }

    async fn a_row_comes_again_when_it_has_changed_and_only_then(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let operator = acting(Party::Operator);
        let other = world.another_case().await;
        let first = world.changed(&operator, None).await;
        assert_eq!(first.items.len(), 10);
        let nothing = world.changed(&operator, Some(first.next.clone())).await;
        assert_eq!((nothing.items, nothing.more), (Vec::new(), false));
        let order = world.place().await.unwrap();
        let again = world.changed(&operator, Some(first.next)).await;
        assert!(again.items.iter().all(|row| row.case_id != other.id));
        let row = again.items.iter().find(|row| row.item.as_str() == ITEM).unwrap();
        assert_eq!(row.says(Field::Instance), order.id.to_string());
        assert_eq!((row.says(Field::State), row.says(Field::Mode)), ("placed", "direct"));
        world.market.orders().cancel(&world.applicant, order.id, "不开了").await.unwrap();
        let row = world.inspection(&operator).await;
        assert_eq!((row.says(Field::State), row.says(Field::Instance)), ("unbought", ""));
        world.market.cases().withdraw(&world.applicant, other.id, "不开了").await.unwrap();
        let last = world.changed(&operator, Some(again.next)).await;
        let withdrawn: Vec<_> = last.items.iter().filter(|row| row.case_id == other.id).collect();
        assert_eq!(withdrawn.len(), 5);
        for row in withdrawn {
            assert_eq!(row.says(Field::Valid), "invalid");
            assert_eq!(row.says(Field::InvalidReason), "case_withdrawn");
            assert_eq!(row.says(Field::Handler), "");
        }
    }

    async fn pages_of_any_size_hold_the_same(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let operator = acting(Party::Operator);
        for _ in 0..4 {
            world.another_case().await;
        }
        world.place().await.unwrap();
        let records = world.market.records();
        let keys = |rows: &[ServiceRecord]| -> BTreeSet<String> {
            rows.iter().map(|row| row.key.clone()).collect()
        };
        let whole = world.changed(&operator, None).await;
        let whole = keys(&whole.items);
        assert_eq!(whole.len(), 25);
        for limit in [1, 2, 3, 7] {
            let (mut after, mut found) = (None, BTreeSet::new());
            loop {
                let page = records.changed(&operator.actor, &from(after, limit)).await.unwrap();
                assert!(page.items.len() <= 5 * limit as usize);
                found.extend(keys(&page.items));
                after = Some(page.next);
                if !page.more {
                    break;
                }
            }
            assert_eq!(found, whole, "{limit}");
        }
    }

    async fn an_agency_with_another_name_brings_all_its_cases(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let operator = acting(Party::Operator);
        world.place().await.unwrap();
        let mut cases = BTreeSet::from([world.case.id]);
        for _ in 0..3 {
            let case = world.another_case().await;
            cases.insert(case.id);
            let other = World { case, ..world.clone() };
            other.place().await.unwrap();
        }
        world.another_case().await;
        let before = world.changed(&operator, None).await;
        world.rename("改名消防技术服务有限公司").await;
        let (outsider, paging) = (department("civil-affairs"), from(Some(before.next.clone()), 4));
        let told = world.market.records().changed(&outsider.actor, &paging).await.unwrap();
        assert_eq!((told.items, told.more), (Vec::new(), false), "no case of others is named");
        let (mut after, mut told) = (before.next, Vec::new());
        for page in 1.. {
            let paging = from(Some(after), 2);
            let found = world.market.records().changed(&operator.actor, &paging).await.unwrap();
            told.extend(found.items);
            after = found.next;
            if !found.more {
                break;
            }
            assert!(page < 5);
        }
        let all: BTreeSet<_> = told.iter().map(|row| row.case_id).collect();
        assert_eq!(all, cases);
        let renamed = told.iter().filter(|row| row.item.as_str() == ITEM);
        assert_eq!(renamed.clone().count(), 4);
        for row in renamed {
            assert_eq!(row.says(Field::AgencyName), "改名消防技术服务有限公司");
        }
    }

    async fn the_lead_of_a_matter_is_that_of_the_cases_version(url: &str) {
        let world = World::new(url, Fund::Social).await;
        world.led_by("civil-affairs").await;
        let case = world.another_case().await;
        world.led_by("market-regulation").await;
        let lead = department("civil-affairs");
        let rows = world.changed(&lead, None).await.items;
        assert!(rows.len() == 5 && rows.iter().all(|row| row.case_id == case.id), "{rows:?}");
        let checked = world.market.records().check(&lead.actor, &Paging::default()).await;
        assert_eq!(checked.unwrap().rows, 5);
    }

    async fn everybody_reads_what_the_table_says(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let order = world.award().await.unwrap();
        let order = world.in_service(order, world.contract()).await;
        let payment = NewPayment {
            amount: "100.00".parse().unwrap(),
            paid_on: world.env().now().day(),
            reference: "流水 1".to_owned(),
            note: String::new(),
        };
        world.market.orders().pay(&world.applicant, order.id, payment).await.unwrap();
        world.deliver(&order).await;
        let records = world.market.records();
        for call in [&world.applicant, &world.agency] {
            let refused = records.changed(&call.actor, &Paging::default()).await;
            let checked = records.check(&call.actor, &Paging::default()).await;
            for why in [refused.map(drop).unwrap_err(), checked.map(drop).unwrap_err()] {
                assert!(matches!(why, Error::Refused(Refusal::SupervisorsOnly)), "{why:?}");
            }
        }
        let elsewhere = world.changed(&department("civil-affairs"), None).await;
        assert_eq!(elsewhere.items, []);
        let unread = records.check(&department("civil-affairs").actor, &Paging::default()).await;
        assert_eq!(unread.unwrap(), Completeness::default());
        let lead = department("market-regulation");
        assert_eq!(world.changed(&lead, None).await.items.len(), 5);
        assert_eq!(records.check(&lead.actor, &Paging::default()).await.unwrap().rows, 5);

        let operator = world.inspection(&acting(Party::Operator)).await;
        assert_eq!(operator.masked, []);
        assert_eq!(operator.says(Field::Paid), "100.00");
        assert_eq!(operator.says(Field::AttachmentName), "报告.pdf");
        let fire = world.inspection(&department("fire-rescue")).await;
        let unaccepted = [Field::AttachmentName, Field::AttachmentId, Field::Paid, Field::Sha256];
        assert_eq!(fire.masked, unaccepted);
        assert_eq!(fire.missing, operator.missing, "what is masked is not missing");
        world.market.orders().sign_off(&world.applicant, order.id).await.unwrap();
        let fire = world.inspection(&department("fire-rescue")).await;
        assert_eq!((&*fire.masked, fire.says(Field::Use)), (&[Field::Paid][..], "pending"));
        assert_eq!(fire.says(Field::UsedOn), "");
        assert_eq!(world.inspection(&lead).await.says(Field::AttachmentName), "报告.pdf");
    }

    async fn a_whole_life_fills_every_field_that_can_be_known(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let (operator, fire) = (acting(Party::Operator), department("fire-rescue"));
        let mut told = BTreeSet::new();
        let mut missing = BTreeSet::new();
        let mut look = async || {
            for row in world.changed(&operator, None).await.items {
                told.extend(row.values.into_keys());
                missing.extend(row.missing);
            }
        };
        let order = world.award().await.unwrap();
        let order = world.in_service(order, world.contract()).await;
        world.deliver(&order).await;
        let orders = world.market.orders();
        let wrong = NewReturn { code: ReturnCode::Incomplete, note: "缺附件".to_owned() };
        orders.return_for_rework(&world.applicant, order.id, wrong).await.unwrap();
        assert_eq!(world.inspection(&operator).await.says(Field::Opinion), "缺附件");
        look().await;
        world.pass(1);
        world.deliver(&order).await;
        orders.sign_off(&world.applicant, order.id).await.unwrap();
        let order = orders.use_deliverable(&fire, order.id).await.unwrap();
        let row = world.inspection(&operator).await;
        assert_eq!((row.says(Field::State), row.says(Field::Use)), ("completed", "used"));
        assert_eq!((row.says(Field::UsedOn), row.says(Field::Points)), ("2026-11-25", ""));

        let link = world.another_case().await;
        orders.link(&fire, link.id, &ITEM.parse().unwrap(), order.id).await.unwrap();
        let seen = world.changed(&operator, None).await;
        let of_link = |rows: &[ServiceRecord]| {
            let mut rows = rows.iter().filter(|row| row.case_id == link.id);
            rows.find(|row| row.item.as_str() == ITEM).cloned()
        };
        let linked = of_link(&seen.items).unwrap();
        assert_eq!(linked.says(Field::LinkedBy), "fire-rescue");
        assert_eq!((linked.says(Field::Use), linked.says(Field::UsedOn)), ("used", ""));
        assert!(linked.missing.contains(&Field::UsedOn), "of a link it is not known when");

        let marks = |names: &[&str]| NewEvaluation {
            marks: names.iter().map(|name| ((*name).to_owned(), 5)).collect(),
            comment: String::new(),
        };
        let evaluations = world.market.evaluations();
        let all = marks(&["quality", "timeliness", "attitude", "fee"]);
        evaluations.give(&world.applicant, order.id, all).await.unwrap();
        let sealed = world.inspection(&operator).await;
        assert_eq!(sealed.says(Field::Points), "", "nobody knows before all have spoken");
        let of_applicant = marks(&["cooperation", "payment"]);
        evaluations.give(&world.agency, order.id, of_applicant).await.unwrap();
        evaluations.give(&fire, order.id, marks(&["quality", "lawfulness"])).await.unwrap();
        let later = world.changed(&operator, Some(seen.next)).await;
        let again = of_link(&later.items).expect("its deliverable is reused in another case");
        assert_eq!(again.says(Field::Points), "1000");
        world.market.cases().withdraw(&world.applicant, world.another_case().await.id, "不开了")
            .await
            .unwrap();
        look().await;

        let known: BTreeSet<_> = told.union(&missing).copied().collect();
        let untold: Vec<_> = Field::ALL.iter().filter(|field| !known.contains(field)).collect();
        // The world's purchase stays a draft, of which nobody may know.
        assert_eq!(untold, [&Field::Serial, &Field::UploadState, &Field::UploadFailure, &Field::Purchase]);
        for field in missing {
            assert!(field.when().can_be_missing(), "{field}");
        }
        for field in Field::ALL.iter().filter(|field| field.when() == When::Exchange) {
            assert!(!told.contains(field), "{field} is the exchange's to fill in");
        }
    }

    async fn the_check_counts_what_the_rows_lack(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let operator = acting(Party::Operator);
        world.place().await.unwrap();
        for _ in 0..2 {
            world.another_case().await;
        }
        let records = world.market.records();
        let whole = records.check(&operator.actor, &from(None, 100)).await.unwrap();
        assert_eq!((whole.rows, whole.complete, whole.next.clone()), (15, 0, None));
        let count = |field| whole.counts.iter().find(|one| one.field == field).unwrap();
        assert_eq!((count(Field::ProjectCode).missing, count(Field::ProjectCode).of), (15, 15));
        assert_eq!((count(Field::AgencyCode).missing, count(Field::AgencyCode).of), (0, 1));
        assert!(whole.counts.iter().all(|one| one.field != Field::SignedOn), "there is none yet");
        let (mut sum, mut after) = (Completeness::default(), None);
        loop {
            sum.add(records.check(&operator.actor, &from(after, 1)).await.unwrap());
            after = sum.next.take();
            if after.is_none() {
                break;
            }
        }
        assert_eq!(sum, whole);
        for row in &world.changed(&operator, None).await.items {
            let told = whole.incomplete.iter().find(|one| one.key == row.key).unwrap();
            assert_eq!(told.missing, row.missing);
        }
    }

    async fn a_cursor_of_somebody_elses_is_refused(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let operator = acting(Party::Operator);
        for bad in ["x", "-1", "0 00000000-0000-0000-0000-000000000000", "7 x", "", "1 2 3"] {
            let paging = from(Some(Cursor::after(bad)), 10);
            let refused = world.market.records().changed(&operator.actor, &paging).await;
            let Err(Error::Invalid(faults)) = refused else { panic!("{bad}: {refused:?}") };
            assert_eq!(faults[0].pointer, "after");
        }
        let far = from(Some(Cursor::after("9000000000")), 10);
        let beyond = world.market.records().changed(&operator.actor, &far).await.unwrap();
        assert_eq!((beyond.items, beyond.more), (Vec::new(), false));
    }

    async fn a_sheet_has_a_column_for_each_field(url: &str) {
        let world = World::new(url, Fund::Social).await;
        world.place().await.unwrap();
        world.rename("=名称,带\"引号\"有限公司").await;
        let rows = world.changed(&acting(Party::Operator), None).await.items;
        let sheet = csv(&rows).unwrap();
        assert!(sheet.contains("'=名称,带"), "no name is a formula");
        let mut reader = csv::Reader::from_reader(sheet.as_bytes());
        let header = reader.headers().unwrap().clone();
        assert_eq!(header.len(), Field::ALL.len() + 2);
        assert_eq!((&header[0], &header[2]), ("地方数据主键", "行政区划代码"));
        let place = |name: &str| header.iter().position(|one| one == name).unwrap();
        let lines: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(lines.len(), rows.len());
        for (line, row) in lines.iter().zip(&rows) {
            for field in Field::ALL {
                assert_eq!(line[place(field.zh())], plain_cell(row.says(*field)), "{field}");
            }
            assert!(line[place("缺失字段")].contains("对应标准中介服务事项编码"));
        }
    }
}
