//! What the server knows of how browsers and proxies reach it.

use axum::http::HeaderName;

/// How browsers and proxies reach the server.
#[derive(Debug, Clone)]
pub struct Web {
    /// Whether cookies are kept from connections that anybody can read; only a server that this
    /// machine alone can reach does without.
    pub secure_cookies: bool,
    /// The header in which a proxy that is trusted names the client's address. Without a proxy that
    /// sets it, anybody could say anything there.
    pub address_header: Option<HeaderName>,
}

impl Default for Web {
    fn default() -> Self {
        Self { secure_cookies: true, address_header: None }
    }
}
