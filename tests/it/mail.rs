//! Mail of what people are told, from the wish for it to the file or the server that it goes to.

use std::{path::Path, time::Duration};

use axum::http::Method;
use market_api::mailer::Post;
use market_core::{
    Party,
    mail::{Mail, MailFailure, MailLanguage, Mailer},
};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{
    browsing::{Browser, form},
    harness::{TestApp, on_both},
    portal::BROWSER,
    secrets::dump,
    trade::trade,
};

const MAILBOX: &str = "/api/v1/me/mailbox";

/// The mails in a folder, whole, and taken away.
fn take(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mails = files.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        text
    });
    mails.collect()
}

fn folder_post(folder: &Path) -> Post {
    let to = format!("file:{}", folder.display());
    Post::new("Market <market@market.example>", &to, None).unwrap()
}

/// The address in a mail that holds a text; mail is sent in lines of which long ones go on.
fn link(mail: &str, holds: &str) -> String {
    let words = mail.split(['\r', '\n', ' ', '<', '>']);
    words.into_iter().find(|word| word.contains(holds)).unwrap().to_owned()
}

/// The path of an address of ours.
fn path(address: &str) -> &str {
    let (_, rest) = address.split_once("://").unwrap();
    &rest[rest.find('/').unwrap()..]
}

async fn send_all(app: &TestApp, post: &Post) {
    let mailer: std::sync::Arc<dyn Mailer> = std::sync::Arc::new(post.clone());
    app.market.notices().catch_up().await.unwrap();
    app.market.mails().send_due(&mailer).await.unwrap();
}

on_both! {
    async fn an_order_is_told_of_by_mail(app: &TestApp) {
        let folder = tempfile::tempdir().unwrap();
        let post = folder_post(folder.path());
        let trade = trade(app).await;
        let by = &trade.agency;
        app.get(MAILBOX).meets(401, "anonymous").await;
        app.get(MAILBOX).by(by).meets(404, "not-found").await;
        let wish = json!({ "address": "seller@example.com", "language": "en" });
        let put = || app.ask(Method::PUT, MAILBOX);
        put().json(&wish).by(by).bare().meets(400, "idempotency-key-missing").await;
        for (wrong, pointer) in [
            (json!({ "address": "seller", "language": "en" }), "/address"),
            (json!({ "address": "a@b.cn\r\nBcc: c@d.cn", "language": "en" }), "/address"),
            (json!({ "address": "a@b.cn", "language": "fr" }), "/language"),
            (json!({ "address": "a@b.cn" }), "/language"),
        ] {
            let answer = put().json(&wrong).by(by).meets(422, "invalid").await;
            assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{}", answer.text);
        }
        let set = put().json(&wish).by(by).gives(200).await;
        assert_eq!((&set.json["confirmed_at"], &set.json["version"]), (&json!(null), &json!(1)));
        send_all(app, &post).await;
        let mails = take(folder.path());
        assert_eq!(mails.len(), 1);
        let digits = |line: &&str| line.trim().len() == 8 && line.trim().parse::<u32>().is_ok();
        let code = mails[0].lines().find(digits).unwrap().trim();
        let confirm = || app.post(&format!("{MAILBOX}/confirm"), &json!({ "code": code }));
        let wrong = app.post(&format!("{MAILBOX}/confirm"), &json!({ "code": "1" }));
        wrong.by(by).meets(422, "invalid").await;
        let never = if code == "00000000" { "11111111" } else { "00000000" };
        let wrong = app.post(&format!("{MAILBOX}/confirm"), &json!({ "code": never }));
        wrong.by(by).meets(409, "mail-code-wrong").await;
        let rehearsed = app.post(&format!("{MAILBOX}/confirm?validate_only=true"), &json!({ "code": code }));
        rehearsed.by(by).meets(422, "invalid").await;
        confirm().by(&trade.applicant).meets(404, "not-found").await;
        let confirmed = confirm().by(by).header("if-match", "\"1\"").gives(200).await;
        assert_eq!(confirmed.headers["etag"], "\"2\"");
        trade.place(app).await;
        send_all(app, &post).await;
        let mails = take(folder.path());
        assert_eq!(mails.len(), 1);
        let stop = link(&mails[0], "/mail/stop/");
        let (_, secret) = stop.rsplit_once('/').unwrap();
        assert!(secret.starts_with("mkts_") && !dump(app).await.contains(secret));
        let one_click = format!("List-Unsubscribe: <{stop}>");
        let read = link(&mails[0], "/notices/");
        for expected in [
            "From: Market <market@market.example>", "To: seller@example.com",
            "Auto-Submitted: auto-generated", "Content-Language: en", "@market.example>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click", &one_click,
        ] {
            assert!(mails[0].contains(expected), "{expected} in {}", mails[0]);
        }
        // The link to what is told of asks who comes; the one that ends mail does not.
        let asked = app.get(path(&read)).header("accept", BROWSER).gives(303).await;
        assert!(asked.headers["location"].to_str().unwrap().starts_with("/sign-in?next="));
        let looked = app.get(path(&stop)).header("accept", BROWSER).gives(200).await;
        assert!(looked.text.contains("<form"), "{}", looked.text);
        assert_eq!(app.get(MAILBOX).by(by).gives(200).await.json["wanted"], true);
        let kind = "application/x-www-form-urlencoded";
        let click = || app.ask(Method::POST, path(&stop)).body(kind, "List-Unsubscribe=One-Click");
        for _ in 0..2 {
            click().bare().gives(200).await;
        }
        assert_eq!(app.get(MAILBOX).by(by).gives(200).await.json["wanted"], false);
        let gone = app.delete(MAILBOX).by(by).header("if-match", "\"1\"");
        gone.meets(412, "stale").await;
        app.delete(MAILBOX).by(by).gives(204).await;
        app.get(MAILBOX).by(by).meets(404, "not-found").await;
    }
}

