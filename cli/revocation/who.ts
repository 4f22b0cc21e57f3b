import { userInfo } from 'node:os';
import { runWrangler } from '../issuer/wrangler.ts';
import { isTable, parseJson } from '../text/json.ts';

/**
 * Who changes something, for the record: on Cloudflare the account that wrangler is logged in with, here the user of
 * this machine. What the command says, no proof: whoever may change the Worker may write anything.
 */
export async function whoAmI(isRemote: boolean): Promise<string> {
  const here = userInfo().username;
  if (!isRemote) return here;
  try {
    const told = parseJson(await runWrangler(['whoami', '--json']));
    const email = isTable(told) ? told['email'] : undefined;
    return typeof email === 'string' && email !== '' ? email : here;
  } catch {
    // A token of a pipeline names nobody.
    return here;
  }
}
