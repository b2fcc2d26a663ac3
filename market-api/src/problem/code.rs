//! Every kind of problem that the API answers with.

use axum::http::StatusCode;
use market_core::Refusal;

/// A kind of problem: its stable code, its status, and its sentence in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the answer's field has this name")]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
}

macro_rules! codes {
    ($($name:ident $status:ident $code:literal $zh:literal $en:literal;)*) => {
        impl Code {
            $(pub(crate) const $name: Self =
                Self { code: $code, status: StatusCode::$status, zh: $zh, en: $en };)*

            /// The problems that are no refusals of the market.
            const OWN: &[Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    MALFORMED BAD_REQUEST "malformed" "请求无法读取" "The request cannot be read";
    ANONYMOUS UNAUTHORIZED "anonymous" "请先登录" "Sign in first: there is no token, or it is no longer good";
    FORGED FORBIDDEN "forged" "请求不是从本站页面发出的，请刷新页面后重试" "Nothing proves that one of our own pages sent this: with a cookie, send X-CSRF-Token, too";
    NOT_FOUND NOT_FOUND "not-found" "没有该内容，或您无权查看" "There is no such thing, or you may not know of it";
    NO_SUCH_PATH NOT_FOUND "no-such-path" "没有该路径" "There is no such path";
    METHOD_NOT_ALLOWED METHOD_NOT_ALLOWED "method-not-allowed" "该路径不支持此方法" "The path does not take this method";
    INELIGIBLE CONFLICT "ineligible" "该服务不符合办件要求" "The listing does not fit the case; reasons says why";
    STALE PRECONDITION_FAILED "stale" "内容已被他人更改，请刷新后重试" "It was changed meanwhile: read it again and retry";
    BODY_TOO_LARGE PAYLOAD_TOO_LARGE "body-too-large" "请求内容过大" "The request's body is too large";
    MEDIA_TYPE UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "请求内容应为 JSON" "The body must be JSON, and its Content-Type application/json";
    INVALID UNPROCESSABLE_ENTITY "invalid" "请求内容有误" "Something in the request is wrong; errors says what and where";
    TOO_OFTEN TOO_MANY_REQUESTS "too-often" "尝试次数过多，请稍后再试" "Tried too often: try again when Retry-After says";
    INTERNAL INTERNAL_SERVER_ERROR "internal" "系统出错，请稍后再试" "Something is wrong on our side";
    BUSY SERVICE_UNAVAILABLE "busy" "系统繁忙，请稍后再试" "Too busy: try again shortly";
}

impl Code {
    /// Every problem there is: our own, and the market's refusals.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::OWN.iter().copied().chain(Refusal::ALL.iter().map(|refusal| (*refusal).into()))
    }

    /// The problem that a status means when a layer below gave nothing but the status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NO_SUCH_PATH,
            StatusCode::SERVICE_UNAVAILABLE => Self::BUSY,
            other if other.is_server_error() => Self::INTERNAL,
            other => {
                let known = Self::OWN.iter().find(|known| known.status == other);
                known.copied().unwrap_or(Self::MALFORMED)
            }
        }
    }
}

impl From<Refusal> for Code {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::WrongPassword
            | Refusal::SessionOver
            | Refusal::SecondFactorNeeded
            | Refusal::SecondFactorWrong => StatusCode::UNAUTHORIZED,
            Refusal::ApplicantsOnly
            | Refusal::AgenciesOnly
            | Refusal::DepartmentsOnly
            | Refusal::OtherDepartment
            | Refusal::OperatorOnly
            | Refusal::SupervisorsOnly
            | Refusal::PartyNotHeld
            | Refusal::PartyDisabled
            | Refusal::SecondFactorRequired
            | Refusal::AdminsOnly
            | Refusal::ViewersOnlyRead
            | Refusal::ScopeMissing
            | Refusal::PeopleOnly => StatusCode::FORBIDDEN,
            Refusal::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::KeyReused | Refusal::DigestMismatch | Refusal::FileEmpty => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::CONFLICT,
        };
        Self { code: refusal.code(), status, zh: refusal.zh(), en: refusal.en() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique() {
        let mut codes: Vec<_> = Code::all().map(|one| one.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
