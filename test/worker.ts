/** What unit tests need of a Worker of their own: its Durable Objects. */
export { AssertionReplay } from '../issuer/src/client/replay.ts';

export default {} satisfies ExportedHandler;
