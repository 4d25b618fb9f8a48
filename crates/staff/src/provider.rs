//! The client of an OpenID Connect provider: discovery document, authorization
//! code with PKCE, ID token.
//!
//! The ID token comes straight from the token endpoint over TLS, so its
//! signature need not be checked (OpenID Connect Core 1.0, 3.1.3.7, item 6);
//! issuer, audience, expiry and nonce are.

use crate::Role;
use crate::identity::{Attempt, Roles};
use crate::secret::Token;
use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Timestamp, is_this_machine, percent_encoded};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long the provider may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
const LIMIT_BYTES: usize = 256 * 1024;
/// How far the provider's clock may be off, in seconds.
const LEEWAY_S: i64 = 60;

/// How the provider is reached, and what it is believed.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// Its name for itself: an `https` address; `http` only on this machine.
    pub issuer: String,
    /// Our name at the provider.
    pub client_id: String,
    /// Our secret at the provider.
    pub client_secret: SecretString,
    /// What the button says.
    pub label: String,
    /// Where the provider sends people back to.
    pub redirect_uri: String,
    /// The claim that names roles or groups; without it accounts have their
    /// role from here.
    pub role_claim: Option<String>,
    /// Which of its values means which role; of several the first in the order
    /// of [`Role`] counts.
    pub roles: BTreeMap<String, Role>,
}

/// Who someone is, by the provider's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// The provider's id of the person.
    pub subject: String,
    /// Their e-mail address, if the provider has verified it.
    pub verified_email: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// The role that the configuration finds in their claims.
    pub role: Option<Role>,
}

/// An OpenID Connect provider.
#[derive(Debug, Clone)]
pub struct Provider {
    settings: Arc<ProviderSettings>,
    http: Client,
    discovered: Arc<OnceCell<Endpoints>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Endpoints {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nonce: Option<String>,
    azp: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
    name: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A sign-in that begins.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What it brings back.
    pub state: Token,
    /// What to remember meanwhile.
    pub attempt: Attempt,
}

impl Provider {
    /// A provider that nobody has asked yet.
    ///
    /// # Errors
    /// Its address is not secure, or no client can be made.
    pub fn new(settings: ProviderSettings) -> Result<Self> {
        secure(&settings.issuer)?;
        // Installed twice is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            settings: Arc::new(settings),
            http,
            discovered: Arc::default(),
        })
    }

    /// What the button says.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Who says which role someone has.
    #[must_use]
    pub fn roles(&self) -> Roles {
        if self.settings.role_claim.is_some() {
            Roles::FromProvider
        } else {
            Roles::FromHere
        }
    }

    /// Begins a sign-in.
    pub async fn begin(&self, next_path: Option<String>) -> Result<Begun> {
        let endpoints = self.endpoints().await?;
        let (state, nonce, verifier) = (Token::new()?, Token::new()?, Token::new()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.reveal()));
        let mut url = secure(&endpoints.authorization_endpoint)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", state.reveal())
            .append_pair("nonce", nonce.reveal())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Begun {
            url: url.into(),
            state,
            attempt: Attempt {
                nonce: nonce.reveal().to_owned(),
                verifier: verifier.reveal().to_owned(),
                next_path,
            },
        })
    }

    /// Trades the code for the ID token, and says whose it is.
    pub async fn finish(&self, code: &str, attempt: &Attempt, now: Timestamp) -> Result<Identity> {
        let endpoints = self.endpoints().await?;
        let settings = &*self.settings;
        let (id, secret) = (&*settings.client_id, settings.client_secret.expose_secret());
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &settings.redirect_uri),
            ("code_verifier", &attempt.verifier),
        ];
        let methods = &endpoints.token_endpoint_auth_methods_supported;
        let by_post = !methods.is_empty()
            && !methods.iter().any(|m| m == "client_secret_basic")
            && methods.iter().any(|m| m == "client_secret_post");
        let mut request = self.http.post(secure(&endpoints.token_endpoint)?);
        if by_post {
            form.extend([("client_id", id), ("client_secret", secret)]);
        } else {
            // Both are form-encoded first (RFC 6749, 2.3.1).
            request = request.basic_auth(percent_encoded(id), Some(percent_encoded(secret)));
        }
        let tokens: Tokens = answer("token", request.form(&form)).await?;
        let claims = claims(&tokens.id_token)?;
        believe(&claims, settings, &attempt.nonce, now)?;
        Ok(identity(claims, settings))
    }

    /// The discovery document, asked for once it is needed.
    async fn endpoints(&self) -> Result<&Endpoints> {
        self.discovered
            .get_or_try_init(|| async {
                let issuer = self.settings.issuer.trim_end_matches('/');
                let url = secure(&format!("{issuer}/.well-known/openid-configuration"))?;
                let found: Endpoints = answer("discovery document", self.http.get(url)).await?;
                ensure!(
                    found.issuer == self.settings.issuer,
                    "the provider calls itself otherwise"
                );
                secure(&found.authorization_endpoint)?;
                secure(&found.token_endpoint)?;
                Ok(found)
            })
            .await
    }
}

/// An address that may carry secrets.
fn secure(address: &str) -> Result<Url> {
    let insecure = || {
        let address: String = address.chars().take(200).collect();
        anyhow!("{address} is not https; http is for this machine only")
    };
    let url = Url::parse(address).map_err(|_| insecure())?;
    let here = url.host_str().is_some_and(is_this_machine);
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        _ => Err(insecure()),
    }
}

