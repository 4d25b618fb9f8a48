use otipass::Refusal;

/// The answer to a check. A refusal is data, recorded like an admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The visitor may enter.
    Admitted(Admission),
    /// The visitor may not enter.
    Refused(Reason),
    /// A visitor left: recorded, never sold, never asked of Otipass.
    Exit,
}

/// On whose word a visitor was admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admission {
    /// Otipass said yes.
    Accepted,
    /// The device decided by itself, without network.
    AcceptedOffline,
    /// Otipass was silent and the site admits then.
    AcceptedUnverified,
    /// The agent let the visitor in, against or without Otipass.
    AcceptedForced,
}

/// Why a visitor was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// What was scanned is no pass.
    NotAPass,
    /// The device does not lead to exactly one sector with mapping parameters.
    SectorNotMapped,
    /// The card was admitted here within the repeat window.
    JustAdmitted,
    /// Otipass was silent and the site refuses then.
    PartnerUnavailable,
    /// Otipass said no.
    Partner(Refusal),
}

impl Decision {
    /// Every decision there is.
    pub const ALL: [Decision; 15] = [
        Decision::Admitted(Admission::Accepted),
        Decision::Admitted(Admission::AcceptedOffline),
        Decision::Admitted(Admission::AcceptedUnverified),
        Decision::Admitted(Admission::AcceptedForced),
        Decision::Exit,
        Decision::Refused(Reason::NotAPass),
        Decision::Refused(Reason::SectorNotMapped),
        Decision::Refused(Reason::JustAdmitted),
        Decision::Refused(Reason::Partner(Refusal::UnknownPass)),
        Decision::Refused(Reason::Partner(Refusal::PassNotSold)),
        Decision::Refused(Reason::Partner(Refusal::PassBlocked)),
        Decision::Refused(Reason::Partner(Refusal::PassExpired)),
        Decision::Refused(Reason::Partner(Refusal::ServiceNotIncluded)),
        Decision::Refused(Reason::Partner(Refusal::AlreadyUsed)),
        Decision::Refused(Reason::PartnerUnavailable),
    ];

    /// Whether the visitor may enter.
    #[must_use]
    pub const fn is_admitted(self) -> bool {
        matches!(self, Decision::Admitted(_))
    }

    /// Whether the door opens: for an admission, and for an exit.
    #[must_use]
    pub const fn opens(self) -> bool {
        matches!(self, Decision::Admitted(_) | Decision::Exit)
    }

    /// The outcome or reason, as reports, the API and the database have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Decision::Admitted(Admission::Accepted) => "accepted",
            Decision::Admitted(Admission::AcceptedOffline) => "accepted_offline",
            Decision::Admitted(Admission::AcceptedUnverified) => "accepted_unverified",
            Decision::Admitted(Admission::AcceptedForced) => "accepted_forced",
            Decision::Exit => "exit",
            Decision::Refused(Reason::NotAPass) => "not_a_pass",
            Decision::Refused(Reason::SectorNotMapped) => "sector_not_mapped",
            Decision::Refused(Reason::JustAdmitted) => "just_admitted",
            Decision::Refused(Reason::PartnerUnavailable) => "partner_unavailable",
            Decision::Refused(Reason::Partner(refusal)) => refusal.as_str(),
        }
    }
}

kernel::as_word!(Decision: "outcome");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decision_is_read_back_from_its_name() {
        for decision in Decision::ALL {
            assert_eq!(decision.as_str().parse::<Decision>().unwrap(), decision);
        }
        for refusal in Refusal::ALL {
            assert!(Decision::ALL.contains(&Decision::Refused(Reason::Partner(refusal))));
        }
        assert!("admitted".parse::<Decision>().is_err());
    }
}
