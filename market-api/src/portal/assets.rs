//! The stylesheet and the script of the pages. What changes gets another address, so that each may
//! be kept for ever.

use std::sync::LazyLock;

use axum::{
    Router,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use market_core::sha256_hex;

use crate::App;

/// A file of the pages.
pub(super) struct Asset {
    content: &'static str,
    kind: &'static str,
    /// Where it is.
    pub(super) path: String,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, content: &'static str) -> Self {
        let digest = sha256_hex(content.as_bytes());
        Self { content, kind, path: format!("/assets/{name}-{}.{ending}", &digest[..12]) }
    }

    fn answer(&self) -> Response {
        let kept = [
            (CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        ];
        (kept, self.content).into_response()
    }
}

/// The one stylesheet.
pub(super) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../assets/market.css");
    Asset::new("market", "css", "text/css; charset=utf-8", content)
});

/// htmx, as it was published (Zero-Clause BSD).
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../../assets/htmx-4.0.1.min.js");
    Asset::new("htmx", "js", "text/javascript; charset=utf-8", content)
});

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route(&STYLE.path, get(async || STYLE.answer()))
        .route(&SCRIPT.path, get(async || SCRIPT.answer()))
}
