//! Speaks with other providers by which people sign in: `OpenID` Connect 1.0, the authorization code
//! with PKCE.
//!
//! What it hands over is verified: that the provider's key signed it, for us, now, and for the very
//! browser that was sent there. Whose account that is, and what else is asked of somebody, the core
//! decides. What a provider says of itself (where it is spoken to, its keys) is fetched when it is
//! first needed, and kept for a while; who waits for it waits for one fetch.

mod fetcher;
mod known;

use std::{fmt, sync::Arc};

use market_core::{
    Refusal,
    account::{Departure, Provider, Vouched},
};
use openidconnect::{
    AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, LogoutRequest, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, TokenResponse,
    core::{
        CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
        CoreResponseType,
    },
};
use url::Url;

use self::{
    fetcher::{Fetcher, is_safe},
    known::{Known, Metadata},
};

/// The signatures that are believed: by keys of which the provider alone has the private part.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A client of ours, as it speaks of an endpoint for each thing that it may ask.
type Speaking = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why a provider cannot be spoken with as it is set up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadProvider(String);

/// How we are known to a provider.
#[derive(Clone)]
pub struct Registration {
    /// As whom.
    pub client_id: String,
    /// What proves it; none, where PKCE alone does.
    pub client_secret: Option<String>,
    /// What else to ask of somebody, beside `openid`.
    pub scopes: Vec<String>,
    /// The address of this server as others reach it.
    pub public_url: String,
    /// Certificates in PEM of authorities that the provider may also prove itself by.
    pub authorities: Option<Vec<u8>>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The providers by which people sign in.
#[derive(Debug, Clone, Default)]
pub struct Providers(Arc<Vec<Client>>);

impl Providers {
    /// Some providers.
    pub fn new(clients: Vec<Client>) -> Self {
        Self(Arc::new(clients))
    }

    /// A provider by its key.
    pub(crate) fn get(&self, key: &str) -> Option<&Client> {
        self.0.iter().find(|one| one.provider.key == key)
    }
}

/// What speaks with a provider.
pub struct Client {
    provider: Provider,
    id: ClientId,
    secret: Option<ClientSecret>,
    scopes: Vec<String>,
    redirect: RedirectUrl,
    home: PostLogoutRedirectUrl,
    fetcher: Fetcher,
    known: Known,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Client {
    /// Speaks with a provider as somebody who is registered there.
    pub fn new(provider: Provider, registration: Registration) -> Result<Self, BadProvider> {
        let bad = |field: &str, why: &dyn fmt::Display| BadProvider(format!("{field}: {why}"));
        let issuer = Url::parse(&provider.issuer).map_err(|why| bad("issuer", &why))?;
        if !is_safe(&issuer) {
            return Err(bad("issuer", &"must begin with https://, but for one on this machine"));
        }
        let Registration { client_id, client_secret, scopes, public_url, authorities } =
            registration;
        let back = format!("{public_url}/sign-in/with/{}/callback", provider.key);
        let redirect = RedirectUrl::new(back).map_err(|why| bad("public_url", &why))?;
        let home = PostLogoutRedirectUrl::new(format!("{public_url}/"));
        let home = home.map_err(|why| bad("public_url", &why))?;
        let fetcher = Fetcher::new(authorities.as_deref()).map_err(|why| bad("ca", &why))?;
        Ok(Self {
            id: ClientId::new(client_id),
            secret: client_secret.map(ClientSecret::new),
            known: Known::default(),
            provider,
            scopes,
            redirect,
            home,
            fetcher,
        })
    }

    /// What people know the provider as.
    pub(crate) fn name(&self) -> &str {
        &self.provider.name
    }

    /// A client of what the provider says of itself.
    fn speaking(&self, metadata: &Metadata) -> Speaking {
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            self.id.clone(),
            self.secret.clone(),
        );
        let methods = metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|known| known.contains(&method));
        let by = if takes(CoreClientAuthMethod::ClientSecretBasic) {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        };
        client.set_auth_type(by).set_redirect_uri(self.redirect.clone())
    }

