use crate::{
    codes::{
        COMPRESSION, CONNECTOR as CONNECTOR_NEEDED, CONTRACT_CHECK, DISTRIBUTION_ACCESS_RIGHTS,
        DISTRIBUTION_LICENCES, MEDIA_TYPES, PACKAGING, RESOURCE_TYPE, SCHEMA_TYPE, bare_media_type,
    },
    item::{
        By,
        Group::{Distribution, DistributionTerms, File, Site},
        Kind::{Bytes, DataModel, Date, MediaType, Prose, Stamp, Url, UrlOrText},
        Obligation::{Conditional, Needed, NotSet, Optional, Required},
        items,
    },
};

items! {
    /// What a distribution is.
    CORE: Distribution, Resource, File;

    21010 "name" "配信の名称", "Name", "dct:title"
        .group(Distribution) .range("rdfs:Literal", "0..n"),
        "一覧で見分けられる名前にします。例：1月9日 18時時点", "A name that tells it from the others. Example: as of 9 January, 18:00";
    21020 "description" "配信の説明", "Description", "dct:description"
        .group(Distribution) .kind(Prose) .range("rdfs:Literal", "0..n"),
        "列の見出しや、ほかの配信との違いを書きます。", "Its columns, and how it differs from the others.";
    21030 "created" "配信の開始日（自動設定）", "Start (automatic)", "dct:issued"
        .group(Site) .kind(Stamp) .range("xsd:dateTime", "0..1") .automatic() .by(By::Ckan),
        "サイトが登録したときに記録します。", "Recorded by the site when it was entered.";
    21040 "issued" "配信の発行日", "Issued", "sipx:resourceIssued"
        .kind(Date),
        "配信を始めた日です。", "The first day on which it could be got.";
    21050 "last_modified" "配信の最終変更日（自動設定）", "Last change (automatic)", "dct:modified"
        .group(Site) .kind(Stamp) .range("xsd:dateTime", "0..1") .automatic() .by(By::Ckan),
        "サイトが変更したときに記録します。", "Recorded by the site when it was changed.";
    21060 "modified" "配信の変更日", "Modified", "sipx:resourceModified"
        .kind(Date) .found_as(&["resources.modified", "resources.last_modified_date"]),
        "中身を最後に変えた日です。", "The last day on which its content changed.";
    21070 "license_title" "配信のライセンス（説明）", "Licence", "sipx:license_explanation"
        .group(DistributionTerms) .label_is("ライセンス", "Licence") .codes(&DISTRIBUTION_LICENCES) .pair("license_url")
        .found_as(&["resources.license_title", "resources.resource_license_id"]),
        "データセットのライセンスと違うときに選びます。", "Where it differs from the dataset's.";
    21080 "license_url" "配信のライセンス", "Licence address", "dct:license"
        .group(DistributionTerms) .label_is("ライセンスのURL", "Licence address") .kind(Url) .range("dct:LicenseDocument", "0..1"),
        "一覧のライセンスを選ぶと入ります。", "Set with a licence of the list.";
    21090 "rights" "配信の権利表明", "Rights statement", "dct:rights"
        .group(DistributionTerms) .kind(UrlOrText) .range("dct:RightsStatement", "0..1"),
        "利用規約のURL、または権利についての文です。", "The address of terms of use, or the statement itself.";
    21100 "explain_url" "配信の情報提供ページURL", "Information page", "dcat:accessURL"
        .group(Distribution) .kind(Url) .range("rdfs:Resource", "0..n") .required() .instead("url"),
        "手に入れ方を説明するページのURLです。", "The address of a page that says how to get it.";
    21120 "url" "配信のダウンロードURL", "Download URL", "dcat:downloadURL"
        .group(Distribution) .kind(Url) .range("rdfs:Resource", "0..1") .legacy(&["download_url"])
        .obliged(Optional, Optional, Needed),
        "データサーバの中のURLです。受け手には、このURLがコネクタへの指定として見えます。",
        "Its address on the data server. Receivers name it to their connector as it stands here.";
    21130 "size" "配信のバイトサイズ", "Bytes", "dcat:byteSize"
        .kind(Bytes) .automatic(),
        "バイト数です。およその値でかまいません。", "Its size in bytes, which may be approximate.";
    21140 "mime_type" "配信のメディアタイプ", "Media type", "dcat:mediaType"
        .group(Distribution) .kind(MediaType) .codes(&MEDIA_TYPES) .range("dct:MediaType", "0..1") .legacy(&["mimetype"])
        .twin("mimetype", bare_media_type) .found_as(&["resources.mimetype"]) .automatic(),
        "名前か拡張子で探せます。例：csv", "Found by name or extension. Example: csv";
    21150 "format" "配信のファイル形式", "File format", "dct:format"
        .kind(UrlOrText) .range("dct:MediaTypeOrExtent", "0..1") .automatic(),
        "拡張子などの短い名前です。例：CSV", "A short name, such as the extension. Example: CSV";
    21160 "access_rights" "配信のアクセス権（説明）", "Access rights", "sipx:accessRightsTitle"
        .group(DistributionTerms) .label_is("アクセス権", "Access rights") .codes(&DISTRIBUTION_ACCESS_RIGHTS) .pair("access_rights_url"),
        "データセットのアクセス権と違うときに選びます。", "Where they differ from the dataset's.";
    21170 "access_rights_url" "配信のアクセス権", "Access rights address", "dct:accessRights"
        .group(DistributionTerms) .label_is("アクセス権のURL", "Access rights address") .kind(Url) .range("dct:RightsStatement", "0..1")
        .legacy(&["accessrights_url"]),
        "一覧のアクセス権を選ぶと入ります。", "Set with access rights of the list.";
    21180 "haspolicy_url" "配信に関する権利情報URL", "Policy URL", "odrl:hasPolicy"
        .group(DistributionTerms) .label_is("権利情報のURL", "Policy URL") .kind(Url) .range("odrl:Policy", "0..1"),
        "ODRLで書かれた条件があれば、そのURLです。", "The address of terms written in ODRL.";
    21190 "compress_format" "配信の圧縮形式", "Compression", "dcat:compressFormat"
        .codes(&COMPRESSION) .range("dct:MediaType", "0..1"),
        "圧縮したファイルのときに選びます。例：gzip", "For compressed files. Example: gzip";
    21200 "package_format" "配信のパッケージ形式", "Packaging", "dcat:packageFormat"
        .codes(&PACKAGING) .range("dct:MediaType", "0..1"),
        "いくつかのファイルをまとめたときに選びます。例：tar", "For several files in one. Example: tar";
    21210 "conforms_to" "配信が準拠する標準URL", "Conforms to", "dct:conformsTo"
        .label_is("準拠する標準のURL", "Conforms to") .kind(UrlOrText) .range("dct:Standard", "0..1"),
        "ファイルの形を決める標準のURLです。", "The address of the standard that the file keeps to.";
}

