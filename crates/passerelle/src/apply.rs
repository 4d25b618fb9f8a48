//! `passerelle apply`: load changed files while the service runs.

use crate::Verdict;
use crate::house::{ConfigOption, command_line};
use crate::language::language;
use crate::set_up::{self, Load};
use anyhow::Result;
use kernel::text::fill;
use kernel::{Clock, SystemClock};
use std::sync::Arc;

kernel::texts!(Texts in Fr, En {
    no_file: "Rien n’a été chargé : [set_up] ne nomme aucun fichier. Les pages de gestion tiennent tout, sous Mise en service.",
        "Nothing was loaded: [set_up] names no file. The back office keeps everything, on its page Set-up.";
    nothing: "Rien n’est géré par fichier : [set_up] ne nomme pas de site, et personne n’en a mis en service. Les pages de gestion le font, sous Mise en service, ou un fichier que nomme [set_up] site.",
        "Nothing is managed by file: [set_up] names no site, and nobody has set one up. The back office's page Set-up does it, or [set_up] site names a file.";
    loaded: "Site et catalogue de {site} sont chargés : {sectors} secteurs, {doors} portes, {devices} appareils. Les services en marche les connaissent en deux secondes, et les paramètres de correspondance aussi ; ce qui était retenu se vend au prochain passage des ventes externes.",
        "Site and catalogue of {site} are loaded: {sectors} sectors, {doors} doors, {devices} devices. Running services know of them within two seconds, and of the mapping parameters too; what was held is sold by the next external sales run.";
});

/// `passerelle apply`
pub async fn run(config: ConfigOption) -> Result<Verdict> {
    let config = config.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let author = set_up::apply(&config, &clock, command_line(), Load::All).await?;
    let site = set_up::site_in_force(&config, &author.db).await?;
    let t = Texts::of(language());
    if doctor::set_up_files(&config).all(|(_, file)| file.is_none()) {
        outln!("{}", t.no_file);
        return Ok(Verdict::Fine);
    }
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
