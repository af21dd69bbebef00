import { ActionIcon, Button, Menu, TextInput } from '@mantine/core';
import { IconBulb } from '@tabler/icons-react';
import { useState } from 'react';

const examples = [
  { label: 'Failures only', filter: "statusCodeClass in ('4xx', '5xx')" },
  { label: 'Server errors only', filter: "statusCodeClass eq '5xx'" },
  { label: 'Failures of the model', filter: "modelStatusCode ne '200' and modelStatusCode ne ''" },
  { label: 'Requests of a path', filter: "path sw '/score'" },
  { label: 'Streamed answers', filter: "streaming eq 'true'" },
  { label: 'Streams that broke', filter: "streamError ne ''" },
  { label: 'Two deployments', filter: "deployment in ('blue', 'green')" },
];

interface Props {
  value: string;
  onChange: (filter: string) => void;
  /** What the server says is wrong with it. */
  error?: string | undefined;
}

/** Which requests count, in the language of the API's filters. */
export function FilterInput({ value, onChange, error }: Props) {
  const [typed, setTyped] = useState(value);
  const [before, setBefore] = useState(value);
  if (before !== value) {
    setBefore(value);
    setTyped(value);
  }
  return (
    <form
      style={{ flex: '1 1 260px' }}
      onSubmit={(e) => {
        e.preventDefault();
        onChange(typed.trim());
      }}
    >
      <TextInput
        size="xs"
        aria-label="Filter"
        placeholder="statusCodeClass eq '5xx' and path sw '/v1/'"
        title="Which requests count, by method, path, statusCode, statusCodeClass, modelStatusCode, model, streaming, streamError; endpoint, deployment and instanceId choose instances. Enter applies it"
        value={typed}
        onChange={(e) => setTyped(e.currentTarget.value)}
        error={error}
        rightSectionWidth={typed.trim() === value ? 30 : 60}
        rightSection={
          typed.trim() === value ? (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon size="sm" variant="subtle" color="gray" aria-label="Examples of filters">
                  <IconBulb size={14} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {value !== '' && <Menu.Item onClick={() => onChange('')}>All requests</Menu.Item>}
                {examples.map((e) => (
                  <Menu.Item key={e.label} onClick={() => onChange(e.filter)}>
                    {e.label}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          ) : (
            <Button size="compact-xs" variant="light" type="submit">
              Apply
            </Button>
          )
        }
      />
    </form>
  );
}
