//! What devices brought and could not be booked: what it is, why it lies aside, and
//! the two ways out: book it, or say why it is no entry.

#[cfg(test)]
pub(crate) mod sample;

use crate::checks::Links;
use crate::page::*;
use crate::reconciliation::afresh;
use gate::decide::aside::{
    self, Aside, BookAs, BookError, Dismissed, Group, Kind, Readable, Settlement,
};
use gate::decide::door_admitted::NOTE_CHARS;
use kernel::Zone;
use kernel::coded;
use kernel::without_numbers;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    why: "Ce que des appareils ont fait et que le service n’a pas pu enregistrer, tel que c’est arrivé. Derrière chaque ligne il y a peut-être un visiteur qui est entré : enregistrez-la, ou dites pourquoi ce n’est pas une entrée.",
        "What devices did and the service could not book, as it came. Behind each line there may be a visitor who went in: book it, or say why it is no entry.";
    nothing: "Rien n’est mis de côté.", "Nothing lies aside.";
    more: "Seuls les 500 premiers sont montrés : réglez-les d’abord.", "Only the first 500 are shown: settle these first.";
    came: "Arrivé", "Came";
    read: "Lu", "Read";
    unreadable: "illisible", "not readable";
    check: "Contrôle", "Check";
    together: "Plusieurs d’un coup", "Several at once";
    group: "Appareil et raison", "Device and reason";
    book_all: "Tout enregistrer tel quel", "Book all as they came";
    book_all_why: "Ce qui vient d’un même appareil et a la même raison. Ce qui ne peut être enregistré tel quel reste ici : ouvrez-le pour voir pourquoi.",
        "What is of one device and for one reason. What cannot be booked as it came stays here: open it to see why.";
    none: "Aucun n’est une entrée", "None is an entry";
    settled_some: "Réglés : {n}. Restent de côté : {left}, chacun avec sa raison.", "Settled: {n}. Still aside: {left}, each with its reason.";
    turned_away: "L’appareil a renvoyé ce visiteur, et les comptes ont son entrée, par une réponse que personne n’a entendue. Enregistrer l’annule.",
        "The device turned this visitor away, and the books have the entry, by an answer that nobody heard. Booking takes it back.";
    which_device: "Choisissez l’appareil où le visiteur est entré : ce service ne connaît pas l’enrôlement.",
        "Choose the device where the visitor went in: this service does not know the enrolment.";
    in_the_books: "Les comptes ont déjà ce contrôle. Enregistrez-le tel quel : rien n’est vendu deux fois, et ce que l’appareil a fait compte.",
        "The books have this check already. Book it as it came: nothing is sold twice, and what the device did counts.";
    lately: "Réglé dernièrement", "Settled lately";
    how: "Comment", "How";
    booked: "enregistré", "booked";
    dismissed: "pas une entrée", "no entry";
    detail: "Ce que le service en dit", "What the service says of it";
    told: "Dit au visiteur", "Told the visitor";
    as_came: "Tel que c’est arrivé", "As it came";
    book: "Enregistrer", "Book";
    book_why: "L’entrée est vendue comme toute autre, au prix du moment du scan. Corrigez ce qui est faux ; un numéro vide est ce que l’appareil a lu.",
        "The entry is sold like any other, at the price of the moment of its scan. Correct what is wrong; an empty number is what the device read.";
    book_cancellation_why: "L’entrée est annulée comme toute autre : son contrôle doit être enregistré d’abord.",
        "The entry is cancelled like any other: its check must be booked first.";
    number: "Numéro de la carte", "Number of the card";
    number_hint: "Vide : ce que l’appareil a lu, {code}.", "Empty: what the device read, {code}.";
    at: "Heure du scan", "Time of the scan";
    at_hint: "Comme 14:30, à l’heure du musée.", "Such as 14:30, in the museum’s time.";
    at_wrong: "Ce n’est pas une heure. Écrivez-la comme 14:30.", "This is no time. Write it as 14:30.";
    at_range: "L’heure du scan est dans l’année avant son arrivée. Corrigez le jour et l’heure.",
        "The scan was within the year before it came. Correct day and time.";
    no_entry: "Pas une entrée", "No entry";
    no_entry_why: "Rien n’est vendu. La raison reste dans le journal d’audit.", "Nothing is sold. The reason stays in the audit log.";
    no_cancellation: "Pas une annulation", "No cancellation";
    no_cancellation_why: "L’entrée reste vendue. La raison reste dans le journal d’audit.", "The entry stays sold. The reason stays in the audit log.";
    note: "Parce que", "Because";
    note_empty: "Écrivez pourquoi ce n’est pas une entrée, en 500 caractères au plus.", "Write why it is no entry, in 500 characters at most.";
    note_holds: "La raison contient le numéro lu. Ôtez-le : la raison reste toujours, les numéros sont effacés un jour.",
        "The reason holds the number that was read. Take it out: the reason stays for ever, numbers are removed one day.";
    not_a_pass: "Ce n’est pas un numéro de carte valable ici. Vérifiez-le, ou dites que ce n’est pas une entrée.",
        "This is no card number that is valid here. Check it, or say that it is no entry.";
    not_mapped: "Cet appareil ne mène à aucun secteur qui accepte les pass. Choisissez celui où le visiteur est entré.",
        "This device leads to no sector where passes are accepted. Choose the one where the visitor went in.";
    not_read: "Cela ne se lit pas. Donnez le numéro de la carte, ou dites que ce n’est pas une entrée.",
        "It cannot be read. Give the number of the card, or say that it is no entry.";
    not_cancelled: "L’annulation n’est pas possible : enregistrez d’abord son contrôle s’il est ici ; sinon dites pourquoi elle n’a pas lieu d’être.",
        "The cancellation is not possible: first book its check if it lies here; else say why it is not to be.";
    not_taken: "Le contrôle est refusé : {why}", "The check is refused: {why}";
});

