//! Feeds made-up input to everything that reads what others wrote, a limit of time
//! and memory on each: `cargo xtask fuzz [TARGET] [--minutes N]`.
//!
//! A target runs in a process of its own, which writes each input down before it
//! is read. One at which it ends, or over which it sits too long, is kept among the
//! seeds, which tests read again for ever.

mod device_api;
mod mutate;
mod targets;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use kernel::hex;
use parking_lot::Mutex;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use targets::{TARGETS, Target};

/// How long one input may take of the processor, however busy the machine is: a
/// thousand times what most do.
const INPUT_LIMIT: Duration = Duration::from_secs(2);

/// What a target may take in memory, in bytes.
const MEMORY_LIMIT: u64 = 512 * 1024 * 1024;

/// The most inputs that a run remembers besides the seeds.
const REMEMBERED: usize = 2_000;

/// The word by which this program runs one target itself.
const WORKER: &str = "--worker";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [WORKER, name, seconds] = arguments[..] {
        return work(target(name)?, Duration::from_secs(seconds.parse()?));
    }
    let (chosen, minutes) = match arguments[..] {
        [] => (None, "10"),
        ["--minutes", minutes] => (None, minutes),
        [name] => (Some(name), "1"),
        [name, "--minutes", minutes] => (Some(name), minutes),
        _ => bail!("usage: fuzz [TARGET] [--minutes N]"),
    };
    let minutes: u64 = minutes.parse().context("--minutes takes a whole number")?;
    let chosen: Vec<&Target> = match chosen {
        None => TARGETS.iter().collect(),
        Some(name) => vec![target(name)?],
    };
    let seconds = (minutes * 60 / chosen.len() as u64).max(1).to_string();
    let mut failed = Vec::new();
    for target in chosen {
        let mut worker = Command::new(std::env::current_exe()?);
        worker.args([WORKER, target.name, &seconds]);
        if !worker.status()?.success() {
            failed.push(target.name);
            let kept = keep(target)?;
            eprintln!("{}: the input is kept as {}", target.name, kept.display());
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!(
        "{} did not stand all input; mend them, and keep what was found",
        failed.join(", ")
    )
}

fn target(name: &str) -> Result<&'static Target> {
    let names = || TARGETS.map(|target| target.name).join(", ");
    let found = TARGETS.iter().find(|target| target.name == name);
    found.with_context(|| format!("{name} is no target; there are {}", names()))
}

/// Where the input that is being read is written down.
fn present(target: &Target) -> PathBuf {
    std::env::temp_dir().join(format!("passerelle-fuzz-{}", target.name))
}

/// Puts the input that the worker ended at among the seeds.
fn keep(target: &Target) -> Result<PathBuf> {
    let input = std::fs::read(present(target)).context("the worker has read nothing")?;
    let name = &hex(Sha256::digest(&input))[..16];
    let folder = target.folder();
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    std::fs::write(&path, input)?;
    Ok(path)
}

/// What this process has taken of the processor.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let part = |count: i64| u64::try_from(count).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// Ends this process when an input takes too long.
#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Option<Duration>>>);

impl Watch {
    fn set(&self, begun: Option<Duration>) {
        *self.0.lock() = begun;
    }

    fn keep_watch(&self) {
        let watch = self.clone();
        // Nobody sends: it only waits.
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            let _keep = _keep;
            while never.recv_timeout(INPUT_LIMIT / 20).is_err() {
                let begun = *watch.0.lock();
                if begun.is_some_and(|begun| spent() - begun > INPUT_LIMIT) {
                    eprintln!("an input takes longer than {INPUT_LIMIT:?}");
                    std::process::exit(3);
                }
            }
        });
    }
}

fn work(target: &Target, time: Duration) -> Result<()> {
    let bytes = Some(MEMORY_LIMIT);
    setrlimit(
        Resource::Data,
        Rlimit {
            current: bytes,
            maximum: bytes,
        },
    )?;
    let watch = Watch::default();
    watch.keep_watch();
    let (mut run, mut random) = ((target.open)(), Rng::new());
    let mut inputs = target.seeds()?;
    let present = present(target);
    let (mut seen, mut count, begun) = (HashSet::new(), 0_u64, Instant::now());
    let mut read = |input: &[u8]| {
        std::fs::write(&present, input)?;
        watch.set(Some(spent()));
        let way = run(input);
        watch.set(None);
        Ok::<_, std::io::Error>(seen.insert(way))
    };
    for seed in &inputs {
        read(seed)?;
    }
    while begun.elapsed() < time {
        let (one, other) = (random.usize(..inputs.len()), random.usize(..inputs.len()));
        let input = mutate::mutated(&inputs[one], &inputs[other], &mut random);
        count += 1;
        // What went a way that none went before is worth being changed further.
        if read(&input)? && inputs.len() < REMEMBERED {
            inputs.push(input);
        }
    }
    println!("{}: {count} inputs, {} ways", target.name, seen.len());
    let _ = std::fs::remove_file(present);
    Ok(())
}

/// The workspace.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_read_in_its_time() {
        for target in TARGETS
            .iter()
            .filter(|target| target.name != targets::DEVICE_API)
        {
            let mut run = (target.open)();
            for seed in target.seeds().unwrap() {
                let begun = spent();
                run(&seed);
                assert!(spent() - begun < INPUT_LIMIT, "{}", target.name);
            }
        }
    }

    #[test]
    fn what_is_made_of_a_seed_is_bounded_and_differs() {
        let mut random = Rng::with_seed(7);
        let made = |random: &mut Rng| mutate::mutated(b"{\"a\": 1}", b"[2]", random);
        let many: HashSet<Vec<u8>> = (0..1_000).map(|_| made(&mut random)).collect();
        assert!(many.len() > 500, "{}", many.len());
        assert!(many.iter().all(|input| input.len() <= mutate::LONGEST));
    }
}
