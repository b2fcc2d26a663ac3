//! How messages are signed, by Standard Webhooks 1.0.0: `v1` with a secret that the receiver
//! shares (HMAC-SHA256), and `v1a` with the server's key (Ed25519), whose public part is published.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;

use crate::{
    Env, Error,
    id::WebhookId,
    signing::{Signing, SigningKey},
};

const SECRET_PREFIX: &str = "whsec_";

/// A secret that signs a webhook's messages; it does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A fresh one.
    pub(super) fn new(env: &Env) -> Self {
        Self(STANDARD.encode(env.secret::<32>()))
    }

    /// One that was kept.
    pub(super) const fn kept(base64: String) -> Self {
        Self(base64)
    }

    /// As it is kept under the id of its webhook.
    pub(super) fn to_keep(&self, signing: Signing<'_>, of: WebhookId) -> Result<String, Error> {
        signing.to_keep(&of.to_string(), &self.0)
    }

    /// As its owner is shown it, once.
    pub(super) fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", self.0)
    }
}

/// The header `webhook-signature`: a signature by each secret and each key that is good now.
pub(super) fn signatures(
    id: &str,
    timestamp: i64,
    body: &str,
    secrets: &[Secret],
    keys: &[SigningKey],
) -> Result<String, Error> {
    let signed = format!("{id}.{timestamp}.{body}");
    let mut signatures = Vec::with_capacity(secrets.len() + keys.len());
    for secret in secrets {
        let bytes = STANDARD.decode(&secret.0).map_err(|_| Error::Inconsistent("secret"))?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes), signed.as_bytes());
        signatures.push(format!("v1,{}", STANDARD.encode(tag)));
    }
    for key in keys {
        signatures.push(format!("v1a,{}", key.sign(signed.as_bytes())));
    }
    Ok(signatures.join(" "))
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    const BODY: &str = r#"{"type":"order.order_placed"}"#;

    fn headers(id: &str, timestamp: i64, signature: &str) -> http::HeaderMap {
        let header = |value: &str| value.parse().unwrap();
        http::HeaderMap::from_iter([
            ("webhook-id".parse().unwrap(), header(id)),
            ("webhook-timestamp".parse().unwrap(), header(&timestamp.to_string())),
            ("webhook-signature".parse().unwrap(), header(signature)),
        ])
    }

    /// The verifier of Standard Webhooks itself takes what we sign, and nothing else.
    #[test]
    fn others_verify_what_is_signed() {
        let env = Env::real();
        let now = env.now().micros() / 1_000_000;
        let [new, old, foreign] = [(); 3].map(|()| Secret::new(&env));
        let keys = [SigningKey::of_seed(&STANDARD.encode(env.secret::<32>())).unwrap()];
        let signature = signatures("evt_7", now, BODY, &[new.clone(), old.clone()], &keys).unwrap();
        let verifies = |secret: &Secret, id: &str, body: &str| {
            let oracle = standardwebhooks::Webhook::new(&secret.reveal()).unwrap();
            oracle.verify(body.as_bytes(), &headers(id, now, &signature)).is_ok()
        };
        assert!(verifies(&new, "evt_7", BODY) && verifies(&old, "evt_7", BODY));
        assert!(!verifies(&foreign, "evt_7", BODY));
        assert!(!verifies(&new, "evt_8", BODY));
        assert!(!verifies(&new, "evt_7", "{}"));
    }

    #[test]
    fn a_signature_is_what_the_oracle_makes() {
        let secret = Secret::kept("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let oracle = standardwebhooks::Webhook::new(&secret.reveal()).unwrap();
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let body = r#"{"test": 2432232314}"#;
        let ours = signatures(id, at, body, &[secret], &[]).unwrap();
        assert_eq!(ours, oracle.sign(id, at, body.as_bytes()).unwrap());
        assert_eq!(ours, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    /// RFC 8032, 7.1, test 1, with our text.
    #[test]
    fn the_public_key_verifies() {
        let seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
        let key = SigningKey::of_seed(seed).unwrap();
        assert_eq!(key.public(), "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        let public = STANDARD.decode(key.public().trim_start_matches("whpk_")).unwrap();
        let signature = signatures("evt_1", 5, BODY, &[], &[key]).unwrap();
        let signature = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, public);
        public.verify(format!("evt_1.5.{BODY}").as_bytes(), &signature).unwrap();
        assert!(public.verify(format!("evt_1.6.{BODY}").as_bytes(), &signature).is_err());
    }

    #[test]
    fn secrets_do_not_print_themselves() {
        let secret = Secret::new(&Env::real());
        assert!(!format!("{secret:?}").contains(&secret.0));
    }
}
