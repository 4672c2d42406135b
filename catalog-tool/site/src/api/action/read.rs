//! Actions that show something by its id.

use serde_json::{Value, json};

use super::{
    answer::{ActionError, Answer},
    asked::Asked,
};
use crate::{api::refusals, domain::SiteStore as _};

/// Names in one list where nothing is said: a site of some hundred thousand datasets is asked for page by page.
const NAMES: u32 = 100_000;

/// The release whose answers these are.
const CKAN: &str = "2.10.4";

pub(super) async fn package(asked: Asked<'_>) -> Result<Answer, ActionError> {
    let id = match asked.parameters.text("id")? {
        Some(id) => id,
        None => asked
            .parameters
            .text("name_or_id")?
            .ok_or_else(|| ActionError::missing("id"))?,
    };
    let found = asked.state.store.package(asked.side, &id).await?;
    let package = found.ok_or(&refusals::NOT_FOUND)?;
    let mut rendered = asked.rendered(&[package]).await?;
    Ok(Answer::of(rendered.pop().unwrap_or_default()))
}

pub(super) async fn package_list(asked: Asked<'_>) -> Result<Answer, ActionError> {
    let limit = asked
        .parameters
        .number("limit")?
        .unwrap_or(NAMES)
        .min(NAMES);
    let offset = asked.parameters.number("offset")?.unwrap_or(0);
    let names = asked
        .state
        .store
        .package_names(asked.side, offset, limit)
        .await?;
    Ok(Answer::of(json!(names)))
}

pub(super) async fn resource(asked: Asked<'_>) -> Result<Answer, ActionError> {
    let id = asked.parameters.required("id")?;
    let found = asked
        .state
        .store
        .package_of_resource(asked.side, &id)
        .await?;
    let package = found.ok_or(&refusals::NOT_FOUND)?;
    let rendered = asked.rendered(&[package]).await?;
    let resources = rendered
        .first()
        .and_then(|package| package["resources"].as_array());
    let resource = resources
        .into_iter()
        .flatten()
        .find(|resource| resource["id"] == id.as_str());
    Ok(Answer::of(resource.ok_or(&refusals::NOT_FOUND)?.clone()))
}

pub(super) async fn organizations(asked: Asked<'_>, action: &str) -> Result<Answer, ActionError> {
    let site = asked.state.site(asked.side);
    let whole = asked
        .parameters
        .flag("all_fields")?
        .unwrap_or(action.ends_with("_for_user"));
    if !whole {
        return Ok(Answer::of(json!([site.organization.name])));
    }
    let count = asked.state.store.count(asked.side).await?;
    Ok(Answer::of(json!([site.organization.to_json(Some(count))])))
}

pub(super) async fn organization(asked: Asked<'_>) -> Result<Answer, ActionError> {
    let id = asked.parameters.required("id")?;
    let organization = &asked.state.site(asked.side).organization;
    if id != organization.name && id != organization.id().to_string() {
        return Err((&refusals::NOT_FOUND).into());
    }
    let count = asked.state.store.count(asked.side).await?;
    Ok(Answer::of(organization.to_json(Some(count))))
}

/// The licences of the list, as CKAN answers its register.
pub(super) fn licences() -> Value {
    let licences = catalog_items::LICENCES.codes.iter().map(|licence| {
        json!({
            "id": licence.value, "title": licence.value, "url": licence.url.unwrap_or_default(), "status": "active",
            "domain_content": true, "domain_data": true, "domain_software": false, "family": "", "maintainer": "",
            "od_conformance": "not reviewed", "osd_conformance": "not reviewed", "is_generic": false,
        })
    });
    licences.collect()
}

pub(super) fn status(asked: &Asked<'_>) -> Value {
    let site = asked.state.site(asked.side);
    json!({
        "ckan_version": CKAN, "site_title": site.title, "site_description": site.description, "site_url": site.url,
        "error_emails_to": null, "locale_default": "ja", "extensions": [],
    })
}
