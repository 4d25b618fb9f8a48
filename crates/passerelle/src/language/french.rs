//! What errors say, in French. They are written in English where they arise, for the
//! log too; a person at a terminal reads them in their own language. What a library
//! says that nobody knows here stays English.

/// A sentence with places to fill in, and the same in French, where `{1}` is the second
/// of them; the more special one first.
// One sentence, one line.
#[rustfmt::skip]
const SENTENCES: &[(&str, &str)] = &[
    ("error: unexpected argument '{}' found", "erreur : argument inattendu : « {} »"),
    ("error: unrecognized subcommand '{}'", "erreur : commande inconnue : « {} »"),
    ("error: the following required arguments were not provided:", "erreur : ces arguments obligatoires manquent :"),
    ("error: '{}' requires a subcommand but one was not provided", "erreur : « {} » demande une commande, et aucune n’est donnée"),
    ("error: a value is required for '{}' but none was supplied", "erreur : « {} » demande une valeur, et aucune n’est donnée"),
    ("error: invalid value '{}' for '{}': {}", "erreur : valeur impossible « {} » pour « {} » : {}"),
    ("error: invalid value '{}' for '{}'", "erreur : valeur impossible « {} » pour « {} »"),
    ("error: unexpected value '{}' for '{}' found; no more were expected", "erreur : valeur de trop « {} » pour « {} »"),
    ("error: the argument '{}' cannot be used multiple times", "erreur : l’argument « {} » ne peut être donné qu’une fois"),
    ("error: the argument '{}' cannot be used with '{}'", "erreur : l’argument « {} » ne va pas avec « {} »"),
    ("error: the argument '{}' cannot be used with:", "erreur : l’argument « {} » ne va pas avec :"),
    ("  [possible values: {}]", "  [valeurs possibles : {}]"),
    ("  [subcommands: {}]", "  [commandes : {}]"),
    ("  tip: a similar argument exists: '{}'", "  conseil : un argument semblable existe : « {} »"),
    ("  tip: a similar subcommand exists: '{}'", "  conseil : une commande semblable existe : « {} »"),
    ("  tip: a similar value exists: '{}'", "  conseil : une valeur semblable existe : « {} »"),
    ("  tip: some similar {}: {}", "  conseil : il y a de semblable : {1}"),
    ("  tip: to pass '{}' as a value, use '{}'", "  conseil : pour donner « {} » comme valeur, écrivez « {} »"),
    ("  tip: '{}' exists", "  conseil : « {} » existe"),
    ("Usage: {}", "Utilisation : {}"),
    ("For more information, try '{}'.", "Pour en savoir plus : « {} »."),
    ("invalid digit found in string", "ce n’est pas un nombre"),
    ("cannot parse integer from empty string", "ce n’est pas un nombre"),
    ("number too large to fit in target type", "ce nombre est trop grand"),
    ("invalid socket address syntax", "écrivez-le comme 127.0.0.1:8480"),
    ("{} is no language; choose {} or {}", "{} n’est pas une langue ; choisissez parmi {1} ou {2}"),
    ("{} is no {}; choose {} or {}", "{} n’est pas possible ; choisissez parmi {2} ou {3}"),
    ("{} is no {}; choose {}", "{} n’est pas possible ; choisissez parmi {2}"),
    ("the {} is empty", "le code est vide"),
    ("the {} {} has {} characters; at most {} are allowed", "le code {1} a {2} caractères ; {3} au plus sont permis"),
    ("the {} {} holds the character {}, which a code cannot hold", "le code {1} contient le caractère {2}, qui n’y a pas sa place"),
    ("{} is not a day; write it like 2026-07-14", "{} n’est pas un jour ; écrivez-le comme 2026-07-14"),
    ("{} is not a moment in time; write it like 2026-07-14T07:00:00.114Z", "{} n’est pas un moment ; écrivez-le comme 2026-07-14T07:00:00.114Z"),
    ("{} is not a time zone; write its IANA name, like Europe/Paris", "{} n’est pas un fuseau horaire ; écrivez son nom IANA, comme Europe/Paris"),
    ("{} What is not understood above is not needed for deliveries.", "{} Ce qui n’est pas compris ci-dessus ne sert pas aux envois."),
    ("This machine's clock is {} s ahead of ticketing's: tokens may be refused for it. Set it right first.", "L’horloge de cette machine avance de {} s sur celle de la billetterie : des jetons peuvent être refusés pour cela. Réglez-la d’abord."),
    ("This machine's clock is {} s behind ticketing's: tokens may be refused for it. Set it right first.", "L’horloge de cette machine retarde de {} s sur celle de la billetterie : des jetons peuvent être refusés pour cela. Réglez-la d’abord."),
    ("Nobody was asked.", "Personne n’a été interrogé."),
    ("Address, token and methods are right, and the catalogue names every season and product that is mapped. Nothing was delivered yet.", "Adresse, jeton et méthodes sont bons, et le catalogue nomme chaque saison et chaque produit des correspondances. Rien n’est encore livré."),
    ("Ticketing takes our token and a call without tickets, but does not show its catalogue: whether it takes your seasons and products cannot be known. Read its reason, and ask whoever runs it for the operator's rights.", "La billetterie prend notre jeton et un appel sans billets, mais ne montre pas son catalogue : si elle prend vos saisons et produits ne se voit pas. Lisez sa raison, et demandez à qui l’exploite les droits de l’opérateur."),
    ("Address, token and methods are right, but the catalogue shows this operator no product: ticketing may refuse every control barcode. Ask whoever runs it to give this access control system the products of the passes.", "Adresse, jeton et méthodes sont bons, mais le catalogue ne montre aucun produit à cet opérateur : la billetterie refusera peut-être chaque code de contrôle. Demandez à qui l’exploite de donner à ce système de contrôle d’accès les produits des pass."),
    ("Address, token and methods are right; nothing was delivered yet. There are no mapping parameters without mistakes here, so whether ticketing has your seasons and products cannot be known. Set them up, and ask again.", "Adresse, jeton et méthodes sont bons ; rien n’est encore livré. Il n’y a pas ici de paramètres de correspondance sans erreur : si la billetterie a vos saisons et produits ne se voit pas. Entrez-les, et interrogez de nouveau."),
    ("Address, token and methods are right, but the catalogue does not name what is mapped: {}. Ticketing may refuse such control barcodes. Correct the mapping parameters, or ask whoever runs it to give this access control system the products of the passes.", "Adresse, jeton et méthodes sont bons, mais le catalogue ne nomme pas ceci, des correspondances : {}. La billetterie refusera peut-être de tels codes de contrôle. Corrigez les paramètres de correspondance, ou demandez à qui l’exploite de donner à ce système de contrôle d’accès les produits des pass."),
    ("Ticketing does not take our token. Compare institution, operator, password and issuer with what the vendor gave; ask whether token times are in seconds or milliseconds ([access_control] token_times) and how long a token may live (token_lifetime_s).", "La billetterie ne prend pas notre jeton. Comparez institution, opérateur, mot de passe et émetteur avec ce qu’a donné l’éditeur ; demandez si les heures des jetons sont en secondes ou en millisecondes ([access_control] token_times) et combien de temps un jeton peut vivre (token_lifetime_s)."),
    ("A proxy on the way refuses us. Have it let the address through, or enter user name and password in [access_control] proxy.", "Un proxy sur le chemin nous refuse. Faites-lui laisser passer l’adresse, ou entrez nom et mot de passe dans [access_control] proxy."),
    ("Ticketing takes our token, and refuses to tell of a ticket and to take any with the same word: most likely this operator has no right to. Ask whoever runs it for the rights of an access control system.", "La billetterie prend notre jeton, et refuse du même mot de parler d’un billet et d’en prendre : cet opérateur n’en a sans doute pas le droit. Demandez à qui l’exploite les droits d’un système de contrôle d’accès."),
    ("Ticketing takes our token and refuses a call without tickets, which it may. Whether it takes one with tickets cannot be known before the first. Read its reason: if it is not about that, look at the operator's rights and [access_control] request_ids.", "La billetterie prend notre jeton et refuse un appel sans billets, ce qu’elle peut. Si elle en prend un avec billets ne se sait pas avant le premier. Lisez sa raison : si elle parle d’autre chose, voyez les droits de l’opérateur et [access_control] request_ids."),
    ("Ticketing takes our token and refuses every call. Read its reasons; if they name the request id, set [access_control] request_ids to \"text\" or \"number\"; if they name a right, ask whoever runs it for those of an access control system.", "La billetterie prend notre jeton et refuse chaque appel. Lisez ses raisons ; si elles nomment l’identifiant de requête, mettez [access_control] request_ids à \"text\" ou \"number\" ; si elles nomment un droit, demandez à qui l’exploite ceux d’un système de contrôle d’accès."),
    ("Ticketing takes our token and a call, and says what became of it in a shape that Passerelle does not know: no control barcode would count as delivered. Send the file to whoever helps you.", "La billetterie prend notre jeton et un appel, et dit ce qu’il en est sous une forme que Passerelle ne connaît pas : aucun code de contrôle ne compterait comme livré. Envoyez le fichier à qui vous aide."),
    ("Ticketing takes no more calls for now. Try again in some minutes.", "La billetterie ne prend plus d’appels pour l’instant. Réessayez dans quelques minutes."),
    ("Ticketing was not reached. Check the URL, the line, the machine's proxy and the certificate ([access_control] authority_file).", "La billetterie n’a pas été jointe. Vérifiez l’URL, la ligne, le proxy de la machine et le certificat ([access_control] authority_file)."),
    ("Ticketing was not reached by way of [access_control] proxy. Check whether the proxy runs and lets us through, then the URL, the line and the certificate (authority_file).", "La billetterie n’a pas été jointe par [access_control] proxy. Vérifiez que le proxy tourne et nous laisse passer, puis l’URL, la ligne et le certificat (authority_file)."),
    ("Ticketing did not answer in time. Try again; if it stays so, check the line and [access_control] timeout_ms.", "La billetterie n’a pas répondu à temps. Réessayez ; si cela dure, vérifiez la ligne et [access_control] timeout_ms."),
    ("Ticketing was reached, and does not do its work for now. Wait, and try again; if it stays so, ask whoever runs it.", "La billetterie est jointe, et ne fait pas son travail pour l’instant. Attendez, et réessayez ; si cela dure, demandez à qui l’exploite."),
    ("What answers is not the service. Check the URL up to its version, the operator's rights, and the proxy.", "Ce qui répond n’est pas le service. Vérifiez l’URL jusqu’à sa version, les droits de l’opérateur et le proxy."),
    ("understood: {} season(s), {} product(s)", "compris : {} saison(s), {} produit(s)"),
    ("understood: no such ticket, as must be", "compris : pas de tel billet, comme il se doit"),
    ("understood, but it knows a ticket that nobody has", "compris, mais elle connaît un billet que personne n’a"),
    ("understood: a call without tickets is taken", "compris : un appel sans billets est pris"),
    ("understood: {}", "compris : {}"),
    ("the access control service's URL is none, or has a user name or password; write it like https://<institution>.ws.secutix.com/tnci/backend-apis/externalAccessControlService/v1_4", "l’URL du service de contrôle d’accès n’en est pas une, ou contient un nom ou un mot de passe ; écrivez-la comme https://<institution>.ws.secutix.com/tnci/backend-apis/externalAccessControlService/v1_4"),
    ("the access control service's URL ends in version {}.{}, which does not know seasons and products of foreign barcodes; write v1_4 and have the interface's API version raised to 1.4", "l’URL du service de contrôle d’accès finit par la version {}.{}, qui ne connaît pas les saisons et produits de codes étrangers ; écrivez v1_4 et faites relever à 1.4 la version d’API de l’interface"),
    ("ticketing's proxy is not a URL; write it like http://proxy.example.org:3128", "le proxy vers la billetterie n’est pas une URL ; écrivez-le comme http://proxy.example.org:3128"),
    ("ticketing's authority_file holds no certificate; it must be PEM, with a part that begins with -----BEGIN CERTIFICATE-----", "le authority_file de la billetterie ne contient pas de certificat ; ce doit être du PEM, avec une partie qui commence par -----BEGIN CERTIFICATE-----"),
    ("the HTTP client cannot be set up; check the machine's TLS and proxy settings", "le client HTTP ne peut pas être mis en place ; vérifiez les réglages de TLS et de proxy de la machine"),
    ("the access control service refuses more calls for now; wait, or lower calls_per_minute if it happens often", "le service de contrôle d’accès refuse d’autres appels pour l’instant ; attendez, ou baissez calls_per_minute si cela arrive souvent"),
    ("the access control service is not available", "le service de contrôle d’accès n’est pas disponible"),
    ("the access control service does not accept our token; compare institution, operator, issuer, password and the clocks of both sides", "le service de contrôle d’accès n’accepte pas notre jeton ; comparez institution, opérateur, émetteur, mot de passe et les horloges des deux côtés"),
    ("the proxy on the way to ticketing refuses us (HTTP 407); let this address through on the proxy, or enter user name and password in the URL of [access_control] proxy", "le proxy vers la billetterie nous refuse (HTTP 407) ; faites-lui laisser passer cette adresse, ou entrez nom et mot de passe dans l’URL de [access_control] proxy"),
    ("the access control service refuses the call ({}): {}", "le service de contrôle d’accès refuse l’appel ({}) : {}"),
    ("what answers at the access control service's address is not the service: {}; check the URL and the proxy", "ce qui répond à l’adresse du service de contrôle d’accès n’est pas ce service : {} ; vérifiez l’URL et le proxy"),
    ("the access control service answers in a shape that is not known: {}", "le service de contrôle d’accès répond sous une forme inconnue : {}"),
    ("{} controlled tickets are too many for one call; send at most {}", "{} billets contrôlés sont trop pour un appel ; envoyez-en {} au plus"),
    ("no connection; check URL, network, proxy and certificate", "pas de connexion ; vérifiez URL, réseau, proxy et certificat"),
    ("no connection by way of the proxy {}; check the proxy, then URL, network and certificate", "pas de connexion par le proxy {} ; vérifiez le proxy, puis URL, réseau et certificat"),
    ("no answer within {} ms", "pas de réponse en {} ms"),
    ("the connection broke before the whole answer was there", "la connexion s’est rompue avant que toute la réponse soit là"),
    ("it answers HTTP {}", "il répond HTTP {}"),
    ("it reports an internal error: {}", "il signale une erreur interne : {}"),
    ("there is no account {}; `passerelle account list` names them all", "il n’y a pas de compte {} ; « passerelle account list » les nomme tous"),
    ("[access_control] needs a password_file (or PASSERELLE_ACCESS_CONTROL__PASSWORD) where gate and box office do not run in one process", "[access_control] demande un password_file (ou PASSERELLE_ACCESS_CONTROL__PASSWORD) quand accès et billetterie ne tournent pas dans un même processus"),
    ("[access_control] url is missing; this process is no box office itself", "[access_control] url manque ; ce processus n’est pas lui-même une billetterie"),
    ("[backup] every_h must be 0 here", "[backup] every_h doit être 0 ici"),
    ("[notices.mail] cannot be used", "[notices.mail] ne peut pas servir"),
    ("[notices] webhook cannot be used", "[notices] webhook ne peut pas servir"),
    ("[office.oidc] cannot be used", "[office.oidc] ne peut pas servir"),
    ("[retention] card_numbers_days is wrong; 0 keeps them for ever", "[retention] card_numbers_days n’est pas bon ; 0 les garde pour toujours"),
    ("[otipass] type is {}; it must be OTIPASS: no other pass system is supported", "[otipass] type est {} ; ce doit être OTIPASS : aucun autre système de pass n’est connu"),
    ("[otipass.additions] names {}, which a card number itself may begin or end with: taken off, it would make another number of it; name the whole text that the scanner adds", "[otipass.additions] nomme {}, par quoi un numéro de carte peut lui-même commencer ou finir : l’enlever en ferait un autre numéro ; nommez tout le texte que le lecteur ajoute"),
    ("this program does not find itself", "ce programme ne se trouve pas lui-même"),
    ("the dialect of the STX_File cannot be used", "le dialecte du fichier STX ne peut pas servir"),
    ("the back office cannot keep passwords", "les pages de gestion ne peuvent pas garder de mots de passe"),
    ("the first account cannot be prepared", "le premier compte ne peut pas être préparé"),
    ("there is no database at {}; correct [database] url", "il n’y a pas de base de données à {} ; corrigez [database] url"),
    ("there is no database at {}; start the service first (`passerelle serve`), run `passerelle apply`, or correct [database] url", "il n’y a pas de base de données à {} ; démarrez d’abord le service (« passerelle serve »), lancez « passerelle apply », ou corrigez [database] url"),
    ("no HTTP client could be made", "aucun client HTTP n’a pu être fait"),
    ("the stand-in Otipass failed", "l’Otipass de remplacement est en panne"),
    ("the stand-in ticketing failed", "la billetterie de remplacement est en panne"),
    ("--ways says how the stand-in for a SecuTix that is not ours is; add --ticketing foreign", "--ways dit comment est la remplaçante d’un SecuTix qui n’est pas à nous ; ajoutez --ticketing foreign"),
    ("the devices could not be read", "les appareils n’ont pas pu être lus"),
    ("no code could be read", "aucun code n’a pu être lu"),
    ("the token could not be written to {}; take it back with `passerelle device revoke` and enrol again", "le jeton n’a pas pu être écrit dans {} ; reprenez-le par « passerelle device revoke » et enrôlez de nouveau"),
    ("{} stays open to others", "{} reste lisible par d’autres"),
    ("there is no configuration: no passerelle.toml here, and --config names none; `passerelle init FOLDER` writes one", "il n’y a pas de configuration : pas de passerelle.toml ici, et --config n’en nomme pas ; « passerelle init DOSSIER » en écrit une"),
    ("nobody is told when something is not well: write [notices] webhook or [notices.mail] into the configuration; `passerelle help operating` explains them", "personne n’est averti quand quelque chose ne va pas : écrivez [notices] webhook ou [notices.mail] dans la configuration ; « passerelle help operating » les explique"),
    ("this cannot be written as JSON", "ceci ne peut pas s’écrire en JSON"),
    ("what ticketing takes none of could not be read", "ce que la billetterie ne prend pas n’a pas pu être lu"),
    ("the period ends on {}, before it begins on {}; swap --from and --to", "la période finit le {}, avant de commencer le {} ; échangez --from et --to"),
    ("[retention] card_numbers_days is 0: card numbers stay for ever; set a number of days", "[retention] card_numbers_days est 0 : les numéros de carte restent pour toujours ; indiquez un nombre de jours"),
    ("the file is gone", "le fichier n’y est plus"),
    ("the files could not be listed", "les fichiers n’ont pas pu être listés"),
    ("the report could not be read", "le rapport n’a pas pu être lu"),
    ("the books could not be read", "les comptes n’ont pas pu être lus"),
    ("there is no STX_File {}", "il n’y a pas de fichier STX {}"),
    ("the passes in {} cannot be read; give a CSV file with --passes", "les pass de {} ne peuvent pas être lus ; donnez un fichier CSV avec --passes"),
    ("the sandbox cannot listen on {}; choose another address with --listen", "le bac à sable ne peut pas écouter sur {} ; choisissez une autre adresse avec --listen"),
    ("the pass file cannot be read; it must be CSV with a header line", "le fichier des pass ne peut pas être lu ; ce doit être du CSV avec une ligne d’en-tête"),
    ("line {} of the pass file is wrong; correct it and start again", "la ligne {} du fichier des pass n’est pas bonne ; corrigez-la et recommencez"),
    ("the number was given on an earlier line; keep one of the two", "le numéro est déjà sur une ligne plus haut ; gardez l’une des deux"),
    ("some numbers of the pass file have fewer than {} digits, others more, and none begins with 0: a spreadsheet has taken the zeros; take the file anew from where it came, and open it with the numbers as text", "des numéros du fichier des pass ont moins de {} chiffres, d’autres plus, et aucun ne commence par 0 : un tableur a enlevé les zéros ; reprenez le fichier là d’où il vient, et ouvrez-le avec les numéros comme texte"),
    ("a pass has the columns number;status;duration_days;valid_until;services", "un pass a les colonnes number;status;duration_days;valid_until;services"),
    ("a spreadsheet has shortened the number, as to 1,23457E+21, and its last digits are lost; take it anew from where it came, as text", "un tableur a raccourci le numéro, comme en 1,23457E+21, et ses derniers chiffres sont perdus ; reprenez-le là d’où il vient, comme texte"),
    ("the number must have 1 to 32 letters and digits", "le numéro doit avoir de 1 à 32 lettres et chiffres"),
    ("status must be created, inactive, active, expired, invalid or undefined", "status doit être created, inactive, active, expired, invalid ou undefined"),
    ("duration_days must be a number of days from 1 to 3650", "duration_days doit être un nombre de jours de 1 à 3650"),
    ("valid_until must be empty or written like 2026-07-14", "valid_until doit être vide ou écrit comme 2026-07-14"),
    ("services must be written like SERVICE1:2,SERVICE2:* with a count or * for unlimited, each service once", "services s’écrit comme SERVICE1:2,SERVICE2:* avec un nombre ou * pour illimité, chaque service une fois"),
    ("the journal in {} is in use by another process; end that one, or give this device a folder of its own", "le journal de {} est utilisé par un autre processus ; arrêtez-le, ou donnez à cet appareil un dossier à lui"),
    ("the journal in {} could not be opened; check that the folder exists, is writable and has room", "le journal de {} n’a pas pu être ouvert ; vérifiez que le dossier existe, s’écrit et a de la place"),
    ("the journal is full: {} checks wait for the server; restore the line", "le journal est plein : {} contrôles attendent le serveur ; rétablissez la ligne"),
    ("the journal could not be written; check the disk: is it full, or failing?", "le journal n’a pas pu être écrit ; vérifiez le disque : est-il plein, ou en panne ?"),
    ("the record is too long for the journal", "l’entrée est trop longue pour le journal"),
    ("{} is no address of a server; write [server] url like https://passerelle.example.org", "{} n’est pas l’adresse d’un serveur ; écrivez [server] url comme https://passerelle.example.org"),
    ("the certificates in {} cannot be used; they must be PEM", "les certificats de {} ne peuvent pas servir ; ce doit être du PEM"),
    ("the proxy is no URL; write it like http://proxy.example.org:3128", "le proxy n’est pas une URL ; écrivez-le comme http://proxy.example.org:3128"),
    ("no secure connections can be made on this machine; check its certificate store", "cette machine ne peut pas faire de connexions sûres ; vérifiez son magasin de certificats"),
    ("{} did not answer as Passerelle does; check the address and the line", "{} n’a pas répondu comme le fait Passerelle ; vérifiez l’adresse et la ligne"),
    ("the server did not enrol this device: {}", "le serveur n’a pas enrôlé cet appareil : {}"),
    ("what was set aside in {} cannot be read; check the folder's permissions", "ce qui est mis de côté dans {} ne peut pas être lu ; vérifiez les droits du dossier"),
    ("the configuration {} cannot be read; write it, or name another with --config", "la configuration {} ne peut pas être lue ; écrivez-la, ou nommez-en une autre par --config"),
    ("there is no token in {}; enrol this device first: passerelle edge enrol --server URL --code CODE", "il n’y a pas de jeton dans {} ; enrôlez d’abord cet appareil : passerelle edge enrol --server URL --code CODE"),
    ("nothing is configured to read codes from; set stdin, serial, listen or keyboard in [input], or give --stdin or --listen; `passerelle help edge` explains it", "rien n’est configuré d’où lire des codes ; indiquez stdin, serial, listen ou keyboard dans [input], ou donnez --stdin ou --listen ; « passerelle help edge » l’explique"),
    ("the agent cannot listen on {}; another program may use it: change {}", "l’agent ne peut pas écouter sur {} ; un autre programme l’utilise peut-être : changez {}"),
    ("the agent could not start its thread; is the machine out of memory?", "l’agent n’a pas pu démarrer son fil ; la machine manque-t-elle de mémoire ?"),
    ("{} wants its password in PASSERELLE_SANDBOX_PASSWORD", "{} demande son mot de passe dans PASSERELLE_SANDBOX_PASSWORD"),
    ("the code is not valid (any more); ask for a new one: passerelle device enrol", "ce code n’est pas valable, ou ne l’est plus ; demandez-en un nouveau : passerelle device enrol"),
    ("too many wrong codes were tried; wait a minute and try again", "trop de codes faux ont été essayés ; attendez une minute et réessayez"),
    ("there is no key; make one (openssl rand -hex 32 > passerelle.key), name its file in [secrets] key_file, and run this again", "il n’y a pas de clé ; faites-en une (openssl rand -hex 32 > passerelle.key), nommez son fichier dans [secrets] key_file, et relancez ceci"),
    ("--clock lets requests set the service's time, so it must not be reached from elsewhere; set [server] listen to 127.0.0.1", "--clock laisse les requêtes régler l’heure du service, qui ne doit donc pas être joint d’ailleurs ; mettez 127.0.0.1 dans [server] listen"),
    ("the service cannot listen on {}; another program may use it: change [server] listen", "le service ne peut pas écouter sur {} ; un autre programme l’utilise peut-être : changez [server] listen"),
    ("the metrics could not be set up", "les mesures n’ont pas pu être mises en place"),
    ("[set_up] mapping names no file; give the path of the mapping parameters there", "[set_up] mapping ne nomme pas de fichier ; donnez-y le chemin des paramètres de correspondance"),
    ("the bundle {} cannot be written; give another name with --to", "le dossier d’assistance {} ne peut pas être écrit ; donnez un autre nom avec --to"),
    ("[access_control] has no password_file (nor PASSERELLE_ACCESS_CONTROL__PASSWORD): without the operator's password, nobody outside the service can call ticketing", "[access_control] n’a pas de password_file (ni PASSERELLE_ACCESS_CONTROL__PASSWORD) : sans le mot de passe de l’opérateur, personne hors du service ne peut appeler la billetterie"),
    ("set [access_control] institution, or name the site first", "indiquez [access_control] institution, ou nommez d’abord le site"),
    ("this database is not embedded; sqlite::memory: keeps nothing; name a file in [database] url", "cette base n’est pas intégrée ; sqlite::memory: ne garde rien ; nommez un fichier dans [database] url"),
    ("this database is not embedded; back it up with its own tool: pg_dump --format=custom --file=passerelle.dump '{}' (the password by PGPASSWORD or ~/.pgpass); back with pg_restore --no-owner --dbname=… passerelle.dump", "cette base n’est pas intégrée ; sauvegardez-la par son propre outil : pg_dump --format=custom --file=passerelle.dump '{}' (le mot de passe par PGPASSWORD ou ~/.pgpass) ; retour par pg_restore --no-owner --dbname=… passerelle.dump"),
    ("{} It has fewer rows of {} than there were.", "{} Elle a moins de lignes de {} qu’il n’y en avait."),
    ("{} It is not what was read.", "{} Elle n’est pas ce qui a été lu."),
    ("the copy of the database is damaged; look at the disk, and check the database itself with PRAGMA integrity_check.", "la copie de la base est endommagée ; examinez le disque, et vérifiez la base elle-même par PRAGMA integrity_check."),
    ("the copy of the database is damaged; look at the disk, and check the database itself with PRAGMA integrity_check. {}", "la copie de la base est endommagée ; examinez le disque, et vérifiez la base elle-même par PRAGMA integrity_check. {}"),
    ("{} exists already; give another name", "{} existe déjà ; donnez un autre nom"),
    ("{} is missing; a backup is the two files together: copy both", "{} manque ; une sauvegarde, ce sont les deux fichiers ensemble : copiez les deux"),
    ("{} is no manifest of a backup that this version knows; take another backup", "{} n’est pas le manifeste d’une sauvegarde que connaît cette version ; prenez une autre sauvegarde"),
    ("the backup {} is damaged: {}; it is not used. Take another backup, or another copy of this one", "la sauvegarde {} est endommagée : {} ; elle ne sert pas. Prenez une autre sauvegarde, ou une autre copie de celle-ci"),
    ("the backup was made by a newer version of this program ({}; {} schema {}, this version knows {}); restore it with that version", "la sauvegarde vient d’une version plus récente de ce programme ({} ; schéma {} {}, cette version connaît {}) ; restaurez-la avec cette version-là"),
    ("{} is in use; stop the service first", "{} est utilisée ; arrêtez d’abord le service"),
    ("{} lies there without its database, which may hold the latest checks; nothing is restored. Stop whatever works on that database; if it was moved, move this file after it, else move it away, then restore again", "{} est là sans sa base, et contient peut-être les derniers contrôles ; rien n’est restauré. Arrêtez ce qui travaille sur cette base ; si elle a été déplacée, déplacez ce fichier avec elle, sinon écartez-le, puis restaurez de nouveau"),
    ("there is a database at {} already, with {} rows; it is left as it is. To restore all the same, stop the service and give --replace: the database that is there is moved aside, not deleted", "il y a déjà une base à {}, avec {} lignes ; elle reste telle quelle. Pour restaurer quand même, arrêtez le service et donnez --replace : la base présente est mise de côté, pas effacée"),
    ("card numbers stay for {} days at least: journals come late, and Otipass settles by the month", "les numéros de carte restent {} jours au moins : des journaux arrivent tard, et Otipass règle au mois"),
    ("this is no database URL; write sqlite:PATH, sqlite::memory: or postgres://USER@HOST/NAME", "ce n’est pas l’URL d’une base ; écrivez sqlite:CHEMIN, sqlite::memory: ou postgres://UTILISATEUR@HÔTE/NOM"),
    ("the database cannot be reached; check its URL, that its server runs and lets this user in, or that its file can be written", "la base n’est pas joignable ; vérifiez son URL, que son serveur tourne et laisse entrer cet utilisateur, ou que son fichier peut s’écrire"),
    ("the database {} is no longer the file that was opened: it was deleted, moved or replaced, so nothing is written any more. Stop the service, put the file back with its -wal and -shm, or restore a backup, and start again", "la base {} n’est plus le fichier qui a été ouvert : il a été effacé, déplacé ou remplacé, et plus rien ne s’écrit. Arrêtez le service, remettez le fichier avec ses -wal et -shm, ou restaurez une sauvegarde, puis redémarrez"),
    ("there was a database at {}, and it is gone or empty; none is made in its place. Put it back, or restore a backup (`passerelle restore`); to begin with an empty one on purpose, delete {}", "il y avait une base à {}, et elle a disparu ou est vide ; aucune n’est faite à sa place. Remettez-la, ou restaurez une sauvegarde (« passerelle restore ») ; pour commencer exprès par une base vide, effacez {}"),
    ("another service works on the database {}; stop that one first, or give this one a database of its own in [database] url", "un autre service travaille sur la base {} ; arrêtez-le d’abord, ou donnez à celui-ci sa propre base dans [database] url"),
    ("the database is busy: {} attempts at {} met others' changes", "la base est occupée : {} essais de {} ont rencontré des modifications d’autrui"),
    ("the statement failed: {}", "la requête a échoué : {}"),
    ("the transaction could not be committed; nothing was changed", "la transaction n’a pas pu être validée ; rien n’est modifié"),
    ("the connection was lost during the commit; it may or may not have happened", "la connexion s’est perdue pendant la validation ; elle a eu lieu, ou non"),
    ("the database could not be copied; check disk space and rights where the copy goes", "la base n’a pas pu être copiée ; vérifiez la place et les droits là où va la copie"),
    ("this database was left for {}: name that one in [database] url. To come back from there, `passerelle move` into a new, empty database; if the move to there has not ended, let it end, or take it back with --give-up", "cette base a été quittée pour {} : nommez celle-là sous [database] url. Pour en revenir, « passerelle move » vers une nouvelle base, vide ; si le transfert vers là-bas n’est pas terminé, laissez-le finir, ou annulez-le par --give-up"),
    ("a move into this database has not ended: let `passerelle move` run to its end, or take it back with --give-up and go on with the database that it comes from", "un transfert vers cette base n’est pas terminé : laissez « passerelle move » aller à sa fin, ou annulez-le par --give-up et continuez avec la base d’où il vient"),
    ("the database to move into is not empty: there are rows in {}; name a new one, or empty it (SQLite: delete the file and its mark; PostgreSQL: DROP SCHEMA, CREATE SCHEMA)", "la base qui doit recevoir n’est pas vide : il y a des lignes dans {} ; nommez-en une nouvelle, ou videz-la (SQLite : supprimez le fichier et sa marque ; PostgreSQL : DROP SCHEMA, CREATE SCHEMA)"),
    ("the database was last used by a newer version of this program ({} schema {}, this version knows {}); start that version, or restore a backup from before it", "la base a servi en dernier à une version plus récente de ce programme (schéma {} {}, cette version connaît {}) ; démarrez cette version-là, ou restaurez une sauvegarde d’avant elle"),
    ("the database was last used by an older version of this program ({} schema {}, this version needs {}); keep to that version, or back the database up and let `passerelle serve` or `passerelle apply` of this version bring it up to date", "la base a servi en dernier à une version plus ancienne de ce programme (schéma {} {}, cette version demande {}) ; restez à cette version-là, ou sauvegardez la base et laissez « passerelle serve » ou « passerelle apply » de cette version la mettre à jour"),
    ("the database is empty; start the service (`passerelle serve`) or run `passerelle apply`, which make its tables, or correct its URL", "la base est vide ; démarrez le service (« passerelle serve ») ou lancez « passerelle apply », qui font ses tables, ou corrigez son URL"),
    ("step {} of the {} schema is not the one that this database took: its text was edited since; run a program that has the former text, or restore a backup made by this one", "l’étape {} du schéma {} n’est pas celle qu’a prise cette base : son texte a été modifié depuis ; lancez un programme qui a l’ancien texte, ou restaurez une sauvegarde faite par celui-ci"),
    ("the database is closed", "la base est fermée"),
    ("the operation {} panicked; nothing was changed", "l’opération {} s’est interrompue ; rien n’est modifié"),
    ("the column {} {}", "la colonne {} {}"),
    ("{} gave {} rows where exactly one was expected", "{} a donné {} lignes au lieu d’une seule"),
    ("the configuration {} cannot be read; give its path with --config, or write one with `passerelle init`", "la configuration {} ne peut pas être lue ; donnez son chemin par --config, ou écrivez-en une par « passerelle init »"),
    ("the file that [{}] {} names cannot be read; it takes the path of a file with the secret, not the secret itself", "le fichier que nomme [{}] {} ne peut pas être lu ; il faut le chemin d’un fichier qui contient le secret, et non le secret lui-même"),
    ("[access_control] authority_file {} cannot be read", "[access_control] authority_file {} ne peut pas être lu"),
    ("[server] {} is missing; set tls_certificate and tls_key to serve https, or neither to serve http", "[server] {} manque ; indiquez tls_certificate et tls_key pour servir en https, ou aucun pour servir en http"),
    ("[database] url is wrong", "[database] url n’est pas bon"),
    ("{} holds no certificate; it must be PEM, with a part that begins with -----BEGIN CERTIFICATE-----", "{} ne contient pas de certificat ; ce doit être du PEM, avec une partie qui commence par -----BEGIN CERTIFICATE-----"),
    ("the certificate in {} is broken; have it issued again", "le certificat de {} est abîmé ; faites-le refaire"),
    ("{} holds no private key without a password; it must be PEM, with a part that begins with -----BEGIN PRIVATE KEY-----", "{} ne contient pas de clé privée sans mot de passe ; ce doit être du PEM, avec une partie qui commence par -----BEGIN PRIVATE KEY-----"),
    ("the private key in {} cannot be used; make an ECDSA or RSA key", "la clé privée de {} ne peut pas servir ; faites une clé ECDSA ou RSA"),
    ("the private key in {} belongs to another certificate than the one in {}; take both from the same issue", "la clé privée de {} est celle d’un autre certificat que {} ; prenez les deux de la même émission"),
    ("TLS cannot be set up", "TLS ne peut pas être mis en place"),
    ("the key has fewer than {} characters; make one by: openssl rand -hex 32", "la clé a moins de {} caractères ; faites-en une par : openssl rand -hex 32"),
    ("a secret in the database is sealed, and [secrets] key_file names no key", "un secret de la base est scellé, et [secrets] key_file ne nomme pas de clé"),
    ("a secret in the database was sealed by another key than the one in [secrets] key_file", "un secret de la base est scellé par une autre clé que celle de [secrets] key_file"),
    ("the operating system gives no random numbers", "le système d’exploitation ne donne pas de nombres au hasard"),
    ("no site has been set up; name the organisation in the back office, or apply a site file: passerelle apply", "aucun site n’est mis en service ; nommez l’organisation dans les pages de gestion, ou appliquez un fichier de site : passerelle apply"),
    ("the site could not be read or written", "le site n’a pas pu être lu ou écrit"),
    ("the secrets in the database could not be read or written", "les secrets de la base n’ont pas pu être lus ou écrits"),
    ("there is no device {}; add it in the back office, or to the site file, which `passerelle apply` takes up", "il n’y a pas d’appareil {} ; ajoutez-le dans les pages de gestion, ou au fichier du site, que prend « passerelle apply »"),
    ("the token could not be kept", "le jeton n’a pas pu être gardé"),
    ("no season has the product {}; add it to the catalogue first", "aucune saison n’a le produit {} ; ajoutez-le d’abord au catalogue"),
    ("the product {} has no tariff {}; add the tariff with its price and VAT first", "le produit {} n’a pas de tarif {} ; ajoutez d’abord le tarif avec son prix et sa TVA"),
    ("the catalogue could not be read or written", "le catalogue n’a pas pu être lu ou écrit"),
    ("the unsold barcodes could not be looked at", "les codes non vendus n’ont pas pu être examinés"),
    ("the STX_File took an hour to be written; run the sales again", "le fichier STX a mis une heure à s’écrire ; relancez les ventes"),
    ("the sales that are due could not be read or recorded", "les ventes à faire n’ont pas pu être lues ou enregistrées"),
    ("what came of the file before is removed already", "ce qui est venu du fichier est déjà effacé"),
    ("the file {} cannot be imported", "le fichier {} ne peut pas être importé"),
    ("there is no sales channel with the code OTIPASS and the type STX_FILE; make it in the catalogue, letter for letter, and import the file again", "il n’y a pas de canal de vente de code OTIPASS et de type STX_FILE ; faites-le dans le catalogue, à la lettre près, et importez le fichier de nouveau"),
    ("the file {} cannot be read; import it again", "le fichier {} ne peut pas être lu ; importez-le de nouveau"),
    ("the import stopped at the database; import the file again", "l’import s’est arrêté à la base ; importez le fichier de nouveau"),
    ("the file has more than {} MiB; split it", "le fichier dépasse {} Mio ; divisez-le"),
    ("the file is empty; choose another", "le fichier est vide ; choisissez-en un autre"),
    ("the file came too slowly; bring it again", "le fichier est venu trop lentement ; apportez-le de nouveau"),
    ("the file cannot be kept in the database; bring it again", "le fichier ne peut pas être gardé dans la base ; apportez-le de nouveau"),
    ("the STX_File dialect lists the column {} twice; remove one", "le dialecte du fichier STX a deux fois la colonne {} ; enlevez-en une"),
    ("the STX_File dialect lacks the column {}, which every row needs; add it", "le dialecte du fichier STX n’a pas la colonne {}, qu’il faut à chaque ligne ; ajoutez-la"),
    ("the STX_File cannot be read; check that it exists and may be read", "le fichier STX ne peut pas être lu ; vérifiez qu’il existe et peut se lire"),
    ("the STX_File has more than {} MiB; split it", "le fichier STX dépasse {} Mio ; divisez-le"),
    ("the STX_File cannot be read: {}; then import it again", "le fichier STX ne peut pas être lu : {} ; puis importez-le de nouveau"),
    ("the STX_File's header line cannot be used: {}", "la ligne d’en-tête du fichier STX ne peut pas servir : {}"),
    ("the file is empty; export it again", "le fichier est vide ; exportez-le de nouveau"),
    ("it names no column that is known; begin with INSTITUTION{}ORGANIZATION{}…, without a title or anything else above, or configure a dialect without header line", "elle ne nomme aucune colonne connue ; commencez par INSTITUTION{}ORGANIZATION{}…, sans titre ni rien au-dessus, ou configurez un dialecte sans ligne d’en-tête"),
    ("a quotation mark opens and does not close; remove it", "un guillemet s’ouvre et ne se ferme pas ; enlevez-le"),
    ("field {}, \"{}\", names no column that is known here or in another import of the vendor's; correct or remove the column", "le champ {}, « {} », ne nomme aucune colonne connue ici ou d’un autre import de l’éditeur ; corrigez ou enlevez la colonne"),
    ("{} is named twice; remove one", "{} y est deux fois ; enlevez-en une"),
    ("{} is missing; add it", "{} manque ; ajoutez-la"),
    ("it is the workbook of a spreadsheet; open it there and save the sheet as \"CSV UTF-8\"", "c’est le classeur d’un tableur ; ouvrez-le et enregistrez la feuille comme « CSV UTF-8 »"),
    ("line {} is neither UTF-8 like the rest of it nor written as spreadsheets write; save it as \"CSV UTF-8\"", "la ligne {} n’est ni en UTF-8 comme le reste ni écrite comme les tableurs ; enregistrez le fichier comme « CSV UTF-8 »"),
    ("the file is not UTF-8 and was read as Windows-1252; save it as \"CSV UTF-8\" if accents have become other letters", "le fichier n’est pas en UTF-8 et a été lu comme Windows-1252 ; enregistrez-le comme « CSV UTF-8 » si des accents sont devenus d’autres lettres"),
    ("these columns belong to other imports and were not read: {}", "ces colonnes sont d’autres imports et n’ont pas été lues : {}"),
    ("there is no such account", "ce compte n’existe pas"),
    ("the account could not be read or kept", "le compte n’a pas pu être lu ou gardé"),
    ("the last administrator must stay one", "le dernier administrateur doit le rester"),
    ("the settings cannot be used", "les réglages ne peuvent pas servir"),
    ("the other side cannot be reached, or does not answer", "l’autre côté n’est pas joignable, ou ne répond pas"),
    ("the other side refused it: {}", "l’autre côté l’a refusé : {}"),
    ("{} cannot be read; give its path in [set_up] of the configuration", "{} ne peut pas être lu ; donnez son chemin dans [set_up] de la configuration"),
    ("{} cannot be read; check disk space and rights", "{} ne peut pas être lu ; vérifiez la place et les droits"),
    ("{} cannot be written; check disk space and rights", "{} ne peut pas être écrit ; vérifiez la place et les droits"),
    ("{} cannot be made; check disk space and rights", "{} ne peut pas être créé ; vérifiez la place et les droits"),
    ("{} cannot be removed; check disk space and rights", "{} ne peut pas être effacé ; vérifiez la place et les droits"),
    ("{} cannot be moved aside; check disk space and rights", "{} ne peut pas être mis de côté ; vérifiez la place et les droits"),
    ("{} cannot be written; give the name of a new file with --to", "{} ne peut pas être écrit ; donnez le nom d’un nouveau fichier par --to"),
    ("{} cannot be made", "{} ne peut pas être créé"),
    ("{} cannot be written", "{} ne peut pas être écrit"),
    ("{} cannot be used", "{} ne peut pas servir"),
    ("{} cannot be read", "{} ne peut pas être lu"),
    ("No such file or directory (os error {})", "il n’y a rien sous ce nom"),
    ("Permission denied (os error {})", "l’accès est refusé"),
    ("File exists (os error {})", "il y a déjà quelque chose sous ce nom"),
    ("Is a directory (os error {})", "c’est un dossier"),
    ("Not a directory (os error {})", "ce n’est pas un dossier"),
    ("No space left on device (os error {})", "le disque est plein"),
    ("Address already in use (os error {})", "cette adresse est déjà utilisée"),
    ("Cannot assign requested address (os error {})", "cette machine n’a pas cette adresse"),
    ("Connection refused (os error {})", "la connexion est refusée"),
];

