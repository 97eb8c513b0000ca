// The address bar as state: which page is shown and with which query.

/** The current address. Read it in components; change it with `go`. */
export const address = $state({ path: location.pathname, query: location.search });

function read(): void {
  address.path = location.pathname;
  address.query = location.search;
}

/** Goes to an address of this app without loading it anew. */
export function go(to: string, options: { replace?: boolean; keepScroll?: boolean } = {}): void {
  if (options.replace) {
    history.replaceState(history.state, '', to);
  } else {
    history.pushState({ inside: true }, '', to);
  }
  read();
  if (!options.keepScroll) {
    scrollTo(0, 0);
  }
}

/** Whether going back stays within the app. */
export function canGoBack(): boolean {
  return Boolean((history.state as { inside?: boolean } | null)?.inside);
}

/** Follows plain clicks on links of this app; all others are the browser's. */
export function followLinks(): () => void {
  const click = (event: MouseEvent) => {
    const link = (event.target as Element | null)?.closest?.('a');
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    if (!link || !plain || event.defaultPrevented || link.target || link.download) return;
    const to = new URL(link.href, location.href);
    if (to.origin !== location.origin || /^\/(auth|v1|openapi)/.test(to.pathname)) return;
    event.preventDefault();
    go(to.pathname + to.search);
  };
  addEventListener('popstate', read);
  addEventListener('click', click);
  return () => {
    removeEventListener('popstate', read);
    removeEventListener('click', click);
  };
}
