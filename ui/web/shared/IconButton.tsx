import type { ButtonHTMLAttributes } from "react";
import { Icon } from "./icons/Icon";
import type { IconName } from "./icons/paths";

/** A button with an icon alone; `name` says what it does, and to what: 配信2を上へ. */
export function IconButton({
  icon,
  name,
  ...rest
}: { icon: IconName; name: string } & Omit<ButtonHTMLAttributes<HTMLButtonElement>, "name">) {
  return (
    <button className="button only-icon" type="button" aria-label={name} title={name} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
