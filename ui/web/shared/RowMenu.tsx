import { Menu } from "@mantine/core";
import { Icon } from "./icons/Icon";

export interface MenuEntry {
  title: string;
  isDanger?: boolean;
  onChoose: () => void;
}

/** What can be done with a row, behind a button that names the row. */
export function RowMenu({ name, entries }: { name: string; entries: readonly MenuEntry[] }) {
  return (
    <Menu position="bottom-end" withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <button className="button only-icon" type="button" aria-label={name}>
          <Icon name="more" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {entries.map((entry) => (
          <Menu.Item key={entry.title} onClick={entry.onChoose} {...(entry.isDanger === true ? { color: "red" } : {})}>
            {entry.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
