use serde_json::json;

use crate::harness::{TestApp, on_both};

const SHOP: &str = "/api/v1/applicants";

fn shop(name: &str) -> serde_json::Value {
    json!({ "kind": "other", "name": name, "phone": "0574-00000001" })
}

on_both! {
    async fn a_repeated_call_gives_the_first_answer_again(app: &TestApp) {
        let token = app.applicant("wang").await;
        let post = || app.post(SHOP, &shop("一号店")).by(&token).header("idempotency-key", "k-1");
        let (first, again) = (post().gives(201).await, post().gives(201).await);
        assert_eq!(first.text, again.text);
        assert_eq!(first.headers["location"], again.headers["location"]);
        let me = app.get("/api/v1/me").by(&token).gives(200).await;
        assert_eq!(me.json["parties"].as_array().unwrap().len(), 2);

        let other = app.post(SHOP, &shop("二号店")).by(&token).header("idempotency-key", "k-1");
        other.meets(422, "idempotency-key-reused").await;
        let li = app.applicant("li").await;
        let theirs = app.post(SHOP, &shop("三号店")).by(&li).header("idempotency-key", "k-1");
        theirs.gives(201).await;
    }

    async fn twenty_at_once_under_one_key_do_it_once(app: &TestApp) {
        let token = app.applicant("wang").await;
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let call = app.post(SHOP, &shop("一号店")).by(&token).header("idempotency-key", "k-1");
            calls.spawn(call.gives(201));
        }
        let answers = calls.join_all().await;
        assert!(answers.iter().all(|answer| answer.text == answers[0].text));
        let me = app.get("/api/v1/me").by(&token).gives(200).await;
        assert_eq!(me.json["parties"].as_array().unwrap().len(), 2);
    }

    async fn a_key_counts_at_its_place_alone(app: &TestApp) {
        let operator = app.operator().await;
        let robot = |login: &str| json!({ "login": login, "name": "导入程序" });
        let mut places = Vec::new();
        for login in ["robot-1", "robot-2"] {
            let made = app.post("/api/v1/people", &robot(login)).by(&operator).gives(201).await;
            places.push(made.headers["location"].to_str().unwrap().to_owned());
        }
        for place in &places {
            let path = format!("{place}/disable");
            let step = || app.post(&path, &json!({})).by(&operator).header("idempotency-key", "k-1");
            let first = step().gives(200).await;
            assert_eq!((&first.json["disabled"], &first.json["version"]), (&json!(true), &json!(2)));
            assert!(!first.headers.contains_key("idempotent-replayed"));
            let again = step().gives(200).await;
            assert_eq!(again.headers["idempotent-replayed"], "true");
            assert_eq!((again.text, &again.headers["etag"]), (first.text, &first.headers["etag"]));
        }
    }

    async fn what_is_refused_leaves_its_key_free(app: &TestApp) {
        let token = app.applicant("wang").await;
        let post = |name: &str| app.post(SHOP, &shop(name)).by(&token).header("idempotency-key", "k-1");
        post("").meets(422, "invalid").await;
        let made = post("一号店").gives(201).await;
        assert!(!made.headers.contains_key("idempotent-replayed"));
    }

    async fn another_password_is_other_input(app: &TestApp) {
        let operator = app.operator().await;
        let make = |password: &str| {
            let new = json!({ "login": "li", "name": "李", "password": password });
            app.post("/api/v1/people", &new).by(&operator).header("idempotency-key", "k-1")
        };
        let person = make("correct horse").gives(201).await;
        assert_eq!(make("correct horse").gives(201).await.text, person.text);
        make("another horse").meets(422, "idempotency-key-reused").await;
        let path = format!("{}/password", person.headers["location"].to_str().unwrap());
        let set = |password: &str| {
            let new = json!({ "password": password });
            app.put(&path, &new).by(&operator).header("idempotency-key", "k-2")
        };
        let first = set("staple battery").gives(200).await;
        assert_eq!(set("staple battery").gives(200).await.text, first.text);
        set("battery staple").meets(422, "idempotency-key-reused").await;
    }

    async fn a_change_without_its_guards_is_refused(app: &TestApp) {
        let operator = app.operator().await;
        let robot = json!({ "login": "robot", "name": "导入程序" });
        let make = || app.post("/api/v1/people", &robot).by(&operator).bare();
        make().meets(400, "idempotency-key-missing").await;
        let person = make().header("idempotency-key", "k-1").gives(201).await;
        let path = format!("{}/disable", person.headers["location"].to_str().unwrap());
        let disable = || app.post(&path, &json!({})).by(&operator).bare();
        disable().header("if-match", "*").meets(400, "idempotency-key-missing").await;
        disable().header("idempotency-key", "k-2").meets(428, "if-match-missing").await;
        app.post("/api/v1/people", &robot).bare().meets(401, "anonymous").await;
        let both = disable().header("idempotency-key", "k-2").header("if-match", "\"1\"");
        both.gives(200).await;
    }

    async fn a_bad_key_is_refused(app: &TestApp) {
        let token = app.applicant("wang").await;
        for key in ["", "with blank", &"x".repeat(256)] {
            let call = app.post(SHOP, &shop("一号店")).by(&token);
            call.header("idempotency-key", key).meets(400, "malformed").await;
        }
    }

    async fn a_change_of_something_old_is_refused(app: &TestApp) {
        let operator = app.operator().await;
        let robot = json!({ "login": "robot", "name": "导入程序" });
        let person = app.post("/api/v1/people", &robot).by(&operator).gives(201).await;
        assert_eq!(person.headers["etag"], "\"1\"");
        let path = person.headers["location"].to_str().unwrap().to_owned();
        let step = |name: &str, tag: &str| {
            let ask = app.post(&format!("{path}/{name}"), &json!({})).by(&operator);
            ask.header("if-match", tag)
        };
        assert_eq!(step("disable", "\"1\"").gives(200).await.headers["etag"], "\"2\"");
        step("enable", "\"1\"").meets(412, "stale").await;
        step("enable", "*").gives(200).await;
        for bad in ["3", "W/\"3\"", "\"x\"", "\"3\", \"4\""] {
            step("disable", bad).meets(400, "malformed").await;
        }
    }

    async fn sixteen_writers_lose_nothing_of_each_other(app: &TestApp) {
        const PATH: &str = "/api/v1/synonyms/abc";
        let operator = app.operator().await;
        let of = |names: &[String]| json!({ "kind": "saying", "names": names });
        app.put(PATH, &of(&["甲".to_owned()])).by(&operator).gives(200).await;
        let write = async |writer: usize| loop {
            let seen = app.get(PATH).gives(200).await;
            let tag = seen.headers["etag"].to_str().unwrap().to_owned();
            let names = seen.json["names"].as_array().unwrap().iter();
            let mut names: Vec<_> = names.map(|name| name.as_str().unwrap().to_owned()).collect();
            names.push(format!("名{writer}"));
            let put = app.put(PATH, &of(&names)).by(&operator).header("if-match", &tag);
            match put.send().await.status {
                200 => return,
                status => assert_eq!(status, 412),
            }
        };
        futures::future::join_all((0..16).map(write)).await;
        let last = app.get(PATH).gives(200).await;
        assert_eq!(last.json["names"].as_array().unwrap().len(), 17);
        assert_eq!(last.headers["etag"], "\"17\"");
    }

    async fn what_is_known_is_not_sent_again(app: &TestApp) {
        let token = app.applicant("wang").await;
        let me = app.get("/api/v1/me").by(&token).gives(200).await;
        let path = format!("{SHOP}/{}", me.text_at("/party/id"));
        let shown = app.get(&path).by(&token).gives(200).await;
        let tag = shown.headers["etag"].to_str().unwrap().to_owned();
        let known = |tag: &str| app.get(&path).by(&token).header("if-none-match", tag);
        let short = known(&tag).gives(304).await;
        assert_eq!((short.text.as_str(), &short.headers["etag"]), ("", &shown.headers["etag"]));
        known(&format!("\"7\", W/{tag}")).gives(304).await;
        known("*").gives(304).await;
        known("\"7\"").gives(200).await;
    }
}
