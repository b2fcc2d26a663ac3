//! Files over HTTP: what is taken and why the rest is not, how they go out, and that no file is in
//! memory as a whole.

use std::{fs, path::Path};

use axum::http::Method;
use market_core::sha256_hex;
use serde_json::json;

use crate::{
    asking::{Answer, Asking},
    browsing::{Browser, form},
    harness::{Place, TestApp, on_both},
    portal::has,
    program::printed,
    server::{Client, Server, Site, market},
    trade::{step, trade},
};

/// An upload of a file to an order.
fn send(app: &TestApp, order: &str, name: &str, content: &[u8]) -> Asking {
    let path = format!("/api/v1/orders/{order}/deliverables?name={name}");
    let asking = app.ask(Method::POST, &path).body("application/octet-stream", content.to_vec());
    asking.header("x-content-sha256", &sha256_hex(content))
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers[name].to_str().unwrap()
}

on_both! {
    async fn a_file_is_taken_for_what_it_is(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.in_service(app).await;
        let send = |name: &str, content: &[u8]| send(app, &order, name, content).by(&trade.agency);
        let kept = send("plan.pdf", b"%PDF-1.7\n...").gives(201).await.json;
        assert_eq!(kept["media_type"], "application/pdf");
        for (name, content, code) in [
            ("plan.pdf", b"MZ\x90\0\x03".as_slice(), "type-not-taken"),
            ("plan.pdf", b"plain text", "type-differs"),
            ("plan.svg", b"<svg onload=alert(1)>", "type-not-taken"),
            ("plan.zip", b"PK\x03\x04nothing", "archive-broken"),
        ] {
            let refused = send(name, content).meets(422, "invalid").await;
            let fault = (refused.text_at("/errors/0/pointer"), refused.text_at("/errors/0/code"));
            assert_eq!(fault, ("file", code), "{name}");
        }
        let listed = app.get(&format!("/api/v1/orders/{order}/deliverables")).by(&trade.agency);
        assert_eq!(listed.gives(200).await.json["items"].as_array().unwrap().len(), 1);
    }

    async fn every_way_in_refuses_what_is_too_large_alike(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.in_service(app).await;
        let limit: usize = 52_428_800;
        let large = [b"%PDF-".as_slice(), &vec![b' '; limit]].concat();
        let told = |answer: &Answer, limit: usize| {
            assert!(answer.text_at("/detail").contains(&limit.to_string()), "{}", answer.text);
        };
        let refused = send(app, &order, "plan.pdf", &large).by(&trade.agency);
        told(&refused.meets(413, "file-too-large").await, limit);
        let fits = send(app, &order, "plan.pdf", &large[..limit]).by(&trade.agency);
        assert_eq!(fits.gives(201).await.json["size"], limit);

        let sheet = app.ask(Method::POST, "/api/v1/listings/import");
        let sheet = sheet.body("text/csv", vec![b'x'; (8 << 20) + 1]).by(&trade.agency);
        told(&sheet.meets(413, "file-too-large").await, 8 << 20);
        let letter = app.ask(Method::POST, "/api/v1/verifications");
        let letter = letter.body("application/pdf", vec![b'x'; (2 << 20) + 1]);
        told(&letter.meets(413, "file-too-large").await, 2 << 20);

        let browser = Browser::acting(app, "seller", market_core::Party::Agency(trade.agency_id())).await;
        let upload = form(&browser.see(&format!("/orders/{order}/upload")).await);
        let text = String::from_utf8(large).unwrap();
        let refused = browser.send(&upload, Some(("plan.pdf", &text)), 413).await;
        has(&refused.text, &["文件超过大小上限", "50 MB"]);
    }

    async fn a_file_goes_out_as_a_download_and_in_parts(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.in_service(app).await;
        let content = b"%PDF-1.7\n0123456789";
        send(app, &order, "%E6%8A%A5%22%0A%E5%91%8A.pdf", content).by(&trade.agency).meets(422, "invalid").await;
        send(app, &order, "%E6%8A%A5%22%E5%91%8A.pdf", content).by(&trade.agency).gives(201).await;
        let path = format!("/api/v1/orders/{order}/deliverables/1/content");
        let whole = app.get(&path).by(&trade.agency).gives(200).await;
        assert_eq!(&whole.bytes[..], content);
        for (name, value) in [
            ("content-type", "application/pdf"),
            ("content-disposition", "attachment; filename*=UTF-8''%E6%8A%A5%22%E5%91%8A.pdf"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"),
            ("cache-control", "private, no-store"),
            ("accept-ranges", "bytes"),
            ("content-length", "19"),
            ("x-content-sha256", &sha256_hex(content)),
        ] {
            assert_eq!(header(&whole, name), value, "{name}");
        }
        let asking = app.get(&path).by(&trade.agency).header("range", "bytes=9-12");
        let part = asking.gives(206).await;
        assert_eq!((&part.bytes[..], header(&part, "content-range")), (b"0123".as_slice(), "bytes 9-12/19"));
        assert_eq!(header(&part, "content-length"), "4");
        let last = app.get(&path).by(&trade.agency).header("range", "bytes=-2").gives(206).await;
        assert_eq!(&last.bytes[..], b"89");
        let outside = app.get(&path).by(&trade.agency).header("range", "bytes=19-");
        outside.meets(416, "range-not-satisfiable").await;
        let tag = header(&whole, "etag").to_owned();
        let changed = app.get(&path).by(&trade.agency).header("range", "bytes=9-12");
        let changed = changed.header("if-range", "\"another\"").gives(200).await;
        assert_eq!(&changed.bytes[..], content);
        let known = app.get(&path).by(&trade.agency).header("if-none-match", &tag).send().await;
        assert_eq!(known.status, 304);
    }

    async fn a_passport_is_checked_from_its_file_alone(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.signed_off(app).await;
        step(app, &order, "use", &trade.fire, None).await;
        let path = format!("/api/v1/orders/{order}/deliverables/1/passport");
        app.get(&path).meets(401, "anonymous").await;
        let stranger = app.applicant("stranger").await;
        app.get(&path).by(&stranger).meets(404, "not-found").await;
        let passport = app.get(&path).by(&trade.applicant).gives(200).await;
        assert_eq!(passport.json["uses"][0]["department"], "fire-rescue");
        assert!(passport.json["uses"][0]["used_at"].is_string());
        let keys = app.get("/api/v1/passport-keys").gives(200).await.json;
        let key = keys["items"][0]["public_key"].as_str().unwrap();
        assert_eq!(passport.json["key"], key);

        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
        write("passport.json", &passport.bytes);
        write("report.txt", "检测报告".as_bytes());
        write("other.txt", "检测报吿".as_bytes());
        let verify = |more: &[&str]| {
            crate::program::run(folder.path(), &[&["passport", "verify", "passport.json"], more].concat())
        };
        let text = printed(&verify(&["--file", "report.txt", "--key", key]));
        assert!(text.contains("成立 holds; the file is this one; the key is one of yours"), "{text}");
        assert_eq!(verify(&["--file", "other.txt"]).status.code(), Some(1));
        assert_eq!(verify(&["--key", "whpk_other"]).status.code(), Some(1));
        assert_eq!(verify(&["--file", "nowhere.txt"]).status.code(), Some(2));
        let text = passport.text.clone();
        for (from, to) in [("fire-rescue", "fire-rescuf"), ("report.txt", "repors.txt"), ("\"versions\"", " \"versions\"")] {
            assert!(text.contains(from));
            write("passport.json", text.replacen(from, to, 1).as_bytes());
            assert_eq!(verify(&[]).status.code(), Some(1), "{from}");
        }
    }
}

/// The most that a process ever had in memory, in kibibytes.
fn peak(server: &Server) -> u64 {
    let status =
        fs::read_to_string(Path::new("/proc").join(server.id().to_string()).join("status"));
    let status = status.unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How large a file is that must not be in memory as a whole.
const LARGE: usize = 48 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_in_memory_as_a_whole() {
    let Site { place, trade, cases, .. } = Site::prepare(Place::sqlite(), 1).await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::ready({
        let mut command = market(folder.path());
        command.env("MARKET_DATABASE", place.url()).env("MARKET_LOG", "warn");
        command
    })
    .await;
    let client = Client::of(&server);
    let path = client.in_service(&trade, &cases[0]).await;
    let files = format!("{path}/deliverables?name=report.txt");
    // The allocator keeps what passed through it once: as much as large files have, in small ones.
    for number in 1..=8 {
        let small = format!("{number:015}\n").repeat(LARGE / 16 / 8);
        let key = format!("small-{number}");
        let (status, kept) = client.upload((&files, &trade.agency), &key, &small).await.unwrap();
        assert_eq!(status, 201, "{kept}");
        client.file(&format!("{path}/deliverables/{number}/content"), &trade.agency).await;
    }
    let before = peak(&server);
    let large = "0123456789abcde\n".repeat(LARGE / 16);
    let (status, kept) = client.upload((&files, &trade.agency), "large", &large).await.unwrap();
    assert_eq!((status, &kept["size"]), (201, &json!(LARGE)), "{kept}");
    let back = client.file(&format!("{path}/deliverables/9/content"), &trade.agency).await;
    assert!(back == large.as_bytes(), "another file came back");
    let grown = peak(&server) - before;
    assert!(
        grown < LARGE as u64 / 2048,
        "the server grew by {grown} KiB for a file of {LARGE} bytes"
    );
    server.terminate();
    assert_eq!(server.code(), Some(0));
}
