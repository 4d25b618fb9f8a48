//! Signing in by an OpenID Connect provider, with a stand-in on loopback.

use crate::house::House;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use staff::provider::{Provider, ProviderSettings};
use staff::{Actor, Role};
use stage::{Answer, Browser, Plan};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What the stand-in knows and answers.
#[derive(Default)]
struct Known {
    issuer: String,
    /// The claims of the next ID token, over the usual ones.
    claims: Value,
    /// What the browser was sent with.
    asked: BTreeMap<String, String>,
    /// How often tokens were asked for.
    tokens: u32,
}

type Shared = Arc<Mutex<Known>>;

async fn discovery(State(known): State<Shared>) -> Json<Value> {
    let issuer = known.lock().unwrap().issuer.clone();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
    }))
}

/// Holds the client to the standard, and answers with an ID token.
async fn token(
    State(known): State<Shared>,
    headers: axum::http::HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> Json<Value> {
    let mut known = known.lock().unwrap();
    known.tokens += 1;
    let basic = STANDARD.encode("passerelle:s%26cret");
    assert_eq!(headers["authorization"], format!("Basic {basic}"));
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "the-code");
    assert_eq!(form["redirect_uri"], known.asked["redirect_uri"]);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    assert_eq!(challenge, known.asked["code_challenge"]);
    let mut claims = json!({
        "iss": known.issuer, "sub": "person-7", "aud": "passerelle",
        "exp": stage::villeneuve::now().millis() / 1_000 + 300,
        "nonce": known.asked["nonce"],
        "email": "Robin@Museum.example", "email_verified": true, "name": "Robin",
    });
    if let Some(changes) = known.claims.as_object() {
        for (name, value) in changes {
            claims[name] = value.clone();
        }
    }
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    Json(json!({"token_type": "Bearer", "id_token": format!("e30.{payload}.c2ln")}))
}

struct Trusting {
    house: House,
    known: Shared,
}

impl Trusting {
    /// With roles by the claim `groups`, or without.
    async fn open(by_claim: bool) -> Self {
        let known = Shared::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        known.lock().unwrap().issuer.clone_from(&issuer);
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/token", post(token))
            .with_state(Arc::clone(&known));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let make = move |url: &str| {
            Provider::new(ProviderSettings {
                issuer,
                client_id: "passerelle".to_owned(),
                client_secret: "s&cret".into(),
                label: "Museum".to_owned(),
                redirect_uri: format!("{url}/office/provider/back"),
                role_claim: by_claim.then(|| "groups".to_owned()),
                roles: [
                    ("books".to_owned(), Role::Finance),
                    ("boss".to_owned(), Role::Administrator),
                ]
                .into(),
            })
            .unwrap()
        };
        let house = House::open(Plan::empty(), |office| {
            office.provider = Some(make(&office.url))
        })
        .await;
        house.hire(Role::Administrator).await;
        Self { house, known }
    }

    /// Goes to the provider; it has the person sign in and sends them back.
    async fn go(&self, browser: &mut Browser, next: &str) -> String {
        let sent = browser.get(&format!("/office/provider?next={next}")).await;
        let url = reqwest::Url::parse(sent.leads_to()).unwrap();
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(url.path(), "/authorize");
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["scope"], "openid email profile");
        assert_eq!(asked["code_challenge_method"], "S256");
        let back = format!(
            "{}?code=the-code&state={}",
            asked["redirect_uri"], asked["state"]
        );
        self.known.lock().unwrap().asked = asked;
        back
    }

    async fn sign_in(&self, browser: &mut Browser) -> Answer {
        let back = self.go(browser, "/office/me").await;
        browser.get(&back).await
    }

    fn claim(&self, claims: Value) {
        self.known.lock().unwrap().claims = claims;
    }
}

fn refused(answer: &Answer, says: &str) {
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.text.contains(says), "{says}: {}", answer.text);
}

