//! Purchases as open contracting data, by the standard OCDS 1.1 (公开采购数据).
//!
//! Each public notice is a release, and all releases of a purchase merge into its record. `release`
//! says what a release holds, `words` how our words are those of the standard, `merge` how releases
//! become one.

mod merge;
mod release;
mod words;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::{merge::merge, release::Releases};
use super::Publicity;
use crate::{Error, id::PurchaseId};

/// As whom what everybody may know is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// The name.
    pub name: String,
    /// The address of the server as others reach it, without a slash at its end.
    pub url: String,
    /// What stands before every open contracting id: the prefix that was registered for the
    /// publisher, with a hyphen at its end.
    pub ocds_prefix: String,
}

impl Default for Publisher {
    fn default() -> Self {
        Self {
            name: "网上中介服务超市".to_owned(),
            url: "http://127.0.0.1:8080".to_owned(),
            ocds_prefix: "ocds-000000-".to_owned(),
        }
    }
}

impl Publisher {
    /// Whether others than this machine reach the address.
    pub fn is_reached(&self) -> bool {
        let after = self.url.split_once("://").map_or(self.url.as_str(), |(_, after)| after);
        let authority = after.split('/').next().unwrap_or_default();
        let host = match authority.split_once(']') {
            Some((v6, _)) => v6.trim_start_matches('['),
            None => authority.split(':').next().unwrap_or_default(),
        };
        match host.parse::<IpAddr>() {
            Ok(address) => !address.is_loopback() && !address.is_unspecified(),
            Err(_) => !host.is_empty() && !host.eq_ignore_ascii_case("localhost"),
        }
    }

    /// The open contracting id of a purchase.
    pub fn ocid(&self, purchase: PurchaseId) -> String {
        format!("{}{purchase}", self.ocds_prefix)
    }
}

impl Publicity<'_> {
    /// Every release of a purchase, as an OCDS 1.1 release package.
    pub async fn release_package(&self, id: PurchaseId) -> Result<Value, Error> {
        let releases = self.releases(id).await?;
        let mut package = self.package("releases", id, &releases);
        package["releases"] = releases.into();
        Ok(package)
    }

    /// The releases of a purchase, and what they merge into, as an OCDS 1.1 record package.
    pub async fn record_package(&self, id: PurchaseId) -> Result<Value, Error> {
        let releases = self.releases(id).await?;
        let mut package = self.package("records", id, &releases);
        let ocid = self.0.publisher.ocid(id);
        let compiled = merge(&releases);
        package["records"] =
            json!([{ "ocid": ocid, "releases": releases, "compiledRelease": compiled }]);
        Ok(package)
    }

    async fn releases(&self, id: PurchaseId) -> Result<Vec<Value>, Error> {
        let notices = self.notices_of(id).await?;
        let listed = self.0.db.listed(id).await?;
        let releases = Releases { publisher: &self.0.publisher, listed: &listed };
        Ok(releases.of(&notices))
    }

    fn package(self, kind: &str, id: PurchaseId, releases: &[Value]) -> Value {
        let publisher = &*self.0.publisher;
        let last = releases.last().map(|release| release["date"].clone());
        json!({
            "uri": format!("{}/api/v1/ocds/{kind}/{id}", publisher.url),
            "version": "1.1",
            "publishedDate": last,
            "publisher": { "name": publisher.name },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_is_nobody_elses() {
        let is_reached =
            |url: &str| Publisher { url: url.to_owned(), ..Publisher::default() }.is_reached();
        for url in [
            "http://127.0.0.1:8080",
            "http://0.0.0.0",
            "http://[::1]:80",
            "http://[::]",
            "https://localhost/a",
            "",
        ] {
            assert!(!is_reached(url), "{url}");
        }
        for url in
            ["https://zjcs.example.gov.cn", "http://10.1.2.3:8080", "http://[2001:db8::1]:80/a"]
        {
            assert!(is_reached(url), "{url}");
        }
        assert!(!Publisher::default().is_reached());
    }
}