coded! {
/// Why it lies aside.
fn reason() {
    "body_invalid": "Ne se lit pas entièrement", "Cannot be read as a whole";
    "check_id_conflict": "Son identifiant est celui d’un autre scan", "Its id is another scan’s";
    "code_too_long": "Le code lu a plus de 512 octets", "The code that was read has more than 512 bytes";
    "note_invalid": "La note de l’entrée forcée manque ou est trop longue", "The note of the forced entry is missing or too long";
    "clock_stands_still": "L’horloge de l’appareil s’est arrêtée", "The device’s clock stood still";
    "check_unknown": "Annule un contrôle qui n’est pas arrivé", "Cancels a check that did not come";
    "not_cancellable": "Annule ce qui ne peut plus l’être", "Cancels what cannot be cancelled any more";
    "enrolment_revoked": "Fait sous un enrôlement qui a été repris", "Done under an enrolment that was revoked";
    "enrolment_unknown": "Fait sous un enrôlement que ce service ne connaît pas", "Done under an enrolment that this service does not know";
}}

/// The value of the button that books a group.
const BOOK: &str = "book";

/// Why it lies aside, in words.
fn why(aside: &Aside, language: Language) -> &str {
    let code = aside.reason.as_str();
    reason(code, language).unwrap_or(code)
}

#[derive(Template)]
#[template(path = "aside.html")]
struct Page {
    said: Option<String>,
    waiting: Vec<Aside>,
    settled: Vec<Aside>,
    count: i64,
    /// What can be settled together.
    groups: Vec<Group>,
    names: SiteNames,
    frame: Frame,
}

impl Page {
    /// What is settled together, and why none of it is an entry, if so.
    fn together(&self) -> Vec<Input> {
        let language = self.frame.formats.language;
        let t = Texts::of(language);
        let choice = |group: &Group| {
            let of = group.reason.as_str();
            let why = reason(of, language).unwrap_or(of);
            let count = self.frame.formats.number(group.count);
            let device = self.names.devices.of(&group.device);
            let label = format!("{device} · {why} ({count})");
            (format!("{of}/{}", group.device), label)
        };
        let groups = self.groups.iter().map(choice).collect();
        self.frame.filled([
            Input::choice("group", t.group, "", groups),
            Input::text("note", t.note, ""),
        ])
    }
}

