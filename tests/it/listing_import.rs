//! Agencies import their listings from spreadsheets.

use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::{
    asking::{Answer, Asking},
    fixtures::admitted_agency,
    harness::{TestApp, on_both},
};

const PATH: &str = "/api/v1/listings/import";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HEADER: &str = "编号,事项,标题,服务内容,价格,单位,服务地区,时限,状态\n";
const GOOD: &str = "eia-1,eia-form,餐饮环评,编制报告表,8000.00,元/项,330200,10,draft\n\
    eia-2,eia-form,工业环评,编制报告表,9000.00,元/项,330200|330282,12,published\n";

fn send(app: &TestApp, query: &str, file: &str) -> Asking {
    app.ask(Method::POST, &format!("{PATH}{query}")).body("text/csv", file.to_owned())
}

/// How many listings there are that a caller may see.
async fn listings(app: &TestApp, token: &str) -> usize {
    let listed = app.get("/api/v1/listings?limit=100").by(token).gives(200).await;
    listed.json["items"].as_array().unwrap().len()
}

fn counts(answer: &Answer) -> [u64; 3] {
    ["created", "changed", "unchanged"].map(|name| answer.json[name].as_u64().unwrap())
}

/// The cells of a workbook's first sheet, row by row.
fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    let sheet = market_core::import::Sheet::read("x.xlsx", bytes).unwrap();
    let rows = sheet.rows.into_iter().map(|line| line.cells);
    std::iter::once(sheet.header).chain(rows).collect()
}

