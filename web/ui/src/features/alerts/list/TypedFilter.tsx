import { TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';

interface Props {
  label: string;
  placeholder: string;
  width: number;
  /** What is in force. */
  value: string;
  onChange: (text: string) => void;
}

const pause = 300;

/** A text that narrows a list once somebody stops typing: not every letter is a question to the server. */
export function TypedFilter({ label, placeholder, width, value, onChange }: Props) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    // Cleared, or changed by a step back; what somebody is typing stays.
    if (typed === known) setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const later = setTimeout(() => onChange(typed), pause);
    return () => clearTimeout(later);
  }, [typed, value, onChange]);
  return <TextInput size="xs" w={width} aria-label={label} placeholder={placeholder} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} />;
}
