//! Through which channel entries are sold, and to whom: both must be as
//! ticketing wants them, to the letter.

#[cfg(test)]
pub(crate) mod sample;

use super::catalogue::edit::Edit;
use super::catalogue::entry;
use super::catalogue::{changeable, kept, make};
use crate::Managed;
use crate::access;
use crate::entered::Entered;
use crate::flash::Flash;
use crate::form::{Input, Mistakes};
use crate::frame::Frame;
use crate::visit::{Answer, Visit};
use askama::Template;
use boxoffice::Catalogue;
use boxoffice::catalogue::{Contact, PaymentMode, SalesChannel};
use boxoffice::readiness::CHANNEL_CODE;
use kernel::text::fill;

kernel::texts!(Texts in Fr, En {
    title: "Canal et contact", "Channel and contact";
    back: "Mise en service", "Set-up";
    lead: "Les ventes passent par le canal OTIPASS, et c’est le contact Otipass qui les achète.",
        "Sales go through the channel OTIPASS, and the Otipass contact buys them.";
    by_file: "Cette partie est gérée par un fichier :", "This part is managed by a file:";
    channel: "Canal de vente", "Sales channel";
    channel_good: "OTIPASS, de type STX_FILE : comme il faut.", "OTIPASS, of type STX_FILE: as it must be.";
    channel_none: "Il n’y a pas encore de canal. Son code est exactement OTIPASS, son type STX_FILE.",
        "There is no channel yet. Its code is exactly OTIPASS, its type STX_FILE.";
    channel_wrong: "Le canal {code} de type {type} ne peut pas vendre : le code doit être exactement OTIPASS, le type STX_FILE.",
        "The channel {code} of type {type} cannot sell: the code must be exactly OTIPASS, the type STX_FILE.";
    make_channel: "Créer le canal OTIPASS", "Make the channel OTIPASS";
    replace_channel: "Le remplacer par OTIPASS", "Replace it by OTIPASS";
    contact: "Contact qui achète", "Contact that buys";
    contact_good: "Le contact {number} achète et peut payer par compte d’attente.",
        "The contact {number} buys, and may pay by pending account.";
    contact_none: "Aucun contact n’achète encore.", "No contact buys yet.";
    contact_wrong: "Le contact {number} n’a pas le droit de payer par compte d’attente. Enregistrer le lui donne.",
        "The contact {number} may not pay by pending account. Saving lets it.";
    number: "Numéro de contact", "Contact number";
    number_hint: "Celui d’Otipass dans la billetterie, avec ses zéros. L’enregistrer l’autorise à payer par compte d’attente.",
        "That of Otipass in ticketing, with its zeros. Saving it lets it pay by pending account.";
    name: "Nom", "Name";
    save: "Enregistrer", "Save";
    next: "Ensuite : essayer avec une carte", "Next: try it with a card";
});

#[derive(Template)]
#[template(path = "buyer.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    file: Option<String>,
    may_change: bool,
    mistakes: Mistakes,
    channel: (&'static str, String),
    channel_button: Option<&'static str>,
    contact: (&'static str, String),
    inputs: Vec<Input>,
    is_whole: bool,
}

/// How the channel for Otipass stands.
enum Channel<'a> {
    Right,
    Missing,
    /// Another code or type; the channel that is likely meant.
    Wrong(&'a SalesChannel),
}

fn channel(catalogue: &Catalogue) -> Channel<'_> {
    if boxoffice::readiness::channel_is_valid(catalogue) {
        return Channel::Right;
    }
    let channels = &catalogue.sales_channels;
    let is_meant = |c: &&SalesChannel| c.code.as_str().eq_ignore_ascii_case(CHANNEL_CODE);
    let meant = channels.iter().find(is_meant).or(channels.first());
    meant.map_or(Channel::Missing, Channel::Wrong)
}

fn buyer(catalogue: &Catalogue) -> Option<&Contact> {
    let number = catalogue.buyer.as_ref()?;
    catalogue.contacts.iter().find(|c| c.number == *number)
}

fn may_pay(contact: &Contact) -> bool {
    contact.payment_modes.contains(&PaymentMode::PendingAccount)
}

/// Whether entries can be sold through this channel to this contact.
pub(super) fn is_whole(catalogue: &Catalogue) -> bool {
    let is_right = matches!(channel(catalogue), Channel::Right);
    is_right && buyer(catalogue).is_some_and(may_pay)
}

impl Page {
    fn new(
        frame: Frame,
        managed: &Managed,
        catalogue: &Catalogue,
        entered: &Entered,
        mistakes: Mistakes,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let (channel, channel_button) = match channel(catalogue) {
            Channel::Right => (("good", t.channel_good.to_owned()), None),
            Channel::Missing => (("bad", t.channel_none.to_owned()), Some(t.make_channel)),
            Channel::Wrong(meant) => {
                let values = [
                    ("code", meant.code.as_str()),
                    ("type", meant.channel_type.as_str()),
                ];
                let wrong = fill(t.channel_wrong, &values);
                (("bad", wrong), Some(t.replace_channel))
            }
        };
        let present = buyer(catalogue);
        let contact = match present {
            None => ("bad", t.contact_none.to_owned()),
            Some(contact) => {
                let (class, text) = if may_pay(contact) {
                    ("good", t.contact_good)
                } else {
                    ("bad", t.contact_wrong)
                };
                (class, fill(text, &[("number", contact.number.as_str())]))
            }
        };
        let field = |field: &str, present: Option<&str>, usual: &str| {
            entered.some(field).or(present).unwrap_or(usual).to_owned()
        };
        let number = field("contact_number", present.map(|c| c.number.as_str()), "");
        let name = field("contact_name", present.map(|c| c.name.as_str()), "Otipass");
        Self {
            channel,
            channel_button,
            contact,
            inputs: vec![
                Input::text("contact_number", t.number, &number)
                    .hint(t.number_hint)
                    .with(&mistakes),
                Input::text("contact_name", t.name, &name).with(&mistakes),
            ],
            is_whole: is_whole(catalogue),
            file: managed.file().map(str::to_owned),
            may_change: *managed == Managed::Here && frame.may_act(access::BUYER),
            mistakes,
            t,
            frame,
        }
    }
}

async fn page(visit: &Visit, entered: &Entered, mistakes: Mistakes) -> Answer {
    let catalogue = kept(visit).await?;
    let status = mistakes.status();
    let managed = &visit.set_up().catalogue;
    let page = Page::new(visit.frame(), managed, &catalogue, entered, mistakes);
    visit.page_with(status, &page)
}

pub(crate) async fn show(visit: Visit) -> Answer {
    page(&visit, &Entered::default(), Mistakes::default()).await
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    changeable(&visit.office)?;
    let mistakes = match entry::buyer(&entered, visit.language) {
        Ok(edit) => make(&visit, edit).await?,
        Err(mistakes) => mistakes,
    };
    if mistakes.0.is_empty() {
        return Ok(visit.go_with(access::BUYER, Flash::Saved));
    }
    page(&visit, &entered, mistakes).await
}

pub(crate) async fn make_channel(visit: Visit) -> Answer {
    make(&visit, Edit::MakeChannel).await?;
    Ok(visit.go_with(access::BUYER, Flash::Saved))
}
