//! Which files of a crate import each other in a circle.
//!
//! Read are the `use` declarations and the paths in code that begin with
//! `crate::` or `super::`, outside tests. To pass a name on (`pub use`) is no
//! import; whoever imports it from there imports it from where it is defined.

use super::Finding;
use super::code::is_test_file;
use crate::workspace::Source;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
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
        let mut room = Self {
            module: module(&source.path),
            named: BTreeSet::new(),
            passed_on: BTreeMap::new(),
        };
        // What cannot be read does not compile either.
        room.walk(source.text.parse().unwrap_or_default());
        room
    }

    fn walk(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut before = String::new();
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Group(group) if before == "#" && is_for_tests(group) => {
                    // The item that follows, to its end.
                    let _ = tokens.find(|token| is(token, ';') || is_block(token));
                }
                TokenTree::Group(group) => self.walk(group.stream()),
                // Not the `use<…>` of a type.
                TokenTree::Ident(word)
                    if word == "use" && !tokens.peek().is_some_and(|next| is(next, '<')) =>
                {
                    let tree = tokens.by_ref().take_while(|token| !is(token, ';'));
                    for (path, name) in leaves(&[], tree.collect()) {
                        let path = self.rooted(&path);
                        if before.starts_with(['p', '(']) {
                            self.passed_on.insert(name, path);
                        } else {
                            self.named.insert(path);
                        }
                    }
                }
                TokenTree::Ident(word) if (word == "crate" || word == "super") && before != "$" => {
                    let mut path = vec![word.to_string()];
                    while tokens.next_if(|next| is(next, ':')).is_some() {
                        let name = tokens.next_if(|next| matches!(next, TokenTree::Ident(_)));
                        path.extend(name.map(|name| name.to_string()));
                    }
                    // Alone it says who may see something.
                    if path.len() > 1 {
                        self.named.insert(self.rooted(&path));
                    }
                }
                _ => {}
            }
            before = token.to_string();
        }
    }

    /// A path from the crate's root.
    fn rooted(&self, path: &[String]) -> Vec<String> {
        let mut at = self.module.clone();
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                // A module declared here, or another crate: known when looked up.
                _ => break,
            }
            rest = after;
        }
        [at, rest.to_vec()].concat()
    }
}

fn is(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_for_tests(attribute: &Group) -> bool {
    let attribute = attribute.stream().to_string().replace(' ', "");
    let starts = ["cfg(test", "cfg(all(test", "cfg(any(test"];
    starts.iter().any(|start| attribute.starts_with(start))
}

/// The paths of a `use` tree below `before`, each with its name here.
fn leaves(before: &[String], tree: TokenStream) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut path = before.to_vec();
    let mut name = None;
    // The end closes a path too.
    for token in tree.into_iter().map(Some).chain([None]) {
        match token {
            Some(TokenTree::Ident(word)) if word == "as" => name = Some(String::new()),
            Some(TokenTree::Ident(word)) if name.is_some() => name = Some(word.to_string()),
            // Behind others it names what stands before it.
            Some(TokenTree::Ident(word)) if word != "self" || path.is_empty() => {
                path.push(word.to_string());
            }
            Some(TokenTree::Group(group)) => {
                found.extend(leaves(&path, group.stream()));
                path.clear();
            }
            Some(token) if !is(&token, ',') => {}
            _ => {
                if let Some(last) = path.last().cloned() {
                    found.push((path, name.take().unwrap_or(last)));
                }
                path = before.to_vec();
                name = None;
            }
        }
    }
    found
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

/// Each circle, as those that reach each other.
fn circles(edges: &[BTreeSet<usize>]) -> BTreeSet<Vec<usize>> {
    let reach: Vec<BTreeSet<usize>> = (0..edges.len()).map(|from| reached(edges, from)).collect();
    let circle = |from: usize| {
        let mutual = reach[from].iter().filter(|to| reach[**to].contains(&from));
        mutual.copied().collect()
    };
    (0..edges.len()).map(circle).collect()
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
