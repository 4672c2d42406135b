//! What is fetched: files of the trial's data servers, and resources of the harness's own data source.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::random::Random;
use crate::{
    Trial,
    client::sha256,
    data::DataFolder,
    ledger,
    source::{Source, content},
};

/// The domains of a trial.
pub const DOMAINS: [&str; 3] = ["a", "b", "c"];

/// 1 KiB: fits the window of 64 KiB within which a body is recorded and answered at once.
const SMALL: usize = 1 << 10;
/// 60 KiB: just fits it.
const MEDIUM: usize = 60 << 10;
/// 3 MiB: streams.
const LARGE: usize = 3 << 20;
/// 2 MiB of zeros: streams.
const SPARSE: usize = 2 << 20;
/// 300 kB: streams, and has no length that a buffer size divides.
const HELD: usize = 300_007;
/// Fits the window.
const HELD_SMALL: usize = 1_009;

/// What a file is to the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One write to the outbox, one to the caller.
    Small,
    /// Streamed.
    Large,
}

/// Something on offer.
#[derive(Debug, Clone)]
pub struct Good {
    /// The domain that offers it.
    pub from: &'static str,
    /// As it is asked for.
    pub url: String,
    /// Its size.
    pub size: Size,
}

/// Where the harness's data source holds an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Before the headers of the source: nothing is reserved yet.
    Headers,
    /// Before the first byte: both sides have reserved.
    FirstByte,
    /// In the middle of a body with a length.
    Middle,
    /// In the middle of a body in chunks.
    MiddleOfChunks,
    /// Before the last byte.
    LastByte,
    /// In the middle of a body that fits the window: nothing is reserved yet.
    Window,
}

/// All of them.
pub const HOLDS: [Hold; 6] = [
    Hold::Headers,
    Hold::FirstByte,
    Hold::Middle,
    Hold::MiddleOfChunks,
    Hold::LastByte,
    Hold::Window,
];

impl Hold {
    /// The path at the harness's data source.
    pub fn path(self) -> String {
        match self {
            Self::Headers => format!("/late/{HELD}"),
            Self::FirstByte => format!("/held/{HELD}/0"),
            Self::Middle => format!("/held/{HELD}/{}", HELD / 2),
            Self::MiddleOfChunks => format!("/held-chunks/{HELD}/{}", HELD / 2),
            Self::LastByte => format!("/held/{HELD}/{}", HELD - 1),
            Self::Window => format!("/held/{HELD_SMALL}/{}", HELD_SMALL / 2),
        }
    }

    /// How many bytes reach the caller before the source holds; `None` where not even headers do.
    pub fn passes(self) -> Option<u64> {
        match self {
            Self::Headers | Self::Window => None,
            Self::FirstByte => Some(0),
            // A body without a length is passed on but for its last piece, of 16 KiB as the source writes them.
            Self::MiddleOfChunks => Some((HELD / 2 - (64 << 10)) as u64),
            Self::Middle => Some((HELD / 2) as u64),
            Self::LastByte => Some(HELD as u64 - 1),
        }
    }

    fn length(self) -> usize {
        if self == Self::Window {
            HELD_SMALL
        } else {
            HELD
        }
    }
}

/// A body that the source never holds.
pub const WHOLE: [&str; 2] = ["/whole/1009", "/whole/300007"];

/// What files and resources really are: digest and length by URL.
pub type Truth = BTreeMap<String, (String, u64)>;

/// Files for a trial, different in every domain; what they are, by the end of their URL.
pub fn files(random: &mut Random) -> (DataFolder, Truth) {
    let mut folder = DataFolder::default();
    let mut truth = Truth::new();
    for domain in DOMAINS {
        for (name, length) in [
            ("small-1.bin", SMALL),
            ("small-2.bin", SMALL),
            ("medium.bin", MEDIUM),
            ("large.bin", LARGE),
            ("open/small.bin", SMALL),
        ] {
            let bytes = random.bytes(length);
            let path = format!("domain-{domain}-load/{name}");
            truth.insert(path.clone(), (sha256(&bytes), length as u64));
            folder = folder.with_file(&path, &bytes);
        }
        let path = format!("domain-{domain}-load/open/sparse.bin");
        truth.insert(path.clone(), (sha256(&vec![0; SPARSE]), SPARSE as u64));
        folder = folder.with_sparse_file(&path, SPARSE as u64);
    }
    (folder, truth)
}

/// What the trial offers of `files`, and the same facts by whole URL.
pub fn offered(trial: &Trial, files: &Truth) -> (Vec<Good>, Truth) {
    let mut goods = Vec::new();
    let mut truth = Truth::new();
    for from in DOMAINS {
        for resource in &trial.domain(from).ready.resources {
            let (_, facts) = files
                .iter()
                .find(|(path, _)| resource.url.ends_with(path.as_str()))
                .expect("the trial offers the files that it was given");
            truth.insert(resource.url.clone(), facts.clone());
            let size = if facts.1 <= MEDIUM as u64 {
                Size::Small
            } else {
                Size::Large
            };
            goods.push(Good {
                from,
                url: resource.url.clone(),
                size,
            });
        }
    }
    (goods, truth)
}

/// The harness's resources as sources of each domain's provider, by its service name: registered in the ledger as originals.
pub async fn held(trial: &Trial, source: &Source, truth: &mut Truth) -> BTreeMap<String, Value> {
    let mut paths: Vec<(String, usize)> = HOLDS
        .iter()
        .map(|hold| (hold.path(), hold.length()))
        .collect();
    paths.extend(WHOLE.map(|path| {
        let length = path.rsplit('/').next().and_then(|text| text.parse().ok());
        (path.to_owned(), length.expect("the path names its length"))
    }));
    let mut sources = BTreeMap::new();
    for from in DOMAINS {
        let domain = trial.domain(from);
        let token = domain.token().await;
        let mut originals = Table::new();
        for (path, length) in &paths {
            let url = source.url(path).to_string();
            let id = ledger::create(trial, &token, domain.provider_id(), &url).await;
            originals.insert(url.clone(), id.into());
            truth.insert(url, (sha256(&content(*length)), *length as u64));
        }
        let mut table = Table::new();
        table.insert("url".into(), source.url("/").as_str().into());
        table.insert("api_type".into(), "file/http".into());
        table.insert("authorization".into(), false.into());
        table.insert("provenance".into(), originals.into());
        sources.insert(format!("provider-{from}"), table.into());
    }
    sources
}
