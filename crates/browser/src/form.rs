//! Forms and links, by what a person reads on them.

use crate::Tab;
use serde_json::{Value, json};
use std::path::Path;

impl<'a> Tab<'a> {
    /// The same page, of which only the part counts that `selector` finds.
    #[must_use]
    pub fn within(&self, selector: &str) -> Tab<'a> {
        Tab {
            part: selector.to_owned(),
            ..self.clone()
        }
    }
}

impl Tab<'_> {
    /// Replaces what is in a field, named by its label or its name.
    pub fn fill(&self, field: &str, text: &str) {
        let node = self.field(field);
        let text = text.replace("\r\n", "\n");
        let json = Value::from(text.as_str());
        // Keyboards don't type into calendars and the like.
        let typed = self.run(&format!(
            "(() => {{
                const node = {node};
                node.focus();
                if ({json} && (node.tagName === 'TEXTAREA'
                    || ['text', 'password', 'search', 'email', 'url', 'tel'].includes(node.type))) {{
                    node.select();
                    return true;
                }}
                node.value = {json};
                for (const name of ['input', 'change'])
                    node.dispatchEvent(new Event(name, {{bubbles: true}}));
                return false;
            }})()"
        ));
        if typed == true {
            self.insert(&text);
        }
        let value = self.run(&format!("{node}.value"));
        assert_eq!(value, json, "{field} does not take this");
    }

    /// Chooses one of a field's options, named by its text or its value.
    pub fn choose(&self, field: &str, option: &str) {
        let node = self.field(field);
        let option = Value::from(option);
        self.run(&format!(
            "(() => {{
                const node = {node};
                const all = [...node.options];
                const one = all.find((o) => o.text.trim() === {option} || o.value === {option});
                if (!one) throw new Error('it has ' + all.map((o) => o.text).join(', '));
                node.value = one.value;
                for (const name of ['input', 'change'])
                    node.dispatchEvent(new Event(name, {{bubbles: true}}));
            }})()"
        ));
    }

    /// Ticks a box, or takes one of several, unless it is so.
    pub fn tick(&self, field: &str) {
        let node = self.field(field);
        if self.run(&format!("{node}.checked")) == false {
            self.tap_node(&node);
        }
        assert_eq!(self.run(&format!("{node}.checked")), true, "{field}");
    }

    /// Gives a field a file.
    pub fn attach(&self, field: &str, file: &Path) {
        let node = self.object(&self.field(field));
        let files = json!({"objectId": node, "files": [file.to_str().unwrap()]});
        self.call("DOM.setFileInputFiles", files);
    }

    /// Pushes a button, named by its text.
    pub fn push(&self, button: &str) {
        self.tap_node(&self.named("button, summary", button));
    }

    /// Pushes a button, and waits for the page that this leads to.
    pub fn submit(&self, button: &str) {
        let node = self.named("button", button);
        self.next_page(|| self.tap_node(&node));
    }

    /// Follows a link, named by its text, and waits for the page.
    pub fn follow(&self, link: &str) {
        let node = self.named("a[href]", link);
        self.next_page(|| self.tap_node(&node));
    }

    // An expression that gives the field, or says what there is.
    fn field(&self, wanted: &str) -> String {
        self.one(
            wanted,
            "[...part.querySelectorAll('input, select, textarea')]
                .filter((node) => node.type !== 'hidden')
                .map((node) => [node, [...node.labels ?? []].map(words)
                    .concat(node.ariaLabel ?? [], node.name)])",
        )
    }

    fn named(&self, kind: &str, wanted: &str) -> String {
        let all = format!(
            "[...part.querySelectorAll('{kind}')]
                .map((node) => [node, [words(node)].concat(node.ariaLabel ?? [])])"
        );
        self.one(wanted, &all)
    }

    // The one that has this name; if none has, the one whose name begins with it.
    fn one(&self, wanted: &str, all: &str) -> String {
        let (selector, wanted) = (Value::from(self.part.as_str()), Value::from(wanted));
        format!(
            "(() => {{
                const tidy = (text) => text.replace(/\\s+/g, ' ').trim();
                const words = (node) => tidy(node.textContent);
                const part = document.querySelector({selector});
                if (!part) throw new Error('there is no ' + {selector});
                const wanted = tidy({wanted});
                const all = {all}.filter(([node]) => node.checkVisibility());
                const named = (fits) => all.filter(([, names]) => names.some(fits));
                let found = named((name) => name === wanted);
                if (found.length === 0) found = named((name) => name.startsWith(wanted));
                if (found.length !== 1) throw new Error(
                    found.length + ' are named ' + wanted + ' on ' + location.pathname + '; there are '
                    + JSON.stringify(all.map(([, names]) => names[0])));
                return found[0][0];
            }})()"
        )
    }
}
