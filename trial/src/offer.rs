//! What the domains offer: every file below their folders.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use anyhow::{Context as _, bail};
use connector::{
    data_server,
    upstream::{ResourceUrl, UrlError},
};
use url::Url;

use crate::layout::{Domain, Layout, Port, Service};

/// One file on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Who offers it.
    pub domain: Domain,
    /// Its address at the domain's data server, by which it is asked for.
    pub url: Url,
    /// Where it lies.
    pub path: PathBuf,
    /// Whether it needs no grant: it lies in a folder `open`.
    pub open: bool,
    /// Its length.
    pub bytes: u64,
    /// When it was changed last, milliseconds since 1970.
    pub modified_ms: u64,
}

/// Everything on offer.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    /// The files, in the order of their addresses.
    pub files: Vec<Offer>,
    /// Each domain's folders by the name under which its data server has them.
    pub folders: BTreeMap<Domain, BTreeMap<String, PathBuf>>,
    /// The addresses of the folders `open`, each with a slash at its end.
    pub open: BTreeMap<Domain, Vec<Url>>,
    /// Files and folders that can't be offered, because of their names, with the reason.
    pub refused: Vec<(PathBuf, String)>,
}

impl Offers {
    /// Looks into the sub-folders of `data` whose names begin with `domain-a`, `domain-b` or `domain-c`.
    ///
    /// Hidden files are passed over, and so are links below these folders: a link may lead anywhere. The sub-folders
    /// themselves may be links, as somebody gave them these names.
    pub fn scan(data: &Path, layout: &Layout) -> anyhow::Result<Self> {
        let mut offers = Self::default();
        for (name, path) in offers.entries(data)? {
            let domain = Domain::ALL
                .into_iter()
                .find(|d| name.starts_with(&format!("domain-{}", d.letter())));
            let Some(domain) = domain.filter(|_| path.is_dir()) else {
                continue;
            };
            if !data_server::is_folder_name(&name) {
                let reason = "a data server can't have a folder by this name".to_owned();
                offers.refused.push((path, reason));
                continue;
            }
            let mut url = layout.url(Service::Data(domain), Port::Data);
            push(&mut url, &name);
            offers.walk(domain, &path, &url, false)?;
            offers.folders.entry(domain).or_default().insert(name, path);
        }
        if let Some(domain) = Domain::ALL
            .into_iter()
            .find(|d| !offers.files.iter().any(|file| file.domain == *d))
        {
            let mut refused = String::new();
            for (path, reason) in &offers.refused {
                let _ = write!(refused, "\n  not offered: {}: {reason}", path.display());
            }
            bail!(
                "{} offers nothing for domain {domain}: a sub-folder whose name begins with domain-{} has to hold a file{refused}",
                data.display(),
                domain.letter()
            );
        }
        offers.files.sort_by(|a, b| a.url.cmp(&b.url));
        Ok(offers)
    }

    fn walk(&mut self, domain: Domain, folder: &Path, url: &Url, open: bool) -> anyhow::Result<()> {
        for (name, path) in self.entries(folder)? {
            let mut url = url.clone();
            push(&mut url, &name);
            // What the connectors would refuse is not offered in the first place.
            if let Err(reason) = address(&url, &name) {
                self.refused.push((path, reason));
                continue;
            }
            let metadata = std::fs::symlink_metadata(&path)
                .with_context(|| format!("cannot look at {}", path.display()))?;
            if metadata.is_dir() {
                let opens = !open && name == "open";
                if opens {
                    let mut prefix = url.clone();
                    push(&mut prefix, "");
                    self.open.entry(domain).or_default().push(prefix);
                }
                self.walk(domain, &path, &url, open || opens)?;
            } else if metadata.is_file() {
                let modified = metadata
                    .modified()
                    .ok()
                    .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                self.files.push(Offer {
                    domain,
                    url,
                    path,
                    open,
                    bytes: metadata.len(),
                    modified_ms: modified
                        .and_then(|since| u64::try_from(since.as_millis()).ok())
                        .unwrap_or(0),
                });
            }
        }
        Ok(())
    }

    /// The visible entries of a folder by name, in their order. A name has to be text, as it becomes part of a URL.
    fn entries(&mut self, folder: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
        let read = || format!("cannot read the folder {}", folder.display());
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(folder).with_context(read)? {
            let path = entry.with_context(read)?.path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .map(str::to_owned);
            match name {
                Some(name) if name.starts_with('.') => {}
                Some(name) => drop(found.insert(name, path)),
                None => self
                    .refused
                    .push((path, "its name is not UTF-8".to_owned())),
            }
        }
        Ok(found)
    }

    /// One domain's files.
    pub fn of(&self, domain: Domain) -> impl Iterator<Item = &Offer> {
        self.files.iter().filter(move |file| file.domain == domain)
    }

    /// The file at `url`.
    pub fn find(&self, url: &str) -> Option<&Offer> {
        self.files.iter().find(|file| file.url.as_str() == url)
    }
}

