//! What everybody may know of purchases, over HTTP: notices, the feed, open contracting data,
//! figures, and what other policy would have decided.

use std::{fs, io::Write, path::PathBuf};

use jsonschema::Registry;
use market_core::id::PurchaseId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{Place, TestApp, on_both},
    program::{printed, run},
    town::Town,
};

/// Everything that anybody reads of a purchase, and what the feed tells of agencies, where their
/// names are public since they were admitted.
async fn everything(app: &TestApp, id: PurchaseId) -> [String; 2] {
    let mut paths = vec!["/api/v1/public-notices".to_owned(), "/feeds/notices.atom".to_owned()];
    paths.extend(["releases", "records"].map(|kind| format!("/api/v1/ocds/{kind}/{id}")));
    let mut text = String::new();
    for path in paths {
        text += &app.get(&path).gives(200).await.text;
    }
    let feed = app.feed().await;
    assert!(feed.len() > 100, "more than a page");
    let (of_agencies, rest): (Vec<_>, Vec<_>) =
        feed.into_iter().partition(|entry| entry["kind"] == "agency");
    assert!(rest.iter().any(|entry| entry["object"] == id.to_string()), "it tells of the purchase");
    [text + &json!(rest).to_string(), json!(of_agencies).to_string()]
}

fn kinds(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|notice| notice["kind"].as_str().unwrap()).collect()
}

