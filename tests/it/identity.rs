//! Sessions, keys, members, second factors and throttles over HTTP.

use std::future::pending;

use market_api::{App, Limits, Served};
use market_core::{
    Actor, Call, Env, Market, Options, Party,
    account::{Identity, NewPerson, PartyKind, Password},
    sealing::ServerKey,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    asking::Answer,
    harness::{NOW, PASSWORD, TestApp, on_both},
};

pub(crate) fn sign_up(login: &str) -> Value {
    json!({
        "login": login,
        "name": "王小明",
        "password": PASSWORD,
        "applicant": { "kind": "natural", "name": "慈溪某某餐饮店", "phone": "13800000000" },
    })
}

pub(crate) fn credentials(login: &str) -> Value {
    json!({ "login": login, "password": PASSWORD })
}

/// The session of somebody new.
pub(crate) async fn signed_in(app: &TestApp, login: &str) -> Answer {
    app.post("/api/v1/sign-up", &sign_up(login)).gives(201).await;
    app.post("/api/v1/sessions", &credentials(login)).gives(201).await
}

async fn operators_password(market: &Market, login: &str) {
    let (accounts, call) = (market.accounts(), Call::from(Actor::system()));
    let password = Some(Password::new(PASSWORD));
    let new = NewPerson { login: login.to_owned(), name: login.to_owned(), password };
    let person = accounts.create_person(&call, new).await.unwrap().id;
    accounts.grant(&call, person, Party::Operator).await.unwrap();
}

/// The path of the party that a token acts for.
pub(crate) async fn party_of(app: &TestApp, token: &str) -> String {
    let me = app.get("/api/v1/me").by(token).gives(200).await;
    format!("/api/v1/parties/{}:{}", me.text_at("/party/kind"), me.text_at("/party/id"))
}

