//! Secrets are neither kept, nor logged, nor known to everybody.

use market_core::Env;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::{
    harness::{PASSWORD, TestApp, on_both},
    identity::{credentials, party_of, sign_up, signed_in},
    program::{printed, run},
    server::{Server, market},
};

/// Everything that is kept of accounts and of what happened, as text.
pub(crate) async fn dump(app: &TestApp) -> String {
    const TABLES: [&str; 15] = [
        "people",
        "memberships",
        "tokens",
        "sessions",
        "session_tokens",
        "api_keys",
        "invitations",
        "second_factors",
        "recovery_codes",
        "throttles",
        "mailboxes",
        "identities",
        "provider_visits",
        "journal",
        "idempotency",
    ];
    let mut text = String::new();
    for table in TABLES {
        let rows: Vec<String> = if app.url().starts_with("sqlite:") {
            let mut conn = SqliteConnection::connect(&app.url()).await.unwrap();
            let columns = format!("select name from pragma_table_info('{table}')");
            let columns: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(columns)).fetch_all(&mut conn).await.unwrap();
            let all = columns.iter().map(|one| format!("quote({one})")).collect::<Vec<_>>();
            let select = format!("select {} from {table}", all.join(" || ' ' || "));
            sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut conn).await.unwrap()
        } else {
            let mut conn = PgConnection::connect(&app.url()).await.unwrap();
            let select = format!("select to_jsonb(t)::text from {table} t");
            sqlx::query_scalar(AssertSqlSafe(select)).fetch_all(&mut conn).await.unwrap()
        };
        text.extend(rows);
    }
    text
}

on_both! {
    async fn no_secret_is_found_where_it_is_kept(app: &TestApp) {
        let session = signed_in(app, "wang").await;
        let token = session.text_at("/token").to_owned();
        let new = json!({ "name": "k", "scopes": ["read"], "expires_at": "2027-01-01T00:00:00Z" });
        let key = app.post("/api/v1/api-keys", &new).by(&token).gives(201).await;
        let path = format!("{}/invitations", party_of(app, &token).await);
        let new = json!({ "role": "member", "name": "李明" });
        let invited = app.post(&path, &new).by(&token).gives(201).await;
        let personal = app.operator().await;
        let secrets = [
            &token, session.text_at("/refresh_token"), key.text_at("/key"),
            invited.text_at("/code"), &personal, PASSWORD,
        ].map(str::to_owned);
        let dump = dump(app).await;
        assert!(dump.contains("wang") && dump.contains("invitation_made"));
        for secret in secrets {
            assert!(!dump.contains(&secret), "{secret}");
        }
    }
}

/// At the level at which everything is told, over real connections.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.txt");
    let mut command = market(folder.path());
    command.env("MARKET_LOG", "trace").stderr(std::fs::File::create(&log).unwrap());
    let server = Server::ready(command).await;
    market_api::tls::ready();
    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{}/api/v1{path}", server.address);
    let post = async |path: &str, token: &str, body: &Value| -> Value {
        let answer = client.post(url(path)).bearer_auth(token).json(body).send().await.unwrap();
        answer.json().await.unwrap()
    };
    let secret = |value: &Value, place: &str| value[place].as_str().unwrap().to_owned();
    post("/sign-up", "", &sign_up("wang")).await;
    let wrong = json!({ "login": "hunter2-as-login", "password": "hunter2-as-password" });
    post("/sessions", "", &wrong).await;
    let first = post("/sessions", "", &credentials("wang")).await;
    let refreshing = json!({ "refresh_token": first["refresh_token"] });
    let second = post("/sessions/refresh", "", &refreshing).await;
    let token = secret(&second, "token");
    let new = json!({ "name": "k", "scopes": ["read"], "expires_at": Env::real().now().plus_seconds(60) });
    let key = secret(&post("/api-keys", &token, &new).await, "key");
    let enrolment = post("/me/second-factor", &token, &json!({ "password": PASSWORD })).await;
    let enrolled = secret(&enrolment, "secret");
    client.get(url("/me")).bearer_auth(&key).send().await.unwrap();
    // The connection's address is known: five wrong tries, and the sixth waits.
    for _ in 0..4 {
        post("/sessions", "", &wrong).await;
    }
    assert_eq!(post("/sessions", "", &wrong).await["code"], "too-often");
    // A link in a mail, which ends mail for whoever has it.
    let stop = "mkts_0123456789012345678901234567890123456789";
    let ends_mail = format!("http://{}/mail/stop/{stop}", server.address);
    assert_eq!(client.get(ends_mail).send().await.unwrap().status(), 200);
    server.terminate();
    assert_eq!(server.code(), Some(0));
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("/api/v1/sessions/refresh"));
    let secrets = [
        secret(&first, "token"),
        secret(&first, "refresh_token"),
        token,
        secret(&second, "refresh_token"),
        key,
        enrolled,
        PASSWORD.to_owned(),
        stop.to_owned(),
        "hunter2-as-login".to_owned(),
        "hunter2-as-password".to_owned(),
    ];
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "{secret}");
    }
    let key_file = std::fs::read_to_string(folder.path().join("server.key")).unwrap();
    assert!(key_file.starts_with("market-server:") && !log.contains(key_file.trim()));
}

/// Nobody gets in by what everybody knows: a market begins without accounts, and the demonstration,
/// whose tokens are printed, is for this machine alone.
#[test]
fn there_is_no_default_password() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(printed(&run(folder.path(), &["user", "list"])), "");
    let demo = run(folder.path(), &["demo", "--listen", "0.0.0.0:0"]);
    assert_eq!(demo.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&demo.stderr).contains("loopback only"));
    let demo = run(folder.path(), &["demo", "--database", "postgres://localhost/market"]);
    assert_eq!(demo.status.code(), Some(2));
}
