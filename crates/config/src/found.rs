//! What is wrong with a configuration whose keys all have a value of their kind.

kernel::findings! {
    Configuration {
        config_out_of_bounds(key, value, least, most): Mistake, "a number is too small or too large to work with";
            en "{key} is {value}, and must be from {least} to {most}; the service does not start." "Write a number from {least} to {most}, or leave the key out.";
            fr "{key} vaut {value} et doit être de {least} à {most} ; le service ne démarre pas." "Écrivez un nombre de {least} à {most}, ou supprimez la clé.";
        lengths_impossible(key, min, max): Mistake, "`digits` or `letters` are such that no card has them";
            en "{key} has min = {min} and max = {max}, which no card number fits; the service does not start." "Write min no larger than max and max from 1 to 64, or leave the key out.";
            fr "{key} a min = {min} et max = {max} : aucun numéro de carte n’y répond, le service ne démarre pas." "Écrivez min au plus égal à max et max de 1 à 64, ou supprimez la clé.";
        retention_too_short(days, least): Mistake, "card numbers would be gone before all is settled";
            en "Card numbers are to stay for {days} days, which is too short: journals come late, and Otipass settles by the month. The service does not start." "Write card_numbers_days = {least} or more, or 0 to keep them for ever.";
            fr "Les numéros de carte resteraient {days} jours, ce qui est trop court : des journaux arrivent tard, et Otipass règle au mois. Le service ne démarre pas." "Écrivez card_numbers_days = {least} ou plus, ou 0 pour les garder toujours.";
        roles_missing(): Mistake, "`roles` is empty, so the process does nothing";
            en "The process has no role, so it would do nothing." "Write roles = [\"gate\", \"box_office\"], or one of the two.";
            fr "Le service n’a aucun rôle : il ne ferait rien." "Écrivez roles = [\"gate\", \"box_office\"], ou l’un des deux.";
        dialect_invalid(message): Mistake, "the dialect of [the STX_File](interfaces/stx-file.md) lacks a column or has one twice";
            en "STX_Files cannot be spelt like this: {message}." "Correct the columns; `passerelle help stx-file` lists them.";
            fr "Les fichiers STX ne peuvent pas s’écrire ainsi : une colonne manque ou vient deux fois." "Corrigez les colonnes ; `passerelle help stx-file` les énumère.";
        office_url_wrong(url): Mistake, "the back office's address is no `https://` or `http://` one";
            en "The back office's address {url} is none that a browser opens, so the service does not start." "Write it with its scheme, like https://passerelle.example.org.";
            fr "L’adresse des pages de gestion {url} n’en est pas une qu’un navigateur ouvre : le service ne démarre pas." "Écrivez-la avec son protocole, comme https://passerelle.example.org.";
        backup_of_server(): Mistake, "the service is to back up a database server, whose own tools do that";
            en "The service backs up an embedded database only, and [database] url names a server; it does not start." "Write every_h = 0, and have pg_dump run at set times.";
            fr "Le service ne sauvegarde qu’une base intégrée, et [database] url désigne un serveur ; il ne démarre pas." "Écrivez every_h = 0, et faites tourner pg_dump à heures fixes.";
        webhook_wrong(): Mistake, "the address for notices by webhook is no `https://` or `http://` one";
            en "Notices cannot be posted to this address, so the service does not start." "Write the whole address with its scheme, like https://hooks.example.org/passerelle, or take it out.";
            fr "Les avis ne peuvent pas être envoyés à cette adresse : le service ne démarre pas." "Écrivez l’adresse entière avec son protocole, comme https://hooks.example.org/passerelle, ou supprimez-la.";
        mail_host_wrong(host): Mistake, "the mail server's name is missing, or is no name";
            en "{host} is no name of a mail server, so the service does not start." "Write the name alone, like smtp.example.org, and its port in [notices.mail] port.";
            fr "{host} n’est pas le nom d’un serveur de courrier : le service ne démarre pas." "Écrivez le nom seul, comme smtp.example.org, et son port dans [notices.mail] port.";
        mail_address_wrong(key, address): Mistake, "notices cannot come from, or go to, such a mail address";
            en "{address} in [notices.mail] {key} is no mail address, so the service does not start." "Write it like gates@example.org.";
            fr "{address} dans [notices.mail] {key} n’est pas une adresse de courrier : le service ne démarre pas." "Écrivez-la comme acces@example.org.";
        mail_to_nobody(): Mistake, "notices by mail have no recipient";
            en "Notices by mail go to nobody, so the service does not start." "Write at least one address in [notices.mail] to, or take [notices.mail] out.";
            fr "Les avis par courrier ne vont à personne : le service ne démarre pas." "Écrivez au moins une adresse dans [notices.mail] to, ou supprimez [notices.mail].";
        mail_password_missing(): Mistake, "there is a user name for the mail server and no password";
            en "There is a user name for the mail server and no password, so the service does not start." "Name a file with the password in [notices.mail] password_file, or take the user name out if the server wants none.";
            fr "Il y a un nom d’utilisateur pour le serveur de courrier, mais pas de mot de passe : le service ne démarre pas." "Désignez un fichier avec le mot de passe par [notices.mail] password_file, ou supprimez le nom d’utilisateur si le serveur n’en veut pas.";
        mail_username_missing(): Mistake, "there is a password for the mail server and no user name";
            en "There is a password for the mail server and no user name, so the service does not start." "Write the user name in [notices.mail] username, or take the password out if the server wants none.";
            fr "Il y a un mot de passe pour le serveur de courrier, mais pas de nom d’utilisateur : le service ne démarre pas." "Écrivez le nom d’utilisateur dans [notices.mail] username, ou supprimez le mot de passe si le serveur n’en veut pas.";
    }
}
