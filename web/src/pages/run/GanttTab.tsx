import type { Run, Try } from '@/api/types';
import { formatDuration } from '@/lib/format';
import { useNow } from '@/lib/useNow';
import { lookOf } from '@/theme/states';
import { Empty } from '@/ui/Condition';
import { StateIcon } from '@/ui/StateIcon';
import css from './GanttTab.module.css';
import { type GanttBar, ganttOf } from './gantt';
import { TryChoice } from './TryChoice';
import { useTry } from './useTry';

export function GanttTab({ run }: { run: Run }) {
  const { chosen, choose } = useTry(run);
  if (!chosen) return <Empty title="It has not started" />;
  return (
    <>
      <TryChoice tries={run.tries} chosen={chosen.number} choose={choose} />
      <Chart one={chosen} />
    </>
  );
}

function Chart({ one }: { one: Try }) {
  const now = useNow(one.ended === null);
  const { lines, ticks, startMs, endMs } = ganttOf(one, now);
  const total = (endMs - startMs) / 1000;
  return (
    <div className={css.chart}>
      <div className={css.axis} aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick.share} style={{ left: `${tick.share * 100}%` }}>
            {formatDuration(tick.seconds)}
          </span>
        ))}
      </div>
      <ul className={css.lines} aria-label={`Steps of try ${one.number} over ${formatDuration(total)}`}>
        {lines.map((line) => (
          <li key={line.name} className={css.line}>
            <span className={css.name} title={line.name}>
              <StateIcon state={line.state} size={13} label /> {line.name}
            </span>
            <span className={css.track}>
              {ticks.map((tick) => (
                <span key={tick.share} className={css.tick} style={{ left: `${tick.share * 100}%` }} />
              ))}
              {line.bars.map((bar) => (
                <Bar key={`${bar.from}${bar.label}`} bar={bar} total={total} />
              ))}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Bar({ bar, total }: { bar: GanttBar; total: number }) {
  const name = `${bar.label}: ${lookOf(bar.state).label}, ${formatDuration((bar.to - bar.from) * total)}`;
  return (
    <span
      className={css.bar}
      data-family={lookOf(bar.state).family}
      data-waiting={bar.waiting || undefined}
      title={name}
      style={{ left: `${bar.from * 100}%`, width: `max(3px, ${(bar.to - bar.from) * 100}%)` }}
    >
      <span className="visually-hidden">{name}</span>
    </span>
  );
}
