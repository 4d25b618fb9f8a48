//! Chromium without a screen, driven over its DevTools protocol by a pipe: what
//! is on file descriptor 3 are our commands, on 4 its answers, each ended by a
//! zero byte. A shell puts our pipes there; no port is opened.

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Where Chromium is.
const VARIABLE: &str = "PASSERELLE_TEST_CHROMIUM";

/// How long anything may take; a test that waits longer fails.
const PATIENCE: Duration = Duration::from_secs(40);

/// A phone, in points.
pub const PHONE: (u32, u32) = (390, 844);

/// A handheld with an imager.
pub const HANDHELD: (u32, u32) = (480, 800);

/// One browser with a profile of its own.
pub struct Browser {
    process: Child,
    commands: RefCell<Option<ChildStdin>>,
    answers: Receiver<Value>,
    last_id: Cell<u64>,
    /// What the pages complained of.
    complaints: RefCell<Vec<String>>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it; `film` is what its camera sees.
    pub fn start(film: Option<&Path>) -> Self {
        let Some(chromium) = std::env::var_os(VARIABLE) else {
            panic!(
                "{VARIABLE} does not say where Chromium is; `cargo xtask test` sets it, and by \
                 hand: apt-get install chromium; export {VARIABLE}=/usr/bin/chromium"
            );
        };
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec \"$@\" 3<&0 4>&1 1>&2 0</dev/null", "sh"])
            .arg(chromium)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                // Containers have no name spaces to spare; only our own pages
                // are opened.
                "--no-sandbox",
                "--no-first-run",
                "--no-default-browser-check",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--mute-audio",
                "--lang=en-US",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()));
        if let Some(film) = film {
            command.arg(format!(
                "--use-file-for-fake-video-capture={}",
                film.display()
            ));
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = process.stdin.take();
        let output = process.stdout.take().unwrap();
        let (send, answers) = channel();
        std::thread::spawn(move || {
            let messages = BufReader::new(output).split(0);
            for message in messages.map_while(Result::ok) {
                let message = serde_json::from_slice(&message).unwrap();
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Self {
            process,
            commands: RefCell::new(commands),
            answers,
            last_id: Cell::new(0),
            complaints: RefCell::default(),
            _profile: profile,
        }
    }

    /// A new tab of this size.
    pub fn tab(&self, (width, height): (u32, u32)) -> Tab<'_> {
        let target = self.call(None, "Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call(None, "Target.attachToTarget", attach);
        let tab = Tab {
            browser: self,
            target: target["targetId"].as_str().unwrap().to_owned(),
            session: session["sessionId"].as_str().unwrap().to_owned(),
        };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            tab.call(domain, json!({}));
        }
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1.5, "mobile": true}),
        );
        tab
    }

    fn send(&self, session: Option<&str>, method: &str, params: Value) -> u64 {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let mut commands = self.commands.borrow_mut();
        commands.as_mut().unwrap().write_all(&bytes).unwrap();
        id
    }

    fn answer(&self, id: u64) -> Result<Value, String> {
        loop {
            let mut message = self
                .answers
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|error| panic!("Chromium does not answer: {error}"));
            if message["id"] == id {
                return match message["error"]["message"].as_str() {
                    Some(error) => Err(error.to_owned()),
                    None => Ok(message["result"].take()),
                };
            }
            self.note(&message);
        }
    }

    fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.send(session, method, params);
        self.answer(id)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    // An exception, or something the content security policy stopped.
    fn note(&self, message: &Value) {
        let params = &message["params"];
        let complaint = match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                &params["exceptionDetails"]["exception"]["description"]
            }
            Some("Log.entryAdded") if params["entry"]["source"] != "network" => {
                &params["entry"]["text"]
            }
            _ => return,
        };
        let complaint = complaint.as_str().unwrap_or("an exception without words");
        self.complaints.borrow_mut().push(complaint.to_owned());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let complaints = self.complaints.borrow();
            assert!(
                complaints.is_empty(),
                "the page complained: {complaints:#?}"
            );
        }
        // At the end of its commands it closes, with all that it started.
        self.commands.borrow_mut().take();
        let _ = self.process.wait();
    }
}

/// One page in the browser.
pub struct Tab<'a> {
    browser: &'a Browser,
    target: String,
    session: String,
}

