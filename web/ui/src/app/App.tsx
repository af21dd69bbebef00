import '@mantine/core/styles.css';
import './app.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { createBrowserRouter, RouterProvider } from 'react-router';
import { asProblem } from '@/api/problem';
import { routes } from './routes';
import { theme } from './theme';

function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // What the server refuses, it refuses again; what is away may be back.
        retry: (failures, error) => failures < 2 && asProblem(error).temporary,
        retryDelay: (attempt, error) => asProblem(error).retryAfter ?? Math.min(1000 * 2 ** attempt, 10_000),
        networkMode: 'always', // the server may be on this machine, whatever the browser thinks of the network
        refetchOnWindowFocus: true,
        staleTime: 2000,
      },
    },
  });
}

/** The whole UI below the path prefix that the server wrote into the page. */
export function App() {
  const [client] = useState(newQueryClient);
  const [router] = useState(() => createBrowserRouter(routes, { basename: new URL(document.baseURI).pathname }));
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
