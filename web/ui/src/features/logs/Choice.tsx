import { Code, Text, UnstyledButton } from '@mantine/core';
import classes from './Logs.module.css';

interface Props {
  title: string;
  query: string;
  /** What is known of it besides. */
  note?: string;
  onChoose: (query: string) => void;
}

/** A query to choose, with its text. */
export function Choice({ title, query, note, onChoose }: Props) {
  return (
    <UnstyledButton className={classes.choice} onClick={() => onChoose(query)}>
      <Text size="sm">{title}</Text>
      {note !== undefined && note !== '' && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
      <Code block className={classes.query}>
        {query}
      </Code>
    </UnstyledButton>
  );
}
