//! Other providers by which people sign in: `[[provider]]` in the file of settings.

use std::{collections::BTreeSet, env, fmt::Display, fs, path::PathBuf};

use market_core::account::Provider;
use serde::Deserialize;

use super::Failure;
use crate::provider::{Client, Providers, Registration};

/// A provider, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct ProviderGiven {
    /// What it is called in addresses.
    key: String,
    /// What people know it as.
    name: String,
    issuer: String,
    /// As whom this server is registered there.
    client_id: String,
    /// Where the secret is that proves it: a file, or a variable of the environment.
    client_secret_file: Option<PathBuf>,
    client_secret_env: Option<String>,
    #[serde(default = "profile")]
    scopes: Vec<String>,
    #[serde(default)]
    makes_accounts: bool,
    #[serde(default)]
    second_factors: Vec<String>,
    /// Certificates in PEM of authorities that it may also prove itself by.
    ca: Option<PathBuf>,
}

fn profile() -> Vec<String> {
    vec!["profile".to_owned()]
}

fn wrong(place: usize, field: &str, why: &dyn Display) -> Failure {
    Failure::Usage(format!("provider[{place}].{field}: {why}"))
}

/// Refuses what no server could use.
pub(super) fn check(given: &[ProviderGiven]) -> Result<(), Failure> {
    let mut keys = BTreeSet::new();
    for (place, one) in given.iter().enumerate() {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=32).contains(&one.key.len()) || !one.key.bytes().all(plain) {
            return Err(wrong(place, "key", &"must have 1 to 32 of a-z, 0-9 and '-'"));
        }
        if !keys.insert(&one.key) {
            return Err(wrong(place, "key", &"is another provider's, too"));
        }
        if one.name.trim().is_empty() || one.name.chars().any(char::is_control) {
            return Err(wrong(place, "name", &"must be what people know it as"));
        }
        if one.client_secret_file.is_some() && one.client_secret_env.is_some() {
            return Err(wrong(place, "client_secret_env", &"the secret is in a file already"));
        }
    }
    Ok(())
}

impl ProviderGiven {
    /// What the market knows of it.
    pub(super) fn provider(&self) -> Provider {
        Provider {
            key: self.key.clone(),
            name: self.name.clone(),
            issuer: self.issuer.clone(),
            makes_accounts: self.makes_accounts,
            second_factors: self.second_factors.clone(),
        }
    }

    /// The secret, which no message repeats.
    fn secret(&self, place: usize) -> Result<Option<String>, Failure> {
        let secret = match (&self.client_secret_file, &self.client_secret_env) {
            (Some(path), _) => {
                let read = fs::read_to_string(path);
                read.map_err(|why| wrong(place, "client_secret_file", &why))?
            }
            (None, Some(name)) => env::var(name)
                .map_err(|_| wrong(place, "client_secret_env", &"there is no such variable"))?,
            (None, None) => return Ok(None),
        };
        let secret = secret.trim().to_owned();
        if secret.is_empty() {
            return Err(wrong(place, "client_secret_file", &"the secret is empty"));
        }
        Ok(Some(secret))
    }

    fn client(&self, place: usize, public_url: &str) -> Result<Client, Failure> {
        let authorities = self.ca.as_ref().map(fs::read).transpose();
        let registration = Registration {
            client_id: self.client_id.clone(),
            client_secret: self.secret(place)?,
            scopes: self.scopes.clone(),
            public_url: public_url.to_owned(),
            authorities: authorities.map_err(|why| wrong(place, "ca", &why))?,
        };
        Client::new(self.provider(), registration)
            .map_err(|why| Failure::Usage(format!("provider[{place}].{why}")))
    }
}

/// What speaks with the providers.
pub(super) fn clients(given: &[ProviderGiven], public_url: &str) -> Result<Providers, Failure> {
    let clients = given.iter().enumerate().map(|(place, one)| one.client(place, public_url));
    Ok(Providers::new(clients.collect::<Result<_, _>>()?))
}
