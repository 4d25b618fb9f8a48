//! The list of passes that are refused without network, under the guarded
//! policy: kept beside the journal as it came, whole and last difference, each
//! with its signature, and checked again at each start.

use gate::DeviceToken;
use gate::pass_list::{DeviceList, ListProblem};
use kernel::{CardNumber, Timestamp};
use otipass::Refusal;
use parking_lot::{Mutex, RwLock};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const WHOLE: &str = "pass-list.whole";
const DIFFERENCE: &str = "pass-list.difference";

/// A list as the server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedList {
    /// The exact bytes.
    pub body: Vec<u8>,
    /// The header `x-passerelle-signature`.
    pub signature: String,
}

/// Why a list was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error(transparent)]
    Problem(#[from] ListProblem),
    #[error("the pass list could not be kept for a start without network; check the disk")]
    Keep(#[from] io::Error),
}

/// The list, shared by the door that asks it and the line that renews it.
#[derive(Debug, Clone)]
pub(crate) struct KeptList {
    folder: PathBuf,
    list: Arc<RwLock<Option<DeviceList>>>,
    /// Held by whoever renews the list and its files.
    renewing: Arc<Mutex<()>>,
}

impl KeptList {
    /// Takes up what was kept. What was changed in its place, or belongs to
    /// another token, is no list: the server sends another.
    pub(crate) fn open(folder: &Path, token: &DeviceToken) -> Self {
        let whole = read(&folder.join(WHOLE)).and_then(|kept| {
            let opened = DeviceList::open(&kept.body, &kept.signature, token);
            opened.inspect_err(note).ok()
        });
        let list = whole.map(|mut list| {
            if let Some(kept) = read(&folder.join(DIFFERENCE))
                && let Err(error) = list.apply(&kept.body, &kept.signature, token)
            {
                note(&error);
            }
            list
        });
        Self {
            folder: folder.to_owned(),
            list: Arc::new(RwLock::new(list)),
            renewing: Arc::default(),
        }
    }

    /// The version of the whole, to ask for what has changed since.
    pub(crate) fn base(&self) -> Option<i64> {
        let list = self.list.read();
        list.as_ref().map(DeviceList::base)
    }

    /// Why the list refuses a card, if it does.
    pub(crate) fn refusal(&self, card: &CardNumber, now: Timestamp) -> Option<Refusal> {
        let list = self.list.read();
        list.as_ref()?.refusal(card, now)
    }

    /// Takes what the server sent, and keeps it.
    ///
    /// # Errors
    /// [`TakeError`]. Whatever could not be kept is used all the same.
    pub(crate) fn take(&self, sent: &SignedList, token: &DeviceToken) -> Result<(), TakeError> {
        let _renewing = self.renewing.lock();
        let base = self.base();
        self.put_in_use(sent, token)?;
        // The door asks the list meanwhile: it does not wait for the disk. A difference stands
        // on the whole we had; with another whole, the kept one no longer fits.
        if self.base() == base {
            write(&self.folder, DIFFERENCE, sent)?;
        } else {
            write(&self.folder, WHOLE, sent)?;
            match std::fs::remove_file(self.folder.join(DIFFERENCE)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn put_in_use(&self, sent: &SignedList, token: &DeviceToken) -> Result<(), ListProblem> {
        let mut known = self.list.write();
        match known.as_mut() {
            Some(list) => list.apply(&sent.body, &sent.signature, token)?,
            None => *known = Some(DeviceList::open(&sent.body, &sent.signature, token)?),
        }
        Ok(())
    }

    /// Forgets the list in use: it does not fit what the server has any more.
    pub(crate) fn forget(&self) {
        *self.list.write() = None;
    }
}

fn note(error: &ListProblem) {
    tracing::warn!(
        error = kernel::causes(error),
        "the kept pass list is not used; the server is asked for another"
    );
}

/// The signature is the first line, the body the rest.
fn read(path: &Path) -> Option<SignedList> {
    let bytes = std::fs::read(path).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let signature = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let body = bytes[end + 1..].to_vec();
    Some(SignedList { body, signature })
}

fn write(folder: &Path, name: &str, list: &SignedList) -> io::Result<()> {
    let content = [list.signature.as_bytes(), b"\n", &list.body].concat();
    kernel::replace(&folder.join(name), &folder.join("pass-list.new"), &content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate::pass_list::sign;
    use serde_json::{Value, json};

    const DATED: &str = "2026-07-14T07:00:00.000Z";

    fn token() -> DeviceToken {
        DeviceToken::presented("pst_1")
    }

    fn signed(body: &Value) -> SignedList {
        let body = serde_json::to_vec(body).unwrap();
        let signature = sign(&body, &token());
        SignedList { body, signature }
    }

    fn whole(version: i64) -> SignedList {
        let none = json!({"pass_blocked": null, "pass_expired": null, "pass_not_sold": null});
        signed(&json!({
            "kind": "whole", "version": version, "dated": DATED, "filters": none, "exceptions": [],
        }))
    }

    fn blocks(since: i64, card: &CardNumber) -> SignedList {
        let key = gate::pass_list::PassKey::of(card);
        let added = json!({"pass_blocked": [key], "pass_expired": [], "pass_not_sold": []});
        signed(&json!({
            "kind": "difference", "since": since, "version": since + 1, "dated": DATED,
            "added": added, "removed": [], "exceptions": [],
        }))
    }

    /// Writing it takes as long as somebody likes.
    #[test]
    fn a_list_answers_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = DATED.parse().unwrap();
        let card: CardNumber = "12345674".parse().unwrap();
        let list = KeptList::open(folder.path(), &token());
        list.take(&whole(17), &token()).unwrap();
        let new = folder.path().join("pass-list.new");
        let made = std::process::Command::new("mkfifo").arg(&new).status();
        assert!(made.unwrap().success());
        let (taking, asked) = (list.clone(), list.clone());
        let taken = std::thread::spawn(move || taking.take(&blocks(17, &card), &token()));
        let (answer, answered) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let card: CardNumber = "12345674".parse().unwrap();
            while asked.refusal(&card, now).is_none() {}
            answer.send(()).unwrap();
        });
        let in_time = answered.recv_timeout(std::time::Duration::from_secs(20));
        std::fs::read(&new).unwrap();
        // What it was written to is no file.
        assert!(taken.join().unwrap().is_err());
        in_time.unwrap();
    }

    #[test]
    fn a_list_is_kept_and_a_changed_one_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = DATED.parse().unwrap();
        let card: CardNumber = "12345674".parse().unwrap();
        let open = || KeptList::open(folder.path(), &token());
        let list = open();
        assert_eq!((list.base(), list.refusal(&card, now)), (None, None));
        assert!(list.take(&blocks(17, &card), &token()).is_err(), "no whole");
        list.take(&whole(17), &token()).unwrap();
        list.take(&blocks(17, &card), &token()).unwrap();
        for list in [list, open()] {
            assert_eq!(list.base(), Some(17));
            assert_eq!(list.refusal(&card, now), Some(Refusal::PassBlocked));
        }
        let other = DeviceToken::presented("pst_2");
        assert_eq!(KeptList::open(folder.path(), &other).base(), None);

        open().take(&whole(30), &token()).unwrap();
        let list = open();
        assert_eq!((list.base(), list.refusal(&card, now)), (Some(30), None));
        let path = folder.path().join(WHOLE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("30", "31")).unwrap();
        assert_eq!(open().base(), None);
    }
}
