//! A dataset, as it is kept: two views of it, each with its distributions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{
    item::{Case, Place},
    limits::{Limits, ReadError, escape, refuse_nul},
    read,
    table::{dataset_item, distribution_item, keys},
    value::Fields,
};

/// Who may get a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Everybody.
    Open,
    /// Whoever holds a grant.
    Limited,
}

/// Whose eyes a view is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Everybody's: the release site.
    Public,
    /// Those with a grant: the detail site.
    Limited,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Public, Self::Limited];

    /// The member that holds its view.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Limited => "limited",
        }
    }
}

/// One way to get a dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// The items.
    pub fields: Fields,
    /// Everything else that CKAN holds: its id, and whatever nobody here knows.
    pub other: Map<String, Json>,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            fields: read::distribution_fields(),
            other: Map::new(),
        }
    }
}

/// A dataset as one side sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// The items.
    pub fields: Fields,
    /// How it is got, in the order in which it is shown.
    pub distributions: Vec<Distribution>,
    /// Extras that nobody here knows.
    pub extras: BTreeMap<String, Json>,
    /// Everything else that CKAN holds: id, name, organisation, groups, and whatever nobody here knows.
    pub other: Map<String, Json>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            fields: read::dataset_fields(),
            distributions: Vec::new(),
            extras: BTreeMap::new(),
            other: Map::new(),
        }
    }
}

/// A dataset: who may get it, and what each side sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Said")]
pub struct Dataset {
    /// Who may get it.
    pub sharing: Sharing,
    /// What everybody sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<View>,
    /// What is seen with a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited: Option<View>,
}

impl Dataset {
    /// Reads what a form sends: values in any spelling and shape, of which the clean one is kept.
    pub fn from_json(bytes: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        // Two views, and a little around them.
        let whole = Limits {
            bytes: limits.bytes.saturating_mul(2),
            ..*limits
        };
        whole.admit_bytes(bytes)?;
        let said: Said = serde_json::from_slice(bytes)?;
        let dataset = Self::try_from(said)?;
        for (side, view) in dataset.views() {
            let checked = limits.admit_distributions(view.distributions.len());
            checked
                .and_then(|()| limits.admit(view))
                .map_err(|error| error.below(&format!("/{}", side.name())))?;
        }
        Ok(dataset)
    }

    /// What `side` sees.
    pub const fn view(&self, side: Side) -> Option<&View> {
        match side {
            Side::Public => self.public.as_ref(),
            Side::Limited => self.limited.as_ref(),
        }
    }

    /// The views that there are.
    pub fn views(&self) -> impl Iterator<Item = (Side, &View)> {
        Side::ALL
            .into_iter()
            .filter_map(|side| Some((side, self.view(side)?)))
    }

    /// On which case the obligations of `side`'s view depend.
    pub const fn case(&self, side: Side) -> Case {
        match (self.sharing, side) {
            (Sharing::Open, Side::Public) => Case::Open,
            (Sharing::Limited, Side::Public) => Case::LimitedPublic,
            (_, Side::Limited) => Case::Limited,
        }
    }

    /// Writes what the site knows into the views of limited data: the id that links them, and the provider's user ID.
    pub fn link(&mut self, id: &str, provider_id: &str) {
        let is_open = self.sharing == Sharing::Open;
        let views = [
            self.public.as_mut().filter(|_| !is_open),
            self.limited.as_mut(),
        ];
        for view in views.into_iter().flatten() {
            view.fields.set(keys::DETAIL_ID, &id.into());
            view.fields.set(keys::PROVIDER_ID, &provider_id.into());
        }
    }
}

/// A dataset as it is sent: nothing of it is clean yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    sharing: Sharing,
    public: Option<SaidView>,
    limited: Option<SaidView>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidView {
    #[serde(default)]
    fields: Map<String, Json>,
    #[serde(default)]
    distributions: Vec<SaidDistribution>,
    #[serde(default)]
    extras: Map<String, Json>,
    #[serde(default)]
    other: Map<String, Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidDistribution {
    #[serde(default)]
    fields: Map<String, Json>,
    #[serde(default)]
    other: Map<String, Json>,
}

impl TryFrom<Said> for Dataset {
    type Error = ReadError;

    fn try_from(said: Said) -> Result<Self, ReadError> {
        let view = |side: Side, said: Option<SaidView>| {
            let view = said.map(View::try_from).transpose();
            view.map_err(|error| error.below(&format!("/{}", side.name())))
        };
        Ok(Self {
            sharing: said.sharing,
            public: view(Side::Public, said.public)?,
            limited: view(Side::Limited, said.limited)?,
        })
    }
}

impl TryFrom<SaidView> for View {
    type Error = ReadError;

    fn try_from(said: SaidView) -> Result<Self, ReadError> {
        let mut view = Self::default();
        fill(&mut view.fields, &said.fields)?;
        for (at, said) in said.distributions.into_iter().enumerate() {
            let mut distribution = Distribution::default();
            let filled = fill(&mut distribution.fields, &said.fields);
            filled.map_err(|error| error.below(&format!("/distributions/{at}")))?;
            distribution.other = own("other", said.other, is_resource)
                .map_err(|error| error.below(&format!("/distributions/{at}")))?;
            view.distributions.push(distribution);
        }
        view.extras = own("extras", said.extras, is_extra)?.into_iter().collect();
        view.other = own("other", said.other, is_package)?;
        Ok(view)
    }
}

/// What stays as it came, below the member `name`: nothing that is an item by `is_item`.
fn own(
    name: &str,
    members: Map<String, Json>,
    is_item: fn(&str) -> bool,
) -> Result<Map<String, Json>, ReadError> {
    for (key, value) in &members {
        let pointer = format!("/{name}/{}", escape(key));
        let found = refuse_nul(&Json::from(key.as_str())).and_then(|()| refuse_nul(value));
        found.map_err(|error| error.below(&pointer))?;
        if is_item(key) {
            let expected = "a key that no item has";
            return Err(ReadError::Shape { pointer, expected });
        }
    }
    Ok(members)
}

fn is_extra(key: &str) -> bool {
    dataset_item(key).is_some_and(|item| item.key == key && item.place == Place::Extras)
}

fn is_package(key: &str) -> bool {
    let is_item =
        dataset_item(key).is_some_and(|item| item.key == key && item.place == Place::Package);
    is_item || matches!(key, "extras" | "resources")
}

fn is_resource(key: &str) -> bool {
    distribution_item(key).is_some_and(|item| item.key == key)
}

/// Sets each item that is said; a key of today counts before one of yesterday.
fn fill(fields: &mut Fields, said: &Map<String, Json>) -> Result<(), ReadError> {
    let is_clean =
        |fields: &Fields, key: &str| fields.owner.item(key).is_some_and(|item| item.key == key);
    let (clean, legacy): (Vec<_>, Vec<_>) = said.iter().partition(|(key, _)| is_clean(fields, key));
    for (key, value) in legacy.into_iter().chain(clean) {
        refuse_nul(value).map_err(|error| error.below(&format!("/fields/{}", escape(key))))?;
        if !fields.set(key, value) {
            return Err(ReadError::UnknownItem {
                pointer: format!("/fields/{}", escape(key)),
                key: key.clone(),
            });
        }
    }
    fields.complete();
    Ok(())
}
