use crate::{InstitutionCode, Language, OrganisationCode, Zone};
use serde::Serialize;

/// Whose museums they are, and how they count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Organisation {
    /// SecuTix's upper level.
    pub institution: InstitutionCode,
    /// SecuTix's lower level.
    pub organisation: OrganisationCode,
    /// What people call it.
    pub name: String,
    /// Whose days and hours reports count, and whose days business days are.
    pub zone: Zone,
    /// ISO 4217.
    pub currency: String,
    /// What agents read where their device says nothing else.
    pub language: Language,
}
