//! The page decides as Rust does: both go by the same examples.

use super::House;
use browser::{Browser, PHONE};
use serde_json::Value;

#[test]
fn the_rules_of_the_page_fit_the_examples_of_the_crates() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.open(&house.scan());
    tab.until_shown("#enrol-code");
    let examples = [
        (
            "detect.js",
            include_str!("../../../../otipass/vectors/detect.json"),
            "const usual = {
                number: {num_type: 'number', letters: {min: 0, max: 0}, digits: {min: 8, max: 8}, checksum: 'luhn'},
                serial: {num_type: 'serial', letters: {min: 1, max: 4}, digits: {min: 6, max: 12}, checksum: 'luhn'},
            };
            const fits = ({code, project_id, num_type, format, additions, card}) =>
                module.detect(code, {project_id, format: format ?? usual[num_type], additions}) === card;",
        ),
        (
            "offline.js",
            include_str!("../../../../gate/vectors/offline.json"),
            "const fits = ({knowledge, scan, outcome, card}) => {
                const seen = () => ({listed: knowledge.listed, enteredToday: knowledge.entered_today});
                const decided = module.decideOffline(knowledge, scan, seen);
                return decided.outcome === outcome && decided.card === card;
            };",
        ),
    ];
    for (file, examples, fits) in examples {
        let wrong = tab.run(&format!(
            "(async () => {{
                const module = await import(`/scan/${{document.body.dataset.version}}/{file}`);
                const examples = {examples};
                {fits}
                if (examples.length < 10) return ['too few examples'];
                return examples.filter((example) => !fits(example)).map(({{name}}) => name);
            }})()"
        ));
        assert_eq!(wrong, Value::Array(Vec::new()), "{file}");
    }
}

#[test]
fn the_pass_list_of_the_page_fits_the_examples_of_the_gate() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.open(&house.scan());
    tab.until_shown("#enrol-code");
    let examples = include_str!("../../../../gate/vectors/pass_list.json");
    let wrong = tab.run(&format!(
        "(async () => {{
            const {{PassList, isSigned, passKey}} =
                await import(`/scan/${{document.body.dataset.version}}/passlist.js`);
            const {{token, steps, keys}} = {examples};
            const wrong = [];
            for (const [card, key] of Object.entries(keys)) {{
                if (await passKey(card) !== key) wrong.push(`key of ${{card}}`);
            }}
            let list = null;
            let looked = 0;
            for (const {{name, body, signature, taken, version, cards}} of steps) {{
                const signed = await isSigned(new TextEncoder().encode(body), signature, token);
                const next = signed ? PassList.with(list, JSON.parse(body)) : null;
                if ((next !== null) !== taken) wrong.push(`${{name}}: taken`);
                // As it would come back from the disk.
                list = next === null ? list : PassList.restore(structuredClone(next.stored()));
                if (list.version !== version) wrong.push(`${{name}}: version`);
                for (const {{card, now, refusal}} of cards) {{
                    looked += 1;
                    const said = list.refuses(await passKey(card), Date.parse(now));
                    if (said !== refusal) wrong.push(`${{name}}: ${{card}} at ${{now}}: ${{said}}, not ${{refusal}}`);
                }}
            }}
            if (looked < 50) wrong.push('too few examples');
            return wrong;
        }})()"
    ));
    assert_eq!(wrong, Value::Array(Vec::new()));
}
