//! Which file takes what from which, read from the sources: enough of Rust's syntax to follow `use` and paths, and no more.
//!
//! A name counts for the file that defines it, however many `pub use` it passes through. Code for tests is left out, and so is what
//! comes from other crates, between which Cargo allows no circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

/// From each file to the files that it takes something from, with the names that it takes.
pub type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// The modules of the crate whose root is the file `root`.
fn tree(root: &Path) -> io::Result<Tree> {
    let mut modules = vec![Module::new(root.to_path_buf(), None)];
    read(&mut modules, 0, root)?;
    Ok(Tree(modules))
}

/// What the crate whose root is the file `root` names first in paths, among it the crates that it depends on.
pub fn firsts(root: &Path) -> io::Result<BTreeSet<String>> {
    let mut firsts = BTreeSet::new();
    for module in tree(root)?.0 {
        let imported = module.imports.into_values().chain(module.globs);
        let paths = imported.chain(module.traits).chain(module.paths);
        firsts.extend(paths.filter_map(|path| path.into_iter().next()));
        firsts.extend(module.words);
    }
    Ok(firsts)
}

/// The arrows inside the crate whose root is the file `root`.
pub fn arrows(root: &Path) -> io::Result<Arrows> {
    let tree = tree(root)?;
    let mut arrows = Arrows::new();
    for (number, module) in tree.0.iter().enumerate() {
        for (name, path) in tree.taken(number) {
            let Some(found) = tree.find(number, &path, 0) else {
                continue;
            };
            let Found::Item(file) = found else { continue };
            if *file != module.file {
                let from = arrows.entry(module.file.clone()).or_default();
                from.entry(file.clone()).or_default().insert(name);
            }
        }
    }
    Ok(arrows)
}

/// The groups of files that reach each other, each with the arrows between them.
pub fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = arrows
        .keys()
        .map(|file| (file.as_path(), reach(arrows, file)))
        .collect();
    let is_back = |from: &Path, to: &Path| reached.get(to).is_some_and(|all| all.contains(from));
    let mut done = BTreeSet::new();
    let mut circles = Vec::new();
    for (&file, all) in &reached {
        if done.contains(file) || !all.contains(file) {
            continue;
        }
        let group: BTreeSet<&Path> = all.iter().copied().filter(|to| is_back(file, to)).collect();
        let mut lines = Vec::new();
        for from in &group {
            for (to, names) in arrows.get(*from).into_iter().flatten() {
                if group.contains(to.as_path()) {
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    let names = names.join(", ");
                    lines.push(format!(
                        "{} takes {names} from {}",
                        from.display(),
                        to.display()
                    ));
                }
            }
        }
        done.extend(group);
        circles.push(lines);
    }
    circles
}

fn reach<'a>(arrows: &'a Arrows, from: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for to in arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to.as_path()) {
                open.push(to);
            }
        }
    }
    reached
}

/// A module, in a file of its own or in that of its parent.
struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// What `use` brings in, by the name that it has here.
    imports: BTreeMap<String, Vec<String>>,
    /// Modules of which `use` brings in everything.
    globs: Vec<Vec<String>>,
    /// Traits that are imported for their methods.
    traits: Vec<Vec<String>>,
    /// Paths that are written out.
    paths: BTreeSet<Vec<String>>,
    /// All that stands outside `use`.
    words: BTreeSet<String>,
    /// What is defined here.
    items: BTreeSet<String>,
}

impl Module {
    fn new(file: PathBuf, parent: Option<usize>) -> Self {
        Self {
            file,
            parent,
            children: BTreeMap::new(),
            imports: BTreeMap::new(),
            globs: Vec::new(),
            traits: Vec::new(),
            paths: BTreeSet::new(),
            words: BTreeSet::new(),
            items: BTreeSet::new(),
        }
    }
}

enum Found<'t> {
    Module(usize),
    Item(&'t PathBuf),
}

struct Tree(Vec<Module>);

