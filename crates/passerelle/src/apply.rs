//! `passerelle apply`: load changed files while the service runs.

use crate::Verdict;
use crate::house::{ConfigOption, command_line};
use crate::language::language;
use crate::set_up;
use anyhow::Result;
use kernel::text::fill;
use kernel::{Clock, SystemClock};
use std::sync::Arc;

kernel::texts!(Texts in Fr, En {
    nothing: "Rien n’est géré par fichier : [set_up] ne nomme pas de site, et personne n’en a mis en service. Les pages de gestion le font, sous Mise en service, ou un fichier que nomme [set_up] site.",
        "Nothing is managed by file: [set_up] names no site, and nobody has set one up. The back office's page Set-up does it, or [set_up] site names a file.";
    loaded: "Site et catalogue de {site} sont chargés : {sectors} secteurs, {doors} portes, {devices} appareils. Un service en marche les connaît dans la seconde ; ce qui était retenu se vend au prochain passage des ventes externes. Des paramètres de correspondance modifiés demandent un redémarrage.",
        "Site and catalogue of {site} are loaded: {sectors} sectors, {doors} doors, {devices} devices. A running service knows of them within a second; what was held is sold by its next external sales run. Changed mapping parameters take a restart.";
});

/// `passerelle apply`
pub async fn run(config: ConfigOption) -> Result<Verdict> {
    let config = config.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (_, site) = set_up::apply(&config, &clock, command_line()).await?;
    let t = Texts::of(language());
    let Some(site) = site else {
        outln!("{}", t.nothing);
        return Ok(Verdict::Fine);
    };
    let loaded = fill(
        t.loaded,
        &[
            ("site", &site.name),
            ("sectors", &site.sectors.len()),
            ("doors", &site.doors.len()),
            ("devices", &site.devices.len()),
        ],
    );
    outln!("{loaded}");
    Ok(Verdict::Fine)
}
