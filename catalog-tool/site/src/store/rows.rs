//! Rows and what they mean.

use common_db::{Corrupt, Json, Row};

use crate::domain::{
    Author, Dataset, Digest, Hitch, Location, Package, Part, Publication, Summary, VersionSummary,
    ViewIds,
};

pub(super) fn summary(row: &Row) -> Result<Summary, Corrupt> {
    let row = row.of("catalog_dataset", "id");
    Ok(Summary {
        id: row.get("id")?,
        name: row.parse("name")?,
        ids: ViewIds {
            public: row.get("public_id")?,
            limited: row.get("limited_id")?,
        },
        state: row.word("state")?,
        revision: row.get("revision")?,
        version: row.get("version")?,
        visible_version: row.get("visible_version")?,
        checked_version: row.get("checked_version")?,
        title: row.get("title")?,
        has: (row.get("has_public")?, row.get("has_limited")?),
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
        published_at: row.get("published_at")?,
        withdrawn_at: row.get("withdrawn_at")?,
    })
}

pub(super) fn dataset(row: &Row) -> Result<Dataset, Corrupt> {
    let Json(content) = row.of("catalog_dataset", "id").get("content")?;
    Ok(Dataset {
        summary: summary(row)?,
        content,
    })
}

pub(super) fn version(row: &Row) -> Result<VersionSummary, Corrupt> {
    let row = row.of("catalog_version", "number");
    Ok(VersionSummary {
        number: row.get("number")?,
        author: row.get("author")?,
        made_at: row.get("made_at")?,
    })
}

pub(super) fn package(row: &Row) -> Result<Package, Corrupt> {
    let row = row.of("catalog_package", "id");
    let Json(content) = row.get("content")?;
    Ok(Package {
        side: row.word("side")?,
        id: row.get("id")?,
        dataset_id: row.get("dataset_id")?,
        name: row.parse("name")?,
        created_at: row.get("created_at")?,
        modified_at: row.get("modified_at")?,
        content,
    })
}

pub(super) fn publication(row: &Row, parts: Vec<Part>) -> Result<Publication, Corrupt> {
    let row = row.of("catalog_publication", "id");
    let hitch: Option<Json<Hitch>> = row.get("problem")?;
    Ok(Publication {
        id: row.get("id")?,
        dataset_id: row.get("dataset_id")?,
        version: row.get("version")?,
        state: row.word("state")?,
        failures: row.with("failures", |failures: i64| u32::try_from(failures))?,
        hitch: hitch.map(|Json(hitch)| hitch),
        queued_at: row.get("queued_at")?,
        due_at: row.get("due_at")?,
        ended_at: row.get("ended_at")?,
        author: Author {
            user: row.get("user_id")?,
            via: row.get("via")?,
            request_id: row.get("request_id")?,
        },
        claim: row.get("claim")?,
        parts,
    })
}

pub(super) fn part(row: &Row) -> Result<Part, Corrupt> {
    let row = row.of("catalog_part", "position");
    let size = row.with("size", |size: Option<i64>| {
        size.map(u64::try_from).transpose()
    })?;
    let sha256: Option<String> = row.get("sha256")?;
    Ok(Part {
        location: Location {
            url: row.get("url")?,
            tenant: row.get("tenant")?,
            path: row.get("path")?,
        },
        resource_id: row.get("resource_id")?,
        digest: match (sha256, size) {
            (Some(sha256), Some(size)) => Some(Digest { sha256, size }),
            (None, None) => None,
            _ => return Err(row.corrupt("half a digest")),
        },
        event_id: row.get("event_id")?,
    })
}
