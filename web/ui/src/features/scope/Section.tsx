import { Box, Group, Text } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { PanelLevel } from '@/components/Panel';
import { Status } from '@/components/Status';
import type { Verdict } from './verdicts/verdict';

interface Props {
  id: string;
  question: string;
  /** The answer in a line; none while it is not known. */
  verdict?: Verdict | undefined;
  /** Controls of the section. */
  actions?: ReactNode;
  /** Height of what will come, in pixels. */
  height?: number;
  children?: ReactNode;
}

/** A question of the page with its answer in a line. What is far below what one sees is not asked for until it comes near. */
export function Section({ id, question, verdict, actions, height = 260, children }: Props) {
  const { ref, near } = useNear();
  return (
    <section aria-labelledby={id} ref={ref} style={{ scrollMarginTop: 60 }}>
      <Group gap="sm" mb="xs" align="baseline">
        <Text component="h2" size="md" fw={650} id={id} m={0} tabIndex={-1}>
          {question}
        </Text>
        {verdict !== undefined && (
          <Text component="div" size="sm" flex={1} miw={200}>
            <Status kind={verdict.kind}>{verdict.text}</Status>
          </Text>
        )}
        {actions}
      </Group>
      <PanelLevel value={3}>{children != null && (near ? children : <Box h={height} />)}</PanelLevel>
    </section>
  );
}

/** How far below the screen things are asked for, so that they are there when one comes. */
const ahead = '500px';

/** Whether something has come near the screen. It stays so. */
function useNear() {
  const ref = useRef<HTMLElement>(null);
  const [near, setNear] = useState(typeof IntersectionObserver === 'undefined');
  useEffect(() => {
    if (near || ref.current === null) return;
    const observer = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && setNear(true), { rootMargin: ahead });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [near]);
  return { ref, near };
}

/** The questions of the page with their answers' signs: a way to each. */
export function Contents({ sections }: { sections: readonly { id: string; question: string; verdict?: Verdict | undefined }[] }) {
  return (
    <Group component="nav" aria-label="Questions" gap="md" mt="xs">
      {sections.map((s) => (
        <Text
          key={s.id}
          component="button"
          type="button"
          size="sm"
          p={0}
          bg="none"
          bd="none"
          c="inherit"
          style={{ cursor: 'pointer' }}
          title={s.verdict?.text}
          onClick={() => {
            const heading = document.getElementById(s.id);
            heading?.scrollIntoView({ block: 'start' });
            heading?.focus({ preventScroll: true });
          }}
        >
          <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
            {s.verdict !== undefined && <Status kind={s.verdict.kind} compact />}
            {s.question}
          </Group>
        </Text>
      ))}
    </Group>
  );
}
