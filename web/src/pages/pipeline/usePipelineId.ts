import { useParams } from 'react-router';

export const usePipelineId = (): string => useParams().pipeline ?? '';
