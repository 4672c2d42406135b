import { useTranslation } from "react-i18next";
import { ago, inDetail, inList, time, zone } from "./time";

/** A time of an API. In lists it is short; the zone stands in the foot of the page. */
export function Time(props: { at: string; detail?: boolean; relative?: boolean }) {
  const { t } = useTranslation();
  const at = time(props.at);
  if (at === undefined) return <span>{props.at}</span>;
  const now = new Date();
  const { unit, count } = ago(at, now);
  return (
    <time dateTime={props.at} className={props.detail === true ? undefined : "unbroken"}>
      {props.detail === true ? inDetail(at, zone()) : inList(at, now, zone())}
      {props.relative === true && <span className="secondary"> {t(`time.ago.${unit}`, { count })}</span>}
    </time>
  );
}