/// What was read, without what identifies the visitor.
fn read(t: &Texts, aside: &Aside) -> String {
    let code = aside.readable().code;
    code.map_or_else(|| t.unreadable.to_owned(), |code| shown(&code))
}

/// The beginning of a code, without numbers.
fn shown(code: &str) -> String {
    const CHARS: usize = 40;
    let mut shown = without_numbers(code);
    if let Some((end, _)) = shown.char_indices().nth(CHARS) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

async fn page(visit: Visit, said: Option<String>) -> Answer {
    visit.gate()?;
    let db = visit.db();
    visit.page(&Page {
        said,
        waiting: aside::waiting(db).await?,
        settled: aside::settled(db).await?,
        count: aside::count(db).await?,
        groups: aside::groups(db).await?,
        names: SiteNames::read(db).await?,
        frame: visit.frame(),
    })
}

pub(crate) async fn list(visit: Visit) -> Answer {
    page(visit, None).await
}

/// Settles what lies aside of one device for one reason: books it as it came, or says
/// why none of it is an entry.
pub(crate) async fn settle_all(visit: Visit, entered: Entered) -> Answer {
    visit.gate()?;
    let (reason, device) = entered.text("group").split_once('/').unwrap_or_default();
    let note = entered.text("note").trim();
    let books = entered.text("settle") == BOOK;
    let t = Texts::of(visit.language);
    if !books && !(1..=NOTE_CHARS).contains(&note.chars().count()) {
        let mistakes = Mistakes::one("note", t.note_empty);
        return page(visit.wrong(entered.clone(), mistakes), None).await;
    }
    let Ok(device) = device.parse::<DeviceCode>() else {
        return Err(PageError::NotFound);
    };
    let group = async || aside::of_group(visit.db(), device.clone(), reason.to_owned()).await;
    let mut done = 0;
    for one in group().await? {
        let settled = if books {
            match book(&visit, one, BookAs::default()).await? {
                Ok(_) => true,
                Err(BookError::Db(error)) => return Err(error.into()),
                Err(_) => false,
            }
        } else {
            dismiss(&visit, one, note.to_owned()).await? == Dismissed::Now
        };
        done += i64::from(settled);
    }
    let left = group().await?.len();
    let formats = visit.frame().formats;
    let (n, left) = (formats.count(done), formats.count(left));
    let said = fill(t.settled_some, &[("n", &n), ("left", &left)]);
    page(visit, Some(said)).await
}

async fn book(
    visit: &Visit,
    id: CheckId,
    as_what: BookAs,
) -> Result<Result<CheckId, BookError>, PageError> {
    let gate = visit.gate()?;
    let merging = gate.deciding.merging();
    let by = visit.actor()?.name;
    let work = move |tx: &mut Tx<'_>| {
        let check = merging.book(tx, id, &as_what, &by)?;
        let change = Change::done("aside.booked", "check", check);
        let moved = as_what.device.as_ref().map(DeviceCode::as_str);
        let change = change.to(json!({
            "device": moved, "scanned_at": as_what.scanned_at, "number": as_what.code.is_some(),
        }));
        Ok::<_, BookError>((check, vec![change]))
    };
    let booked = visit.change("book aside", work).await?;
    if booked.is_ok() {
        gate.outbox.due().wake();
        afresh(&visit.office);
    }
    Ok(booked)
}

#[derive(Template)]
#[template(path = "aside_one.html")]
struct One {
    aside: Aside,
    read: Readable,
    as_what: Vec<Input>,
    note: Vec<Input>,
    names: SiteNames,
    links: Links,
    frame: Frame,
}

impl One {
    /// What it is to say that it is none, and what becomes of it then.
    const fn dismiss(&self) -> (&'static str, &'static str) {
        let t = Texts::of(self.frame.formats.language);
        match self.aside.kind {
            Kind::Check => (t.no_entry, t.no_entry_why),
            Kind::Cancellation => (t.no_cancellation, t.no_cancellation_why),
        }
    }

