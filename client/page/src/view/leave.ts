/** Leaving at once: the page is emptied, and a harmless one comes in its place. */
import { endAll, hasLeft } from '../left.ts';
import { forget } from './tab.ts';
const PRESSES = 3;
const WITHIN = 2_000;

let sure = false;
let harmless = '/leave';

/** Where a page goes that has no server of its own to ask. */
export function leaveTo(address: string): void {
  harmless = /^https?:\/\//.test(address) ? address : 'about:blank';
}

/** Asks before the tab is closed, while something would be lost. */
export function warnBeforeLeaving(isLost: boolean): void {
  if (isLost === sure || hasLeft()) return;
  sure = isLost;
  if (isLost) window.addEventListener('beforeunload', ask);
  else window.removeEventListener('beforeunload', ask);
}

export function leave(): void {
  warnBeforeLeaving(false);
  endAll();
  // What is on its way fills the line that the other page has to come by.
  window.stop();
  forget();
  document.title = '';
  document.body.replaceChildren();
  // Nothing to come back to: not by the back key either.
  window.location.replace(harmless);
}

/** Another language comes in the place of this one: the back key would find a page that was left otherwise. */
export function languagesInPlace(): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a')) {
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.shiftKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      window.location.replace(link.href);
    });
  }
}

/** The button, and a key that does the same: pressed three times, because once is pressed by accident. */
export function leaveByButtonAndKey(): void {
  document.getElementById('leave')?.addEventListener('click', (event) => {
    event.preventDefault();
    leave();
  });
  let presses: number[] = [];
  window.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    if (hasLeft()) return event.preventDefault();
    if (event.repeat) return;
    presses = [...presses.filter((at) => event.timeStamp - at < WITHIN), event.timeStamp];
    if (presses.length < PRESSES) return;
    // To the browser it means to stop loading, and a frightened hand presses more often than it has to.
    event.preventDefault();
    leave();
  });
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
