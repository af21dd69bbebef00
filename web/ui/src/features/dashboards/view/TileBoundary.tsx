import { Component, type ReactNode } from 'react';
import { asProblem, Problem } from '@/api/problem';
import { ProblemBox } from '@/components/Panel';

/** A tile that cannot be drawn says so, and leaves the others alone. */
export class TileBoundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state as { error: unknown };
    if (error === undefined) return this.props.children;
    return (
      <section>
        <ProblemBox problem={new Problem(-1, 'This tile failed', asProblem(error).detail)} onRetry={() => this.setState({ error: undefined })} />
      </section>
    );
  }
}
