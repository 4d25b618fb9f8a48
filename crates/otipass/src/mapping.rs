//! The mapping parameters: which sector is which Otipass service, and what it
//! sells.

use crate::found;
use crate::json::{Findings, Member, Node, Value, read};
use crate::outline::Outline;
use crate::{NumType, ServiceId, SpaceId};
use kernel::Language::{En, Fr};
use kernel::finding::{Finding, Phrase, Position, Say, Severity};
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
    pub findings: Vec<Finding>,
    /// What it is about, also where there is a mistake.
    pub outline: Outline,
}

/// Reads mapping parameters as museums paste them. What is clear is forgiven
/// with a note; everything else is a mistake, and all of them are found in one
/// run. Never fails otherwise.
#[must_use]
pub fn read_mapping(text: &str) -> Reading {
    let mut findings = Findings::default();
    if text.len() > MAPPING_LIMIT_BYTES {
        findings.add(Position::START, |at| {
            found::mapping_too_long(at, text.len(), MAPPING_LIMIT_BYTES)
        });
        return Reading {
            mapping: None,
            findings: findings.sorted(),
            outline: Outline::default(),
        };
    }
    let root = read(text, &mut findings);
    let mapping = Parameters {
        findings: &mut findings,
    }
    .mapping(&root);
    let findings = findings.sorted();
    let usable = findings.iter().all(|f| f.severity == Severity::Note);
    Reading {
        mapping: mapping.filter(|_| usable),
        findings,
        outline: Outline::of(&root),
    }
}

/// A parameter: its key, and what can be wrong with its value.
pub(crate) struct Parameter {
    pub(crate) key: &'static str,
    /// Takes whose parameter it is.
    missing: fn(Position, Phrase) -> Finding,
    /// Takes that and what is wrong.
    too_long: fn(Position, Phrase, Phrase) -> Finding,
    invalid: fn(Position, Phrase, Phrase) -> Finding,
}

pub(crate) const PROJECT: Parameter = Parameter {
    key: "OtipassProjectId",
    missing: |at, _| found::project_missing(at),
    too_long: |at, _, project| found::project_too_long(at, project),
    invalid: |at, _, project| found::project_invalid(at, project),
};
pub(crate) const NUM_TYPE: &str = "NumType";
pub(crate) const SECTORS: &str = "sectorInfos";
pub(crate) const SERVICE: Parameter = Parameter {
    key: "OtipassServiceId",
    missing: found::service_missing,
    too_long: found::service_too_long,
    invalid: found::service_invalid,
};
pub(crate) const SPACE: Parameter = Parameter {
    key: "OtipassPSpaceId",
    missing: found::space_missing,
    too_long: found::space_too_long,
    invalid: found::space_invalid,
};
pub(crate) const SEASON: Parameter = Parameter {
    key: "seasonCode",
    missing: found::season_missing,
    too_long: found::season_too_long,
    invalid: found::season_invalid,
};
pub(crate) const PRODUCT: Parameter = Parameter {
    key: "productCode",
    missing: found::product_missing,
    too_long: found::product_too_long,
    invalid: found::product_invalid,
};

/// The mapping parameters themselves, as whose a parameter is.
fn whole() -> Phrase {
    Phrase::new("the mapping parameters", "paramètres de correspondance")
}

/// What the parameters mean, on top of what the JSON says.
struct Parameters<'f> {
    findings: &'f mut Findings,
}

