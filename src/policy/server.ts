import type { Api } from './policy.ts';

export const hasSameServer = ({ origin }: Pick<Api, 'origin'>, other: Pick<Api, 'origin'>): boolean =>
  serverOf(origin) === serverOf(other.origin);

/** Every zone is taken for the same: whose hosts are whose, only Cloudflare knows. So are all handlers of a Worker. */
function serverOf(origin: Api['origin']): string {
  switch (origin.kind) {
    case 'url':
      return new URL(origin.base).hostname;
    case 'service':
      return `service:${origin.binding}`;
    case 'zone':
    case 'next':
      return origin.kind;
  }
}
