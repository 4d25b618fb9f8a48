//! `passerelle device`: enrolment and tokens of scanners and turnstiles, and
//! what is known of each.

use crate::house::{Acting, own_address};
use crate::language::{decimal, language};
use crate::table::table;
use crate::{Verdict, tokens};
use anyhow::{Context, Result};
use clap::Subcommand;
use config::Config;
use gate::{CODE_VALID_MS, DeviceState, EnrolmentCode, Mode, SiteNames};
use kernel::text::fill;
use kernel::{DeviceCode, Timestamp};
use office::acts;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// `passerelle device`
pub type Arguments = Acting<Action>;

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Print a code that enrols a device, once, and as a QR code
    Enrol {
        /// The device's code, as in the site file
        device: DeviceCode,
        /// Where the device reaches the service, like `https://gate.example.org`;
        /// by default [office] url, or else where the configuration has it listen
        #[arg(long)]
        url: Option<String>,
    },
    /// Show all devices: where they stand, when they were seen, what they hold
    List,
    /// Print a new token for a device, once
    Token {
        /// The device's code, as in the site file
        device: DeviceCode,
    },
    /// Take back all tokens of a device, at once
    Revoke {
        /// The device's code, as in the site file
        device: DeviceCode,
    },
}

kernel::texts!(Texts in Fr, En {
    enrols: "Ce code enrôle {device}, une fois, dans les {n} minutes.",
        "This code enrols {device}, once, within {n} minutes.";
    open: "Ouvrez cette page sur l’appareil, ou scannez-la avec lui :",
        "Open this page on the device, or scan it there:";
    enter: "Entrez-le sur l’appareil. Avec --url et l’adresse où les appareils joignent le service, vous avez un code QR à scanner à la place.",
        "Enter it on the device. With --url and the address at which devices reach the service, you get a QR code to scan instead.";
    token: "C’est le jeton de {device}. Il n’est montré que maintenant : entrez-le sur l’appareil. S’il est perdu, reprenez-le par « passerelle device revoke '{device}' » et faites-en un autre.",
        "This is the token of {device}. It is shown only now: enter it on the device. If it is lost, take it back with `passerelle device revoke '{device}'` and make another.";
    revoked: "Jetons de {device} repris : {n} ; un service en marche les refuse dans la seconde.",
        "Tokens of {device} taken back: {n}; a running service refuses them within a second.";
    headings: "appareil, porte, secteur, vu, >décalage, >non envoyés, plus ancien, mode, >batterie, >jetons",
        "device, door, sector, seen, >clock off, >unsent, oldest, mode, >battery, >tokens";
    never: "jamais", "never";
    just_now: "à l’instant", "just now";
    minutes: "il y a {n} min", "{n} min ago";
    hours: "il y a {n} h", "{n} h ago";
    days: "il y a {n} jours", "{n} days ago";
    online: "en ligne", "online";
    offline: "hors ligne", "offline";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let house = arguments.config.open().await?;
    let (author, t) = (house.author(), Texts::of(language()));
    match arguments.action {
        Action::Enrol { device, url } => {
            let code = EnrolmentCode::from_random(tokens::random_16());
            acts::make_enrolment_code(&author, &device, &code).await?;
            let page = page(&house.config, url, &code)?;
            outln!("{}", code.reveal());
            let n = CODE_VALID_MS / 60_000;
            errln!("{}", fill(t.enrols, &[("device", &device), ("n", &n)]));
            match page {
                Some(page) => errln!("{}\n\n    {page}\n\n{}", t.open, qr_code(&page)),
                None => errln!("{}", t.enter),
            }
        }
        Action::List => {
            let devices = gate::devices(&house.db).await;
            let devices = devices.context("the devices could not be read")?;
            let names = SiteNames::read(&house.db).await;
            let names = names.context("the devices could not be read")?;
            out!("{}", list(t, &devices, &names, house.clock.now()));
        }
        Action::Token { device } => {
            let token = tokens::random();
            acts::give_token(&author, &device, &token).await?;
            outln!("{}", token.reveal());
            errln!("{}", fill(t.token, &[("device", &device)]));
        }
        Action::Revoke { device } => {
            let revoked = acts::revoke_tokens(&author, &device).await?;
            let revoked = fill(t.revoked, &[("n", &revoked), ("device", &device)]);
            outln!("{revoked}");
        }
    }
    Ok(Verdict::Fine)
}

/// The scanner page's address with the code behind it: a browser does not send
/// that part to anyone. `None` if nobody says where devices reach the service.
fn page(config: &Config, url: Option<String>, code: &EnrolmentCode) -> Result<Option<String>> {
    let Some(url) = url.map_or_else(|| own_address(config), |url| Ok(Some(url)))? else {
        return Ok(None);
    };
    let url = url.trim_end_matches('/');
    Ok(Some(format!("{url}/scan#enrol={}", code.reveal())))
}

/// Dark on light, whatever the terminal's colours: its light parts are drawn.
fn qr_code(address: &str) -> String {
    match QrCode::new(address) {
        Ok(code) => code
            .render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .build(),
        // Only an address of thousands of characters fits into none.
        Err(_) => String::new(),
    }
}

fn list(t: &Texts, devices: &[DeviceState], names: &SiteNames, now: Timestamp) -> String {
    let rows = devices.iter().map(|device| row(t, device, names, now));
    table(t.headings, &rows.collect::<Vec<_>>())
}

fn row(t: &Texts, device: &DeviceState, names: &SiteNames, now: Timestamp) -> Vec<String> {
    fn or_dash(text: Option<impl ToString>) -> String {
        text.map_or_else(|| "–".to_owned(), |text| text.to_string())
    }
    let sectors = names.sectors.of_each(&device.sectors);
    let since = |at: Option<Timestamp>| at.map(|at| ago(t, now.ms_since(at)));
    let mode = device.mode.map(|mode| match mode {
        Mode::Online => t.online,
        Mode::Offline => t.offline,
    });
    cells![
        names.devices.of(&device.device),
        names.doors.of(&device.door),
        or_dash((!sectors.is_empty()).then_some(sectors)),
        since(device.seen_at).unwrap_or_else(|| t.never.to_owned()),
        or_dash(device.clock_offset_ms.map(seconds).map(decimal)),
        or_dash(device.unsent),
        or_dash(since(device.oldest_unsent_at)),
        or_dash(mode),
        or_dash(device.battery_percent.map(|percent| format!("{percent} %"))),
        device.tokens,
    ]
}

/// A clock's offset: `+0.3 s`.
fn seconds(offset_ms: i64) -> String {
    let sign = if offset_ms < 0 { '-' } else { '+' };
    let ms = offset_ms.unsigned_abs();
    format!("{sign}{}.{} s", ms / 1_000, ms % 1_000 / 100)
}

fn ago(t: &Texts, ms: i64) -> String {
    let (text, n) = match ms / 1_000 {
        ..=59 => (t.just_now, 0),
        seconds @ 60..=3_599 => (t.minutes, seconds / 60),
        seconds @ 3_600..=86_399 => (t.hours, seconds / 3_600),
        seconds => (t.days, seconds / 86_400),
    };
    fill(text, &[("n", &n)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_offsets_are_told_in_short() {
        for (ms, told) in [
            (-5_000, "just now"),
            (59_999, "just now"),
            (60_000, "1 min ago"),
            (3_600_000, "1 h ago"),
            (200_000_000, "2 days ago"),
        ] {
            assert_eq!(ago(Texts::of(kernel::Language::En), ms), told);
        }
        for (ms, told) in [(0, "+0.0 s"), (31_540, "+31.5 s"), (-250, "-0.2 s")] {
            assert_eq!(seconds(ms), told);
        }
    }

    #[test]
    fn a_code_stands_behind_the_pages_address() {
        let code = EnrolmentCode::from_random([0; 16]);
        let listening = |at: &str| {
            let mut config = Config::default();
            config.server.listen = at.parse().unwrap();
            config
        };
        for (at, url, address) in [
            (
                "127.0.0.1:8480",
                None,
                Some("http://127.0.0.1:8480/scan#enrol=2222-2222"),
            ),
            ("0.0.0.0:8480", None, None),
            (
                "0.0.0.0:8480",
                Some("https://gate.example.org/"),
                Some("https://gate.example.org/scan#enrol=2222-2222"),
            ),
        ] {
            let page = page(&listening(at), url.map(str::to_owned), &code).unwrap();
            assert_eq!(page.as_deref(), address);
        }
        let mut config = listening("0.0.0.0:8480");
        config.office.url = Some("https://passerelle.example.org:8443".to_owned());
        let page = page(&config, None, &code).unwrap();
        let address = "https://passerelle.example.org:8443/scan#enrol=2222-2222";
        assert_eq!(page.as_deref(), Some(address));
        assert!(
            qr_code("http://127.0.0.1:8480/scan#enrol=2222-2222")
                .lines()
                .count()
                > 10
        );
    }
}
