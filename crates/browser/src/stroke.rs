//! Keys as a scanner that types presses them.

use crate::Tab;
use serde_json::json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is held down while a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Alt.
    Alt,
    /// Shift.
    Shift,
    /// The third level, as Windows tells it: Ctrl and Alt.
    AltGr,
}

/// How much of a stroke it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Down and up.
    Whole,
    /// Down only.
    Down,
    /// Up only.
    Up,
}

/// A key, and when it is pressed.
#[derive(Debug, Clone)]
pub struct Stroke {
    /// What it says.
    pub key: String,
    /// Where it is.
    pub code: String,
    /// What is held down meanwhile.
    pub held: Vec<Held>,
    /// How much of it.
    pub phase: Phase,
    /// How long after the one before, by the clock of the keyboard.
    pub after_ms: u32,
}

impl Stroke {
    /// A key alone.
    #[must_use]
    pub fn of(key: &str, code: &str) -> Self {
        Self {
            key: key.to_owned(),
            code: code.to_owned(),
            held: Vec::new(),
            phase: Phase::Whole,
            after_ms: 0,
        }
    }

    fn modifiers(&self) -> u8 {
        let bits = self.held.iter().map(|held| match held {
            Held::Alt => 1,
            Held::AltGr => 3,
            Held::Shift => 8,
        });
        bits.fold(0, |all, bit| all | bit)
    }
}

impl Tab<'_> {
    /// Presses these keys. Their times are in their events; nobody waits for them.
    #[expect(
        clippy::disallowed_methods,
        reason = "the browser holds the keys' times against its own"
    )]
    pub fn strokes(&self, strokes: &[Stroke]) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let length: u32 = strokes.iter().map(|stroke| stroke.after_ms).sum();
        let mut at = since.unwrap() - Duration::from_millis(length.into());
        let mut ids = Vec::new();
        for stroke in strokes {
            at += Duration::from_millis(stroke.after_ms.into());
            let text = match stroke.key.as_str() {
                "Enter" => "\r",
                key if key.chars().count() == 1 && !stroke.held.contains(&Held::Alt) => key,
                _ => "",
            };
            for (kind, other) in [("keyDown", Phase::Up), ("keyUp", Phase::Down)] {
                if stroke.phase == other {
                    continue;
                }
                let event = json!({
                    "type": kind,
                    "key": stroke.key,
                    "code": stroke.code,
                    "text": if kind == "keyDown" { text } else { "" },
                    "modifiers": stroke.modifiers(),
                    "timestamp": at.as_secs_f64(),
                });
                ids.push(self.send("Input.dispatchKeyEvent", event));
            }
        }
        for id in ids {
            self.browser.answer(id).unwrap();
        }
    }
}
