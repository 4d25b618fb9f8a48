//! The devices of the day: they send, and send again what was not answered.

use super::scans::{RecordedScan, Step};
use anyhow::{Context, Result, bail, ensure};
use gate::DeviceToken;
use kernel::{CheckId, DeviceCode};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a device waits for an answer before it sends the check again.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How long the service may take to come back.
const RETURN_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Devices {
    http: Client,
    base: String,
    tokens: BTreeMap<DeviceCode, DeviceToken>,
    /// The first answer to each check: any later one must be the same.
    answers: Mutex<HashMap<CheckId, Value>>,
}

/// What waits in the service.
#[derive(Debug, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) deliveries: i64,
    pub(crate) declarations: i64,
    unresolved: i64,
    disputes: i64,
    staged_ready: i64,
}

impl Waiting {
    /// Whether everything that can be done is done.
    pub(crate) const fn is_empty(&self) -> bool {
        self.deliveries == 0
            && self.declarations == 0
            && self.unresolved == 0
            && self.disputes == 0
            && self.staged_ready == 0
    }
}

#[derive(Deserialize)]
struct Ready {
    waiting: Waiting,
}

impl Devices {
    pub(crate) fn new(
        service: SocketAddr,
        tokens: BTreeMap<DeviceCode, DeviceToken>,
    ) -> Result<Self> {
        Ok(Self {
            http: Client::builder()
                .timeout(ANSWER_LIMIT)
                .no_proxy()
                .tcp_nodelay(true)
                .build()
                .context("no HTTP client could be made")?,
            base: format!("http://{service}"),
            tokens,
            answers: Mutex::default(),
        })
    }

    /// Sends a step until it is answered, and holds each answer against the
    /// first one of the same check.
    pub(crate) async fn send(&self, step: &Step<'_>) -> Result<()> {
        loop {
            match self.try_send(step).await? {
                Some(answer) => return self.compare(step, &answer),
                None => self.returned().await?,
            }
        }
    }

    /// Sends a step once; `None` if it was not answered.
    pub(crate) async fn try_send(&self, step: &Step<'_>) -> Result<Option<Value>> {
        let request = match step {
            Step::Check(scan) => self.post("checks", &scan.device)?.json(&body(scan)),
            Step::Journal([]) => return Ok(Some(Value::Null)),
            Step::Journal(scans @ [first, ..]) => {
                let checks: Vec<_> = scans.iter().map(body).collect();
                self.post("checks/batch", &first.device)?
                    .json(&json!({ "checks": checks }))
            }
        };
        let Ok(response) = request.send().await else {
            return Ok(None);
        };
        let status = response.status();
        let Ok(answer) = response.json::<Value>().await else {
            return Ok(None);
        };
        match status {
            StatusCode::OK => Ok(Some(answer)),
            status if status.is_server_error() => Ok(None),
            status => bail!("the service answered a check with {status}: {answer}"),
        }
    }

    /// What waits in the service, once it answers.
    pub(crate) async fn waiting(&self) -> Result<Waiting> {
        loop {
            if let Some(waiting) = self.ready().await {
                return Ok(waiting);
            }
            self.returned().await?;
        }
    }

    async fn ready(&self) -> Option<Waiting> {
        let url = format!("{}/health/ready", self.base);
        let response = self.http.get(url).send().await.ok()?;
        let response = response.error_for_status().ok()?;
        response
            .json::<Ready>()
            .await
            .ok()
            .map(|ready| ready.waiting)
    }

    async fn returned(&self) -> Result<()> {
        let back = async {
            while self.ready().await.is_none() {
                tokio::time::sleep(super::service::LOOK).await;
            }
        };
        let back = tokio::time::timeout(RETURN_LIMIT, back).await.ok();
        back.with_context(|| {
            let limit_s = RETURN_LIMIT.as_secs();
            format!("the service did not come back within {limit_s} s")
        })
    }

    fn post(&self, path: &str, device: &DeviceCode) -> Result<RequestBuilder> {
        let token = self
            .tokens
            .get(device)
            .with_context(|| format!("the scans name the device {device}, the site does not"))?;
        let url = format!("{}/api/v1/{path}", self.base);
        Ok(self.http.post(url).bearer_auth(token.reveal()))
    }

    /// Same id, same answer.
    pub(crate) fn compare(&self, step: &Step<'_>, answer: &Value) -> Result<()> {
        let answers: Vec<_> = match step {
            Step::Check(scan) => vec![(scan.id, answer.clone())],
            Step::Journal(scans) => {
                let results = answer["results"].as_array().map_or(&[][..], Vec::as_slice);
                ensure!(
                    results.len() == scans.len(),
                    "the service gave {} results for a batch of {}",
                    results.len(),
                    scans.len()
                );
                let kept = results.iter().map(|result| result["answer"].clone());
                scans.iter().map(|scan| scan.id).zip(kept).collect()
            }
        };
        let mut known = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, mut answer) in answers {
            // The one field that says whether it was given before.
            if let Some(fields) = answer.as_object_mut() {
                fields.remove("repeated");
            }
            let first = known.entry(id).or_insert_with(|| answer.clone());
            ensure!(
                *first == answer,
                "the check {id} got another answer than the first time: {answer}, first {first}"
            );
        }
        Ok(())
    }
}

fn body(scan: &RecordedScan) -> Value {
    json!({ "id": scan.id, "code": scan.code, "scanned_at": scan.scanned_at })
}
