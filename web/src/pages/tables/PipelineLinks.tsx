import { Link } from 'react-router';
import { pipelinePath } from '@/lib/paths';

export function PipelineLinks({ ids }: { ids: string[] }) {
  if (ids.length === 0) return <span className="dim">–</span>;
  return (
    <>
      {ids.map((id, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <Link to={pipelinePath(id)}>{id}</Link>
        </span>
      ))}
    </>
  );
}
