import type { ComponentChildren } from 'preact';

interface TabsProps<Name extends string> {
  /** Of the panel; tabs have it as their beginning. */
  readonly id: string;
  readonly label: string;
  readonly names: Readonly<Record<Name, string>>;
  readonly counts?: Readonly<Partial<Record<Name, number>>>;
  readonly shown: Name;
  readonly onShow: (name: Name) => void;
  readonly children: ComponentChildren;
}

/** As tabs are used by keyboard (ARIA Authoring Practices). */
export function Tabs<Name extends string>(props: TabsProps<Name>) {
  const { id, label, names, counts, shown, onShow, children } = props;
  const all = Object.keys(names) as Name[];
  const onKey = (event: KeyboardEvent) => {
    const here = all.indexOf(shown);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    const wanted = next === undefined ? undefined : all[(next + all.length) % all.length];
    if (wanted === undefined) return;
    event.preventDefault();
    onShow(wanted);
    document.getElementById(`${id}-${wanted}`)?.focus();
  };
  return (
    <>
      <div class="tabs minor" role="tablist" aria-label={label} onKeyDown={onKey}>
        {all.map((one) => (
          <button
            key={one}
            type="button"
            role="tab"
            id={`${id}-${one}`}
            aria-controls={id}
            aria-selected={one === shown}
            tabIndex={one === shown ? 0 : -1}
            onClick={() => onShow(one)}
          >
            {names[one]}
            {counts?.[one] !== undefined && <span class="count">{counts[one]}</span>}
          </button>
        ))}
      </div>
      <div id={id} role="tabpanel" aria-labelledby={`${id}-${shown}`} tabIndex={-1}>
        {children}
      </div>
    </>
  );
}
