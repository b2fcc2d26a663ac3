use std::collections::BTreeMap;

use super::*;
use crate::{
    Actor, Kind, Party, Refusal,
    id::PersonId,
    import::{ImportOptions, Sheet},
    testing::{market, on_both},
};

fn operator() -> Call {
    Actor::system().into()
}

fn new(phrase: &str, names: &[&str]) -> NewSynonym {
    NewSynonym {
        phrase: phrase.to_owned(),
        kind: SynonymKind::Saying,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

async fn events(market: &Market, phrase: &str) -> Vec<(i64, String)> {
    let entries = market.db.journal_of(Kind::Synonym, phrase).await.unwrap();
    entries.into_iter().map(|entry| (entry.version, entry.event)).collect()
}

fn codes(new: &NewSynonym) -> Vec<(String, String)> {
    let faults = new.faults("/").into_iter();
    faults.map(|fault| (fault.pointer, fault.code.into_owned())).collect()
}

#[test]
fn a_synonym_keeps_to_its_limits() {
    let long = "长".repeat(41);
    let many: Vec<String> = (0..21).map(|n| format!("第{n}项")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let all_but_one = &many[..20];
    assert_eq!(codes(&new(&long[3..], all_but_one)), []);
    for (synonym, place, code) in [
        (new("", &["甲"]), "/phrase", "length"),
        (new(&long, &["甲"]), "/phrase", "length"),
        (new(" 量地", &["甲"]), "/phrase", "blanks"),
        (new("量\n地", &["甲"]), "/phrase", "characters"),
        (new("量地", &[]), "/names", "length"),
        (new("量地", &many), "/names", "length"),
        (new("量地", &[""]), "/names", "length"),
        (new("量地", &["甲 "]), "/names", "blanks"),
        (new("量地", &["甲|乙"]), "/names", "characters"),
        (new("量地", &["甲", "甲"]), "/names", "duplicate"),
    ] {
        assert_eq!(codes(&synonym), [(place.to_owned(), code.to_owned())], "{synonym:?}");
    }
}

/// The cells of a column of a file of `data/`, of the rows that a column picks, if one does.
fn column(file: &str, column: &str, of: Option<(&str, &str)>) -> Vec<String> {
    let path = format!("{}/../data/{file}", env!("CARGO_MANIFEST_DIR"));
    let sheet = Sheet::read(file, &std::fs::read(path).unwrap()).unwrap();
    let place = |name: &str| sheet.header.iter().position(|head| head == name).unwrap();
    let rows = sheet.rows.iter();
    let picked = rows.filter(|row| of.is_none_or(|(name, value)| row.cells[place(name)] == value));
    picked.map(|row| row.cells[place(column)].clone()).collect()
}

/// A name that nobody says differently would be found by its official words only.
#[test]
fn every_service_and_matter_of_the_pack_is_said_in_many_ways() {
    let meant = column("synonyms.csv", "names", None);
    let meant: Vec<BTreeSet<&str>> = meant.iter().map(|names| names.split('|').collect()).collect();
    let items = column("items.csv", "name", None);
    let matters = column("matters.csv", "name", Some(("part", "matter")));
    assert_eq!((items.len(), matters.len()), (41, 50));
    for name in items.iter().chain(&matters) {
        let ways = meant.iter().filter(|names| names.contains(name.as_str())).count();
        assert!(ways >= 8, "{name}: {ways}");
    }
}

/// What a service is called in the catalogue is in the vocabulary, too.
#[test]
fn the_aliases_of_every_item_mean_it() {
    let (phrases, names) =
        (column("synonyms.csv", "phrase", None), column("synonyms.csv", "names", None));
    let meaning: BTreeMap<&String, &String> = phrases.iter().zip(&names).collect();
    let items = column("items.csv", "name", None);
    for (name, aliases) in items.iter().zip(column("items.csv", "aliases", None)) {
        for alias in aliases.split('|') {
            let names = meaning.get(&alias.to_owned()).unwrap_or_else(|| panic!("{alias}"));
            assert!(names.split('|').any(|one| one == name), "{alias} is not {name}: {names}");
        }
    }
}

/// The phrases stand in the order in which they are written out, and none is noise.
#[test]
fn no_phrase_means_everything() {
    let phrases = column("synonyms.csv", "phrase", None);
    assert!(phrases.is_sorted());
    for noise in ["办理", "手续", "公司", "报告", "材料", "多少钱", "怎么办", "哪里办"]
    {
        assert!(!phrases.iter().any(|phrase| phrase == noise), "{noise}");
    }
    assert!(phrases.iter().all(|phrase| phrase.chars().count() >= 2));
}

on_both! {
    async fn a_phrase_means_what_was_put_last(url: &str) {
        let market = market(url).await;
        let vocabulary = market.vocabulary();
        let first = vocabulary.put(&operator(), new("量地", &["土地勘测定界"])).await.unwrap();
        assert_eq!((first.version, first.kind), (1, SynonymKind::Saying));
        let same = vocabulary.put(&operator(), new("量地", &["土地勘测定界"])).await.unwrap();
        assert_eq!(same, first);
        let more = new("量地", &["土地勘测定界", "不动产权籍调查"]);
        let second = vocabulary.put(&operator(), more).await.unwrap();
        assert_eq!((second.version, second.names.len()), (2, 2));
        assert!(second.updated_at > first.updated_at);
        assert_eq!(vocabulary.get("量地").await.unwrap(), second);
        assert_eq!(market.db.all_synonyms().await.unwrap(), [second]);
        let put = "synonym_put".to_owned();
        assert_eq!(events(&market, "量地").await, [(1, put.clone()), (2, put)]);
    }

    async fn what_is_removed_can_come_back(url: &str) {
        let market = market(url).await;
        let vocabulary = market.vocabulary();
        let call = operator().once("k1");
        vocabulary.put(&operator(), new("量地", &["甲"])).await.unwrap();
        vocabulary.remove(&call, "量地").await.unwrap();
        vocabulary.remove(&call, "量地").await.unwrap();
        let again = vocabulary.remove(&operator(), "量地").await;
        assert!(matches!(again, Err(Error::NotFound("synonym"))));
        assert!(matches!(vocabulary.get("量地").await, Err(Error::NotFound("synonym"))));
        let back = vocabulary.put(&operator(), new("量地", &["甲"])).await.unwrap();
        assert_eq!(back.version, 3);
        vocabulary.remove(&operator(), "量地").await.unwrap();
        let file = Sheet::read("a.csv", "phrase,kind,names\n量地,alias,乙\n".as_bytes()).unwrap();
        let (kind, options) = (crate::import::Kind::Synonyms, ImportOptions::default());
        let report = market.import(&operator(), kind, &file, &options).await.unwrap();
        assert_eq!((report.created, report.bad), (1, Vec::new()));
        assert_eq!(vocabulary.get("量地").await.unwrap().version, 5);
        let told: Vec<_> = events(&market, "量地").await.into_iter().map(|(_, event)| event).collect();
        assert_eq!(told, [
            "synonym_put", "synonym_removed", "synonym_put", "synonym_removed", "synonym_put",
        ]);
    }

    async fn only_the_version_that_was_seen_is_changed(url: &str) {
        let market = market(url).await;
        let vocabulary = market.vocabulary();
        let unseen = vocabulary.put(&operator().expecting(1), new("量地", &["甲"])).await;
        assert!(matches!(unseen, Err(Error::Stale("synonym"))));
        vocabulary.put(&operator(), new("量地", &["甲"])).await.unwrap();
        vocabulary.put(&operator().expecting(1), new("量地", &["乙"])).await.unwrap();
        let late = vocabulary.put(&operator().expecting(1), new("量地", &["丙"])).await;
        assert!(matches!(late, Err(Error::Stale("synonym"))));
        let late = vocabulary.remove(&operator().expecting(1), "量地").await;
        assert!(matches!(late, Err(Error::Stale("synonym"))));
        assert_eq!(vocabulary.get("量地").await.unwrap().names, ["乙"]);
        vocabulary.remove(&operator().expecting(2), "量地").await.unwrap();
    }

    async fn only_the_operator_edits(url: &str) {
        let market = market(url).await;
        let party = Party::Department("fire".parse().unwrap());
        let call = Call::from(Actor::new(PersonId(uuid::Uuid::nil()), party));
        let put = market.vocabulary().put(&call, new("量地", &["甲"])).await;
        assert!(matches!(put, Err(Error::Refused(Refusal::OperatorOnly))));
        let removed = market.vocabulary().remove(&call, "量地").await;
        assert!(matches!(removed, Err(Error::Refused(Refusal::OperatorOnly))));
        assert!(market.db.all_synonyms().await.unwrap().is_empty());
    }

    async fn many_who_put_one_phrase_at_once_all_succeed(url: &str) {
        let market = market(url).await;
        let puts: Vec<_> = (0..8).map(|_| {
            let market = market.clone();
            tokio::spawn(async move {
                market.vocabulary().put(&operator(), new("量地", &["甲"])).await
            })
        }).collect();
        for put in puts {
            assert_eq!(put.await.unwrap().unwrap().version, 1);
        }
        assert_eq!(events(&market, "量地").await.len(), 1);
    }

    async fn phrases_are_listed_page_by_page_and_by_what_they_contain(url: &str) {
        let market = market(url).await;
        let vocabulary = market.vocabulary();
        for phrase in ["a1", "b2", "C%3", "量地", "丈量土地"] {
            vocabulary.put(&operator(), new(phrase, &["甲"])).await.unwrap();
        }
        let phrases = async |containing: &str| {
            let page = vocabulary.list(Some(containing), &Paging::default()).await.unwrap();
            page.items.into_iter().map(|synonym| synonym.phrase).collect::<BTreeSet<_>>()
        };
        assert_eq!(phrases("量").await, ["量地", "丈量土地"].map(str::to_owned).into());
        assert_eq!(phrases("c").await, ["C%3".to_owned()].into());
        assert_eq!(phrases("%").await, ["C%3".to_owned()].into());
        for nowhere in ["_", "量\0", &"量".repeat(60_000)] {
            assert!(phrases(nowhere).await.is_empty());
        }
        let (mut seen, mut paging) = (BTreeSet::new(), Paging { limit: 2, ..Paging::default() });
        let mut pages = 0;
        loop {
            let page = vocabulary.list(None, &paging).await.unwrap();
            seen.extend(page.items.into_iter().map(|synonym| synonym.phrase));
            pages += 1;
            paging.after = page.next;
            if paging.after.is_none() {
                break;
            }
        }
        assert_eq!((seen.len(), pages), (5, 3));
        let foreign = Paging { after: Some(crate::Cursor::after("a\0")), ..Paging::default() };
        assert!(matches!(vocabulary.list(None, &foreign).await, Err(Error::Invalid(_))));
        assert!(matches!(vocabulary.get("a\0").await, Err(Error::NotFound("synonym"))));
    }
}
