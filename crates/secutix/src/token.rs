//! The bearer token of the access control service: a JWT, HS256, signed with
//! the operator's password.
//!
//! Made here from `ring`, which TLS needs anyway: `jsonwebtoken` would bring
//! RSA and elliptic curves along for the sake of one HMAC.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{InstitutionCode, Timestamp};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// How long a token lives unless configured, in seconds.
pub const LIFETIME_S: u32 = 30;
/// The longest life a token may claim, in seconds: the longest one seen in use.
pub const MAX_LIFETIME_S: u32 = 900;
/// By how much the clocks of the two sides may differ, in seconds.
pub const CLOCK_SKEW_S: i64 = 30;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The institution.
    pub sub: InstitutionCode,
    /// The operator whose password signs.
    pub aud: String,
    /// Who made the token: the institution or a partner.
    pub iss: String,
    /// When it was made, since the Unix epoch; in seconds unless [`TimeUnit`] says
    /// otherwise.
    pub iat: i64,
    /// When it ends, since the Unix epoch.
    pub exp: i64,
}

kernel::words! {
    /// In what a token counts time. The vendor's page says milliseconds, and its own
    /// sample seconds, as does every sample seen.
    #[derive(Default)]
    pub enum TimeUnit: "unit of token times" {
        /// Seconds.
        #[default]
        Seconds = "seconds",
        /// Milliseconds.
        Milliseconds = "milliseconds",
    }
}

/// How the tokens of a caller are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenStyle {
    /// How long one lives, in seconds.
    pub lifetime_s: u32,
    /// In what it counts time.
    pub unit: TimeUnit,
}

impl Default for TokenStyle {
    fn default() -> Self {
        Self {
            lifetime_s: LIFETIME_S,
            unit: TimeUnit::default(),
        }
    }
}

impl Claims {
    /// The caller's claims, made at `now`, that end `lifetime_s` seconds later.
    #[must_use]
    pub fn new(caller: &Caller, now: Timestamp, lifetime_s: u32) -> Self {
        let iat = now.millis() / 1_000;
        Self {
            sub: caller.institution.clone(),
            aud: caller.operator.clone(),
            iss: caller.issuer.clone(),
            iat,
            exp: iat + i64::from(lifetime_s),
        }
    }

    /// The caller's claims, made at `now` in this style. A service may want `iat` to be
    /// less than a second old, so they are made when the call leaves.
    #[must_use]
    pub fn styled(caller: &Caller, now: Timestamp, style: TokenStyle) -> Self {
        let claims = Self::new(caller, now, style.lifetime_s);
        match style.unit {
            TimeUnit::Seconds => claims,
            TimeUnit::Milliseconds => Self {
                iat: now.millis(),
                exp: now.millis() + i64::from(style.lifetime_s) * 1_000,
                ..claims
            },
        }
    }
}

/// Who calls: what a token says of it, and what signs the token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// `sub` of a token.
    pub institution: InstitutionCode,
    /// `aud` of a token.
    pub operator: String,
    /// `iss` of a token: the institution's code or a partner's.
    pub issuer: String,
    /// The operator's password, which signs the token.
    pub password: SecretString,
}

impl Caller {
    /// An institution that makes its tokens itself.
    #[must_use]
    pub fn new(institution: InstitutionCode, operator: String, password: SecretString) -> Self {
        Self {
            issuer: institution.to_string(),
            institution,
            operator,
            password,
        }
    }
}