    fn new(frame: Frame, aside: Aside, names: SiteNames, links: Links) -> Self {
        let t = Texts::of(frame.formats.language);
        let read = aside.readable();
        let zone = &frame.formats.zone;
        let (day, time) = prefilled(zone, read.scanned.at);
        // Nobody knows whose an unknown enrolment was.
        let device = if aside.is_strangers() {
            ""
        } else {
            aside.device.as_str()
        };
        // Its device may be gone from the site.
        let mut devices: Vec<_> = names.devices.all().collect();
        if !device.is_empty() && !devices.iter().any(|(code, _)| code == device) {
            devices.push((device.to_owned(), device.to_owned()));
        }
        let code = self::read(t, &aside);
        let hint = fill(t.number_hint, &[("code", &code)]);
        let as_what = [
            Input::choice("device", t.device, device, devices).with_choose(frame.t.choose),
            Input::text("code", t.number, "").hint(hint),
            Input::day("day", t.day, &day),
            Input::text("time", t.at, &time).hint(t.at_hint),
        ];
        let as_what = match aside.kind {
            Kind::Check => frame.filled(as_what),
            Kind::Cancellation => Vec::new(),
        };
        Self {
            note: frame.filled([Input::text("note", t.note, "")]),
            as_what,
            names,
            links,
            aside,
            read,
            frame,
        }
    }
}

async fn find(visit: &Visit, id: CheckId) -> Result<Aside, PageError> {
    let find = move |tx: &mut Tx<'_>| aside::find(tx, id);
    let found = visit.db().read("aside", find).await?;
    found.ok_or(PageError::NotFound)
}

pub(crate) async fn show(visit: Visit, Id(id): Id<CheckId>) -> Answer {
    visit.gate()?;
    let aside = find(&visit, id).await?;
    let names = SiteNames::read(visit.db()).await?;
    let links = Links::read(&visit, &names, aside.check).await?;
    visit.page(&One::new(visit.frame(), aside, names, links))
}

/// Day and time of a moment, as the form shows them.
fn prefilled(zone: &Zone, at: Timestamp) -> (String, String) {
    let (hour, minute, _) = zone.time_of_day(at);
    (
        zone.business_day(at).to_string(),
        format!("{hour:02}:{minute:02}"),
    )
}

/// The moment of a day's time, `14:30`; `None` if it is none. On the day on which
/// the clocks change it is the hour that the clock shows.
fn moment(zone: &Zone, day: &str, time: &str) -> Option<Timestamp> {
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let since_midnight = i64::from(hour) * 60 + i64::from(minute);
    let guess = zone
        .start_of(day.parse().ok()?)
        .plus_ms(since_midnight * 60_000);
    // At midnight the hour before is 23.
    let behind = (i64::from(hour) - i64::from(zone.hour(guess)) + 36) % 24 - 12;
    Some(guess.plus_ms(behind * 3_600_000))
}

