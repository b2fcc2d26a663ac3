//! The proof that a request was sent from one of our own pages.

use market_core::sha256_hex;

/// What a page that was made for the holder of a secret cookie puts into its forms. Whoever cannot
/// read the cookie cannot make it, and nothing leads from it back to the cookie.
pub(crate) fn proof_of(secret: &str) -> String {
    sha256_hex(format!("market csrf v1 {secret}").as_bytes())
}
