import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { RouterProvider } from 'react-router';
import { ZoneProvider } from '@/lib/zone';
import { theme } from '@/theme/theme';
import { ToastProvider } from '@/ui/toasts';
import { prefetchFirstView } from './prefetch';
import { createQueryClient } from './queryClient';
import { createRouter } from './router';

export function App() {
  const [queries] = useState(() => {
    const client = createQueryClient();
    prefetchFirstView(client, window.location);
    return client;
  });
  const [router] = useState(createRouter);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <ZoneProvider>
          <ToastProvider>
            <RouterProvider router={router} />
          </ToastProvider>
        </ZoneProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
