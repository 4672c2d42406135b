//! Which pages each server has.

use common::http::Endpoint;

use crate::assets::ASSETS;

/// The screens of one server: the page that the front end was built to, and the addresses at which it is served.
///
/// The addresses stand in `ui/routes.json` too, which the front end reads; tests on both sides hold them together.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name of the entry: its page in the folder of what was built, without `.html`.
    pub name: &'static str,
    /// Addresses as a router has them.
    pub routes: &'static [&'static str],
}

/// The catalogue site of a provider, for everybody.
pub static SITE: Entry = Entry {
    name: "site",
    routes: &["/", "/datasets/{id}"],
};

/// The catalogue tool: stewards write datasets, everybody searches those of all domains.
pub static TOOL: Entry = Entry {
    name: "tool",
    routes: &[
        "/",
        "/datasets",
        "/datasets/{id}",
        "/datasets/{id}/versions",
        "/search",
    ],
};

/// The endpoints of `entry` at `listener`, for the list of those that its server has. The pages are the same for everybody; who may see
/// what is decided where they ask for it.
pub fn endpoints(listener: &'static str, entry: &Entry) -> impl Iterator<Item = Endpoint> {
    entry
        .routes
        .iter()
        .copied()
        .chain([ASSETS])
        .map(move |path| Endpoint::new(listener, "GET", path, "anyone"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Environment, Files, Screens};

    const ALL: [&Entry; 2] = [&SITE, &TOOL];

    #[test]
    fn addresses_are_those_that_the_front_end_has() {
        let told: BTreeMap<String, Vec<String>> =
            serde_json::from_str(include_str!("../routes.json")).unwrap();
        let ours: BTreeMap<_, _> = ALL
            .iter()
            .map(|entry| (entry.name.to_owned(), entry.routes.to_vec()))
            .collect();
        let told: BTreeMap<_, _> = told
            .iter()
            .filter(|(name, _)| *name != "gallery")
            .map(|(name, routes)| (name.clone(), routes.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(ours, told);
    }

    #[test]
    fn the_page_of_every_entry_was_built_and_fits() {
        for entry in ALL {
            let screens = Screens::new(Files::built(), entry, Environment::Production);
            let _ = screens.unwrap().router();
        }
    }

    #[test]
    fn every_page_loads_nothing_that_was_not_built() {
        let files = Files::built();
        let pages = files.iter().filter(|(name, _)| {
            std::path::Path::new(name)
                .extension()
                .is_some_and(|kind| kind == "html")
        });
        for (name, page) in pages {
            let html = std::str::from_utf8(&page.bytes).unwrap();
            let loaded: Vec<&str> = ["src=\"", "href=\""]
                .iter()
                .flat_map(|mark| html.split(mark).skip(1))
                .map(|rest| rest.split_once('"').unwrap().0)
                .collect();
            assert!(loaded.len() > 2, "{name} loads {loaded:?}");
            for path in loaded {
                let file = path.strip_prefix('/').unwrap();
                assert!(files.get(file).is_some(), "{name} loads {path}");
            }
        }
    }

    #[test]
    fn endpoints_are_pages_and_assets() {
        let paths: Vec<_> = endpoints("public", &SITE).map(|e| e.path).collect();
        assert_eq!(paths, ["/", "/datasets/{id}", "/assets/{file}"]);
    }
}
