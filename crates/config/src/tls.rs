//! The service's certificate with its key, read from files.

use kernel::Timestamp;
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::time::Time;

/// Where certificate and key are, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those of who vouches for it.
    pub certificate: PathBuf,
    /// Its private key, without a password.
    pub key: PathBuf,
}

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is no certificate in the file.
    #[error(
        "{path} holds no certificate; it must be PEM, with a part that begins with \
         -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate {
        /// Its path.
        path: PathBuf,
        /// What is wrong with its text, if there is something.
        #[source]
        source: Option<pem::Error>,
    },
    /// The certificate is none.
    #[error("the certificate in {path} is broken; have it issued again")]
    BrokenCertificate {
        /// Its path.
        path: PathBuf,
    },
    /// There is no key in the file.
    #[error(
        "{path} holds no private key without a password; it must be PEM, with a part that begins \
         with -----BEGIN PRIVATE KEY-----"
    )]
    NoKey {
        /// Its path.
        path: PathBuf,
        /// What is wrong with its text.
        #[source]
        source: pem::Error,
    },
    /// The key is of a kind that is not known, or broken.
    #[error("the private key in {path} cannot be used; make an ECDSA or RSA key")]
    BrokenKey {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::Error,
    },
    /// The key belongs to another certificate.
    #[error(
        "the private key in {key} belongs to another certificate than the one in {certificate}; \
         take both from the same issue"
    )]
    Mismatch {
        /// The certificate's path.
        certificate: PathBuf,
        /// The key's path.
        key: PathBuf,
    },
    /// TLS itself cannot be set up.
    #[error("TLS cannot be set up")]
    SetUp(#[from] rustls::Error),
}

/// A certificate with its key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate with its key, for a server to show.
    pub key: Arc<CertifiedKey>,
    /// The first moment at which the certificate is valid.
    pub valid_from: Timestamp,
    /// The last moment at which it is.
    pub valid_until: Timestamp,
}

impl Identity {
    /// Whether the certificate vouches for itself, and nobody else does.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        let Some((first, others)) = self.key.cert.split_first() else {
            return false;
        };
        let Ok(read) = Certificate::from_der(first) else {
            return false;
        };
        let said = &read.tbs_certificate;
        let own = said.get::<SubjectKeyIdentifier>().ok().flatten();
        let own = own.map(|(_, own)| own.0);
        let vouching = said.get::<AuthorityKeyIdentifier>().ok().flatten();
        let vouching = vouching.and_then(|(_, of)| of.key_identifier);
        // An authority may bear the name of what it vouches for, but not its key.
        let is_of_another = own.is_some() && vouching.is_some() && own != vouching;
        said.issuer == said.subject && !is_of_another && others.iter().all(|other| other == first)
    }

    /// Whether the certificate is for this host, a name or an address.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let certificate = self.key.cert.first().map(ParsedCertificate::try_from);
        match (certificate, ServerName::try_from(host)) {
            (Some(Ok(certificate)), Ok(name)) => verify_server_name(&certificate, &name).is_ok(),
            _ => false,
        }
    }
}

