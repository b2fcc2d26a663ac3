//! Award letters and contract summaries over HTTP: got, kept, read with poppler, seen through a
//! camera, and verified by anybody.

use std::{fs, path::Path, process::Command};

use axum::{body::Bytes, http::Method};
use market_core::{Party, sha256_hex};
use serde_json::{Value, json};

use crate::{
    asking::Answer,
    harness::{TestApp, fonts, on_both},
    portal::{BROWSER, has, keeps_to_itself, page},
    town::Town,
    trade::{Trade, step, trade},
};

const VERIFICATIONS: &str = "/api/v1/verifications";

/// Somebody for each side of a town's purchase.
struct People {
    owner: String,
    winner: String,
    loser: String,
    stranger: String,
}

impl People {
    async fn of(app: &TestApp, town: &Town) -> Self {
        Self {
            owner: app.person("owner", town.owner.actor.party.clone()).await,
            winner: app.person("winner", town.agencies[2].actor.party.clone()).await,
            loser: app.person("loser", town.agencies[0].actor.party.clone()).await,
            stranger: app.person("stranger", town.agencies[3].actor.party.clone()).await,
        }
    }
}

/// Runs a program of poppler on a document, and gives what it made.
fn poppler(program: &str, options: &[&str], pdf: &[u8], made: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("document.pdf"), folder.path().join("out"));
    fs::write(&file, pdf).unwrap();
    let run = Command::new(program).args(options).arg(&file).arg(&out).output();
    let run = run.unwrap_or_else(|why| panic!("{program}, of poppler-utils: {why}"));
    assert!(run.status.success(), "{program}: {}", String::from_utf8_lossy(&run.stderr));
    fs::read(Path::new(&format!("{}{made}", out.display()))).unwrap()
}

/// The text of a document, without blanks.
fn text(pdf: &[u8]) -> String {
    let text = poppler("pdftotext", &["-raw", "-enc", "UTF-8"], pdf, "");
    String::from_utf8(text).unwrap().split_whitespace().collect()
}

/// What the QR code on a document says, as a camera sees it.
fn scanned(pdf: &[u8]) -> String {
    let image = poppler("pdftoppm", &["-gray", "-r", "150", "-singlefile"], pdf, ".pgm");
    let mut words = image.splitn(4, u8::is_ascii_whitespace);
    let mut word = || String::from_utf8(words.next().unwrap().to_vec()).unwrap();
    assert_eq!(word(), "P5");
    let (width, height): (usize, usize) = (word().parse().unwrap(), word().parse().unwrap());
    let pixels = &image[image.len() - width * height..];
    let mut seen =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    seen.detect_grids()[0].decode().unwrap().1
}

/// Where on this server the QR code of a document leads.
fn leads_to(pdf: &[u8]) -> String {
    let url = scanned(pdf);
    url.strip_prefix("http://127.0.0.1:8080").unwrap_or_else(|| panic!("{url}")).to_owned()
}

async fn pdf(app: &TestApp, path: &str, token: &str) -> Answer {
    let answer = app.get(path).by(token).gives(200).await;
    assert_eq!(answer.headers["content-type"], "application/pdf");
    let digest = sha256_hex(&answer.bytes);
    assert_eq!(answer.headers["etag"], format!("\"{digest}\"").as_str());
    assert_eq!(answer.headers["x-content-sha256"], digest.as_str());
    answer
}

async fn uploaded(app: &TestApp, content: impl Into<Bytes>) -> Value {
    let content: Bytes = content.into();
    let asking = app.ask(Method::POST, VERIFICATIONS).body("application/pdf", content);
    asking.gives(200).await.json
}

/// A form with a file, as a browser sends it.
fn form(content: &[u8]) -> (String, Vec<u8>) {
    let head = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\
                Content-Type: application/pdf\r\n\r\n";
    let body = [head.as_bytes(), content, b"\r\n--cut--\r\n"].concat();
    ("multipart/form-data; boundary=cut".to_owned(), body)
}

