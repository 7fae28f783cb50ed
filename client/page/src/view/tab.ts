/** All that a reload may leave in this tab, and only until it is closed: whether something did not end, or was sent or read. */
import { hasLeft } from '../left.ts';

type Mark = 'unfinished' | 'used';

export function mark(what: Mark): void {
  if (hasLeft()) return;
  withStorage((storage) => storage.setItem(what, ''));
}

export function unmark(what: Mark): void {
  withStorage((storage) => storage.removeItem(what));
}

export function isMarked(what: Mark): boolean {
  return withStorage((storage) => storage.getItem(what) !== null) ?? false;
}

export function forget(): void {
  withStorage((storage) => storage.clear());
}

/** Where a browser keeps nothing, nothing is kept. */
function withStorage<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
}
