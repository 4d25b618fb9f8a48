//! Which files of a crate import each other in a circle.
//!
//! Read are the `use` declarations and the paths in code that begin with
//! `crate::` or `super::`, outside tests. To pass a name on (`pub use`) is no
//! import; whoever imports it from there imports it from where it is defined.

use super::Finding;
use super::code::{is_test_file, test_lines, without_comment};
use crate::workspace::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The most files that may stand in one circle.
const MOST: usize = 3;

/// A module's path below its crate, from the root: `["set_up", "door"]`.
type Module = Vec<String>;

/// Circles of more than three files in any crate.
pub fn too_large(sources: &[Source]) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is_any(&["rs"])) {
        if let Some((name, below)) = source.path.split_once("/src/")
            && !is_test_file(below)
        {
            crates.entry(name).or_default().push(source);
        }
    }
    crates.values().flat_map(|files| of_crate(files)).collect()
}

fn of_crate(files: &[&Source]) -> Vec<Finding> {
    let house = House::read(files);
    let edges: Vec<BTreeSet<usize>> = house.rooms.iter().map(|room| house.imports(room)).collect();
    circles(&edges)
        .into_iter()
        .filter(|circle| circle.len() > MOST)
        .map(|circle| {
            let paths: Vec<&str> = circle.iter().map(|at| files[*at].path.as_str()).collect();
            Finding::new(
                paths[0],
                1,
                format!(
                    "{} files import each other in a circle: {}",
                    circle.len(),
                    paths.join(", ")
                ),
                "move what several of them need into a file below them",
            )
        })
        .collect()
}

/// A file as a module.
struct Room {
    module: Module,
    /// Paths that it names, from the crate's root.
    named: BTreeSet<Vec<String>>,
    /// Names that it passes on, and where they come from.
    passed_on: BTreeMap<String, Vec<String>>,
}

struct House {
    rooms: Vec<Room>,
    by_module: BTreeMap<Module, usize>,
}

impl House {
    fn read(files: &[&Source]) -> Self {
        let rooms: Vec<Room> = files.iter().map(|file| Room::read(file)).collect();
        let modules = rooms.iter().map(|room| room.module.clone());
        let by_module = modules.zip(0..).collect();
        Self { rooms, by_module }
    }

    fn imports(&self, room: &Room) -> BTreeSet<usize> {
        let own = self.by_module[&room.module];
        let found = room.named.iter().filter_map(|path| self.defined(path));
        found.filter(|at| *at != own).collect()
    }

    /// The file in which the last name of `path` is defined.
    fn defined(&self, path: &[String]) -> Option<usize> {
        let mut path = path.to_vec();
        // A name is passed on a few times at most.
        for _ in 0..8 {
            let known = (0..=path.len()).rev();
            let (length, at) = known
                .filter_map(|n| Some((n, *self.by_module.get(&path[..n])?)))
                .next()?;
            let Some(name) = path.get(length) else {
                return Some(at);
            };
            match self.rooms[at].passed_on.get(name) {
                Some(from) => {
                    let rest = path.split_off(length + 1);
                    path = from.iter().cloned().chain(rest).collect();
                }
                None => return Some(at),
            }
        }
        None
    }
}

impl Room {
    fn read(source: &Source) -> Self {
        let module = module(&source.path);
        let mut room = Self {
            module,
            named: BTreeSet::new(),
            passed_on: BTreeMap::new(),
        };
        let in_tests = test_lines(&source.text);
        let code: Vec<&str> = source
            .text
            .lines()
            .zip(in_tests)
            .filter(|(_, in_test)| !in_test)
            .map(|(line, _)| without_comment(line).trim())
            .collect();
        let code = code.join("\n");
        for statement in code.split_inclusive(';') {
            room.statement(statement);
        }
        room
    }

    fn statement(&mut self, statement: &str) {
        let declared = ["pub use ", "pub(crate) use ", "pub(super) use ", "use "]
            .iter()
            .filter_map(|word| Some((*word, find_at_line_start(statement, word)?)))
            .next();
        let Some((word, at)) = declared else {
            for start in ["crate::", "super::"] {
                for (at, _) in statement.match_indices(start) {
                    let before = statement[..at].chars().next_back();
                    if !before.is_some_and(|c| c.is_alphanumeric() || "_:$".contains(c)) {
                        self.name(&statement[at..]);
                    }
                }
            }
            return;
        };
        let tree: String = statement[at + word.len()..]
            .trim_end_matches(';')
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        for (path, alias) in leaves(&tree) {
            let Some(path) = self.rooted(&path) else {
                continue;
            };
            if word == "use " {
                self.named.insert(path);
            } else if let Some(name) = alias.or_else(|| path.last().cloned()) {
                self.passed_on.insert(name, path);
            }
        }
    }

