//! The national record of services in approvals, over HTTP and on the command line.

use market_core::record::Field;
use serde_json::{Value, json};

use crate::{
    harness::{Place, TestApp, on_both},
    program::{printed, run},
    server::market,
    trade::{Trade, open, step, trade},
};

const RECORDS: &str = "/api/v1/service-records";

/// The row of the trade's service, as somebody reads it.
async fn row(app: &TestApp, trade: &Trade, token: &str) -> Value {
    let page = app.get(&format!("{RECORDS}?limit=100")).by(token).gives(200).await.json;
    let mut rows = page["items"].as_array().unwrap().iter();
    let of_trade =
        |row: &&Value| row["case_id"] == trade.case && row["item"] == trade.listing.item.as_str();
    rows.rfind(of_trade).unwrap().clone()
}

on_both! {
    async fn supervisors_read_the_record_and_go_on_from_where_they_were(app: &TestApp) {
        let trade = trade(app).await;
        app.get(RECORDS).meets(401, "anonymous").await;
        for token in [&trade.applicant, &trade.agency] {
            for path in [RECORDS.to_owned(), format!("{RECORDS}/check")] {
                app.get(&path).by(token).meets(403, "supervisors-only").await;
            }
        }
        let order = trade.signed_off(app).await;
        let one = row(app, &trade, &trade.operator).await;
        assert_eq!(one["key"], format!("{}.s3.fire-facility-inspection", trade.case));
        assert_eq!(one["values"]["instance"], order);
        assert_eq!(one["values"]["contract_number"], "HT-2026-001");
        assert_eq!(one["values"]["attachment_name"], "report.txt");
        assert_eq!((&one["values"]["paid"], &one["masked"]), (&json!("0.00"), &json!([])));
        assert_eq!(one["missing"], json!(["project_code", "standard_item", "client_code"]));
        let fire = row(app, &trade, &trade.fire).await;
        assert_eq!((&fire["values"]["use"], &fire["masked"]), (&json!("pending"), &json!(["paid"])));

        let all = app.get(&format!("{RECORDS}?limit=100")).by(&trade.fire).gives(200).await.json;
        assert_eq!(all["more"], false);
        let on = format!("{RECORDS}?after={}", all["next"].as_str().unwrap());
        assert_eq!(app.get(&on).by(&trade.fire).gives(200).await.json["items"], json!([]));
        open(app, &trade.applicant, "open-restaurant").await;
        step(app, &order, "use", &trade.fire, None).await;
        let more = app.get(&on).by(&trade.fire).gives(200).await.json;
        let again: Vec<_> = more["items"].as_array().unwrap().iter().collect();
        assert_eq!(again.len(), 10, "the case that changed, and the new one");
        assert!(again.iter().any(|row| row["values"]["use"] == "used"));
    }

    async fn the_record_is_a_sheet_as_well(app: &TestApp) {
        let trade = trade(app).await;
        trade.place(app).await;
        open(app, &trade.applicant, "open-restaurant").await;
        let ask = |path: &str| app.get(path).by(&trade.operator).header("accept", "text/csv");
        let first = ask(&format!("{RECORDS}?limit=1")).gives(200).await;
        assert!(first.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
        assert_eq!(first.headers["vary"], "accept");
        assert!(first.text.starts_with("地方数据主键,流水号,行政区划代码,项目代码,"));
        assert_eq!(first.text.lines().count(), 6);
        let link = first.headers["link"].to_str().unwrap();
        let (next, rel) = link.split_once(">; rel=").unwrap();
        assert_eq!(rel, "\"next\"");
        let second = ask(next.trim_start_matches('<')).gives(200).await;
        assert_ne!(second.text, first.text);
        let link = second.headers["link"].to_str().unwrap().to_owned();
        let (next, _) = link.split_once('>').unwrap();
        let last = ask(next.trim_start_matches('<')).gives(200).await;
        assert_eq!(last.text.lines().count(), 1, "only the names of the columns");
        assert!(last.headers["link"].to_str().unwrap().ends_with("rel=\"monitor\""));
        app.get(RECORDS).by(&trade.operator).header("accept", "text/html").meets(406, "not-acceptable").await;
    }

    async fn the_check_says_what_is_missing(app: &TestApp) {
        let trade = trade(app).await;
        trade.place(app).await;
        let checked = app.get(&format!("{RECORDS}/check")).by(&trade.operator).gives(200).await.json;
        assert_eq!((&checked["rows"], &checked["complete"]), (&json!(5), &json!(0)));
        let counts = checked["counts"].as_array().unwrap();
        let standard = counts.iter().find(|one| one["field"] == "standard_item").unwrap();
        assert_eq!(standard["name"], "对应标准中介服务事项编码");
        assert_eq!((&standard["missing"], &standard["of"]), (&json!(5), &json!(5)));
        assert_eq!(checked["incomplete"].as_array().unwrap().len(), 5);

        let fields = app.get(&format!("{RECORDS}/fields")).gives(200).await.json;
        let fields = fields["items"].as_array().unwrap();
        let code = fields.iter().find(|one| one["field"] == "agency_code").unwrap();
        assert_eq!((&code["column"], &code["zh"], &code["when"]), (&json!("ZJJGDM"), &json!("中介机构代码"), &json!("bought")));
    }

    async fn what_is_asked_wrongly_is_named(app: &TestApp) {
        let operator = app.operator().await;
        for (query, pointer) in [
            ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("after=x", "after"),
            ("since=1", "since"), ("after=%00", "after"),
        ] {
            for path in [RECORDS.to_owned(), format!("{RECORDS}/check")] {
                let wrong = app.get(&format!("{path}?{query}")).by(&operator);
                let problem = wrong.meets(422, "invalid").await.json;
                assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            }
        }
    }
}

async fn exported(place: Place) {
    let app = TestApp::open(place, market_core::Env::real()).await;
    let trade = trade(&app).await;
    trade.place(&app).await;
    let place = app.leave().await;
    let folder = tempfile::tempdir().unwrap();
    let url = place.url();
    let export = |arguments: &[&str]| {
        let all = [&["export", "record", "--database", &url], arguments].concat();
        run(folder.path(), &all)
    };
    let whole = export(&[]);
    let next = String::from_utf8(whole.stderr.clone()).unwrap();
    let sheet = printed(&whole);
    assert_eq!(sheet.lines().count(), 6, "{sheet}");
    let next = next.split("--after ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let since = printed(&export(&["--after", &next, "--json"]));
    assert_eq!(since, "");
    let rows = printed(&export(&["--json"]));
    let row: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!(row["case_id"], trade.case);
    export(&["record.csv"]);
    let wrong = export(&["record.csv", "--after", "nonsense"]);
    assert_eq!(wrong.status.code(), Some(2));
    let kept = std::fs::read_to_string(folder.path().join("record.csv")).unwrap();
    assert_eq!(kept.trim_end(), sheet, "what fails leaves what was there");

    let check = printed(&export(&["--check"]));
    assert!(check.ends_with("0 of 5 rows are complete 完整"), "{check}");
    assert!(check.contains("缺 项目代码、对应标准中介服务事项编码、委托人代码"), "{check}");
    let check: Value = serde_json::from_str(&printed(&export(&["--check", "--json"]))).unwrap();
    assert_eq!(check["rows"], 5);

    assert_eq!(export(&["--check", "--after", &next]).status.code(), Some(2));
    let mut items = market(folder.path());
    let wrong = items.args(["export", "items", "--check", "--database", &url]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_it_from_sqlite() {
    exported(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_it_from_postgres() {
    exported(Place::postgres().await).await;
}

#[test]
fn the_page_has_every_field() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/national-record.md");
    let page = std::fs::read_to_string(path).unwrap();
    for field in Field::ALL {
        let (column, zh) = (field.column().unwrap_or_default(), field.zh());
        let row = format!("| `{field}` | {column} | {zh} | ");
        assert!(page.contains(&row), "{row}");
    }
    assert_eq!(page.lines().filter(|line| line.starts_with("| `")).count(), Field::ALL.len());
}
