//! Pictures of pages, for people: kept if `PASSERELLE_SCREENSHOTS` names a
//! folder.

use crate::Tab;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::path::Path;

impl Tab<'_> {
    /// A picture of what the screen shows, if pictures are wanted.
    pub fn picture(&self, name: &str) {
        self.shoot(name, || json!({"format": "png"}));
    }

    /// A picture of the page from its top to its end, if pictures are wanted.
    pub fn whole_picture(&self, name: &str) {
        self.shoot(name, || {
            let size = self.call("Page.getLayoutMetrics", json!({}));
            let mut clip = size["cssContentSize"].clone();
            clip["scale"] = 1.into();
            json!({"format": "png", "captureBeyondViewport": true, "clip": clip})
        });
    }

    fn shoot(&self, name: &str, how: impl FnOnce() -> Value) {
        let Some(folder) = std::env::var_os("PASSERELLE_SCREENSHOTS") else {
            return;
        };
        // What arrives has arrived, and no caret blinks.
        self.run("Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))");
        let shot = self.call("Page.captureScreenshot", how());
        let bytes = BASE64_STANDARD
            .decode(shot["data"].as_str().unwrap())
            .unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}
