//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let text = "sector;sector_name;door;device;colour;language\n\
                VN_AUG;<b>;D1;PDA01;red;nl\nVN_RAY;;D1;PDA01;;\n;;D2;;;\n;;;PDA03;;\n\
                VN_AUG;Other;;;;\n";
    let found = read_site_table(text).err().unwrap_or_default();
    let many = vec![found.clone(); SHOWN].concat();
    [
        (None, true, "", Vec::new()),
        (None, true, text, found),
        (None, true, text, many),
        (Some("site.toml"), true, "", Vec::new()),
        (None, false, "", Vec::new()),
    ]
    .into_iter()
    .map(|(file, begun, text, found)| {
        let page = Page::new(frame.clone(), file, begun, text, &found);
        page.render().unwrap()
    })
    .collect()
}