async fn sent(app: &TestApp, content: &[u8], status: u16) -> String {
    let (kind, body) = form(content);
    let asking = app.ask(Method::POST, "/verify").body(&kind, body).header("accept", BROWSER);
    let answer = asking.gives(status).await;
    keeps_to_itself(&answer.text);
    answer.text
}

on_both! { loaded:
    async fn a_letter_is_got_kept_and_verified(app: &TestApp) {
        let town = Town::new(app).await;
        let people = People::of(app, &town).await;
        let id = town.publish("油烟<噪声>检测").await;
        let path = format!("/api/v1/purchases/{id}/award-letter");
        town.quote(id).await;
        app.get(&path).by(&people.owner).meets(409, "award-not-standing").await;
        town.award(id).await;
        app.get(&path).by(&people.winner).meets(409, "award-not-standing").await;
        for outsider in [&people.loser, &people.stranger] {
            app.get(&path).by(outsider).meets(404, "not-found").await;
        }
        app.get(&path).meets(401, "anonymous").await;
        town.wait(id).await;

        let letter = pdf(app, &path, &people.owner).await;
        let name = letter.headers["content-disposition"].to_str().unwrap();
        assert!(name.starts_with("attachment; filename*=UTF-8''%E4%B8%AD%E9%80%89"), "{name}");
        for token in [&people.owner, &people.winner] {
            assert_eq!(pdf(app, &path, token).await.bytes, letter.bytes);
        }
        let known = letter.headers["etag"].to_str().unwrap();
        app.get(&path).by(&people.owner).header("if-none-match", known).gives(304).await;
        for outsider in [&people.loser, &people.stranger] {
            app.get(&path).by(outsider).meets(404, "not-found").await;
            app.get(&format!("{path}s")).by(outsider).meets(404, "not-found").await;
        }
        app.get(&path).meets(401, "anonymous").await;
        app.get(&format!("{path}?version=1")).by(&people.owner).meets(404, "not-found").await;
        let wrong = app.get(&format!("{path}?version=x")).by(&people.owner);
        assert_eq!(wrong.meets(422, "invalid").await.text_at("/errors/0/pointer"), "version");

        let read = text(&letter.bytes);
        let code = leads_to(&letter.bytes).strip_prefix("/verify/").unwrap().to_owned();
        let verified = app.get(&format!("{VERIFICATIONS}/{code}")).gives(200).await.json;
        let grouped = verified["code"].as_str().unwrap();
        for fact in [
            "中选通知书", "慈溪某某餐饮有限公司", "第2检测有限公司", "油烟<噪声>检测",
            "人民币壹佰元零壹分（¥100.01）", "浙江省宁波市慈溪市", "竞价选取（最低价）",
            "本平台尚未设置公开网址", grouped, verified["number"].as_str().unwrap(), &id.to_string(),
        ] {
            assert!(read.contains(fact), "{fact}: {read}");
        }
        assert_eq!(verified["kind"], "award_letter");
        assert_eq!((&verified["standing"], &verified["latest"]), (&json!("valid"), &json!(true)));
        assert_eq!(verified["title"], "油烟<噪声>检测");
        assert_eq!(verified["owner"]["name"], "慈溪某某餐饮有限公司");
        assert_eq!((&verified["agency"]["name"], &verified["amount"]), (&json!("第2检测有限公司"), &json!("100.01")));
        assert_eq!(verified["sha256"], sha256_hex(&letter.bytes));
        let all = app.get(&format!("{path}s")).by(&people.winner).gives(200).await.json;
        assert_eq!(all["items"], json!([verified]));

        assert_eq!(uploaded(app, letter.bytes.clone()).await["document"], verified);
        let mut altered = letter.bytes.to_vec();
        *altered.last_mut().unwrap() ^= 1;
        let told = uploaded(app, altered.clone()).await;
        assert_eq!(told, json!({ "sha256": sha256_hex(&altered), "issued": false, "document": null }));

        // What the QR code leads to, on paper and by its file.
        let shown = page(app, &leads_to(&letter.bytes), 200).await;
        has(&shown, &["有效：", "第2检测有限公司", "￥100.01", "油烟&#60;噪声&#62;检测", grouped]);
        has(&sent(app, &letter.bytes, 200).await, &["完全一致", grouped]);
        has(&sent(app, &altered, 200).await, &["不是本平台出具", &sha256_hex(&altered)]);
        let award = page(app, &format!("/purchases/{id}/award"), 200).await;
        has(&award, &["中选结果", "第2检测有限公司", "人民币壹佰元零壹分", "待中选机构确认"]);

        // The winner gives up: the letter is void, and the next one has its own.
        town.contract_by_next(id).await;
        let verified = app.get(&format!("{VERIFICATIONS}/{code}")).gives(200).await.json;
        assert_eq!((&verified["standing"], &verified["latest"]), (&json!("passed_on"), &json!(false)));
        has(&page(app, &format!("/verify/{code}"), 200).await, &["已失效："]);
        app.get(&path).by(&people.winner).meets(404, "not-found").await;
        let kept = format!("{path}?version={}", verified["version"]);
        assert_eq!(pdf(app, &kept, &people.winner).await.bytes, letter.bytes);
        assert_ne!(pdf(app, &path, &people.owner).await.bytes, letter.bytes);
    }

    async fn what_is_no_code_and_no_file_is_told(app: &TestApp) {
        let unknown = "0000-0000-0000-0000-0000-0000-0000";
        app.get(&format!("{VERIFICATIONS}/{unknown}")).meets(404, "no-such-document").await;
        for wrong in ["1", "0000-0000-0000-0000-0000-0000-0001", "%E4%B8%AD", &"u".repeat(28), "%00"] {
            let asked = app.get(&format!("{VERIFICATIONS}/{wrong}"));
            let problem = asked.meets(422, "invalid").await;
            assert_eq!(problem.text_at("/errors/0/pointer"), "code", "{wrong}");
        }
        let post = |content: Vec<u8>| {
            app.ask(Method::POST, VERIFICATIONS).body("application/pdf", content)
        };
        post(Vec::new()).meets(422, "file-empty").await;
        post(vec![0; (2 << 20) + 1]).meets(413, "file-too-large").await;
        assert_eq!(post(vec![0; 2 << 20]).gives(200).await.json["issued"], false);

        has(&page(app, "/verify", 200).await, &["文书核验", "name=\"code\"", "name=\"file\""]);
        has(&page(app, "/verify?code=", 200).await, &["name=\"code\""]);
        let typed = page(app, "/verify?code=%3Cb%3E12", 422).await;
        has(&typed, &["核验码", "value=\"&#60;b&#62;12\"", "role=\"alert\""]);
        has(&page(app, "/verify/1234", 422).await, &["您输入了 4 个", "there are 4"]);
        has(&page(app, &format!("/verify/{unknown}"), 404).await, &["没有此核验码对应的文书"]);
        let found = app.get("/verify?code=0000+0000+0000+0000+0000+0000+oooo").gives(303).await;
        assert_eq!(found.headers["location"], "/verify/0000000000000000000000000000");
        app.get(&format!("/verify/{unknown}")).meets(404, "no-such-document").await;
        app.get("/verify/1").meets(422, "invalid").await;
        has(&sent(app, b"", 422).await, &["文件为空"]);
        has(&sent(app, &vec![0; 3 << 20], 413).await, &["文件超过大小上限"]);
        let nothing = app.ask(Method::POST, "/verify").header("accept", BROWSER).gives(422).await;
        has(&nothing.text, &["文件为空"]);
    }

    async fn purchases_are_shown_from_what_everybody_may_know(app: &TestApp) {
        has(&page(app, "/purchases", 200).await, &["还没有公告"]);
        let home = page(app, "/", 200).await;
        has(&home, &["href=\"/purchases\"", "href=\"/verify\""]);
        let town = Town::new(app).await;
        let id = town.publish("油烟<噪声>检测").await;
        let here = format!("/purchases/{id}");
        let ask = json!({ "text": "是否需要夜间检测？" });
        let agency = app.person("agency", town.agencies[0].actor.party.clone()).await;
        app.post(&format!("/api/v1{here}/questions"), &ask).by(&agency).gives(201).await;
        town.quote(id).await;
        let open = page(app, &here, 200).await;
        has(&open, &["报名中", "油烟&#60;噪声&#62;检测", "最高限价 ￥200,000.00", "慈溪市", "社会资金"]);
        has(&open, &["是否需要夜间检测？", "尚未答复", "自备设备", "选取证明会公布在这里"]);
        for private in ["回避缘由甲", "13812345678", "第0检测", "300.07", "100.01"] {
            assert!(!open.contains(private), "{private}");
        }
        page(app, &format!("{here}/award"), 404).await;
        town.award(id).await;
        let shown = page(app, &here, 200).await;
        has(&shown, &["中选公示中", &format!("/api/v1/draws/{id}/proof"), "market draw verify"]);
        has(&shown, &["中选机构 第2检测有限公司", &format!("href=\"{here}/award\"")]);
        assert!(!shown.contains("300.07"));
        has(&page(app, &format!("{here}/award"), 200).await, &["中选公示中", "人民币壹佰元零壹分"]);
        town.contract(id).await;
        has(&page(app, &here, 200).await, &["已成交", "合同公告", "HT-2026-1"]);

        let list = page(app, "/purchases", 200).await;
        has(&list, &["合同公告", "中选公告", "采购公告", &format!("href=\"{here}\"")]);
        let asked = "/purchases?kind=award&region=330000&item=environmental-monitoring&since=2026-11-24";
        let awards = page(app, asked, 200).await;
        has(&awards, &["第2检测有限公司", "<option value=\"award\" selected>中选公告</option>"]);
        assert!(!awards.contains("HT-2026-1"));
        has(&page(app, "/purchases?kind=failure&region=&item=&since=", 200).await, &["没有符合条件"]);
        for wrong in ["kind=gossip", "since=tomorrow", "region=A", "after=x"] {
            has(&page(app, &format!("/purchases?{wrong}"), 422).await, &["请求内容有误"]);
        }
        for nowhere in ["x", "01a20dc1-dd0f-74b2-ae2d-a44a141e5665"] {
            page(app, &format!("/purchases/{nowhere}"), 404).await;
            page(app, &format!("/purchases/{nowhere}/award"), 404).await;
        }
    }
}

