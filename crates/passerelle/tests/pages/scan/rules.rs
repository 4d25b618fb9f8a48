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
                const seen = () => ({
                    justAdmitted: knowledge.just_admitted === true,
                    listed: knowledge.listed,
                    enteredToday: knowledge.entered_today,
                });
                const decided = module.decideOffline(knowledge, scan, seen);
                return decided.outcome === outcome && decided.card === card;
            };",
        ),
        (
            "join.js",
            include_str!("../../../../gate/vectors/joining.json"),
            "const format = {num_type: 'number', letters: {min: 0, max: 0}, digits: {min: 8, max: 8}, checksum: 'luhn'};
            const detection = {project_id: 'villeneuve', format};
            const fits = ({steps}) => {
                const joining = new module.Joining();
                let checks = 0;
                const begin = (subject, way, now) => {
                    checks += 1;
                    joining.begin(subject, way, checks, now);
                    return checks;
                };
                return steps.every(({at_ms: now, ...step}) => {
                    if ('told' in step) joining.told(step.told, module.joins(step.outcome));
                    if ('ends' in step) joining.end(step.ends === 'all' ? undefined : step.ends);
                    const code = step.read ?? step.more;
                    if (code === undefined) return true;
                    const {purpose = 'check', direction = 'entry', held = false, check} = step;
                    const [subject, way] = [module.subject(code, detection), `${purpose} ${direction}`];
                    const known = 'more' in step ? null : joining.read(subject, way, now, held);
                    return (known ?? begin(subject, way, now)) === check;
                });
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

/// What counts of what the camera sees, frame by frame: 100 ms apart, each a list of
/// texts, linear ones with a bar before them.
#[test]
fn a_linear_code_counts_after_two_equal_reads_and_what_stays_is_no_new_code() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.open(&house.scan());
    tab.until_shown("#enrol-code");
    for (frames, counts) in [
        // Another code is read as it is.
        ("A", "A"),
        ("A A A", "A a a"),
        ("|L", ""),
        ("|L |L |L", " L l"),
        ("|L - |L", "  L"),
        // A misread every sixth frame never counts, whatever it says.
        (
            "|L |L |L |L |L |M |L |L |L |L |L |M |L |L |L",
            " L l l l  l l l l l  l l l",
        ),
        ("|L |M |L |N |L |O", "  L  l "),
        // Two in one hand count both, side by side and in turns.
        ("|L,|M |L,|M", " L,M"),
        ("|L |M |L |M", "  L M"),
        ("A,|L A,|L |L", "A a,L l"),
        // Out of sight for 3 s is not away; for longer it is.
        ("A *29 A", "A a"),
        ("A *30 A", "A A"),
        ("|L |L *29 |L", " L l"),
        ("A B *25 A *5 B A", "A B a B a"),
    ] {
        let found = tab.run(&format!(
            "(async () => {{
                const {{Sight}} = await import(`/scan/${{document.body.dataset.version}}/sight.js`);
                const sight = new Sight();
                const counts = [];
                let now = 0;
                for (const frame of '{frames}'.split(' ')) {{
                    if (frame.startsWith('*')) {{ now += 100 * Number(frame.slice(1)); continue; }}
                    const codes = frame === '-' ? [] : frame.split(',').map((code) => ({{
                        text: code.replace('|', ''),
                        format: code.startsWith('|') ? 'code_128' : 'qr_code',
                    }}));
                    const taken = sight.take(codes, now);
                    const say = ({{text, sight}}) => sight === 'first' ? text : text.toLowerCase();
                    counts.push(taken.map(say).join(','));
                    now += 100;
                }}
                return counts.join(' ');
            }})()"
        ));
        assert_eq!(found, counts, "{frames}");
    }
}

