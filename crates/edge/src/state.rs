//! What must be known after a start without network: the snapshot, and whether
//! the token was refused. One small file beside the journal, replaced whole.

use deviceapi::DeviceSnapshot;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

const FILE: &str = "state.json";
const NEW: &str = "state.json.new";

/// The file's content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// What the device last heard of itself.
    pub(crate) snapshot: Option<DeviceSnapshot>,
    /// The SHA-256 of a token that the server refused.
    pub(crate) refused_token_sha256: Option<String>,
}

impl State {
    /// Reads the file. One that is missing or cannot be understood is an empty
    /// one: the server tells it again.
    pub(crate) fn read(folder: &Path) -> Self {
        let path = folder.join(FILE);
        match std::fs::read(&path).map(|text| serde_json::from_slice(&text)) {
            Ok(Ok(state)) => state,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(
                    "{} cannot be read; the server is asked for it again",
                    path.display()
                );
                Self::default()
            }
        }
    }

    /// Replaces the file, whole.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let content = serde_json::to_vec_pretty(self)?;
        kernel::replace(&folder.join(FILE), &folder.join(NEW), &content)
    }
}
