//! What a provider says of itself, and for how long that is believed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use market_core::{Refusal, account::Provider};
use openidconnect::{
    AdditionalProviderMetadata, EndSessionUrl, IssuerUrl, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::fetcher::Fetcher;

/// For how long it is believed without asking again,
const FRESH: Duration = Duration::from_hours(1);
/// and for how long where the provider does not answer.
const STALE: Duration = Duration::from_hours(24);
/// How often it is asked at most, whatever comes.
const SELDOM: Duration = Duration::from_mins(1);
/// For how long nobody asks again who did not answer.
const REST: Duration = Duration::from_secs(10);

/// What else we want to know of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Extra {
    /// Where people sign out there.
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
    /// Whether it says who it is when it sends a browser back (RFC 9207).
    pub(super) authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for Extra {}

/// What a provider says of itself, with its keys.
pub(super) type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What is known of a provider. Whoever asks while somebody fetches waits for that one.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What it said last, and when.
    said: Option<(Arc<Metadata>, Instant)>,
    /// When it did not answer last.
    silent: Option<Instant>,
}

impl Kept {
    fn no_older_than(&self, age: Duration) -> Option<Arc<Metadata>> {
        let (said, at) = self.said.as_ref()?;
        (at.elapsed() < age).then(|| said.clone())
    }

    async fn fetch(
        &mut self,
        provider: &Provider,
        fetcher: &Fetcher,
    ) -> Result<Arc<Metadata>, Refusal> {
        let stale = self.no_older_than(STALE);
        if self.silent.is_some_and(|at| at.elapsed() < REST) {
            return stale.ok_or(Refusal::ProviderUnreachable);
        }
        let issuer = IssuerUrl::new(provider.issuer.clone());
        let issuer = issuer.map_err(|_| Refusal::ProviderUnreachable)?;
        match Metadata::discover_async(issuer, fetcher).await {
            Ok(said) => {
                let said = Arc::new(said);
                (self.said, self.silent) = (Some((said.clone(), Instant::now())), None);
                Ok(said)
            }
            Err(why) => {
                tracing::warn!(provider = %provider.key, "it says nothing of itself: {why}");
                self.silent = Some(Instant::now());
                stale.ok_or(Refusal::ProviderUnreachable)
            }
        }
    }
}

impl Known {
    /// What the provider says of itself.
    pub(super) async fn get(
        &self,
        provider: &Provider,
        fetcher: &Fetcher,
    ) -> Result<Arc<Metadata>, Refusal> {
        let mut kept = self.0.lock().await;
        match kept.no_older_than(FRESH) {
            Some(said) => Ok(said),
            None => kept.fetch(provider, fetcher).await,
        }
    }

    /// The same, asked again unless it was asked just now: its keys may have changed.
    pub(super) async fn renewed(
        &self,
        provider: &Provider,
        fetcher: &Fetcher,
    ) -> Result<Arc<Metadata>, Refusal> {
        let mut kept = self.0.lock().await;
        match kept.no_older_than(SELDOM) {
            Some(said) => Ok(said),
            None => kept.fetch(provider, fetcher).await,
        }
    }

    /// What it said, if that is known.
    pub(super) async fn at_hand(&self) -> Option<Arc<Metadata>> {
        self.0.lock().await.no_older_than(STALE)
    }
}
