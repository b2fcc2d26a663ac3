//! What a call needs of the token that it comes with, by its method and path: the one table.

use axum::http::Method;
use market_core::account::{Need, Scope};

/// What a call needs. A path that the table does not have needs a person, so that a new one is not
/// open to keys by mistake.
pub(crate) fn need(method: &Method, path: &str) -> Need {
    let path = path.strip_prefix("/api/v1").unwrap_or(path).trim_start_matches('/');
    let mut parts = path.split('/');
    let (noun, rest) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>());
    let is_safe = method.is_safe();
    match (noun, rest.as_slice()) {
        ("me", []) if is_safe => Need::Anybody,
        ("me", ["feed", ..]) if is_safe => Need::Scope(Scope::Read),
        ("me" | "sessions" | "account" | "sign-out" | "join", _)
        | ("invitations", ["accept" | "decline"]) => Need::Oneself,
        (
            "people" | "tokens" | "parties" | "members" | "invitations" | "api-keys" | "throttles",
            _,
        ) if is_safe => Need::Look,
        // Viewers leave, too; that they remove nobody else, the market says.
        ("parties", [_, "members", _]) if *method == Method::DELETE => Need::Look,
        _ if is_safe => Need::Scope(Scope::Read),
        // Its tools only read, whatever the method says.
        ("mcp", []) => Need::Scope(Scope::Read),
        ("purchases", [.., "complaints"]) | ("complaints" | "alarms", _) => {
            Need::Scope(Scope::Complaints)
        }
        ("cases", _) => Need::Scope(Scope::Cases),
        ("orders" | "evaluations", _) => Need::Scope(Scope::Orders),
        ("purchases", _) => Need::Scope(Scope::Purchases),
        ("listings", _) => Need::Scope(Scope::Listings),
        ("agencies", _) => Need::Scope(Scope::Agencies),
        ("departments" | "synonyms" | "service-items" | "matters", _) => {
            Need::Scope(Scope::Catalogue)
        }
        ("saved-searches" | "notices", _) => Need::Scope(Scope::Searches),
        _ => Need::Person,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_operation_needs_is_as_reviewed() {
        let description = serde_json::to_value(crate::openapi()).unwrap();
        let mut lines = Vec::new();
        for (path, item) in description["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let (method, signs_in) = (method.to_uppercase(), !operation["security"].is_null());
                let needs = need(&method.parse().unwrap(), path);
                let needs = if signs_in { format!("{needs:?}") } else { "-".to_owned() };
                lines.push(format!("{needs:<18} {method:<6} {path}"));
            }
        }
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn every_call_needs_something() {
        for (method, path, expected) in [
            (Method::GET, "/api/v1/me", Need::Anybody),
            (Method::PUT, "/api/v1/me/password", Need::Oneself),
            (Method::GET, "/api/v1/me/sessions", Need::Oneself),
            (Method::GET, "/api/v1/me/feed/stream", Need::Scope(Scope::Read)),
            (Method::POST, "/api/v1/sessions/switch", Need::Oneself),
            (Method::POST, "/api/v1/invitations/accept", Need::Oneself),
            (Method::DELETE, "/api/v1/invitations/{id}", Need::Person),
            (Method::GET, "/api/v1/parties/{party}/members", Need::Look),
            (Method::DELETE, "/api/v1/parties/{party}/members/{person}", Need::Look),
            (Method::PUT, "/api/v1/parties/{party}/members/{person}", Need::Person),
            (Method::POST, "/api/v1/parties/{party}/invitations", Need::Person),
            (Method::POST, "/api/v1/api-keys", Need::Person),
            (Method::GET, "/api/v1/people", Need::Look),
            (Method::POST, "/api/v1/people", Need::Person),
            (Method::POST, "/api/v1/applicants", Need::Person),
            (Method::GET, "/api/v1/orders/{id}", Need::Scope(Scope::Read)),
            (Method::HEAD, "/api/v1/orders/{id}", Need::Scope(Scope::Read)),
            (Method::POST, "/api/v1/orders", Need::Scope(Scope::Orders)),
            (Method::POST, "/api/v1/orders/{id}/payments", Need::Scope(Scope::Orders)),
            (Method::POST, "/api/v1/purchases/{id}/open", Need::Scope(Scope::Purchases)),
            (Method::POST, "/api/v1/purchases/{id}/complaints", Need::Scope(Scope::Complaints)),
            (Method::PUT, "/api/v1/synonyms/{phrase}", Need::Scope(Scope::Catalogue)),
            (Method::POST, "/mcp", Need::Scope(Scope::Read)),
            (Method::POST, "/orders/{id}/accept", Need::Scope(Scope::Orders)),
            (Method::GET, "/account", Need::Oneself),
            (Method::POST, "/join/accept", Need::Oneself),
            (Method::GET, "/members", Need::Look),
            (Method::POST, "/members/{person}/{step}", Need::Person),
            (Method::POST, "/api/v1/something-new", Need::Person),
            (Method::POST, "", Need::Person),
        ] {
            assert_eq!(need(&method, path), expected, "{method} {path}");
        }
    }
}
