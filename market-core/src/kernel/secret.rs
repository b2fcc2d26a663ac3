//! Passwords and tokens: what is kept of them, and how they are checked.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{env::Env, error::Error};

/// What a secret text of ours opens; each kind begins otherwise, so that people and scanners
/// recognise one, and none is taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A token that the operator or a person made, for as long as they said.
    Personal,
    /// The short-lived token of a session.
    Access,
    /// What a session's next tokens are had for.
    Refresh,
    /// The token of a browser's session, in its cookie.
    Browser,
    /// A key of a party's program.
    Key,
    /// The code of an invitation.
    Invitation,
    /// What ends mail to somebody by a link.
    Stop,
}

impl TokenKind {
    const ALL: [Self; 7] = [
        Self::Personal,
        Self::Access,
        Self::Refresh,
        Self::Browser,
        Self::Key,
        Self::Invitation,
        Self::Stop,
    ];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Personal => "mkt_",
            Self::Access => "mkta_",
            Self::Refresh => "mktr_",
            Self::Browser => "mktb_",
            Self::Key => "mktk_",
            Self::Invitation => "mkti_",
            Self::Stop => "mkts_",
        }
    }

    /// What a text is, if it is a token at all: decided by its beginning and its checksum, without
    /// asking anybody.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let (prefix, rest) = token.split_at_checked(token.find('_')? + 1)?;
        let kind = Self::ALL.into_iter().find(|kind| kind.prefix() == prefix)?;
        let is_plain = rest.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_sound = match rest.split_at_checked(RANDOM) {
            Some((random, sum)) if is_plain => sum == checksum(prefix, random),
            _ => false,
        };
        // Before there were checksums, tokens had 32 bytes in base64url.
        let is_old = kind == Self::Personal && rest.len() == 43;
        (is_sound || is_old).then_some(kind)
    }
}

/// How many characters of a token are random: 192 bits.
const RANDOM: usize = 33;

/// A fresh token: shown once, kept only as its digest. A prefix, 33 random characters, and a
/// checksum of six.
pub(crate) fn new_token(env: &Env, kind: TokenKind) -> String {
    let bytes = env.secret::<24>();
    let random: String = bytes.chunks_exact(8).map(|part| base62(part, 11)).collect();
    let prefix = kind.prefix();
    format!("{prefix}{random}{}", checksum(prefix, &random))
}

/// The CRC-32 of what stands before it: a scanner can tell a token from what only looks like one.
fn checksum(prefix: &str, random: &str) -> String {
    let mut sum = flate2::Crc::new();
    sum.update(prefix.as_bytes());
    sum.update(random.as_bytes());
    base62(&sum.sum().to_be_bytes(), 6)
}

/// Up to eight bytes as so many digits and letters, which are enough for every value.
fn base62(bytes: &[u8], digits: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut value = bytes.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    let mut text = vec!['0'; digits];
    for place in text.iter_mut().rev() {
        *place = usize::try_from(value % 62).map_or('0', |digit| char::from(DIGITS[digit]));
        value /= 62;
    }
    text.into_iter().collect()
}

/// Whether two secrets are the same; how long it takes tells nothing of where they differ.
pub fn is_same_secret(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// What is kept of a token; nothing leads back from it.
pub(crate) fn token_digest(token: &str) -> String {
    sha256_hex(token.as_bytes())
}

/// The SHA-256 of all that can be read, in lower-case hexadecimal.
pub fn sha256_of(mut from: impl std::io::Read) -> std::io::Result<String> {
    let (mut digest, mut piece) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(hex(&digest.finalize())),
            count => digest.update(&piece[..count]),
        }
    }
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
    fn a_token_says_what_it_is_and_that_nothing_is_mistyped() {
        for kind in TokenKind::ALL {
            let token = new_token(&Env::real(), kind);
            assert_eq!(token.len(), kind.prefix().len() + 39, "{token}");
            assert_eq!(TokenKind::of(&token), Some(kind), "{token}");
            for place in 0..token.len() {
                let mut mistyped = token.clone().into_bytes();
                mistyped[place] = if mistyped[place] == b'x' { b'y' } else { b'x' };
                assert_eq!(TokenKind::of(&String::from_utf8(mistyped).unwrap()), None, "{token}");
            }
        }
        assert_ne!(
            new_token(&Env::real(), TokenKind::Key),
            new_token(&Env::real(), TokenKind::Key)
        );
        let old = format!("mkt_{}", "A-_b".repeat(11).split_at(43).0);
        assert_eq!(TokenKind::of(&old), Some(TokenKind::Personal));
        for other in
            ["", "_", "mkt_", "mkta", "Bearer", "ghp_abc", "mktb_", "mkt_\u{20ac}", "\u{20ac}_"]
        {
            assert_eq!(TokenKind::of(other), None, "{other}");
        }
    }

    #[test]
    fn secrets_are_the_same_or_not() {
        assert!(is_same_secret("abc", "abc"));
        assert!(!is_same_secret("abc", "abd") && !is_same_secret("abc", "ab"));
    }

    #[test]
    fn the_largest_value_has_its_digits() {
        assert_eq!(base62(&[255; 8], 11), "LygHa16AHYF");
        assert_eq!(base62(&[255; 4], 6), "4gfFC3");
        assert_eq!(base62(&[0; 8], 11), "0".repeat(11));
    }

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
