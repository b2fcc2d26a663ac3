//! TLS of requests that this process makes.

/// Has the process encrypt with ring. Every client of reqwest needs to know, those of `http://`
/// as well; it may be said any number of times.
pub fn ready() {
    // Whoever was first has chosen the same: `deny.toml` lets nothing else in.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
