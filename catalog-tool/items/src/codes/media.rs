use super::{CodeList, codes};

/// What IANA's media types begin with.
const IANA: &str = "http://www.iana.org/assignments/media-types/";

macro_rules! iana {
    ($code:literal) => {
        concat!("http://www.iana.org/assignments/media-types/", $code)
    };
}

/// Media types that are offered; any other of IANA's may be written.
pub static MEDIA_TYPES: CodeList = CodeList::new(
    "6-18",
    codes! {
        iana!("text/csv"), "csv" "しーえすぶい" "csv";
        iana!("application/json"), "json" "じぇいそん" "json";
        iana!("application/geo+json"), "geo+json" "じおじぇいそん" "geo+json" .aliases(&["geojson"]);
        iana!("application/ld+json"), "ld+json" "えるでぃーじぇいそん" "ld+json" .aliases(&["jsonld"]);
        iana!("application/pdf"), "pdf" "ぴーでぃーえふ" "pdf";
        iana!("application/xml"), "xml" "えっくすえむえる" "xml";
        iana!("text/xml"), "xml" "えっくすえむえる" "xml";
        iana!("application/xhtml+xml"), "xhtml+xml" "えっくすえいちてぃーえむえる" "xhtml+xml" .aliases(&["xhtml"]);
        iana!("text/html"), "html" "えいちてぃーえむえる" "html";
        iana!("image/jpeg"), "jpeg" "じぇいぺぐ" "jpeg" .aliases(&["jpg"]);
        iana!("video/mp4"), "mp4" "えむぴーふぉー" "mp4";
    },
)
.base(IANA);

/// How a file is compressed.
pub static COMPRESSION: CodeList = CodeList::new(
    "6-20",
    codes! {
        iana!("application/gzip"), "gzip" "じーじっぷ" "gzip";
        iana!("application/zip"), "zip" "じっぷ" "zip";
        iana!("application/vnd.rar"), "rar" "らー" "rar";
        iana!("application/vnd.ms-cab-compressed"), "cab" "きゃぶ" "cab";
    },
)
.base(IANA)
.with_other();

/// How files are packed into one.
pub static PACKAGING: CodeList = CodeList::new(
    "6-21",
    codes! {
        "tar", "tar" "たー" "tar";
        "ar", "ar" "えーあーる" "ar";
        "cpio", "cpio" "しーぴーあいおー" "cpio";
    },
)
.with_other();

/// `text` as IRI of IANA's, where it is one or a media type.
pub(crate) fn media_type(text: &str) -> Option<String> {
    let bare = bare_media_type(text)?;
    Some(format!("{IANA}{bare}"))
}

/// The media type that `text` is, with or without IANA's address in front.
pub(crate) fn bare_media_type(text: &str) -> Option<String> {
    let bare = ["http://www.iana.org/", "https://www.iana.org/"]
        .into_iter()
        .find_map(|site| {
            text.strip_prefix(site)?
                .strip_prefix("assignments/media-types/")
        })
        .unwrap_or(text);
    let (kind, subtype) = bare.split_once('/')?;
    let is_token = |part: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.bytes().all(fits)
    };
    (is_token(kind) && is_token(subtype)).then(|| bare.to_ascii_lowercase())
}
