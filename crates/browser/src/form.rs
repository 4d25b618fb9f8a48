//! Forms and links, by what a person reads on them.

use crate::Tab;
use serde_json::{Value, json};
use std::path::Path;

/// A part of a page, such as one of several forms.
pub struct Part<'a> {
    tab: &'a Tab<'a>,
    selector: String,
}

/// Whatever can be filled in by its label, or by its name if it has none.
impl Tab<'_> {
    /// The part of the page at this selector.
    #[must_use]
    pub fn within(&self, selector: &str) -> Part<'_> {
        Part {
            tab: self,
            selector: selector.to_owned(),
        }
    }

    /// As [`Part::fill`], in the whole page.
    pub fn fill(&self, field: &str, text: &str) {
        self.within("body").fill(field, text);
    }

    /// As [`Part::choose`], in the whole page.
    pub fn choose(&self, field: &str, option: &str) {
        self.within("body").choose(field, option);
    }

    /// As [`Part::tick`], in the whole page.
    pub fn tick(&self, field: &str) {
        self.within("body").tick(field);
    }

    /// As [`Part::attach`], in the whole page.
    pub fn attach(&self, field: &str, file: &Path) {
        self.within("body").attach(field, file);
    }

    /// As [`Part::push`], in the whole page.
    pub fn push(&self, button: &str) {
        self.within("body").push(button);
    }

    /// As [`Part::submit`], in the whole page.
    pub fn submit(&self, button: &str) {
        self.within("body").submit(button);
    }

    /// As [`Part::follow`], in the whole page.
    pub fn follow(&self, link: &str) {
        self.within("body").follow(link);
    }
}

impl Part<'_> {
    /// Replaces what is in a field, named by its label or its name.
    pub fn fill(&self, field: &str, text: &str) {
        let node = self.field(field);
        let text = text.replace("\r\n", "\n");
        let json = Value::from(text.as_str());
        // Keyboards don't type into calendars and the like.
        let typed = self.tab.run(&format!(
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
            self.tab.insert(&text);
        }
        let value = self.tab.run(&format!("{node}.value"));
        assert_eq!(value, json, "{field} does not take this");
    }

    /// Chooses one of a field's options, named by its text or its value.
    pub fn choose(&self, field: &str, option: &str) {
        let node = self.field(field);
        let option = Value::from(option);
        self.tab.run(&format!(
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
        if self.tab.run(&format!("{node}.checked")) == false {
            self.tab.tap_node(&node);
        }
        assert_eq!(self.tab.run(&format!("{node}.checked")), true, "{field}");
    }

    /// Gives a field a file.
    pub fn attach(&self, field: &str, file: &Path) {
        let node = self.tab.object(&self.field(field));
        let files = json!({"objectId": node, "files": [file.to_str().unwrap()]});
        self.tab.call("DOM.setFileInputFiles", files);
    }

    /// Pushes a button, named by its text.
    pub fn push(&self, button: &str) {
        self.tab.tap_node(&self.named("button, summary", button));
    }

    /// Pushes a button, and waits for the page that this leads to.
    pub fn submit(&self, button: &str) {
        let node = self.named("button", button);
        self.tab.next_page(|| self.tab.tap_node(&node));
    }

    /// Follows a link, named by its text, and waits for the page.
    pub fn follow(&self, link: &str) {
        let node = self.named("a[href]", link);
        self.tab.next_page(|| self.tab.tap_node(&node));
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
        let (selector, wanted) = (Value::from(self.selector.as_str()), Value::from(wanted));
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
