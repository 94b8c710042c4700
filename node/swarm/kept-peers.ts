/**
 * The peers that were heard of, kept on disk between runs: `<home>/peers`, a LevelDB folder of its own. libp2p writes
 * into it what it needs (addresses, others' provider records), and we, beside it, where a peer was and what it has:
 * libp2p's own notes of a peer are overwritten whenever it introduces itself. It is a cache: one that is damaged is
 * begun anew.
 */
import { mkdir, rm } from 'node:fs/promises'
import { LevelDatastore } from 'datastore-level'
import { OppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { errorCode } from '../store/atomic-file.ts'
import { isAddressOf } from './address.ts'

/** What is kept of a peer. */
export interface PeerRecord {
  /** Each ending in `/p2p/<id>`, the latest first. */
  readonly addresses: readonly string[]
  /** Bases that it has, or is said to have, the latest first. */
  readonly bases: readonly BaseId[]
  /** Milliseconds since 1970. */
  readonly seenAt: number
}

/** No key of libp2p's begins so. */
const PREFIX = '/oppu/peer/'

export class KeptPeers implements AsyncDisposable {
  /** For libp2p. */
  readonly datastore: LevelDatastore
  #writing: Promise<void> = Promise.resolve()

  private constructor(datastore: LevelDatastore) {
    this.datastore = datastore
  }

  /** The caller closes it. @throws OppuError IN_USE. */
  static async open(folder: string): Promise<KeptPeers> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      return new KeptPeers(await openDatastore(folder))
    } catch (cause) {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
      if (errorCode(reason) === 'LEVEL_LOCKED')
        throw new OppuError('IN_USE', `${folder} is open in another process`, { cause })
      await rm(folder, { recursive: true, force: true })
      return new KeptPeers(await openDatastore(folder))
    }
  }

  /** Who was heard of longest ago first. */
  async records(): Promise<Map<string, PeerRecord>> {
    const entries: [string, PeerRecord][] = []
    for await (const [key, value] of this.datastore.db.iterator({ gte: PREFIX, lt: `${PREFIX}~` })) {
      const peer = key.slice(PREFIX.length)
      const record = readRecord(value, peer)
      if (record !== undefined) entries.push([peer, record])
    }
    return new Map(entries.sort(([, a], [, b]) => a.seenAt - b.seenAt))
  }

  /** Without a record the peer is forgotten. A disk that does not take it costs what would have been remembered. */
  put(peer: string, record: PeerRecord | undefined): void {
    const { db } = this.datastore
    const write =
      record === undefined
        ? db.del(PREFIX + peer)
        : db.put(PREFIX + peer, new TextEncoder().encode(JSON.stringify(record)))
    const written = write.catch(() => {})
    this.#writing = Promise.all([this.#writing, written]).then(() => {})
  }

  /** Takes back what an earlier run said that it provides: this one says it anew. */
  async forgetOwnRecords(self: string): Promise<void> {
    for await (const { key } of this.datastore.query({ prefix: '/dht/provider' }))
      if (key.toString().endsWith(`/${self}`)) await this.datastore.delete(key)
  }

  async close(): Promise<void> {
    await this.#writing
    await this.datastore.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function openDatastore(folder: string): Promise<LevelDatastore> {
  const datastore = new LevelDatastore(folder)
  await datastore.db.open({ createIfMissing: true, compression: false }) // its own open() hides why it failed
  return datastore
}

/** undefined for what another version wrote, or nobody. */
function readRecord(bytes: Uint8Array, peer: string): PeerRecord | undefined {
  try {
    const record: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof record !== 'object' || record === null) return undefined
    const { addresses, bases, seenAt } = record as Readonly<Record<string, unknown>>
    const texts = (list: unknown): list is string[] =>
      Array.isArray(list) && list.every(item => typeof item === 'string')
    if (!texts(addresses) || !texts(bases) || typeof seenAt !== 'number') return undefined
    return {
      addresses: addresses.filter(address => isAddressOf(address, peer)),
      bases: bases.filter((text): text is BaseId => /^[0-9a-f]{64}$/.test(text)),
      seenAt,
    }
  } catch {
    return undefined
  }
}
