import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends a request as bytes, so that no client tidies it up, and reads the answer until the server closes.
 *
 * @param target the request target, sent as it is
 * @param body its length is the caller's to tell
 */
export function sendRaw(
  port: number,
  method: string,
  target: string | Uint8Array,
  headers: readonly string[] = [],
  body = '',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer within 20 s')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('latin1'))));
    const host = headers.some((line) => /^host:/i.test(line)) ? [] : [`Host: 127.0.0.1:${port}`];
    const lines = ['', ...host, 'Connection: close', ...headers, '', ''];
    socket.write(
      Buffer.concat([
        Buffer.from(`${method} `),
        Buffer.from(target),
        Buffer.from(` HTTP/1.1${lines.join('\r\n')}`, 'latin1'),
        Buffer.from(body),
      ]),
    );
  });
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const head = end === -1 ? text : text.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end === -1 ? '' : text.slice(end + 4),
  };
}
