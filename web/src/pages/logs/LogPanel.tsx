import { Button, Checkbox, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { formatBytes } from '@/lib/format';
import { Empty, Failure, Loading } from '@/ui/Condition';
import { LogHits } from './LogHits';
import css from './LogPanel.module.css';
import { LogView } from './LogView';
import { downloadUrl, type LogTarget } from './logApi';
import { endOf, startOf } from './logWindow';
import { type Log, useLog } from './useLog';

/** One attempt's log: live, with search, wrap and download. */
export function LogPanel({ target }: { target: LogTarget }) {
  const log = useLog(target);
  const [wrap, setWrap] = useState(false);
  const [follow, setFollow] = useState(true);
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  const [hit, setHit] = useState(false);
  const find = (event: FormEvent) => {
    event.preventDefault();
    setSearch(typed.trim());
  };
  const go = (where: () => void, stay: boolean, atHit = false) => {
    setFollow(stay);
    setHit(atHit);
    where();
  };
  return (
    <>
      <div className={css.bar}>
        <form onSubmit={find} className={css.search}>
          <TextInput
            size="xs"
            type="search"
            aria-label="Search the log"
            placeholder="Search, then Enter"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        </form>
        <Checkbox size="xs" label="Wrap" checked={wrap} onChange={() => setWrap(!wrap)} />
        <Button
          variant={follow ? 'light' : 'default'}
          size="compact-xs"
          aria-pressed={follow}
          onClick={() => go(log.toEnd, true)}
        >
          {log.window.complete ? 'To the end' : 'Follow'}
        </Button>
        <Button variant="default" size="compact-xs" onClick={() => go(log.toStart, false)}>
          To the start
        </Button>
        <Button component="a" variant="default" size="compact-xs" href={downloadUrl(target)} download>
          Download
        </Button>
        <Where log={log} />
      </div>
      {search !== '' && (
        <LogHits
          target={target}
          text={search}
          open={(offset) => go(() => log.toOffset(offset), false, true)}
          close={() => setSearch('')}
        />
      )}
      <Content log={log}>
        <LogView log={log} wrap={wrap} search={search} follow={follow} setFollow={setFollow} hit={hit} />
      </Content>
    </>
  );
}

function Content({ log, children }: { log: Log; children: React.ReactNode }) {
  const nothing = log.window.pieces.length === 0;
  if (nothing && log.error) return <Failure error={log.error} retry={log.toEnd} />;
  if (nothing) return <Loading what="the log" />;
  if (log.window.size === 0) {
    return <Empty title={log.window.complete ? 'It wrote nothing' : 'Nothing has been written yet'} />;
  }
  return <>{children}</>;
}

function Where({ log: { window } }: { log: Log }) {
  if (window.pieces.length === 0) return null;
  const all = startOf(window) === 0 && endOf(window) >= window.size;
  return (
    <span className={css.where} role="status">
      {window.complete ? '' : 'live, '}
      {all
        ? formatBytes(window.size)
        : `${formatBytes(startOf(window))} to ${formatBytes(endOf(window))} of ${formatBytes(window.size)}`}
    </span>
  );
}
