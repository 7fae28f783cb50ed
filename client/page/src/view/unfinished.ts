/** Whether an upload of this tab did not end: all that a reload may leave, and only until the tab is closed. */
const KEY = 'unfinished';

export function begins(): void {
  sessionStorage.setItem(KEY, '');
}

export function ends(): void {
  sessionStorage.removeItem(KEY);
}

/** Told once. */
export function wasUnfinished(): boolean {
  const was = sessionStorage.getItem(KEY) !== null;
  ends();
  return was;
}