on_both! { loaded:
    async fn a_sheet_is_imported_whole_and_changes_nothing_twice(app: &TestApp) {
        let operator = app.operator().await;
        let (_, agency) = admitted_agency(app, &operator).await;
        let file = format!("{HEADER}{GOOD}");
        let rehearsed = send(app, "?validate_only=true", &file).by(&agency).gives(200).await;
        assert_eq!((counts(&rehearsed), listings(app, &agency).await), ([2, 0, 0], 0));
        assert_eq!(rehearsed.headers["validate-only"], "true");
        let import = || send(app, "", &file).by(&agency).header("idempotency-key", "i-1");
        let first = import().gives(200).await;
        assert_eq!((counts(&first), listings(app, &agency).await), ([2, 0, 0], 2));
        let again = import().gives(200).await;
        assert_eq!((again.text, &again.headers["idempotent-replayed"]), (first.text, &"true".parse().unwrap()));
        assert_eq!(counts(&send(app, "", &file).by(&agency).gives(200).await), [0, 0, 2]);
        let dearer = file.replace("8000.00", "8500.00");
        assert_eq!(counts(&send(app, "", &dearer).by(&agency).gives(200).await), [0, 1, 1]);
        let other = send(app, "", &dearer).by(&agency).header("idempotency-key", "i-1");
        other.meets(422, "idempotency-key-reused").await;
        // Anybody sees what is published.
        let shown = app.get("/api/v1/listings").gives(200).await;
        assert_eq!(shown.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(shown.text_at("/items/0/terms/title"), "工业环评");
    }

    async fn a_bad_row_is_told_by_row_and_column_and_stops_the_rest(app: &TestApp) {
        let operator = app.operator().await;
        let (_, agency) = admitted_agency(app, &operator).await;
        let bad = "eia-3,no-such-item,标题,内容,8000.005,元/项,330200,0,shown\n";
        let file = format!("{HEADER}{GOOD}{bad}");
        for query in ["", "?validate_only=true"] {
            let problem = send(app, query, &file).by(&agency).meets(422, "bad-rows").await;
            let rows = problem.json["rows"].as_array().unwrap();
            let found: Vec<_> = rows
                .iter()
                .map(|one| (one["row"].as_u64(), one["column"].as_str(), one["code"].as_str()))
                .collect();
            let at = |column, code| (Some(4), Some(column), Some(code));
            let expected = [
                at("事项", "unknown-item"),
                at("价格", "money"),
                at("时限", "range"),
                at("状态", "word"),
            ];
            assert_eq!(found, expected, "{problem:?}");
        }
        assert_eq!(listings(app, &agency).await, 0);
        let partial = send(app, "?partial=true", &file).by(&agency).gives(200).await;
        assert_eq!((counts(&partial), listings(app, &agency).await), ([2, 0, 0], 2));
        assert_eq!(partial.json["bad"].as_array().unwrap().len(), 4);

        // The same sheet comes back with what is wrong beside each row.
        let csv = send(app, "", &file).by(&agency).header("accept", "text/csv").gives(422).await;
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
        let lines: Vec<_> = csv.text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].ends_with(",error") && lines[1].ends_with("draft,"), "{}", csv.text);
        assert!(lines[3].contains("没有此中介服务事项"), "{}", csv.text);
        let left = send(app, "?partial=true", &file).by(&agency).header("accept", "text/csv");
        assert_eq!(left.gives(200).await.text.lines().count(), 2);
    }

    async fn a_workbook_is_taken_and_given_back(app: &TestApp) {
        let operator = app.operator().await;
        let (_, agency) = admitted_agency(app, &operator).await;
        let sheet = |text: &str| market_core::import::Sheet::read("x.csv", text.as_bytes()).unwrap();
        let book = sheet(&format!("{HEADER}{GOOD}")).to_xlsx().unwrap();
        let send = |book: Vec<u8>| app.ask(Method::POST, PATH).body(XLSX, book).by(&agency);
        assert_eq!(counts(&send(book.clone()).gives(200).await), [2, 0, 0]);
        let bad = sheet(&format!("{HEADER}{}", GOOD.replace("9000.00", "x"))).to_xlsx().unwrap();
        let (status, bytes) = send(bad).header("accept", XLSX).bytes().await;
        let cells = cells(&bytes);
        assert_eq!((status, cells.len(), cells[0].last().unwrap().as_str()), (422, 3, "error"));
        assert!(cells[1].last().unwrap().is_empty() && cells[2].last().unwrap().contains("价格"));

        let form = |name: &str| {
            let mut form = format!(
                "--cut\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.xlsx\"\r\n\r\n"
            )
            .into_bytes();
            form.extend(&book);
            form.extend(b"\r\n--cut--\r\n");
            app.ask(Method::POST, PATH).body("multipart/form-data; boundary=cut", form).by(&agency)
        };
        assert_eq!(counts(&form("file").gives(200).await), [0, 0, 2]);
        let wrong = form("sheet").meets(422, "invalid").await;
        assert_eq!(wrong.text_at("/errors/0/pointer"), "sheet");
    }

    async fn no_row_does_what_its_agency_may_not(app: &TestApp) {
        let operator = app.operator().await;
        let (path, agency) = admitted_agency(app, &operator).await;
        let applicant = app.applicant("wang").await;
        let file = format!("{HEADER}{GOOD}");
        send(app, "", &file).meets(401, "anonymous").await;
        send(app, "", &file).by(&applicant).meets(403, "agencies-only").await;
        send(app, "", &file).by(&operator).meets(403, "agencies-only").await;
        let code = async |file: String| {
            let problem = send(app, "", &file).by(&agency).meets(422, "bad-rows").await;
            problem.text_at("/rows/0/code").to_owned()
        };
        let others = file.replace("编号,", "uscc,编号,").replace("\neia-", "\n91512081MA62K0260E,eia-");
        assert_eq!(code(others).await, "other-agency");
        assert_eq!(code(file.replace("draft", "off_shelf")).await, "state");
        assert_eq!(code(format!("{file}{GOOD}")).await, "duplicate");
        assert_eq!(code(file.replace("餐饮环评", "餐饮\u{0}环评")).await, "characters");
        send(app, "", &file).by(&agency).gives(200).await;
        assert_eq!(code(file.replace("published", "draft")).await, "state");
        let suspension = json!({ "months": 3, "reason": "资质核查" });
        app.post(&format!("{path}/suspend"), &suspension).by(&operator).gives(200).await;
        let shown = file.replace("draft", "published");
        assert_eq!(code(shown.clone()).await, "agency-suspended");
        let leaving = json!({ "reason": "不再经营" });
        app.post(&format!("{path}/leave"), &leaving).by(&agency).gives(200).await;
        send(app, "", &shown).by(&agency).meets(409, "agency-exited").await;
    }

    async fn what_is_no_sheet_is_refused(app: &TestApp) {
        let operator = app.operator().await;
        let (_, agency) = admitted_agency(app, &operator).await;
        let fault = async |kind: &str, body: Vec<u8>| {
            let ask = app.ask(Method::POST, PATH).body(kind, Body::from(body)).by(&agency);
            let problem = ask.meets(422, "invalid").await;
            (problem.text_at("/errors/0/pointer").to_owned(), problem.text_at("/errors/0/code").to_owned())
        };
        let pair = |at: &str, code: &str| (at.to_owned(), code.to_owned());
        assert_eq!(fault("text/csv", b"code\n".to_vec()).await, pair("item", "missing-column"));
        assert_eq!(fault("text/csv", Vec::new()).await, pair("file", "empty"));
        assert_eq!(fault("text/csv", vec![0xb1, 0xe0]).await, pair("file", "encoding"));
        assert_eq!(fault(XLSX, b"PK\x03\x04nothing".to_vec()).await, pair("file", "format"));
        let many = format!("{HEADER}{}", GOOD.repeat(1001));
        assert_eq!(fault("text/csv", many.into_bytes()).await, pair("file", "size"));
        let json = app.post(PATH, &Value::Null).by(&agency);
        json.meets(415, "unsupported-media-type").await;
        let large = app.ask(Method::POST, PATH).body("text/csv", vec![b'x'; (8 << 20) + 1]);
        large.by(&agency).meets(413, "file-too-large").await;
        send(app, "?partial=maybe", HEADER).by(&agency).meets(422, "invalid").await;
        send(app, "?partail=true", HEADER).by(&agency).meets(422, "invalid").await;
        let picky = send(app, "", HEADER).by(&agency).header("accept", "image/png");
        picky.meets(406, "not-acceptable").await;
    }

    async fn two_imports_at_once_make_each_listing_once(app: &TestApp) {
        let operator = app.operator().await;
        let (_, agency) = admitted_agency(app, &operator).await;
        let file = format!("{HEADER}{GOOD}");
        let imports = (0..8).map(|_| send(app, "", &file).by(&agency).gives(200));
        let answers = futures::future::join_all(imports).await;
        let created: u64 = answers.iter().map(|answer| counts(answer)[0]).sum();
        assert_eq!((created, listings(app, &agency).await), (2, 2));
    }
}
