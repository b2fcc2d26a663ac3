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
    KEY_MISSING BAD_REQUEST "idempotency-key-missing" "缺少 Idempotency-Key 请求头：每个要办理的请求应带一个新的键" "The Idempotency-Key header is missing: give each call that you mean a new one";
    ANONYMOUS UNAUTHORIZED "anonymous" "请先登录" "Sign in first: there is no token, or it is no longer good";
    FORGED FORBIDDEN "forged" "请求不是从本站页面发出的，请刷新页面后重试" "Nothing proves that one of our own pages sent this: with a cookie, send X-CSRF-Token, too";
    OTHER_ORIGIN FORBIDDEN "other-origin" "不接受来自其他网站页面的请求" "Pages of other sites may not ask this";
    NOT_FOUND NOT_FOUND "not-found" "没有该内容，或您无权查看" "There is no such thing, or you may not know of it";
    NO_SUCH_PATH NOT_FOUND "no-such-path" "没有该路径" "There is no such path";
    METHOD_NOT_ALLOWED METHOD_NOT_ALLOWED "method-not-allowed" "该路径不支持此方法" "The path does not take this method";
    NOT_ACCEPTABLE NOT_ACCEPTABLE "not-acceptable" "无法以所要求的格式（Accept）作答" "There is no answer in a format that Accept asks for";
    TOO_SLOW REQUEST_TIMEOUT "too-slow" "请求内容传输过慢" "The request's body came too slowly";
    INELIGIBLE CONFLICT "ineligible" "该服务不符合办件要求" "The listing does not fit the case; reasons says why";
    STALE PRECONDITION_FAILED "stale" "内容已被他人更改，请刷新后重试" "It was changed meanwhile: read it again and retry";
    UNCONDITIONAL PRECONDITION_REQUIRED "if-match-missing" "缺少 If-Match 请求头：请填入所见内容的 ETag，或填 * 表示不论版本" "The If-Match header is missing: give the ETag of what you saw, or * for whatever version there is";
    BODY_TOO_LARGE PAYLOAD_TOO_LARGE "body-too-large" "请求内容过大" "The request's body is too large";
    RANGE RANGE_NOT_SATISFIABLE "range-not-satisfiable" "文件没有所要求的范围" "The file has no such range";
    URL_TOO_LONG URI_TOO_LONG "url-too-long" "请求地址过长" "The request's URL is too long";
    MEDIA_TYPE UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "请求内容应为 JSON" "The body must be JSON, and its Content-Type application/json";
    INVALID UNPROCESSABLE_ENTITY "invalid" "请求内容有误" "Something in the request is wrong; errors says what and where";
    TOO_OFTEN TOO_MANY_REQUESTS "too-often" "尝试次数过多，请稍后再试" "Tried too often: try again when Retry-After says";
    TOO_MANY_REQUESTS TOO_MANY_REQUESTS "too-many-requests" "请求过于频繁，请稍后再试" "Too many requests: Retry-After says when to ask again";
    BAD_ROWS UNPROCESSABLE_ENTITY "bad-rows" "表格中有错误，未写入任何内容；rows 逐行说明" "Some rows are wrong, so that nothing was written; rows says what and where";
    INTERNAL INTERNAL_SERVER_ERROR "internal" "系统出错，请稍后再试" "Something is wrong on our side";
    UNPRINTABLE SERVICE_UNAVAILABLE "unprintable" "文书暂时无法打印，detail 说明缺少什么字体" "The document cannot be printed now; detail says which font is missing";
    NOT_READY SERVICE_UNAVAILABLE "not-ready" "服务尚未就绪" "The server is not ready; errors says why";
    BUSY SERVICE_UNAVAILABLE "busy" "系统繁忙，请稍后再试" "Too busy: try again shortly";
}

impl Code {
    /// Every problem there is: our own, and the market's refusals.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::OWN.iter().copied().chain(Refusal::ALL.iter().map(|refusal| (*refusal).into()))
    }

    /// Whether the same request may well succeed a moment later.
    pub(crate) fn passes(self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE || self.code == Refusal::KeyInUse.code()
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
            | Refusal::TokensForOneself
            | Refusal::NotForOneself
            | Refusal::OwnAccount
            | Refusal::ViewersOnlyRead
            | Refusal::ScopeMissing
            | Refusal::PeopleOnly => StatusCode::FORBIDDEN,
            Refusal::NoSuchDocument => StatusCode::NOT_FOUND,
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
