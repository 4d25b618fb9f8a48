//! What is fed. Pictures are not among them: a child reads these, and is killed.

use crate::{device_api, root};
use anyhow::{Context, Result};
use config::Config;
use edge::agent::Wish;
use edge::config::DoorOptions;
use edge::line::Go;
use gate::EnrolmentCode;
use gate::site::table::{read_site_table, site_table_text};
use kernel::{Additions, Clock, DeviceTime, ManualClock, NumType, NumberFormat};
use otipass::contract::{Contract, WireAnswer};
use otipass::pass_list::WirePassPage;
use secutix::stx::{self, Dialect};
use secutix::token;
use secutix::wire::{
    Catalogue, ImportControlledTicketAnswer, ImportControlledTicketCall, ReadTicketAnswer,
};
use stage::villeneuve;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Reads an input, and says by which way it went, as far as that can be seen.
pub type Run = Box<dyn FnMut(&[u8]) -> usize>;

/// Something that reads what others wrote.
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Makes it ready.
    pub open: fn() -> Run,
    /// Files of the workspace to begin with, besides those that are kept for it.
    beginnings: &'static [&'static str],
}

impl Target {
    const fn new(
        name: &'static str,
        beginnings: &'static [&'static str],
        open: fn() -> Run,
    ) -> Self {
        Self {
            name,
            open,
            beginnings,
        }
    }

    /// Where its own seeds are.
    pub fn folder(&self) -> PathBuf {
        root().join("crates/fuzz/seeds").join(self.name)
    }

    /// All its seeds.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn seeds(&self) -> Result<Vec<Vec<u8>>> {
        let mut paths: Vec<PathBuf> = self.beginnings.iter().map(|at| root().join(at)).collect();
        if let Ok(kept) = self.folder().read_dir() {
            paths.extend(kept.flatten().map(|file| file.path()));
        }
        let read = |path: PathBuf| {
            let seed = std::fs::read(&path);
            seed.with_context(|| format!("{} cannot be read", path.display()))
        };
        paths.into_iter().map(read).collect()
    }
}

fn text(input: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(input)
}

/// The one that starts the built program.
pub const DEVICE_API: &str = "device_api";

/// Spellings of an STX_File.
const SALES_FILES: &[&str] = &[
    "examples/files/02-dates-with-dots.csv",
    "examples/files/05-sep-line-and-commas.csv",
    "examples/files/06-windows-1252.csv",
    "examples/files/07-unicode-text.txt",
    "examples/files/09-defaults-left-out.csv",
];

