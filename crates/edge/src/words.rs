//! What a visitor reads where the gate has no words for it.

use kernel::Language;

kernel::words! {
    /// Why a door stays closed, or what became of a command, without a decision
    /// on a check: the words of the line protocol.
    pub enum Notice: "notice" {
        /// Disk or journal are full: nobody is let in whom nobody remembers.
        CannotRemember = "cannot_remember",
        /// The server does not know this device any more.
        TokenInvalid = "token_invalid",
        /// The device has never reached its server.
        NotSetUp = "not_set_up",
        /// More than 512 bytes were read at once.
        LineTooLong = "line_too_long",
        /// The last entry was taken back.
        Cancelled = "cancelled",
        /// There is no entry that could be taken back.
        NothingToCancel = "nothing_to_cancel",
        /// The controller says that somebody went through.
        Passed = "passed",
        /// The controller says that nobody did: the card opens once more.
        NotPassed = "not_passed",
        /// No door was opened that this could be about.
        NothingOpened = "nothing_opened",
        /// The next read of the last card is asked about anew.
        Again = "again",
        /// No card was read, or nobody let in, that this could be about.
        NobodyBefore = "nobody_before",
    }
}

kernel::texts!(Texts in En, Fr, De, It, Es {
    out_of_order: "Out of order, please ask the staff", "Hors service, adressez-vous au personnel",
        "Außer Betrieb, bitte das Personal fragen", "Fuori servizio, rivolgersi al personale",
        "Fuera de servicio, pregunte al personal";
    not_a_pass: "This code is not a pass", "Ce code n’est pas un pass", "Dieser Code ist kein Pass",
        "Questo codice non è un pass", "Este código no es un pase";
    cancelled: "The entry was cancelled", "L’entrée est annulée", "Der Eintritt wurde storniert",
        "L’ingresso è stato annullato", "La entrada se ha anulado";
    nothing_to_cancel: "There is no entry to cancel", "Aucune entrée à annuler",
        "Kein Eintritt zu stornieren", "Nessun ingresso da annullare", "No hay entrada que anular";
    passed: "Thank you", "Merci", "Danke", "Grazie", "Gracias";
    not_passed: "Please show the pass again", "Présentez encore le pass, s’il vous plaît",
        "Bitte den Pass noch einmal vorhalten", "Mostri di nuovo il pass, per favore",
        "Muestre el pase otra vez, por favor";
    nothing_opened: "The door was not opened", "La porte n’a pas été ouverte",
        "Die Tür wurde nicht geöffnet", "La porta non è stata aperta", "No se abrió la puerta";
    nobody_before: "Please show a pass first", "Présentez d’abord un pass, s’il vous plaît",
        "Bitte zuerst einen Pass vorhalten", "Mostri prima un pass, per favore",
        "Muestre primero un pase, por favor";
});

impl Notice {
    /// The notice in words.
    #[must_use]
    pub const fn message(self, language: Language) -> &'static str {
        let texts = Texts::of(language);
        match self {
            Self::CannotRemember | Self::TokenInvalid | Self::NotSetUp => texts.out_of_order,
            Self::LineTooLong => texts.not_a_pass,
            Self::Cancelled => texts.cancelled,
            Self::NothingToCancel => texts.nothing_to_cancel,
            Self::Passed => texts.passed,
            Self::NotPassed | Self::Again => texts.not_passed,
            Self::NobodyBefore => texts.nobody_before,
            Self::NothingOpened => texts.nothing_opened,
        }
    }
}
