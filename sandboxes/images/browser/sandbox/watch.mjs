/** What a page says and asks for while it is looked at. */
const PROBLEMS_MAX = 100;
const MESSAGE_MAX = 500;

/** Problems by what they are, each with how often; what comes again is the same problem. */
export function watch(page, origin) {
  const found = new Map();
  let dropped = 0;
  const tell = (code, key, message, count = 1) => {
    const id = `${code} ${key}`;
    const known = found.get(id);
    if (known === undefined && found.size >= PROBLEMS_MAX) dropped += 1;
    else if (known === undefined)
      found.set(id, {
        code,
        key: key.slice(0, 300),
        message: message.slice(0, MESSAGE_MAX),
        count,
      });
  };
  page.on('console', (line) => {
    // What failed to load is told as a request, with its status.
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource'))
      tell('page_console_error', withoutNumbers(line.text()), line.text());
  });
  page.on('pageerror', (error) => {
    const text = error?.message ?? String(error);
    tell('page_exception', withoutNumbers(text), text);
  });
  page.on('response', (response) => {
    if (response.status() < 400) return;
    const what = `${response.request().method()} ${shown(response.url(), origin)}`;
    tell(
      'page_request_failed',
      `${what} ${response.status()}`,
      `${what} was answered with ${response.status()}`,
    );
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? 'no reason';
    // Given up by the page itself, or forbidden by it, which the console says.
    if (why === 'net::ERR_ABORTED' || why === 'csp') return;
    const what = `${request.method()} ${shown(request.url(), origin)}`;
    tell('page_request_failed', `${what} refused`, `${what} failed: ${why}`);
  });
  page.on('dialog', (dialog) => void dialog.dismiss().catch(() => {}));
  page.on('crash', () => tell('page_exception', 'crash', 'the page crashed'));
  return {
    tell,
    tellAll: (problems) => {
      for (const { code, key, message, count } of problems ?? []) tell(code, key, message, count);
    },
    problems: () =>
      dropped === 0
        ? [...found.values()]
        : [
            ...found.values(),
            {
              ...{ code: 'page_exception', key: 'more', count: dropped },
              message: `and ${dropped} problems more that are not listed`,
            },
          ],
  };
}

/** Lines, columns and times differ from one version of a page to the next. */
function withoutNumbers(text) {
  return text.replaceAll(/\d+/g, '#');
}

function shown(url, origin) {
  const short = url.startsWith(`${origin}/`) ? url.slice(origin.length) : url;
  return short.length > 200 ? `${short.slice(0, 200)}…` : short;
}
