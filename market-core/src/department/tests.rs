use serde_json::json;

use super::*;
use crate::{
    Actor, Kind, Party, Refusal,
    import::{ImportOptions, Kind as Pack, Report, Sheet},
    sealing::SupervisorKey,
    testing::{market, on_both},
};

const FILE: &str = "code,name,region,phone\n\
    fire,消防救援大队,330282,0574-00000001\n\
    planning,自然资源和规划局,330282,0574-00000002\n";

/// Imports a file.
async fn import(market: &Market, kind: Pack, text: &str) -> Report {
    let sheet = Sheet::read(&kind.file(), text.as_bytes()).unwrap();
    let (call, options) = (Call::from(Actor::system()), ImportOptions::default());
    let report = market.import(&call, kind, &sheet, &options).await.unwrap();
    assert!(report.bad.is_empty(), "{kind}: {:?}", report.bad);
    report
}

/// Imports departments, and says how many were created, changed and left alone.
async fn load(market: &Market, text: &str) -> (u64, u64, u64) {
    let regions = "code,name,parent,latitude,longitude\n100000,全国,,,\n330282,慈溪市,100000,,\n";
    import(market, Pack::Regions, regions).await;
    let report = import(market, Pack::Departments, text).await;
    (report.created, report.changed, report.unchanged)
}

fn code(text: &str) -> DepartmentCode {
    text.parse().unwrap()
}

fn acting(party: Party) -> Call {
    Actor::new(Actor::system().person, party).into()
}

fn fresh_key(market: &Market) -> PublicKey {
    SupervisorKey::new(market.env()).public()
}

on_both! {
    async fn a_department_sets_its_opening_key(url: &str) {
        let market = market(url).await;
        load(&market, FILE).await;
        let (departments, fire) = (market.departments(), code("fire"));
        let call = acting(Party::Department(fire.clone()));
        assert_eq!(departments.get(&fire).await.unwrap().opening_key, None);
        let key = fresh_key(&market);
        let set = departments.set_opening_key(&call, &fire, &key).await.unwrap();
        assert_eq!((set.version, &set.opening_key), (2, &Some(key.clone())));
        assert_eq!(departments.get(&fire).await.unwrap(), set);
        assert_eq!(departments.set_opening_key(&call, &fire, &key).await.unwrap(), set);

        let entries = market.db.journal_of(Kind::Department, "fire").await.unwrap();
        let told: Vec<_> = entries.iter().map(|entry| entry.event.as_str()).collect();
        assert_eq!(told, ["department_created", "department_opening_key_set"]);
        assert_eq!(entries[1].data, json!({ "opening_key": key }));
        assert_eq!(entries[1].party, Some(Party::Department(fire.clone())));

        let other = fresh_key(&market);
        let stale = departments.set_opening_key(&call.clone().expecting(1), &fire, &other).await;
        assert!(matches!(stale, Err(Error::Stale("department"))), "{stale:?}");
        let changed = departments.set_opening_key(&call.expecting(2), &fire, &other).await.unwrap();
        assert_eq!((changed.version, changed.opening_key), (3, Some(other)));
        assert_eq!(departments.get(&code("planning")).await.unwrap().opening_key, None);
    }

    async fn nobody_else_sets_it(url: &str) {
        let market = market(url).await;
        load(&market, FILE).await;
        let (departments, fire) = (market.departments(), code("fire"));
        for (party, refusal) in [
            (Party::Department(code("planning")), Refusal::OtherDepartment),
            (Party::Operator, Refusal::DepartmentsOnly),
        ] {
            let refused = departments.set_opening_key(&acting(party), &fire, &fresh_key(&market)).await;
            assert!(matches!(&refused, Err(Error::Refused(why)) if *why == refusal), "{refused:?}");
        }
        assert_eq!(departments.get(&fire).await.unwrap().version, 1);
        let gone = acting(Party::Department(code("gone")));
        let missing = departments.set_opening_key(&gone, &code("gone"), &fresh_key(&market)).await;
        assert!(matches!(missing, Err(Error::NotFound("department"))), "{missing:?}");
    }

    async fn an_import_keeps_the_opening_key_and_an_export_leaves_it_out(url: &str) {
        let market = market(url).await;
        assert_eq!(load(&market, FILE).await, (2, 0, 0));
        let (departments, fire) = (market.departments(), code("fire"));
        let (call, key) = (acting(Party::Department(fire.clone())), fresh_key(&market));
        departments.set_opening_key(&call, &fire, &key).await.unwrap();
        assert_eq!(load(&market, FILE).await, (0, 0, 2));
        assert_eq!(market.export(Pack::Departments).await.unwrap(), FILE);

        let renamed = FILE.replace("消防救援大队", "消防救援局");
        assert_eq!(load(&market, &renamed).await, (0, 1, 1));
        let department = departments.get(&fire).await.unwrap();
        assert_eq!((department.name.as_str(), department.version), ("消防救援局", 3));
        assert_eq!(department.opening_key, Some(key));
        assert_eq!(market.export(Pack::Departments).await.unwrap(), renamed);
    }

    async fn a_repeated_call_sets_it_once(url: &str) {
        let market = market(url).await;
        load(&market, FILE).await;
        let (departments, fire) = (market.departments(), code("fire"));
        let call = acting(Party::Department(fire.clone())).once("k");
        let (one, other) = (fresh_key(&market), fresh_key(&market));
        let set = departments.set_opening_key(&call, &fire, &one).await.unwrap();
        assert_eq!(departments.set_opening_key(&call, &fire, &one).await.unwrap(), set);
        let reused = departments.set_opening_key(&call, &fire, &other).await;
        assert!(matches!(reused, Err(Error::Refused(Refusal::KeyReused))), "{reused:?}");
    }
}
