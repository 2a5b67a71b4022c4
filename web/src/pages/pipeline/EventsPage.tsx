import { usePipelineEvents } from '@/api/pipelines';
import { Card } from '@/ui/Card';
import { Empty, Loaded } from '@/ui/Condition';
import { EventList } from '@/ui/EventList';
import { LoadMore } from '@/ui/LoadMore';
import { usePipelineId } from './usePipelineId';

/** Everything that happened to a pipeline, newest first. */
export function EventsPage() {
  const query = usePipelineEvents(usePipelineId(), {});
  return (
    <Card title="What happened" flush>
      <Loaded query={query} what="events">
        {({ pages }) => {
          const events = pages.flatMap((page) => page.items);
          return events.length > 0 ? (
            <EventList events={events} label="Events" about="all" />
          ) : (
            <Empty title="Nothing has happened yet" />
          );
        }}
      </Loaded>
      <LoadMore query={query} />
    </Card>
  );
}
