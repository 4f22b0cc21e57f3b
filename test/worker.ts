/** What unit tests need of a Worker of their own: its Durable Objects. */
export { AssertionReplay } from '../issuer/src/client/replay.ts';
export { RevocationAdmin } from '../src/revocation/object/admin.ts';
export { Revocations } from '../src/revocation/object/object.ts';

export default {} satisfies ExportedHandler;
