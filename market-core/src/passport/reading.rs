//! How a passport is read and checked, without a market.

use super::{FORMAT, Passport};
use crate::signing::is_signed;

/// Why bytes are no passport that holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPassport {
    /// They are no JSON of a passport's shape.
    #[error("not a passport: {0}")]
    Shape(String),
    /// They could be read as a passport, but are not the bytes that it is written as.
    #[error("not written as a passport is: byte {0} differs from its canonical form")]
    NotAsWritten(usize),
    /// It was changed after it was signed, or never signed with the key that it names.
    #[error("the signature does not hold: it was changed, or signed with another key")]
    Signature,
    /// It is signed with a key that is none of those that were given.
    #[error("signed with {0}, which is none of the keys that were given")]
    OtherKey(String),
    /// It is of another file.
    #[error("the file is another one: its SHA-256 is {0}")]
    OtherFile(String),
}

impl NotAPassport {
    /// The reason for people, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Shape(_) => "这不是成果护照文件，或者内容不完整".to_owned(),
            Self::NotAsWritten(byte) => {
                format!("护照被改动过：从第 {} 个字节起与原样不符", byte + 1)
            }
            Self::Signature => {
                "签名不成立：签名以后被改动过，或者不是用护照所写的密钥签的".to_owned()
            }
            Self::OtherKey(_) => "签名用的密钥不是本平台公布的：护照不是本平台签的".to_owned(),
            Self::OtherFile(_) => "文件与护照不符：SHA-256 不一致".to_owned(),
        }
    }
}

impl Passport {
    /// Reads a passport and checks its signature with the key that it names. That key is the
    /// market's, if the market publishes it: [`Passport::is_signed_by`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAPassport> {
        let passport: Self =
            serde_json::from_slice(bytes).map_err(|why| NotAPassport::Shape(why.to_string()))?;
        let shape = |why: &dyn std::fmt::Display| NotAPassport::Shape(why.to_string());
        if passport.format != FORMAT {
            return Err(shape(&format!("its format is {}", passport.format)));
        }
        let written = passport.to_bytes().map_err(|why| shape(&why))?;
        if written != bytes {
            let differs = written.iter().zip(bytes).position(|(one, other)| one != other);
            let differs = differs.unwrap_or(written.len().min(bytes.len()));
            return Err(NotAPassport::NotAsWritten(differs));
        }
        let signed = passport.signed().map_err(|why| shape(&why))?;
        if !is_signed(&signed, &passport.signature, &passport.key) {
            return Err(NotAPassport::Signature);
        }
        Ok(passport)
    }

    /// Whether it is signed with one of these keys.
    pub fn is_signed_by(&self, keys: &[String]) -> Result<(), NotAPassport> {
        if keys.contains(&self.key) {
            Ok(())
        } else {
            Err(NotAPassport::OtherKey(self.key.clone()))
        }
    }

    /// Whether it is the passport of a file of this digest, in lower-case hexadecimal.
    pub fn is_of(&self, sha256: &str) -> Result<(), NotAPassport> {
        if self.deliverable.sha256 == sha256 {
            Ok(())
        } else {
            Err(NotAPassport::OtherFile(sha256.to_owned()))
        }
    }
}
