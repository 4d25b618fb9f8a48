//! Sample data of this page.

use super::*;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let text = "sector;sector_name;door;device;colour;language\n\
                VN_AUG;<b>;D1;PDA01;red;nl\nVN_RAY;;D1;PDA01;;\n;;D2;;;\n;;;PDA03;;\n\
                VN_AUG;Other;;;;\n";
    let found = read_site_table(text).err().unwrap_or_default();
    let many = vec![found.clone(); SHOWN].concat();
    let (here, by_file) = (Managed::Here, Managed::ByFile("site.toml".to_owned()));
    let pages = [
        (&here, true, "", Vec::new()),
        (&here, true, text, found),
        (&here, true, text, many),
        (&by_file, true, "", Vec::new()),
        (&here, false, "", Vec::new()),
    ];
    crate::tests::html(pages.map(|(managed, begun, text, found)| {
        Page::new(frame.clone().managed_by(managed), begun, text, found)
    }))
}

/// What the table would change, with a slip of the pen, before and after it was
/// passed over.
pub(crate) fn plan_samples(frame: &Frame) -> Vec<String> {
    let site = crate::set_up::places::sample::site();
    let text = "sector;sector_name;door;device;door_name;device_name\n\
                VN_AUX;<b>;VN_AUG_D1;PDA77;<i>;\nVN_RAY;<i>;VN_RAY_D1;<b>/7;;<i>\n";
    let plan = |entered: &Entered| {
        let table = read_site_table(text).unwrap();
        Plan::new(frame.clone(), table, &site, text.to_owned(), entered)
    };
    let passed_over = Entered::parse(b"agreed=no");
    crate::tests::html([plan(&Entered::default()), plan(&passed_over)])
}
