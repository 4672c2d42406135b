//! Structures of configurations, read from their source text as rustfmt writes it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Source files by their path in the repository.
pub struct Sources(BTreeMap<PathBuf, String>);

/// A structure.
pub struct Structure {
    /// Where it stands.
    pub file: PathBuf,
    pub meaning: String,
    /// Its fields, in their order.
    pub fields: Vec<Field>,
}

/// A key.
pub struct Field {
    /// As it is written in a file.
    pub key: String,
    pub shape: Shape,
    /// What is in a list or a table, or the type itself.
    pub type_name: String,
    /// What holds where the key is left out.
    pub absent: Absent,
    /// What its documentation says after `Allowed:`.
    pub allowed: Option<String>,
    pub meaning: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    One,
    List,
    /// By names of the operator's own.
    Table,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// It can't be.
    Never,
    /// Nothing.
    Nothing,
    /// A value.
    Default,
}

/// What a type is to whoever writes a value of it.
pub enum Kind {
    /// A section.
    Structure(String),
    /// One of these.
    Choice(Vec<Choice>),
    /// A value, with its name.
    Plain(&'static str),
}

/// One value of a choice.
pub struct Choice {
    /// As it is written in a file.
    pub name: String,
    /// The type of what belongs to it: `{ name = [...] }`.
    pub content: Option<String>,
    pub meaning: String,
}

/// Types that are written as one value.
const PLAIN: [(&str, &str); 19] = [
    ("AddressBlock", "address or network"),
    ("bool", "boolean"),
    ("ByteSize", "size"),
    ("ConnectorId", "connector ID"),
    ("IpAddr", "address"),
    ("NonZeroU32", "number"),
    ("PathBuf", "path"),
    ("Period", "duration"),
    ("SecretFile", "path of a file with a secret"),
    ("SocketAddr", "address with port"),
    ("String", "text"),
    ("u16", "number"),
    ("u32", "number"),
    ("u64", "number"),
    ("u8", "number"),
    ("Url", "URL"),
    ("UserId", "user ID"),
    ("usize", "number"),
    ("i64", "number"),
];

const LISTS: [&str; 2] = ["Vec", "BTreeSet"];

impl Sources {
    /// Every source file of the workspace at `root` but for those of tests.
    pub fn read(root: &Path) -> Self {
        fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if path.is_dir() {
                    if !name.starts_with('.') && !matches!(&*name, "target" | "tests" | "fuzz") {
                        collect(&path, found);
                    }
                } else if name.ends_with(".rs") {
                    let text = fs::read_to_string(&path).expect("a source file");
                    found.insert(path, text);
                }
            }
        }
        let mut found = BTreeMap::new();
        collect(root, &mut found);
        Self(found)
    }

    /// The file in which `item` stands, and where: that of the file `near`, or the only one anywhere.
    fn find(&self, near: &Path, item: &str) -> Option<(&Path, usize)> {
        let find = |text: &str| {
            let at = text.find(&format!("\n{item} {{"))?;
            // Others are called so that are no part of a configuration.
            let attributes = &text[text[..at].rfind("\n\n").unwrap_or(0)..at];
            attributes.contains("Deserialize").then_some(at + 1)
        };
        let (near, text) = self.0.get_key_value(near)?;
        if let Some(at) = find(text) {
            return Some((near, at));
        }
        let mut all = self
            .0
            .iter()
            .filter_map(|(file, text)| Some((file.as_path(), find(text)?)));
        let first = all.next()?;
        let second = all.next();
        assert!(second.is_none(), "which {item}? {first:?} {second:?}");
        Some(first)
    }

    /// The file of `item`, the lines of documentation and attributes before it, and those inside it.
    fn lines(&self, near: &Path, item: &str) -> Option<(&Path, Vec<&str>, Vec<&str>)> {
        let (file, at) = self.find(near, item)?;
        let text = &self.0[file];
        let before = text[..at].rsplit('\n').skip(1);
        let mut before: Vec<_> = before.take_while(|line| !line.is_empty()).collect();
        before.reverse();
        let inside = text[at..].lines().skip(1).take_while(|line| *line != "}");
        Some((file, before, inside.collect()))
    }

    /// The structure `name` as the file `near` sees it.
    pub fn structure(&self, near: &Path, name: &str) -> Structure {
        let found = self.lines(near, &format!("pub struct {name}"));
        let (file, before, inside) =
            found.unwrap_or_else(|| panic!("{} has no {name}", near.display()));
        let has_defaults = serde_of(&before).contains("default");
        let (meaning, _) = documentation(&before);
        Structure {
            meaning,
            fields: fields(&inside, has_defaults),
            file: file.to_owned(),
        }
    }

    /// What the type `name` is as the file `near` sees it.
    pub fn kind(&self, near: &Path, name: &str) -> Kind {
        if let Some((_, text)) = PLAIN.iter().find(|(plain, _)| *plain == name) {
            return Kind::Plain(text);
        }
        if self.find(near, &format!("pub struct {name}")).is_some() {
            return Kind::Structure(name.to_owned());
        }
        let found = self.lines(near, &format!("pub enum {name}"));
        let (_, before, inside) =
            found.unwrap_or_else(|| panic!("{}: what is a {name}?", near.display()));
        Kind::Choice(choices(&serde_of(&before), &inside))
    }
}