impl Tree {
    /// What a module takes from elsewhere: a name to show, and its path as seen from there. What is only handed on isn't taken.
    fn taken(&self, number: usize) -> Vec<(String, Vec<String>)> {
        let module = &self.0[number];
        let mut taken = Vec::new();
        for (name, path) in &module.imports {
            if module.words.contains(name) {
                taken.push((name.clone(), path.clone()));
            }
        }
        for path in module.traits.iter().chain(&module.paths) {
            taken.push((path[path.len() - 1].clone(), path.clone()));
        }
        for from in &module.globs {
            match self.find(number, from, 0) {
                Some(Found::Module(there)) => {
                    let there = &self.0[there];
                    for word in &module.words {
                        if there.items.contains(word) || there.imports.contains_key(word) {
                            taken.push((
                                word.clone(),
                                [from.as_slice(), std::slice::from_ref(word)].concat(),
                            ));
                        }
                    }
                }
                Some(Found::Item(_)) => taken.push((from.join("::"), from.clone())),
                None => {}
            }
        }
        taken
    }

    /// Where `path` leads that is written in the module `at`; `None` out of the crate.
    fn find(&self, at: usize, path: &[String], depth: usize) -> Option<Found<'_>> {
        // Names that import each other through globs lead nowhere.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" => Found::Module(0),
            "self" => Found::Module(at),
            "super" => Found::Module(self.0[at].parent?),
            name => self.member(at, name, depth)?,
        };
        for name in rest {
            found = match found {
                Found::Module(here) if name == "super" => Found::Module(self.0[here].parent?),
                Found::Module(here) if name == "self" => Found::Module(here),
                Found::Module(here) => self
                    .member(here, name, depth)
                    .unwrap_or(Found::Item(&self.0[here].file)),
                item @ Found::Item(_) => return Some(item),
            };
        }
        Some(found)
    }

    fn member(&self, here: usize, name: &str, depth: usize) -> Option<Found<'_>> {
        let module = &self.0[here];
        if let Some(child) = module.children.get(name) {
            return Some(Found::Module(*child));
        }
        if module.items.contains(name) {
            return Some(Found::Item(&module.file));
        }
        if let Some(path) = module.imports.get(name) {
            // `use http::http` would look for itself.
            let is_itself = path.first().is_some_and(|first| first == name);
            return (!is_itself).then(|| self.find(here, path, depth + 1))?;
        }
        module
            .globs
            .iter()
            .find_map(|from| match self.find(here, from, depth + 1)? {
                Found::Module(there) if there != here => self.member(there, name, depth + 1),
                _ => None,
            })
    }
}

