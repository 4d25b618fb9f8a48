//! How a device comes to its token, and how it loses it: the page of one device,
//! the code that enrols it, and taking all of it back.

#[cfg(test)]
pub(crate) mod sample;

use super::connection::server_of;
use super::site_change::{site, take_up};
use super::teaching::teaching_picture;
use super::thing::{Thing, code_input};
use crate::acts;
use crate::page::*;
use gate::{
    CODE_VALID_MS, Device, EnrolmentCode, EnrolmentState, state_of_code, state_of_enrolment,
};
use uuid::Uuid;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Appareil {code}", "Device {code}";
    unsent: "Contrôles non envoyés", "Unsent checks";
    no_sector: "aucun", "none";
    enrol_why: "Un code, valable {minutes} minutes et une seule fois, fait de ce téléphone ou de ce tourniquet l’appareil {code}. Un appareil déjà enrôlé peut l’être de nouveau : son jeton actuel reste bon tant que vous ne le reprenez pas.",
        "A code, good for {minutes} minutes and once, makes a phone or a turnstile the device {code}. A device that is enrolled can be enrolled again: its present token stays good until you take it back.";
    make: "Faire un code", "Make a code";
    was_used: "Le dernier code a enrôlé l’appareil : {when}.", "The last code has enrolled the device: {when}.";
    is_open: "Un code attend d’être utilisé, jusqu’au {when}. Il ne peut pas être montré une seconde fois ; faites-en un autre au besoin.",
        "A code waits to be used, until {when}. It cannot be shown again; make another if need be.";
    expired: "Le dernier code n’a pas servi à temps ({when}). Faites-en un autre.",
        "The last code was not used in time ({when}). Make another.";
    settings: "Réglages", "Settings";
    by_file: "Les réglages sont gérés par un fichier et se modifient dans celui-ci :",
        "The settings are managed by a file, and are changed there:";
    end: "Reprendre ou retirer", "Take back or remove";
    revoke_why: "Pour un appareil perdu, volé ou remplacé.", "For a device that is lost, stolen or replaced.";
    revoke: "Reprendre ses jetons", "Take back its tokens";
    remove_why: "Pour un appareil qui n’existe plus. Ses contrôles restent.", "For a device that is no more. Its checks stay.";
    remove: "Retirer l’appareil", "Remove the device";
    code_title: "Enrôler {code}", "Enrol {code}";
    scan: "Sur le téléphone, lisez ce code avec l’appareil photo et ouvrez la page qu’il propose.",
        "On the phone, read this code with the camera and open the page that it offers.";
    picture: "Code QR qui enrôle l’appareil", "QR code that enrols the device";
    typed: "Ou ouvrez {address} et entrez :", "Or open {address} and enter:";
    until: "Valable une fois, jusqu’au {when}.", "Good once, until {when}.";
    not_yet: "Pas encore utilisé.", "Not used yet.";
    look: "L’appareil est-il enrôlé ? Actualiser", "Has it enrolled? Look again";
    turnstile: "Pour un tourniquet", "For a turnstile";
    turnstile_why: "Sur le tourniquet, lancez cette commande, puis « passerelle edge » :",
        "On the turnstile, run this command, then “passerelle edge”:";
    teach: "Un lecteur qui tape comme un clavier", "A scanner that types like a keyboard";
    teach_why: "Ouvrez la page du scanner et faites lire au lecteur, une fois, l’un de ces deux codes, du genre que portent vos pass. La page connaît alors sa disposition de clavier, ce qu’il ajoute et comment il finit. Imprimez cette page pour l’avoir sous la main : c’est le même code pour tous les appareils.",
        "Open the scanner page, and let the scanner read one of these two codes once, of the kind that your passes bear. The page then knows its keyboard layout, what it adds and how it ends. Print this page to have it at hand: it is the same code for all devices.";
    teach_picture: "Code qui fait connaître un lecteur, en code-barres et en QR", "Code that teaches the page a scanner, as bars and as QR";
    not_secure: "L’adresse {url} n’est pas en https. Un téléphone n’ouvre sa caméra que par https : servez Passerelle avec un certificat ([server] tls_certificate, ou un proxy et [office] url). Un lecteur à clavier ou la saisie à la main fonctionnent sans.",
        "The address {url} is not https. A phone opens its camera over https only: serve Passerelle with a certificate ([server] tls_certificate, or a proxy and [office] url). A keyboard scanner or typing works without.";
    only_here: "L’adresse {url} ne mène qu’à cet ordinateur : un téléphone ne l’atteint pas. Donnez l’adresse du service par [office] url.",
        "The address {url} leads to this computer only: no phone reaches it. Give the service’s address by [office] url.";
    no_gate: "Ce service ne prend pas encore d’appareils : la connexion à Otipass et les paramètres de correspondance manquent. Finissez la mise en service d’abord.",
        "This service takes no devices yet: the connection to Otipass and the mapping parameters are missing. Finish the set-up first.";
    sure_revoke: "Reprendre les jetons de {code} ?", "Take back the tokens of {code}?";
    sure_revoke_why: "L’appareil est refusé tout de suite. Ce qu’il a encore à envoyer est mis de côté en arrivant, pour que quelqu’un en juge. Ses réglages et ses contrôles restent.",
        "The device is refused at once. What it still has to send is set aside when it comes, for somebody to judge. Its settings and its checks stay.";
    sure_remove: "Retirer {code} ?", "Remove {code}?";
    sure_remove_why: "L’appareil, ses jetons et ses codes s’en vont. Ses contrôles restent dans tous les rapports.",
        "The device, its tokens and its codes go. Its checks stay in all reports.";
    keeps: "Il gardait {n} contrôles non envoyés quand il a été vu pour la dernière fois. Ramenez-le d’abord sous le réseau, s’il existe encore : ce qui arrive ensuite est mis de côté, pour que quelqu’un en juge.",
        "It kept {n} unsent checks when it was last seen. Bring it back to the network first, if it still exists: what comes afterwards is set aside, for somebody to judge.";
});