#[test]
fn mail_leaves_this_machine_only_behind_tls() {
    let from = "market@market.example";
    for good in [
        "smtps://user:secret@mail.example",
        "smtp://user:secret@mail.example",
        "smtp://localhost",
        "smtp://127.0.0.1:2525",
        "smtp://[::1]:2525",
    ] {
        let post = Post::new(from, good, None).unwrap();
        assert!(!format!("{post:?}").contains("secret"));
    }
    for bad in [
        "smtp://user:secret@mail.example?tls=opportunistic",
        "smtps://secret@mail.example",
        "smtps://",
        "http://mail.example",
        "/a/folder",
        "smtps://user:secret@mail.example:99999",
    ] {
        let why = Post::new(from, bad, None).unwrap_err().to_string();
        assert!(why.starts_with("mail: ") && !why.contains("secret"), "{bad}: {why}");
    }
    let why = Post::new("nobody", "smtp://localhost", None).unwrap_err().to_string();
    assert!(why.starts_with("mail_from: "), "{why}");
    let why = Post::new(from, "smtps://mail.example", Some(b"none")).unwrap_err().to_string();
    assert!(why.starts_with("mail_ca: "), "{why}");
}

on_both! { loaded:
    async fn somebody_reads_mail_by_the_portal(app: &TestApp) {
        let folder = tempfile::tempdir().unwrap();
        let post = folder_post(folder.path());
        let browser = Browser::acting(app, "clerk", Party::Operator).await;
        assert!(browser.see("/account").await.contains("/account/mail"));
        assert!(browser.see("/account/mail").await.contains("还没有填写邮箱"));
        let filled = form(&browser.see("/account/mail/address").await);
        assert_eq!((filled.get("language"), filled.get("wanted")), ("zh", "yes"));
        let again = browser.back(&filled.clone().with("address", "clerk").with("step", "do"), 422).await;
        assert!(again.contains("格式不对"), "{again}");
        let filled = form(&again).with("address", "clerk@example.com").with("language", "en");
        let to = browser.done(&filled).await;
        assert_eq!(to, "/account/mail/confirm");
        send_all(app, &post).await;
        let mails = take(folder.path());
        let digits = |line: &&str| line.trim().len() == 8 && line.trim().parse::<u32>().is_ok();
        let code = mails[0].lines().find(digits).unwrap().trim();
        let never = if code == "00000000" { "11111111" } else { "00000000" };
        let filled = form(&browser.see("/account/mail/confirm").await).with("code", never);
        let again = browser.back(&filled.with("step", "do"), 409).await;
        assert!(again.contains("验证码不正确"), "{again}");
        let to = browser.done(&form(&again).with("code", code)).await;
        assert_eq!(to, "/account/mail");
        assert!(browser.see("/account/mail").await.contains("通知会发往该邮箱"));
        let filled = form(&browser.see("/account/mail/kinds").await);
        assert_eq!((filled.get("webhook"), filled.get("order")), ("mail", "none"));
        browser.done(&filled.with("order", "here")).await;
        let filled = form(&browser.see("/account/mail/kinds").await);
        assert_eq!(filled.get("order"), "here");
        let again = browser.back(&filled.with("order", "often").with("step", "do"), 422).await;
        assert!(again.contains("没有这个选项"), "{again}");
        browser.done(&form(&browser.see("/account/mail/remove").await)).await;
        assert!(browser.see("/account/mail").await.contains("还没有填写邮箱"));
        Browser::nobody(app).get("/account/mail", 303).await;
    }
}

