/**
 * How an operator reaches a coordinator that runs: HTTP on a Unix socket in its folder (on Windows a named pipe), which
 * only the folder's owner can open. One POST an operation, JSON both ways; what may be asked is operations.ts's table.
 *
 * Rejected: a port on loopback (every user of the machine could reach it, and it would need a password).
 */
import { createHash } from 'node:crypto'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { errorCodeFromWire, isOppuError, OppuError } from '../protocol/errors.ts'
import { MANIFEST_LIMITS } from '../protocol/limits.ts'
import type { Coordinator } from './coordinator.ts'
import { isOperation, type OperationName, perform, type ResultOf, type ValuesOf } from './operations.ts'

/** A manifest in base64 with its licence fits. */
const MAXIMUM_BODY = 2 * MANIFEST_LIMITS.bytes
/** What systems allow for the path of a socket, its end included, on the one that allows least. */
const MAXIMUM_PATH = 103

/** Where the coordinator of `home` listens. @throws OppuError INVALID_ARGUMENT for a path that is too long for a socket. */
function socketPath(home: string): string {
  const folder = resolve(home)
  if (process.platform === 'win32')
    return `\\\\.\\pipe\\oppu-coordinator-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  const path = join(folder, 'admin.sock')
  if (Buffer.byteLength(path) > MAXIMUM_PATH)
    throw new OppuError(
      'INVALID_ARGUMENT',
      `${path} is too long for a socket: use a home with a shorter path`,
    )
  return path
}

export class AdminServer implements AsyncDisposable {
  readonly #server: Server
  readonly #path: string

  private constructor(server: Server, path: string) {
    this.#server = server
    this.#path = path
  }

  /**
   * Listens for operations on `coordinator`, whose folder is `home` and locked by it. `onOperation` is told of each.
   * @throws OppuError INVALID_ARGUMENT, CONNECTION_FAILED.
   */
  static async open(
    home: string,
    coordinator: Coordinator,
    onOperation: (name: string, outcome: string) => void,
  ): Promise<AdminServer> {
    const path = socketPath(home)
    const server = createServer((incoming, response) => {
      void answer(coordinator, incoming, response, onOperation)
    })
    if (process.platform !== 'win32') await rm(path, { force: true }) // left by one that was killed; the folder is locked
    const mask = process.umask(0o177) // so that there is no moment in which others could open it
    try {
      await new Promise<void>((done, failed) => {
        server.once('error', failed)
        server.listen(path, done)
        process.umask(mask)
      })
      if (process.platform !== 'win32') await chmod(path, 0o600)
    } catch (cause) {
      server.close()
      throw new OppuError('CONNECTION_FAILED', `cannot listen on ${path}`, { cause })
    } finally {
      process.umask(mask)
    }
    return new AdminServer(server, path)
  }

  /** Lets operations in flight end. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise(done => this.#server.close(done))
    this.#server.closeIdleConnections()
    await closed
    if (process.platform !== 'win32') await rm(this.#path, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function answer(
  coordinator: Coordinator,
  incoming: IncomingMessage,
  response: ServerResponse,
  onOperation: (name: string, outcome: string) => void,
): Promise<void> {
  const name = incoming.url?.slice(1) ?? ''
  const send = (status: number, value: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
    response.end(JSON.stringify(value))
  }
  try {
    if (incoming.method !== 'POST' || !isOperation(name))
      throw new OppuError('NOT_FOUND', `a coordinator cannot ${JSON.stringify(name.slice(0, 80))}`)
    const result = await perform(coordinator, name, await readJson(incoming))
    onOperation(name, 'ok')
    send(200, { result })
  } catch (error) {
    const code = isOppuError(error) ? error.code : 'UNAVAILABLE'
    onOperation(isOperation(name) ? name : 'unknown', code)
    send(400, {
      code,
      message: isOppuError(error) ? error.message : 'the coordinator failed; its log says how',
    })
  }
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > MAXIMUM_BODY) throw new OppuError('TOO_LARGE', `more than ${MAXIMUM_BODY} bytes`)
    pieces.push(piece)
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8'))
  } catch (cause) {
    throw new OppuError('INVALID_ARGUMENT', 'the arguments are not JSON', { cause })
  }
}

/**
 * Has the coordinator that runs on `home` perform an operation; undefined where none runs.
 * @throws OppuError NOT_PERMITTED where it is another user's, whatever the operation throws, CONNECTION_FAILED.
 */
export async function askRunning<Name extends OperationName>(
  home: string,
  name: Name,
  values: ValuesOf<Name>,
  signal?: AbortSignal,
): Promise<{ readonly result: ResultOf<Name> } | undefined> {
  const path = pathOrNone(home)
  if (path === undefined) return undefined
  let incoming: IncomingMessage
  try {
    incoming = await new Promise<IncomingMessage>((done, failed) => {
      const options = { socketPath: path, path: `/${name}`, method: 'POST', agent: false }
      const outgoing = request({ ...options, ...(signal === undefined ? {} : { signal }) }, done)
      outgoing.on('error', failed)
      outgoing.end(JSON.stringify(values))
    })
  } catch (cause) {
    signal?.throwIfAborted()
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES' || code === 'EPERM')
      throw new OppuError('NOT_PERMITTED', `${path} belongs to another user`, { cause })
    throw new OppuError('CONNECTION_FAILED', 'the coordinator that runs here did not answer', { cause })
  }
  const body = (await text(incoming)) || '{}'
  const reply = JSON.parse(body) as { result?: ResultOf<Name>; code?: string; message?: string }
  if (incoming.statusCode === 200) return { result: reply.result as ResultOf<Name> }
  throw new OppuError(errorCodeFromWire(reply.code ?? ''), reply.message ?? 'the coordinator failed')
}

/** A path that is too long for a socket has no coordinator behind it that could be asked. */
function pathOrNone(home: string): string | undefined {
  try {
    return socketPath(home)
  } catch (error) {
    if (isOppuError(error, 'INVALID_ARGUMENT')) return undefined
    throw error
  }
}