/// Documentation as one paragraph of Markdown, and what it says to be allowed.
fn documentation(lines: &[&str]) -> (String, Option<String>) {
    let text = lines
        .iter()
        .filter_map(|line| line.trim().strip_prefix("///"));
    let words: Vec<_> = text.flat_map(str::split_whitespace).collect();
    // Links are for whoever reads the source.
    let text = words.join(" ").replace("[`", "`").replace("`]", "`");
    match text.split_once("Allowed: ") {
        None => (text, None),
        Some((meaning, allowed)) => {
            let allowed = allowed.strip_suffix('.').expect("a sentence at the end");
            (meaning.trim_end().to_owned(), Some(allowed.to_owned()))
        }
    }
}

/// The attributes of serde among `lines`.
fn serde_of(lines: &[&str]) -> String {
    let code = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.starts_with("///"));
    let text = code.collect::<Vec<_>>().join(" ");
    text.split("#[")
        .filter(|attribute| attribute.starts_with("serde("))
        .collect()
}

/// What stands behind `name = "` among attributes.
fn argument<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = attributes.split_once(&format!("{name} = \""))?;
    rest.split('"').next()
}

fn fields(lines: &[&str], has_defaults: bool) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut before = Vec::new();
    for line in lines {
        let Some(declared) = line.strip_prefix("    pub ") else {
            before.push(*line);
            continue;
        };
        let (name, declared) = declared.split_once(": ").expect("a field has a type");
        let attributes = serde_of(&before);
        let declared = declared.trim_end_matches(',');
        let (absent, declared) = match inside(declared, "Option") {
            Some(inner) => (Absent::Nothing, inner),
            None if has_defaults || attributes.contains("default") => (Absent::Default, declared),
            None => (Absent::Never, declared),
        };
        let (shape, type_name) = shape(declared);
        let (meaning, allowed) = documentation(&before);
        fields.push(Field {
            key: argument(&attributes, "rename").unwrap_or(name).to_owned(),
            shape,
            type_name: type_name.to_owned(),
            absent,
            allowed,
            meaning,
        });
        before.clear();
    }
    fields
}

/// Whether `declared` holds many, and of what.
pub fn shape(declared: &str) -> (Shape, &str) {
    let list = LISTS.iter().find_map(|list| inside(declared, list));
    let table = || inside(declared, "BTreeMap")?.split_once(", ");
    match (list, table()) {
        (Some(of), _) => (Shape::List, of),
        (None, Some((_, of))) => (Shape::Table, of),
        (None, None) => (Shape::One, declared),
    }
}

fn inside<'t>(declared: &'t str, wrapper: &str) -> Option<&'t str> {
    let inner = declared.strip_prefix(wrapper)?;
    inner.strip_prefix('<')?.strip_suffix('>')
}

fn choices(attributes: &str, lines: &[&str]) -> Vec<Choice> {
    let mut choices = Vec::new();
    let mut before: Vec<&str> = Vec::new();
    for line in lines {
        let line = line.trim();
        if line.starts_with("///") || line.starts_with("#[") {
            before.push(line);
            continue;
        }
        let end = line.find(|c: char| !c.is_alphanumeric());
        let (variant, rest) = line.split_at(end.unwrap_or(line.len()));
        let own = serde_of(&before);
        let name = match (argument(&own, "rename"), argument(attributes, "rename_all")) {
            (Some(name), _) => name.to_owned(),
            (None, Some("kebab-case")) => kebab(variant),
            (None, Some("lowercase")) => variant.to_lowercase(),
            (None, other) => panic!("{variant} is written as {other:?}"),
        };
        let content = rest
            .strip_prefix('(')
            .and_then(|rest| rest.split(')').next());
        let (meaning, _) = documentation(&before);
        choices.push(Choice {
            name,
            content: content.map(str::to_owned),
            meaning,
        });
        before.clear();
    }
    choices
}

fn kebab(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
