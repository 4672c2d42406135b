//! Rows and what they mean.

use common_db::{Corrupt, Json, Row};

use crate::domain::{Draft, Publication, Site, Version, VersionSummary};

pub(super) fn draft(row: &Row) -> Result<Draft, Corrupt> {
    let row = row.of("draft", "id");
    let site: Option<Json<Site>> = row.get("site")?;
    let publication: Option<Json<Publication>> = row.get("publication")?;
    let count = |name| row.with(name, |count: i64| u32::try_from(count));
    Ok(Draft {
        id: row.get("id")?,
        provider: row.parse("provider")?,
        state: row.word("state")?,
        revision: row.get("revision")?,
        changed_at: row.get("changed_at")?,
        changed_by: row.get("changed_by")?,
        version: row.get("version")?,
        saved_at: row.get("saved_at")?,
        saved_by: row.get("saved_by")?,
        title: row.get("title")?,
        sharing: row.word("sharing")?,
        distributions: count("distributions")?,
        errors: count("errors")?,
        warnings: count("warnings")?,
        created_at: row.get("created_at")?,
        created_by: row.get("created_by")?,
        site: site.map(|Json(site)| site),
        publication: publication.map(|Json(publication)| publication),
    })
}

pub(super) fn version_summary(row: &Row) -> Result<VersionSummary, Corrupt> {
    let row = row.of("draft_version", "number");
    Ok(VersionSummary {
        number: row.get("number")?,
        title: row.get("title")?,
        saved_at: row.get("saved_at")?,
        saved_by: row.get("saved_by")?,
        restored_from: row.get("restored_from")?,
    })
}

pub(super) fn version(row: &Row) -> Result<Version, Corrupt> {
    let Json(content) = row.of("draft_version", "number").get("content")?;
    Ok(Version {
        summary: version_summary(row)?,
        content,
    })
}