/// A server of mail that says this of a recipient.
async fn server(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (reading, mut writing) = stream.into_split();
        let (mut lines, mut heard) = (BufReader::new(reading).lines(), String::new());
        writing.write_all(b"220 here\r\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            heard.push_str(&line);
            heard.push('\n');
            let verb = line.split([' ', ':']).next().unwrap_or_default();
            let said = match verb {
                "EHLO" => "250 here\r\n".to_owned(),
                "RCPT" => format!("{answer}\r\n"),
                "DATA" => "354 go on\r\n".to_owned(),
                "QUIT" => break,
                "MAIL" | "RSET" => "250 ok\r\n".to_owned(),
                "." => "250 taken\r\n".to_owned(),
                _ => continue,
            };
            writing.write_all(said.as_bytes()).await.unwrap();
            if line == "." {
                break;
            }
        }
        heard
    });
    (url, heard)
}

#[tokio::test]
async fn what_a_server_says_decides() {
    let mail = Mail {
        id: "one".to_owned(),
        to: "wang@example.com".to_owned(),
        language: MailLanguage::Zh,
        subject: "新通知".to_owned(),
        body: "采购公告已发布\n".to_owned(),
        stop: "https://market.example/mail/stop/mkts_1".to_owned(),
    };
    let send = async |url: &str| {
        let post = Post::new("market@market.example", url, None).unwrap();
        tokio::time::timeout(Duration::from_secs(30), post.send(mail.clone())).await.unwrap()
    };
    let (url, heard) = server("250 ok").await;
    assert_eq!(send(&url).await, Ok(()));
    let heard = heard.await.unwrap();
    assert!(
        heard.contains("RCPT TO:<wang@example.com>") && heard.contains("Message-ID: <one@"),
        "{heard}"
    );
    let (url, _) = server("550 nobody of that name").await;
    assert!(matches!(send(&url).await, Err(MailFailure::Refused(_))));
    let (url, _) = server("451 later").await;
    assert!(matches!(send(&url).await, Err(MailFailure::NotTaken(_))));
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", nobody.local_addr().unwrap());
    drop(nobody);
    assert!(matches!(send(&url).await, Err(MailFailure::NotTaken(_))));
}