/// Both sides change the contract.
async fn change(app: &TestApp, trade: &Trade, order: &str, number: u32, change: Value) {
    let path = format!("/api/v1/orders/{order}/changes");
    app.post(&path, &change).by(&trade.agency).gives(201).await;
    step(app, order, &format!("changes/{number}/approve"), &trade.applicant, None).await;
}

on_both! {
    async fn a_changed_contract_has_a_summary_of_its_own(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.place(app).await;
        let path = format!("/api/v1/orders/{order}/contract-summary");
        app.get(&path).by(&trade.applicant).meets(409, "no-contract").await;
        step(app, &order, "accept", &trade.agency, None).await;
        step(app, &order, "record-contract", &trade.agency, Some(trade.contract())).await;
        app.get(&path).by(&trade.applicant).meets(409, "no-contract").await;
        step(app, &order, "confirm-contract", &trade.applicant, None).await;
        let stranger = app.applicant("stranger").await;
        let other = app.person("health", Party::Department("meteorology".parse().unwrap())).await;
        for outsider in [&stranger, &other] {
            app.get(&path).by(outsider).meets(404, "not-found").await;
            app.get(&path.replace("-summary", "-summaries")).by(outsider).meets(404, "not-found").await;
        }
        app.get(&path).meets(401, "anonymous").await;
        let first = pdf(app, &path, &trade.applicant).await;
        for token in [&trade.agency, &trade.fire, &trade.operator] {
            assert_eq!(pdf(app, &path, token).await.bytes, first.bytes);
        }
        let read = text(&first.bytes);
        for fact in ["合同备案摘要", "HT-2026-001", "按服务内容执行", "开一家面馆", "慈溪某某餐饮店", &order] {
            assert!(read.contains(fact), "{fact}: {read}");
        }
        assert!(!read.contains("备案版本"));

        // No notice tells of a direct order: the verification tells neither owner nor amount.
        let code = leads_to(&first.bytes).strip_prefix("/verify/").unwrap().to_owned();
        let verification = format!("{VERIFICATIONS}/{code}");
        let verified = app.get(&verification).gives(200).await;
        assert_eq!((&verified.json["kind"], &verified.json["contract"]), (&json!("contract_summary"), &Value::Null));
        for private in ["慈溪某某餐饮店", "开一家面馆", "HT-2026-001", &trade.listing.terms.price.to_string()] {
            assert!(!verified.text.contains(private), "{private}: {}", verified.text);
        }
        has(&page(app, &format!("/verify/{code}"), 200).await, &["有效：", "直接选取的合同不公告"]);

        change(app, &trade, &order, 1, json!({ "service_days": 30, "reason": "等待天气" })).await;
        assert_eq!(pdf(app, &path, &trade.agency).await.bytes, first.bytes);
        change(app, &trade, &order, 2, json!({ "scope": "增加两个点位", "reason": "现场增加" })).await;
        let verified = app.get(&verification).gives(200).await.json;
        assert_eq!((&verified["standing"], &verified["latest"]), (&json!("superseded"), &json!(false)));
        has(&page(app, &format!("/verify/{code}"), 200).await, &["已被替代："]);
        let second = pdf(app, &path, &trade.agency).await;
        let read = text(&second.bytes);
        assert!(read.contains("增加两个点位") && read.contains("第2版，替代此前各版"), "{read}");
        let all = app.get(&path.replace("-summary", "-summaries")).by(&trade.agency).gives(200).await;
        let standings: Vec<_> = all.json["items"].as_array().unwrap().iter()
            .map(|one| (one["standing"].as_str().unwrap(), one["revision"].as_i64().unwrap()))
            .collect();
        assert_eq!(standings, [("superseded", 1), ("valid", 2)]);
        let kept = format!("{path}?version={}", verified["version"]);
        assert_eq!(pdf(app, &kept, &trade.applicant).await.bytes, first.bytes);

        let why = Some(json!({ "reason": "另行委托" }));
        step(app, &order, "terminate", &trade.applicant, why).await;
        let verified = app.get(&verification).gives(200).await.json;
        assert_eq!(verified["standing"], "terminated");
        assert_eq!(pdf(app, &path, &trade.agency).await.bytes, second.bytes);
    }
}

/// Nobody finds a font, until one is installed.
async fn wait_for_a_font(app: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let font = folder.path().join("font.ttc");
    let app = app.with_fonts(vec![font.clone()]).await;
    let trade = trade(&app).await;
    let order = trade.in_service(&app).await;
    let path = format!("/api/v1/orders/{order}/contract-summary");
    let problem = app.get(&path).by(&trade.agency).meets(503, "unprintable").await;
    for part in ["font.ttc", "--font"] {
        assert!(problem.text_at("/detail").contains(part), "{}", problem.text);
    }
    assert!(problem.headers.contains_key("retry-after"));
    let noto = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc";
    fs::copy(fonts().into_iter().next().unwrap_or_else(|| noto.into()), &font).unwrap();
    let summary = pdf(&app, &path, &trade.agency).await;
    assert!(text(&summary.bytes).contains("合同备案摘要"));
    app.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_wait_for_a_font_on_sqlite() {
    wait_for_a_font(TestApp::sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_wait_for_a_font_on_postgres() {
    wait_for_a_font(TestApp::postgres().await).await;
}
