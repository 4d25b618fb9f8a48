//! Passwords: what is good enough, and how they are kept.

use crate::secret::{NoRandomness, random};
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The least characters of a password. Length is what counts; no rule asks for
/// signs or capitals (NIST SP 800-63B).
pub const MIN_CHARS: usize = 12;
/// The most.
pub const MAX_CHARS: usize = 200;
/// The least different characters.
const MIN_DISTINCT: usize = 5;

/// So many letters and digits must be its owner's own.
const MIN_LEFT: usize = 4;

/// What everybody tries first, alone or joined: the usual ones and their
/// translations, rows of keys, years, and what this program is about.
const COMMON: &str = include_str!("common_words.txt");

/// How many are worked on at a time: each takes a core and the memory below.
const AT_A_TIME: usize = 2;
/// How many may wait besides; the next are turned away.
const WAITING: usize = 30;

/// What Argon2id costs. Source of the default: OWASP, Password Storage Cheat
/// Sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Cost {
    /// As little as Argon2 takes: for tests, which sign in all the time.
    pub const LEAST: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };
}

/// Why a password was not looked at.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PasswordError {
    /// Too many at once.
    #[error("too many sign-ins at once; try again in a moment")]
    Busy,
    /// No random bytes for the salt.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Argon2 refused its parameters, or a kept hash is none.
    #[error("the password could not be worked on: {0}")]
    Hash(password_hash::Error),
    /// The process ends.
    #[error("the service ends")]
    Ending,
}

/// Why a password is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weak {
    /// Fewer than [`MIN_CHARS`].
    TooShort,
    /// More than [`MAX_CHARS`].
    TooLong,
    /// Few different characters, a short text again and again, or nothing but what
    /// everybody tries first: common ones, the name, the login, this program.
    TooSimple,
}

/// Whether `password` is good enough for the account with this name and login.
pub fn judge(password: &SecretString, name: &str, login: &str) -> Result<(), Weak> {
    let password = password.expose_secret();
    let chars = password.chars().count();
    if chars < MIN_CHARS {
        return Err(Weak::TooShort);
    }
    if chars > MAX_CHARS {
        return Err(Weak::TooLong);
    }
    let plain: Vec<char> = password.to_lowercase().chars().collect();
    let distinct = plain.iter().collect::<BTreeSet<_>>().len();
    let repeats = |part: usize| plain.iter().skip(part).eq(plain.iter().take(chars - part));
    let own = format!("{name} {login}").to_lowercase();
    let own: Vec<&str> = own.split(|c: char| !c.is_alphanumeric()).collect();
    let guessed = |text: String| left(text, &own) < MIN_LEFT;
    if distinct < MIN_DISTINCT
        || (1..=chars / 2).any(repeats)
        || guessed(plain.iter().collect())
        || guessed(plain.iter().map(|&c| meant(c)).collect())
    {
        return Err(Weak::TooSimple);
    }
    Ok(())
}

/// How many letters and digits are left when everything that is tried first is
/// taken away.
fn left(mut text: String, own: &[&str]) -> usize {
    let known = COMMON.lines().chain(own.iter().copied());
    let mut known: Vec<&str> = known.filter(|word| word.len() > 2).collect();
    known.sort_by_key(|word| Reverse(word.len()));
    for word in known {
        text = text.replace(word, " ");
    }
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// The letter that a sign or digit stands for in passwords that only look
/// difficult.
const fn meant(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

/// Hashes and verifies, on threads of its own and not too many at once.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    cost: Cost,
    /// What a password is held against where there is no account: it takes as
    /// long, and is never right.
    nobody: Arc<str>,
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) async fn new(cost: Cost) -> Result<Self, PasswordError> {
        let nobody = tokio::task::spawn_blocking(move || hash(&random::<32>()?, cost))
            .await
            .map_err(|_| PasswordError::Ending)??;
        Ok(Self {
            cost,
            nobody: nobody.into(),
            working: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: Arc::new(Semaphore::new(AT_A_TIME + WAITING)),
        })
    }

    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        let cost = self.cost;
        self.work(move || hash(password.expose_secret().as_bytes(), cost))
            .await
    }

    /// Whether `password` is the one of `hash`; without a hash it is not, after
    /// the same work.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let nobody = Arc::clone(&self.nobody);
        self.work(move || {
            let known = hash.is_some();
            let right = verify(&password, hash.as_deref().unwrap_or(&nobody))?;
            Ok(known && right)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.working)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Ending)?;
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when nobody waits any more.
            let _turn = turn;
            work()
        })
        .await
        .map_err(|_| PasswordError::Ending)?
    }
}

fn hash(password: &[u8], cost: Cost) -> Result<String, PasswordError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
        .map_err(|error| PasswordError::Hash(error.into()))?;
    let salt = random::<16>()?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password, &salt)
        .map(|hash| hash.to_string())
        .map_err(PasswordError::Hash)
}

/// The parameters are those of the hash.
fn verify(password: &SecretString, hash: &str) -> Result<bool, PasswordError> {
    let parsed = PasswordHash::new(hash).map_err(|e| PasswordError::Hash(e.into()))?;
    // No password is this long; it would only cost time.
    let password = password.expose_secret();
    if password.len() > 4 * MAX_CHARS {
        return Ok(false);
    }
    match Argon2::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError::Hash(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts() {
        for (password, judged) in [
            ("eleven char", Err(Weak::TooShort)),
            ("correct horse", Ok(())),
            ("aaaaaaaaaaaaaaaa", Err(Weak::TooSimple)),
            ("Camille Martin", Err(Weak::TooSimple)),
            ("camille@museum.example", Err(Weak::TooSimple)),
            ("пароль-музея", Ok(())),
            ("passwordpassword", Err(Weak::TooSimple)),
            ("P@ssw0rd-P4$$word", Err(Weak::TooSimple)),
            ("motdepasse2026!", Err(Weak::TooSimple)),
            ("qwertyuiop1234", Err(Weak::TooSimple)),
            ("bananabanana", Err(Weak::TooSimple)),
            ("Passerelle-Musée", Err(Weak::TooSimple)),
            ("CamilleMartin2026", Err(Weak::TooSimple)),
            ("camille.museum.1", Err(Weak::TooSimple)),
            ("839204716253", Ok(())),
            ("a museum by the river", Ok(())),
            ("paris in the spring rain", Ok(())),
        ] {
            let password = SecretString::from(password);
            let found = judge(&password, "Camille Martin", "camille@museum.example");
            assert_eq!(found, judged, "{password:?}");
        }
        let long = SecretString::from("correct horse ".repeat(20));
        assert_eq!(judge(&long, "", ""), Err(Weak::TooLong));
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_with_its_parameters_and_fits_only_its_password() {
        let passwords = Passwords::new(Cost::LEAST).await.unwrap();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        let right = |password: &str, hash: Option<&String>| {
            passwords.verify(password.into(), hash.cloned())
        };
        assert!(right("correct horse", Some(&hash)).await.unwrap());
        assert!(!right("correct horsf", Some(&hash)).await.unwrap());
        assert!(!right("correct horse", None).await.unwrap());
        let again = passwords.hash("correct horse".into()).await.unwrap();
        assert_ne!(again, hash, "each has its salt");
        assert_eq!(Cost::default().memory_kib, 19_456);
    }
}
