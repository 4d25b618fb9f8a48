//! When a certificate is valid.
//!
//! This reads just that from X.509's binary form (RFC 5280, 4.1, in DER): who
//! vouches for whom is for the clients to judge.

use kernel::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version, which the first version leaves out.
const VERSION: u8 = 0xa0;

/// The first and the last moment at which a certificate is valid; `None` if it is
/// not a certificate.
pub(crate) fn validity(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = value(certificate, SEQUENCE)?;
    let (to_be_signed, _) = value(certificate, SEQUENCE)?;
    let rest = value(to_be_signed, VERSION).map_or(to_be_signed, |(_, rest)| rest);
    let (_serial_number, rest) = value(rest, INTEGER)?;
    let (_signature, rest) = value(rest, SEQUENCE)?;
    let (_issuer, rest) = value(rest, SEQUENCE)?;
    let (validity, _) = value(rest, SEQUENCE)?;
    let (from, rest) = moment(validity)?;
    let (until, _) = moment(rest)?;
    Some((from, until))
}

/// The value at the start of `der`, if it has this tag, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = bytes.iter().try_fold(0_usize, |length, &byte| {
            length.checked_mul(256)?.checked_add(usize::from(byte))
        })?;
        (length, rest)
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

/// The time at the start of `der`, in the one form that is allowed: with seconds
/// and in UTC.
fn moment(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (text, rest, century) = match *der.first()? {
        UTC_TIME => {
            let (text, rest) = value(der, UTC_TIME)?;
            let years: u8 = std::str::from_utf8(text.get(..2)?).ok()?.parse().ok()?;
            (text, rest, if years < 50 { "20" } else { "19" })
        }
        GENERALIZED_TIME => {
            let (text, rest) = value(der, GENERALIZED_TIME)?;
            (text, rest, "")
        }
        _ => return None,
    };
    let digits = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let digits = digits.strip_suffix('Z')?;
    if digits.len() != 14 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let [year, month, day] = [&digits[..4], &digits[4..6], &digits[6..8]];
    let [hour, minute, second] = [&digits[8..10], &digits[10..12], &digits[12..]];
    // Some use the ends of the calendar for "always"; our times don't go so far.
    if year < "2000" {
        return Some((Timestamp::MIN, rest));
    }
    if year == "9999" {
        return Some((Timestamp::MAX, rest));
    }
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}.000Z");
    Some((text.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let mut der = vec![tag];
        match length {
            [0, short] if short < 0x80 => der.push(short),
            [0, long] => der.extend([0x81, long]),
            [high, low] => der.extend([0x82, high, low]),
        }
        der.extend(content);
        der
    }

    /// A certificate without what follows its times.
    fn certificate(version: bool, from: Vec<u8>, until: Vec<u8>) -> Vec<u8> {
        let mut inner = Vec::new();
        if version {
            inner.extend(tagged(VERSION, &tagged(INTEGER, &[2])));
        }
        inner.extend(tagged(INTEGER, &[9; 16]));
        inner.extend(tagged(SEQUENCE, &[]));
        inner.extend(tagged(SEQUENCE, &[0; 300]));
        inner.extend(tagged(SEQUENCE, &[from, until].concat()));
        tagged(SEQUENCE, &tagged(SEQUENCE, &inner))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn both_forms_of_time_are_read() {
        for version in [true, false] {
            let der = certificate(
                version,
                tagged(UTC_TIME, b"260714070000Z"),
                tagged(GENERALIZED_TIME, b"20510714070001Z"),
            );
            let (from, until) = validity(&der).unwrap();
            assert_eq!(from, at("2026-07-14T07:00:00.000Z"));
            assert_eq!(until, at("2051-07-14T07:00:01.000Z"));
        }
        let old = tagged(UTC_TIME, b"500101000000Z");
        let never = tagged(GENERALIZED_TIME, b"99991231235959Z");
        let (from, until) = validity(&certificate(true, old, never)).unwrap();
        assert_eq!((from, until), (Timestamp::MIN, Timestamp::MAX));
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let good = tagged(UTC_TIME, b"260714070000Z");
        for bad in [
            tagged(UTC_TIME, b"261314070000Z"),
            tagged(UTC_TIME, b"2607140700Z"),
            tagged(UTC_TIME, b"260714070000+0200"),
            tagged(GENERALIZED_TIME, b"260714070000Z"),
            tagged(INTEGER, &[1]),
            Vec::new(),
        ] {
            assert_eq!(
                validity(&certificate(true, good.clone(), bad.clone())),
                None
            );
        }
        let whole = certificate(true, good.clone(), good);
        for length in 0..whole.len() {
            assert_eq!(validity(&whole[..length]), None, "{length}");
        }
        assert_eq!(validity(&[SEQUENCE, 0xff]), None);
        assert_eq!(
            validity(&[SEQUENCE, 0x89, 255, 255, 255, 255, 255, 255, 255, 255, 255]),
            None
        );
    }
}