/// Whether everybody reads `url`, which ends in `name`, alike.
fn address(url: &Url, name: &str) -> Result<(), String> {
    // Where a URL is put together, some of these are dropped without a word.
    if name.chars().any(char::is_control) {
        return Err("its name has a control character".to_owned());
    }
    match ResourceUrl::parse(url.as_str()) {
        Ok(_) => Ok(()),
        Err(UrlError::Path) => {
            Err("a name with ; or \\ is not read alike by all servers".to_owned())
        }
        Err(other) => Err(format!("as an address: {other}")),
    }
}

fn push(url: &mut Url, segment: &str) {
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(segment);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    fn layout() -> Layout {
        Layout::new("/t".into(), 20_000)
    }

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is ours");
            std::fs::write(path, file).expect("the folder is ours");
        }
        dir
    }

    #[test]
    fn files_become_addresses_and_open_folders_open() {
        let dir = folder(&[
            "README.md",
            "domain-a-x/closed file.csv",
            "domain-a-x/.hidden",
            "domain-a-y/deep/open/er/notice.txt",
            "domain-b/日本.csv",
            "domain-c1/open",
        ]);
        let offers = Offers::scan(dir.path(), &layout()).unwrap();
        let seen: Vec<_> = offers
            .files
            .iter()
            .map(|file| (file.url.as_str(), file.open))
            .collect();
        assert_eq!(
            seen,
            [
                ("http://127.0.0.1:20123/domain-a-x/closed%20file.csv", false),
                (
                    "http://127.0.0.1:20123/domain-a-y/deep/open/er/notice.txt",
                    true
                ),
                (
                    "http://127.0.0.1:20223/domain-b/%E6%97%A5%E6%9C%AC.csv",
                    false
                ),
                ("http://127.0.0.1:20323/domain-c1/open", false),
            ]
        );
        assert_eq!(
            offers.open[&Domain::A][0].as_str(),
            "http://127.0.0.1:20123/domain-a-y/deep/open/"
        );
        assert_eq!(offers.open.len(), 1);
        assert_eq!(offers.folders[&Domain::A].len(), 2);
    }

    #[test]
    fn domain_without_a_file_is_named() {
        let dir = folder(&["domain-a/x", "domain-c/x"]);
        let error = Offers::scan(dir.path(), &layout()).unwrap_err().to_string();
        assert!(error.contains("domain B"), "{error}");
    }

    #[test]
    fn what_the_connectors_would_refuse_is_not_offered_and_named() {
        let long = "地".repeat(80);
        let deep = [long.as_str(); 6].join("/");
        let dir = folder(&[
            "domain-a/100%.csv",
            "domain-a/a;b.csv",
            "domain-a/c\\d.csv",
            "domain-a/e\tf.csv",
            "domain-a/x;y/open/in-vain.csv",
            "domain-a 100%/in-vain.csv",
            &format!("domain-a/{deep}/too-long.csv"),
            "domain-b/x",
            "domain-c/x",
        ]);
        let not_text = std::ffi::OsStr::from_bytes(b"domain-b/\xff.csv");
        std::fs::write(dir.path().join(not_text), "").unwrap();
        let offers = Offers::scan(dir.path(), &layout()).unwrap();
        let of_a: Vec<_> = offers.of(Domain::A).map(|file| file.url.as_str()).collect();
        assert_eq!(of_a, ["http://127.0.0.1:20123/domain-a/100%25.csv"]);
        assert_eq!(offers.files.len(), 3);
        assert!(offers.open.is_empty(), "{:?}", offers.open);
        assert_eq!(offers.folders[&Domain::A].len(), 1);
        let named = |name: &str| {
            let is = |path: &Path| path.file_name().is_some_and(|file| file == name);
            offers.refused.iter().any(|(path, _)| is(path))
        };
        for name in ["a;b.csv", "c\\d.csv", "e\tf.csv", "x;y", "domain-a 100%"] {
            assert!(named(name), "{name}: {:?}", offers.refused);
        }
        assert_eq!(offers.refused.len(), 7, "{:?}", offers.refused);
    }

    #[test]
    fn links_are_not_followed() {
        let dir = folder(&["domain-a/x", "domain-b/x", "domain-c/x"]);
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("domain-a/link")).unwrap();
        let offers = Offers::scan(dir.path(), &layout()).unwrap();
        assert_eq!(offers.files.len(), 3);
    }

    #[test]
    fn own_samples_offer_something_open_and_something_closed_in_each_domain() {
        let dir = tempfile::tempdir().unwrap();
        let folder = crate::samples::unpack(dir.path()).unwrap();
        let offers = Offers::scan(&folder, &layout()).unwrap();
        for domain in Domain::ALL {
            assert!(offers.of(domain).any(|file| file.open), "{domain}");
            assert!(offers.of(domain).any(|file| !file.open), "{domain}");
        }
    }
}