    /// A path in the middle of code.
    fn name(&mut self, text: &str) {
        let end = text
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(text.len());
        let path: Vec<String> = text[..end]
            .split("::")
            .filter(|s| !s.is_empty())
            .map(str::to_owned)
            .collect();
        if let Some(path) = self.rooted(&path) {
            self.named.insert(path);
        }
    }

    /// A path from the crate's root; none if it leads out of the crate.
    fn rooted(&self, path: &[String]) -> Option<Vec<String>> {
        let mut at = self.module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while let Some((first, after)) = rest.split_first()
                    && first == "super"
                {
                    at.pop();
                    rest = after;
                }
            }
            // A module declared here, or another crate: known when looked up.
            _ => {}
        }
        let full: Vec<String> = at.into_iter().chain(rest.iter().cloned()).collect();
        Some(full)
    }
}

/// Where `word` begins a line of `text`, before which only attributes stand.
fn find_at_line_start(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| *at == 0 || text[..*at].ends_with('\n'))
}

/// The paths of a `use` tree, each with its alias.
fn leaves(tree: &str) -> Vec<(Vec<String>, Option<String>)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, alias) = match tree.split_once(" as ") {
            Some((path, alias)) => (path, Some(alias.trim().to_owned())),
            None => (tree, None),
        };
        let mut path: Vec<String> = path.split("::").map(|s| s.trim().to_owned()).collect();
        path.retain(|name| !name.is_empty() && name != "*");
        if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        return vec![(path, alias)];
    };
    let before: Vec<String> = tree[..open]
        .split("::")
        .map(|s| s.trim().to_owned())
        .filter(|s| !s.is_empty())
        .collect();
    let inner = tree[open + 1..]
        .trim_end()
        .strip_suffix('}')
        .unwrap_or_default();
    let (mut depth, mut from) = (0_u32, 0);
    let mut parts = Vec::new();
    for (at, character) in inner.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts
        .flat_map(leaves)
        .map(|(path, alias)| {
            let mut path: Vec<String> = before.iter().cloned().chain(path).collect();
            if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
                path.pop();
            }
            (path, alias)
        })
        .collect()
}

/// The module that a file is.
fn module(path: &str) -> Module {
    let below = path.split_once("/src/").map_or(path, |(_, below)| below);
    let below = below.strip_suffix(".rs").unwrap_or(below);
    let mut module: Module = below.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || below == "lib" || below == "main" {
        module.pop();
    }
    module
}

/// The strongly connected parts of a graph (Tarjan), each sorted.
fn circles(edges: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let reach: Vec<BTreeSet<usize>> = (0..edges.len()).map(|from| reached(edges, from)).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for from in 0..edges.len() {
        if seen.contains(&from) || !reach[from].contains(&from) {
            continue;
        }
        let circle: Vec<usize> = reach[from]
            .iter()
            .copied()
            .filter(|to| reach[*to].contains(&from))
            .collect();
        seen.extend(circle.iter().copied());
        found.push(circle);
    }
    found
}

/// What can be reached from `from` in one step or more.
fn reached(edges: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut next: Vec<usize> = edges[from].iter().copied().collect();
    while let Some(at) = next.pop() {
        if found.insert(at) {
            next.extend(&edges[at]);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| sample(&format!("crates/kernel/src/{path}"), text))
            .collect();
        too_large(&sources)
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn a_circle_of_four_is_found_by_any_kind_of_path() {
        let circle = [
            (
                "lib.rs",
                "mod a;\nmod b;\nmod c;\nmod d;\npub use b::Thing;\n",
            ),
            ("a.rs", "use crate::{Thing, other::X};\n"),
            ("b.rs", "/// crate::a::no\nfn f() { super::c::g(); }\n"),
            ("c.rs", "use super::d::{self, E};\n"),
            ("d.rs", "use crate::a::{\n    One as Two,\n};\n"),
        ];
        let said = found(&circle);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("4 files"), "{said:?}");
        // Without one of its arrows there is none.
        for left_out in 1..5 {
            let mut files = circle;
            files[left_out].1 = "";
            assert!(found(&files).is_empty(), "{left_out}");
        }
    }

    #[test]
    fn three_may_and_tests_do_not_count() {
        let three = [
            ("a.rs", "use crate::b::B;\n"),
            ("b.rs", "use crate::c::C;\n"),
            (
                "c.rs",
                "use crate::a::A;\n#[cfg(test)]\nmod tests {\n    use crate::d::D;\n}\n",
            ),
            ("d.rs", "use crate::a::A;\n"),
        ];
        assert!(found(&three).is_empty());
    }

    #[test]
    fn folders_and_parents_are_modules() {
        let files = [
            ("x.rs", "mod y;\nmod z;\nuse y::Y;\n"),
            ("x/y.rs", "use super::z::Z;\n"),
            ("x/z.rs", "use crate::w::W;\n"),
            ("w.rs", "use crate::x::Other;\n"),
        ];
        assert_eq!(found(&files).len(), 1);
    }
}
