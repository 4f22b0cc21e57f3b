/** What a Worker of one's own exports beside its handlers, if its policy asks for revocation. */
export { RevocationAdmin } from './object/admin.ts';
export { Revocations } from './object/object.ts';
