//! The mapping parameters: which sector is which Otipass service, and what it
//! sells.

use crate::finding::{Findings, MappingFinding, Position, Severity, quoted};
use crate::json::{Member, Node, Value, read};
use crate::{NumType, ServiceId, SpaceId};
use kernel::{InvalidCode, ProductCode, SeasonCode, SectorCode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

/// The most bytes of a mapping text.
pub const MAPPING_LIMIT_BYTES: usize = 256 * 1024;

/// Mapping parameters that were understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// `OtipassProjectId`: the city pass, as it stands in the paths of Otipass.
    pub project_id: String,
    /// `NumType`: what kind of number the cards bear.
    pub num_type: NumType,
    /// `sectorInfos`: what each mapped sector is to Otipass and to ticketing.
    pub sectors: BTreeMap<SectorCode, SectorInfo>,
}

/// What one sector is to Otipass and to ticketing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectorInfo {
    /// `OtipassServiceId`, in capitals.
    pub service_id: ServiceId,
    /// `OtipassPSpaceId`, in capitals; belongs to `service_id`.
    pub space_id: SpaceId,
    /// `seasonCode`.
    pub season: SeasonCode,
    /// `productCode`: what an admission here sells.
    pub product: ProductCode,
}

/// What came of reading a mapping text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The mapping, if there was no mistake.
    pub mapping: Option<Mapping>,
    /// Everything there is to say, in the order of the text.
    pub findings: Vec<MappingFinding>,
}

/// Reads mapping parameters as museums paste them. What is clear is forgiven
/// with a note; everything else is a mistake, and all of them are found in one
/// run. Never fails otherwise.
#[must_use]
pub fn read_mapping(text: &str) -> Reading {
    let mut findings = Findings::default();
    let mapping = if text.len() > MAPPING_LIMIT_BYTES {
        findings.mistake(
            "mapping_too_long",
            Position::START,
            format!(
                "The text has {} bytes; at most {MAPPING_LIMIT_BYTES} are read.",
                text.len()
            ),
            "Check that it is the mapping parameters and nothing else.".to_owned(),
        );
        None
    } else {
        let root = read(text, &mut findings);
        Parameters {
            findings: &mut findings,
        }
        .mapping(&root)
    };
    let findings = findings.sorted();
    let usable = findings
        .iter()
        .all(|finding| finding.severity == Severity::Note);
    Reading {
        mapping: mapping.filter(|_| usable),
        findings,
    }
}

/// A parameter: its key, and the beginning of the codes of its findings.
pub(crate) struct Parameter {
    pub(crate) key: &'static str,
    missing: &'static str,
    too_long: &'static str,
    invalid: &'static str,
}

pub(crate) const PROJECT: Parameter = Parameter {
    key: "OtipassProjectId",
    missing: "project_missing",
    too_long: "project_too_long",
    invalid: "project_invalid",
};
pub(crate) const NUM_TYPE: &str = "NumType";
pub(crate) const SECTORS: &str = "sectorInfos";
pub(crate) const SERVICE: Parameter = Parameter {
    key: "OtipassServiceId",
    missing: "service_missing",
    too_long: "service_too_long",
    invalid: "service_invalid",
};
pub(crate) const SPACE: Parameter = Parameter {
    key: "OtipassPSpaceId",
    missing: "space_missing",
    too_long: "space_too_long",
    invalid: "space_invalid",
};
pub(crate) const SEASON: Parameter = Parameter {
    key: "seasonCode",
    missing: "season_missing",
    too_long: "season_too_long",
    invalid: "season_invalid",
};
pub(crate) const PRODUCT: Parameter = Parameter {
    key: "productCode",
    missing: "product_missing",
    too_long: "product_too_long",
    invalid: "product_invalid",
};

/// What the parameters mean, on top of what the JSON says.
struct Parameters<'f> {
    findings: &'f mut Findings,
}

