//! Passwords and tokens: what is kept of them, and how they are checked.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::{env::Env, error::Error};

/// How every token begins, so that people and scanners recognise one.
const TOKEN_PREFIX: &str = "mkt_";

/// A fresh token: shown once, kept only as its digest.
pub(crate) fn new_token(env: &Env) -> String {
    format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(env.secret::<32>()))
}

/// What is kept of a token; nothing leads back from it.
pub(crate) fn token_digest(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is kept of a password: an Argon2id string with its salt and cost. Slow on purpose.
pub(crate) fn hash_password(env: &Env, password: &str) -> Result<String, Error> {
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &env.secret::<16>())
        .map(|hash| hash.to_string())
        .map_err(|_| Error::Inconsistent("password hash"))
}

/// What tells two passwords apart that come with one text, and nobody else's: as slow to compute as
/// what is kept of a password, so that it helps nobody to guess.
pub(crate) fn slow_digest(password: &str, with: &str) -> Result<String, Error> {
    let mut digest = [0; 32];
    Argon2::default()
        .hash_password_into(password.as_bytes(), &Sha256::digest(with.as_bytes()), &mut digest)
        .map_err(|_| Error::Inconsistent("password digest"))?;
    Ok(hex(&digest))
}

/// Whether a password is the one that was hashed. Slow on purpose.
pub(crate) fn is_password(hash: &str, password: &str) -> bool {
    Argon2::default().verify_password(password.as_bytes(), hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_digest_tells_passwords_apart() {
        let of = |password, with| slow_digest(password, with).unwrap();
        assert_eq!(of("correct horse", "key-1"), of("correct horse", "key-1"));
        assert_ne!(of("correct horse", "key-1"), of("wrong horse", "key-1"));
        assert_ne!(of("correct horse", "key-1"), of("correct horse", "key-2"));
    }

    #[test]
    fn only_the_password_opens_its_hash() {
        let env = Env::real();
        let hash = hash_password(&env, "correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(is_password(&hash, "correct horse") && !is_password(&hash, "wrong"));
        assert!(!is_password("", "correct horse"));
    }
}
