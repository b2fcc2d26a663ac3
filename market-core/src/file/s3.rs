//! An object store that speaks S3, as a place of files.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use object_store::{
    ClientOptions, ObjectStore,
    aws::{AmazonS3Builder, S3ConditionalPut},
    prefix::PrefixStore,
};
use url::{Host, Url};

use crate::{Error, Fault};

/// How long a store may send nothing; how long a whole file takes is for who reads it to say.
const STALLED: Duration = Duration::from_mins(1);

/// Where a store is, and with what its bucket is opened.
#[derive(Clone, PartialEq, Eq)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// What the name of everything in it begins with; empty where the bucket is the market's alone.
    pub prefix: String,
    /// The address of the store, such as `https://s3.example.cn`; that of Amazon, if none is given.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// The name of the key …
    pub access_key: String,
    /// … and its secret.
    pub secret_key: String,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bucket, prefix, endpoint, region, .. } = self;
        write!(f, "S3({endpoint:?} {region} {bucket}/{prefix})")
    }
}

impl S3 {
    /// The bucket and the prefix of `s3://bucket/prefix`.
    pub fn place(url: &str) -> Option<(&str, &str)> {
        let (bucket, prefix) =
            url.strip_prefix("s3://").map(|place| place.split_once('/').unwrap_or((place, "")))?;
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
        let is_bucket = (3..=63).contains(&bucket.len()) && bucket.bytes().all(is_name);
        is_bucket.then_some((bucket, prefix.trim_end_matches('/')))
    }

    /// Opens it. What others could read on the way is sent to this machine alone.
    pub(crate) fn open(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        let mut store = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key)
            .with_secret_access_key(&self.secret_key)
            .with_virtual_hosted_style_request(false)
            .with_conditional_put(S3ConditionalPut::Disabled)
            .with_client_options(
                ClientOptions::new().with_timeout_disabled().with_read_timeout(STALLED),
            );
        if let Some(endpoint) = &self.endpoint {
            let wrong = |why| Error::Invalid(vec![Fault::new("files_endpoint", "url", why)]);
            let url = Url::parse(endpoint).map_err(|_| wrong("is no URL"))?;
            let is_here = match url.host() {
                Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
                Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
                Some(Host::Domain(name)) => name == "localhost",
                None => false,
            };
            match url.scheme() {
                "https" => {}
                "http" if is_here => store = store.with_allow_http(true),
                _ => {
                    return Err(wrong(
                        "must begin with https://; http:// reaches this machine alone",
                    ));
                }
            }
            store = store.with_endpoint(endpoint.trim_end_matches('/'));
        }
        let store = store.build()?;
        Ok(if self.prefix.is_empty() {
            Arc::new(store)
        } else {
            Arc::new(PrefixStore::new(store, self.prefix.as_str()))
        })
    }
}
