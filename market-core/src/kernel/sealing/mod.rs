//! Sealing: what nobody can read before its time.
//!
//! A quote is sealed to the public key of its purchase when it arrives. The private key is kept
//! nowhere: it comes of the owner's opening code and the platform's half together, and the code
//! is not kept either. A deposit is the code itself, sealed to a supervising department. The
//! construction is HPKE (RFC 9180); who can read what, and when, stands in
//! `docs/decisions/0013-sealed-quotes.md`.

mod key;
mod seal;
mod secret;
#[cfg(test)]
mod tests;

pub use key::{NotAKey, OpeningKey, PublicKey, ServerKey, SupervisorKey};
pub use seal::{NotSealed, deposit, open, open_deposit, seal};
pub(crate) use seal::{
    is_sealed, open_factor, open_half, open_mail, open_signing, seal_factor, seal_half, seal_mail,
    seal_signing,
};
pub use secret::{NotASecret, OpeningCode, PlatformHalf, WeakCode};
