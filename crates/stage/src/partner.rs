//! Otipass, as far as a museum sees of it.

use kernel::{Clock, SystemClock};
use otipass::{Credentials, References};
use sandbox::{Failure, Fault, PassBook, Sandbox, SandboxSettings};
use std::net::TcpListener;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// A stand-in on loopback. It answers as long as it is held, whatever the test
/// waits for meanwhile.
pub struct Otipass {
    /// Its passes, its log and its faults.
    pub sandbox: Sandbox,
    /// Where it is, up to and including `/api`.
    pub url: String,
    /// It has no end in common with the test's own.
    runtime: Option<Runtime>,
}

/// A row of [`Otipass::open`] for a pass that opens the doors of VN_AUG; `entries`
/// is `*` or how many are left.
pub fn pass(number: &str, status: &str, entries: &str) -> String {
    format!("{number};{status};7;2099-12-31;PCUMID000FSA5CD6:{entries}\n")
}

/// Card numbers that fit, one after the other.
pub fn card(serial: usize) -> String {
    let digits = format!("{:07}", serial + 1_000_000);
    let mut numbers = (0..10).map(|check| format!("{digits}{check}"));
    numbers.find(|number| otipass::luhn_fits(number)).unwrap()
}

impl Otipass {
    /// Knows passes of these rows (`number;status;duration_days;valid_until;services`)
    /// and lets everybody ask.
    pub fn open(rows: &str) -> Self {
        Self::with(rows, Arc::new(SystemClock), None)
    }

    /// The same, and takes each question for a new one, whatever its reference.
    pub fn forgetful(rows: &str) -> Self {
        Self::made(rows, Arc::new(SystemClock), |settings| {
            settings.contract.references = References::Ignored;
        })
    }

    /// The same at the time of another clock, for those with these credentials.
    pub fn with(rows: &str, clock: Arc<dyn Clock>, credentials: Option<Credentials>) -> Self {
        Self::made(rows, clock, |settings| settings.credentials = credentials)
    }

    fn made(rows: &str, clock: Arc<dyn Clock>, change: impl FnOnce(&mut SandboxSettings)) -> Self {
        let passes = format!("number;status;duration_days;valid_until;services\n{rows}");
        let zone = "Europe/Paris".parse().unwrap();
        let mut settings = SandboxSettings::new("villeneuve", zone, clock);
        change(&mut settings);
        let sandbox = Sandbox::new(PassBook::from_csv(passes.as_bytes()).unwrap(), settings);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (served, never) = (sandbox.clone(), std::future::pending());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            sandbox::serve(listener, served, never).await
        });
        Self {
            sandbox,
            url,
            runtime: Some(runtime),
        }
    }

    /// Fails so many requests like this, or all from now on.
    pub fn fail(&self, failure: Failure, requests: Option<u32>) {
        self.fault(Fault {
            latency_ms: 0,
            failure: Some(failure),
            requests,
        });
    }

    /// Answers late, and otherwise as it should.
    pub fn delay(&self, latency_ms: u64) {
        self.fault(Fault {
            latency_ms,
            ..Fault::default()
        });
    }

    /// Has this fault and no other.
    pub fn fault(&self, fault: Fault) {
        self.sandbox.set_faults(vec![fault]).unwrap();
    }
}

impl Drop for Otipass {
    fn drop(&mut self) {
        // A runtime must not wait for its end within another.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
