//! The doctor inside the running service.

use super::{Occasion, Reach, Surroundings, examination};
use crate::bundle::bundle;
use crate::finding::{Coming, Diagnosis, Doctor, Question};
use crate::support::Bundle;
use db::Db;
use kernel::Clock;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Examines the set-up that the service was started with, by the configuration
/// as it now is and the database that is open.
#[derive(Debug, Clone)]
pub struct HouseDoctor {
    /// Where the configuration is.
    pub config: PathBuf,
    /// What stood over it.
    pub surroundings: Surroundings,
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl HouseDoctor {
    fn occasion(&self, reach: Reach, patience: Duration) -> Occasion<'_> {
        Occasion {
            config: &self.config,
            surroundings: self.surroundings,
            reach,
            patience,
            db: Some(self.db.clone()),
            mapping: None,
            clock: Arc::clone(&self.clock),
        }
    }
}

impl Doctor for HouseDoctor {
    fn examine(&self, question: Question) -> Coming<Diagnosis> {
        let doctor = self.clone();
        Box::pin(async move {
            let occasion = match question {
                Question::Everything(patience) => doctor.occasion(Reach::Online, patience),
                Question::Mapping(text) => Occasion {
                    mapping: Some(text),
                    ..doctor.occasion(Reach::Offline, Duration::ZERO)
                },
            };
            examination(occasion).await.diagnosis()
        })
    }

    fn support_bundle(&self, patience: Duration) -> Coming<Bundle> {
        let doctor = self.clone();
        Box::pin(async move { bundle(doctor.occasion(Reach::Online, patience)).await })
    }
}