impl TlsFiles {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`] says which file and why. A certificate that has expired is
    /// no error: to serve with it may be better than not to serve.
    pub fn read(&self) -> Result<Identity, TlsError> {
        self.identity(&self.contents()?)
    }

    /// What stands in both files at this moment, unread.
    ///
    /// # Errors
    /// [`TlsError::File`].
    pub fn contents(&self) -> Result<Contents, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::File {
                path: path.to_owned(),
                source,
            })
        };
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
        })
    }

    /// The certificate and key that these contents are.
    ///
    /// # Errors
    /// [`TlsError`] says which file and why.
    pub fn identity(&self, contents: &Contents) -> Result<Identity, TlsError> {
        let chain = self.chain(&contents.certificate)?;
        let first = chain.first().map_or(&[][..], |first| first);
        // Whether it is a certificate is judged below, by who serves it: some are taken whose
        // serial number or dates are none by the book.
        let always = (Timestamp::MIN, Timestamp::MAX);
        let (valid_from, valid_until) = validity(first).unwrap_or(always);
        let key =
            PrivateKeyDer::from_pem_slice(&contents.key).map_err(|source| TlsError::NoKey {
                path: self.key.clone(),
                source,
            })?;
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            },
            rustls::Error::InvalidCertificate(_) => TlsError::BrokenCertificate {
                path: self.certificate.clone(),
            },
            source => TlsError::BrokenKey {
                path: self.key.clone(),
                source,
            },
        })?;
        Ok(Identity {
            key: Arc::new(key),
            valid_from,
            valid_until,
        })
    }

    fn chain(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let none = |source| TlsError::NoCertificate {
            path: self.certificate.clone(),
            source,
        };
        let chain = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| none(Some(error)))?;
        if chain.is_empty() {
            return Err(none(None));
        }
        Ok(chain)
    }
}

/// The first and the last moment at which a certificate is valid; `None` if it cannot be
/// read by the book. Some use the ends of the calendar for "always".
fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let validity = Certificate::from_der(certificate)
        .ok()?
        .tbs_certificate
        .validity;
    let moment = |time: Time| {
        let ms = i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis_clamped(ms)
    };
    Some((moment(validity.not_before), moment(validity.not_after)))
}

/// What stands in both files.
#[derive(PartialEq, Eq)]
pub struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// Who does the cryptography.
#[must_use]
pub fn provider() -> CryptoProvider {
    ring::default_provider()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    #[test]
    fn a_certificate_says_when_it_is_valid() {
        for (from, until, expected) in [
            ((2026, 7, 14), (2051, 7, 14), ["2026-07-14", "2051-07-14"]),
            // The calendar's end is beyond ours.
            ((1975, 1, 1), (9999, 12, 31), ["1975-01-01", "9999-12-29"]),
        ] {
            let mut params = CertificateParams::new(["passerelle.example.org".to_owned()]).unwrap();
            params.not_before = date_time_ymd(from.0, from.1, from.2);
            params.not_after = date_time_ymd(until.0, until.1, until.2);
            let key = KeyPair::generate().unwrap();
            let certificate = params.self_signed(&key).unwrap();
            let der = certificate.der();
            let (from, until) = validity(der).unwrap();
            let told = [from, until].map(|at| at.to_string()[..10].to_owned());
            assert_eq!(told, expected);
            for length in 0..der.len() {
                assert_eq!(validity(&der[..length]), None, "{length}");
            }
        }
        assert_eq!(validity(&[0x30, 0xff]), None);
    }

    #[test]
    fn only_what_vouches_for_itself_is_self_signed() {
        let named = |is_authority| {
            let mut params = CertificateParams::new(["gate.example.org".to_owned()]).unwrap();
            params
                .distinguished_name
                .push(rcgen::DnType::CommonName, "gate.example.org");
            params.use_authority_key_identifier_extension = true;
            if is_authority {
                params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            } else {
                params.is_ca = rcgen::IsCa::ExplicitNoCa;
            }
            params
        };
        let [key, own] = [(); 2].map(|()| KeyPair::generate().unwrap());
        let itself = named(false).self_signed(&key).unwrap();
        let authority = rcgen::Issuer::new(named(true), own);
        let by_another = named(false).signed_by(&key, &authority).unwrap();
        for (chain, is_self_signed) in [
            (vec![itself.der()], true),
            (vec![itself.der(), itself.der()], true),
            (vec![by_another.der()], false),
        ] {
            let chain = chain.into_iter().cloned().collect();
            let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            let key = CertifiedKey::from_der(chain, private, &provider()).unwrap();
            let identity = Identity {
                key: Arc::new(key),
                valid_from: Timestamp::MIN,
                valid_until: Timestamp::MAX,
            };
            assert_eq!(identity.is_self_signed(), is_self_signed);
        }
    }
}
