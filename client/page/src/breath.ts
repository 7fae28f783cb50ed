import { unlessLeft } from './left.ts';

/**
 * Lets the browser draw, and hear the key that leaves, between two steps that take long. Not by a timer: in a tab that
 * nobody looks at a timer takes a second each.
 */
export function breathe(): Promise<void> {
  return unlessLeft(new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  }));
}
