/** How a browser is started, for the repository's specs and for our own looks at pages. */
export const CHROMIUM = {
  executablePath: '/usr/bin/chromium-headless-shell',
  // The sandbox is the isolation; Chromium's own needs user namespaces that it has not.
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
} as const;
