use crate::{
    codes::{ACCESS_RIGHTS, FREQUENCY, LANGUAGES, LICENCES, THEMES},
    item::{
        By,
        Group::{Basic, Classification, Contact, Site, Terms},
        Kind::{Date, GeoJson, Prose, Stamp, Tags, Url, UrlOrText},
        Level::Dataset,
        Place::Package,
        items,
    },
};

items! {
    /// What a dataset is.
    CORE: Dataset, Extras, More;

    11010 "title" "データセットのタイトル", "Title", "dct:title"
        .at(Dataset, Package) .group(Basic) .range("rdfs:Literal", "1..n") .required() .found_as(&["title", "xckan_title"]),
        "地域名と中身が分かる名前にします。例：七尾市 開設避難所一覧", "A name that tells region and content. Example: Open shelters in Nanao";
    11020 "notes" "データセットの説明", "Description", "dct:description"
        .at(Dataset, Package) .group(Basic) .kind(Prose) .range("rdfs:Literal", "1..n") .required()
        .found_as(&["notes", "extras_description"]),
        "何が、いつの時点で、どんな列で入っているか、どう集めたかを書きます。", "What it holds, as of when, in which columns, and how it was collected.";
    11030 "issued" "データセットの発行日", "Issued", "dct:issued"
        .group(Basic) .kind(Date) .required() .found_as(&["extras_issued", "extras_release_date"]),
        "カタログに登録した日です。2026-11-30、令和8年11月30日 のどちらでも書けます。",
        "The day on which it was entered in the catalogue, as 2026-11-30 or 令和8年11月30日.";
    11040 "metadata_created" "データセットの発行日（自動設定）", "Issued (automatic)", "sipx:metadataCreated"
        .at(Dataset, Package) .group(Site) .kind(Stamp) .range("xsd:dateTime", "0..1") .automatic() .by(By::Ckan),
        "サイトが登録したときに記録します。", "Recorded by the site when it was entered.";
    11050 "modified" "データセットの更新日または修正日", "Modified", "dct:modified"
        .group(Basic) .kind(Date) .label_is("更新日", "Modified"),
        "中身を最後に更新した日です。更新していないとき、絶えず更新するときは空けておきます。",
        "The last day on which the content changed. Left empty where it never did, or always does.";
    11060 "metadata_modified" "データセットの更新日または修正日（自動設定）", "Modified (automatic)", "sipx:metadataModified"
        .at(Dataset, Package) .group(Site) .kind(Stamp) .range("xsd:dateTime", "0..1") .automatic() .by(By::Ckan)
        .found_as(&["metadata_modified", "xckan_last_updated"]),
        "サイトが変更したときに記録します。", "Recorded by the site when it was changed.";
    11070 "language" "データセットの情報を記述する言語", "Language", "dct:language"
        .group(Classification) .label_is("言語", "Language") .many() .codes(&LANGUAGES) .range("dct:LinguisticSystem", "0..n"),
        "データと説明が書かれた言語です。", "The languages of data and description.";
    11080 "publisher_name" "データセットの公開者（説明）", "Publisher name", "sipx:publisher_explanation"
        .group(Contact) .label_is("公開者の名前", "Publisher name") .found_as(&["extras_publisher_name", "extras_publisher"]),
        "データを公開する機関の名前です。例：七尾市 総務部 防災課", "Who publishes the data. Example: Nanao City, Disaster Prevention";
    11090 "publisher_uri" "データセットの公開者", "Publisher address", "dct:publisher"
        .group(Contact) .label_is("公開者のURL", "Publisher address") .kind(UrlOrText) .range("foaf:Agent", "0..1")
        .legacy(&["publisher_url"]) .found_as(&["extras_publisher_url"]),
        "公開者のホームページです。例：https://www.city.nanao.lg.jp/", "The publisher's home page. Example: https://www.city.nanao.lg.jp/";
    11100 "creator_name" "データセットの作成者（説明）", "Creator name", "sipx:creator_explanation"
        .group(Contact) .label_is("作成者の名前", "Creator name") .many() .range("rdfs:Literal", "0..n")
        .found_as(&["extras_creator_name", "author", "extras_creator"]),
        "データを作った人や機関の名前です。", "Who made the data.";
    11110 "creator_url" "データセットの作成者", "Creator address", "dct:creator"
        .group(Contact) .label_is("作成者のURL", "Creator address") .many() .kind(UrlOrText) .range("foaf:Agent", "0..n")
        .legacy(&["creator_uri"]),
        "作成者のホームページです。", "The creator's home page.";
    11120 "frequency" "データセットの提供頻度", "Update frequency", "dct:accrualPeriodicity"
        .group(Basic) .codes(&FREQUENCY) .found_as(&["extras_frequency", "extras_frequency_of_update"]),
        "新しいデータを出す間隔です。決まっていないときは「不定期」です。", "How often new data comes. \"Irregularly\" where that isn't settled.";
    11130 "identifier" "データセットの識別子", "Identifier", "dct:identifier"
        .kind(UrlOrText) .range("rdfs:Literal", "0..n") .found_as(&["extras_identifier", "id"]),
        "このデータセットを世の中で一つに決めるURLや番号です。例：DOI", "An address or number that names this dataset alone. Example: a DOI";
    11140 "spatial_url" "データセットの対象地域", "Region address", "dct:spatial"
        .group(Classification) .label_is("対象地域のURL", "Region address") .many() .kind(UrlOrText) .range("dct:Location", "0..n"),
        "地域を表すURLです。例：https://www.geonames.org/1863905", "An address that stands for the region. Example: https://www.geonames.org/1863905";
    11150 "spatial_text" "データセットの対象地域（説明）", "Region", "sipx:spatial_explanation"
        .group(Classification) .label_is("対象地域", "Region") .many() .range("rdfs:Literal", "0..n"),
        "広い方から順に「>」でつなぎます。例：日本>石川県>七尾市", "From large to small, joined by >. Example: 日本>石川県>七尾市";
    11160 "spatial" "データセットの対象地域（緯度経度）", "Region as GeoJSON", "sipx:spatialGeoJSON"
        .group(Classification) .kind(GeoJson) .range("GeoJSON", "0..n"),
        "GeoJSONの図形です。経度、緯度の順に書きます。例：{\"type\":\"Point\",\"coordinates\":[136.97,37.04]}。いくつかあるときはGeometryCollectionにします。",
        "A GeoJSON geometry, longitude first. Example: {\"type\":\"Point\",\"coordinates\":[136.97,37.04]}. Several make a GeometryCollection.";
    11170 "temporal_start" "データセットの対象期間（開始）", "Begin of the period", "sipx:temporalStart"
        .group(Classification) .kind(Date),
        "データが表す期間の最初の日です。", "The first day that the data is about.";
    11180 "temporal_end" "データセットの対象期間（終了）", "End of the period", "sipx:temporalEnd"
        .group(Classification) .kind(Date),
        "データが表す期間の最後の日です。", "The last day that the data is about.";
    11190 "theme" "データセットの主分類", "Theme", "dcat:theme"
        .group(Classification) .many() .codes(&THEMES) .range("skos:Concept", "0..n")
        .found_as(&["extras_theme", "groups.display_name", "groups.title"]),
        "合うものがないときは、キーワードで補います。", "Where none fits, keywords help.";
    11200 "tags" "データセットのキーワード", "Keyword", "dcat:keyword"
        .at(Dataset, Package) .group(Classification) .many() .kind(Tags) .range("rdfs:Literal", "0..n"),
        "探す人が使いそうな言葉です。2文字から100文字で、文字と数字、空白、「-」「_」「.」が使えます。",
        "Words that people search by, of 2 to 100 characters: letters, digits, blanks and - _ .";
    11210 "contact_name" "データセットの窓口（説明）", "Contact name", "sipx:contactPoint_explanation"
        .group(Contact) .label_is("窓口", "Contact name") .range("rdfs:Literal", "0..n"),
        "問い合わせ先の名前です。個人の名前より部署の名前が長もちします。", "Whom to ask. A department lasts longer than a person.";
    11220 "contact_url" "データセットの窓口", "Contact address", "dcat:contactPoint"
        .group(Contact) .label_is("窓口のURL", "Contact address") .kind(UrlOrText) .range("vcard:Kind", "0..n") .legacy(&["contact_uri"]),
        "問い合わせのページ、または mailto: で始まるメールアドレスです。", "A page for questions, or a mail address behind mailto:";
    11230 "url" "データセットの説明ページURL", "Landing page", "dcat:landingPage"
        .at(Dataset, Package) .kind(Url) .range("URL", "0..1"),
        "データセットを説明するページがあれば、そのURLです。", "A page about the dataset, where there is one.";
    11240 "dataset_url" "データセットのURL", "Dataset URL", "sipx:datasetURL"
        .label_is("データセットのURL", "Dataset URL") .kind(Url) .range("URL", "0..1") .found_as(&["extras_dataset_url", "xckan_site_url"]),
        "カタログサイトでのこのデータセットのURLです。空けておけます。", "The dataset's address on the site; may stay empty.";
    11250 "license_title" "データセットのライセンス（説明）", "Licence", "sipx:licenseTitle"
        .at(Dataset, Package) .group(Terms) .label_is("ライセンス", "Licence") .codes(&LICENCES) .pair("license_url")
        .twin("license_id", |title| LICENCES.find(title)?.id.map(str::to_owned)) .found_as(&["license_id", "license_title"]),
        "名前の一部で探せます。例：クリエイティブ、CC BY、政府標準", "Found by a part of its name. Example: Creative, CC BY";
    11260 "license_url" "データセットのライセンス", "Licence address", "dct:license"
        .at(Dataset, Package) .group(Terms) .label_is("ライセンスのURL", "Licence address") .kind(Url) .range("dct:LicenseDocument", "0..1"),
        "一覧のライセンスを選ぶと入ります。", "Set with a licence of the list.";
    11270 "rights" "データセットの権利表明", "Rights statement", "dct:rights"
        .group(Contact) .kind(UrlOrText) .range("dct:RightsStatement", "0..1"),
        "利用規約のURL、または権利についての文です。", "The address of terms of use, or the statement itself.";
    11280 "access_rights" "データセットのアクセス権（説明）", "Access rights", "sipx:accessRightsTitle"
        .group(Contact) .label_is("アクセス権", "Access rights") .codes(&ACCESS_RIGHTS) .pair("access_rights_url"),
        "だれが見てよいデータかを選びます。", "Who may see the data.";
    11290 "access_rights_url" "データセットのアクセス権", "Access rights address", "dct:accessRights"
        .group(Contact) .label_is("アクセス権のURL", "Access rights address") .kind(Url) .range("dct:RightsStatement", "0..1")
        .legacy(&["accessrights_url"]) .found_as(&["extras_accessrights_url"]),
        "一覧のアクセス権を選ぶと入ります。", "Set with access rights of the list.";
    11300 "haspolicy_url" "データセットに関する権利情報URL", "Policy URL", "odrl:hasPolicy"
        .group(Contact) .label_is("権利情報のURL", "Policy URL") .kind(Url) .range("odrl:Policy", "0..1"),
        "ODRLで書かれた条件があれば、そのURLです。", "The address of terms written in ODRL.";
    11310 "prov_was_generated_by_url" "データセットを生成した活動", "Generating activity", "prov:wasGeneratedBy"
        .kind(UrlOrText) .range("prov:Activity", "0..1"),
        "データを生んだ事業や調査のURLです。", "The address of the project or survey that made the data.";
    11320 "conforms_to" "データセットが準拠する標準URL", "Conforms to", "dct:conformsTo"
        .label_is("準拠する標準のURL", "Conforms to") .kind(UrlOrText) .range("dct:Standard", "0..1"),
        "データの形を決める標準のURLです。", "The address of the standard that the data keeps to.";
}

items! {
    /// What a dataset's data says.
    DATA: Dataset, Extras, More;

    12010 "vocabulary" "語彙", "Vocabulary", "void:vocabulary"
        .kind(UrlOrText) .range("URL", "0..1"),
        "見出しや値の意味を定めた語彙のURLです。", "The address of the vocabulary that defines headings and values.";
    12020 "term" "用語", "Terms", "sipx:term"
        .many() .range("rdfs:Literal", "0..n"),
        "データに出てくる見出しや値の例です。例：水位、観測時刻", "Headings and values that occur in the data. Example: water level, time of observation";
}
