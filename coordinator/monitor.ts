/**
 * Where those look who watch over a coordinator: `/healthz` (200 while it works, 503 with the reason otherwise) and
 * `/metrics`, over HTTP on a port of its own, on loopback unless told otherwise. Nothing can be changed through it.
 */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OppuError } from '../protocol/errors.ts'
import type { Coordinator } from './coordinator.ts'
import type { Metrics } from './metrics.ts'

export class Monitor implements AsyncDisposable {
  readonly #server: Server
  readonly #coordinator: Coordinator
  readonly #metrics: Metrics
  #stopping = false

  private constructor(server: Server, coordinator: Coordinator, metrics: Metrics) {
    this.#server = server
    this.#coordinator = coordinator
    this.#metrics = metrics
  }

  /** Listens on `at`, a port or `host:port`. @throws OppuError INVALID_ARGUMENT, CONNECTION_FAILED. */
  static async open(at: string, coordinator: Coordinator, metrics: Metrics): Promise<Monitor> {
    const { host, port } = parseAt(at)
    const server = createServer({ requestTimeout: 10_000 }, (incoming, response) => {
      void monitor.#answer(incoming.method ?? '', incoming.url ?? '', response)
    })
    const monitor = new Monitor(server, coordinator, metrics)
    try {
      await new Promise<void>((done, failed) => {
        server.once('error', failed)
        server.listen(port, host, done)
      })
    } catch (cause) {
      throw new OppuError('CONNECTION_FAILED', `cannot listen on ${host}:${port} to be watched`, { cause })
    }
    return monitor
  }

  /** `http://host:port`. */
  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  }

  /** From now on `/healthz` says that it is about to end. */
  stopping(): void {
    this.#stopping = true
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise(done => this.#server.close(done))
    this.#server.closeAllConnections()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #answer(method: string, url: string, response: ServerResponse): Promise<void> {
    const send = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
      response.end(method === 'HEAD' ? '' : body)
    }
    if (method !== 'GET' && method !== 'HEAD') return send(405, 'text/plain', 'only GET and HEAD\n')
    if (url === '/healthz') {
      const trouble = await this.#trouble()
      const health = trouble === undefined ? { status: 'ok' } : { status: 'unavailable', reason: trouble }
      return send(trouble === undefined ? 200 : 503, 'application/json', `${JSON.stringify(health)}\n`)
    }
    if (url !== '/metrics') return send(404, 'text/plain', 'there are /healthz and /metrics\n')
    try {
      send(200, this.#metrics.contentType, await this.#metrics.text())
    } catch {
      send(503, 'text/plain', 'stopping\n')
    }
  }

  async #trouble(): Promise<string | undefined> {
    if (this.#stopping) return 'stopping'
    try {
      await this.#coordinator.check()
      return undefined
    } catch {
      return 'its state cannot be read'
    }
  }
}

function parseAt(at: string): { readonly host: string; readonly port: number } {
  const { host = '127.0.0.1', port } =
    /^(?:(?<host>[^:\s]+|\[[0-9a-f:.]+\]):)?(?<port>\d{1,5})$/i.exec(at)?.groups ?? {}
  if (port === undefined || Number(port) > 65_535)
    throw new OppuError(
      'INVALID_ARGUMENT',
      `neither a port nor host:port: ${JSON.stringify(at.slice(0, 80))}`,
    )
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
