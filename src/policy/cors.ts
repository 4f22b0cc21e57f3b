/** Which web pages may call an API (CORS protocol of the Fetch standard). */

/** The gateway speaks the protocol. */
export interface Cors {
  readonly kind: 'gateway';
  /** `undefined`: any. */
  readonly origins: WebOrigins | undefined;
  readonly headers: readonly string[];
  readonly expose: readonly string[];
  readonly maxAgeSeconds: number;
  readonly credentials: boolean;
}

/** `cors = "origin"`: the API speaks it itself. */
export interface PassedCors {
  readonly kind: 'origin';
}

export interface WebOrigins {
  /** As browsers send them. */
  readonly exact: ReadonlySet<string>;
  readonly patterns: readonly OriginPattern[];
}

/** An entry with a star: what stands before it, and after it. */
export interface OriginPattern {
  /** One label of a host name, or any port. */
  readonly star: 'label' | 'port';
  readonly before: string;
  /** Empty for ports. */
  readonly after: string;
}

const LABEL = /^[a-z0-9_-]+$/;
const PORT = /^:[0-9]+$/;

/** Whether pages of an origin may call. @param origin as the browser says it */
export function allowsOrigin({ exact, patterns }: WebOrigins, origin: string): boolean {
  return exact.has(origin) || patterns.some((pattern) => fits(pattern, origin));
}

function fits({ star, before, after }: OriginPattern, origin: string): boolean {
  if (!origin.startsWith(before) || !origin.endsWith(after)) return false;
  if (star === 'port') return origin === before || PORT.test(origin.slice(before.length));
  // Long ones overlap: `https://.example.com` has no label in place of the star.
  return (
    origin.length > before.length + after.length &&
    LABEL.test(origin.slice(before.length, origin.length - after.length))
  );
}
