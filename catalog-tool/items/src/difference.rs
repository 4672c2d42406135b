//! What the two views of a dataset say differently.

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::{
    dataset::{Dataset, Distribution, View},
    item::Item,
    limits::escape,
    table::items,
    value::{Fields, Value},
};

/// Something that one view says otherwise than the other, or alone.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The item; none where a whole distribution, or something that is no item, differs.
    pub item: Option<&'static Item>,
    /// Where in the public view, as JSON pointer; in the limited one, where the public one doesn't have it.
    pub pointer: String,
    /// What the public view says.
    pub public: Option<Json>,
    /// What the limited view says.
    pub limited: Option<Json>,
}

impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let label = self.item.map(Item::label);
        let key = self.item.map(|item| item.key);
        let told = serde_json::json!({
            "item": key, "label": label, "pointer": self.pointer, "public": self.public, "limited": self.limited,
        });
        told.serialize(serializer)
    }
}

/// How two views compare.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Differences {
    /// What differs, in the order of the items.
    pub differing: Vec<Difference>,
    /// How many items both say alike.
    pub alike: usize,
}

impl Dataset {
    /// Compares the two views; `None` where there is but one.
    pub fn differences(&self) -> Option<Differences> {
        let (public, limited) = (self.public.as_ref()?, self.limited.as_ref()?);
        let mut found = Differences::default();
        found.fields("", &public.fields, &limited.fields);
        found.own("/extras", public.extras.iter(), |key| {
            limited.extras.get(key)
        });
        let added = limited
            .extras
            .iter()
            .filter(|(key, _)| !public.extras.contains_key(*key));
        for (key, value) in added {
            found.add(
                None,
                format!("/extras/{}", escape(key)),
                None,
                Some(value.clone()),
            );
        }
        found.distributions(public, limited);
        Some(found)
    }
}

impl Differences {
    fn add(
        &mut self,
        item: Option<&'static Item>,
        pointer: String,
        public: Option<Json>,
        limited: Option<Json>,
    ) {
        self.differing.push(Difference {
            item,
            pointer,
            public,
            limited,
        });
    }

    fn fields(&mut self, place: &str, public: &Fields, limited: &Fields) {
        for item in items().filter(|item| public.owner.owns(item)) {
            match (public.get(item.key), limited.get(item.key)) {
                (None, None) => {}
                (one, other) if one == other => self.alike += 1,
                (one, other) => {
                    let pointer = format!("{place}/fields/{}", item.key);
                    self.add(Some(item), pointer, one.map(json), other.map(json));
                }
            }
        }
    }

    fn own<'m>(
        &mut self,
        place: &str,
        public: impl Iterator<Item = (&'m String, &'m Json)>,
        limited: impl Fn(&str) -> Option<&'m Json>,
    ) {
        for (key, value) in public {
            let other = limited(key);
            if other != Some(value) {
                let pointer = format!("{place}/{}", escape(key));
                self.add(None, pointer, Some(value.clone()), other.cloned());
            }
        }
    }

    /// Distributions are the same where their ids are, or else their addresses, or else their places.
    fn distributions(&mut self, public: &View, limited: &View) {
        let mut free: Vec<_> = limited.distributions.iter().enumerate().collect();
        let mut alone = Vec::new();
        for (at, one) in public.distributions.iter().enumerate() {
            let same = [id, address].into_iter().find_map(|mark| {
                let own = mark(one)?;
                free.iter().position(|(_, other)| mark(other) == Some(own))
            });
            match same {
                Some(same) => {
                    let (_, other) = free.remove(same);
                    self.fields(&format!("/distributions/{at}"), &one.fields, &other.fields);
                }
                None => alone.push((at, one)),
            }
        }
        for (at, one) in alone {
            let place = format!("/distributions/{at}");
            match free.iter().position(|(other, _)| *other == at) {
                Some(same) => {
                    let (_, other) = free.remove(same);
                    self.fields(&place, &one.fields, &other.fields);
                }
                None => self.add(None, place, Some(whole(one)), None),
            }
        }
        for (at, other) in free {
            self.add(
                None,
                format!("/distributions/{at}"),
                None,
                Some(whole(other)),
            );
        }
    }
}

fn json(value: &Value) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

fn whole(distribution: &Distribution) -> Json {
    serde_json::to_value(&distribution.fields).unwrap_or_default()
}

fn id(distribution: &Distribution) -> Option<&str> {
    distribution.other.get("id")?.as_str()
}

fn address(distribution: &Distribution) -> Option<&str> {
    distribution.fields.text("url")
}