/// Why a token is not accepted. The texts are for the log: a caller learns
/// only that he is not authorised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url with JSON inside.
    #[error("the bearer token is no JWT; send the three parts joined by points")]
    Malformed,
    /// Another algorithm than HS256.
    #[error("the bearer token is not signed with HS256; set the caller to HS256")]
    Algorithm,
    /// The signature does not fit.
    #[error(
        "the bearer token's signature does not fit; compare the operator's password on both sides"
    )]
    Signature,
    /// For another institution, operator or issuer.
    #[error("the bearer token's {claim} is another one than configured; correct it on one side")]
    WrongCaller {
        /// `sub`, `aud` or `iss`.
        claim: &'static str,
    },
    /// Ended more than [`CLOCK_SKEW_S`] ago.
    #[error("the bearer token ended {by_s} s ago; compare the clocks of both sides")]
    Expired {
        /// Seconds since its end.
        by_s: i64,
    },
    /// Made more than [`CLOCK_SKEW_S`] in the future.
    #[error("the bearer token was made {by_s} s in the future; compare the clocks of both sides")]
    NotYetValid {
        /// Seconds until its beginning.
        by_s: i64,
    },
    /// Claims to live longer than [`MAX_LIFETIME_S`], or to end before it begins.
    #[error(
        "the bearer token lives {lifetime_s} s; 0 to {MAX_LIFETIME_S} s are allowed, so make a new one for each call"
    )]
    Lifetime {
        /// What it claims, in seconds.
        lifetime_s: i64,
    },
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// Signs `claims` with the operator's `password`.
#[must_use]
pub fn mint(claims: &Claims, password: &SecretString) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    // `json!` with plain strings and numbers cannot fail, unlike `to_string`.
    let payload = serde_json::json!({
        "sub": claims.sub.as_str(),
        "aud": claims.aud,
        "iss": claims.iss,
        "iat": claims.iat,
        "exp": claims.exp,
    });
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload.to_string()));
    let tag = hmac::sign(&key(password), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// Checks `token` at `now`; the signature in constant time, before anything
/// that the token says is believed.
///
/// # Errors
/// See [`TokenError`]; each means that the call must be refused.
pub fn verify(token: &str, expected: &Caller, now: Timestamp) -> Result<Claims, TokenError> {
    let claims = signed_claims(token, &expected.password)?;
    for (claim, found, wanted) in [
        ("sub", claims.sub.as_str(), expected.institution.as_str()),
        ("aud", &claims.aud, &expected.operator),
        ("iss", &claims.iss, &expected.issuer),
    ] {
        if found != wanted {
            return Err(TokenError::WrongCaller { claim });
        }
    }
    let lifetime_s = claims.exp.saturating_sub(claims.iat);
    if !(0..=i64::from(MAX_LIFETIME_S)).contains(&lifetime_s) {
        return Err(TokenError::Lifetime { lifetime_s });
    }
    let now_s = now.millis() / 1_000;
    let past_s = now_s.saturating_sub(claims.exp);
    if past_s > CLOCK_SKEW_S {
        return Err(TokenError::Expired { by_s: past_s });
    }
    let ahead_s = claims.iat.saturating_sub(now_s);
    if ahead_s > CLOCK_SKEW_S {
        return Err(TokenError::NotYetValid { by_s: ahead_s });
    }
    Ok(claims)
}

/// What `token` claims, if `password` signed it; nothing that it claims is checked.
///
/// # Errors
/// [`TokenError::Malformed`], [`TokenError::Algorithm`] or [`TokenError::Signature`].
pub fn signed_claims(token: &str, password: &SecretString) -> Result<Claims, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    if json::<Header>(header)?.alg != "HS256" {
        return Err(TokenError::Algorithm);
    }
    hmac::verify(&key(password), signed.as_bytes(), &decode(signature)?)
        .map_err(|_| TokenError::Signature)?;
    json(payload)
}

