//! How records stand in a segment of the journal: pure, without I/O.
//!
//! A segment is a file of fixed size, full of zeros before it is used. Records
//! follow each other from its beginning; each is a frame of a mark, a length, a
//! checksum and the payload. The checksum covers segment and place as well, so
//! what was left over from another use of the disk is never taken for a record.

use sha2::{Digest, Sha256};

/// What stands before each payload: mark, length, checksum.
pub(super) const HEAD_BYTES: usize = 16;
/// The longest payload. A code of 512 control characters takes 3 KiB as JSON.
pub(super) const PAYLOAD_LIMIT_BYTES: usize = 16 * 1024;

const MARK: [u8; 4] = *b"PJ1\n";

/// The frame of `payload` for the place `offset` of a segment; `None` if the
/// payload is too long.
pub(super) fn frame(segment: u64, offset: usize, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|_| payload.len() <= PAYLOAD_LIMIT_BYTES)?;
    let mut frame = Vec::with_capacity(HEAD_BYTES + payload.len());
    frame.extend_from_slice(&MARK);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&checksum(segment, offset, payload));
    frame.extend_from_slice(payload);
    Some(frame)
}

/// The payload of the frame that begins at `offset`, if there is a whole one.
fn payload_at(segment: u64, bytes: &[u8], offset: usize) -> Option<&[u8]> {
    payload_of(segment, bytes.get(offset..)?, offset)
}

/// The payload of the frame that `bytes` begin with, read from `offset`.
pub(super) fn payload_of(segment: u64, bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let head = bytes.get(..HEAD_BYTES)?;
    let length = head.strip_prefix(&MARK)?.get(..4)?;
    let length = u32::from_le_bytes(length.try_into().ok()?);
    let length = usize::try_from(length)
        .ok()
        .filter(|length| (1..=PAYLOAD_LIMIT_BYTES).contains(length))?;
    let payload = bytes.get(HEAD_BYTES..)?.get(..length)?;
    (checksum(segment, offset, payload) == head[8..]).then_some(payload)
}

fn checksum(segment: u64, offset: usize, payload: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(segment.to_le_bytes());
    hash.update(offset.to_le_bytes());
    hash.update(payload);
    let whole = hash.finalize();
    std::array::from_fn(|index| whole[index])
}

/// What a segment holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held<'a> {
    /// Place and payload of each whole record, in their order.
    pub(super) records: Vec<(usize, &'a [u8])>,
    /// Where the next record goes.
    pub(super) end: usize,
    /// What stands there besides.
    pub(super) rest: Rest,
}

/// What a segment holds besides whole records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    Clean,
    /// Something after the last whole record: writing it was interrupted.
    Torn,
    /// Something between whole records: the disk, or a hand, changed it.
    Damaged,
}

/// Reads all that can be read.
pub(super) fn read(segment: u64, bytes: &[u8]) -> Held<'_> {
    let mut held = Held {
        records: Vec::new(),
        end: 0,
        rest: Rest::Clean,
    };
    loop {
        while let Some(payload) = payload_at(segment, bytes, held.end) {
            held.records.push((held.end, payload));
            held.end += HEAD_BYTES + payload.len();
        }
        let rest = &bytes[held.end..];
        if rest.iter().all(|byte| *byte == 0) {
            return held;
        }
        let next = rest
            .windows(MARK.len())
            .enumerate()
            .filter(|(_, window)| *window == MARK)
            .map(|(ahead, _)| held.end + ahead)
            .find(|place| payload_at(segment, bytes, *place).is_some());
        let Some(next) = next else {
            if held.rest == Rest::Clean {
                held.rest = Rest::Torn;
            }
            return held;
        };
        held.rest = Rest::Damaged;
        held.end = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(payloads: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for payload in payloads {
            let frame = frame(7, bytes.len(), payload.as_bytes()).unwrap();
            bytes.extend_from_slice(&frame);
        }
        bytes.resize(512, 0);
        bytes
    }

    fn payloads<'a>(held: &Held<'a>) -> Vec<&'a [u8]> {
        held.records.iter().map(|(_, payload)| *payload).collect()
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = segment(&["one", "two"]);
        let held = read(7, &bytes);
        assert_eq!(payloads(&held), [b"one", b"two"]);
        assert_eq!((held.end, held.rest), (38, Rest::Clean));
    }

    #[test]
    fn a_record_is_whole_or_not_there() {
        let whole = segment(&["one", "two"]);
        for cut in 20..38 {
            let mut bytes = whole.clone();
            bytes[cut..].fill(0);
            let held = read(7, &bytes);
            assert_eq!(payloads(&held), [b"one"], "cut at {cut}");
            assert_eq!((held.end, held.rest), (19, Rest::Torn), "cut at {cut}");
        }
    }

    #[test]
    fn damage_between_records_is_told_from_a_torn_end() {
        for place in 0..19 {
            let mut bytes = segment(&["one", "two"]);
            bytes[place] ^= 0x55;
            let held = read(7, &bytes);
            assert_eq!(payloads(&held), [b"two"], "changed at {place}");
            assert_eq!((held.end, held.rest), (38, Rest::Damaged));
        }
        let mut bytes = segment(&["one", "two"]);
        bytes[..19].fill(0);
        assert_eq!(
            read(7, &bytes).rest,
            Rest::Damaged,
            "also where it is zeros"
        );
    }

    #[test]
    fn what_belongs_elsewhere_is_no_record() {
        assert!(read(8, &segment(&["one"])).records.is_empty());
        let mut moved = vec![0; 5];
        moved.extend_from_slice(&segment(&["one"]));
        assert!(read(7, &moved).records.is_empty());
    }

    #[test]
    fn a_payload_has_a_limit() {
        assert!(frame(1, 0, &[b'x'; PAYLOAD_LIMIT_BYTES]).is_some());
        assert!(frame(1, 0, &[b'x'; PAYLOAD_LIMIT_BYTES + 1]).is_none());
    }
}