impl Parameters<'_> {
    fn mapping(&mut self, root: &Node) -> Option<Mapping> {
        let members = self.object(root, "The mapping parameters")?;
        let [project, num_type, sectors] = self.members(
            members,
            [PROJECT.key, NUM_TYPE, SECTORS],
            "the mapping parameters",
        );
        let project_id = self.project_id(project, root.at);
        let num_type = self.num_type(num_type);
        let sectors = self.sectors(sectors, root.at);
        Some(Mapping {
            project_id: project_id?,
            num_type: num_type?,
            sectors: sectors?,
        })
    }

    fn project_id(&mut self, node: Option<&Node>, parent: Position) -> Option<String> {
        let (text, at) = self.text(node, &PROJECT, parent, "the project")?;
        let short = text.len() <= 64;
        if short
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"/?#%\\".contains(&b))
        {
            return Some(text);
        }
        let code = if short {
            PROJECT.invalid
        } else {
            PROJECT.too_long
        };
        self.findings.mistake(
            code,
            at,
            format!(
                "OtipassProjectId is {}, which cannot be a project id.",
                quoted(&text)
            ),
            "Write only the project, usually the last part of the URL that Otipass gave."
                .to_owned(),
        );
        None
    }

    fn num_type(&mut self, node: Option<&Node>) -> Option<NumType> {
        let Some(node) = node else {
            return Some(NumType::Number);
        };
        match &node.value {
            Value::Broken => None,
            Value::Null => Some(NumType::Number),
            Value::Text(text) if text.trim().is_empty() => Some(NumType::Number),
            Value::Text(text) if text == "serial" => Some(NumType::Serial),
            Value::Text(text) if text.trim().eq_ignore_ascii_case("serial") => {
                self.findings.note(
                    "num_type_spelling",
                    node.at,
                    format!("NumType is written {}.", quoted(text)),
                    "Write \"serial\".".to_owned(),
                );
                Some(NumType::Serial)
            }
            _ => {
                self.findings.mistake(
                    "num_type_unknown",
                    node.at,
                    "NumType is neither missing nor \"serial\".".to_owned(),
                    "Write \"serial\" if pass numbers begin with letters, and leave NumType out otherwise."
                        .to_owned(),
                );
                None
            }
        }
    }

    fn sectors(
        &mut self,
        node: Option<&Node>,
        parent: Position,
    ) -> Option<BTreeMap<SectorCode, SectorInfo>> {
        let members = match node {
            Some(node) => self.object(node, SECTORS)?,
            None => &[],
        };
        if members.is_empty() {
            self.findings.mistake(
                "sectors_missing",
                node.map_or(parent, |node| node.at),
                "sectorInfos names no sector.".to_owned(),
                "Add one entry for each sector where passes are accepted.".to_owned(),
            );
            return None;
        }
        let mut first_seen = HashMap::new();
        let mut sectors = BTreeMap::new();
        for Member { key, key_at, node } in members {
            if let Some(first) = first_seen.insert(key.trim(), *key_at) {
                self.findings.mistake(
                    "sector_given_twice",
                    *key_at,
                    format!(
                        "Sector {} is given twice, first on line {}; one entry would silently win.",
                        quoted(key.trim()),
                        first.line
                    ),
                    "Keep the right entry and take out the other; a sector has one entry."
                        .to_owned(),
                );
            }
            let sector = self.sector_code(key, *key_at);
            let info = self.sector_info(key, node);
            if let (Some(sector), Some(info)) = (sector, info) {
                sectors.insert(sector, info);
            }
        }
        Some(sectors)
    }

    fn sector_code(&mut self, key: &str, at: Position) -> Option<SectorCode> {
        let code: Result<SectorCode, _> = key.parse();
        if let Err(error) = &code {
            let code = match error {
                InvalidCode::Empty { .. } => "sector_code_missing",
                InvalidCode::TooLong { .. } => "sector_code_too_long",
                InvalidCode::Character { .. } => "sector_code_invalid",
            };
            let cure = "Write the sector's code as it stands in the site's set-up.";
            self.findings
                .mistake(code, at, sentence(error), cure.to_owned());
        }
        code.ok()
    }

    fn sector_info(&mut self, sector: &str, node: &Node) -> Option<SectorInfo> {
        let of = format!("sector {}", quoted(sector.trim()));
        let members = self.object(node, &format!("The entry of {of}"))?;
        let keys = [SERVICE.key, SPACE.key, SEASON.key, PRODUCT.key];
        let [service, space, season, product] = self.members(members, keys, &of);
        let service = self.id::<ServiceId>(service, &SERVICE, node.at, &of);
        let space = self.id::<SpaceId>(space, &SPACE, node.at, &of);
        if let (Some((service, _)), Some((space, at))) = (&service, &space)
            && !space.belongs_to(service)
        {
            self.findings.mistake(
                "service_space_mismatch",
                *at,
                format!("In {of}, space id {space} does not belong to service id {service}."),
                format!(
                    "If the service id is right, the space id is {}{service}.",
                    SpaceId::PREFIX
                ),
            );
        }
        let season = self.code::<SeasonCode>(season, &SEASON, node.at, &of);
        let product = self.code::<ProductCode>(product, &PRODUCT, node.at, &of);
        Some(SectorInfo {
            service_id: service?.0,
            space_id: space?.0,
            season: season?,
            product: product?,
        })
    }

    fn id<T: FromStr>(
        &mut self,
        node: Option<&Node>,
        parameter: &Parameter,
        parent: Position,
        of: &str,
    ) -> Option<(T, Position)> {
        let (text, at) = self.text(node, parameter, parent, of)?;
        let key = parameter.key;
        if text.bytes().any(|b| b.is_ascii_lowercase()) {
            self.findings.note(
                "id_in_small_letters",
                at,
                format!("{key} of {of} is written in small letters; it is read in capitals."),
                format!("Write {}.", quoted(&text.to_ascii_uppercase())),
            );
        }
        let id = text.parse().ok();
        if id.is_none() {
            let too_long = text.chars().count() > ServiceId::MAX_CHARS;
            self.findings.mistake(
                if too_long {
                    parameter.too_long
                } else {
                    parameter.invalid
                },
                at,
                format!("{key} of {of} is {}, which cannot be an id.", quoted(&text)),
                "Copy the id from Otipass: at most 64 letters, digits and signs without spaces."
                    .to_owned(),
            );
        }
        id.map(|id| (id, at))
    }

    fn code<T: FromStr<Err = InvalidCode>>(
        &mut self,
        node: Option<&Node>,
        parameter: &Parameter,
        parent: Position,
        of: &str,
    ) -> Option<T> {
        let (text, at) = self.text(node, parameter, parent, of)?;
        let code: Result<T, _> = text.parse();
        if let Err(error) = &code {
            let code = match error {
                InvalidCode::Empty { .. } => parameter.missing,
                InvalidCode::TooLong { .. } => parameter.too_long,
                InvalidCode::Character { .. } => parameter.invalid,
            };
            let cure = "Copy the code from the catalogue; the name is something else.";
            self.findings
                .mistake(code, at, format!("In {of}: {error}."), cure.to_owned());
        }
        code.ok()
    }

    /// The text of a parameter that must be there, without space around it.
    fn text(
        &mut self,
        node: Option<&Node>,
        parameter: &Parameter,
        parent: Position,
        of: &str,
    ) -> Option<(String, Position)> {
        let key = parameter.key;
        let at = node.map_or(parent, |node| node.at);
        let text = match node.map(|node| &node.value) {
            Some(Value::Broken) => return None,
            Some(Value::Text(text)) => {
                if !text.trim().is_empty() && text.trim() != text {
                    self.findings.note(
                        "space_around",
                        at,
                        format!("{key} of {of} has space before or behind it."),
                        "Take it out.".to_owned(),
                    );
                }
                text.trim()
            }
            Some(Value::Number(number)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                self.findings.note(
                    "number_without_quotes",
                    at,
                    format!("{key} of {of} is a number; it is read as text."),
                    format!("Write \"{number}\"."),
                );
                number
            }
            None | Some(Value::Null) => "",
            Some(_) => {
                self.findings.mistake(
                    "wrong_type",
                    at,
                    format!("{key} of {of} is not a text."),
                    "Write it in straight double quotes.".to_owned(),
                );
                return None;
            }
        };
        if text.is_empty() {
            self.findings.mistake(
                parameter.missing,
                at,
                format!("{key} of {of} is missing or empty."),
                format!("Add \"{key}\" with its value."),
            );
            return None;
        }
        Some((text.to_owned(), at))
    }

    fn object<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Member]> {
        match &node.value {
            Value::Object(members) => Some(members),
            Value::Broken => None,
            _ => {
                self.findings.mistake(
                    "wrong_type",
                    node.at,
                    format!("{what} must stand between braces, and here is something else."),
                    "Write {\"name\": \"value\", …}.".to_owned(),
                );
                None
            }
        }
    }

    /// The members with these keys, in any case; the first of each.
    fn members<'n, const N: usize>(
        &mut self,
        members: &'n [Member],
        keys: [&str; N],
        of: &str,
    ) -> [Option<&'n Node>; N] {
        let mut found: [Option<&Member>; N] = [None; N];
        for member in members {
            let (name, at) = (member.key.trim(), member.key_at);
            let known = keys
                .iter()
                .zip(&mut found)
                .find(|(key, _)| name.eq_ignore_ascii_case(key));
            let Some((key, slot)) = known else {
                self.findings.note(
                    "key_unknown",
                    at,
                    format!("{} is no parameter of {of} and is not read.", quoted(name)),
                    format!(
                        "Take it out, or correct it: known here are {}.",
                        keys.join(", ")
                    ),
                );
                continue;
            };
            if member.key != **key {
                self.findings.note(
                    "key_spelling",
                    at,
                    format!("{} is read as {key}.", quoted(&member.key)),
                    format!("Write \"{key}\"."),
                );
            }
            if let Some(first) = slot {
                self.findings.mistake(
                    "key_given_twice",
                    at,
                    format!(
                        "{key} of {of} is given twice, first on line {}.",
                        first.key_at.line
                    ),
                    "Keep the right one and take out the other.".to_owned(),
                );
            } else {
                *slot = Some(member);
            }
        }
        found.map(|member| member.map(|member| &member.node))
    }
}

fn sentence(error: &InvalidCode) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}
