/**
 * How a running node stands on the network, for other commands of its home: `network.json`, written anew every few
 * seconds while the node runs and gone when it ends. The home's database is locked meanwhile, so they cannot ask it; a
 * file needs no protocol, no port and no rights of its own. One whose process is gone, or that is old, counts as none.
 */
import { readFile, rm } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { BaseId } from '../../protocol/ids.ts'
import { absent, writeFileAtomic } from '../store/atomic-file.ts'
import { isAlive } from '../store/lock.ts'
import type { Discovery, Source } from './discovery.ts'
import type { ListedAddress, Peer, PeerConnection } from './peer.ts'

/** How a peer is connected to; `no` is one that was only heard of. */
export type Connected = 'direct' | 'relay' | 'no'

export interface PeerStatus {
  readonly peer: string
  readonly source: Source
  readonly connected: Connected
  /** Those it can be dialled at, or the one it is connected by. */
  readonly addresses: readonly string[]
  /** Bases that it has, or is said to have. */
  readonly bases: readonly BaseId[]
  readonly received: number
  readonly sent: number
  /** Bytes a second over the last few. */
  readonly receiveRate: number
  readonly sendRate: number
  /** Milliseconds since 1970; 0 where not known. */
  readonly seenAt: number
}

export interface NetworkStatus {
  readonly pid: number
  readonly startedAt: number
  readonly at: number
  readonly peer: string
  readonly addresses: readonly ListedAddress[]
  readonly connections: readonly PeerConnection[]
  readonly peers: readonly PeerStatus[]
}

const WRITE_MS = 2000
/** A file that was not written for so long is of a node that hangs or is paused. */
const OLD_MS = 60_000

type Totals = ReadonlyMap<string, number>

export class NetworkStatusFile {
  readonly #path: string
  readonly #peer: Peer
  readonly #discovery: Discovery
  readonly #stop = new AbortController()
  readonly #startedAt = Date.now()
  readonly #running: Promise<void>
  #before: { readonly at: number; readonly received: Totals; readonly sent: Totals }

  private constructor(path: string, peer: Peer, discovery: Discovery) {
    this.#path = path
    this.#peer = peer
    this.#discovery = discovery
    this.#before = { at: this.#startedAt, received: new Map(), sent: new Map() }
    this.#running = this.#run()
  }

  /** Keeps the file until closed. A disk that does not take it keeps nothing else from working. */
  static keep(path: string, peer: Peer, discovery: Discovery): NetworkStatusFile {
    return new NetworkStatusFile(path, peer, discovery)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#write().catch(() => {})
      await setTimeout(WRITE_MS, undefined, { signal, ref: false }).catch(() => {})
    }
    await rm(this.#path, { force: true }).catch(() => {})
  }

  async #write(): Promise<void> {
    const peer = this.#peer
    const at = Date.now()
    const now = { at, received: new Map(peer.received), sent: new Map(peer.sent) }
    const status: NetworkStatus = {
      pid: process.pid,
      startedAt: this.#startedAt,
      at,
      peer: peer.id,
      addresses: peer.ownAddresses(),
      connections: peer.connections(),
      peers: peerStatuses(peer, this.#discovery, this.#before, now),
    }
    this.#before = now
    await writeFileAtomic(this.#path, Buffer.from(JSON.stringify(status)))
  }
}

interface Moment {
  readonly at: number
  readonly received: Totals
  readonly sent: Totals
}

/** Everyone connected to or heard of, the connected first. */
function peerStatuses(peer: Peer, discovery: Discovery, before: Moment, now: Moment): PeerStatus[] {
  const seconds = Math.max((now.at - before.at) / 1000, 0.001)
  const rate = (id: string, of: 'received' | 'sent') =>
    ((now[of].get(id) ?? 0) - (before[of].get(id) ?? 0)) / seconds
  const connections = Map.groupBy(peer.connections(), connection => connection.peer)
  const heard = new Map(discovery.heard().map(one => [one.peer, one]))
  const ids = new Set([...connections.keys(), ...heard.keys()])
  return [...ids].map(id => {
    const open = connections.get(id) ?? []
    const known = heard.get(id)
    const direct = open.find(({ relayed }) => !relayed)
    return {
      peer: id,
      source: known?.source ?? 'came',
      connected: direct ? 'direct' : open.length > 0 ? 'relay' : 'no',
      addresses: open.length > 0 ? open.map(({ address }) => address) : (known?.addresses ?? []),
      bases: known?.bases ?? [],
      received: now.received.get(id) ?? 0,
      sent: now.sent.get(id) ?? 0,
      receiveRate: rate(id, 'received'),
      sendRate: rate(id, 'sent'),
      seenAt: open.length > 0 ? now.at : (known?.seenAt ?? 0),
    }
  })
}

/** How the node of a home stands, if it runs. */
export async function readNetworkStatus(path: string, now = Date.now()): Promise<NetworkStatus | undefined> {
  const text = await readFile(path, 'utf8').catch(error => absent(error, ''))
  let status: unknown
  try {
    status = JSON.parse(text)
  } catch {
    return undefined // none, or not of ours
  }
  return isStatus(status) && isAlive(status.pid) && Math.abs(now - status.at) < OLD_MS ? status : undefined
}

/** This program writes the file as a whole or not at all; another version's may lack what is read here. */
function isStatus(value: unknown): value is NetworkStatus {
  if (typeof value !== 'object' || value === null) return false
  const { pid, at, startedAt, peer, addresses, connections, peers } = value as Readonly<
    Record<string, unknown>
  >
  return (
    [pid, at, startedAt].every(Number.isSafeInteger) &&
    typeof peer === 'string' &&
    [addresses, connections, peers].every(Array.isArray)
  )
}