impl Tab<'_> {
    /// A command of the protocol.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.browser.call(Some(&self.session), method, params)
    }

    /// Opens an address.
    pub fn open(&self, url: &str) {
        let opened = self.call("Page.navigate", json!({"url": url}));
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.until("document.readyState === 'complete'");
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.run("document.documentElement.dataset.former = 'yes'");
        self.call("Page.reload", json!({}));
        self.until(
            "!document.documentElement.dataset.former && document.readyState === 'complete'",
        );
    }

    /// Closes the tab.
    pub fn close(self) {
        let target = json!({"targetId": self.target});
        self.browser.call(None, "Target.closeTarget", target);
    }

    /// What an expression gives; promises are awaited.
    pub fn run(&self, expression: &str) -> Value {
        self.try_run(expression)
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn try_run(&self, expression: &str) -> Result<Value, String> {
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let id = self
            .browser
            .send(Some(&self.session), "Runtime.evaluate", params);
        let mut result = self.browser.answer(id)?;
        match result.get("exceptionDetails") {
            Some(details) => Err(details.to_string()),
            None => Ok(result["result"]["value"].take()),
        }
    }

    /// Waits until a condition holds, also across a reload.
    pub fn until(&self, condition: &str) {
        let start = std::time::Instant::now();
        let look = format!(
            "new Promise((done) => {{
                const end = performance.now() + 1000;
                const look = () => {{
                    let holds = false;
                    try {{ holds = {condition}; }} catch {{ }}
                    if (holds || performance.now() > end) done(!!holds);
                    else setTimeout(look, 10);
                }};
                look();
            }})"
        );
        loop {
            // A page that is being left gives an error instead.
            if self.try_run(&look) == Ok(Value::Bool(true)) {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "this did not come: {condition}\non the page: {}",
                self.run("document.body.innerText")
            );
        }
    }

    /// Waits until the element shows this text.
    pub fn until_text(&self, selector: &str, text: &str) {
        let text = Value::from(text);
        self.until(&format!(
            "document.querySelector('{selector}').checkVisibility() && \
             document.querySelector('{selector}').textContent.includes({text})"
        ));
    }

    /// Waits until the element can be seen.
    pub fn until_shown(&self, selector: &str) {
        self.until(&format!(
            "document.querySelector('{selector}')?.checkVisibility()"
        ));
    }

    /// The element's text.
    pub fn text(&self, selector: &str) -> String {
        let text = self.run(&format!("document.querySelector('{selector}').textContent"));
        text.as_str().unwrap().to_owned()
    }

    /// Presses the mouse where the element is, as a finger would.
    pub fn tap(&self, selector: &str) {
        self.until_shown(selector);
        let place = self.run(&format!(
            "(() => {{
                const node = document.querySelector('{selector}');
                node.scrollIntoView({{block: 'nearest'}});
                const box = node.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const hit = document.elementFromPoint(x, y);
                return {{x, y, hit: node.contains(hit), what: hit?.outerHTML?.slice(0, 200)}};
            }})()"
        ));
        assert_eq!(
            place["hit"], true,
            "{selector} is covered by {}",
            place["what"]
        );
        for kind in ["mousePressed", "mouseReleased"] {
            self.call(
                "Input.dispatchMouseEvent",
                json!({"type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1}),
            );
        }
    }

    /// Text into the field that has the focus, as a keyboard or an input method
    /// puts it there.
    pub fn insert(&self, text: &str) {
        self.call("Input.insertText", json!({"text": text}));
    }

    /// A key on its own.
    pub fn press(&self, key: &str) {
        self.keys(&[(key.to_owned(), String::new())]);
    }

    /// A scanner that types like a keyboard and ends with `last`.
    pub fn wedge(&self, code: &str, last: &str) {
        let mut keys: Vec<_> = code.chars().map(|c| (c.to_string(), physical(c))).collect();
        keys.push((last.to_owned(), last.to_owned()));
        self.keys(&keys);
    }

    /// Keys, each as what it says and where it is, one close upon the other.
    pub fn keys(&self, keys: &[(String, String)]) {
        let ids: Vec<u64> = keys
            .iter()
            .flat_map(|(key, code)| {
                let text = match key.as_str() {
                    "Enter" => "\r",
                    key if key.chars().count() == 1 => key,
                    _ => "",
                };
                let down = json!({"type": "keyDown", "key": key, "code": code, "text": text});
                let up = json!({"type": "keyUp", "key": key, "code": code});
                [down, up].map(|event| {
                    self.browser
                        .send(Some(&self.session), "Input.dispatchKeyEvent", event)
                })
            })
            .collect();
        for id in ids {
            self.browser.answer(id).unwrap();
        }
    }

    /// A picture of the page, if pictures are wanted.
    pub fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("PASSERELLE_SCREENSHOTS") else {
            return;
        };
        // What arrives has arrived, and no caret blinks.
        self.run("Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))");
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}));
        let bytes = decode_base64(shot["data"].as_str().unwrap());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }
}

fn physical(c: char) -> String {
    match c {
        '0'..='9' => format!("Digit{c}"),
        'a'..='z' | 'A'..='Z' => format!("Key{}", c.to_ascii_uppercase()),
        '-' => "Minus".to_owned(),
        ' ' => "Space".to_owned(),
        _ => String::new(),
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap());
        }
    }
    bytes
}
