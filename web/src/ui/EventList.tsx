import { Link } from 'react-router';
import type { Event } from '@/api/types';
import { partitionPath, runPath } from '@/lib/paths';
import css from './EventList.module.css';
import { Time } from './Time';

/** What happened, one line each. */
export function EventList({ events, label, about }: { events: Event[]; label: string; about?: 'all' }) {
  return (
    <ol className={css.list} aria-label={label}>
      {events.map((event) => (
        <li key={event.sequence}>
          <span className={css.at}>
            <Time at={event.at} />
          </span>
          <span className="wrap">
            <strong>{event.what}</strong> {about === 'all' && <About event={event} />}
            <span className="dim"> {detailOf(event.detail)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function About({ event: { pipeline, run_id, partition, partition_key } }: { event: Event }) {
  if (run_id) return <Link to={runPath(pipeline, run_id)}>{run_id}</Link>;
  if (partition_key) return <Link to={partitionPath(pipeline, partition_key)}>{partition || partition_key}</Link>;
  return null;
}

const plain = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

/** The details as name and value; they are text from outside, so they stay text. */
export const detailOf = (detail: Record<string, unknown>): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${plain(value)}`)
    .join(', ');
