//! What nothing explains, in words: what it is, and what to do.

kernel::texts!(Cures in Fr, En {
    canceller_cure: "Demandez à qui tient la billetterie qui l’a annulé.", "Ask whoever runs ticketing who cancelled it.";
    control_cure: "Demandez à qui tient la billetterie ce qu’est devenu le contrôle.", "Ask whoever runs ticketing what became of the control.";
    not_recognised_cure: "Ouvrez le contrôle, voyez ce qui a changé depuis dans le site ou la correspondance, et réglez-le à la main avec une note.",
        "Open the check, see what has changed since in site or mapping, and settle it by hand with a note.";
    restored_cure: "Demandez à qui tient la billetterie si une sauvegarde y a été restaurée.",
        "Ask whoever runs ticketing whether a backup was restored there.";
    aside_cure: "Ouvrez-le et enregistrez-le, ou dites pourquoi ce n’est pas une entrée.",
        "Open it and book it, or say why it is no entry.";
    refused_cure: "Corrigez ce que la billetterie dit, puis renvoyez depuis la page « En attente », ou par « passerelle sales resend ».",
        "Cure what ticketing names, then send it again from the page “Waiting”, or by `passerelle sales resend`.";
    stranger_cure: "Cherchez quel système de contrôle d’accès l’a envoyé : seul celui-ci le devrait.",
        "Find out which access control system sent it: only this one should.";
    fault_cure: "Signalez-le : cela n’arrive pas sans une faute de la base ou de ce programme.",
        "Report this: it cannot happen without a fault in the database or this program.";
});

kernel::coded! {
/// What it is, and what to do; `None` for a code that is none.
pub(super) fn known(Cures) {
    "check_without_barcode": "Contrôle accepté sans code de contrôle.", "Accepted check without a control barcode." => fault_cure;
    "admitted_not_recognised": "Un appareil a laissé entrer une personne que le service n’a pas reconnue ensuite. Rien n’a été vendu.",
        "A device let someone in whom the service could not recognise afterwards. Nothing was sold." => not_recognised_cure;
    "set_aside": "Un appareil l’a apporté et le service n’a pas pu l’enregistrer. Un visiteur est peut-être entré.",
        "A device brought it and the service could not book it. A visitor may have gone in." => aside_cure;
    "delivered_not_staged": "La billetterie l’a pris et ne l’a pas.", "Ticketing took it and does not have it." => restored_cure;
    "unknown_to_ticketing": "La billetterie l’a pris des accès, et ne le connaît pas quand on l’interroge.",
        "Ticketing took it from the gates, and does not know it when asked." => restored_cure;
    "cancelled_there": "La billetterie le tient pour annulé, et les accès non.",
        "Ticketing holds it for cancelled, and the gates do not." => canceller_cure;
    "without_control_there": "La billetterie le connaît, sans contrôle qui ait laissé entrer.",
        "Ticketing knows it, and no control of it that admitted." => control_cure;
    "cancelled_not_booked": "L’entrée a été annulée, la billetterie l’a appris et ne l’a pas noté.",
        "The entry was cancelled, ticketing took that and does not have it." => restored_cure;
    "refused_by_ticketing": "Refusé par la billetterie : {said}", "Refused by ticketing: {said}" => refused_cure;
    "cancellation_refused": "Annulation refusée par la billetterie : {said}", "Cancellation refused by ticketing: {said}" => refused_cure;
    "staged_without_check": "Arrivé à la billetterie, et pas fait par ces accès.",
        "It reached ticketing, and these gates did not make it." => stranger_cure;
    "cancelled_without_gate": "La billetterie a annulé l’entrée, et les accès non.",
        "Ticketing took the entry back, and the gates did not." => stranger_cure;
    "dispute_not_noted": "Contesté par Otipass, et le compte ne le met pas à part.", "Disputed by Otipass, and the account does not set it apart." => fault_cure;
    "set_apart_differs": "Ce que le compte met à part comme contesté n’est pas ses lignes.", "What the account sets apart as disputed are not its lines." => fault_cure;
    "dispute_without_gate": "Mis à part comme contesté, et Otipass ne conteste rien.", "Set apart as disputed, and Otipass disputes nothing." => fault_cure;
    "order_without_ticket": "Commande sans billet.", "Order without a ticket." => fault_cure;
    "sold_without_ticket": "Compté comme vendu, sans billet.", "Counted as sold, without a ticket." => fault_cure;
    "ticket_but_unsold": "A un billet, et n’est pas compté comme vendu.", "Has a ticket, and is not counted as sold." => fault_cure;
    "ticket_without_order": "Billet sans commande.", "Ticket without an order." => fault_cure;
    "ticket_without_line": "Billet sans ligne sur le compte.", "Ticket without a line on the account." => fault_cure;
    "amount_differs": "La ligne du compte n’a pas le montant du billet.", "The account line is over another amount than the ticket." => fault_cure;
    "cancelled_but_valid": "Entrée annulée, et le billet compte encore.", "Entry cancelled, and the ticket still counts." => fault_cure;
    "valid_but_cancelled": "Billet annulé sans que les accès l’aient dit.", "Ticket cancelled, and the gates never said so." => fault_cure;
    "cancelled_without_counter_line": "Billet annulé, et aucune ligne ne reprend le montant.", "Ticket cancelled, and no line takes its money back." => fault_cure;
    "counter_line_without_cancellation": "Une ligne reprend le montant, et le billet n’est pas annulé.", "A line takes the money back, and the ticket is not cancelled." => fault_cure;
    "counter_amount_differs": "La ligne de reprise n’a pas le montant du billet.", "The counter line takes back another amount than the ticket cost." => fault_cure;
}}

#[cfg(test)]
mod tests {
    use super::*;
    use boxoffice::ledger::Contradiction;
    use kernel::Language;

    /// What the books say of both sides stands in their source once, as a text of its
    /// own; what one side says against itself is a word.
    #[test]
    fn every_code_has_words() {
        let source = [
            include_str!("../reconciliation.rs"),
            include_str!("asked.rs").split("mod tests").next().unwrap(),
        ];
        let texts = source
            .iter()
            .flat_map(|source| source.split('"').skip(1).step_by(2));
        let of_both = texts.filter(|text| {
            let is_code =
                text.contains('_') && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            is_code && *text != "snake_case"
        });
        let mut codes = 0;
        for code in of_both.chain(Contradiction::ALL.map(Contradiction::as_str)) {
            codes += 1;
            assert!(known(code, Language::Fr).is_some(), "{code}");
        }
        assert_eq!(codes, 26);
    }
}
