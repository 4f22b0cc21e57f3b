/** The WebSocket protocol (RFC 6455) on a socket, for origins and clients: what is on the wire is seen. */
import { createHash, randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export const TEXT = 1;
export const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

interface Events {
  message: [data: Buffer, opcode: number];
  /** A close frame, or the bare end of the connection: without code. */
  close: [code: number | undefined, reason: string];
}

export interface Closing {
  readonly code: number | undefined;
  readonly reason: string;
}

/** One end of an open connection. Messages are whole, in frames of one piece or more; extensions are none. */
export class WebSocketEnd extends EventEmitter<Events> {
  readonly #socket: Duplex;
  readonly #masked: boolean;
  #pending: Buffer;
  #pieces: Buffer[] = [];
  #opcode = 0;
  /** How the other end closed. */
  closing: Closing | undefined;
  #hasClosed = false;

  /** @param masked whether this end is the client's */
  constructor(socket: Duplex, head: Buffer, masked: boolean) {
    super();
    this.#socket = socket;
    this.#masked = masked;
    this.#pending = head;
    socket.on('data', (chunk: Buffer) => {
      this.#pending = Buffer.concat([this.#pending, chunk]);
      this.#read();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#closed(undefined, ''));
    queueMicrotask(() => this.#read());
  }

  send(data: string | Uint8Array): void {
    this.#write(typeof data === 'string' ? TEXT : BINARY, Buffer.from(data as string));
  }

  /** Sends a close frame; without a code it is empty. */
  close(code?: number, reason = ''): void {
    const payload = Buffer.alloc(code === undefined ? 0 : 2 + Buffer.byteLength(reason));
    if (code !== undefined) {
      payload.writeUInt16BE(code);
      payload.write(reason, 2);
    }
    this.#hasClosed = true;
    this.#write(CLOSE, payload);
  }

  /** Leaves without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  #closed(code: number | undefined, reason: string): void {
    if (this.closing !== undefined) return;
    this.closing = { code, reason };
    this.emit('close', code, reason);
  }

  #write(opcode: number, payload: Buffer): void {
    if (this.#socket.destroyed) return;
    const mask = this.#masked ? randomBytes(4) : undefined;
    const bit = mask === undefined ? 0 : 0x80;
    const { length } = payload;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    if (length < 126) head[1] = bit | length;
    else if (length < 65_536) {
      head[1] = bit | 126;
      head.writeUInt16BE(length, 2);
    } else {
      head[1] = bit | 127;
      head.writeBigUInt64BE(BigInt(length), 2);
    }
    const body = mask === undefined ? payload : unmask(payload, mask);
    this.#socket.write(Buffer.concat([head, mask ?? Buffer.alloc(0), body]));
  }

  #read(): void {
    for (let frame = readFrame(this.#pending); frame !== undefined; frame = readFrame(this.#pending)) {
      this.#pending = this.#pending.subarray(frame.end);
      const { opcode, payload, isFinal } = frame;
      if (opcode === PING) this.#write(PONG, payload);
      else if (opcode === CLOSE) {
        const code = payload.length < 2 ? undefined : payload.readUInt16BE();
        this.#closed(code, payload.subarray(2).toString());
        if (!this.#hasClosed) this.close(code);
        if (!this.#masked) this.#socket.end(); // the server's part (RFC 6455 §7.1.1)
      } else if (opcode !== PONG) {
        if (opcode !== 0) this.#opcode = opcode;
        this.#pieces.push(payload);
        if (!isFinal) continue;
        const data = Buffer.concat(this.#pieces);
        this.#pieces = [];
        this.emit('message', data, this.#opcode);
      }
    }
  }
}

function readFrame(bytes: Buffer) {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  let at = 2;
  let length = second & 0x7f;
  if (length >= 126) {
    at = length === 126 ? 4 : 10;
    if (bytes.length < at) return undefined;
    length = at === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  }
  const maskEnd = at + (second & 0x80 ? 4 : 0);
  const end = maskEnd + length;
  if (bytes.length < end) return undefined;
  const payload = bytes.subarray(maskEnd, end);
  return {
    end,
    opcode: first & 0x0f,
    isFinal: (first & 0x80) !== 0,
    payload: maskEnd === at ? payload : unmask(payload, bytes.subarray(at, maskEnd)),
  };
}

function unmask(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] as number)));
}

/** Agrees to an upgrade, as the server (RFC 6455 §4.2.2). */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  headers: readonly string[] = [],
): WebSocketEnd {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...headers,
    '',
    '',
  ];
  socket.write(lines.join('\r\n'));
  return new WebSocketEnd(socket, head, false);
}

/** Opens a connection, as the client. Rejects where the answer is another one. */
export function connectWebSocket(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<WebSocketEnd> {
  return new Promise((resolve, reject) => {
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    };
    httpRequest({ host: '127.0.0.1', port, path, headers: { ...upgrade, ...headers } })
      .once('upgrade', (_, socket, head) => resolve(new WebSocketEnd(socket, head, true)))
      .once('response', ({ statusCode }) => reject(new Error(`not upgraded: ${statusCode}`)))
      .once('error', reject)
      .end();
  });
}
