//! The passport of a deliverable, as a page, and what is said of one that is uploaded.

use axum::http::Method;
use market_core::{Party, sha256_hex};

use crate::{
    browsing::Browser,
    harness::{TestApp, on_both},
    portal::{BROWSER, has, keeps_to_itself, page},
    trade::{step, trade},
};

/// What anybody is told of a file that is uploaded as a passport.
async fn verified(app: &TestApp, content: &[u8], status: u16) -> String {
    let head = "--cut\r\nContent-Disposition: form-data; name=\"passport\"; filename=\"p.json\"\r\n\
                Content-Type: application/json\r\n\r\n";
    let body = [head.as_bytes(), content, b"\r\n--cut--\r\n"].concat();
    let asking = app.ask(Method::POST, "/verify").body("multipart/form-data; boundary=cut", body);
    let answer = asking.header("accept", BROWSER).gives(status).await;
    keeps_to_itself(&answer.text);
    answer.text
}

on_both! {
    async fn a_passport_is_read_and_verified_by_a_browser(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.signed_off(app).await;
        let path = format!("/orders/{order}/deliverables/1/passport");
        let applicant = Browser::signed_in(app, "applicant").await;
        has(&applicant.see(&format!("/orders/{order}")).await, &[&format!("href=\"{path}\""), "成果护照"]);
        let shown = applicant.see(&path).await;
        let digest = sha256_hex("检测报告".as_bytes());
        has(&shown, &["成果护照", "report.txt", &digest, "谁交付", "统一社会信用代码", "证书编号"]);
        has(&shown, &["还没有使用", "whpk_", "下载护照（JSON）", "/verify#by-passport"]);
        has(&shown, &["<svg class=\"qr\" viewBox=\"0 0 ", "扫码打开核验页", "http://127.0.0.1:8080/verify#by-passport"]);

        let fire = Party::Department("fire-rescue".parse().unwrap());
        let desk = Browser::acting(app, "officer", fire).await;
        let case = format!("/desk/cases/{}", trade.case);
        has(&desk.see(&case).await, &[&format!("href=\"{path}\"")]);
        has(&desk.see(&path).await, &[&case, "工作台"]);
        step(app, &order, "use", &trade.fire, None).await;
        assert!(!desk.see(&path).await.contains("还没有使用"));

        let other = Party::Department("civil-affairs".parse().unwrap());
        let other = Browser::acting(app, "other", other).await;
        app.applicant("stranger").await;
        let stranger = Browser::signed_in(app, "stranger").await;
        for (who, path) in [
            (&other, path.clone()), (&stranger, path.clone()),
            (&applicant, path.replace("/1/", "/9/")), (&applicant, path.replace("/1/", "/x/")),
        ] {
            who.get(&path, 404).await;
        }
        Browser::nobody(app).get(&path, 303).await;

        let source = format!("/api/v1{path}");
        let passport = app.get(&source).by(&trade.applicant).gives(200).await.text;
        has(&page(app, "/verify", 200).await, &["核验成果护照", "name=\"passport\"", "id=\"by-passport\""]);
        let good = verified(app, passport.as_bytes(), 200).await;
        has(&good, &["护照成立", "report.txt", &digest]);
        assert!(!good.contains("下载护照"));
        for (from, to, why) in [
            ("report.txt", "repors.txt", "签名不成立"),
            ("\"versions\"", " \"versions\"", "个字节起与原样不符"),
            ("market-passport-v1", "market-passport-v9", "这不是成果护照文件"),
            ("{", "<b>", "这不是成果护照文件"),
        ] {
            assert!(passport.contains(from));
            let bad = verified(app, passport.replacen(from, to, 1).as_bytes(), 422).await;
            has(&bad, &[why, "role=\"alert\""]);
            assert!(!bad.contains("护照成立"));
        }
        has(&verified(app, b"", 422).await, &["文件为空"]);
        has(&verified(app, &vec![b' '; 300 << 10], 413).await, &["文件超过大小上限"]);
    }
}
