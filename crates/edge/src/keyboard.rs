//! Scanners that type: what their key presses mean.
//!
//! The events are read from the device file itself (`struct input_event` of
//! Linux), so they are this program's also when no window has the focus. The
//! device is not taken away from the console: that needs a system call which
//! this program does not make; `docs/edge.md` says what to set instead.

kernel::words! {
    /// The keyboard that a scanner pretends to be.
    #[derive(Default)]
    pub enum Layout: "layout" {
        /// QWERTY, United States: most scanners as they are delivered.
        #[default]
        Us = "us",
        /// AZERTY, France.
        Fr = "fr",
    }
}

/// The size of an event: two machine words of time, then type, code and value.
pub const EVENT_BYTES: usize = 2 * size_of::<usize>() + 8;

const KEY_EVENT: u16 = 1;
const PRESSED: i32 = 1;
const RELEASED: i32 = 0;
const LEFT_SHIFT: u16 = 42;
const RIGHT_SHIFT: u16 = 54;

/// First key code, and what the keys from there on mean without shift and with
/// it. A blank is a key that means nothing here.
type Row = (u16, &'static str, &'static str);

const US: &[Row] = &[
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
    (44, "zxcvbnm,./", "ZXCVBNM<>?"),
];

const FR: &[Row] = &[
    (2, "&é\"'(-è_çà)=", "1234567890°+"),
    (16, "azertyuiop^$", "AZERTYUIOP¨£"),
    (30, "qsdfghjklmù²", "QSDFGHJKLM%²"),
    (44, "wxcvbn,;:!", "WXCVBN?./§"),
];

/// The number pad, and keys that are the same everywhere.
const EVERYWHERE: &[Row] = &[
    (28, "\n", "\n"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (96, "\n", "\n"),
    (98, "/", "/"),
    (55, "*", "*"),
];

/// Turns events into text.
#[derive(Debug)]
pub struct Keys {
    layout: Layout,
    shifts: [bool; 2],
}

impl Keys {
    /// For a scanner of this layout.
    #[must_use]
    pub const fn new(layout: Layout) -> Self {
        Self {
            layout,
            shifts: [false; 2],
        }
    }

    /// What an event types. A key without meaning here types a replacement
    /// character, so that no other code is made of it.
    pub fn take(&mut self, event: &[u8; EVENT_BYTES]) -> Option<char> {
        let at = EVENT_BYTES - 8;
        let kind = u16::from_ne_bytes([event[at], event[at + 1]]);
        let key = u16::from_ne_bytes([event[at + 2], event[at + 3]]);
        let value =
            i32::from_ne_bytes([event[at + 4], event[at + 5], event[at + 6], event[at + 7]]);
        if kind != KEY_EVENT {
            return None;
        }
        for (shift, code) in self.shifts.iter_mut().zip([LEFT_SHIFT, RIGHT_SHIFT]) {
            if key == code {
                *shift = value != RELEASED;
                return None;
            }
        }
        (value == PRESSED).then(|| self.meaning(key).unwrap_or('\u{fffd}'))
    }

    fn meaning(&self, key: u16) -> Option<char> {
        let own = match self.layout {
            Layout::Us => US,
            Layout::Fr => FR,
        };
        own.iter()
            .chain(EVERYWHERE)
            .find_map(|(first, plain, shifted)| {
                let shift = self.shifts.contains(&true);
                let row = if shift { shifted } else { plain };
                row.chars().nth(key.checked_sub(*first)?.into())
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(key: u16, value: i32) -> [u8; EVENT_BYTES] {
        let mut event = [0; EVENT_BYTES];
        let at = EVENT_BYTES - 8;
        event[at..at + 2].copy_from_slice(&KEY_EVENT.to_ne_bytes());
        event[at + 2..at + 4].copy_from_slice(&key.to_ne_bytes());
        event[at + 4..].copy_from_slice(&value.to_ne_bytes());
        event
    }

    /// What is typed by keys, each pressed and released; 42 is held down for
    /// the key after it.
    fn typed(layout: Layout, keys: &[u16]) -> String {
        let mut reader = Keys::new(layout);
        let mut text = String::new();
        for key in keys {
            text.extend(reader.take(&event(*key, 1)));
            text.extend(reader.take(&event(*key, 2)));
            if *key != 42 {
                text.extend(reader.take(&event(*key, 0)));
                text.extend(reader.take(&event(42, 0)));
            }
        }
        text
    }

    #[test]
    fn digits_letters_hyphen_and_enter_are_read_in_both_layouts() {
        for (layout, keys, expected) in [
            (Layout::Us, &[2, 3, 11, 12, 42, 30, 30, 28][..], "120-Aa\n"),
            (Layout::Us, &[79, 80, 82, 96], "120\n"),
            (Layout::Us, &[16, 44, 50], "qzm"),
            (
                Layout::Fr,
                &[42, 2, 42, 3, 42, 11, 7, 42, 16, 16, 28],
                "120-Aa\n",
            ),
            (Layout::Fr, &[30, 17, 39, 44], "qzmw"),
            (Layout::Fr, &[79, 80, 82, 96], "120\n"),
            (Layout::Us, &[1, 59, 2], "\u{fffd}\u{fffd}1"),
        ] {
            assert_eq!(typed(layout, keys), expected, "{layout:?} {keys:?}");
        }
    }

    #[test]
    fn other_events_type_nothing() {
        let mut keys = Keys::new(Layout::Us);
        assert_eq!(keys.take(&[0; EVENT_BYTES]), None);
        assert_eq!(keys.take(&event(2, 2)), None, "a key held down");
    }
}
