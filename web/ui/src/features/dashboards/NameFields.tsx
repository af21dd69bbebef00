import { Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { freeName, nameOf } from '@/lib/dashboard';

export interface Naming {
  title: string;
  name: string;
  setTitle: (title: string) => void;
  setName: (name: string) => void;
  /** Whether a dashboard of the name is there. */
  isTaken: boolean;
}

/** A title, and the name for the address that follows it until somebody writes another. */
export function useNaming(initial: { title: string; name?: string }, taken: readonly string[]): Naming {
  const [title, setTitle] = useState(initial.title);
  const [own, setName] = useState(initial.name);
  const name = own ?? freeName(nameOf(title) || 'dashboard', taken);
  return { title, name, setTitle, setName, isTaken: taken.includes(name) };
}

/** The fields of a new dashboard's title and name. */
export function NameFields({ naming, errorOf }: { naming: Naming; errorOf: (field: string) => string | undefined }) {
  return (
    <Stack gap="sm">
      <TextInput label="Title" data-autofocus maxLength={120} value={naming.title} onChange={(e) => naming.setTitle(e.currentTarget.value)} error={errorOf('title')} />
      <TextInput
        label="Name"
        description={`For its address: /dashboards/${encodeURIComponent(naming.name)}`}
        value={naming.name}
        onChange={(e) => naming.setName(e.currentTarget.value)}
        error={naming.isTaken ? 'There is a dashboard of this name. Choose another one.' : errorOf('name')}
      />
    </Stack>
  );
}
