import { Markdown } from '@/components/markdown/Markdown';
import { Panel } from '@/components/Panel';
import { useRunbook } from '../queries';

/** The server's own run-book that a link leads to, if it is one. */
export function runbookId(link: string | undefined): string | undefined {
  return /\/runbooks\/([\w-]+)$/.exec(link ?? '')?.[1];
}

/** What to do about an alert, as the run-book says. */
export function Runbook({ id }: { id: string }) {
  const asked = useRunbook(id, true);
  return (
    <Panel title="Run-book" asked={asked} height={200} isEmpty={(text) => text.trim() === ''} empty="The run-book is empty.">
      {(text) => <Markdown text={text} top={3} />}
    </Panel>
  );
}