/// All of them.
pub const TARGETS: [Target; 13] = [
    Target::new("mapping", &["examples/villeneuve/mapping.json"], || {
        Box::new(|input| {
            let read = otipass::read_mapping(&text(input));
            read.findings.len() * 2 + usize::from(read.mapping.is_some())
        })
    }),
    Target::new("code", &[], || {
        let additions = Additions::default();
        let formats = [NumType::Number, NumType::Serial].map(NumberFormat::of);
        Box::new(move |input| {
            let code = text(input);
            let code = code.trim_end_matches('\n');
            let found = formats
                .iter()
                .filter_map(|format| otipass::detect(code, "villeneuve", format, &additions));
            found.count() + usize::from(EnrolmentCode::presented(code).is_some()) * 4
        })
    }),
    Target::new("url", &[], || {
        Box::new(|input| {
            let url = text(input);
            let url = url.trim_end_matches('\n');
            let meant = otipass::meant_url(url, "villeneuve").is_some();
            otipass::check_url(url, "villeneuve").len() * 2 + usize::from(meant)
        })
    }),
    Target::new("time", &[], || {
        Box::new(|input| usize::from(text(input).trim().parse::<DeviceTime>().is_ok()))
    }),
    Target::new("site", &["examples/villeneuve/site.toml"], || {
        Box::new(|input| {
            let site = text(input);
            let outline = gate::outline_site(&site);
            let (read, findings) = gate::read_site(&site);
            let doors = outline.doors.len();
            (findings.len() * 64 + doors) * 2 + usize::from(read.is_some())
        })
    }),
    Target::new("site_table", &[], || {
        Box::new(|input| {
            let read = site_table_text(input).and_then(|text| read_site_table(&text));
            read.err().map_or(0, |findings| findings.len())
        })
    }),
    Target::new("catalogue", &["examples/villeneuve/catalogue.toml"], || {
        Box::new(|input| {
            let read = boxoffice::look_through_catalogue(&text(input));
            read.findings.len() * 64 + read.catalogue.products.len()
        })
    }),
    Target::new("sales_file", SALES_FILES, || {
        Box::new(
            |input| match stx::read(Cursor::new(input), &Dialect::default()) {
                Err(_) => 0,
                Ok(rows) => rows.flatten().fold(1, |way, row| match row {
                    Ok(_) => way + 1,
                    Err(rejection) => way + rejection.problems.len() * 64,
                }),
            },
        )
    }),
    Target::new("answers", &[], || {
        let contract = Contract::default();
        Box::new(move |input| {
            let answer = serde_json::from_slice::<WireAnswer>(input);
            let answer = answer.is_ok_and(|answer| contract.answer(&answer).is_ok());
            let page = serde_json::from_slice::<WirePassPage>(input);
            let page = page.map_or(0, |page| contract.pass_page(page).passes.len());
            let ticket = serde_json::from_slice::<ReadTicketAnswer>(input);
            let ticket = ticket.map_or(0, |t| t.controlled_ticket_data.control_operations.len());
            let import = serde_json::from_slice::<ImportControlledTicketAnswer>(input).is_ok();
            let catalogue = serde_json::from_slice::<Catalogue>(input);
            let catalogue = catalogue.map_or(0, |catalogue| catalogue.seasons.len());
            let ways = usize::from(answer) + usize::from(import) * 2;
            ways + 4 * (page + 16 * (ticket + 16 * catalogue))
        })
    }),
    Target::new("turnstile", &[], || {
        let word = |word: &str| Some(word.to_owned());
        let options = DoorOptions {
            entry_prefix: word("IN "),
            exit_prefix: word("OUT "),
            cancel_line: word("*CANCEL"),
            more_line: word("*MORE"),
            ..DoorOptions::default()
        };
        Box::new(move |input| {
            let (mut checks, mut others) = (0, 0);
            let read = edge::line::read_lines(input, |line| {
                match edge::line::wish(line, &options) {
                    Wish::Check(..) => checks += 1,
                    _ => others += 1,
                }
                Go::On
            });
            // A slice has no end but its own.
            usize::from(read.is_err()) + 2 * (checks + 64 * others)
        })
    }),
    Target::new(
        "configuration",
        &["examples/villeneuve/passerelle.toml"],
        || {
            let nothing = BTreeMap::new();
            Box::new(move |input| {
                let read = Config::reading(Path::new("passerelle.toml"), &text(input), &nothing);
                read.mistakes.len() * 64 + read.value.refused().len()
            })
        },
    ),
    Target::new("ticketing", &[], || {
        let (caller, clock) = (villeneuve::caller(), ManualClock::new(villeneuve::now()));
        Box::new(move |input| {
            let call = serde_json::from_slice::<ImportControlledTicketCall>(input);
            let claims = token::verify(&text(input), &caller, clock.now());
            usize::from(call.is_ok()) * 2 + usize::from(claims.is_ok())
        })
    }),
    Target::new(
        DEVICE_API,
        &[
            "crates/deviceapi/examples/check.json",
            "crates/deviceapi/examples/batch.json",
            "crates/deviceapi/examples/cancellation.json",
            "crates/deviceapi/examples/enrolment.json",
            "crates/deviceapi/examples/look.json",
        ],
        device_api::open,
    ),
];
