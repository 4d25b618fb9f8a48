use kernel::{InstitutionCode, OrganisationCode, Zone};

/// Whose sales these are: the box office's own copy of what the gate knows too.
#[derive(Debug, Clone, PartialEq)]
pub struct Organisation {
    /// SecuTix's upper level.
    pub institution: InstitutionCode,
    /// SecuTix's lower level.
    pub organisation: OrganisationCode,
    /// Whose days business days are.
    pub zone: Zone,
    /// ISO 4217.
    pub currency: String,
}