/// A sentence in French, or several with colons between them, as causes stand; as it is,
/// if it is not known.
pub(super) fn in_french(text: &str) -> String {
    known(text).unwrap_or_else(|| {
        let parted = |(at, colon): (usize, &str)| Some((known(&text[..at])?, at + colon.len()));
        match text.match_indices(": ").find_map(parted) {
            Some((first, behind)) => format!("{first}\u{a0}: {}", in_french(&text[behind..])),
            None => text.to_owned(),
        }
    })
}

/// A known sentence in French. What is filled in may be one.
fn known(text: &str) -> Option<String> {
    let of = |(english, french): &(&str, &'static str)| Some((places(english, text)?, *french));
    let (places, french) = SENTENCES.iter().find_map(of)?;
    let mut filled = String::new();
    let (mut rest, mut next) = (french, 0);
    while let Some((before, after)) = rest.split_once('{') {
        let (number, behind) = after.split_once('}').unwrap_or((after, ""));
        let at = number.parse().unwrap_or(next);
        filled += before;
        filled += &places
            .get(at)
            .map_or_else(String::new, |text| in_french(text));
        (rest, next) = (behind, at + 1);
    }
    Some(filled + rest)
}

/// What stands in the places of a sentence, if the text is that.
fn places<'t>(sentence: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut pieces = sentence.split("{}").peekable();
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut places = Vec::new();
    while let Some(piece) = pieces.next() {
        let (place, after) = match pieces.peek() {
            None => (rest.strip_suffix(piece)?, ""),
            Some(_) => rest.split_once(piece)?,
        };
        places.push(place);
        rest = after;
    }
    rest.is_empty().then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What makes an error.
    const MAKERS: [&str; 5] = ["#[error", "bail!", "ensure!", ".context", "with_context"];

    /// Where the errors arise that commands tell.
    const SOURCES: &str = "
        passerelle/src/account_command.rs passerelle/src/assemble.rs passerelle/src/back_office.rs
        passerelle/src/backup.rs passerelle/src/device.rs passerelle/src/doctor_command.rs
        passerelle/src/edge_command.rs passerelle/src/folders.rs passerelle/src/house.rs
        passerelle/src/init.rs passerelle/src/notices_command.rs passerelle/src/out.rs
        passerelle/src/reconcile.rs passerelle/src/report.rs passerelle/src/retention.rs
        passerelle/src/sales.rs passerelle/src/sandbox_command.rs
        passerelle/src/secrets_command.rs passerelle/src/serve.rs passerelle/src/set_up.rs
        passerelle/src/support_bundle.rs passerelle/src/ticketing.rs
        books/src/backup.rs books/src/backup/manifest.rs books/src/backup/restore.rs
        books/src/retention.rs boxoffice/src/catalogue.rs boxoffice/src/external_sales.rs
        boxoffice/src/sales_file.rs boxoffice/src/stx_import.rs boxoffice/src/stx_upload.rs
        config/src/lib.rs config/src/tls.rs db/src/error.rs edge/src/config.rs edge/src/door.rs
        edge/src/journal.rs edge/src/run.rs edge/src/server.rs gate/src/devices/token.rs
        gate/src/site/interface.rs gate/src/site/layout.rs kernel/src/code.rs kernel/src/seal.rs
        kernel/src/table.rs kernel/src/time.rs notices/src/notices.rs sandbox/src/pass.rs
        secutix/src/client/error.rs secutix/src/stx/dialect.rs secutix/src/stx/reader.rs";

    /// The texts in a source of which errors are made, `{}` for what is filled in.
    fn sentences(source: &str) -> Vec<String> {
        let lines = source.lines().take_while(|line| *line != "mod tests {");
        let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
        let source = lines.collect::<Vec<_>>().join("\n").replace("'\"'", "");
        let (mut found, mut rest) = (Vec::new(), source.as_str());
        // For each parenthesis that is open, whether an error is made in it.
        let mut open = vec![false];
        while let Some((before, from)) = rest.find(['(', ')', '"']).map(|at| rest.split_at(at)) {
            rest = &from[1..];
            match &from[..1] {
                "(" => {
                    let makes = MAKERS.iter().any(|maker| before.ends_with(maker));
                    open.push(makes || open.last() == Some(&true));
                }
                ")" => drop(open.pop()),
                _ => {
                    let ends = rest.match_indices('"').map(|(at, _)| at);
                    let end = ends.into_iter().find(|at| !rest[..*at].ends_with('\\'));
                    let (text, after) = rest.split_at(end.unwrap());
                    rest = &after[1..];
                    if open.last() == Some(&true) {
                        found.push(text.split("\\\n").map(str::trim_start).collect());
                    }
                }
            }
        }
        let slotted = |text: String| {
            let mut parts = text.split('{');
            let first = parts.next().unwrap_or_default().to_owned();
            let behind = parts.map(|part| part.split_once('}').map_or("", |(_, behind)| behind));
            behind.fold(first, |text, behind| format!("{text}{{}}{behind}"))
        };
        let slotted = found.into_iter().map(slotted);
        slotted.map(|text| text.replace("\\\"", "\"")).collect()
    }

    #[test]
    fn what_errors_say_is_there_in_french() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let sources = SOURCES.split_whitespace().map(|path| crates.join(path));
        let sources = sources.map(|path| std::fs::read_to_string(path).unwrap());
        let all: Vec<_> = sources.flat_map(|source| sentences(&source)).collect();
        assert!(all.len() > 100, "{all:#?}");
        let is_said = |text: &&String| text.replace("{}", "").split_whitespace().count() > 2;
        let unknown = all
            .iter()
            .filter(is_said)
            .filter(|text| in_french(text) == **text);
        let unknown: Vec<_> = unknown.collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
        for (english, french) in SENTENCES {
            assert!(!kernel::text::tears(french), "{french}");
            let count = |text: &str| text.matches('{').count();
            assert!(count(french) <= count(english), "{french}");
        }
    }

    #[test]
    fn a_sentence_is_known_with_what_is_filled_in() {
        for (english, french) in [
            ("the database is closed", "la base est fermée"),
            ("/a/b cannot be written", "/a/b ne peut pas être écrit"),
            (
                "error: invalid value 'x' for '--from <DAY>': \"x\" is not a day; write it like 2026-07-14",
                "erreur\u{a0}: valeur impossible «\u{a0}x\u{a0}» pour «\u{a0}--from <DAY>\u{a0}»\u{a0}: \"x\" n’est pas un jour\u{a0}; écrivez-le comme 2026-07-14",
            ),
            (
                "\"xx\" is no language; choose en or fr",
                "\"xx\" n’est pas une langue\u{a0}; choisissez parmi en ou fr",
            ),
            (
                "the site could not be read or written: the database is closed: x",
                "le site n’a pas pu être lu ou écrit\u{a0}: la base est fermée\u{a0}: x",
            ),
            ("what nobody knows", "what nobody knows"),
        ] {
            assert_eq!(in_french(english), french);
        }
    }
}
