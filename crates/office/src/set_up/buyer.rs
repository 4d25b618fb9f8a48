//! Through which channel entries are sold, and to whom: both must be as
//! ticketing wants them, to the letter.

#[cfg(test)]
pub(crate) mod sample;

use super::catalogue::item::changed;
use super::catalogue::season::NAME_LIMIT_CHARS;
use super::catalogue_change::{kept, make};
use super::step::Bar;
use crate::page::*;
use boxoffice::catalogue::{ChannelType, Contact, PaymentMode, SalesChannel};
use boxoffice::readiness::CHANNEL_CODE;
use kernel::{ContactNumber, SalesChannelCode};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Les ventes passent par le canal OTIPASS, et c’est le contact Otipass qui les achète.",
        "Sales go through the channel OTIPASS, and the Otipass contact buys them.";
    channel: "Canal de vente", "Sales channel";
    channel_good: "OTIPASS, de type STX_FILE : comme il faut.", "OTIPASS, of type STX_FILE: as it must be.";
    channel_none: "Il n’y a pas encore de canal. Son code est exactement OTIPASS, son type STX_FILE.",
        "There is no channel yet. Its code is exactly OTIPASS, its type STX_FILE.";
    channel_wrong: "Le canal {code} de type {type} ne peut pas vendre : le code doit être exactement OTIPASS, le type STX_FILE.",
        "The channel {code} of type {type} cannot sell: the code must be exactly OTIPASS, the type STX_FILE.";
    make_channel: "Créer le canal OTIPASS", "Make the channel OTIPASS";
    replace_channel: "Le remplacer par OTIPASS", "Replace it with OTIPASS";
    contact: "Contact qui achète", "Contact that buys";
    contact_good: "Le contact {number} achète et peut payer par compte d’attente.",
        "The contact {number} buys, and may pay by pending account.";
    contact_none: "Aucun contact n’achète encore.", "No contact buys yet.";
    contact_wrong: "Le contact {number} n’a pas le droit de payer par compte d’attente. Enregistrer le lui donne.",
        "The contact {number} may not pay by pending account. Saving lets it.";
    number: "Numéro de contact", "Contact number";
    number_hint: "Celui d’Otipass dans la billetterie, avec ses zéros. L’enregistrer l’autorise à payer par compte d’attente.",
        "That of Otipass in ticketing, with its zeros. Saving allows it to pay by pending account.";
    number_none: "Entrez le numéro du contact.", "Enter the contact’s number.";
    digits: "Un numéro de contact n’a que des chiffres ; les zéros au début comptent.",
        "A contact number has digits only; leading zeros count.";
});

#[derive(Template)]
#[template(path = "buyer.html")]
struct Page<'a> {
    channel: Channel<'a>,
    buyer: Option<&'a Contact>,
    inputs: Vec<Input>,
    frame: Frame,
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

