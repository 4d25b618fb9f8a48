//! What a visitor reads where the gate has no words for it.

use kernel::Language;

/// Why a door stays closed, or what became of a command, without a decision on
/// a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Disk or journal are full: nobody is let in whom nobody remembers.
    CannotRemember,
    /// The server does not know this device any more.
    TokenInvalid,
    /// The device has never reached its server.
    NotSetUp,
    /// More than 512 bytes were read at once.
    LineTooLong,
    /// The last entry was taken back.
    Cancelled,
    /// There is no entry that could be taken back.
    NothingToCancel,
}

impl Notice {
    /// Every notice there is.
    pub const ALL: [Notice; 6] = [
        Notice::CannotRemember,
        Notice::TokenInvalid,
        Notice::NotSetUp,
        Notice::LineTooLong,
        Notice::Cancelled,
        Notice::NothingToCancel,
    ];

    /// The word of the line protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Notice::CannotRemember => "cannot_remember",
            Notice::TokenInvalid => "token_invalid",
            Notice::NotSetUp => "not_set_up",
            Notice::LineTooLong => "line_too_long",
            Notice::Cancelled => "cancelled",
            Notice::NothingToCancel => "nothing_to_cancel",
        }
    }

    /// The notice in words.
    #[must_use]
    pub const fn message(self, language: Language) -> &'static str {
        let [en, fr, de, it, es] = match self {
            Notice::CannotRemember | Notice::TokenInvalid | Notice::NotSetUp => [
                "Out of order, please ask the staff",
                "Hors service, adressez-vous au personnel",
                "Außer Betrieb, bitte das Personal fragen",
                "Fuori servizio, rivolgersi al personale",
                "Fuera de servicio, pregunte al personal",
            ],
            Notice::LineTooLong => [
                "This code is not a pass",
                "Ce code n’est pas un pass",
                "Dieser Code ist kein Pass",
                "Questo codice non è un pass",
                "Este código no es un pase",
            ],
            Notice::Cancelled => [
                "The entry was cancelled",
                "L’entrée est annulée",
                "Der Eintritt wurde storniert",
                "L’ingresso è stato annullato",
                "La entrada se ha anulado",
            ],
            Notice::NothingToCancel => [
                "There is no entry to cancel",
                "Aucune entrée à annuler",
                "Kein Eintritt zu stornieren",
                "Nessun ingresso da annullare",
                "No hay entrada que anular",
            ],
        };
        match language {
            Language::En => en,
            Language::Fr => fr,
            Language::De => de,
            Language::It => it,
            Language::Es => es,
        }
    }
}
