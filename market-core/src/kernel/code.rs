//! Stable codes that clerks give to things: departments, items, matters, regions.

use serde::{Deserialize, Serialize};

/// Why a text is not a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code: 1 to 48 of a-z, 0-9 and hyphen")]
pub struct NotACode;

fn check(text: &str) -> Result<(), NotACode> {
    let fits = (1..=48).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if fits { Ok(()) } else { Err(NotACode) }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
        )]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-z0-9-]{1,48}$"))]
        #[serde(try_from = "String", into = "String")]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotACode;

            fn try_from(text: String) -> Result<Self, NotACode> {
                check(&text).map(|()| Self(text))
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotACode;

            fn from_str(text: &str) -> Result<Self, NotACode> {
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

codes! {
    /// A division of China (行政区划代码, GB/T 2260), or `100000` for the whole country.
    RegionCode,
    /// An approval department (审批部门).
    DepartmentCode,
    /// A service category (服务种类).
    CategoryCode,
    /// A service item (中介服务事项).
    ItemCode,
    /// A matter (一件事情).
    MatterCode,
    /// A kind of qualification (资质类别).
    QualificationKind,
    /// A level of a qualification kind (资质等级).
    LevelCode,
    /// A step of a matter, such as `s1`.
    StepKey,
    /// An agency's own number of one of its listings, such as `l1`.
    ListingCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_short_plain_text() {
        for good in ["330282", "fire-rescue", "a"] {
            assert!(good.parse::<ItemCode>().is_ok(), "{good}");
        }
        for bad in ["", "Fire", "fire rescue", "环评", "a_b", &"x".repeat(49), "a\u{0}"] {
            assert_eq!(bad.parse::<ItemCode>(), Err(NotACode), "{bad:?}");
        }
    }
}
