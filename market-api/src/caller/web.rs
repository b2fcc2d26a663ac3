//! What the server knows of how browsers reach it.

/// How browsers reach the server.
#[derive(Debug, Clone, Copy)]
pub struct Web {
    /// Whether cookies are kept from connections that anybody can read; only a server that this
    /// machine alone can reach does without.
    pub secure_cookies: bool,
}

impl Default for Web {
    fn default() -> Self {
        Self { secure_cookies: true }
    }
}
