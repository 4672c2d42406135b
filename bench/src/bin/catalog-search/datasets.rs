//! Datasets that look like those of towns: made up from their number, the same each time.

use async_trait::async_trait;
use catalog_site::index::{Change, Document, Source, SourceError, SourceState};
use time::{Duration, OffsetDateTime};

const TOWNS: [&str; 24] = [
    "札幌市",
    "仙台市",
    "さいたま市",
    "千葉市",
    "横浜市",
    "川崎市",
    "相模原市",
    "新潟市",
    "静岡市",
    "浜松市",
    "名古屋市",
    "京都市",
    "大阪市",
    "堺市",
    "神戸市",
    "岡山市",
    "広島市",
    "北九州市",
    "福岡市",
    "熊本市",
    "福井市",
    "市川市",
    "東京都",
    "千代田区",
];
const SUBJECTS: [&str; 32] = [
    "避難所",
    "道路台帳",
    "公園",
    "河川水位",
    "バス停留所",
    "AED設置箇所",
    "人口統計",
    "保育所",
    "図書館",
    "観光施設",
    "医療機関",
    "消防水利",
    "土砂災害警戒区域",
    "気象観測",
    "交通量調査",
    "学校",
    "公衆無線LAN",
    "公共トイレ",
    "文化財",
    "イベント",
    "予算書",
    "議会会議録",
    "ごみ収集日",
    "用途地域",
    "都市計画図",
    "橋りょう点検",
    "水道水質",
    "騒音測定",
    "街路樹",
    "駐輪場",
    "防犯カメラ",
    "ハザードマップ",
];
const KINDS: [&str; 8] = [
    "一覧",
    "データ",
    "位置情報",
    "年次報告",
    "月別集計",
    "オープンデータ",
    "調査結果",
    "GISデータ",
];
const SENTENCES: [&str; 20] = [
    "市内の施設の名称、所在地、電話番号、緯度経度をまとめたものです。",
    "位置は世界測地系によります。",
    "毎年四月一日現在の状況を集計し、翌月に公開します。",
    "台帳に基づいて作成しており、現況と異なる場合があります。",
    "文字コードはUTF-8、区切りはコンマです。",
    "This dataset is updated every quarter by the city office.",
    "災害が発生したときに開設される避難所と収容人数を含みます。",
    "河川の水位と雨量を十分ごとに観測した値です。",
    "利用に当たっては出典を明示してください。",
    "道路の路線名、幅員、延長、舗装の種別を記録しています。",
    "個人を特定できる情報は含まれていません。",
    "町丁目ごとの人口と世帯数、年齢別の内訳があります。",
    "GTFS形式の停留所と時刻表です。",
    "センサーの故障により欠測となることがあります。",
    "過去の版は別のデータセットとして公開しています。",
    "お問い合わせは情報政策課までお願いします。",
    "CSV版とGeoJSON版があり、内容は同じです。",
    "川沿いの地域では浸水の深さを色で示しています。",
    "ｺｰﾄﾞ表は付録をご覧ください。",
    "調査の方法と用語の定義は解説書にあります。",
];
const FORMATS: [&str; 6] = ["CSV", "GeoJSON", "XLSX", "PDF", "SHP", "JSON"];
const LICENCES: [&str; 4] = [
    "CC-BY-4.0",
    "CC0-1.0",
    "政府標準利用規約（第2.0版）",
    "その他",
];
const KEYS: [&str; 14] = [
    "language",
    "publisher_name",
    "creator_name",
    "frequency",
    "spatial_text",
    "contact_name",
    "access_rights",
    "vocabulary",
    "term",
    "conforms_to",
    "trading_policy_contract_type",
    "scope_of_disclosure",
    "contains_personal_data",
    "landing_page",
];

/// So many of them, all published.
pub struct Datasets {
    pub count: u64,
    /// Changes made later: the last one has this number.
    pub last: std::sync::atomic::AtomicU64,
}

/// Numbers that follow from one, without order.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let count = u64::try_from(of.len()).unwrap_or(1);
        of[usize::try_from(self.next() % count).unwrap_or(0)]
    }

    fn id(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// The dataset of that number: some 700 characters in 60 fields, as a CKAN site has them.
pub fn dataset(number: u64) -> Document {
    let mut numbers = Numbers(number.wrapping_mul(7919));
    let id = numbers.id();
    let (town, subject) = (numbers.one(&TOWNS), numbers.one(&SUBJECTS));
    let mut document = Document::new(&id, "release");
    document.exact("id", &id);
    document.exact("name", &format!("dataset-{number:06}"));
    document.text(
        "title",
        &format!(
            "{town}{subject}{}（{}年度）",
            numbers.one(&KINDS),
            2000 + numbers.next() % 26
        ),
    );
    let sentences: Vec<&str> = (0..7).map(|_| numbers.one(&SENTENCES)).collect();
    document.text("notes", &sentences.concat());
    for _ in 0..4 {
        document.exact("tags", numbers.one(&SUBJECTS));
    }
    document.exact("organization", town);
    document.exact("groups", numbers.one(&SUBJECTS[..12]));
    document.exact("license_id", numbers.one(&LICENCES));
    let modified = OffsetDateTime::UNIX_EPOCH
        + Duration::days(18_000)
        + Duration::seconds(i64::try_from(numbers.next() % 80_000_000).unwrap_or(0));
    document.date("metadata_modified", modified);
    document.extra("issued", &modified.date().to_string());
    for key in KEYS {
        document.extra(
            key,
            &format!("{}{}", numbers.one(&TOWNS), numbers.one(&KINDS)),
        );
    }
    document.extra("caddec_provider_id", "0001-test");
    document.extra("caddec_dataset_id_for_detail", &id);
    for part in 0..3 {
        let format = numbers.one(&FORMATS);
        document.text("res_name", &format!("{subject}{}", numbers.one(&KINDS)));
        document.text("res_description", numbers.one(&SENTENCES));
        document.exact("res_format", format);
        document.text(
            "res_url",
            &format!(
                "https://data{}.example.jp/{number}/{part}/{}.{}",
                number % 24,
                numbers.id(),
                format.to_lowercase()
            ),
        );
    }
    document
}

#[async_trait]
impl Source for Datasets {
    async fn state(&self) -> Result<SourceState, SourceError> {
        Ok(SourceState {
            identity: "bench".to_owned(),
            counter: self.last.load(std::sync::atomic::Ordering::Acquire),
        })
    }

    async fn changes(&self, after: u64, limit: usize) -> Result<Vec<Change>, SourceError> {
        let last = self.last.load(std::sync::atomic::Ordering::Acquire);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let counters = after + 1..=last.min(after.saturating_add(limit));
        let changes = counters.map(|counter| {
            // Later changes are of datasets that there are.
            let document = dataset(counter % self.count);
            Change {
                counter,
                id: document.id().to_owned(),
                documents: vec![document],
            }
        });
        Ok(changes.collect())
    }
}
