//! Sample data of this page.

use super::*;
use crate::set_up::form_page::FormPage;
use crate::tests::html;

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let present = present();
    let wrong = Mistakes::one("tariff_price", "Enter <b>.");
    let by_file = Managed::ByFile("catalogue.toml".to_owned());
    html([
        Page {
            existing: Some(("/office/<b>".to_owned(), "PASSVN <b>".to_owned())),
            ..Page::new(frame.clone(), &present)
        },
        Page::new(frame.clone(), &Present::default()),
        Page::new(frame.wrong("", wrong), &present),
        Page::new(frame.clone().managed_by(&by_file), &present),
    ])
}

/// The pages of one of each kind.
pub(crate) fn edit_samples(frame: &Frame) -> Vec<String> {
    fn page<T: Item>(frame: &Frame, all: &[T], catalogue: &Catalogue) -> FormPage {
        edit::page(frame.clone(), catalogue, &all[0])
    }
    let catalogue = present().catalogue;
    html([
        page(frame, &catalogue.seasons, &catalogue),
        page(frame, &catalogue.products, &catalogue),
        page(frame, &catalogue.tariffs, &catalogue),
    ])
}

/// A catalogue with everything there can be to say of it.
pub(crate) fn present() -> Present {
    let catalogue = boxoffice::read_catalogue(
        "[[season]]\ncode = \"VN26\"\nname = \"Saison <b>2026\"\n\
         [[product]]\nseason = \"VN26\"\ncode = \"PASSVN\"\nfamily = \"OPEN_PASS\"\nname = \"Pass\"\n\
         [[product]]\nseason = \"VN26\"\ncode = \"VISIT\"\nfamily = \"SINGLE_ENTRY\"\nname = \"Visite\"\n\
         [[tariff]]\nproduct = \"PASSVN\"\ncode = \"CITYPASS\"\nprice_minor = 950\nvat_basis_points = 550\n\
         [[tariff]]\nproduct = \"PASSVN\"\ncode = \"LATE\"\nvalid_from = \"2026-07-01\"\nprice_minor = 700\n\
         [[tariff_mapping]]\nproduct = \"PASSVN\"\ntariff = \"CITYPASS\"\n\
         [sales_channel]\ncode = \"OTIPASS\"\ntype = \"STX_FILE\"\n\
         [contact]\nnumber = \"000042\"\nname = \"Otipass <b>\"\npayment_modes = [\"PENDING_ACCOUNT\"]\n",
    );
    let mapping = "{\"OtipassProjectId\": \"villeneuve\", \"sectorInfos\": {\"VN_AUG\": \
         {\"OtipassServiceId\": \"aug\", \"OtipassPSpaceId\": \"PROVIDER#AUG\", \
          \"seasonCode\": \"VN27\", \"productCode\": \"PASS27\"}}}";
    Present {
        site: None,
        interface: gate::site::interface::StoredInterface {
            mapping: Some(mapping.to_owned()),
            ..gate::site::interface::StoredInterface::default()
        },
        mapping: otipass::read_mapping(mapping).mapping,
        catalogue: catalogue.unwrap(),
    }
}