on_both! {
    async fn a_session_is_refreshed_listed_and_ended(app: &TestApp) {
        let first = signed_in(app, "wang").await;
        assert_eq!(first.json["expires_at"], "2026-11-24T02:15:00Z");
        assert_eq!(first.json["session_expires_at"], "2026-12-01T02:00:00Z");
        let refreshing = json!({ "refresh_token": first.text_at("/refresh_token") });
        let second = app.post("/api/v1/sessions/refresh", &refreshing).gives(201).await;
        app.get("/api/v1/me").by(first.text_at("/token")).meets(401, "anonymous").await;
        let token = second.text_at("/token");
        let listed = app.get("/api/v1/me/sessions").by(token).gives(200).await;
        assert_eq!(listed.json["items"][0]["id"], second.json["session_id"]);
        for secret in ["/token", "/refresh_token"] {
            assert!(!listed.text.contains(second.text_at(secret)));
        }
        app.post("/api/v1/sessions/refresh", &refreshing).meets(401, "session-over").await;
        app.get("/api/v1/me").by(token).meets(401, "anonymous").await;
        let again = json!({ "refresh_token": second.text_at("/refresh_token") });
        app.post("/api/v1/sessions/refresh", &again).meets(401, "session-over").await;

        let one = app.post("/api/v1/sessions", &credentials("wang")).gives(201).await;
        let other = app.post("/api/v1/sessions", &credentials("wang")).gives(201).await;
        let path = format!("/api/v1/sessions/{}", one.text_at("/session_id"));
        let li = signed_in(app, "li").await;
        app.delete(&path).by(li.text_at("/token")).meets(404, "not-found").await;
        app.delete(&path).by(other.text_at("/token")).gives(204).await;
        app.get("/api/v1/me").by(one.text_at("/token")).meets(401, "anonymous").await;
        app.delete("/api/v1/me/sessions").by(other.text_at("/token")).gives(204).await;
        app.get("/api/v1/me").by(other.text_at("/token")).meets(401, "anonymous").await;
    }

    async fn nonsense_is_no_token(app: &TestApp) {
        for token in ["", "x", "mkt_", "mkta_0", "Bearer", "eyJhbGciOiJub25lIn0.e30."] {
            app.get("/api/v1/me").by(token).meets(401, "anonymous").await;
            let body = json!({ "refresh_token": token });
            let answer = app.post("/api/v1/sessions/refresh", &body).send().await;
            assert!(matches!(answer.status, 401 | 422), "{}", answer.text);
        }
        app.post("/api/v1/sessions/refresh", &json!({})).meets(422, "invalid").await;
        app.get("/api/v1/me").header("authorization", "Basic eDp5").meets(401, "anonymous").await;
    }

    async fn two_nodes_refresh_one_token_once(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let refreshing = json!({ "refresh_token": session.text_at("/refresh_token") });
        let env = Env::fixed(NOW.parse().unwrap());
        let other = Market::open(Options { env, ..Options::new(app.url()) }).await.unwrap();
        let node = market_api::router(App::new(other.clone()));
        let (here, there) = tokio::join!(
            app.post("/api/v1/sessions/refresh", &refreshing).send(),
            app.post("/api/v1/sessions/refresh", &refreshing).at(&node).send(),
        );
        let mut statuses = [here.status, there.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 401], "{} {}", here.text, there.text);
        let got = if here.status == 201 { here } else { there };
        // Whoever came second may be the thief: the session is over for both, on both nodes.
        app.get("/api/v1/me").by(got.text_at("/token")).meets(401, "anonymous").await;
        app.get("/api/v1/me").by(got.text_at("/token")).at(&node).meets(401, "anonymous").await;
        other.close().await.unwrap();
    }

    async fn a_person_acts_openly_for_several_parties(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let token = session.text_at("/token");
        let shop = json!({ "kind": "other", "name": "二号店", "phone": "0574-00000001" });
        let made = app.post("/api/v1/applicants", &shop).by(token).gives(201).await;
        let me = app.get("/api/v1/me").by(token).gives(200).await;
        assert_eq!(me.json["memberships"].as_array().unwrap().len(), 2);
        assert_eq!(me.json["memberships"][1]["role"], "admin");
        let party = json!({ "party": { "kind": "applicant", "id": made.text_at("/id") } });
        let switched = app.post("/api/v1/sessions/switch", &party).by(token).gives(201).await;
        assert_eq!(switched.json["party"], party["party"]);
        app.get("/api/v1/me").by(token).meets(401, "anonymous").await;
        let token = switched.text_at("/token");
        let operator = json!({ "party": { "kind": "operator" } });
        let outcome = app.post("/api/v1/sessions/switch", &operator).by(token);
        outcome.meets(403, "party-not-held").await;
        let personal = app.operator().await;
        let outcome = app.post("/api/v1/sessions/switch", &operator).by(&personal);
        outcome.meets(401, "session-over").await;
    }

    async fn a_key_reaches_as_far_as_its_scopes(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let token = session.text_at("/token");
        let new = json!({
            "name": "订单同步", "scopes": ["read", "searches"], "expires_at": "2027-01-01T00:00:00Z",
        });
        let made = app.post("/api/v1/api-keys", &new).by(token).gives(201).await;
        let key = made.text_at("/key");
        app.get("/api/v1/me").by(key).gives(200).await;
        app.get("/api/v1/cases").by(key).gives(200).await;
        let saved = json!({ "name": "环评", "query": { "q": "环评" } });
        let answer = app.post("/api/v1/saved-searches", &saved).by(key).send().await;
        assert!(!matches!(answer.status, 401 | 403), "{}", answer.text);
        for path in ["/api/v1/cases", "/api/v1/orders"] {
            app.post(path, &json!({})).by(key).meets(403, "scope-missing").await;
        }
        app.post("/api/v1/applicants", &json!({})).by(key).meets(403, "people-only").await;
        app.post("/api/v1/api-keys", &new).by(key).meets(403, "people-only").await;
        for path in ["/api/v1/api-keys", "/api/v1/me/sessions", "/api/v1/people"] {
            app.get(path).by(key).meets(403, "people-only").await;
        }
        let listed = app.get("/api/v1/api-keys").by(token).gives(200).await;
        assert!(!listed.text.contains(key) && listed.json["items"][0]["used_at"].is_string());
        let path = format!("/api/v1/api-keys/{}", made.text_at("/id"));
        let li = signed_in(app, "li").await;
        app.delete(&path).by(li.text_at("/token")).meets(404, "not-found").await;
        app.delete(&path).by(token).gives(204).await;
        app.get("/api/v1/me").by(key).meets(401, "anonymous").await;

        let bad = json!({ "name": "", "scopes": [], "expires_at": "2030-01-01T00:00:00Z" });
        let problem = app.post("/api/v1/api-keys", &bad).by(token).meets(422, "invalid").await;
        assert_eq!(problem.json["errors"].as_array().unwrap().len(), 3);
        let bad = json!({ "name": "x", "scopes": ["everything"], "expires_at": "2027-01-01T00:00:00Z" });
        app.post("/api/v1/api-keys", &bad).by(token).meets(422, "invalid").await;
    }

    async fn a_party_that_is_disabled_acts_no_more(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let token = session.text_at("/token");
        let party = party_of(app, token).await;
        let operator = app.operator().await;
        let why = json!({ "reason": "冒用" });
        app.post(&format!("{party}/disable"), &why).by(token).meets(403, "operator-only").await;
        app.post(&format!("{party}/disable"), &why).by(&operator).gives(200).await;
        app.get("/api/v1/me").by(token).meets(403, "party-disabled").await;
        app.post("/api/v1/sessions", &credentials("wang")).meets(403, "party-disabled").await;
        app.post(&format!("{party}/enable"), &json!({})).by(&operator).gives(200).await;
        app.get("/api/v1/me").by(token).gives(200).await;
        let nowhere = "/api/v1/parties/nobody/disable";
        app.post(nowhere, &why).by(&operator).meets(404, "not-found").await;
    }

    async fn people_are_invited_join_and_leave(app: &TestApp) {
        let admin = signed_in(app, "wang").await;
        let token = admin.text_at("/token");
        let party = party_of(app, token).await;
        let path = format!("{party}/invitations");
        let new = json!({ "role": "viewer", "name": "李明", "days": 3 });
        let invited = app.post(&path, &new).by(token).gives(201).await;
        let code = json!({ "code": invited.text_at("/code") });
        let listed = app.get(&path).by(token).gives(200).await;
        assert!(!listed.text.contains(invited.text_at("/code")));
        let seen = app.post("/api/v1/invitations/look", &code).gives(200).await;
        assert_eq!((seen.text_at("/role"), seen.text_at("/state")), ("viewer", "open"));
        app.post("/api/v1/invitations/accept", &code).meets(401, "anonymous").await;
        let mut joining = json!({ "login": "li", "name": "李明", "password": PASSWORD });
        joining["code"] = code["code"].clone();
        app.post("/api/v1/invitations/join", &joining).gives(201).await;
        joining["login"] = json!("zhao");
        app.post("/api/v1/invitations/join", &joining).meets(409, "invitation-over").await;

        let viewer = app.post("/api/v1/sessions", &credentials("li")).gives(201).await;
        let viewer = viewer.text_at("/token");
        app.get("/api/v1/cases").by(viewer).gives(200).await;
        app.post("/api/v1/cases", &json!({})).by(viewer).meets(403, "viewers-only-read").await;
        app.post(&path, &new).by(viewer).meets(403, "viewers-only-read").await;
        app.get(&path).by(viewer).meets(403, "admins-only").await;
        let members = app.get(&format!("{party}/members")).by(viewer).gives(200).await;
        assert_eq!(members.json["items"][1]["role"], "viewer");
        let [wang, li] = [0, 1].map(|n| {
            let id = members.json["items"][n]["person_id"].as_str().unwrap();
            format!("{party}/members/{id}")
        });
        app.delete(&wang).by(viewer).meets(403, "admins-only").await;
        app.delete(&wang).by(token).meets(409, "last-admin").await;
        app.put(&li, &json!({ "role": "member" })).by(token).gives(204).await;
        app.post(&path, &new).by(viewer).meets(403, "admins-only").await;
        app.put(&li, &json!({ "role": "chief" })).by(token).meets(422, "invalid").await;
        app.put(&li, &json!({ "role": "viewer" })).by(token).gives(204).await;
        app.delete(&li).by(viewer).gives(204).await;
        app.get("/api/v1/me").by(viewer).meets(401, "anonymous").await;

        let stranger = signed_in(app, "sun").await;
        let stranger = stranger.text_at("/token");
        for path in [&path, &format!("{party}/members"), &format!("{party}/api-keys")] {
            app.get(path).by(stranger).meets(404, "not-found").await;
        }
        let invited = app.post(&path, &new).by(token).gives(201).await;
        let code = json!({ "code": invited.text_at("/code") });
        app.post("/api/v1/invitations/decline", &code).by(stranger).gives(200).await;
        app.post("/api/v1/invitations/accept", &code).by(stranger).meets(409, "invitation-over").await;
        let invited = app.post(&path, &new).by(token).gives(201).await;
        let revoked = format!("/api/v1/invitations/{}", invited.text_at("/id"));
        app.delete(&revoked).by(stranger).meets(404, "not-found").await;
        app.delete(&revoked).by(token).gives(204).await;
        let code = json!({ "code": invited.text_at("/code") });
        app.post("/api/v1/invitations/accept", &code).by(stranger).meets(409, "invitation-over").await;
    }

    async fn who_guesses_passwords_is_told_when_to_come_back(app: &TestApp) {
        app.post("/api/v1/sign-up", &sign_up("wang")).gives(201).await;
        let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        let limits = Limits { trusted_proxies, ..Limits::without_rates() };
        let served = Served::market(&App::with_limits(app.market.clone(), limits));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let serving = tokio::spawn(market_api::serve(listener, served, pending()));
        market_api::tls::ready();
        let client = reqwest::Client::new();
        let asking = async |path: &str, body: &Value, address: &str| {
            let ask = client.post(format!("{url}{path}")).header("x-forwarded-for", address);
            let answer = ask.json(body).send().await.unwrap();
            let wait = answer.headers().get("retry-after").cloned();
            (answer.status().as_u16(), wait.map(|wait| wait.to_str().unwrap().to_owned()))
        };
        let wrong = json!({ "login": "wang", "password": "battery staple" });
        for n in 0..5 {
            // Whatever a client says of itself stands before what the proxy adds.
            let address = format!("10.0.0.{n}, 192.0.2.1");
            assert_eq!(asking("/sessions", &wrong, &address).await.0, 401);
        }
        let right = credentials("wang");
        let refused = asking("/sessions", &right, "192.0.2.1").await;
        assert_eq!(refused, (429, Some("60".to_owned())));
        assert_eq!(asking("/sessions", &right, "192.0.2.2").await.0, 201);
        let operator = app.operator().await;
        let rule = json!({ "burst": 1, "seconds": 600 });
        let path = "/api/v1/throttles/sign_up_address";
        let set = app.put(path, &rule).by(&operator).gives(200).await;
        assert_eq!((&set.headers["etag"], &set.json["version"]), (&"\"2\"".parse().unwrap(), &json!(2)));
        app.put(path, &rule).by(&operator).header("if-match", "\"1\"").meets(412, "stale").await;
        app.put("/api/v1/throttles/nothing", &rule).by(&operator).meets(404, "not-found").await;
        let bad = json!({ "burst": 0, "seconds": 1 });
        app.put(path, &bad).by(&operator).meets(422, "invalid").await;
        assert_eq!(asking("/sign-up", &sign_up("li"), "192.0.2.9").await.0, 201);
        let refused = asking("/sign-up", &sign_up("zhao"), "192.0.2.9").await;
        assert_eq!(refused, (429, Some("600".to_owned())));
        serving.abort();
    }

    async fn the_operator_sets_up_a_second_factor_first(app: &TestApp) {
        let identity = Identity {
            second_factor_for: vec![PartyKind::Operator],
            server_key: Some(ServerKey::new(&Env::real())),
            ..Identity::default()
        };
        let env = Env::fixed(NOW.parse().unwrap());
        let options = Options { identity, env, ..Options::new(app.url()) };
        let market = Market::open(options).await.unwrap();
        let node = market_api::router(App::new(market.clone()));
        operators_password(&market, "li").await;
        let session = app.post("/api/v1/sessions", &credentials("li")).at(&node).gives(201).await;
        let token = session.text_at("/token");
        app.get("/api/v1/people").by(token).at(&node).meets(403, "second-factor-required").await;
        let me = app.get("/api/v1/me").by(token).at(&node).gives(200).await;
        assert_eq!(me.json["second_factor"], json!({ "confirmed_at": null, "recovery_codes_left": 0 }));
        let path = "/api/v1/me/second-factor";
        let wrong = json!({ "password": "battery staple" });
        app.post(path, &wrong).by(token).at(&node).meets(401, "wrong-login").await;
        let right = json!({ "password": PASSWORD });
        let enrolment = app.post(path, &right).by(token).at(&node).gives(201).await;
        assert!(enrolment.text_at("/uri").starts_with("otpauth://totp/Market:li?secret="));
        let wrong = json!({ "code": "000000" });
        let confirm = "/api/v1/me/second-factor/confirm";
        app.post(confirm, &wrong).by(token).at(&node).meets(401, "second-factor-wrong").await;
        app.post("/api/v1/sessions", &credentials("li")).at(&node).gives(201).await;
        market.close().await.unwrap();
    }
}
