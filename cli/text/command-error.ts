/** How a command ends. */

/** Exit codes of every command. */
export const EXIT = {
  fine: 0,
  /** The command worked, and its answer is no: errors in a policy, a refused token. */
  findings: 1,
  /** Wrong use: flags, names, files. */
  misuse: 2,
  /** It could not be done: no network, no permission, a port in use. */
  failed: 3,
} as const;

/** An end of a command that a person can mend. The message says how. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly exitCode: number;
  constructor(message: string, exitCode: number = EXIT.misuse) {
    super(message);
    this.exitCode = exitCode;
  }
}
