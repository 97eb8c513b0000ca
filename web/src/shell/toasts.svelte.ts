// Short messages at the foot of the page, some with a way to undo.

export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error';
  action?: { label: string; run: () => void };
}

let last = 0;
export const toasts = $state<Toast[]>([]);

/** Shows a message for a while; one with an action stays longer. */
export function toast(text: string, options: Partial<Pick<Toast, 'kind' | 'action'>> = {}): void {
  const id = ++last;
  toasts.push({ id, text, kind: options.kind ?? 'info', action: options.action });
  if (toasts.length > 3) toasts.shift();
  setTimeout(() => dismiss(id), options.action || options.kind === 'error' ? 10_000 : 4_000);
}

export function dismiss(id: number): void {
  const at = toasts.findIndex((toast) => toast.id === id);
  if (at >= 0) toasts.splice(at, 1);
}
