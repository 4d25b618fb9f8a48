//! Plays a script and tells how it ended.

use crate::Broken;
use crate::generator::{Script, script};
use crate::planted::Planted;
use crate::shrink;
use crate::tally::Tally;
use crate::world::World;
use std::fmt;
use std::path::{Path, PathBuf};

/// After so many operations the books are looked at.
const LOOK_EVERY: usize = 50;

/// A disk in memory, if there is one: nothing of a story outlives it.
#[must_use]
pub fn disk() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

/// Plays a script to its end.
///
/// # Errors
/// The first rule that it breaks.
pub fn play(script: &Script, planted: Option<Planted>) -> Result<Tally, Broken> {
    play_with(script, planted, LOOK_EVERY).map_err(|(_, broken)| broken)
}

/// As [`play`]; what it breaks comes with the number of operations until then.
fn play_with(
    script: &Script,
    planted: Option<Planted>,
    look_every: usize,
) -> Result<Tally, (usize, Broken)> {
    let mut played = 0;
    let mut tell = async || {
        let folder = tempfile::Builder::new()
            .prefix("passerelle-simulation-")
            .tempdir_in(disk())
            .map_err(Broken::error("there is a disk"))?;
        let mut world = World::new(script.setting, planted, folder.path()).await?;
        for operation in &script.operations {
            played += 1;
            world.perform(*operation).await?;
            if played % look_every == 0 {
                world.check().await?;
            }
        }
        world.rest().await
    };
    let told = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .map_err(Broken::error("there is a thread"))
        .and_then(|runtime| runtime.block_on(tell()));
    told.map_err(|broken| (played, broken))
}

/// A seed whose story breaks a rule, as short as it gets.
#[derive(Debug, Clone)]
pub struct BrokenStory {
    /// The seed.
    pub seed: u64,
    /// How many operations it had.
    pub length: usize,
    /// What is left of it.
    pub script: Script,
    /// What it breaks.
    pub broken: Broken,
}

/// Plays the story of a seed, and shortens it if it breaks a rule.
///
/// # Errors
/// The shortened story.
pub fn tell(
    seed: u64,
    operations: usize,
    planted: Option<Planted>,
) -> Result<Tally, Box<BrokenStory>> {
    let mut whole = script(seed, operations);
    let (played, broken) = match play(&whole, planted) {
        Ok(tally) => return Ok(tally),
        // The first rule that it breaks is told, not the one that was looked at
        // first; what comes behind is not needed.
        Err(broken) => {
            let first = play_with(&whole, planted, 1).err();
            first.unwrap_or((operations, broken))
        }
    };
    whole.operations.truncate(played);
    let shrunk = shrink::shrink(&whole, &broken, |script| {
        play_with(script, planted, 1)
            .err()
            .map(|(_, broken)| broken)
    });
    Err(Box::new(BrokenStory {
        seed,
        length: operations,
        script: shrunk.0,
        broken: shrunk.1,
    }))
}

impl fmt::Display for BrokenStory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setting = &self.script.setting;
        writeln!(
            f,
            "seed {} breaks a rule; {} of its {} operations are needed:",
            self.seed,
            self.script.operations.len(),
            self.length
        )?;
        writeln!(
            f,
            "     0. the story begins; Otipass has {:?} references, a silent Otipass means \
             {:?}, a journal takes {} checks, ticketing is {:?}",
            setting.references, setting.when_silent, setting.journal_limit, setting.seller
        )?;
        for (number, operation) in (1..).zip(&self.script.operations) {
            writeln!(f, "{number:>6}. {operation:?}")?;
        }
        writeln!(f, "        all is well again, and everything gets its turn")?;
        writeln!(f, "broken: {}", self.broken.rule)?;
        write!(f, "        {}", self.broken.what)
    }
}
