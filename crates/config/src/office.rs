//! `[office]`: the pages for people.

use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

/// `[office]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Office {
    /// Whether this process has the back office.
    pub enabled: bool,
    /// The address under which browsers reach it; by default the one of
    /// `[server] listen`.
    pub url: Option<String>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// Signing in by an OpenID Connect provider.
    pub oidc: Option<Oidc>,
}

impl Default for Office {
    fn default() -> Self {
        Self {
            enabled: true,
            url: None,
            proxies: Vec::new(),
            oidc: None,
        }
    }
}

/// `[office.oidc]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The provider's name for itself, an `https` address.
    pub issuer: String,
    /// Our name at the provider.
    pub client_id: String,
    /// A file that holds our secret at the provider and nothing else.
    pub client_secret_file: Option<PathBuf>,
    pub(super) client_secret: Option<SecretString>,
    /// What people know the provider by.
    #[serde(default = "Oidc::default_label")]
    pub label: String,
    /// The claim that names someone's roles; without it, accounts are made in
    /// the back office and found by their e-mail address.
    pub role_claim: Option<String>,
    /// Which value of the claim means which role.
    #[serde(default)]
    pub roles: BTreeMap<String, staff::Role>,
}

impl Oidc {
    fn default_label() -> String {
        "OpenID Connect".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::Secret;
    use crate::tests::parse;
    use secrecy::ExposeSecret;

    #[test]
    fn a_secret_of_a_subsection_comes_from_the_environment() {
        let text = "[office.oidc]\nissuer = \"https://id.example\"\nclient_id = \"p\"\n";
        let variable = ("PASSERELLE_OFFICE__OIDC__CLIENT_SECRET", "s3cr3t");
        let config = parse(text, &[variable]).unwrap();
        let oidc = config.office.oidc.as_ref().unwrap();
        let secret = config.secret(Secret::ClientSecret).unwrap().unwrap();
        assert_eq!((secret.expose_secret(), &*oidc.client_id), ("s3cr3t", "p"));
        assert!(!format!("{config:?}").contains("s3cr3t"));
        let inside = format!("{text}client_secret = \"s3cr3t\"\n");
        let error = parse(&inside, &[]).unwrap_err().to_string();
        assert!(error.contains("line 4") && error.contains("client_secret_file"));
    }
}
