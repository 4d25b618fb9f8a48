//! A change of the site: not where a file manages it, with its rows in the audit
//! log, and taken up at once.

use crate::page::*;
use gate::SiteError;
use gate::site::change::{SiteChangeError, Use};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    taken: "Ce code est déjà pris. Choisissez-en un autre.", "This code is taken. Choose another.";
    unknown: "Cela n’existe plus : quelqu’un l’a sans doute retiré. Revenez à la vue d’ensemble.",
        "This is no longer there: somebody has probably removed it. Go back to the overview.";
    unknown_sector: "Il n’y a pas de secteur {code}. Ajoutez-le d’abord.",
        "There is no sector {code}. Add it first.";
    unknown_door: "Il n’y a pas de porte {code}. Ajoutez-la d’abord.",
        "There is no door {code}. Add it first.";
    has_doors: "Des portes mènent à ce secteur : {codes}. Retirez-les d’abord, ou menez-les ailleurs.",
        "Doors lead to this sector: {codes}. First remove them, or lead them elsewhere.";
    has_devices: "Des appareils se trouvent à cette porte : {codes}. Retirez-les d’abord, ou donnez-leur une autre porte.",
        "Devices stand at this door: {codes}. First remove them, or give them another door.";
    has_checks: "Ce code ne peut plus changer : des contrôles enregistrés le nomment. Changez le nom, ou ajoutez-en un autre et gardez celui-ci pour les comptes.",
        "This code cannot change any more: checks on record name it. Change the name, or add another one and keep this one for the books.";
    has_tokens: "Ce code ne peut plus changer : l’appareil a été enrôlé sous lui. Retirez l’appareil, puis ajoutez-le sous l’autre code et enrôlez-le de nouveau.",
        "This code cannot change any more: the device was enrolled under it. Remove the device, then add it by the other code and enrol it again.";
    is_mapped: "Ce code ne peut pas changer : les paramètres de correspondance le nomment, et ses pass seraient refusés. Corrigez-le d’abord là.",
        "This code cannot change: the mapping parameters name it, and its passes would be refused. First correct it there.";
});

/// Makes a change with its rows in the audit log, and has the gate of this
/// process take it up. The inner error is one to tell the person.
///
/// # Errors
/// [`PageError::NotFound`] where a file manages the site; what the database says.
pub(super) async fn change<T, F>(
    visit: &Visit,
    name: &'static str,
    work: F,
) -> Result<Result<T, SiteChangeError>, PageError>
where
    F: Fn(&mut Tx<'_>) -> Result<(T, Vec<Change>), SiteChangeError> + Send + 'static,
    T: Send + 'static,
{
    visit.set_up().site.changeable()?;
    match visit.change(name, work).await? {
        Ok(done) => {
            take_up(visit).await;
            Ok(Ok(done))
        }
        Err(SiteChangeError::Site(SiteError::Db(error))) => Err(error.into()),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Has the gate of this process know at once what it would know within a second.
pub(super) async fn take_up(visit: &Visit) {
    if let Some(gate) = &visit.office.gate
        && let Err(error) = gate.reload().await
    {
        tracing::warn!(error = causes(&error), "the gate takes the change up later");
    }
}

/// Why a change was refused, in words.
pub(super) fn refused(error: &SiteChangeError, language: Language) -> String {
    let t = Texts::of(language);
    match error {
        SiteChangeError::Taken => t.taken.to_owned(),
        SiteChangeError::Unknown => t.unknown.to_owned(),
        SiteChangeError::UnknownSector(code) => fill(t.unknown_sector, &[("code", code)]),
        SiteChangeError::UnknownDoor(code) => fill(t.unknown_door, &[("code", code)]),
        SiteChangeError::HasDoors(codes) => fill(t.has_doors, &[("codes", &listed(codes))]),
        SiteChangeError::HasDevices(codes) => fill(t.has_devices, &[("codes", &listed(codes))]),
        SiteChangeError::InUse(Use::Checks) => t.has_checks.to_owned(),
        SiteChangeError::InUse(Use::Tokens) => t.has_tokens.to_owned(),
        SiteChangeError::InUse(Use::Mapping) => t.is_mapped.to_owned(),
        SiteChangeError::Site(_) => t.no_site.to_owned(),
    }
}

/// Codes one after the other.
pub(super) fn listed<'a, T: ToString + 'a>(codes: impl IntoIterator<Item = &'a T>) -> String {
    let codes: Vec<String> = codes.into_iter().map(ToString::to_string).collect();
    codes.join(", ")
}

/// The site, if there is one yet.
pub(super) async fn site(visit: &Visit) -> Result<Option<Site>, PageError> {
    Ok(gate::site::interface::read_site(&visit.office.db).await?)
}
