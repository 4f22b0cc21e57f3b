/** A summary that is drawn anew while the log goes on. */
import { currentTerminal, printRaw } from '../../text/terminal.ts';

const REFRESH_MS = 2_000;

/**
 * Draws over and over on a terminal.
 *
 * @returns what ends it: the screen is clean then
 */
export function redraw(render: () => readonly string[]): () => void {
  const draw = () => {
    const lines = render().slice(0, Math.max(5, (currentTerminal().stdout.rows || 24) - 3));
    printRaw(`\x1b[H\x1b[J${lines.join('\n')}\n\nCtrl-C ends it.\n`);
  };
  draw();
  const timer = setInterval(draw, REFRESH_MS);
  return () => {
    clearInterval(timer);
    printRaw('\x1b[H\x1b[J');
  };
}
