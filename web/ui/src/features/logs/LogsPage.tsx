import { SegmentedControl } from '@mantine/core';
import { PageHead } from '@/components/PageHead';
import { useParamState } from '@/view/params';
import { QueryView } from './QueryView';
import { TailView } from './tail/TailView';

/** The logs: asked in KQL, or followed as they come. */
export function Component() {
  const { params, set } = useParamState();
  const live = params.get('mode') === 'live';
  return (
    <>
      <PageHead title="Logs" timed={!live} controls={{ refresh: false, compare: false }}>
        <SegmentedControl
          size="xs"
          aria-label="Ask or follow"
          data={[
            { value: 'query', label: 'Query' },
            { value: 'live', label: 'Live tail' },
          ]}
          value={live ? 'live' : 'query'}
          onChange={(mode) => set({ mode: mode === 'live' ? 'live' : null })}
        />
      </PageHead>
      {live ? <TailView /> : <QueryView />}
    </>
  );
}