impl Parameters<'_> {
    fn mapping(&mut self, root: &Node) -> Option<Mapping> {
        let what = Phrase::new("The mapping parameters", "paramètres de correspondance");
        let members = self.object(root, what)?;
        let keys = [PROJECT.key, NUM_TYPE, SECTORS];
        let [project, num_type, sectors] = self.members(members, keys, &whole());
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
        let (text, at) = self.text(node, &PROJECT, parent, &whole())?;
        let short = text.len() <= 64;
        if short
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"/?#%\\".contains(&b))
        {
            return Some(text);
        }
        let wrong = if short {
            PROJECT.invalid
        } else {
            PROJECT.too_long
        };
        self.findings
            .add(at, |at| wrong(at, whole(), Phrase::quoted(&text)));
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
                self.findings.add(node.at, |at| {
                    found::num_type_spelling(at, Phrase::quoted(text))
                });
                Some(NumType::Serial)
            }
            _ => {
                self.findings.add(node.at, found::num_type_unknown);
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
            let at = node.map_or(parent, |node| node.at);
            self.findings.add(at, found::sectors_missing);
            return None;
        }
        let mut first_seen = HashMap::new();
        let mut sectors = BTreeMap::new();
        for Member { key, key_at, node } in members {
            if let Some(first) = first_seen.insert(key.trim(), *key_at) {
                self.findings.add(*key_at, |at| {
                    found::sector_given_twice(at, Phrase::quoted(key.trim()), first.line)
                });
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
        if code.is_ok() {
            self.whole(key, at);
        }
        if let Err(error) = &code {
            self.findings.add(at, |at| match error {
                InvalidCode::Empty { .. } => found::sector_code_missing(at),
                InvalidCode::TooLong { .. } => found::sector_code_too_long(at, error.phrase()),
                InvalidCode::Character { .. } => found::sector_code_invalid(at, error.phrase()),
            });
        }
        code.ok()
    }

    /// Notes a space inside a code: it works only where all others write it so.
    fn whole(&mut self, code: &str, at: Position) {
        if code.trim().contains(char::is_whitespace) {
            let code = Phrase::quoted(code.trim());
            self.findings.add(at, |at| found::code_with_space(at, code));
        }
    }

    fn sector_info(&mut self, sector: &str, node: &Node) -> Option<SectorInfo> {
        let sector = Phrase::quoted(sector.trim());
        let (en, fr) = (sector.in_language(En), sector.in_language(Fr));
        let of = Phrase::new(format!("sector {en}"), format!("secteur {fr}"));
        let what = Phrase::new(
            format!("The entry of sector {en}"),
            format!("entrée du secteur {fr}"),
        );
        let members = self.object(node, what)?;
        let keys = [SERVICE.key, SPACE.key, SEASON.key, PRODUCT.key];
        let [service, space, season, product] = self.members(members, keys, &of);
        let service = self.id::<ServiceId>(service, &SERVICE, node.at, &of);
        let space = self.id::<SpaceId>(space, &SPACE, node.at, &of);
        if let (Some((service, _)), Some((space, at))) = (&service, &space)
            && !space.belongs_to(service)
        {
            self.findings.add(*at, |at| {
                found::service_space_mismatch(at, of.clone(), service, space)
            });
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
        of: &Phrase,
    ) -> Option<(T, Position)> {
        let (text, at) = self.text(node, parameter, parent, of)?;
        if text.bytes().any(|b| b.is_ascii_lowercase()) {
            let right = Phrase::quoted(&text.to_ascii_uppercase());
            self.findings.add(at, |at| {
                found::id_in_small_letters(at, parameter.key, of.clone(), right)
            });
        }
        let id = text.parse().ok();
        if id.is_none() {
            let too_long = text.chars().count() > ServiceId::MAX_CHARS;
            let wrong = if too_long {
                parameter.too_long
            } else {
                parameter.invalid
            };
            self.findings
                .add(at, |at| wrong(at, of.clone(), Phrase::quoted(&text)));
        }
        id.map(|id| (id, at))
    }

    fn code<T: FromStr<Err = InvalidCode>>(
        &mut self,
        node: Option<&Node>,
        parameter: &Parameter,
        parent: Position,
        of: &Phrase,
    ) -> Option<T> {
        let (text, at) = self.text(node, parameter, parent, of)?;
        let code: Result<T, _> = text.parse();
        if code.is_ok() {
            self.whole(&text, at);
        }
        if let Err(error) = &code {
            self.findings.add(at, |at| match error {
                InvalidCode::Empty { .. } => (parameter.missing)(at, of.clone()),
                InvalidCode::TooLong { .. } => (parameter.too_long)(at, of.clone(), error.phrase()),
                InvalidCode::Character { .. } => {
                    (parameter.invalid)(at, of.clone(), error.phrase())
                }
            });
        }
        code.ok()
    }

    /// The text of a parameter that must be there, without space around it.
    fn text(
        &mut self,
        node: Option<&Node>,
        parameter: &Parameter,
        parent: Position,
        of: &Phrase,
    ) -> Option<(String, Position)> {
        let key = parameter.key;
        let at = node.map_or(parent, |node| node.at);
        let text = match node.map(|node| &node.value) {
            Some(Value::Broken) => return None,
            Some(Value::Text(text)) => {
                if !text.trim().is_empty() && text.trim() != text {
                    self.findings
                        .add(at, |at| found::space_around(at, key, of.clone()));
                }
                text.trim()
            }
            Some(Value::Number(number)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                self.findings.add(at, |at| {
                    found::number_without_quotes(at, key, of.clone(), number)
                });
                number
            }
            None | Some(Value::Null) => "",
            Some(_) => {
                self.findings
                    .add(at, |at| found::wrong_type(at, key, of.clone()));
                return None;
            }
        };
        if text.is_empty() {
            self.findings
                .add(at, |at| (parameter.missing)(at, of.clone()));
            return None;
        }
        Some((text.to_owned(), at))
    }

    fn object<'n>(&mut self, node: &'n Node, what: impl Say) -> Option<&'n [Member]> {
        match &node.value {
            Value::Object(members) => Some(members),
            Value::Broken => None,
            _ => {
                self.findings.add(node.at, |at| found::no_object(at, what));
                None
            }
        }
    }

    /// The members with these keys, in any case; the first of each.
    fn members<'n, const N: usize>(
        &mut self,
        members: &'n [Member],
        keys: [&str; N],
        of: &Phrase,
    ) -> [Option<&'n Node>; N] {
        let mut found: [Option<&Member>; N] = [None; N];
        for member in members {
            let (name, at) = (member.key.trim(), member.key_at);
            let known = keys
                .iter()
                .zip(&mut found)
                .find(|(key, _)| name.eq_ignore_ascii_case(key));
            let Some((key, slot)) = known else {
                self.findings.add(at, |at| {
                    found::key_unknown(at, Phrase::quoted(name), of.clone(), keys.join(", "))
                });
                continue;
            };
            if member.key != **key {
                self.findings.add(at, |at| {
                    found::key_spelling(at, Phrase::quoted(&member.key), key)
                });
            }
            if let Some(first) = slot {
                self.findings.add(at, |at| {
                    found::key_given_twice(at, key, of.clone(), first.key_at.line)
                });
            } else {
                *slot = Some(member);
            }
        }
        found.map(|member| member.map(|member| &member.node))
    }
}
