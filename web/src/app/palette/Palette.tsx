import { TextInput } from '@mantine/core';
import { type KeyboardEvent, useId, useState } from 'react';
import { Dialog } from '@/ui/Dialog';
import { type Command, findCommands } from './commands';
import css from './Palette.module.css';
import { useCommands } from './useCommands';

export function Palette({ close }: { close: () => void }) {
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const list = useId();
  const found = findCommands(useCommands(), typed);
  const at = Math.min(chosen, Math.max(found.length - 1, 0));

  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setChosen((at + step + found.length) % Math.max(found.length, 1));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(found[at]);
    }
  };

  return (
    <Dialog title="Search and act" opened close={close}>
      <TextInput
        autoFocus
        data-autofocus
        aria-label="What to find or do"
        placeholder="A pipeline, a page, an action"
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={onKey}
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={found[at] ? `${list}-${at}` : undefined}
      />
      <div id={list} role="listbox" aria-label="Found" className={css.list}>
        {found.map((command, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the text field
          <div
            key={command.id}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className={css.option}
            onClick={() => run(command)}
            onMouseMove={() => setChosen(index)}
          >
            <span className="wrap">{command.label}</span>
            <span className="dim">{command.hint}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="dim">Nothing is called that.</p>}
    </Dialog>
  );
}
