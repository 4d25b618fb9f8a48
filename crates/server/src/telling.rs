//! Tells those who do not look what is not well.

use crate::roles::Telling;
use crate::stop::Stop;
use crate::turn::Turn;
use db::Db;
use kernel::causes;
use office::Day;
use std::time::Duration;

/// How often it is looked whether something is to be told.
const LOOK: Duration = Duration::from_secs(30);

pub(crate) async fn tell(telling: Telling, day: Day, db: Db, turn: Turn, stop: Stop) {
    let language = telling.notices.about.language;
    while turn.comes(&stop).await.is_some() {
        let step = async {
            let causes = day.causes(language).await?;
            telling.notices.step(&db, causes, telling.clock.now()).await
        };
        // Told to stop while a message goes out: it may go once more.
        if let Some(Err(error)) = stop.or(step).await {
            tracing::warn!(
                error = causes(&error),
                "nobody could be told what is not well"
            );
        }
        turn.pause(LOOK, &stop).await;
    }
    turn.ends().await;
}
