// Keeps Tab inside a dialog.

/** Goes round from the last control to the first, and back. */
export function keepFocus(event: KeyboardEvent, dialog: HTMLElement): void {
  const all = [...dialog.querySelectorAll<HTMLElement>('a[href], button, input, textarea')].filter(
    (element) => element.offsetParent && !element.hasAttribute('disabled') && element.tabIndex >= 0,
  );
  const [first, last] = [all[0], all.at(-1)];
  const at = document.activeElement;
  if (event.shiftKey && (at === first || at === dialog)) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && at === last) {
    event.preventDefault();
    first?.focus();
  }
}
