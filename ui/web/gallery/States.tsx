import { useTranslation } from "react-i18next";
import { ProblemError } from "../shared/api/problem";
import { Icon } from "../shared/icons/Icon";
import { Empty, Failed, NoRight, Outline, Progress, Stale } from "../shared/page-states/PageStates";
import { Page } from "../shared/shell/page";
import { StateBadge } from "../shared/states/StateBadge";
import { type StateLook, type StateObject, STATES, word } from "../shared/states/table";
import { useLang } from "../shared/texts/useLang";

const NUMBERS: Record<string, number> = { "publishing.checking": 64, "certificate.expiring": 23 };

export function States() {
  const { t } = useTranslation();
  const problem = new ProblemError(
    503,
    { type: "urn:kakehashi:problem:ledger-away", detail: t("gallery.failedText") },
    "019aa7f1-0000-7c20-8000-0000000020a9",
  );
  return (
    <Page title={t("gallery.home")} facts={<p className="secondary">{t("gallery.intro")}</p>}>
      <div className="stack-wide">
        <Words />
        <section aria-labelledby="page-states" className="stack">
          <h2 id="page-states">{t("gallery.pageStates")}</h2>
          <div className="thirds">
            <div className="card">
              <h3>{t("gallery.empty")}</h3>
              <Empty
                title={t("gallery.emptyTitle")}
                actions={
                  <>
                    <button type="button" className="button primary small">
                      <Icon name="plus" />
                      {t("gallery.create")}
                    </button>
                    <button type="button" className="button plain small">
                      {t("gallery.import")}
                    </button>
                  </>
                }
              >
                {t("gallery.emptyText")}
              </Empty>
            </div>
            <div className="card" aria-busy="true">
              <h3>{t("gallery.loading")}</h3>
              <Outline />
            </div>
            <div className="card">
              <h3>{t("gallery.failed")}</h3>
              <Failed title={t("gallery.failedTitle")} error={problem} level={4} onRetry={() => undefined} />
            </div>
            <div className="card">
              <h3>{t("gallery.noRight")}</h3>
              <NoRight title={t("gallery.noRightTitle")} who="A市 防災課" level={4}>
                <p className="small">{t("gallery.noRightText")}</p>
              </NoRight>
            </div>
            <div className="card">
              <h3>{t("gallery.stale")}</h3>
              <Stale at="2026-10-30T07:12:00Z" level={4}>
                {t("gallery.staleText")}
              </Stale>
            </div>
            <div className="card">
              <h3>{t("gallery.long")}</h3>
              <p className="small">{t("gallery.longText")}</p>
              <Progress label={t("gallery.check")} percent={64}>
                <p className="small secondary">{t("gallery.longFoot")}</p>
                <p>
                  <button type="button" className="button plain small">
                    {t("gallery.back")}
                  </button>
                </p>
              </Progress>
            </div>
          </div>
        </section>
        <section aria-labelledby="controls" className="stack">
          <h2 id="controls">{t("gallery.controls")}</h2>
          <div className="card stack">
            <div className="row">
              <button type="button" className="button primary">
                {t("gallery.primary")}
              </button>
              <button type="button" className="button">
                {t("gallery.next")}
              </button>
              <button type="button" className="button plain">
                {t("gallery.plain")}
              </button>
              <button type="button" className="button danger">
                {t("gallery.danger")}
              </button>
              <button type="button" className="button danger primary">
                {t("gallery.stop")}
              </button>
            </div>
          </div>
        </section>
      </div>
    </Page>
  );
}

function Words() {
  const { t } = useTranslation();
  const lang = useLang();
  const other = lang === "ja" ? "en" : "ja";
  return (
    <section className="card flush" aria-labelledby="words">
      <div className="caption">
        <h2 id="words">{t("gallery.words")}</h2>
      </div>
      <table className="blocks">
        <thead>
          <tr>
            <th scope="col">{t("gallery.of")}</th>
            <th scope="col">{t("gallery.word")}</th>
          </tr>
        </thead>
        <tbody>
          {(Object.keys(STATES) as StateObject[]).map((object) => (
            <tr key={object}>
              <th scope="row">{t(`gallery.object.${object}`)}</th>
              <td>
                <div className="row words">
                  {Object.entries(STATES[object] as Record<string, StateLook>).map(([name, look]) => {
                    const n = NUMBERS[`${object}.${name}`];
                    return (
                      <span key={name}>
                        <StateBadge of={object} state={name} {...(n === undefined ? {} : { n })} />
                        <span className="small secondary" lang={other}>
                          {word(look, other, n)}
                        </span>
                      </span>
                    );
                  })}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
