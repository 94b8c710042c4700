/**
 * A node of the swarm's bench, in a process of its own: the real peer, store, provider and fetcher, driven by the parent's
 * commands. It also counts what it hashes, to show that a resumed pull hashes nothing again.
 */
import { Hash } from 'node:crypto'
import { Bases } from '../../node/store/bases.ts'
import { beginPull } from '../../node/store/sharing.ts'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import { MemberGate } from '../../node/swarm/gate.ts'
import { Peer } from '../../node/swarm/peer.ts'
import { Provider, type ProviderOptions } from '../../node/swarm/provider.ts'
import type { BaseId, UserId } from '../../protocol/ids.ts'
import { decodeSigned } from '../../protocol/manifest.ts'
import { Discarding, MemoryBase } from './swarm-base.ts'
import { answer } from './swarm-worker.ts'

export interface NodeOptions {
  /** Hex, 32 bytes. */
  readonly seed: string
  /** Bytes a second. */
  readonly uploadLimit?: number
  /** A private community: its coordinator's key, and the list of members that it signed, hex. */
  readonly community?: { readonly coordinator: UserId; readonly list: string }
  /** Hex, 32 bytes. */
  readonly networkKey?: string
}

export interface PullOptions {
  readonly id: BaseId
  /** A folder of bases where the outline is. */
  readonly outlineFrom: string
  /** The folder of bases to pull into; absent: nowhere, the bytes are forgotten. */
  readonly into?: string
  readonly providers: readonly string[]
  /** Provide what is there from the first chunk on, and go on afterwards. */
  readonly provide?: boolean
}

export interface PullReport {
  readonly seconds: number
  readonly bytes: number
  readonly cpuSeconds: number
  /** Of this process since it started. */
  readonly hashedBytes: number
}

export interface PullProgress {
  readonly bytes: number
  readonly received: number
}

let hashedBytes = 0
countHashing()

let peer: Peer | undefined
let provider: Provider | undefined

const commands = {
  async open({ seed, uploadLimit, community, networkKey }: NodeOptions) {
    const gate =
      community &&
      new MemberGate({
        coordinator: community.coordinator,
        coordinatorPeers: [],
        list: { signed: decodeSigned(Buffer.from(community.list, 'hex'), 1 << 20), keys: [] },
      })
    peer = await Peer.open({
      seed: fromHex(seed),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      ...(gate && { gate }),
      ...(networkKey === undefined ? {} : { networkKey: fromHex(networkKey) }),
    })
    const options: ProviderOptions = uploadLimit === undefined ? {} : { uploadLimit }
    provider = await Provider.open(peer, [], options)
    return { peer: peer.id, addresses: peer.addresses() }
  },

  async provide({ bases, id, from }: { readonly bases: string; readonly id: BaseId; readonly from: Where }) {
    const stored = Bases.open(bases)
    provider!.add(from === 'disk' ? await stored.source(id) : await MemoryBase.read(stored, id))
    return {}
  },

  async pull(options: PullOptions, told?: (progress: unknown) => void): Promise<PullReport> {
    const { id, outlineFrom, into, providers, provide } = options
    await using source = await Bases.open(outlineFrom).source(id)
    const { outline } = source
    const cpu = process.cpuUsage()
    const started = performance.now()
    const begun = into === undefined ? undefined : await beginPull(Bases.open(into), outline)
    const sink = begun?.folder ?? new Discarding(outline)
    if (provide) provider!.add(sink)
    try {
      await fetchBase({
        peer: peer!,
        providers,
        into: sink,
        ...(told && {
          onProgress: ({ bytes }) => told({ bytes, received: traffic().received } satisfies PullProgress),
        }),
      })
    } finally {
      if (!provide) await begun?.folder.close()
    }
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return { seconds, bytes: outline.bytes, cpuSeconds: (user + system) / 1e6, hashedBytes }
  },

  /** Bytes sent and received on streams so far, over all peers. */
  async traffic(_: object) {
    return traffic()
  },
}

export type NodeCommands = typeof commands
type Where = 'disk' | 'memory'

function traffic(): { readonly sent: number; readonly received: number } {
  const sum = (counts: ReadonlyMap<string, number>) =>
    counts.values().reduce((total, bytes) => total + bytes, 0)
  return { sent: sum(peer!.sent), received: sum(peer!.received) }
}

/** Counts every byte that goes through SHA-256 in this process, on whatever thread of it. */
function countHashing(): void {
  const counting = <F extends (...args: never[]) => unknown>(
    hash: F,
    bytesOf: (args: unknown[]) => unknown,
  ): F =>
    new Proxy(hash, {
      apply(target, self, args: unknown[]) {
        const data = bytesOf(args)
        if (ArrayBuffer.isView(data)) hashedBytes += data.byteLength
        return Reflect.apply(target, self, args)
      },
    })
  Hash.prototype.update = counting(Hash.prototype.update, ([data]) => data)
  SubtleCrypto.prototype.digest = counting(SubtleCrypto.prototype.digest, ([, data]) => data)
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

answer(commands)
