//! A provider that vouches for people, as tests need it: honest, unless it is told to be otherwise.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use market_api::provider::{Client, Registration};
use market_core::{Env, account::Provider};
use ring::{
    digest, hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

/// As whom the market is registered, and what proves it.
const CLIENT: &str = "market";
const SECRET: &str = "a secret of the market's";

/// What is wrong with the next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twist {
    Honest,
    OtherNonce,
    NoNonce,
    OtherAudience,
    AlsoAnotherAudience,
    Expired,
    OtherIssuer,
    OtherKey,
    Altered,
    AlgNone,
    SignedWithOurSecret,
    NoToken,
}

/// What somebody was given a code for.
#[derive(Debug)]
struct Grant {
    query: BTreeMap<String, String>,
    claims: Value,
    twist: Twist,
}

#[derive(Debug)]
struct Inside {
    url: String,
    key: EcdsaKeyPair,
    other_key: EcdsaKeyPair,
    grants: Mutex<BTreeMap<String, Grant>>,
    /// How often it was asked of itself.
    asked: Mutex<u32>,
}

/// A provider.
#[derive(Debug)]
pub(crate) struct Issuer {
    key: &'static str,
    inside: Arc<Inside>,
    serving: JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn new_key() -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

fn now() -> i64 {
    Env::real().now().micros() / 1_000_000
}

impl Issuer {
    /// One that the market calls by a key.
    pub(crate) async fn begin(key: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inside = Arc::new(Inside {
            url: format!("http://{}", listener.local_addr().unwrap()),
            key: new_key(),
            other_key: new_key(),
            grants: Mutex::default(),
            asked: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(itself))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(inside.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { key, inside, serving }
    }

    pub(crate) fn url(&self) -> &str {
        &self.inside.url
    }

    /// How often it was asked of itself.
    pub(crate) fn asked(&self) -> u32 {
        *self.inside.asked.lock().unwrap()
    }

    /// As the market knows it: the second one makes accounts, and its `mfa` is as good as ours.
    pub(crate) fn provider(&self) -> Provider {
        let is_second = self.key == "two";
        Provider {
            key: self.key.to_owned(),
            name: format!("身份平台 {}", self.key),
            issuer: self.inside.url.clone(),
            makes_accounts: is_second,
            second_factors: if is_second { vec!["mfa".to_owned()] } else { Vec::new() },
        }
    }

    /// What speaks with it.
    pub(crate) fn client(&self) -> Client {
        let registration = Registration {
            client_id: CLIENT.to_owned(),
            client_secret: Some(SECRET.to_owned()),
            scopes: vec!["profile".to_owned()],
            public_url: "https://market.example".to_owned(),
            authorities: None,
        };
        Client::new(self.provider(), registration).unwrap()
    }

    /// Somebody signs in at an address to which a browser was sent; where it goes on to.
    pub(crate) fn approve(&self, address: &str, subject: &str) -> String {
        self.approve_with(address, json!({ "sub": subject, "name": "王小明" }), Twist::Honest)
    }

    /// The same, with claims of one's own.
    pub(crate) fn approve_with(&self, address: &str, claims: Value, twist: Twist) -> String {
        let address = Url::parse(address).unwrap();
        assert!(address.as_str().starts_with(&format!("{}/authorize?", self.url())), "{address}");
        let pairs = address.query_pairs();
        let query: BTreeMap<String, String> = pairs.into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT);
        assert_eq!(query["code_challenge_method"], "S256");
        let scopes: BTreeSet<&str> = query["scope"].split(' ').collect();
        assert_eq!(scopes, ["openid", "profile"].into());
        let code = format!("code-{}", Env::real().id());
        let (back, state) = (query["redirect_uri"].clone(), query["state"].clone());
        let grant = Grant { query, claims, twist };
        self.inside.grants.lock().unwrap().insert(code.clone(), grant);
        let mut back = Url::parse(&back).unwrap();
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", &state);
        format!("{}?{}", back.path(), back.query().unwrap())
    }
}

async fn itself(State(inside): State<Arc<Inside>>) -> Json<Value> {
    *inside.asked.lock().unwrap() += 1;
    let url = &inside.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "end_session_endpoint": format!("{url}/sign-out"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // What it says here is not believed where it is weak.
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    }))
}

async fn keys(State(inside): State<Arc<Inside>>) -> Json<Value> {
    let point = &inside.key.public_key().as_ref()[1..];
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[..32]), URL_SAFE_NO_PAD.encode(&point[32..]));
    let key = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": "1", "x": x, "y": y });
    Json(json!({ "keys": [key] }))
}

async fn token(
    State(inside): State<Arc<Inside>>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let refused =
        || (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    let basic =
        STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+").replace('\'', "%27")));
    if headers["authorization"] != format!("Basic {basic}") {
        return refused();
    }
    // A code is good once.
    let Some(grant) = inside.grants.lock().unwrap().remove(&form["code"]) else { return refused() };
    let challenge = digest::digest(&digest::SHA256, form["code_verifier"].as_bytes());
    let is_right = form["grant_type"] == "authorization_code"
        && form["redirect_uri"] == grant.query["redirect_uri"]
        && URL_SAFE_NO_PAD.encode(challenge) == grant.query["code_challenge"];
    if !is_right {
        return refused();
    }
    let mut answer = json!({ "access_token": "nothing", "token_type": "Bearer" });
    if grant.twist != Twist::NoToken {
        answer["id_token"] = Value::String(inside.id_token(&grant));
    }
    Json(answer).into_response()
}

impl Inside {
    fn id_token(&self, grant: &Grant) -> String {
        let twist = grant.twist;
        let (mut header, mut claims) =
            (json!({ "alg": "ES256", "kid": "1" }), grant.claims.clone());
        let given = json!({
            "iss": self.url, "aud": CLIENT, "iat": now(), "exp": now() + 300,
            "nonce": grant.query["nonce"],
        });
        for (name, value) in given.as_object().unwrap() {
            claims[name] = value.clone();
        }
        match twist {
            Twist::OtherNonce => claims["nonce"] = json!("another"),
            Twist::NoNonce => drop(claims.as_object_mut().unwrap().remove("nonce")),
            Twist::OtherAudience => claims["aud"] = json!("somebody else"),
            Twist::AlsoAnotherAudience => claims["aud"] = json!([CLIENT, "somebody else"]),
            Twist::Expired => claims["exp"] = json!(now() - 1),
            Twist::OtherIssuer => claims["iss"] = json!("https://id.example"),
            Twist::AlgNone => header["alg"] = json!("none"),
            Twist::SignedWithOurSecret => header["alg"] = json!("HS256"),
            _ => {}
        }
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let by = |key: &EcdsaKeyPair| {
            let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
            URL_SAFE_NO_PAD.encode(signature)
        };
        match twist {
            Twist::AlgNone => format!("{signed}."),
            Twist::OtherKey => format!("{signed}.{}", by(&self.other_key)),
            Twist::SignedWithOurSecret => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
                let mac = hmac::sign(&key, signed.as_bytes());
                format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
            }
            Twist::Altered => {
                claims["sub"] = json!("somebody else");
                format!("{}.{}.{}", encoded(&header), encoded(&claims), by(&self.key))
            }
            _ => format!("{signed}.{}", by(&self.key)),
        }
    }
}
