import { MantineProvider } from '@mantine/core';
import { render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { ChartTable } from './ChartTable';
import type { ChartData } from './model';

const colour = { light: '#000', dark: '#fff' };
const data: ChartData = { times: [0, 60_000], interval: 60_000, span: { start: 0, end: 120_000 }, partialFrom: 60_000, unit: 'Count', series: [{ key: 'a', label: 'a', colour, values: [150, 1], past: [100, 100] }] };

it('has no change of a window that runs still', () => {
  render(
    <MantineProvider env="test">
      <ChartTable label="requests" data={data} utc />
    </MantineProvider>,
  );
  expect(screen.getAllByRole('cell').map((c) => c.textContent.trim())).toEqual(['1 100', '150 100 +50 %']);
});