#[tokio::test]
async fn an_account_is_found_by_its_verified_address_and_then_by_its_link() {
    let museum = Trusting::open(false).await;
    let mut browser = museum.house.browser();
    let page = browser.get("/office/sign-in").await;
    assert!(page.text.contains("Sign in with Museum"));
    refused(
        &museum.sign_in(&mut browser).await,
        "No account has your verified e-mail address",
    );

    let robin = museum
        .house
        .hire_as("robin@museum.example", Role::GateManager)
        .await;
    museum.claim(json!({"email_verified": false}));
    refused(
        &museum.sign_in(&mut browser).await,
        "No account has your verified e-mail address",
    );
    museum.claim(json!({}));
    assert_eq!(museum.sign_in(&mut browser).await.leads_to(), "/office/me");
    assert!(
        browser
            .get("/office/me")
            .await
            .text
            .contains("Gate manager")
    );

    // Linked: the address may change at either side.
    museum.claim(json!({"email": "other@museum.example"}));
    museum.sign_in(&mut museum.house.browser()).await.leads_to();
    let actor = Actor::service();
    museum.house.staff.disable(&actor, robin.id).await.unwrap();
    refused(
        &museum.sign_in(&mut browser).await,
        "Your account is disabled",
    );
    assert_eq!(museum.house.staff.accounts().await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_counts_once_and_in_the_browser_that_asked() {
    let museum = Trusting::open(false).await;
    museum
        .house
        .hire_as("robin@museum.example", Role::Support)
        .await;
    let mut browser = museum.house.browser();
    let back = museum.go(&mut browser, "https://elsewhere.example").await;
    let mut other = museum.house.browser();
    other.get("/office/sign-in").await;
    refused(&other.get(&back).await, "began in another browser");
    let forged = format!("{}x", back);
    refused(&browser.get(&forged).await, "began in another browser");
    assert_eq!(browser.get(&back).await.leads_to(), "/office/");
    refused(&browser.get(&back).await, "began in another browser");

    let late = museum.go(&mut other, "/office/").await;
    museum.house.clock.advance_ms(600_000);
    refused(&other.get(&late).await, "took too long");
    let denied = museum
        .go(&mut other, "/office/")
        .await
        .replace("code=the-code", "error=access_denied");
    refused(&other.get(&denied).await, "did not confirm");
    assert_eq!(
        museum.known.lock().unwrap().tokens,
        1,
        "asked for nothing else"
    );
}

#[tokio::test]
async fn an_id_token_that_is_not_for_us_now_is_not_believed() {
    let museum = Trusting::open(false).await;
    museum
        .house
        .hire_as("robin@museum.example", Role::Support)
        .await;
    let mut browser = museum.house.browser();
    for claims in [
        json!({"iss": "https://elsewhere.example"}),
        json!({"aud": "another"}),
        json!({"nonce": "another"}),
        json!({"exp": 1}),
    ] {
        museum.claim(claims);
        refused(
            &museum.sign_in(&mut browser).await,
            "does not answer as it should",
        );
    }
    museum.claim(json!({}));
    museum.sign_in(&mut browser).await.leads_to();
}

#[tokio::test]
async fn the_claim_gives_the_role_at_each_sign_in() {
    let museum = Trusting::open(true).await;
    let mut browser = museum.house.browser();
    refused(&museum.sign_in(&mut browser).await, "given you no role");
    museum.claim(json!({"groups": ["visitors", "books"]}));
    museum.sign_in(&mut browser).await.leads_to();
    let accounts = museum.house.staff.accounts().await.unwrap();
    let robin = accounts
        .iter()
        .find(|a| a.login == "robin@museum.example")
        .unwrap();
    assert_eq!((robin.role, robin.has_password), (Role::Finance, false));

    museum.claim(json!({"groups": ["boss"]}));
    museum.sign_in(&mut museum.house.browser()).await.leads_to();
    assert_eq!(
        browser.get("/office/").await.status,
        303,
        "another role, another session"
    );
    let now = museum.house.staff.account(robin.id).await.unwrap();
    assert_eq!(now.role, Role::Administrator);

    // The last administrator stays one, whatever the provider says.
    let first = accounts
        .iter()
        .find(|a| a.login == "administrator")
        .unwrap();
    let actor = Actor::service();
    museum.house.staff.disable(&actor, first.id).await.unwrap();
    museum.claim(json!({"groups": "books"}));
    museum.sign_in(&mut browser).await.leads_to();
    let now = museum.house.staff.account(robin.id).await.unwrap();
    assert_eq!(now.role, Role::Administrator);
}

#[tokio::test]
async fn what_the_provider_says_of_a_person_stays_text() {
    const SCRIPT: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\r\nx: y";
    let museum = Trusting::open(true).await;
    let mut browser = museum.house.browser();
    museum.claim(json!({"groups": ["boss"], "name": SCRIPT}));
    museum.sign_in(&mut browser).await.leads_to();
    let mut shown = 0;
    for path in [
        "/office/",
        "/office/me",
        "/office/accounts",
        "/office/audit",
    ] {
        let page = browser.get(path).await.text;
        assert!(
            !page.contains("<script>") && !page.contains("<img src=x"),
            "{page}"
        );
        shown += page.matches("alert(1)").count();
    }
    assert!(shown > 4, "the name itself is shown: {shown}");
    // Neither a role nor an address of that kind is anything to us.
    for claims in [
        json!({"groups": [SCRIPT]}),
        json!({"groups": ["boss"], "sub": "person-8", "email": SCRIPT}),
    ] {
        museum.claim(claims);
        let answer = museum.sign_in(&mut museum.house.browser()).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(!answer.text.contains("<script>"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_in_words() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let make = move |url: &str| {
        Provider::new(ProviderSettings {
            issuer,
            client_id: "passerelle".to_owned(),
            client_secret: "s".into(),
            label: "Museum".to_owned(),
            redirect_uri: format!("{url}/office/provider/back"),
            role_claim: None,
            roles: BTreeMap::new(),
        })
        .unwrap()
    };
    let house = House::open(Plan::empty(), |office| {
        office.provider = Some(make(&office.url))
    })
    .await;
    refused(
        &house.browser().get("/office/provider").await,
        "does not answer as it should",
    );
}
