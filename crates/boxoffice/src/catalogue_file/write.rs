//! Writes a catalogue file.

use crate::Catalogue;
use crate::catalogue::{Contact, SalesChannel};
use crate::readiness::CHANNEL_CODE;
use std::fmt::Write;

/// The catalogue as a catalogue file that [`read_catalogue`](super::read_catalogue)
/// reads back.
///
/// Such a file has one sales channel and one contact. Of several it names those
/// that sell what is scanned: the channel `OTIPASS`, or the one that seems meant
/// for it, and the buyer.
#[must_use]
pub fn write_catalogue(catalogue: &Catalogue) -> String {
    let mut tables = Vec::new();
    for season in &catalogue.seasons {
        let mut table = Table::new("[[season]]");
        table.text("code", season.code.as_str());
        table.optional("name", &season.name);
        tables.push(table.0);
    }
    for product in &catalogue.products {
        let mut table = Table::new("[[product]]");
        table.text("season", product.season.as_str());
        table.text("code", product.code.as_str());
        table.text("family", product.family.as_str());
        table.optional("name", &product.name);
        tables.push(table.0);
    }
    for tariff in &catalogue.tariffs {
        let mut table = Table::new("[[tariff]]");
        table.text("product", tariff.product.as_str());
        table.text("code", tariff.code.as_str());
        table.bare("price_minor", tariff.price.map(|price| price.minor()));
        table.bare(
            "vat_basis_points",
            tariff.vat.map(|rate| rate.basis_points()),
        );
        table.bare("valid_from", tariff.valid_from);
        table.bare("valid_until", tariff.valid_until);
        tables.push(table.0);
    }
    for mapping in &catalogue.tariff_mappings {
        let mut table = Table::new("[[tariff_mapping]]");
        table.text("product", mapping.product.as_str());
        table.text("tariff", mapping.tariff.as_str());
        tables.push(table.0);
    }
    if let Some(channel) = meant_channel(&catalogue.sales_channels) {
        let mut table = Table::new("[sales_channel]");
        table.text("code", channel.code.as_str());
        table.text("type", channel.channel_type.as_str());
        tables.push(table.0);
    }
    if let Some(contact) = buyer(catalogue) {
        let mut table = Table::new("[contact]");
        table.text("number", contact.number.as_str());
        table.optional("name", &contact.name);
        let modes = contact.payment_modes.iter();
        let modes: Vec<_> = modes.map(|mode| quoted(mode.as_str())).collect();
        table.bare("payment_modes", Some(format!("[{}]", modes.join(", "))));
        tables.push(table.0);
    }
    tables.join("\n")
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

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

struct Table(String);

impl Table {
    fn new(head: &str) -> Self {
        Self(format!("{head}\n"))
    }

    fn text(&mut self, key: &str, value: &str) {
        self.bare(key, Some(quoted(value)));
    }

    fn optional(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.text(key, value);
        }
    }

    fn bare<T: std::fmt::Display>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            // Writing to a text cannot fail.
            let _ = writeln!(self.0, "{key} = {value}");
        }
    }
}
