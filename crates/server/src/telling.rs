//! Tells those who do not look what is not well.

use crate::stop::Stop;
use db::Db;
use kernel::causes;
use notices::Notices;
use office::Day;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether something is to be told.
const LOOK: Duration = Duration::from_secs(30);

// Each process notes what it knows, such as of its role; no message goes twice, since a
// way is claimed for each.
pub(crate) async fn tell(notices: Notices, day: Arc<Day>, db: Db, stop: Stop) {
    let language = notices.about.language;
    while !stop.is_said() {
        let step = async {
            let causes = day.causes(language).await?;
            notices.step(&db, causes, day.now()).await
        };
        // Told to stop while a message goes out: it may go once more.
        if let Some(Err(error)) = stop.or(step).await {
            tracing::warn!(
                error = causes(&error),
                "nobody could be told what is not well"
            );
        }
        stop.pause(LOOK).await;
    }
}