pub(crate) async fn book_one(visit: Visit, Id(id): Id<CheckId>, entered: Entered) -> Answer {
    visit.gate()?;
    let t = Texts::of(visit.language);
    let aside = find(&visit, id).await?;
    let again = async |visit: Visit, field, text: String| {
        let mistakes = Mistakes::one(field, text);
        show(visit.wrong(entered.clone(), mistakes), Id(id)).await
    };
    let mut as_what = BookAs {
        device: entered
            .read("device")
            .filter(|device| *device != aside.device),
        code: entered.some("code").map(|code| code.trim().to_owned()),
        scanned_at: None,
    };
    if aside.kind == Kind::Check {
        let zone = &visit.office.role.zone;
        let (day, time) = (entered.text("day"), entered.text("time"));
        let came = prefilled(zone, aside.readable().scanned.at);
        if (day, time) != (came.0.as_str(), came.1.as_str()) {
            let Some(at) = moment(zone, day, time) else {
                return again(visit, "time", t.at_wrong.to_owned()).await;
            };
            let year_ms = 366 * 24 * 60 * 60 * 1_000;
            if !(0..=year_ms).contains(&aside.arrived_at.ms_since(at)) {
                return again(visit, "day", t.at_range.to_owned()).await;
            }
            as_what.scanned_at = Some(at);
        }
    }
    let (field, text) = match book(&visit, id, as_what).await? {
        Ok(_) => return Ok(visit.go_with(access::ASIDE, Flash::Saved)),
        // Whoever came second sees what the first has done.
        Err(BookError::Settled) => return Ok(visit.go(access::ASIDE_ONE.of(id))),
        Err(BookError::Unknown) => return Err(PageError::NotFound),
        Err(BookError::Db(error)) => return Err(error.into()),
        Err(BookError::NotRecognised(gate::Reason::SectorNotMapped)) => {
            ("device", t.not_mapped.to_owned())
        }
        Err(BookError::NotRecognised(_)) => ("code", t.not_a_pass.to_owned()),
        Err(BookError::DeviceUnknown) => ("device", t.which_device.to_owned()),
        Err(BookError::InTheBooks(_)) => ("", t.in_the_books.to_owned()),
        Err(BookError::Unreadable) => ("code", t.not_read.to_owned()),
        Err(BookError::Cancel(_)) => ("", t.not_cancelled.to_owned()),
        Err(BookError::Check(error)) => {
            let why = without_numbers(&causes(&error));
            ("", fill(t.not_taken, &[("why", &why)]))
        }
    };
    again(visit, field, text).await
}

async fn dismiss(visit: &Visit, id: CheckId, note: String) -> Result<Dismissed, PageError> {
    let merging = visit.gate()?.deciding.merging();
    let by = visit.actor()?.name;
    let work = move |tx: &mut Tx<'_>| {
        let dismissed = merging.dismiss(tx, id, &note, &by)?;
        let change = Change::done("aside.dismissed", "check", id).to(json!({ "note": note }));
        let changes = (dismissed == Dismissed::Now).then_some(change);
        Ok::<_, DbError>((dismissed, changes.into_iter().collect()))
    };
    let dismissed = visit.change("dismiss aside", work).await??;
    if dismissed == Dismissed::Now {
        afresh(&visit.office);
    }
    Ok(dismissed)
}

pub(crate) async fn dismiss_one(visit: Visit, Id(id): Id<CheckId>, entered: Entered) -> Answer {
    visit.gate()?;
    let t = Texts::of(visit.language);
    let note = entered.text("note").trim().to_owned();
    let again = async |visit: Visit, mistake| {
        let mistakes = Mistakes::one("note", mistake);
        show(visit.wrong(entered.clone(), mistakes), Id(id)).await
    };
    if !(1..=NOTE_CHARS).contains(&note.chars().count()) {
        return again(visit, t.note_empty).await;
    }
    match dismiss(&visit, id, note).await? {
        Dismissed::Unknown => Err(PageError::NotFound),
        Dismissed::HoldsCode => again(visit, t.note_holds).await,
        Dismissed::InTheBooks => again(visit, t.in_the_books).await,
        Dismissed::Before => Ok(visit.go(access::ASIDE_ONE.of(id))),
        Dismissed::Now => Ok(visit.go_with(access::ASIDE, Flash::Saved)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_what_the_museums_clock_shows() {
        let paris: Zone = "Europe/Paris".parse().unwrap();
        for (day, time, moment) in [
            ("2026-07-14", "14:30", Some("2026-07-14T12:30:00.000Z")),
            ("2026-10-25", "14:30", Some("2026-10-25T13:30:00.000Z")),
            ("2026-03-29", "14:30", Some("2026-03-29T12:30:00.000Z")),
            ("2026-03-29", "23:30", Some("2026-03-29T21:30:00.000Z")),
            ("2026-10-25", "00:10", Some("2026-10-24T22:10:00.000Z")),
            ("2026-10-25", "23:50", Some("2026-10-25T22:50:00.000Z")),
            ("2026-07-14", "24:00", None),
            ("2026-07-14", "noon", None),
            ("14 July", "12:00", None),
        ] {
            let found = super::moment(&paris, day, time).map(|at| at.to_string());
            assert_eq!(found.as_deref(), moment, "{day} {time}");
        }
    }
}
