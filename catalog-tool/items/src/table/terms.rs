use crate::{
    codes::{CONTRACT_TYPE, DISCLOSURE, FEE, LAW, NDA, PERSONAL_DATA, REGION, USAGE, WARRANTY},
    item::{
        By,
        Kind::{EffectivePeriod, LicencePeriod, Prose, Url},
        Obligation::{Needed, NotSet, Required},
        items,
    },
};

items! {
    /// On which terms a dataset may be used.
    TERMS: Dataset, Extras, Terms;

    13010 "trading_policy_contract_type" "契約形態", "Contract type", "sipx:contractType"
        .codes(&CONTRACT_TYPE),
        "データを渡すときの契約の形です。", "The kind of contract under which data is handed over.";
    13020 "trading_policy_nda" "秘密保持義務", "Confidentiality", "sipx:nda"
        .codes(&NDA),
        "受け取る人に秘密保持を求めるかどうかです。", "Whether receivers have to keep the data to themselves.";
    13030 "trading_policy_use_application" "利用用途", "Allowed usage", "sipx:allowedUsage"
        .many() .codes(&USAGE) .range("rdfs:Literal", "0..n"),
        "使ってよい用途を選びます。一覧にないときは「その他」に書きます。", "What the data may be used for. What is not listed goes behind \"other\".";
    13040 "scope_of_disclosure" "開示範囲", "Scope of disclosure", "sipx:scopeOfDisclosure"
        .codes(&DISCLOSURE),
        "受け取った人が、相談なしに見せてよい範囲です。", "To whom receivers may show the data without asking.";
    13050 "terms_of_use_permissible_region" "データ活用地域", "Permissible region", "sipx:permissibleRegion"
        .many() .codes(&REGION) .range("rdfs:Literal", "0..n"),
        "使ってよい国や地域です。", "Countries and regions where the data may be used.";
    13060 "terms_of_use_notices" "利用に関する注意事項", "Notices on use", "sipx:notices"
        .kind(Prose),
        "使うときに気をつけてほしいことを書きます。改行できます。", "What users have to mind; may have several lines.";
    13070 "privacy_policy_contains_personal_data" "パーソナルデータの類別", "Class of personal data", "sipx:containedPersonalDataType"
        .codes(&PERSONAL_DATA),
        "個人に関わるデータを含むかどうかです。", "Whether the data is about persons.";
    13080 "data_effective_period" "データの有効期間", "Effective period", "sipx:dataEffectivePeriod"
        .kind(EffectivePeriod) .range("dct:PeriodOfTime", "0..1"),
        "データが有効な期間です。空けておくと無期限です。", "How long the data is good for; without limit where empty.";
    13090 "usage_license_period" "利用ライセンスの期限", "Licence period", "sipx:usageLicensePeriod"
        .kind(LicencePeriod),
        "受け取った人が使ってよい期限です。例：2027-03-31まで、購入から6か月", "Until when receivers may use it. Example: until 2027-03-31, 6 months from purchase";
    13100 "fee" "有償無償", "Fee", "sipx:fee"
        .codes(&FEE),
        "お金がかかるかどうかです。", "Whether the data costs.";
    13110 "sales_info_url" "販売情報URL", "Sales information", "sipx:salesInfoURL"
        .kind(Url) .range("URL", "0..1"),
        "買い方を説明するページのURLです。", "The address of a page that says how to buy.";
    13120 "pricing_price_range" "価格帯", "Price range", "sipx:priceRange"
        .range("schema:PriceSpecification", "0..1"),
        "例：1か月 1,000円から5,000円", "Example: 1,000 to 5,000 yen a month";
    13130 "pricing_notices_of_price" "データ販売に関わる特記事項", "Notices on price", "sipx:noticesOfPrice"
        .kind(Prose),
        "値段について知らせたいことを書きます。", "What is to be known about the price.";
    13140 "warranty_express_warranty" "明示された保証", "Express warranty", "sipx:expressWarranty"
        .codes(&WARRANTY),
        "提供者が保証することです。", "What the provider warrants.";
    13150 "warranty_legal_compliance" "準拠法の対象国", "Governing law", "sipx:governingLaw"
        .many() .codes(&LAW) .legacy(&["warranty_leagal_compliance"]),
        "もめごとになったときに従う法律の国です。", "The country whose law governs disputes.";
}

items! {
    /// What connectors go by.
    CONNECTOR: Dataset, Extras, Site;

    14010 "caddec_provider_id" "提供者ID", "Provider ID", "sipx:caddecProviderID"
        .by(By::Site) .obliged(NotSet, Required, Required),
        "提供者のCADDEユーザIDです。限定提供のときにサイトが入れます。", "The provider's CADDE user ID, set by the site for limited data.";
    14020 "caddec_dataset_id_for_detail" "詳細検索用データセットID", "Dataset ID for detail search", "sipx:caddecDatasetIDForDetail"
        .by(By::Site) .obliged(NotSet, Required, Needed),
        "公開用と限定用を結ぶIDです。サイトが入れます。", "What links the public and the limited view, set by the site.";
}