async fn answer<T: DeserializeOwned>(what: &'static str, request: RequestBuilder) -> Result<T> {
    let failed = || format!("the provider did not answer as it should ({what})");
    let mut response = request
        .header("accept", "application/json")
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .with_context(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.with_context(failed)? {
        body.extend_from_slice(&chunk);
        ensure!(
            body.len() <= LIMIT_BYTES,
            "the provider's {what} is too long"
        );
    }
    serde_json::from_slice(&body).with_context(|| format!("the provider's {what} cannot be read"))
}

/// The claims of a JWT.
fn claims(token: &str) -> Result<Claims> {
    let payload = token.split('.').nth(1);
    let payload = payload.context("the provider's ID token is no JWT")?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('='))?;
    serde_json::from_slice(&bytes).context("the provider's ID token cannot be read")
}

fn believe(
    claims: &Claims,
    settings: &ProviderSettings,
    nonce: &str,
    now: Timestamp,
) -> Result<()> {
    let id = &settings.client_id;
    let for_us = match &claims.aud {
        Audience::One(one) => one == id,
        Audience::Several(several) => {
            several.contains(id) && (several.len() == 1 || claims.azp.is_some())
        }
    };
    let wrong = if claims.iss != settings.issuer {
        "another issuer made it"
    } else if !for_us || claims.azp.as_ref().is_some_and(|azp| azp != id) {
        "it is for someone else"
    } else if claims.exp.saturating_add(LEEWAY_S) <= now.millis() / 1_000 {
        "it has expired"
    } else if claims.nonce.as_deref() != Some(nonce) {
        "it belongs to another sign-in"
    } else if claims.sub.is_empty() || claims.sub.len() > 255 {
        "it names nobody"
    } else {
        return Ok(());
    };
    bail!("the provider's ID token is not believed: {wrong}")
}

fn identity(claims: Claims, settings: &ProviderSettings) -> Identity {
    // Some providers write booleans as text.
    let verified = match &claims.email_verified {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    let role = settings
        .role_claim
        .as_deref()
        .and_then(|claim| found(&claims.others, claim))
        .and_then(|value| {
            let values = match value {
                Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
                Value::String(one) => vec![one.as_str()],
                _ => Vec::new(),
            };
            values
                .into_iter()
                .filter_map(|value| settings.roles.get(value).copied())
                .min()
        });
    Identity {
        issuer: claims.iss,
        subject: claims.sub,
        verified_email: claims.email.filter(|_| verified),
        name: claims.name,
        role,
    }
}

/// A claim by its name, or by a path with points, such as `realm_access.roles`.
fn found<'a>(claims: &'a BTreeMap<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings() -> ProviderSettings {
        ProviderSettings {
            issuer: "https://id.example".to_owned(),
            client_id: "passerelle".to_owned(),
            client_secret: "s".into(),
            label: "Museum".to_owned(),
            redirect_uri: "https://p.example/office/provider/back".to_owned(),
            role_claim: Some("realm_access.roles".to_owned()),
            roles: [
                ("books".to_owned(), Role::Finance),
                ("all".to_owned(), Role::Administrator),
            ]
            .into(),
        }
    }

    fn token(change: Value) -> Claims {
        let mut claims = json!({
            "iss": "https://id.example", "sub": "7", "aud": "passerelle", "exp": 1_700_000_000,
            "nonce": "n", "email": "a@b.example", "email_verified": true, "name": "A",
            "realm_access": {"roles": ["books", "all", "x"]},
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        super::claims(&format!("e30.{payload}.c2ln")).unwrap()
    }

    #[test]
    fn only_a_token_for_us_now_is_believed() {
        for (change, good) in [
            (json!({}), true),
            (json!({"aud": ["passerelle"]}), true),
            (
                json!({"aud": ["x", "passerelle"], "azp": "passerelle"}),
                true,
            ),
            (json!({"aud": ["x", "passerelle"]}), false),
            (json!({"aud": ["x", "passerelle"], "azp": "x"}), false),
            (json!({"aud": "x"}), false),
            (json!({"iss": "https://id.example/"}), false),
            (json!({"exp": 1_699_999_940}), true),
            (json!({"exp": 1_699_999_939}), false),
            (json!({"nonce": "m"}), false),
            (json!({"nonce": null}), false),
            (json!({"sub": ""}), false),
        ] {
            let now = Timestamp::from_millis_clamped(1_699_999_999_999);
            let believed = believe(&token(change.clone()), &settings(), "n", now);
            assert_eq!(believed.is_ok(), good, "{change}");
        }
    }

    #[test]
    fn an_address_counts_only_if_verified_and_the_highest_role_wins() {
        let who = |change| identity(token(change), &settings());
        assert_eq!(who(json!({})).role, Some(Role::Administrator));
        assert_eq!(
            who(json!({"realm_access": {"roles": "books"}})).role,
            Some(Role::Finance)
        );
        assert_eq!(who(json!({"realm_access": {}})).role, None);
        assert!(who(json!({})).verified_email.is_some());
        assert!(
            who(json!({"email_verified": "true"}))
                .verified_email
                .is_some()
        );
        assert!(
            who(json!({"email_verified": false}))
                .verified_email
                .is_none()
        );
        assert!(
            who(json!({"email_verified": null}))
                .verified_email
                .is_none()
        );
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for (address, good) in [
            ("https://id.example", true),
            ("http://127.0.0.1:9000/x", true),
            ("http://[::1]:9000", true),
            ("http://localhost:9000", true),
            ("http://id.example", false),
            ("http://localhost.example", false),
            ("ftp://127.0.0.1", false),
            ("id.example", false),
        ] {
            assert_eq!(secure(address).is_ok(), good, "{address}");
        }
    }
}
