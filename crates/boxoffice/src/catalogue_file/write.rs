//! Writes a catalogue file.

use crate::Catalogue;
use crate::catalogue::{Contact, Product, SalesChannel, Season, Tariff, TariffMapping};
use crate::readiness::CHANNEL_CODE;
use serde::Serialize;

/// The tables of the file, in their order.
#[derive(Serialize)]
struct File<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    season: &'a [Season],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    product: &'a [Product],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tariff: &'a [Tariff],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tariff_mapping: &'a [TariffMapping],
    sales_channel: Option<&'a SalesChannel>,
    contact: Option<&'a Contact>,
}

/// The catalogue as a catalogue file that [`read_catalogue`](super::read_catalogue)
/// reads back.
///
/// Such a file has one sales channel and one contact. Of several it names those
/// that sell what is scanned: the channel `OTIPASS`, or the one that seems meant
/// for it, and the buyer.
#[must_use]
pub fn write_catalogue(catalogue: &Catalogue) -> String {
    let file = File {
        season: &catalogue.seasons,
        product: &catalogue.products,
        tariff: &catalogue.tariffs,
        tariff_mapping: &catalogue.tariff_mappings,
        sales_channel: meant_channel(&catalogue.sales_channels),
        contact: buyer(catalogue),
    };
    // There is nothing in it that TOML has no form for.
    toml::to_string(&file).unwrap_or_default()
}

/// The channel that sells what is scanned, or that seems meant for it.
pub(crate) fn meant_channel(channels: &[SalesChannel]) -> Option<&SalesChannel> {
    let exact = |c: &&SalesChannel| c.code.as_str() == CHANNEL_CODE;
    // Spelt otherwise: by its name, or its type.
    let alike = |c: &&SalesChannel| c.code.as_str().eq_ignore_ascii_case(CHANNEL_CODE);
    let of_type = |c: &&SalesChannel| c.channel_type.is_stx_file();
    let mut each = channels.iter();
    each.clone()
        .find(exact)
        .or_else(|| each.clone().find(alike))
        .or_else(|| each.find(of_type))
}

fn buyer(catalogue: &Catalogue) -> Option<&Contact> {
    let buyer = catalogue.buyer.as_ref()?;
    let mut contacts = catalogue.contacts.iter();
    contacts.find(|contact| contact.number == *buyer)
}
