/**
 * aria2 as a BitTorrent client on loopback: one seeder, one leecher a run, and the smallest tracker that makes them meet
 * (BEP 3, compact answers of BEP 23). It is timed as a command, from its start to its end, and as a mover of bytes: from
 * the first that the leecher writes (aria2 takes two seconds to act on what a tracker says) to the moment when it says
 * that it has everything (its hook makes a folder). The torrent has pieces of 1 MiB, the largest of our chunks.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, open, rm, stat, watch, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Transfer } from './swarm-speed.ts'

const PIECE = 1 << 20
const HOST = '127.0.0.1'
/** A run that takes longer has failed. */
const RUN_MS = 300_000

export class BitTorrent implements AsyncDisposable {
  readonly #folder: string
  readonly #torrent: string
  readonly #name: string
  readonly #bytes: number
  readonly #tracker: Server
  readonly #announced = Promise.withResolvers<number>()
  #seeder: { readonly process: ChildProcess; readonly port: number } | undefined

  private constructor(folder: string, torrent: string, name: string, bytes: number) {
    this.#folder = folder
    this.#torrent = torrent
    this.#name = name
    this.#bytes = bytes
    this.#tracker = createServer(({ url }, response) => {
      const port = Number(new URL(url ?? '/', `http://${HOST}`).searchParams.get('port'))
      this.#announced.resolve(port)
      const others = this.#seeder !== undefined && this.#seeder.port !== port
      const peers = others ? compactPeer(this.#seeder!.port) : Buffer.alloc(0)
      response.end(bencode({ interval: 1800, peers }))
    })
  }

  /** `aria2 1.36.0`; `undefined` where there is none. */
  static async version(): Promise<string | undefined> {
    const told = await promisify(execFile)('aria2c', ['--version']).catch(() => undefined)
    return told?.stdout.split('\n')[0]?.replace(' version', '')
  }

  /** Starts to seed `file`. */
  static async open({
    file,
    folder,
  }: {
    readonly file: string
    readonly folder: string
  }): Promise<BitTorrent> {
    await mkdir(folder, { recursive: true })
    const { size } = await stat(file)
    const torrent = join(folder, 'base.torrent')
    const swarm = new BitTorrent(folder, torrent, basename(file), size)
    swarm.#tracker.listen(0, HOST)
    await once(swarm.#tracker, 'listening')
    const { port } = swarm.#tracker.address() as { port: number }
    const announce = Buffer.from(`http://${HOST}:${port}/announce`)
    await writeFile(torrent, bencode({ announce, info: await describe(file, size) }))
    const process = swarm.#start(dirname(file), ['--seed-ratio=0.0', '--check-integrity=true'])
    swarm.#seeder = { process, port: await swarm.#announced.promise }
    return swarm
  }

  /** One download, from nothing, of which nothing is left, as a command that ends when it has everything. */
  async command(): Promise<Transfer> {
    const into = join(this.#folder, randomBytes(4).toString('hex'))
    await mkdir(into)
    const started = performance.now()
    const process = this.#start(into, ['--seed-time=0'])
    const timer = setTimeout(() => process.kill('SIGKILL'), RUN_MS)
    const [status] = await once(process, 'exit')
    const seconds = (performance.now() - started) / 1000
    clearTimeout(timer)
    await rm(into, { recursive: true, force: true })
    if (status !== 0) throw new Error(`aria2 ended with ${status}`)
    return { seconds, bytes: this.#bytes }
  }

  /** The same, its bytes alone. */
  async pull(): Promise<Transfer> {
    const into = join(this.#folder, randomBytes(4).toString('hex'))
    await mkdir(into)
    const hook = join(into, 'done.sh')
    await writeFile(hook, '#!/bin/sh\nmkdir done\n', { mode: 0o700 })
    const started = happens(into, 'change', this.#name)
    const completed = happens(into, 'rename', 'done')
    const process = this.#start(into, ['--seed-ratio=0.0', `--on-bt-download-complete=${hook}`])
    const ended = once(process, 'exit')
    try {
      const failed = ended.then(() => {
        throw new Error('aria2 ended before its download')
      })
      failed.catch(() => {}) // it is killed below
      const [from, to] = await Promise.race([Promise.all([started, completed]), failed])
      return { seconds: (to - from) / 1000, bytes: this.#bytes }
    } finally {
      process.kill('SIGKILL')
      await ended
      await rm(into, { recursive: true, force: true })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#seeder?.process.kill('SIGKILL')
    this.#tracker.close()
    this.#tracker.closeAllConnections()
  }

  #start(folder: string, more: readonly string[]): ChildProcess {
    return spawn(
      'aria2c',
      [
        ...['--no-conf', '--quiet', '--dir', folder, '--enable-dht=false', '--enable-dht6=false'],
        ...['--bt-enable-lpd=false', '--enable-peer-exchange=false', '--file-allocation=none'],
        ...['--bt-max-peers=0', '--allow-overwrite=true', '--no-proxy', HOST],
        ...more,
        this.#torrent,
      ],
      { stdio: 'ignore', cwd: folder },
    )
  }
}

/** When it first happened to `name` in `folder`. */
async function happens(folder: string, what: 'change' | 'rename', name: string): Promise<number> {
  for await (const { eventType, filename } of watch(folder, { signal: AbortSignal.timeout(RUN_MS) }))
    if (eventType === what && filename === name) return performance.now()
  throw new Error('nothing is watched any more')
}

async function describe(file: string, size: number): Promise<Bencoded> {
  await using handle = await open(file)
  const pieces: Buffer[] = []
  const buffer = Buffer.alloc(PIECE)
  for (let at = 0; at < size; at += PIECE) {
    const { bytesRead } = await handle.read(buffer, 0, PIECE, at)
    pieces.push(createHash('sha1').update(buffer.subarray(0, bytesRead)).digest())
  }
  const name = Buffer.from(basename(file))
  return { length: size, name, 'piece length': PIECE, pieces: Buffer.concat(pieces) }
}

type Bencoded = number | Buffer | { readonly [key: string]: Bencoded }

function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const parts = fields.flatMap(([key, field]) => [bencode(Buffer.from(key)), bencode(field)])
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')])
}

function compactPeer(port: number): Buffer {
  return Buffer.from([127, 0, 0, 1, port >> 8, port & 255])
}