on_both! { loaded:
    async fn notices_are_read_by_anybody(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("油烟<噪声>检测").await;
        town.quote(id).await;
        let early = everything(app, id).await;
        town.award(id).await;
        town.contract(id).await;
        town.change(id).await;
        let late = everything(app, id).await;
        for canary in ["回避缘由甲", "13812345678", "0574-1000-", "合同内容丁", "300.07", "变更内容戊", "变更缘由己"] {
            let told = [&early, &late].into_iter().flatten().any(|text| text.contains(canary));
            assert!(!told, "{canary}");
        }
        for canary in ["第0检测有限公司", "第1检测有限公司", "第2检测有限公司", "200.03", "100.01"] {
            assert!(!early[0].contains(canary), "{canary} before the award");
            assert!(late[0].contains(canary), "{canary} after the award");
        }

        let page = app.get("/api/v1/public-notices").gives(200).await.json;
        assert_eq!(kinds(&page), ["change", "contract", "award", "award", "purchase"]);
        let change = &page["items"][0];
        assert_eq!((&change["amount"], &change["change"]), (&json!("190.02"), &json!(1)));
        assert_eq!(change["number"], "HT-2026-1");
        let changes = app.get("/api/v1/public-notices?kind=change").gives(200).await.json;
        assert_eq!(changes["items"], json!([change]));
        let contract = &page["items"][1];
        assert_eq!(contract["milestones"][0]["key"], "half");
        assert_eq!(contract["amount"], "200.03");
        assert_eq!((&contract["number"], &contract["winner"]["name"]), (&json!("HT-2026-1"), &json!("第1检测有限公司")));
        assert_eq!(page["items"][4]["owner"]["name"], "慈溪某某餐饮有限公司");
        assert_eq!(page["items"][4]["notice"]["avoid"], json!([]));
        let path = format!("/api/v1/public-notices/{}", contract["pos"]);
        assert_eq!(app.get(&path).gives(200).await.json, *contract);
        app.get("/api/v1/public-notices/1").meets(404, "not-found").await;
        let awards = app.get("/api/v1/public-notices?kind=award&limit=1").gives(200).await.json;
        assert_eq!((kinds(&awards), awards["items"][0]["place"].clone()), (vec!["award"], json!(1)));
        let next = awards["next"].as_str().unwrap();
        let rest = app.get(&format!("/api/v1/public-notices?kind=award&after={next}"));
        assert_eq!(rest.gives(200).await.json["items"][0]["place"], 0);
        let query = "region=330000&item=environmental-monitoring&since=2026-11-24";
        let found = app.get(&format!("/api/v1/public-notices?{query}")).gives(200).await;
        assert_eq!(kinds(&found.json).len(), 5);
        for (query, pointer) in
            [("kind=gossip", "kind"), ("since=tomorrow", "since"), ("after=x", "after"),
             ("limit=101", "limit"), ("region=A", "region"), ("colour=red", "colour")]
        {
            let wrong = app.get(&format!("/api/v1/public-notices?{query}"));
            let problem = wrong.meets(422, "invalid").await.json;
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }

    async fn the_feed_is_atom(app: &TestApp) {
        let town = Town::new(app).await;
        town.publish("油烟<噪声>&检测").await;
        let feed = app.get("/feeds/notices.atom").gives(200).await;
        assert_eq!(feed.headers["content-type"], "application/atom+xml; charset=utf-8");
        for part in [
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"",
            "<title>采购公告 油烟&lt;噪声&gt;&amp;检测</title>",
            "<category term=\"purchase\" label=\"采购公告\"/>",
            "最高限价 200000.00 元",
        ] {
            assert!(feed.text.contains(part), "{part}: {}", feed.text);
        }
        assert_eq!(feed.text.matches("<entry>").count(), 1);
    }

    async fn a_record_merges_its_releases(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("油烟噪声检测").await;
        town.quote(id).await;
        town.award(id).await;
        town.contract(id).await;
        town.change(id).await;
        let record = app.get(&format!("/api/v1/ocds/records/{id}")).gives(200).await.json;
        let record = &record["records"][0];
        assert_eq!(record["ocid"], format!("ocds-000000-{id}"));
        let tags: Vec<_> = record["releases"].as_array().unwrap().iter().map(|one| &one["tag"]).collect();
        assert_eq!(
            json!(tags),
            json!([
                ["tender"], ["award"], ["award", "awardCancellation"], ["contract"],
                ["contractAmendment"],
            ])
        );
        let compiled = &record["compiledRelease"];
        assert_eq!(compiled["tag"], json!(["compiled"]));
        assert_eq!(compiled["tender"]["status"], "complete");
        assert_eq!(compiled["tender"]["procurementMethod"], "open");
        assert_eq!(compiled["tender"]["procurementMethodDetails"], "竞价选取（最低价）");
        assert_eq!(compiled["tender"]["value"], json!({ "amount": 200_000.0, "currency": "CNY" }));
        assert_eq!(compiled["tender"]["numberOfTenderers"], 3);
        let awards = compiled["awards"].as_array().unwrap();
        let states: Vec<_> = awards.iter().map(|award| award["status"].as_str().unwrap()).collect();
        assert_eq!(states, ["cancelled", "active"]);
        let proof = awards[1]["documents"][0]["url"].as_str().unwrap();
        assert_eq!(proof, format!("http://127.0.0.1:8080/api/v1/draws/{id}/proof"));
        let contract = &compiled["contracts"][0];
        assert_eq!((&contract["awardID"], &contract["status"]), (&json!("award-1"), &json!("active")));
        assert_eq!(contract["value"]["amount"], json!(190.02), "as it was changed");
        assert_eq!(contract["amendments"][0]["id"], "change-1");
        let releases = record["releases"].as_array().unwrap();
        let amended = &contract["amendments"][0]["amendsReleaseID"];
        assert_eq!((amended, &releases[3]["contracts"][0]["value"]["amount"]), (&releases[3]["id"], &json!(200.03)));
        let milestones = contract["milestones"].as_array().unwrap();
        assert_eq!(milestones.len(), 2);
        assert_eq!((&milestones[0]["id"], &milestones[0]["status"]), (&json!("half"), &json!("scheduled")));
        assert_eq!(compiled["parties"].as_array().unwrap().len(), 4);
        let other = Uuid::from_u128(7);
        app.get(&format!("/api/v1/ocds/records/{other}")).meets(404, "not-found").await;
        app.get("/api/v1/ocds/releases/x").meets(404, "not-found").await;
    }

    async fn figures_are_told_to_anybody(app: &TestApp) {
        let town = Town::new(app).await;
        let id = town.publish("油烟噪声检测").await;
        town.quote(id).await;
        town.award(id).await;
        town.contract(id).await;
        let figures = app.get("/api/v1/statistics/purchases?region=330282").gives(200).await.json;
        assert_eq!(figures["by_state"], json!({ "ordered": 1 }));
        assert_eq!(figures["success"], 10_000);
        assert_eq!((&figures["withheld"], &figures["prices"]), (&json!(1), &json!([])));
        let wrong = app.get("/api/v1/statistics/purchases?until=2026-02-30");
        assert_eq!(wrong.meets(422, "invalid").await.json["errors"][0]["pointer"], "until");
        let unknown = app.get("/api/v1/statistics/purchases?region=999999");
        unknown.meets(404, "not-found").await;
    }
}

/// Says around the harness, which would keep it back, that a check did not run.
fn not_run(what: &str) {
    let stderr = &mut std::io::stderr();
    writeln!(
        stderr,
        "\n*** THE CHECK OF OCDS DID NOT RUN: there is no {what}. Set MARKET_SHARED.\n"
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_are_valid_by_the_published_schemas() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("MARKET_SHARED").map_or(beside, PathBuf::from).join("ocds");
    if !folder.is_dir() {
        return not_run(&folder.display().to_string());
    }
    let app = TestApp::loaded_sqlite().await;
    let town = Town::new(&app).await;
    let done = town.publish("油烟噪声检测").await;
    town.quote(done).await;
    town.award(done).await;
    town.contract(done).await;
    town.change(done).await;
    let failed = town.publish("没有人报名").await;
    town.wait(failed).await;
    let voided = town.publish("不买了").await;
    town.market.purchases().void(&town.owner, voided, "不买了").await.unwrap();
    let mut packages = Vec::new();
    for id in [done, failed, voided] {
        for kind in ["release", "record"] {
            let package = app.get(&format!("/api/v1/ocds/{kind}s/{id}")).gives(200).await.json;
            packages.push((kind, package));
        }
    }
    app.close().await;
    tokio::task::spawn_blocking(move || validate(&folder, &packages)).await.unwrap();
}

fn validate(folder: &std::path::Path, packages: &[(&str, Value)]) {
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let base = "https://standard.open-contracting.org/schema/1__1__5";
    // Records hold no versioned release, so that its schema is not asked.
    let registry = Registry::new()
        .add(format!("{base}/release-schema.json"), read("release-schema.json"))
        .unwrap()
        .add(format!("{base}/versioned-release-validation-schema.json"), json!({}))
        .unwrap()
        .prepare()
        .unwrap();
    let validator = |name: &str| {
        let schema = read(name);
        let options = jsonschema::options().with_registry(&registry).should_validate_formats(true);
        options.build(&schema).unwrap()
    };
    let of_releases = validator("release-package-schema.json");
    let of_records = validator("record-package-schema.json");
    for (kind, package) in packages {
        let validator = if *kind == "release" { &of_releases } else { &of_records };
        let wrong: Vec<_> = validator
            .iter_errors(package)
            .map(|why| format!("{}: {why}", why.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}\n{package:#}");
        // A check that cannot fail proves nothing.
        let plural = format!("{kind}s");
        let mut broken = package.clone();
        broken[&plural][0]["ocid"] = json!(7);
        assert!(!validator.is_valid(&broken));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_tells_what_other_policy_would_have_decided() {
    let app = TestApp::loaded_sqlite().await;
    let town = Town::new(&app).await;
    let id = town.publish("油烟噪声检测").await;
    town.quote(id).await;
    town.award(id).await;
    let Place::Folder(folder) = app.leave().await else { panic!() };
    let market = folder.path().join("market.db");
    let database = format!("sqlite:{}", market.display());
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data/policy.toml");
    let policy = fs::read_to_string(&data).unwrap();
    let changed = policy.replace("minimum_priced_social = 1", "minimum_priced_social = 4");
    assert_ne!(policy, changed);
    fs::write(folder.path().join("same.toml"), &policy).unwrap();
    fs::write(folder.path().join("changed.toml"), &changed).unwrap();
    let asked = |file: &str, more: &[&str]| {
        let mut all = vec!["policy", "simulate", "--profile", file, "--region", "330282"];
        all.extend(["--database", &database]);
        all.extend(more);
        printed(&run(folder.path(), &all))
    };
    let same = asked("same.toml", &[]);
    assert!(
        same.contains("1 purchases and 0 direct orders, 0 would have been otherwise"),
        "{same}"
    );
    let table = asked("changed.toml", &[]);
    for part in [&id.to_string(), "lowest_price", "failed (too_few_registrants), not winner"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let json: Value = serde_json::from_str(&asked("changed.toml", &["--json"])).unwrap();
    assert_eq!(json[0]["otherwise"][0]["differences"][0]["difference"], "outcome");
    let since = asked("changed.toml", &["--since", "2026-11-25"]);
    assert!(since.contains("0 purchases"), "{since}");
}
