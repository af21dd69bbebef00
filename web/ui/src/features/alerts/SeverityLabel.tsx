import { Status } from '@/components/Status';
import { severityOf } from './severity';

/** A severity with its shape and word. */
export function SeverityLabel({ value }: { value: number | undefined }) {
  const { kind, word } = severityOf(value);
  return <Status kind={kind}>{word}</Status>;
}
