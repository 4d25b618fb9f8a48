//! Sectors that the mapping parameters name and the site lacks: added at one click,
//! each with its first door and device.

use super::*;
use crate::set_up::present::Present;
use crate::set_up::sector::Sector;
use crate::set_up::site_change::{change, refused};
use crate::set_up::thing::Thing;
use gate::site::change::{NAME_LIMIT_CHARS, SiteChangeError, is_name};
use std::collections::BTreeMap;

/// What `present` lacks.
pub(super) fn wanted(present: &Present) -> Vec<SectorCode> {
    let (Some(site), Some(mapping)) = (&present.site, &present.mapping) else {
        return Vec::new();
    };
    let known = || site.sectors.keys();
    let is_slip = |code: &SectorCode| {
        let mut free = known().filter(|known| !mapping.sectors.contains_key(*known));
        free.any(|free| kernel::is_slip(code.as_str(), free.as_str()))
    };
    // The mapping's page mends a slip. And pages take no new code with a space.
    let is_new = |code: &&SectorCode| {
        !site.sectors.contains_key(*code)
            && !is_slip(code)
            && !code.as_str().contains(char::is_whitespace)
    };
    mapping.sectors.keys().filter(is_new).cloned().collect()
}

/// The field of a sector's name.
pub(super) fn field(code: &SectorCode) -> String {
    format!("name of {code}")
}

pub(crate) async fn take_wanted(visit: Visit, entered: Entered) -> Answer {
    let present = Present::read(&visit).await?;
    let mut named = BTreeMap::new();
    for code in wanted(&present) {
        let name = entered.some(&field(&code)).unwrap_or(code.as_str());
        let name = name.trim().to_owned();
        if !is_name(&name) {
            let t = Texts::of(visit.language);
            let wrong = fill(
                t.name_wrong,
                &[("code", &code), ("limit", &NAME_LIMIT_CHARS)],
            );
            let visit = visit.wrong(entered, Mistakes::one("", wrong));
            return show(visit, Query(Entered::default())).await;
        }
        named.insert(code, name);
    }
    let language = visit.language;
    let work = move |tx: &mut Tx<'_>| {
        let mut changes = Vec::new();
        for (code, name) in &named {
            let site = Site::load(tx)?;
            // It has come meanwhile.
            if Sector::is_there(&site, code) {
                continue;
            }
            let sector = Sector::with_first(&site, code, name, language);
            changes.extend(sector.add(tx, code)?);
        }
        Ok::<_, SiteChangeError>(((), changes))
    };
    match change(&visit, "add sectors of the mapping", work).await? {
        Ok(()) => Ok(visit.go_with(access::PLACES, Flash::Saved)),
        Err(why) => {
            let why = Mistakes::one("", refused(&why, visit.language));
            show(visit.wrong(entered, why), Query(Entered::default())).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set_up::catalogue::tests::villeneuve;

    #[test]
    fn what_is_a_slip_of_a_sector_is_not_added_as_another() {
        let text = include_str!("../../../../../examples/villeneuve/mapping.json");
        let present = |sectors: &[&str]| {
            let mut site = sample::site();
            let named = sectors
                .iter()
                .map(|code| (code.parse().unwrap(), String::new()));
            site.sectors = named.collect();
            Present {
                site: Some(site),
                mapping: otipass::read_mapping(text).mapping,
                catalogue: villeneuve(),
                ..Present::default()
            }
        };
        let all = wanted(&present(&[]));
        assert!(all.len() > 2, "{all:?}");
        let but_two = wanted(&present(&["VN_AUG", "VN_RAX"]));
        let expected = all
            .iter()
            .filter(|code| !["VN_AUG", "VN_RAY"].contains(&code.as_str()));
        assert_eq!(but_two, Vec::from_iter(expected.cloned()));
        assert_eq!(wanted(&Present::default()), []);
    }
}
