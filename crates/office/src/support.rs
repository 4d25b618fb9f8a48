//! The support bundle: what is in it, and the button that makes it.

#[cfg(test)]
pub(crate) mod sample;

use crate::page::*;
use ::doctor::Reach;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Un seul fichier pour la personne qui vous aide. Il ne contient que du texte : regardez-le avant de l’envoyer.",
        "One file for whoever helps you. It is text only: look at it before you send it on.";
    without: "Les numéros de carte, les codes-barres, les notes, les jetons, les mots de passe et les clés n’y sont pas.",
        "Card numbers, barcodes, notes, tokens, passwords and keys are not in it.";
    download: "Créer et télécharger", "Make and download";
    holds: "Contenu", "What it holds";
    configuration: "la configuration ; des secrets, seulement s’ils sont réglés",
        "the configuration; of secrets only whether they are set";
    versions: "programme, système, base de données, tailles des fichiers",
        "program, system, database, sizes of files";
    doctor: "ce que dit le diagnostic", "what the doctor says";
    events: "les derniers avertissements et erreurs du service", "the latest warnings and errors of the service";
    queues: "ce qui attend, et ce qui est retenu, avec la raison", "what waits, and what is held for which reason";
    devices: "les appareils, comme ils se sont annoncés en dernier", "the devices as they were last heard of";
    reconciliation: "ce que dit le rapprochement", "what the reconciliation says";
});

/// How long Otipass and ticketing may take.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Template)]
#[template(path = "support.html")]
struct Page {
    frame: Frame,
}

/// The files in it, and what each holds.
fn files(t: &'static Texts) -> [(&'static str, &'static str); 7] {
    [
        ("configuration.json", t.configuration),
        ("versions.json", t.versions),
        ("doctor.txt", t.doctor),
        ("events.jsonl", t.events),
        ("queues.json", t.queues),
        ("devices.json", t.devices),
        ("reconciliation.json", t.reconciliation),
    ]
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let frame = visit.frame();
    visit.page(&Page { frame })
}

pub(crate) async fn bundle(visit: Visit) -> Answer {
    let doctor = &visit.office.role.doctor;
    let bundle = doctor.support_bundle(Reach::Online, PATIENCE).await;
    let mut tar = Vec::new();
    bundle.write_tar(&mut tar).map_err(PageError::internal)?;
    download("application/x-tar", &bundle.file_name(), tar)
}
