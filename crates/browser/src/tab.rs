//! One page in the browser: what it shows, and what a hand does there.

use crate::{Browser, Device, PATIENCE, Screen, Stroke, Theme};
use serde_json::{Value, json};

/// The page is whole, and a field that is to have the focus has it: that comes only
/// with the first frame.
const ARRIVED: &str = "document.readyState === 'complete' && \
    (document.activeElement !== document.body || !document.querySelector('[autofocus]'))";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    Value,
    Object,
}

/// One page in the browser.
#[derive(Clone)]
pub struct Tab<'a> {
    pub(crate) browser: &'a Browser,
    pub(crate) target: String,
    pub(crate) session: String,
    /// The part of the page whose forms and links are meant, as a selector.
    pub(crate) part: String,
}

impl<'a> Tab<'a> {
    pub(crate) fn new(browser: &'a Browser, screen: Screen) -> Self {
        let target = browser.call(None, "Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call(None, "Target.attachToTarget", attach);
        let tab = Self {
            browser,
            target: target["targetId"].as_str().unwrap().to_owned(),
            session: session["sessionId"].as_str().unwrap().to_owned(),
            part: "body".to_owned(),
        };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            tab.call(domain, json!({}));
        }
        // Also behind another tab a page is as before someone who looks at it.
        tab.call(
            "Emulation.setFocusEmulationEnabled",
            json!({"enabled": true}),
        );
        tab.show_on(screen);
        tab
    }
}

impl Tab<'_> {
    /// Lays the page out for this screen.
    pub fn show_on(&self, screen: Screen) {
        let (scale, mobile) = match screen.device {
            Device::Handheld => (1.5, true),
            Device::Desk => (1.0, false),
        };
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": screen.width,
                "height": screen.height,
                "deviceScaleFactor": scale,
                "mobile": mobile,
            }),
        );
    }

    /// Shows the page to someone who prefers this.
    pub fn show_in(&self, theme: Theme) {
        let value = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        self.call(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": value}]}),
        );
    }

    pub(crate) fn send(&self, method: &str, params: Value) -> u64 {
        self.browser.send(Some(&self.session), method, params)
    }

    /// A command of the protocol.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.browser.call(Some(&self.session), method, params)
    }

    /// Opens an address.
    pub fn open(&self, url: &str) {
        let opened = self.call("Page.navigate", json!({"url": url}));
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.until(ARRIVED);
    }

    /// Loads the page again.
    pub fn reload(&self) {
        self.next_page(|| {
            self.call("Page.reload", json!({}));
        });
    }

    /// Does what leads to another page, and waits until that has come.
    pub(crate) fn next_page(&self, leave: impl FnOnce()) {
        self.run("document.documentElement.dataset.former = 'yes'");
        leave();
        self.until(&format!(
            "!document.documentElement.dataset.former && {ARRIVED}"
        ));
    }

    /// The path of the page's address.
    pub fn path(&self) -> String {
        self.run("location.pathname").as_str().unwrap().to_owned()
    }

    /// Its process dies, as where memory runs out.
    pub fn crash(self) {
        // Nobody is left to answer.
        self.send("Page.crash", json!({}));
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
        let mut result = self.evaluate(expression, Gives::Value)?;
        Ok(result["value"].take())
    }

    /// A hold on the object that an expression gives, for commands that take one.
    pub(crate) fn object(&self, expression: &str) -> Value {
        let mut result = self
            .evaluate(expression, Gives::Object)
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        result["objectId"].take()
    }

    fn evaluate(&self, expression: &str, gives: Gives) -> Result<Value, String> {
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": gives == Gives::Value,
            "userGesture": true,
        });
        let id = self
            .browser
            .send(Some(&self.session), "Runtime.evaluate", params);
        let mut result = self.browser.answer(id)?;
        match result.get("exceptionDetails") {
            Some(details) => Err(details.to_string()),
            None => Ok(result["result"].take()),
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
        self.tap_node(&format!("document.querySelector('{selector}')"));
    }

    /// As [`Tab::tap`], where an expression gives the element.
    pub(crate) fn tap_node(&self, node: &str) {
        let place = self.run(&format!(
            "(() => {{
                const node = {node};
                node.scrollIntoView({{block: 'nearest'}});
                const box = node.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const hit = document.elementFromPoint(x, y);
                return {{x, y, hit: node.contains(hit), what: hit?.outerHTML?.slice(0, 200)}};
            }})()"
        ));
        assert_eq!(place["hit"], true, "{node} is covered by {}", place["what"]);
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

    /// Keys, each as what it says and where it is, all at once by the clock of the
    /// keyboard.
    pub fn keys(&self, keys: &[(String, String)]) {
        let strokes: Vec<_> = keys
            .iter()
            .map(|(key, code)| Stroke::of(key, code))
            .collect();
        self.strokes(&strokes);
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
