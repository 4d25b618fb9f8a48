//! The devices of the day: they send, and send again what was not answered.

use super::scans::Step;
use anyhow::{Context, Result, bail, ensure};
use gate::DeviceToken;
use kernel::{CheckId, DeviceCode, Timestamp};
use parking_lot::Mutex;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

/// How long a device waits for an answer before it sends the check again.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How long the service may take to come back.
const RETURN_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Devices {
    http: Client,
    /// The services on one database; a device goes to one of them.
    bases: Vec<String>,
    tokens: BTreeMap<DeviceCode, DeviceToken>,
    /// What holds between steps.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The first answer to each check: any later one must be the same.
    answers: HashMap<CheckId, Value>,
    /// The service's revisions of the set-up, by the changes made before each.
    revisions: Vec<i64>,
    conflicts: usize,
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
        services: &[SocketAddr],
        tokens: BTreeMap<DeviceCode, DeviceToken>,
    ) -> Result<Self> {
        Ok(Self {
            http: Client::builder()
                .timeout(ANSWER_LIMIT)
                .no_proxy()
                .tcp_nodelay(true)
                .build()
                .context("no HTTP client could be made")?,
            bases: services.iter().map(|at| format!("http://{at}")).collect(),
            tokens,
            state: Mutex::default(),
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
        let [first, ..] = step.scans() else {
            return Ok(Some(Value::Null));
        };
        let (path, body) = {
            let state = self.state.lock();
            let mut bodies = step.scans().iter().map(|scan| scan.body(&state.revisions));
            match step {
                Step::Check(_) => ("checks", bodies.next().unwrap_or_default()),
                Step::Journal(_) => {
                    let checks: Vec<_> = bodies.collect();
                    ("checks/batch", json!({ "checks": checks }))
                }
            }
        };
        let request = self
            .to(Method::POST, path, &first.device)?
            .header(server::CLOCK_HEADER, first.arrived_at.to_string())
            .json(&body);
        let Ok(response) = request.send().await else {
            return Ok(None);
        };
        let status = response.status();
        let Ok(answer) = response.json::<Value>().await else {
            return Ok(None);
        };
        match status {
            StatusCode::OK | StatusCode::CONFLICT => Ok(Some(answer)),
            status if status.is_server_error() => Ok(None),
            status => bail!("the service answered a check with {status}: {answer}"),
        }
    }

    /// What waits in the service, once it answers.
    pub(crate) async fn waiting(&self, by: Option<Timestamp>) -> Result<Waiting> {
        loop {
            if let Some(waiting) = self.ready(by).await {
                return Ok(waiting);
            }
            self.returned().await?;
        }
    }

    /// What waits, if all services are ready; each tells it of the whole.
    async fn ready(&self, by: Option<Timestamp>) -> Option<Waiting> {
        let mut waiting = None;
        for base in &self.bases {
            waiting = Some(self.ready_at(base, by).await?);
        }
        waiting
    }

    async fn ready_at(&self, base: &str, by: Option<Timestamp>) -> Option<Waiting> {
        let url = format!("{base}/health/ready");
        let mut request = self.http.get(url);
        if let Some(by) = by {
            request = request.header(server::CLOCK_HEADER, by.to_string());
        }
        let response = request.send().await.ok()?;
        let response = response.error_for_status().ok()?;
        response
            .json::<Ready>()
            .await
            .ok()
            .map(|ready| ready.waiting)
    }

    async fn returned(&self) -> Result<()> {
        let back = async {
            while self.ready(None).await.is_none() {
                tokio::time::sleep(super::service::LOOK).await;
            }
        };
        let back = tokio::time::timeout(RETURN_LIMIT, back).await.ok();
        back.with_context(|| {
            let limit_s = RETURN_LIMIT.as_secs();
            format!("the service did not come back within {limit_s} s")
        })
    }

    /// Which of the services a device goes to.
    pub(crate) fn service_of(&self, device: &DeviceCode) -> usize {
        let place = self.tokens.keys().position(|known| known == device);
        place.unwrap_or_default() % self.bases.len()
    }

    fn to(&self, method: Method, path: &str, device: &DeviceCode) -> Result<RequestBuilder> {
        self.to_service(self.service_of(device), method, path, device)
    }

    fn to_service(
        &self,
        service: usize,
        method: Method,
        path: &str,
        device: &DeviceCode,
    ) -> Result<RequestBuilder> {
        let token = self
            .tokens
            .get(device)
            .with_context(|| format!("the scans name the device {device}, the site does not"))?;
        let url = format!("{}/api/v1/{path}", self.bases[service]);
        Ok(self.http.request(method, url).bearer_auth(token.reveal()))
    }

    /// How many checks were refused because their id belongs to another.
    pub(crate) fn conflicts(&self) -> usize {
        self.state.lock().conflicts
    }

    /// Waits until all services have heard of the latest change: until the set-up has
    /// another revision than after the change before.
    pub(crate) async fn heard_of_change(&self) -> Result<()> {
        let known = self.state.lock().revisions.last().copied();
        let device = self
            .tokens
            .keys()
            .next()
            .context("the site has no device")?;
        let heard = async {
            loop {
                let mut revisions = Vec::with_capacity(self.bases.len());
                for service in 0..self.bases.len() {
                    revisions.push(self.revision(service, device).await?);
                }
                match revisions[..] {
                    [Some(first), ref others @ ..]
                        if known != Some(first) && others.iter().all(|o| *o == Some(first)) =>
                    {
                        return Ok(first);
                    }
                    _ => tokio::time::sleep(super::service::LOOK).await,
                }
            }
        };
        let revision = tokio::time::timeout(RETURN_LIMIT, heard).await;
        let revision: Result<i64> =
            revision.context("the service has not heard of a change of the set-up")?;
        self.state.lock().revisions.push(revision?);
        Ok(())
    }

    async fn revision(&self, service: usize, device: &DeviceCode) -> Result<Option<i64>> {
        let request = self.to_service(service, Method::GET, "device", device)?;
        let Ok(response) = request.send().await else {
            return Ok(None);
        };
        let snapshot = response.json::<Value>().await;
        Ok(snapshot
            .ok()
            .and_then(|snapshot| snapshot["set_up"].as_i64()))
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
                let kept = results.iter().map(|result| match &result["answer"] {
                    Value::Null => result["problem"].clone(),
                    answer => answer.clone(),
                });
                scans.iter().map(|scan| scan.id).zip(kept).collect()
            }
        };
        let mut state = self.state.lock();
        for (id, mut answer) in answers {
            // Refused, and nothing has changed.
            if answer["code"] == "check_id_conflict" {
                state.conflicts += 1;
                continue;
            }
            ensure!(
                answer["outcome"].is_string(),
                "the check {id} was not decided: {answer}"
            );
            // The one field that says whether it was given before.
            if let Some(fields) = answer.as_object_mut() {
                fields.remove("repeated");
            }
            let first = state.answers.entry(id).or_insert_with(|| answer.clone());
            ensure!(
                *first == answer,
                "the check {id} got another answer than the first time: {answer}, first {first}"
            );
        }
        Ok(())
    }
}
