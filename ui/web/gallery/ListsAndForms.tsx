import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "../shared/CopyButton";
import { CodeField } from "../shared/form/CodeField";
import { ErrorSummary } from "../shared/form/ErrorSummary";
import { Choice, SelectField, TextArea, TextField } from "../shared/form/Field";
import { RowMenu } from "../shared/RowMenu";
import { Page } from "../shared/shell/page";
import { StateBadge } from "../shared/states/StateBadge";
import { size } from "../shared/size";
import { useListAddress } from "../shared/table/address";
import { FilterChips, Pager, SelectBox, SelectionBar, SortHead } from "../shared/table/parts";
import { Time } from "../shared/Time";

const ROWS = [
  { title: "七尾市 開設避難所一覧（令和6年能登半島地震）", state: "draft", obtainable: "needs-attention", bytes: 10_700 },
  { title: "河川水位 観測所一覧（福井県 103か所）", state: "published", obtainable: "obtainable", bytes: 8_500 },
  {
    title: "指定緊急避難場所（津波・高潮・洪水・土砂災害・地震・大規模火災・内水氾濫・火山現象の別、町会・自治会との対応表付き）",
    state: "published",
    obtainable: "not-obtainable",
    bytes: 2_200_000,
  },
  { title: `A${"very".repeat(30)}long title without a break`, state: "checking", obtainable: "checking", bytes: 1_200 },
  { title: "\u2067قائمة الملاجئ\u2069 避難所", state: "withdrawn", obtainable: "not-checked", bytes: 0 },
] as const;

const LICENCES = [
  { value: "CC-BY-4.0", label: "クリエイティブ・コモンズ 表示 4.0（CC BY 4.0）", words: ["くりえいてぃぶ"] },
  { value: "CC0-1.0", label: "クリエイティブ・コモンズ ゼロ（CC0 1.0）" },
  { value: "GJSTU-2.0", label: "政府標準利用規約（第2.0版）", words: ["せいふひょうじゅん"] },
];

export function ListsAndForms() {
  const { t } = useTranslation();
  return (
    <Page title={t("gallery.second")} above={[{ to: "/", title: t("gallery.home") }]}>
      <div className="beside">
        <div className="stack-wide">
          <List />
          <Form />
        </div>
        <aside className="stack">
          <section className="card">
            <h2>{t("gallery.facts")}</h2>
            <dl className="facts">
              <dt>{t("gallery.providerId")}</dt>
              <dd>
                <span className="mono">cadde.1000000000011.01</span>{" "}
                <CopyButton text="cadde.1000000000011.01" what={t("gallery.providerId")} />
              </dd>
              <dt>{t("gallery.updated")}</dt>
              <dd>
                <Time at="2026-11-30T05:32:07.042Z" detail />
              </dd>
            </dl>
          </section>
        </aside>
      </div>
    </Page>
  );
}

