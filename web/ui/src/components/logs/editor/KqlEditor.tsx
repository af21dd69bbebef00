import { useMediaQuery } from '@mantine/hooks';
import { Component, lazy, Suspense, type ReactNode } from 'react';
import classes from './Editor.module.css';
import type { EditorProps } from './handle';
import { PlainEditor } from './PlainEditor';

const MonacoEditor = lazy(() => import('./MonacoEditor'));

/** An editor of queries in KQL. The large one comes when it is first shown; until then, on touch screens, and where it cannot be loaded, a plain one serves. */
export function KqlEditor(props: EditorProps) {
  const touch = useMediaQuery('(pointer: coarse)', false, { getInitialValueInEffect: false });
  const plain = <PlainEditor {...props} />;
  const { mistake } = props;
  return (
    <div className={classes.frame}>
      {touch ? (
        plain
      ) : (
        <Instead of={plain}>
          <Suspense fallback={plain}>
            <MonacoEditor {...props} />
          </Suspense>
        </Instead>
      )}
      {mistake !== undefined && (
        <div role="alert" className={classes.mistake}>
          Line {mistake.line}, column {mistake.column}: {mistake.message}
        </div>
      )}
    </div>
  );
}

/** Shows something else where its children throw, such as when their code cannot be loaded. */
class Instead extends Component<{ of: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    return this.state.failed ? this.props.of : this.props.children;
  }
}
