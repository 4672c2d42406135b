import { Icon } from "../icons/Icon";
import { useLang } from "../texts/useLang";
import { look, word, type StateObject, type StateOf } from "./table";

/** A state as it looks everywhere. One that an API names and this version doesn't know is shown as it is, in grey. */
export function StateBadge<O extends StateObject>(props: {
  of: O;
  state: StateOf<O> | (string & {});
  n?: number;
}) {
  const lang = useLang();
  const known = look(props.of, props.state);
  if (known === undefined) {
    return (
      <span className="state off">
        <Icon name="question" />
        {props.state}
      </span>
    );
  }
  return (
    <span className={`state ${known.tone}`}>
      <Icon name={known.icon} />
      {word(known, lang, props.n)}
    </span>
  );
}
