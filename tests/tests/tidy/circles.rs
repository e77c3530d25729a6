//! Files of a crate that use each other in a circle.
//!
//! A file uses another if a path in it (`use`, or written out) leads to something that stands
//! there; a name that a file only hands on (`pub use`) leads to where it stands, and to hand on is
//! not to use. What is under `#[cfg(test)]` and in macros' arguments is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

/// A module by its path in the crate; empty for the root.
type Module = Vec<String>;

/// One file of a crate.
struct File {
    /// Paths from the root of the crate.
    uses: BTreeSet<Vec<String>>,
    /// What names of `use` mean here.
    names: BTreeMap<String, Vec<String>>,
}

/// Finds the circles of the crate whose files, by paths from `src`, are given: each as its modules.
pub(crate) fn circles<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Vec<String>> {
    let files: BTreeMap<Module, File> =
        files.map(|(path, text)| (module(path), File::read(path, text))).collect();
    let uses = |module: &Module| -> BTreeSet<Module> {
        let targets = files[module].uses.iter().filter_map(|path| stands_in(&files, path, 0));
        targets.filter(|target| target != module).collect()
    };
    let arrows = files.keys().map(|module| (module.clone(), uses(module))).collect();
    let named = |circle: Vec<Module>| circle.into_iter().map(|module| name(&module)).collect();
    together(&arrows).into_iter().map(named).collect()
}

fn name(module: &Module) -> String {
    if module.is_empty() { "lib".to_owned() } else { module.join("::") }
}

/// `scene/mod.rs` and `scene.rs` are the module `scene`.
fn module(path: &str) -> Module {
    let path = path.strip_suffix(".rs").expect("it is Rust");
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts.last() == Some(&"mod") || parts == ["lib"] {
        parts.pop();
    }
    parts.into_iter().map(str::to_owned).collect()
}

/// The file where what the path names stands; none if that is in another crate.
fn stands_in(files: &BTreeMap<Module, File>, path: &[String], depth: usize) -> Option<Module> {
    /// Names are handed on from file to file at most so often.
    const HANDED_ON_MAX: usize = 8;

    let known = (0..=path.len()).rev().find(|&count| files.contains_key(&path[..count]))?;
    let (module, rest) = path.split_at(known);
    let handed_on = rest.first().and_then(|first| files[module].names.get(first));
    match handed_on {
        Some(means) if depth < HANDED_ON_MAX && means.as_slice() != path => {
            let means: Vec<String> = means.iter().chain(&rest[1..]).cloned().collect();
            stands_in(files, &means, depth + 1)
        }
        // From another crate, or from this one.
        Some(_) if depth >= HANDED_ON_MAX => None,
        Some(_) | None => Some(module.to_vec()),
    }
}

impl File {
    fn read(path: &str, text: &str) -> Self {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let file = Self { uses: BTreeSet::new(), names: BTreeMap::new() };
        let mut reader = Reader { module: module(path), file, hands_on: false };
        reader.visit_file(&parsed);
        reader.file
    }
}

/// Collects the paths of a file.
struct Reader {
    module: Module,
    file: File,
    /// The names that come are handed on.
    hands_on: bool,
}

impl Reader {
    /// A path as the root of the crate would write it; none if it cannot be of this crate.
    fn resolved(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = self.module.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            "self" | "super" => {
                while let Some(first @ ("self" | "super")) = rest.first().map(String::as_str) {
                    if first == "super" {
                        base.pop()?;
                    }
                    rest = &rest[1..];
                }
            }
            _ => {}
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    fn add_tree(&mut self, before: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_tree(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_tree(before, tree));
            }
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                if name == "self" {
                    let last = before.last().cloned().unwrap_or_default();
                    return self.add_use(before, &last);
                }
                before.push(name.clone());
                self.add_use(before, &name);
                before.pop();
            }
            syn::UseTree::Rename(rename) => {
                before.push(rename.ident.to_string());
                self.add_use(before, &rename.rename.to_string());
                before.pop();
            }
            syn::UseTree::Glob(_) => self.add_use(before, "*"),
        }
    }

    fn add_use(&mut self, path: &[String], name: &str) {
        if let Some(path) = self.resolved(path) {
            if !self.hands_on {
                self.file.uses.insert(path.clone());
            }
            self.file.names.insert(name.to_owned(), path);
        }
    }
}

fn is_of_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.path().is_ident("cfg").then(|| attribute.meta.require_list());
        list.is_some_and(|list| list.is_ok_and(|list| list.tokens.to_string() == "test"))
    })
}

impl<'a> Visit<'a> for Reader {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        if !is_of_tests(&item.attrs) {
            self.hands_on = !matches!(item.vis, syn::Visibility::Inherited);
            self.add_tree(&mut Vec::new(), &item.tree);
        }
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if is_of_tests(&item.attrs) || item.content.is_none() {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let first = parts.first().map(String::as_str);
        if matches!(first, Some("crate" | "super" | "self")) && parts.len() > 1 {
            self.file.uses.extend(self.resolved(&parts));
        }
        visit::visit_path(self, path);
    }
}

/// Sets of files each of which leads to all others of its set.
fn together(arrows: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<Module>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        arrows.keys().map(|module| (module, reached(arrows, module))).collect();
    let mut circles = BTreeSet::new();
    for (module, others) in &reach {
        let circle: Vec<Module> = others
            .iter()
            .filter(|other| reach[*other].contains(module))
            .map(|other| (*other).clone())
            .collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles.into_iter().collect()
}

/// All that a file leads to, over others; itself only if there is a way back.
fn reached<'a>(
    arrows: &'a BTreeMap<Module, BTreeSet<Module>>,
    from: &Module,
) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = arrows[from].iter().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(&arrows[module]);
        }
    }
    reached
}