/// What is to be said of the way to this service before a device is enrolled.
pub(super) fn warnings(language: Language, url: &str, has_gate: bool) -> Vec<String> {
    let t = Texts::of(language);
    let of_url = match server_of(url) {
        Some((_, _, true)) => Some(t.only_here),
        Some((scheme, ..)) if scheme == "https" => None,
        // Phones come, without a camera.
        _ => Some(t.not_secure),
    };
    let of_url = of_url.map(|text| fill(text, &[("url", &url)]));
    let of_gate = Some(t.no_gate.to_owned()).filter(|_| !has_gate);
    of_gate.into_iter().chain(of_url).collect()
}

#[derive(Template)]
#[template(path = "device.html")]
struct One {
    state: DeviceState,
    /// What it is called, and the sectors that it leads to.
    name: String,
    sectors: String,
    /// What became of the last code: good, bad or neither, and in words.
    last_code: Option<(&'static str, String)>,
    inputs: Vec<Input>,
    frame: Frame,
}

impl One {
    fn new(
        frame: Frame,
        site: &Site,
        state: DeviceState,
        (last_code, now): (Option<EnrolmentState>, Timestamp),
    ) -> Self {
        let names = SiteNames::from(site);
        Self {
            sectors: names.sectors.of_each(&state.sectors),
            name: names.devices.of(&state.device),
            last_code: last_code.map(|last| told(&frame, last, now)),
            inputs: frame.filled(
                std::iter::once(code_input(&state.device, frame.formats.language))
                    .chain(Device::inputs(&frame, site, Some(&state.device))),
            ),
            state,
            frame,
        }
    }
}

/// What became of a code, in words.
fn told(frame: &Frame, code: EnrolmentState, now: Timestamp) -> (&'static str, String) {
    let t = Texts::of(frame.formats.language);
    let (kind, text, at) = match code.used_at {
        Some(at) => ("good", t.was_used, at),
        None if code.expires_at > now => ("", t.is_open, code.expires_at),
        None => ("bad", t.expired, code.expires_at),
    };
    (kind, fill(text, &[("when", &frame.formats.moment(at))]))
}

async fn state(visit: &Visit, code: &DeviceCode) -> Result<DeviceState, PageError> {
    let devices = gate::devices(visit.db()).await?;
    let device = devices.into_iter().find(|device| device.device == *code);
    device.ok_or(PageError::NotFound)
}

/// The page of a device.
pub(super) async fn one(visit: Visit, code: DeviceCode) -> Answer {
    let site = site(&visit).await?.ok_or(PageError::NotFound)?;
    let state = state(&visit, &code).await?;
    let read = move |tx: &mut Tx<'_>| state_of_enrolment(tx, &code);
    let last = visit.db().read("last enrolment", read).await?;
    let frame = visit.frame().managed_by(&visit.set_up().site);
    let last = (last, visit.staff().now());
    visit.page(&One::new(frame, &site, state, last))
}

#[derive(Template)]
#[template(path = "enrolment.html")]
struct Shown {
    device: DeviceCode,
    /// What it is called.
    name: String,
    code: String,
    expires_at: Timestamp,
    /// The service's address, and that of its page for devices.
    url: String,
    address: String,
    warnings: Vec<String>,
    picture: String,
    frame: Frame,
}

impl Shown {
    fn new(
        frame: Frame,
        url: &str,
        has_gate: bool,
        (device, name): (DeviceCode, String),
        code: &EnrolmentCode,
        expires_at: Timestamp,
    ) -> Self {
        let url = url.trim_end_matches('/');
        let (code, address) = (code.reveal(), format!("{url}/scan"));
        Self {
            warnings: warnings(frame.formats.language, url, has_gate),
            // A browser does not send what stands behind `#` to anyone.
            picture: qr_svg(&format!("{address}#enrol={code}")),
            url: url.to_owned(),
            device,
            name,
            code,
            expires_at,
            address,
            frame,
        }
    }
}

/// A QR code as part of a page; empty if the text is too long for one.
pub(super) fn qr_svg(text: &str) -> String {
    let Ok(code) = qrcode::QrCode::new(text) else {
        return String::new();
    };
    let image = code
        .render::<qrcode::render::svg::Color<'_>>()
        .min_dimensions(220, 220)
        .build();
    // As part of a page it has no XML declaration.
    let start = image.find("<svg").unwrap_or_default();
    image.get(start..).unwrap_or_default().to_owned()
}

/// Makes a code; or shows one again that was shown before, as long as it is good.
pub(crate) async fn enrol(visit: Visit, Id(id): Id<DeviceCode>, entered: Entered) -> Answer {
    if let Some(shown) = entered.some("shown") {
        return again(&visit, id, shown).await;
    }
    let code = EnrolmentCode::from_random(*Uuid::new_v4().as_bytes());
    let until = acts::make_enrolment_code(&visit.author()?, &id, &code).await?;
    shown(&visit, id, &code, until).await
}

async fn shown(
    visit: &Visit,
    device: DeviceCode,
    code: &EnrolmentCode,
    until: Timestamp,
) -> Answer {
    let (url, has_gate) = (&visit.office.role.url, visit.office.gate.is_some());
    let name = SiteNames::read(visit.db()).await?.devices.of(&device);
    let page = Shown::new(visit.frame(), url, has_gate, (device, name), code, until);
    visit.page(&page)
}

async fn again(visit: &Visit, device: DeviceCode, text: &str) -> Answer {
    if let Some(code) = EnrolmentCode::presented(text) {
        let (of, asked) = (device.clone(), code.clone());
        let read = move |tx: &mut Tx<'_>| state_of_code(tx, &of, &asked);
        let state = visit.db().read("enrolment code", read).await?;
        if let Some(state) = state
            && state.used_at.is_none()
            && state.expires_at > visit.staff().now()
        {
            return shown(visit, device, &code, state.expires_at).await;
        }
    }
    // The device's page says what became of it.
    Ok(visit.go(access::DEVICE.of(&device)))
}

/// Whether somebody is sure.
#[derive(Template)]
#[template(path = "sure.html")]
struct Sure {
    state: DeviceState,
    /// What it is called.
    name: String,
    /// What is to be done, as its address ends.
    verb: &'static str,
    /// The title, what it means, and what the button says.
    words: (&'static str, &'static str, &'static str),
    frame: Frame,
}

impl Sure {
    fn new(frame: Frame, verb: &'static str, names: &SiteNames, state: DeviceState) -> Self {
        let t = Texts::of(frame.formats.language);
        let words = match verb {
            REVOKE => (t.sure_revoke, t.sure_revoke_why, t.revoke),
            _ => (t.sure_remove, t.sure_remove_why, t.remove),
        };
        Self {
            name: names.devices.of(&state.device),
            state,
            verb,
            words,
            frame,
        }
    }
}

/// What can be done to a device, as the address of it ends.
const REVOKE: &str = "revoke";
const REMOVE: &str = "remove";

pub(crate) async fn ask_revoke(visit: Visit, Id(id): Id<DeviceCode>) -> Answer {
    sure(&visit, REVOKE, &id).await
}

pub(crate) async fn ask_remove(visit: Visit, Id(id): Id<DeviceCode>) -> Answer {
    match visit.set_up().site {
        Managed::Here => sure(&visit, REMOVE, &id).await,
        Managed::ByFile(_) => Ok(visit.go(access::DEVICE.of(&id))),
    }
}

async fn sure(visit: &Visit, verb: &'static str, code: &DeviceCode) -> Answer {
    let state = state(visit, code).await?;
    let names = SiteNames::read(visit.db()).await?;
    visit.page(&Sure::new(visit.frame(), verb, &names, state))
}

pub(crate) async fn revoke(visit: Visit, Id(id): Id<DeviceCode>) -> Answer {
    acts::revoke_tokens(&visit.author()?, &id).await?;
    take_up(&visit).await;
    Ok(visit.go_with(access::DEVICE.of(&id), Flash::Saved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_who_reaches_it() {
        let t = Texts::of(Language::En);
        for (url, expected) in [
            ("https://gate.example.org", None),
            ("https://192.0.2.7:8443/", None),
            ("http://gate.example.org", Some(t.not_secure)),
            ("http://192.0.2.7:8480", Some(t.not_secure)),
            ("http://0.0.0.0:8480", Some(t.not_secure)),
            ("http://127.0.0.1:8480", Some(t.only_here)),
            ("https://localhost:8480/", Some(t.only_here)),
            ("http://[::1]:8480", Some(t.only_here)),
            ("http://127.0.0.1.example.org", Some(t.not_secure)),
        ] {
            let expected = expected.map(|text| fill(text, &[("url", &url)]));
            let warned = warnings(Language::En, url, true);
            assert_eq!(warned, Vec::from_iter(expected), "{url}");
        }
    }
}
