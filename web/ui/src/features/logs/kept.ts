import { useLocalStorage } from '@mantine/hooks';
import { readKept, type Kept } from './history';

/** A list of queries that this browser keeps, and how to change it. */
export function useKept(list: 'history' | 'saved') {
  const [kept, setKept] = useLocalStorage<Kept[]>({
    key: `endscope.logs.${list}`,
    defaultValue: [],
    getInitialValueInEffect: false,
    serialize: JSON.stringify,
    deserialize: readKept,
  });
  return [kept, setKept] as const;
}

/** What stands in the editor, over visits. */
export function useDraft() {
  return useLocalStorage({ key: 'endscope.logs.draft', defaultValue: '', getInitialValueInEffect: false, serialize: (text) => text, deserialize: (text) => text ?? '' });
}
