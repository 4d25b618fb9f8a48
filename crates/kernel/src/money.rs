use crate::{FromValue, Value};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg};

/// An amount in minor units (cents) of the organisation's currency.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// `minor` minor units.
    #[must_use]
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }
}

impl Add for Money {
    type Output = Money;

    /// Saturates at the ends of the range (about 9 × 10¹⁶ currency units).
    fn add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }
}

impl Neg for Money {
    type Output = Money;

    fn neg(self) -> Money {
        Money(self.0.saturating_neg())
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// Major and minor units with a point between: `9.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let minor = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", minor / 100, minor % 100))
    }
}

impl From<Money> for Value {
    fn from(amount: Money) -> Self {
        Self::Int(amount.0)
    }
}

impl FromValue for Money {
    fn from_value(value: &Value) -> Result<Self, String> {
        i64::from_value(value).map(Self)
    }
}

/// A VAT rate in basis points: 5.5 % = 550.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VatRate(u32);

impl VatRate {
    /// `basis_points` hundredths of a per cent.
    #[must_use]
    pub const fn from_basis_points(basis_points: u32) -> Self {
        Self(basis_points)
    }

    /// The rate in hundredths of a per cent.
    #[must_use]
    pub const fn basis_points(self) -> u32 {
        self.0
    }

    /// The VAT contained in a `gross` amount, rounded half up (half away from
    /// zero), as it is for each ticket.
    #[must_use]
    pub fn contained_in(self, gross: Money) -> Money {
        let rate = i128::from(self.0);
        let whole = 10_000 + rate;
        let amount = i128::from(gross.minor().unsigned_abs());
        let vat = (2 * amount * rate + whole) / (2 * whole);
        let vat = i64::try_from(vat).unwrap_or(i64::MAX);
        Money(if gross.minor() < 0 { -vat } else { vat })
    }
}

impl fmt::Display for VatRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02} %", self.0 / 100, self.0 % 100))
    }
}

impl From<VatRate> for Value {
    fn from(rate: VatRate) -> Self {
        Self::from(rate.0)
    }
}

impl FromValue for VatRate {
    fn from_value(value: &Value) -> Result<Self, String> {
        u32::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vat_is_what_the_gross_price_contains() {
        let rate = VatRate::from_basis_points(550);
        for (gross, vat) in [(950, 50), (475, 25), (700, 36), (0, 0), (1, 0), (-950, -50)] {
            assert_eq!(
                rate.contained_in(Money::from_minor(gross)).minor(),
                vat,
                "{gross}"
            );
        }
        assert_eq!(
            VatRate::from_basis_points(0).contained_in(Money::from_minor(950)),
            Money::ZERO
        );
    }

    #[test]
    fn money_prints_major_and_minor_units() {
        assert_eq!(Money::from_minor(1_289_150).to_string(), "12891.50");
        assert_eq!(Money::from_minor(-5).to_string(), "-0.05");
    }

    proptest! {
        #[test]
        fn vat_never_exceeds_the_price_and_cancels_out(gross in 0i64..1_000_000_000, rate in 0u32..10_000) {
            let rate = VatRate::from_basis_points(rate);
            let gross = Money::from_minor(gross);
            let vat = rate.contained_in(gross);
            prop_assert!(Money::ZERO <= vat && vat <= gross);
            prop_assert_eq!(rate.contained_in(-gross), -vat);
        }
    }
}
