//! To the OpenID Connect provider, and back.

use super::sign_in::{entered_by, refused};
use super::visit::own_path;
use crate::page::*;
use axum::http::HeaderValue;
use staff::{IdentityError, Token};
use std::error::Error;

kernel::texts!(Texts in Fr, En {
    silent: "Le fournisseur d’identité ne répond pas comme il le devrait. Réessayez, ou connectez-vous avec votre mot de passe.",
        "The identity provider does not answer as it should. Try again, or sign in with your password.";
    refused: "Le fournisseur d’identité n’a pas confirmé la connexion. Recommencez.",
        "The identity provider did not confirm the sign-in. Start again.";
    no_attempt: "Cette connexion a duré trop longtemps, ou elle a commencé dans un autre navigateur. Recommencez.",
        "This sign-in took too long, or began in another browser. Start again.";
    no_account: "Aucun compte n’a votre adresse e-mail vérifiée. Demandez à un administrateur d’en créer un.",
        "No account has your verified e-mail address. Ask an administrator to create one.";
    other_person: "Le compte qui a votre adresse e-mail est lié à une autre personne de votre organisation. Demandez à un administrateur.",
        "The account with your e-mail address is linked to another person of your organisation. Ask an administrator.";
    no_role: "Votre organisation ne vous a donné aucun rôle dans Passerelle. Demandez-le à la personne qui gère les droits.",
        "Your organisation has given you no role in Passerelle. Ask whoever manages the rights.";
    disabled: "Votre compte est désactivé. Demandez à un administrateur.",
        "Your account is disabled. Ask an administrator.";
});

pub(crate) async fn begin(visit: Visit, Query(query): Query) -> Answer {
    let role = &visit.office.role;
    let provider = role.provider.as_ref().ok_or(PageError::NotFound)?;
    let next = query
        .some("next")
        .map(|next| own_path(Some(next)).to_owned());
    let begun = match provider.begin(next).await {
        Ok(begun) => begun,
        Err(error) => return of_no_help(visit, &*error),
    };
    let kept =
        role.staff
            .store_attempt(&begun.state, &visit.browser, &visit.address, begun.attempt);
    kept.await?;
    let mut response = visit.go(access::SIGN_IN);
    let to = HeaderValue::from_str(&begun.url).map_err(PageError::internal)?;
    response.headers_mut().insert(header::LOCATION, to);
    Ok(response)
}

pub(crate) async fn back(visit: Visit, Query(query): Query) -> Answer {
    let role = &visit.office.role;
    let provider = role.provider.as_ref().ok_or(PageError::NotFound)?;
    let t = Texts::of(visit.language);
    let state = Token::presented(query.text("state"));
    let attempt = match role.staff.take_attempt(&state, &visit.browser).await {
        Ok(attempt) => attempt,
        Err(IdentityError::Db(error)) => return Err(error.into()),
        Err(_) => return refused(visit, t.no_attempt),
    };
    let Some(code) = query.some("code") else {
        return refused(visit, t.refused);
    };
    let identity = match provider.finish(code, &attempt, role.staff.now()).await {
        Ok(identity) => identity,
        Err(error) => return of_no_help(visit, &*error),
    };
    let present = visit.session.as_ref().map(|session| session.token.clone());
    let why = match role
        .staff
        .sign_in_as(identity, provider.roles(), &visit.address, present)
        .await
    {
        Ok(signed_in) => {
            let next = own_path(attempt.next_path.as_deref());
            return Ok(entered_by(&visit, &signed_in, next));
        }
        Err(IdentityError::NoAccount) => t.no_account,
        Err(IdentityError::OtherPerson) => t.other_person,
        Err(IdentityError::NoRole) => t.no_role,
        Err(IdentityError::Disabled) => t.disabled,
        Err(error) => return Err(error.into()),
    };
    refused(visit, why)
}

fn of_no_help(visit: Visit, error: &dyn Error) -> Answer {
    tracing::warn!(
        error = causes(error),
        "the identity provider was of no help"
    );
    let why = Texts::of(visit.language).silent;
    refused(visit, why)
}