/// Reads the file of the module `number`, and the files of the modules inside it.
fn read(modules: &mut Vec<Module>, number: usize, file: &Path) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let is_folder = number == 0 || file.file_name().is_some_and(|name| name == "mod.rs");
    let folder = if is_folder {
        file.parent().unwrap_or(file).to_path_buf()
    } else {
        file.with_extension("")
    };
    let tokens = tokens(&text);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        modules,
        files: Vec::new(),
    };
    reader.items(number, &folder);
    for (child, stem) in std::mem::take(&mut reader.files) {
        let flat = stem.with_extension("rs");
        let file = if flat.is_file() {
            flat
        } else {
            stem.join("mod.rs")
        };
        modules[child].file.clone_from(&file);
        read(modules, child, &file)?;
    }
    Ok(())
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    modules: &'a mut Vec<Module>,
    /// Modules in files of their own: where those are, without their ending.
    files: Vec<(usize, PathBuf)>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    /// Up to the brace that closes the module, or the end of the file.
    fn items(&mut self, module: usize, folder: &Path) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            match self.peek(0) {
                "{" => depth += 1,
                "}" if depth == 0 => return,
                "}" => depth -= 1,
                "#" if self.peek(1) == "[" => {
                    if self.attribute(module) {
                        self.skip_item();
                    }
                    continue;
                }
                "mod" if is_word(self.peek(1)) => {
                    let name = self.peek(1).to_owned();
                    let child = self.modules.len();
                    let file = self.modules[module].file.clone();
                    self.modules.push(Module::new(file, Some(module)));
                    self.modules[module].children.insert(name.clone(), child);
                    let folder = folder.join(name);
                    let is_inline = self.peek(2) == "{";
                    self.at += 3;
                    if is_inline {
                        self.items(child, &folder);
                        self.at += 1;
                    } else {
                        self.files.push((child, folder));
                    }
                    continue;
                }
                "use" => {
                    self.at += 1;
                    self.import(module, &[]);
                    continue;
                }
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union"
                    if depth == 0 && is_word(self.peek(1)) =>
                {
                    let name = self.peek(1).to_owned();
                    self.modules[module].items.insert(name);
                }
                word if is_word(word) => {
                    self.path(module);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Reads an attribute. Whether what follows it is for tests.
    fn attribute(&mut self, module: usize) -> bool {
        let is_for_tests = self.peek(2) == "cfg" && self.peek(4) == "test" && self.peek(5) == ")";
        let mut depth = 0;
        while self.at < self.tokens.len() {
            match self.peek(0) {
                "[" => depth += 1,
                "]" => depth -= 1,
                word if is_word(word) => {
                    self.path(module);
                    continue;
                }
                _ => {}
            }
            let is_end = self.peek(0) == "]" && depth == 0;
            self.at += 1;
            if is_end {
                break;
            }
        }
        is_for_tests
    }

    /// Passes an item: up to its semicolon, or its closing brace.
    fn skip_item(&mut self) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            let token = self.peek(0).to_owned();
            self.at += 1;
            match token.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            if depth == 0 && (token == ";" || token == "," || token == "}") {
                return;
            }
        }
    }

    /// One tree of a `use`, behind `prefix`; passes the comma or semicolon behind it.
    fn import(&mut self, module: usize, prefix: &[String]) {
        let mut path = prefix.to_vec();
        let mut alias = None;
        while self.at < self.tokens.len() {
            let token = self.peek(0).to_owned();
            self.at += 1;
            match token.as_str() {
                "{" => {
                    while self.peek(0) != "}" && self.at < self.tokens.len() {
                        self.import(module, &path);
                    }
                    self.at += 1;
                    path.clear();
                }
                "as" => {
                    alias = Some(self.peek(0).to_owned());
                    self.at += 1;
                }
                "," | ";" => break,
                "}" => {
                    self.at -= 1;
                    break;
                }
                "::" => {}
                _ => path.push(token),
            }
        }
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(last) = path.last().cloned() else {
            return;
        };
        let name = alias.unwrap_or(last);
        let module = &mut self.modules[module];
        match name.as_str() {
            "*" => {
                path.pop();
                module.globs.push(path);
            }
            "_" => module.traits.push(path),
            _ => {
                module.imports.insert(name, path);
            }
        }
    }

    /// A word, and what hangs on it by `::`.
    fn path(&mut self, module: usize) {
        let is_member = self.at > 0 && matches!(self.tokens[self.at - 1].as_str(), "." | "::");
        let mut path = vec![self.peek(0).to_owned()];
        self.at += 1;
        while self.peek(0) == "::" && is_word(self.peek(1)) {
            path.push(self.peek(1).to_owned());
            self.at += 2;
        }
        if is_member {
            return;
        }
        let module = &mut self.modules[module];
        module.words.insert(path[0].clone());
        if path.len() > 1 {
            module.paths.insert(path);
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single signs; neither comments nor what stands between quotes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(len) = quoted(rest) {
            len
        } else if c.is_alphanumeric() || c == '_' {
            let len = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            tokens.push(rest[..len].to_owned());
            len
        } else {
            let len = if rest.starts_with("::") {
                2
            } else {
                c.len_utf8()
            };
            if !c.is_whitespace() {
                tokens.push(rest[..len].to_owned());
            }
            len
        };
        rest = &rest[len..];
    }
    tokens
}

/// How long the literal is that `rest` begins with: a string of any kind, a character, or a lifetime.
fn quoted(rest: &str) -> Option<usize> {
    let inner = rest.trim_start_matches(['b', 'c']);
    let raw = inner.strip_prefix('r').unwrap_or(inner);
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if rest.len() - inner.len() <= 1 && raw.len() < inner.len() && raw[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let begin = rest.len() - raw.len() + hashes + 1;
        return rest[begin..].find(&end).map(|at| begin + at + end.len());
    }
    let begin = rest.len() - inner.len();
    if begin > 1 {
        return None;
    }
    let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut chars = inner.char_indices().skip(1);
    if quote == '\'' {
        let mut ahead = inner.chars().skip(1);
        let (first, second) = (ahead.next()?, ahead.next());
        if first != '\\' && second != Some('\'') {
            return Some(begin + 1);
        }
    }
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Some(begin + at + 1);
        }
    }
    None
}
