//! Reads codes from frames of cameras, for pages whose browser cannot.
//!
//! A picture can be made that takes minutes to read, and what reads it cannot be
//! stopped from within. So a child reads it, which is this program again: it is
//! killed when its time is over, when whoever asked has gone, and when the
//! service ends, and it has less of the processor than the checks.

mod picture;

use crate::problem::Problem;
use axum::body::Bytes;
use deviceapi::{DecodeAnswer, DecodedCode, ProblemCode};
use kernel::{EnrolmentId, causes};
use parking_lot::Mutex;
use picture::FrameError;
use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The word after the program's name by which it reads pictures.
pub const READ_PICTURES: &str = "read-pictures";

/// How long a frame may wait for its turn. Together with the next it stays below a second.
const TURN_LIMIT: Duration = Duration::from_millis(300);

/// How long a frame may be read; most take a tenth of it at most.
const READ_LIMIT: Duration = Duration::from_millis(600);

/// What a child may take in memory, in bytes: several times what the largest
/// frame needs.
const CHILD_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// By how much a child steps behind the checks.
const CHILD_NICENESS: i32 = 5;

/// The most bytes of an answer of a child.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Who reads frames, and whose are in hand.
#[derive(Debug, Clone)]
pub(crate) struct Frames(Arc<Readers>);

#[derive(Debug)]
struct Readers {
    program: PathBuf,
    turns: Semaphore,
    idle: Mutex<Vec<Reader>>,
    /// One frame of each enrolment: nobody stands in line twice.
    asking: Mutex<BTreeSet<EnrolmentId>>,
}

impl Frames {
    /// Children of this program; half of the processors, at most, read frames.
    pub(crate) fn read_by(program: PathBuf) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self(Arc::new(Readers {
            program,
            turns: Semaphore::new((processors / 2).max(1)),
            idle: Mutex::default(),
            asking: Mutex::default(),
        }))
    }

    /// What a frame shows, when its turn has come. One that takes too long shows
    /// nothing that can be read.
    pub(crate) async fn read(
        &self,
        enrolment: EnrolmentId,
        frame: Bytes,
    ) -> Result<DecodeAnswer, Problem> {
        let busy = || Problem::of(ProblemCode::Busy);
        let _place = Place::take(&self.0, enrolment).ok_or_else(busy)?;
        let turn = timeout(TURN_LIMIT, self.0.turns.acquire()).await;
        let _turn = turn.map_err(|_| busy())?;
        // Dropped, with its child, if whoever asked has gone.
        let idle = self.0.idle.lock().pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => Reader::start(&self.0.program).map_err(|error| Problem::internal(&error))?,
        };
        let codes = match timeout(READ_LIMIT, reader.ask(&frame)).await {
            Ok(Ok(said)) => {
                self.0.idle.lock().push(reader);
                said.codes()?
            }
            Ok(Err(error)) => {
                let (error, end) = (causes(&error), reader.end());
                tracing::warn!(error, ?end, "a reader of pictures has ended by itself");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        Ok(DecodeAnswer { codes })
    }
}

/// That a frame of this enrolment is in hand.
struct Place<'a> {
    readers: &'a Readers,
    enrolment: EnrolmentId,
}

impl<'a> Place<'a> {
    fn take(readers: &'a Readers, enrolment: EnrolmentId) -> Option<Self> {
        let is_new = readers.asking.lock().insert(enrolment);
        is_new.then_some(Self { readers, enrolment })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.readers.asking.lock().remove(&self.enrolment);
    }
}

/// What a child makes of a frame.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    Codes(Vec<DecodedCode>),
    TooLarge(String),
    Broken(String),
}

impl Said {
    fn of(frame: &[u8]) -> Self {
        match picture::read(frame) {
            Ok(codes) => Self::Codes(codes),
            Err(error @ FrameError::TooLarge { .. }) => Self::TooLarge(causes(&error)),
            Err(error) => Self::Broken(causes(&error)),
        }
    }

    fn codes(self) -> Result<Vec<DecodedCode>, Problem> {
        let (code, detail) = match self {
            Self::Codes(codes) => return Ok(codes),
            Self::TooLarge(why) => (
                ProblemCode::ImageTooLarge,
                format!("The picture cannot be taken: {why}. Send a smaller one."),
            ),
            Self::Broken(why) => (
                ProblemCode::ImageInvalid,
                format!("The picture cannot be read: {why}."),
            ),
        };
        Err(Problem::new(code, detail))
    }
}

/// A child that reads frames. Each way, a message is its length in four bytes and itself.
#[derive(Debug)]
struct Reader {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Reader {
    fn start(program: &PathBuf) -> io::Result<Self> {
        let mut command = Command::new(program);
        // It needs to know nothing, secrets in variables least of all.
        command.arg(READ_PICTURES).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        let (to, from) = to.zip(from).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { child, to, from })
    }

    async fn ask(&mut self, frame: &[u8]) -> io::Result<Said> {
        let bytes = u32::try_from(frame.len()).map_err(io::Error::other)?;
        self.to.write_u32(bytes).await?;
        self.to.write_all(frame).await?;
        self.to.flush().await?;
        let bytes = usize::try_from(self.from.read_u32().await?).map_err(io::Error::other)?;
        let mut said = vec![0; bytes.min(ANSWER_BYTES_MAX)];
        self.from.read_exact(&mut said).await?;
        Ok(serde_json::from_slice(&said)?)
    }

    fn end(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// Reads frames from standard input until it ends: what a child of the service does.
///
/// # Errors
/// If standard input or output break.
pub fn read_pictures() -> io::Result<()> {
    // As far as the system has such bounds: the service has its own.
    let _ = nice(CHILD_NICENESS);
    let bytes = Some(CHILD_BYTES_MAX);
    let maximum = getrlimit(Resource::Data).maximum;
    let _ = setrlimit(
        Resource::Data,
        Rlimit {
            current: bytes,
            maximum,
        },
    );
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut bytes = [0; 4];
    loop {
        match input.read_exact(&mut bytes) {
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let frame_bytes = usize::try_from(u32::from_be_bytes(bytes)).map_err(io::Error::other)?;
        let mut frame = vec![0; frame_bytes.min(deviceapi::BODY_LIMIT_BYTES)];
        input.read_exact(&mut frame)?;
        let said = within_its_time(|| serde_json::to_vec(&Said::of(&frame)))?;
        let bytes = u32::try_from(said.len()).map_err(io::Error::other)?;
        output.write_all(&bytes.to_be_bytes())?;
        output.write_all(&said)?;
        output.flush()?;
    }
}

/// Ends this process if the work takes too long: a service that was killed kills
/// nobody.
fn within_its_time<T>(work: impl FnOnce() -> T) -> T {
    let (done, at_work) = channel::<()>();
    std::thread::spawn(move || {
        if at_work.recv_timeout(2 * READ_LIMIT) == Err(RecvTimeoutError::Timeout) {
            std::process::exit(1);
        }
    });
    let result = work();
    drop(done);
    result
}
