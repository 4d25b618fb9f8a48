//! What goes wrong, as a page for people.

#[cfg(test)]
pub(crate) mod sample;

use super::access;
use super::coded::said;
use super::frame::Frame;
use super::page_error::PageError;
use askama::Template;
use kernel::text::fill;

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    frame: Frame,
    status: u16,
    title: &'static str,
    why: String,
}

impl ErrorPage {
    pub(crate) fn new(error: &PageError, frame: Frame, request_id: &str) -> Self {
        let language = frame.formats.language;
        let title = said!(language, error, {
            PageError::NotFound => "Cette page n’existe pas", "There is no such page";
            PageError::Forbidden => "Votre rôle ne le permet pas", "Your role does not allow this";
            PageError::Stale => "Ce formulaire n’est plus valable", "This form is no longer valid";
            PageError::TooMany { .. } => "Trop d’essais", "Too many attempts";
            PageError::Busy => "Le service est occupé", "The service is busy";
            PageError::TooLarge => "C’est trop long", "That is too long";
            PageError::Internal => "Une erreur est survenue", "Something went wrong";
        });
        let why = said!(language, error, {
            PageError::NotFound => "L’adresse est fausse, ou ce qu’elle montrait n’existe plus.",
                "The address is wrong, or what it showed is no more.";
            PageError::Forbidden => "Demandez à un administrateur, si vous en avez besoin.",
                "Ask an administrator if you need it.";
            PageError::Stale => "Votre session a changé depuis que la page est ouverte. Rien n’a été modifié. Revenez en arrière, rechargez la page et recommencez.",
                "Your session has changed since the page was opened. Nothing was changed. Go back, load the page again, and try once more.";
            PageError::TooMany { .. } => "Attendez {wait}, puis réessayez.", "Wait {wait}, then try again.";
            PageError::Busy => "Réessayez dans un instant. Rien n’a été modifié.", "Try again in a moment. Nothing was changed.";
            PageError::TooLarge => "Le formulaire dépasse la taille permise. Rien n’a été modifié.",
                "The form is larger than allowed. Nothing was changed.";
            PageError::Internal => "L’erreur est notée dans le journal du service. Si elle revient, donnez la référence {id} à la personne qui s’en occupe.",
                "The error is in the service’s log. If it comes again, give the reference {id} to whoever looks after it.";
        });
        let wait = match error {
            PageError::TooMany { wait_ms } => frame.formats.wait(*wait_ms),
            _ => String::new(),
        };
        Self {
            status: error.status().as_u16(),
            title,
            why: fill(why, &[("wait", &wait), ("id", &request_id)]),
            frame,
        }
    }
}