items! {
    /// What a distribution's data says.
    DATA: Distribution, Resource, Ngsi;

    22010 "schema" "スキーマ", "Schema", "sipx:resourceSchemaURL"
        .group(File) .kind(UrlOrText) .range("URL", "0..1"),
        "機械で読めるスキーマのURLです。", "The address of a schema that machines read.";
    22020 "schema_type" "スキーマタイプ", "Schema type", "sipx:resourceSchemaType"
        .group(File) .codes(&SCHEMA_TYPE),
        "スキーマの書き方です。", "In what the schema is written.";
    22030 "ngsi_tenant" "NGSIテナント", "NGSI tenant", "sipx:resourceNgsiTenant"
        .obliged(Optional, Optional, Conditional),
        "Fiware-Serviceヘッダの値です。使わないときは空けておきます。", "The value of the header Fiware-Service; empty where there is none.";
    22040 "ngsi_service_path" "NGSIサービスパス", "NGSI service path", "sipx:resourceNgsiServicePath"
        .obliged(Optional, Optional, Conditional),
        "Fiware-ServicePathヘッダの値です。例：/river", "The value of the header Fiware-ServicePath. Example: /river";
    22050 "ngsi_entity_type" "NGSIデータ種別", "NGSI entity type", "sipx:resourceNgsiType",
        "エンティティの型です。例：WaterLevel", "The type of the entities. Example: WaterLevel";
    22060 "ngsi_data_model" "NGSIデータモデル", "NGSI data model", "sipx:resourceNgsiDataModel"
        .kind(DataModel),
        "属性の名前、型、例、説明です。", "Names, types, examples and descriptions of attributes.";
}

items! {
    /// What connectors go by.
    CONNECTOR: Distribution, Resource, Distribution;

    23010 "caddec_resource_type" "リソース提供手段の識別子", "Way of delivery", "sipx:caddecResourceType"
        .label_is("提供手段", "Way of delivery") .codes(&RESOURCE_TYPE) .obliged(NotSet, Required, Needed),
        "コネクタがデータを取り出す方式です。", "How a connector gets the data.";
    23020 "caddec_contract_required" "契約確認の要否", "Contract check", "sipx:caddecContractRequired"
        .codes(&CONTRACT_CHECK) .suggested("要求しない"),
        "渡す前に契約を確かめるかどうかです。", "Whether a contract is checked before data is handed over.";
    23030 "caddec_required" "コネクタ利用の要否", "Connector needed", "sipx:caddecRequired"
        .codes(&CONNECTOR_NEEDED) .obliged(Required, Required, Optional) .suggested("要求する"),
        "受け取るのにコネクタが要るかどうかです。限定提供では「要求する」です。", "Whether receivers need a connector. Limited data always asks for one.";
    23040 "caddec_resource_id_for_provenance" "交換実績記録用リソースID", "Resource ID for exchange history", "sipx:caddecResourceIDForProvenance"
        .group(Site) .by(By::Site) .obliged(Optional, Conditional, Conditional),
        "来歴の最初の記録のIDです。公開するときにサイトが入れます。", "The first record of its lineage, set by the site when it is published.";
}

items! {
    /// The service behind a distribution.
    SERVICE: DataService, Resource, DataService;

    24010 "data_service_title" "データサービスのタイトル", "Title", "dct:title"
        .label_is("サービスの名前", "Service title"),
        "APIなどのサービスの名前です。", "The name of an API or another service.";
    24020 "data_service_endpoint_url" "データサービスのエンドポイントURL", "Endpoint URL", "dcat:endpointURL"
        .label_is("エンドポイントのURL", "Service endpoint") .kind(Url) .range("rdfs:Resource", "0..1"),
        "サービスを呼び出すURLです。", "The address at which the service is called.";
    24030 "data_service_endpoint_description" "データサービスのエンドポイントの定義", "Endpoint description", "dcat:endpointDescription"
        .label_is("エンドポイントの定義", "Service description") .kind(UrlOrText) .range("rdfs:Resource", "0..1"),
        "OpenAPIなどの定義のURL、または説明の文です。", "The address of an OpenAPI or other description, or a text.";
}
