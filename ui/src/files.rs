//! What the front end was built to.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use bytes::Bytes;
use http::HeaderValue;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

#[derive(RustEmbed)]
#[folder = "dist/"]
struct Built;

static BUILT: LazyLock<Files> = LazyLock::new(|| {
    let mut files = Files::default();
    for name in Built::iter() {
        let bytes = Built::get(&name).expect("listed just now").data;
        let bytes = match bytes {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => bytes.into(),
        };
        files
            .add(name.into_owned(), bytes)
            .expect("a test has looked at all of them");
    }
    files
});

/// One file, with what its answers say of it.
#[derive(Debug, Clone)]
pub struct File {
    /// What is in it.
    pub bytes: Bytes,
    /// Its media type.
    pub media_type: HeaderValue,
    /// Its entity tag: names have no hashes, so browsers ask each time whether they have the file of today.
    pub etag: HeaderValue,
}

/// A file has an ending of which nobody said what type it is.
#[derive(Debug, thiserror::Error)]
#[error("nobody said which media type {0} has")]
pub struct UnknownEnding(String);

/// Files by their path in the folder that they were built in.
#[derive(Debug, Clone, Default)]
pub struct Files(BTreeMap<String, File>);

impl Files {
    /// What is part of this program.
    pub fn built() -> &'static Self {
        &BUILT
    }

    /// The files below `folder`: the gallery, which is part of no program.
    #[doc(hidden)]
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Self::default();
        let mut folders = vec![PathBuf::new()];
        while let Some(inner) = folders.pop() {
            for entry in fs::read_dir(folder.join(&inner))? {
                let entry = entry?;
                let name = inner.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push(name);
                    continue;
                }
                let bytes = fs::read(entry.path())?.into();
                files
                    .add(name.to_string_lossy().into_owned(), bytes)
                    .map_err(io::Error::other)?;
            }
        }
        Ok(files)
    }

    /// The file `name`, such as `assets/kakehashi.css`.
    pub fn get(&self, name: &str) -> Option<&File> {
        self.0.get(name)
    }

    /// All files with their names, in the order of those.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.iter().map(|(name, file)| (name.as_str(), file))
    }

    fn add(&mut self, name: String, bytes: Bytes) -> Result<(), UnknownEnding> {
        let Some(media_type) = media_type(&name) else {
            return Err(UnknownEnding(name));
        };
        let digest = hex::encode(&Sha256::digest(&bytes)[..16]);
        let etag = HeaderValue::from_str(&format!("\"{digest}\"")).expect("hexadecimal digits");
        let file = File {
            bytes,
            media_type: HeaderValue::from_static(media_type),
            etag,
        };
        self.0.insert(name, file);
        Ok(())
    }
}

fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_file_is_known_by_its_type() {
        for name in Built::iter() {
            assert!(media_type(&name).is_some(), "{name}");
        }
        assert_eq!(Built::iter().count(), Files::built().iter().count());
    }

    #[test]
    fn a_folder_is_read_with_what_lies_deeper() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("assets")).unwrap();
        fs::write(folder.path().join("a.html"), "a").unwrap();
        fs::write(folder.path().join("assets/b.css"), "b").unwrap();
        let files = Files::read(folder.path()).unwrap();
        let names: Vec<&str> = files.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.html", "assets/b.css"]);
        let [a, b] = ["a.html", "assets/b.css"].map(|name| files.get(name).unwrap());
        assert_ne!(a.etag, b.etag);
        assert_eq!(b.media_type, "text/css; charset=utf-8");
    }

    #[test]
    fn a_file_of_unknown_type_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.exe"), "a").unwrap();
        let error = Files::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a.exe"), "{error}");
    }
}