fn key(password: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, password.expose_secret().as_bytes())
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Malformed)
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, TokenError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| TokenError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn expected() -> Caller {
        Caller::new(
            "VILLEN".parse().unwrap(),
            "VILLEN_AC".to_owned(),
            SecretString::from("correct horse"),
        )
    }

    fn claims(now: Timestamp) -> Claims {
        Claims::new(&expected(), now, LIFETIME_S)
    }

    const NOW: &str = "2026-07-14T07:00:00.114Z";

    #[test]
    fn a_minted_token_is_accepted_within_its_life_and_the_skew() {
        let now = at(NOW);
        let token = mint(&claims(now), &expected().password);
        for (after_ms, accepted) in [
            (0, true),
            (30_000, true),
            (60_000, true),
            (61_000, false),
            (-30_000, true),
            (-31_000, false),
        ] {
            let read = verify(&token, &expected(), now.plus_ms(after_ms));
            assert_eq!(read.is_ok(), accepted, "{after_ms}: {read:?}");
        }
    }

    #[test]
    fn the_token_is_an_ordinary_hs256_jwt() {
        // Checked with the example of RFC 7515, appendix A.1, which has our algorithm.
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        assert_eq!(
            URL_SAFE_NO_PAD.encode(tag),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        let token = mint(&claims(at(NOW)), &expected().password);
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        let payload: serde_json::Value = json(parts[1]).unwrap();
        assert_eq!(
            payload,
            serde_json::json!({"sub": "VILLEN", "aud": "VILLEN_AC", "iss": "VILLEN", "iat": 1_784_012_400, "exp": 1_784_012_430})
        );
    }

    /// A token with this header and payload, signed with the right password.
    fn signed(header: &str, payload: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let tag = hmac::sign(&key(&expected().password), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    #[test]
    fn what_was_tampered_with_is_refused() {
        let now = at(NOW);
        let good = mint(&claims(now), &expected().password);
        let parts: Vec<&str> = good.split('.').collect();
        let hs256 = r#"{"alg":"HS256"}"#;
        let with = |change: &dyn Fn(&mut Claims)| {
            let mut changed = claims(now);
            change(&mut changed);
            mint(&changed, &expected().password)
        };
        let other_password = mint(&claims(now), &SecretString::from("wrong horse"));
        let swapped_payload = {
            let mut rich = claims(now);
            rich.aud = "ADMIN".to_owned();
            let rich = mint(&rich, &SecretString::from("mine"));
            format!(
                "{}.{}.{}",
                parts[0],
                rich.split('.').nth(1).unwrap(),
                parts[2]
            )
        };
        let none = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
            parts[1]
        );
        let payload = String::from_utf8(decode(parts[1]).unwrap()).unwrap();
        let table: Vec<(&str, String, TokenError)> = vec![
            ("empty", String::new(), TokenError::Malformed),
            ("one part", parts[0].to_owned(), TokenError::Malformed),
            (
                "no signature",
                format!("{}.{}", parts[0], parts[1]),
                TokenError::Malformed,
            ),
            (
                "empty signature",
                format!("{}.{}.", parts[0], parts[1]),
                TokenError::Signature,
            ),
            ("a fourth part", format!("{good}.x"), TokenError::Malformed),
            (
                "not base64",
                format!("!!.{}.{}", parts[1], parts[2]),
                TokenError::Malformed,
            ),
            (
                "header no JSON",
                signed("hello", &payload),
                TokenError::Malformed,
            ),
            (
                "payload no claims",
                signed(hs256, "{}"),
                TokenError::Malformed,
            ),
            ("alg none", none, TokenError::Algorithm),
            (
                "alg none, signed",
                signed(r#"{"alg":"none"}"#, &payload),
                TokenError::Algorithm,
            ),
            (
                "alg RS256",
                signed(r#"{"alg":"RS256"}"#, &payload),
                TokenError::Algorithm,
            ),
            (
                "alg hs256",
                signed(r#"{"alg":"hs256"}"#, &payload),
                TokenError::Algorithm,
            ),
            ("other password", other_password, TokenError::Signature),
            ("other payload", swapped_payload, TokenError::Signature),
            (
                "other institution",
                with(&|c| c.sub = "OTHER".parse().unwrap()),
                TokenError::WrongCaller { claim: "sub" },
            ),
            (
                "other operator",
                with(&|c| c.aud = "OTHER".to_owned()),
                TokenError::WrongCaller { claim: "aud" },
            ),
            (
                "other issuer",
                with(&|c| c.iss = "OTHER".to_owned()),
                TokenError::WrongCaller { claim: "iss" },
            ),
            (
                "lives for ever",
                with(&|c| c.exp = c.iat + 901),
                TokenError::Lifetime { lifetime_s: 901 },
            ),
            (
                "ends before it begins",
                with(&|c| c.exp = c.iat - 1),
                TokenError::Lifetime { lifetime_s: -1 },
            ),
            (
                "milliseconds instead of seconds",
                with(&|c| {
                    c.iat *= 1_000;
                    c.exp = c.iat + 30;
                }),
                TokenError::NotYetValid {
                    by_s: claims(now).iat * 999,
                },
            ),
        ];
        for (what, token, error) in table {
            assert_eq!(verify(&token, &expected(), now), Err(error), "{what}");
        }
        assert!(verify(&good, &expected(), now).is_ok());
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(position in 0usize..200, with in "[A-Za-z0-9_.-]") {
            let now = at(NOW);
            let good = mint(&claims(now), &expected().password);
            let position = position % good.len();
            let mut changed = good.clone();
            changed.replace_range(position..=position, &with);
            prop_assume!(changed != good);
            prop_assert!(verify(&changed, &expected(), now).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(token in ".{0,200}") {
            prop_assert!(verify(&token, &expected(), at(NOW)).is_err());
        }
    }
}
