/** What the issuer's pages share: what there is, and how it is changed. */
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';
import type { IssuerBodies } from '../cli/console/issuer-bodies.ts';
import type { IssuerAction } from '../cli/console/issuer-commands.ts';
import type { IssuerChange, IssuerData } from '../cli/console/issuer-data.ts';
import { askConsole } from './console-client.ts';

/** A change that takes something away, and so is asked for once more. */
export interface Question<Action extends IssuerAction = IssuerAction> {
  /** With its verb, which the button has as well. */
  readonly title: string;
  readonly verb: string;
  readonly consequence: string;
  readonly action: Action;
  readonly body: IssuerBodies[Action];
  /** What has to be said besides, where the command would refuse. */
  readonly insist?: { readonly name: 'force' | 'now'; readonly label: string } | undefined;
}

export type Result =
  | { readonly count: number; readonly change: IssuerChange }
  | { readonly count: number; readonly problem: string };

interface Issuer {
  readonly data: IssuerData;
  readonly busy: boolean;
  /** @returns whether it was done */
  run<Action extends IssuerAction>(action: Action, body: IssuerBodies[Action]): Promise<boolean>;
  confirm<Action extends IssuerAction>(question: Question<Action>): void;
}

export const IssuerContext = createContext<Issuer | undefined>(undefined);

export function useIssuer(): Issuer {
  const issuer = useContext(IssuerContext);
  if (issuer === undefined) throw new Error('outside of the issuer view');
  return issuer;
}

/** Asks the console, and remembers what it said last. */
export function useConsole() {
  const [data, setData] = useState<IssuerData | undefined>(undefined);
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const [result, setResult] = useState<Result | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const reload = useCallback(async () => {
    setBusy(true);
    try {
      setData(await askConsole<IssuerData>('GET', '/api/issuer'));
      setFailure(undefined);
    } catch (error) {
      setFailure((error as Error).message);
    }
    setBusy(false);
  }, []);
  useEffect(() => void reload(), [reload]);
  const run: Issuer['run'] = async (action, body) => {
    setBusy(true);
    try {
      const change = await askConsole<IssuerChange>('POST', `/api/issuer/${action}`, body);
      setResult((before) => ({ count: (before?.count ?? 0) + 1, change }));
      await reload();
      return true;
    } catch (error) {
      setResult((before) => ({ count: (before?.count ?? 0) + 1, problem: (error as Error).message }));
      setBusy(false);
      return false;
    }
  };
  return { data, failure, result, busy, reload, run, forget: () => setResult(undefined) };
}