impl<'a> Page<'a> {
    fn new(frame: Frame, catalogue: &'a Catalogue) -> Self {
        let t = Texts::of(frame.formats.language);
        let buyer = buyer(catalogue);
        let number = buyer.map_or("", |contact| contact.number.as_str());
        let name = buyer.map_or("Otipass", |contact| &contact.name);
        Self {
            channel: channel(catalogue),
            buyer,
            inputs: frame.filled([
                Input::text("contact_number", t.number, number).hint(t.number_hint),
                Input::text("contact_name", t.name, name),
            ]),
            frame,
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let frame = visit.frame().managed_by(&visit.set_up().catalogue);
    visit.page(&Page::new(frame, &kept(&visit).await?))
}

/// The contact that was entered.
fn read(fields: &mut Fields<'_>) -> Option<(ContactNumber, String)> {
    let t = Texts::of(fields.language);
    let number: Option<ContactNumber> = if fields.text("contact_number").is_empty() {
        fields.found("contact_number", None, t.number_none)
    } else {
        fields.code("contact_number")
    };
    let name = fields.name("contact_name", NAME_LIMIT_CHARS);
    let is_number = |n: &ContactNumber| n.as_str().bytes().all(|b| b.is_ascii_digit());
    if number.as_ref().is_some_and(|number| !is_number(number)) {
        fields.wrong("contact_number", t.digits);
    }
    number.zip(name)
}

/// This contact buys, and may pay by pending account.
fn name_buyer(catalogue: &mut Catalogue, number: &ContactNumber, name: &str) -> Vec<Change> {
    let named = |c: &Contact| {
        let modes: Vec<_> = c.payment_modes.iter().map(PaymentMode::as_str).collect();
        json!({"number": c.number, "name": c.name, "payment_modes": modes})
    };
    let former = buyer(catalogue).map(named);
    let at = catalogue.contacts.iter().position(|c| c.number == *number);
    let mut contact = match at {
        Some(at) => catalogue.contacts.remove(at),
        None => Contact {
            number: number.clone(),
            name: String::new(),
            payment_modes: Vec::new(),
        },
    };
    name.clone_into(&mut contact.name);
    if !may_pay(&contact) {
        contact.payment_modes.push(PaymentMode::PendingAccount);
    }
    let mut change = changed("contact", number).to(named(&contact));
    change.before = former;
    catalogue.contacts.push(contact);
    catalogue.buyer = Some(number.clone());
    vec![change]
}

/// There is just one channel for Otipass, as it must be.
fn put_channel(catalogue: &mut Catalogue, code: &SalesChannelCode) -> Vec<Change> {
    let is_meant = |c: &SalesChannel| c.code.as_str().eq_ignore_ascii_case(code.as_str());
    let named = |c: &SalesChannel| json!({"code": c.code, "type": c.channel_type.as_str()});
    let channels = &mut catalogue.sales_channels;
    let before: Vec<_> = channels.iter().filter(|c| is_meant(c)).map(named).collect();
    channels.retain(|c| !is_meant(c));
    let channel = SalesChannel {
        code: code.clone(),
        channel_type: ChannelType::StxFile,
    };
    let mut change = changed("sales_channel", code).to(named(&channel));
    change.before = (!before.is_empty()).then(|| before.into());
    channels.push(channel);
    vec![change]
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    visit.set_up().catalogue.changeable()?;
    match Fields::read(&entered, visit.language, read) {
        Ok((number, name)) => {
            make(&visit, move |catalogue, _| {
                Ok(name_buyer(catalogue, &number, &name))
            })
            .await?;
            Ok(visit.go_with(access::BUYER, Flash::Saved))
        }
        Err(mistakes) => show(visit.wrong(entered, mistakes)).await,
    }
}

pub(crate) async fn make_channel(visit: Visit) -> Answer {
    let code: SalesChannelCode = CHANNEL_CODE.parse().map_err(PageError::internal)?;
    make(&visit, move |catalogue, _| {
        Ok(put_channel(catalogue, &code))
    })
    .await?;
    Ok(visit.go_with(access::BUYER, Flash::Saved))
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::tests::villeneuve;
    use super::*;

    #[test]
    fn channel_and_buyer_become_what_sales_need() {
        let mut catalogue = villeneuve();
        catalogue.sales_channels[0].code = "Otipass".parse().unwrap();
        catalogue.contacts[0].payment_modes.clear();
        put_channel(&mut catalogue, &CHANNEL_CODE.parse().unwrap());
        assert_eq!(catalogue.sales_channels.len(), 1);
        assert!(!is_whole(&catalogue));
        let number = "000042".parse().unwrap();
        name_buyer(&mut catalogue, &number, "Otipass");
        assert!(is_whole(&catalogue));
        let day = "2026-07-14".parse().unwrap();
        let sold = boxoffice::readiness::readiness(
            &catalogue,
            &"VN26".parse().unwrap(),
            &"PASSVN".parse().unwrap(),
            day,
        );
        assert!(sold.is_ok(), "{sold:?}");
    }

    #[test]
    fn a_contact_number_has_digits_only() {
        let entered = Entered::parse(b"contact_number=12a&contact_name=O");
        let wrong = Fields::read(&entered, Language::En, read).unwrap_err();
        assert_eq!(wrong.0[0].field, "contact_number");
    }
}