function List() {
  const { t } = useTranslation();
  const list = useListAddress(["state"], ["title", "changed"]);
  const { state = "" } = list.filters;
  const [selected, setSelected] = useState<readonly string[]>([ROWS[1].title]);
  const select = (title: string) => (isSelected: boolean) =>
    setSelected(isSelected ? [...selected, title] : selected.filter((one) => one !== title));
  const rows = ROWS.filter((row) => state === "" || row.state === state);
  return (
    <section aria-label={t("gallery.caption")}>
      <FilterChips
        label={t("gallery.filter")}
        current={state}
        href={(value) => list.href({ state: value })}
        chips={[
          { value: "", title: t("gallery.all"), count: ROWS.length },
          { value: "draft", title: "下書き", count: 1, isBad: true },
        ]}
      />
      <div className="card flush">
        {selected.length > 0 && (
          <SelectionBar count={selected.length} onClear={() => setSelected([])}>
            <button type="button" className="button danger small">
              {t("gallery.withdraw")}
            </button>
          </SelectionBar>
        )}
        <table className="blocks">
          <caption className="spoken">{t("gallery.caption")}</caption>
          <thead>
            <tr>
              <td>
                <SelectBox
                  isSelected={selected.length === ROWS.length}
                  onChange={(all) => setSelected(all ? ROWS.map((row) => row.title) : [])}
                />
              </td>
              <SortHead by="title" now={list.sort} onSort={(sort) => list.change({ sort })}>
                {t("gallery.title")}
              </SortHead>
              <th scope="col">{t("gallery.state")}</th>
              <th scope="col">{t("gallery.obtainable")}</th>
              <th scope="col" className="number">
                {t("gallery.distributions")}
              </th>
              <SortHead by="changed" now={list.sort} onSort={(sort) => list.change({ sort })}>
                {t("gallery.changed")}
              </SortHead>
              <td className="wide-only" />
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.title} className={selected.includes(row.title) ? "selected" : undefined}>
                <td className="pick">
                  <SelectBox name={row.title} isSelected={selected.includes(row.title)} onChange={select(row.title)} />
                </td>
                <th scope="row">
                  <a href="#list">{row.title}</a>
                </th>
                <td>
                  <StateBadge of="dataset" state={row.state} />
                </td>
                <td>
                  <StateBadge of="obtainable" state={row.obtainable} />
                </td>
                <td className="number" data-label={t("gallery.distributions")}>
                  {size(row.bytes)}
                </td>
                <td data-label={t("gallery.changed")}>
                  <Time at="2026-11-30T05:32:07Z" />
                </td>
                <td>
                  <RowMenu
                    name={t("gallery.actions", { title: row.title })}
                    entries={[
                      { title: t("gallery.edit"), onChoose: () => undefined },
                      { title: t("gallery.withdraw"), isDanger: true, onChoose: () => undefined },
                    ]}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <Pager total={128} address={list} href={list.href} change={list.change} />
      </div>
    </section>
  );
}

function Form() {
  const { t } = useTranslation();
  const [entered, setEntered] = useState({ title: "七尾市", date: "2026-11-31", text: "", sharing: "limited", licence: "", frequency: "旧値" });
  const [attempt, setAttempt] = useState(0);
  const set = (name: keyof typeof entered) => (value: string) => setEntered({ ...entered, [name]: value });
  const errors = {
    date: entered.date === "2026-11-31" ? t("gallery.wrongError") : undefined,
    licence: attempt > 0 && entered.licence === "" ? t("gallery.licenceError") : undefined,
  };
  const lines = Object.entries(errors).flatMap(([id, error]) => (error === undefined ? [] : [{ id, error }]));
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAttempt(attempt + 1);
      }}
    >
      {attempt > 0 && <ErrorSummary attempt={attempt} lines={lines} />}
      <div className="pair">
        <TextField id="title" label={t("gallery.normal")} required={false} hint={t("gallery.normalHint")} value={entered.title} onChange={set("title")} />
        <TextField id="date" label={t("gallery.wrong")} required hint={t("gallery.wrongHint")} error={errors.date} value={entered.date} onChange={set("date")} />
      </div>
      <TextArea id="text" label={t("gallery.text")} required hint={t("gallery.textHint")} value={entered.text} onChange={set("text")} />
      <Choice
        id="sharing"
        label={t("gallery.sharing")}
        required
        value={entered.sharing}
        onChange={set("sharing")}
        options={[
          { value: "open", label: t("gallery.open"), meaning: t("gallery.openText") },
          { value: "limited", label: t("gallery.limited"), meaning: t("gallery.limitedText") },
        ]}
      />
      <CodeField id="licence" label={t("gallery.licence")} required hint={t("gallery.licenceHint")} error={errors.licence} value={entered.licence} onChange={set("licence")} codes={LICENCES} />
      <SelectField
        id="frequency"
        label={t("gallery.frequency")}
        required={false}
        value={entered.frequency}
        onChange={set("frequency")}
        options={[
          { value: "daily", label: "毎日" },
          { value: "irregular", label: "不定期" },
        ]}
      />
      <div className="row">
        <button className="button primary" type="submit">
          {t("gallery.send")}
        </button>
      </div>
    </form>
  );
}
