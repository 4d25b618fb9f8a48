//! The control barcode of an admission.

use kernel::{CardNumber, ControlBarcode, InvalidId, Timestamp};

/// How many barcodes are tried for one scan.
pub const CANDIDATES: i64 = 1_000;

/// The barcode for `card` admitted at `moment`: `OTI`, the card number, and the
/// moment as `yyyyMMddHHmmssSSS` in UTC.
///
/// # Errors
/// Never for a card number and a moment that their types admit: 3 + 30 + 17 =
/// 50 characters at most.
pub fn control_barcode(card: &CardNumber, moment: Timestamp) -> Result<ControlBarcode, InvalidId> {
    format!("OTI{}{}", card.reveal(), moment.compact()).parse()
}

/// The barcodes to try in turn for a scan at `scanned_at`: each is one
/// millisecond later than the one before, and the first free one is taken. There
/// are [`CANDIDATES`] of them.
pub fn candidates(
    card: &CardNumber,
    scanned_at: Timestamp,
) -> impl Iterator<Item = Result<ControlBarcode, InvalidId>> {
    (0..CANDIDATES).map(move |later_ms| control_barcode(card, scanned_at.plus_ms(later_ms)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_barcode_is_oti_card_and_moment() {
        let card = "00029975".parse().unwrap();
        let at = "2026-12-31T23:59:59.999Z".parse().unwrap();
        let tried: Vec<_> = candidates(&card, at).take(2).map(Result::unwrap).collect();
        assert_eq!(tried[0].reveal(), "OTI0002997520261231235959999");
        assert_eq!(tried[1].reveal(), "OTI0002997520270101000000000");
    }

    proptest! {
        #[test]
        fn every_card_and_moment_has_a_barcode(
            card in "[0-9A-Z]{1,30}",
            millis in Timestamp::MIN.millis()..=Timestamp::MAX.millis(),
        ) {
            let card = card.parse().unwrap();
            let at = Timestamp::from_millis(millis).unwrap();
            prop_assert!(control_barcode(&card, at).unwrap().reveal().len() <= ControlBarcode::MAX_CHARS);
        }
    }
}
