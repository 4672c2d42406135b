use crate::item::{
    By,
    Kind::{Prose, Url, UrlOrText},
    Level::Catalog,
    Place::Nowhere,
    items,
};

items! {
    /// A site's own items: they stand in its configuration.
    CATALOG: Catalog, Config, Site;

    10010 "ckan.site_title" "カタログのタイトル", "Catalogue title", "dct:title"
        .range("rdfs:Literal", "1..n") .required() .by(By::Site) .found_as(&["xckan_site_name"]),
        "カタログサイトの名前です。例：○○市データカタログ", "The name of the site. Example: Data catalogue of Example City";
    10020 "ckan.site_description" "カタログの説明", "Catalogue description", "dct:description"
        .range("rdfs:Literal", "1..n") .kind(Prose) .required() .by(By::Site),
        "どこの、どんなデータを集めたサイトかを書きます。", "Whose data the site has, and of what kind.";
    10030 "ckan.site_url" "カタログ記載のホームページ", "Catalogue home page", "foaf:homepage"
        .range("foaf:Document", "0..1") .kind(Url) .by(By::Site),
        "カタログサイトのURLです。", "The address of the site.";
    10040 "" "カタログの公開者（説明）", "Catalogue publisher name", "sipx:publisher_explanation"
        .at(Catalog, Nowhere) .range("rdfs:Literal", "1..1") .required() .by(By::Site) .found_as(&["organization"]),
        "サイトを公開する機関の名前です。CKANには置き場所がないので、サイトの設定 publisher_name に書きます。",
        "Who publishes the site. CKAN has no place for it: it is publisher_name in the site's configuration.";
    10050 "" "カタログの公開者", "Catalogue publisher", "dct:publisher"
        .at(Catalog, Nowhere) .range("foaf:Agent", "1..1") .kind(UrlOrText) .required() .by(By::Site),
        "サイトを公開する機関のURLです。サイトの設定 publisher_uri に書きます。",
        "The address of who publishes the site: publisher_uri in its configuration.";
}