/// What keys teach and mean, and what no fingers do. In these layouts and others, taught
/// and not, real keys are pressed in `keyboards.rs`.
#[test]
fn what_keys_mean_is_told_only_if_it_can_mean_nothing_else() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.open(&house.scan());
    tab.until_shown("#enrol-code");
    tab.run(
        "import(`/scan/${document.body.dataset.version}/learn.js`).then(async (learn) => {
            const {detect} = await import(`/scan/${document.body.dataset.version}/detect.js`);
            const format = {
                num_type: 'serial', letters: {min: 1, max: 4}, digits: {min: 6, max: 12},
                checksum: 'luhn',
            };
            const cardIn = (text) => detect(text, {project_id: 'villeneuve', format});
            globalThis.means = (...texts) => learn.meant(texts, cardIn);
            const number = {
                num_type: 'number', letters: {min: 0, max: 0}, digits: {min: 8, max: 8},
                checksum: 'luhn',
            };
            globalThis.plain = (...texts) =>
                learn.meant(texts, (text) => detect(text, {project_id: 'villeneuve', format: number}));
            globalThis.tail = (quick, ...gaps) => {
                let at = 0;
                return learn.machineTail([{at}, ...gaps.map((gap) => ({at: (at += gap)}))], quick);
            };
            globalThis.teaches = (make) => {
                const taught = learn.learn(learn.keysOf(make(learn.TEXT)), 'Enter');
                return taught === null ? null : taught.prefix.join('') + '|' + taught.suffix.join('');
            };
            const read = (made, code, end = 'Enter') =>
                learn.undo(learn.learn(learn.keysOf(made(learn.TEXT)), 'Enter'), learn.keysOf(code), end);
            globalThis.reads = read;
        })",
    );
    for (expression, expected) in [
        ("means('P12345674')", r#""P12345674""#),
        ("means('P12345674', 'p12345674')", r#""P12345674""#),
        ("means('AW00029975', 'QZ00029975')", "null"),
        ("means('CP00029975')", "null"),
        // Its C may be added, but what is left is no pass.
        ("means('C12345678', 'P12345674')", r#""P12345674""#),
        (
            "means('villeneuve-CP12345674')",
            r#""villeneuve-CP12345674""#,
        ),
        // The scanner may have added a digit or two, or made a pass of none.
        ("means('P100000249')", "null"),
        ("means('P00029975')", "null"),
        ("means('#P12345674')", "null"),
        ("means('#?!P12345674/')", "null"),
        ("means('P12345674####')", r#""P12345674####""#),
        ("plain('12345674')", r#""12345674""#),
        ("plain('A12345674')", "null"),
        ("plain('Q123456749')", "null"),
        ("plain('54321')", r#""54321""#),
        ("means('00029975')", r#""00029975""#),
        ("means('A00029975', 'Q00029975')", "null"),
        ("means('hello', 'h\u{e9}llo')", r#""hello""#),
        // Quick, and even however slow.
        ("tail(80, 5, 5, 5)", "4"),
        ("tail(80, 5, 5)", "0"),
        ("tail(80, 700, 5, 90, 5, 5, 5)", "4"),
        ("tail(35, 40, 90, 60, 55, 70, 42, 38, 66)", "0"),
        ("tail(80, 200, 201, 199, 200, 203, 200, 200, 198)", "9"),
        ("tail(80, 180, 240, 150, 310, 205, 190, 260, 175, 220)", "0"),
        ("tail(80, 180, 200, 195, 185, 210, 190, 205, 188, 199)", "0"),
        // Whatever stands before and behind it, but not what names the kind of code.
        ("teaches((text) => text)", r#""|""#),
        ("teaches((text) => 'x' + text + '#')", r##""x|#""##),
        ("teaches((text) => ']Q1' + text)", r#""|""#),
        ("teaches((text) => 'x]C0' + text)", r#""x|""#),
        ("teaches((text) => text.toLowerCase())", r#""|""#),
        ("teaches((text) => text.slice(1))", "null"),
        ("teaches((text) => text.replace('W', 'A'))", "null"),
        (
            "teaches((text) => 'https://example.org/' + 'x'.repeat(60))",
            "null",
        ),
        ("reads((text) => text, 'AW00029975')", r#""AW00029975""#),
        (
            "reads((text) => 'A' + text, 'AAW00029975')",
            r#""AW00029975""#,
        ),
        // Another scanner, or somebody's fingers.
        ("reads((text) => 'A' + text, 'QAW00029975')", "null"),
        ("reads((text) => text + '9', 'AW00029975')", "null"),
        ("reads((text) => text, 'AW00029975', 'Tab')", "null"),
    ] {
        assert_eq!(tab.run(expression).to_string(), expected, "{expression}");
    }
}

/// What answers in the service's stead is no list of codes, and ends nothing.
#[test]
fn the_service_reads_a_frame_only_if_it_is_the_service() {
    let house = House::open(&[]);
    let browser = Browser::start(None);
    let tab = browser.tab(PHONE);
    tab.open(&house.scan());
    tab.until_shown("#enrol-code");
    let read = tab.run(
        "(async () => {
            delete globalThis.WebAssembly;
            const {reader} = await import(`/scan/${document.body.dataset.version}/readers.js`);
            const canvas = document.createElement('canvas');
            const codes = [{text: 'P', format: 'qr_code'}];
            const bodies = [{}, null, {codes: 5}, {codes: [null]}, {codes: [{text: 5}]}, {codes}];
            return Promise.all(bodies.map(async (body) => {
                const asked = await reader({post: async () => ({kind: 'answer', body})});
                return (await asked.read(canvas).catch(() => undefined)) ?? asked.name;
            }));
        })()",
    );
    let read = read.as_array().unwrap();
    assert!(read[..5].iter().all(|read| read == "server"), "{read:?}");
    assert_eq!(read[5][0]["text"], "P");
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