    /// Where a browser that departs is sent to.
    pub(crate) async fn address(&self, departure: &Departure) -> Result<Url, Refusal> {
        let metadata = self.known.get(&self.provider, &self.fetcher).await?;
        let verifier = PkceCodeVerifier::new(departure.verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let (state, nonce) = (departure.state.clone(), departure.nonce.clone());
        let client = self.speaking(&metadata);
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let request = client
            .authorize_url(flow, move || CsrfToken::new(state), move || Nonce::new(nonce))
            .set_pkce_challenge(challenge)
            .add_scopes(self.scopes.iter().cloned().map(Scope::new));
        let (address, _, _) = request.url();
        if is_safe(&address) { Ok(address) } else { Err(Refusal::ProviderUnreachable) }
    }

    /// What the provider vouches for, of a browser that came back with a code. `issuer` is who says
    /// that it is (RFC 9207): a code of another provider's is not taken here.
    pub(crate) async fn vouched(
        &self,
        departure: &Departure,
        code: String,
        issuer: Option<&str>,
    ) -> Result<Vouched, Refusal> {
        let metadata = self.known.get(&self.provider, &self.fetcher).await?;
        let says_who =
            metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match issuer {
            Some(issuer) if issuer == self.provider.issuer => {}
            None if says_who != Some(true) => {}
            _ => return Err(self.not_vouched("another provider sent the browser back")),
        }
        let token = self.token(&self.speaking(&metadata), departure, code).await?;
        let nonce = Nonce::new(departure.nonce.clone());
        let claims = match verified(&self.speaking(&metadata), &token, &nonce) {
            // Keys change: those that are not known yet are asked for once, and not too often.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey
                | SignatureVerificationError::CryptoError(_),
            )) => {
                let fresh = self.known.renewed(&self.provider, &self.fetcher).await?;
                let client = self.speaking(&fresh);
                verified(&client, &token, &nonce).map(vouched)
            }
            claims => claims.map(vouched),
        };
        claims.map_err(|why| self.not_vouched(&why.to_string()))
    }

    /// The token that the provider gives for a code.
    async fn token(
        &self,
        client: &Speaking,
        departure: &Departure,
        code: String,
    ) -> Result<CoreIdToken, Refusal> {
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|_| self.not_vouched("it has no endpoint of tokens"))?;
        let verifier = PkceCodeVerifier::new(departure.verifier.clone());
        let answer = request.set_pkce_verifier(verifier).request_async(&self.fetcher).await;
        let answer = answer.map_err(|why| match why {
            RequestTokenError::Request(why) => self.unreachable(&why),
            // What it answers may repeat the code.
            RequestTokenError::ServerResponse(_) => self.not_vouched("it refuses the code"),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                self.not_vouched("its answer is no token")
            }
        })?;
        answer.id_token().cloned().ok_or_else(|| self.not_vouched("its answer has no id_token"))
    }

    /// Where somebody signs out there, too, as far as that is known.
    pub(crate) async fn farewell(&self) -> Option<Url> {
        let metadata = self.known.at_hand().await?;
        let end = metadata.additional_metadata().end_session_endpoint.clone()?;
        let address = LogoutRequest::from(end)
            .set_client_id(self.id.clone())
            .set_post_logout_redirect_uri(self.home.clone())
            .http_get_url();
        is_safe(&address).then_some(address)
    }

    fn not_vouched(&self, why: &str) -> Refusal {
        tracing::warn!(provider = %self.provider.key, "nobody is vouched for: {why}");
        Refusal::NotVouched
    }

    fn unreachable(&self, why: &dyn fmt::Display) -> Refusal {
        tracing::warn!(provider = %self.provider.key, "the provider cannot be reached: {why}");
        Refusal::ProviderUnreachable
    }
}

/// The claims of a token that the provider signed, for us, now, and for this nonce.
fn verified<'t>(
    client: &Speaking,
    token: &'t CoreIdToken,
    nonce: &Nonce,
) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
    token.claims(&client.id_token_verifier().set_allowed_algs(ALGORITHMS), nonce)
}

fn vouched(claims: &CoreIdTokenClaims) -> Vouched {
    let called = claims.name().and_then(|names| names.iter().next()).map(|(_, name)| name.as_str());
    let name = called.or_else(|| claims.preferred_username().map(|name| name.as_str()));
    let methods = claims.auth_method_refs().map(Vec::as_slice).unwrap_or_default();
    Vouched {
        subject: claims.subject().as_str().to_owned(),
        name: name.map(str::to_owned),
        acr: claims.auth_context_ref().map(|acr| acr.as_str().to_owned()),
        amr: methods.iter().map(|one| one.as_str().to_owned()).collect(),
    }
}
